// SPDX-License-Identifier: GPL-2.0

#include "unexported_variables.h"

#include <linux/mm.h>
#include <linux/pagemap.h>

#include "rustproc_helpers.h"

unsigned long rustproc_thp_vma_allowable_orders(struct vm_area_struct *vma)
{
	return thp_vma_allowable_orders(vma, vma->vm_flags, TVA_SMAPS,
					THP_ORDERS_ALL);
}

bool rustproc_is_huge_zero_pmd(pmd_t pmd)
{
	return is_huge_zero_pmd(pmd);
}
