// SPDX-License-Identifier: GPL-2.0

#include <linux/hugetlb.h>
#include <linux/leafops.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "rustproc_helpers.h"

spinlock_t *rustproc_pmd_trans_huge_lock(pmd_t *pmd, struct vm_area_struct *vma)
{
	return pmd_trans_huge_lock(pmd, vma);
}

void rustproc_pte_unmap_unlock(pte_t *pte, spinlock_t *ptl)
{
	pte_unmap_unlock(pte, ptl);
}

spinlock_t *rustproc_huge_pte_lock(struct vm_area_struct *vma, pte_t *pte)
{
	return huge_pte_lock(hstate_vma(vma), vma->vm_mm, pte);
}

pte_t rustproc_huge_ptep_get(struct vm_area_struct *vma, unsigned long addr,
			     pte_t *pte)
{
	return huge_ptep_get(vma->vm_mm, addr, pte);
}

bool rustproc_hugetlb_pmd_shared(pte_t *pte)
{
	return hugetlb_pmd_shared(pte);
}

unsigned long rustproc_huge_page_size(struct vm_area_struct *vma)
{
	return huge_page_size(hstate_vma(vma));
}

bool rustproc_is_xen_pv(void)
{
	return cpu_feature_enabled(X86_FEATURE_XENPV);
}

unsigned long rustproc_pte_pfn(pte_t pte)
{
	return pte_pfn(pte);
}

unsigned long rustproc_pmd_pfn(pmd_t pmd)
{
	return pmd_pfn(pmd);
}

struct page *rustproc_pmd_page(pmd_t pmd)
{
	return pmd_page(pmd);
}

struct page *rustproc_pte_page(pte_t pte)
{
	return pte_page(pte);
}

softleaf_t rustproc_softleaf_from_pte(pte_t pte)
{
	return softleaf_from_pte(pte);
}

softleaf_t rustproc_softleaf_from_pmd(pmd_t pmd)
{
	return softleaf_from_pmd(pmd);
}

bool rustproc_softleaf_is_migration(softleaf_t entry)
{
	return softleaf_is_migration(entry);
}

bool rustproc_softleaf_is_device_private(softleaf_t entry)
{
	return softleaf_is_device_private(entry);
}

bool rustproc_softleaf_is_guard_marker(softleaf_t entry)
{
	return softleaf_is_guard_marker(entry);
}

bool rustproc_softleaf_is_uffd_wp_marker(softleaf_t entry)
{
	return softleaf_is_uffd_wp_marker(entry);
}

bool rustproc_softleaf_has_pfn(softleaf_t entry)
{
	return softleaf_has_pfn(entry);
}

unsigned long rustproc_softleaf_to_pfn(softleaf_t entry)
{
	return softleaf_to_pfn(entry);
}

struct page *rustproc_softleaf_to_page(softleaf_t entry)
{
	return softleaf_to_page(entry);
}
