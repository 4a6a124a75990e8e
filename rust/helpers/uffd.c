// SPDX-License-Identifier: GPL-2.0

#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/leafops.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "rustproc_helpers.h"

bool rustproc_userfaultfd_wp_async(struct vm_area_struct *vma)
{
	return userfaultfd_wp_async(vma);
}

bool rustproc_userfaultfd_wp_use_markers(struct vm_area_struct *vma)
{
	return userfaultfd_wp_use_markers(vma);
}

long rustproc_uffd_wp_range(struct vm_area_struct *vma, unsigned long start,
			    unsigned long len)
{
	return uffd_wp_range(vma, start, len, true);
}

pte_t rustproc_make_uffd_wp_marker(void)
{
	return make_pte_marker(PTE_MARKER_UFFD_WP);
}

void rustproc_ptep_mkuffd(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	set_pte_at(mm, addr, ptep, pte_mkuffd(ptep_get_and_clear(mm, addr, ptep)));
}

pte_t rustproc_pte_swp_mkuffd(pte_t pte)
{
	return pte_swp_mkuffd(pte);
}

pmd_t rustproc_pmd_mkuffd(pmd_t pmd)
{
	return pmd_mkuffd(pmd);
}

pmd_t rustproc_pmd_swp_mkuffd(pmd_t pmd)
{
	return pmd_swp_mkuffd(pmd);
}

pte_t rustproc_huge_pte_mkuffd(pte_t pte)
{
	return huge_pte_mkuffd(pte);
}

pte_t rustproc_huge_ptep_modify_prot_start(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep)
{
	return huge_ptep_modify_prot_start(vma, addr, ptep);
}

void rustproc_huge_ptep_modify_prot_commit(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep,
					   pte_t old_pte, pte_t pte)
{
	huge_ptep_modify_prot_commit(vma, addr, ptep, old_pte, pte);
}

void rustproc_set_huge_pte_at(struct mm_struct *mm, unsigned long addr,
			      pte_t *ptep, pte_t pte, unsigned long size)
{
	set_huge_pte_at(mm, addr, ptep, pte, size);
}

pte_t *rustproc_huge_pte_alloc(struct vm_area_struct *vma, unsigned long addr,
			       unsigned long size)
{
	return huge_pte_alloc(vma->vm_mm, vma, addr, size);
}

void rustproc_split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd,
			     unsigned long addr)
{
	split_huge_pmd(vma, pmd, addr);
}

void rustproc_lazy_mmu_mode_enable(void)
{
	lazy_mmu_mode_enable();
}

void rustproc_lazy_mmu_mode_disable(void)
{
	lazy_mmu_mode_disable();
}

void rustproc_i_mmap_lock_write(struct address_space *mapping)
{
	i_mmap_lock_write(mapping);
}

void rustproc_i_mmap_unlock_write(struct address_space *mapping)
{
	i_mmap_unlock_write(mapping);
}
