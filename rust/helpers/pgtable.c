// SPDX-License-Identifier: GPL-2.0

#include <linux/mm.h>
#include <linux/pgtable.h>

#include "rustproc_helpers.h"

bool rustproc_pgtable_supports_soft_dirty(void)
{
	return pgtable_supports_soft_dirty();
}

bool rustproc_pte_write(pte_t pte)
{
	return pte_write(pte);
}

pte_t rustproc_pte_swp_clear_soft_dirty(pte_t pte)
{
	return pte_swp_clear_soft_dirty(pte);
}

void rustproc_ptep_clear_soft_dirty(struct mm_struct *mm, unsigned long addr,
				    pte_t *ptep)
{
	pte_t pte = ptep_get_and_clear(mm, addr, ptep);

	set_pte_at(mm, addr, ptep, pte_clear_soft_dirty(pte_wrprotect(pte)));
}

void rustproc_set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
			 pte_t pte)
{
	set_pte_at(mm, addr, ptep, pte);
}

bool rustproc_pmd_write(pmd_t pmd)
{
	return pmd_write(pmd);
}

pmd_t rustproc_pmd_mkdirty(pmd_t pmd)
{
	return pmd_mkdirty(pmd);
}

pmd_t rustproc_pmd_mkyoung(pmd_t pmd)
{
	return pmd_mkyoung(pmd);
}

pmd_t rustproc_pmd_wrprotect(pmd_t pmd)
{
	return pmd_wrprotect(pmd);
}

pmd_t rustproc_pmd_clear_soft_dirty(pmd_t pmd)
{
	return pmd_clear_soft_dirty(pmd);
}

pmd_t rustproc_pmd_swp_clear_soft_dirty(pmd_t pmd)
{
	return pmd_swp_clear_soft_dirty(pmd);
}

void rustproc_set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
			 pmd_t pmd)
{
	set_pmd_at(mm, addr, pmdp, pmd);
}
