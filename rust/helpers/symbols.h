/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of the kernel's functions that rustproc calls although they are
 * not exported to modules, or not to this one. symbols.c includes it once for
 * each thing that it makes of a row; hence no include guard.
 *
 * A row gives the module a function of the same name, so that the kernel's own
 * declarations and inline functions serve unchanged. A row inside an #if on
 * LINUX_VERSION_CODE belongs to the kernel series that it names; the others
 * belong to every supported series.
 */

RUSTPROC_FUNCTION(build_id_parse_file)
RUSTPROC_FUNCTION(fs_context_for_reconfigure)
RUSTPROC_FUNCTION(get_kthread_comm)
RUSTPROC_FUNCTION(is_empty_dir_inode)
RUSTPROC_FUNCTION(lock_next_vma)
RUSTPROC_FUNCTION(lock_task_sighand)
RUSTPROC_FUNCTION(make_empty_dir_inode)
RUSTPROC_FUNCTION(mm_access)
RUSTPROC_FUNCTION(mm_find_pmd)
RUSTPROC_FUNCTION(pte_offset_map_lock)
RUSTPROC_FUNCTION(ptrace_may_access)
RUSTPROC_FUNCTION(put_task_stack)
RUSTPROC_FUNCTION(reconfigure_super)
RUSTPROC_FUNCTION(task_dump_owner)
RUSTPROC_FUNCTION(task_prio)
RUSTPROC_FUNCTION(thread_group_cputime_adjusted)
RUSTPROC_FUNCTION(vm_normal_page)
RUSTPROC_FUNCTION(vma_mmu_pagesize)
RUSTPROC_FUNCTION(vma_set_page_prot)
RUSTPROC_FUNCTION(walk_page_range)
RUSTPROC_FUNCTION(walk_page_range_vma)
RUSTPROC_FUNCTION(wq_worker_comm)

#ifdef CONFIG_X86_64
RUSTPROC_FUNCTION(arch_prctl_spec_ctrl_get)
RUSTPROC_FUNCTION(arch_vma_name)
RUSTPROC_FUNCTION(flush_tlb_mm_range)
RUSTPROC_FUNCTION(ptep_test_and_clear_young)
#endif

#ifdef CONFIG_X86_VSYSCALL_EMULATION
RUSTPROC_FUNCTION(get_gate_vma)
#endif

#ifdef CONFIG_ANON_VMA_NAME
RUSTPROC_FUNCTION(anon_vma_name)
#endif

#ifdef CONFIG_NUMA
RUSTPROC_FUNCTION(__get_vma_policy)
RUSTPROC_FUNCTION(__mpol_put)
RUSTPROC_FUNCTION(get_task_policy)
RUSTPROC_FUNCTION(mpol_to_str)
#endif

#ifdef CONFIG_HUGETLB_PAGE
RUSTPROC_FUNCTION(huge_pte_alloc)
#endif

#ifdef CONFIG_MMU_NOTIFIER
RUSTPROC_FUNCTION(__mmu_notifier_invalidate_range_end)
RUSTPROC_FUNCTION(__mmu_notifier_invalidate_range_start)
#endif

#ifdef CONFIG_NUMA_BALANCING
RUSTPROC_FUNCTION(task_numa_group_id)
#endif

#ifdef CONFIG_SECURITY
RUSTPROC_FUNCTION(security_task_to_inode)
#endif

#ifdef CONFIG_SHMEM
RUSTPROC_FUNCTION(shmem_partial_swap_usage)
RUSTPROC_FUNCTION(shmem_swap_usage)
#endif

#ifdef CONFIG_SWAP
RUSTPROC_FUNCTION(swp_swapcount)
#endif

#ifdef CONFIG_TASK_DELAY_ACCT
RUSTPROC_FUNCTION(__delayacct_blkio_ticks)
#endif

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
RUSTPROC_FUNCTION(__pmd_trans_huge_lock)
RUSTPROC_FUNCTION(__split_huge_pmd)
RUSTPROC_FUNCTION(__thp_vma_allowable_orders)
RUSTPROC_FUNCTION(pmdp_invalidate)
RUSTPROC_FUNCTION(pmdp_invalidate_ad)
RUSTPROC_FUNCTION(pmdp_test_and_clear_young)
RUSTPROC_FUNCTION(vm_normal_page_pmd)
#endif

#ifdef CONFIG_USERFAULTFD
RUSTPROC_FUNCTION(uffd_wp_range)
RUSTPROC_FUNCTION(userfaultfd_wp_async)
RUSTPROC_FUNCTION(userfaultfd_wp_unpopulated)
#endif

#ifdef CONFIG_VIRT_CPU_ACCOUNTING_GEN
RUSTPROC_FUNCTION(task_gtime)
#endif

#ifdef CONFIG_RUSTPROC_KUNIT_TEST
RUSTPROC_FUNCTION(__x64_sys_madvise)
RUSTPROC_FUNCTION(__x64_sys_mlock)
RUSTPROC_FUNCTION(__x64_sys_mprotect)
RUSTPROC_FUNCTION(__x64_sys_mremap)
RUSTPROC_FUNCTION(task_work_run)
#endif
