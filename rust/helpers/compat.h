/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of the newest supported kernel series, for the older ones.
 */
#ifndef RUSTPROC_COMPAT_H
#define RUSTPROC_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define _PAGE_UFFD _PAGE_UFFD_WP
#define _PAGE_SWP_UFFD _PAGE_SWP_UFFD_WP
#define VM_UFFD_RWP VM_NONE
#define huge_pte_mkuffd huge_pte_mkuffd_wp
#define pmd_mkuffd pmd_mkuffd_wp
#define pmd_swp_mkuffd pmd_swp_mkuffd_wp
#define pte_mkuffd pte_mkuffd_wp
#define pte_swp_mkuffd pte_swp_mkuffd_wp
#endif

#endif /* RUSTPROC_COMPAT_H */
