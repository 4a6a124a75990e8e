/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lets the kernel's inline functions reach variables that are not exported to
 * modules: each name stands for what symbols.c has found. Include it before
 * any header of the kernel.
 */
#ifndef RUSTPROC_UNEXPORTED_VARIABLES_H
#define RUSTPROC_UNEXPORTED_VARIABLES_H

#define huge_anon_orders_always (*rustproc_huge_anon_orders_always)
#define huge_anon_orders_inherit (*rustproc_huge_anon_orders_inherit)
#define huge_anon_orders_madvise (*rustproc_huge_anon_orders_madvise)
#define huge_zero_pfn (*rustproc_huge_zero_pfn)
#ifdef CONFIG_LOCKDEP
#define __mmu_notifier_invalidate_range_start_map (*rustproc_mmu_notifier_map)
#endif
#define transparent_hugepage_flags (*rustproc_transparent_hugepage_flags)

#endif /* RUSTPROC_UNEXPORTED_VARIABLES_H */
