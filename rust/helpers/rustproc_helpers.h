/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C shims that rustproc's Rust code calls: one call each to an inline function
 * or a macro of the kernel, named rustproc_<name of that function>.
 */
#ifndef RUSTPROC_HELPERS_H
#define RUSTPROC_HELPERS_H

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

/*
 * Declared in fs/internal.h, fs/proc/internal.h, and in headers that say static inline or
 * nothing when an option is off or to modules; all are rows of symbols.h.
 */
void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start,
			unsigned long end, unsigned int stride_shift,
			bool freed_tables);
int reconfigure_super(struct fs_context *fc);
pmd_t *mm_find_pmd(struct mm_struct *mm, unsigned long address);
void task_dump_owner(struct task_struct *task, umode_t mode,
		     kuid_t *ruid, kgid_t *rgid);
#ifdef CONFIG_RUSTPROC_KUNIT_TEST
/* Declared where they are defined only. */
long __x64_sys_madvise(const struct pt_regs *regs);
long __x64_sys_mlock(const struct pt_regs *regs);
long __x64_sys_mprotect(const struct pt_regs *regs);
long __x64_sys_mremap(const struct pt_regs *regs);
#endif

/* cred.c */
uid_t rustproc_from_kuid_munged(struct user_namespace *ns, kuid_t uid);
gid_t rustproc_from_kgid_munged(struct user_namespace *ns, kgid_t gid);
const struct cred *rustproc_kernel_cred(void);
const struct cred *rustproc_override_creds(const struct cred *cred);
const struct cred *rustproc_revert_creds(const struct cred *cred);

/* folio.c */
struct folio *rustproc_page_folio(struct page *page);
int rustproc_page_mapcount(const struct page *page);
bool rustproc_page_mapcount_is_type(unsigned int mapcount);
unsigned long rustproc_compound_nr(const struct page *page);
int rustproc_folio_entire_mapcount(const struct folio *folio);
int rustproc_folio_large_mapcount(const struct folio *folio);
bool rustproc_folio_maybe_mapped_shared(struct folio *folio);
unsigned long rustproc_folio_nr_pages(const struct folio *folio);
bool rustproc_folio_is_zone_device(const struct folio *folio);
int rustproc_folio_nid(const struct folio *folio);
bool rustproc_folio_maybe_dma_pinned(struct folio *folio);
bool rustproc_folio_test_clear_young(struct folio *folio);
void rustproc_folio_clear_referenced(struct folio *folio);

/* fs.c */
struct inode *rustproc_alloc_inode_sb(struct super_block *sb,
				      struct kmem_cache *cache, gfp_t gfp);
struct kmem_cache *
rustproc_inode_cache_create(const char *name, unsigned int size,
			    void (*ctor)(void *object));
struct dentry *rustproc_dget(struct dentry *dentry);
bool rustproc_d_in_lookup(const struct dentry *dentry);
void rustproc_d_lookup_done(struct dentry *dentry);
struct dentry *rustproc_d_alloc_parallel(struct dentry *parent,
					 const struct qstr *name);
bool rustproc_d_is_negative(const struct dentry *dentry);
struct qstr rustproc_d_name(const struct dentry *dentry);
struct qstr rustproc_qstr(const char *name, u32 length);
bool rustproc_d_unhashed(const struct dentry *dentry);
bool rustproc_d_unlinked(const struct dentry *dentry);
bool rustproc_dir_emit(struct dir_context *ctx, const char *name, int len,
		       u64 ino, unsigned int type);
bool rustproc_dir_emit_dots(struct file *file, struct dir_context *ctx);
struct user_namespace *rustproc_get_user_ns(struct user_namespace *ns);
void rustproc_put_user_ns(struct user_namespace *ns);
void rustproc_module_put(struct module *module);
int rustproc_fs_context_parse_param(struct fs_context *fc,
				    struct fs_parameter *param);
int rustproc_show_options(struct seq_file *seq, struct dentry *root);
void rustproc_inode_lock(struct inode *inode);
void rustproc_inode_unlock(struct inode *inode);

/* kunit.c */
#ifdef CONFIG_RUSTPROC_KUNIT_TEST
long rustproc_madvise(unsigned long start, size_t len, int behavior);
long rustproc_mlock(unsigned long start, size_t len);
long rustproc_mprotect(unsigned long start, size_t len, unsigned long prot);
long rustproc_mremap(unsigned long addr, unsigned long old_len,
		     unsigned long new_len, unsigned long flags,
		     unsigned long new_addr);
void rustproc_vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags);
int rustproc_vfs_parse_fs_string(struct fs_context *fc, const char *key,
				 const char *value);
void rustproc_write_seqlock(seqlock_t *lock);
void rustproc_write_sequnlock(seqlock_t *lock);
#endif

/* list.c */
void rustproc_init_list_head(struct list_head *list);
void rustproc_list_add_tail(struct list_head *entry, struct list_head *head);
void rustproc_list_rotate_to_front(struct list_head *entry, struct list_head *head);
void rustproc_list_del_init(struct list_head *entry);

/* mempolicy.c */
void rustproc_mpol_get(struct mempolicy *pol);
void rustproc_mpol_put(struct mempolicy *pol);
void rustproc_mpol_cond_put(struct mempolicy *pol);

/* mm.c */
unsigned long rustproc_get_mm_rss(struct mm_struct *mm);
unsigned long rustproc_mm_pgtables_bytes(struct mm_struct *mm);
unsigned long rustproc_mm_untag_mask(struct mm_struct *mm);
unsigned long rustproc_hugetlb_usage(struct mm_struct *mm);
long rustproc_mm_pinned_vm(struct mm_struct *mm);
bool rustproc_mm_thp_disabled(const struct mm_struct *mm);
void rustproc_reset_mm_hiwater_rss(struct mm_struct *mm);
void rustproc_inc_tlb_flush_pending(struct mm_struct *mm);
void rustproc_dec_tlb_flush_pending(struct mm_struct *mm);
void rustproc_flush_tlb_mm(struct mm_struct *mm);
int rustproc_mmap_read_lock_killable(struct mm_struct *mm);
int rustproc_mmap_write_lock_killable(struct mm_struct *mm);
void rustproc_mmap_write_unlock(struct mm_struct *mm);
bool rustproc_mmap_lock_speculate_try_begin(struct mm_struct *mm,
					    unsigned int *seq);
bool rustproc_mmap_lock_speculate_retry(struct mm_struct *mm, unsigned int seq);
struct vm_area_struct *rustproc_vma_next(struct vma_iterator *vmi);
void rustproc_vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm,
			    unsigned long addr);
void rustproc_vma_iter_set(struct vma_iterator *vmi, unsigned long addr);
void rustproc_vma_end_read(struct vm_area_struct *vma);
bool rustproc_vma_is_awaited(const struct vm_area_struct *vma);
unsigned long rustproc_vma_kernel_pagesize(struct vm_area_struct *vma);
void rustproc_vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags);
struct vm_area_struct *rustproc_get_gate_vma(struct mm_struct *mm);
const char *rustproc_anon_vma_name(struct vm_area_struct *vma);
bool rustproc_arch_pkeys_enabled(void);
int rustproc_vma_pkey(struct vm_area_struct *vma);
unsigned long rustproc_shmem_swapped(const struct vm_area_struct *vma);
pgoff_t rustproc_linear_page_index(const struct vm_area_struct *vma,
				   unsigned long address);
const struct path *rustproc_file_user_path(const struct file *file);
const struct inode *rustproc_file_user_inode(const struct file *file);

/* mmu_notifier.c */
void rustproc_mmu_notifier_range_init(struct mmu_notifier_range *range,
				      enum mmu_notifier_event event,
				      struct mm_struct *mm,
				      unsigned long start, unsigned long end);
void rustproc_mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range);
void rustproc_mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range);

/* pagewalk.c */
spinlock_t *rustproc_pmd_trans_huge_lock(pmd_t *pmd,
					 struct vm_area_struct *vma);
void rustproc_pte_unmap_unlock(pte_t *pte, spinlock_t *ptl);
spinlock_t *rustproc_huge_pte_lock(struct vm_area_struct *vma, pte_t *pte);
pte_t rustproc_huge_ptep_get(struct vm_area_struct *vma, unsigned long addr,
			     pte_t *pte);
bool rustproc_hugetlb_pmd_shared(pte_t *pte);
unsigned long rustproc_huge_page_size(struct vm_area_struct *vma);
bool rustproc_is_xen_pv(void);
unsigned long rustproc_pte_pfn(pte_t pte);
unsigned long rustproc_pmd_pfn(pmd_t pmd);
struct page *rustproc_pmd_page(pmd_t pmd);
struct page *rustproc_pte_page(pte_t pte);
softleaf_t rustproc_softleaf_from_pte(pte_t pte);
softleaf_t rustproc_softleaf_from_pmd(pmd_t pmd);
bool rustproc_softleaf_is_migration(softleaf_t entry);
bool rustproc_softleaf_is_device_private(softleaf_t entry);
bool rustproc_softleaf_is_guard_marker(softleaf_t entry);
bool rustproc_softleaf_is_uffd_wp_marker(softleaf_t entry);
bool rustproc_softleaf_has_pfn(softleaf_t entry);
unsigned long rustproc_softleaf_to_pfn(softleaf_t entry);
struct page *rustproc_softleaf_to_page(softleaf_t entry);

/* percpu.c */
#define RUSTPROC_COUNTERS 64
void rustproc_counter_add(unsigned int index, u64 value);
u64 rustproc_counter_sum(unsigned int index);

/* pgtable.c */
bool rustproc_pgtable_supports_soft_dirty(void);
bool rustproc_pte_write(pte_t pte);
pte_t rustproc_pte_swp_clear_soft_dirty(pte_t pte);
void rustproc_ptep_clear_soft_dirty(struct mm_struct *mm, unsigned long addr,
				    pte_t *ptep);
void rustproc_set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
			 pte_t pte);
bool rustproc_pmd_write(pmd_t pmd);
pmd_t rustproc_pmd_mkdirty(pmd_t pmd);
pmd_t rustproc_pmd_mkyoung(pmd_t pmd);
pmd_t rustproc_pmd_wrprotect(pmd_t pmd);
pmd_t rustproc_pmd_clear_soft_dirty(pmd_t pmd);
pmd_t rustproc_pmd_swp_clear_soft_dirty(pmd_t pmd);
void rustproc_set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
			 pmd_t pmd);

/* pid.c */
struct pid *rustproc_get_pid(struct pid *pid);
struct pid *rustproc_task_pid(struct task_struct *task);
pid_t rustproc_task_pid_nr_ns(struct task_struct *task, struct pid_namespace *ns);
pid_t rustproc_task_ppid_nr_ns(const struct task_struct *task,
			       struct pid_namespace *ns);
void rustproc_tasklist_read_lock(void);
void rustproc_tasklist_read_unlock(void);

/* seq.c */
struct user_namespace *rustproc_seq_user_ns(struct seq_file *seq);

/* signal.c */
bool rustproc_lock_task_sighand(struct task_struct *task, unsigned long *flags);
void rustproc_unlock_task_sighand(struct task_struct *task, unsigned long *flags);
u32 rustproc_tty_devnum(struct tty_struct *tty);
long rustproc_sigpending_count(struct task_struct *task);
bool rustproc_fatal_signal_pending(void);

/* symbols.c */
extern rwlock_t *rustproc_tasklist_lock;
extern unsigned long *rustproc_highest_memmap_pfn;
extern seqlock_t *rustproc_mount_lock;
extern unsigned long *rustproc_huge_anon_orders_always;
extern unsigned long *rustproc_huge_anon_orders_inherit;
extern unsigned long *rustproc_huge_anon_orders_madvise;
extern unsigned long *rustproc_huge_zero_pfn;
extern unsigned long *rustproc_transparent_hugepage_flags;
#ifdef CONFIG_LOCKDEP
extern struct lockdep_map *rustproc_mmu_notifier_map;
#endif
struct rustproc_data_symbol {
	const char *name;
	void **pointer;
};

int rustproc_data_symbols_resolve(const struct rustproc_data_symbol *symbols,
				  size_t count);
int rustproc_symbols_resolve(void);

/* task.c */
unsigned int rustproc_nodemask_pr_numnodes(void);
void rustproc_cond_resched(void);
unsigned int rustproc_task_state_index(struct task_struct *task);
struct task_struct *rustproc_ptrace_parent(struct task_struct *task);
pid_t rustproc_task_numa_group_id(struct task_struct *task);
struct fs_struct *rustproc_task_fs(const struct task_struct *task);
void rustproc_task_lock(struct task_struct *task);
void rustproc_task_unlock(struct task_struct *task);
int rustproc_fs_umask(const struct fs_struct *fs);
const seqlock_t *rustproc_current_fs_seq(void);
unsigned int rustproc_files_max_fds(struct files_struct *files);
void rustproc_get_task_comm(char *buffer, struct task_struct *task);
bool rustproc_task_is_running(struct task_struct *task);
int rustproc_task_nice(const struct task_struct *task);
unsigned int rustproc_task_cpu(const struct task_struct *task);
u64 rustproc_task_gtime(struct task_struct *task);
u64 rustproc_delayacct_blkio_ticks(struct task_struct *task);
u64 rustproc_timens_add_boottime_ns(u64 nsec);
int rustproc_get_nr_threads(const struct task_struct *task);
struct task_struct *rustproc_next_thread(struct task_struct *task);
struct task_struct *rustproc_first_thread(struct signal_struct *signal);
bool rustproc_same_thread_group(struct task_struct *a, struct task_struct *b);
bool rustproc_pid_alive(const struct task_struct *task);
bool rustproc_try_get_task_stack(struct task_struct *task);
unsigned long rustproc_kstk_eip(struct task_struct *task);
unsigned long rustproc_kstk_esp(struct task_struct *task);
bool rustproc_task_no_new_privs(struct task_struct *task);
int rustproc_seccomp_filter_count(const struct task_struct *task);
unsigned int rustproc_read_seqbegin(const seqlock_t *lock);
bool rustproc_read_seqretry(const seqlock_t *lock, unsigned int seq);
unsigned long rustproc_read_seqlock_excl_irqsave(seqlock_t *lock);
void rustproc_read_sequnlock_excl_irqrestore(seqlock_t *lock,
					     unsigned long flags);

/* thp.c */
unsigned long rustproc_thp_vma_allowable_orders(struct vm_area_struct *vma);
bool rustproc_is_huge_zero_pmd(pmd_t pmd);

/* uaccess.c */
bool rustproc_access_ok(const void __user *ptr, size_t size);
bool rustproc_put_user_series(u64 __user *to, u64 first, u64 step, size_t count);
bool rustproc_put_user_repeated(u64 __user *to, u64 value, size_t count);
int rustproc_copy_struct_from_user(void *to, size_t size,
				   const void __user *from, size_t from_size);

/* uffd.c */
bool rustproc_userfaultfd_wp_async(struct vm_area_struct *vma);
bool rustproc_userfaultfd_wp_use_markers(struct vm_area_struct *vma);
long rustproc_uffd_wp_range(struct vm_area_struct *vma, unsigned long start,
			    unsigned long len);
pte_t rustproc_make_uffd_wp_marker(void);
void rustproc_ptep_mkuffd(struct mm_struct *mm, unsigned long addr, pte_t *ptep);
pte_t rustproc_pte_swp_mkuffd(pte_t pte);
pmd_t rustproc_pmd_mkuffd(pmd_t pmd);
pmd_t rustproc_pmd_swp_mkuffd(pmd_t pmd);
pte_t rustproc_huge_pte_mkuffd(pte_t pte);
pte_t rustproc_huge_ptep_modify_prot_start(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep);
void rustproc_huge_ptep_modify_prot_commit(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep,
					   pte_t old_pte, pte_t pte);
void rustproc_set_huge_pte_at(struct mm_struct *mm, unsigned long addr,
			      pte_t *ptep, pte_t pte, unsigned long size);
pte_t *rustproc_huge_pte_alloc(struct vm_area_struct *vma, unsigned long addr,
			       unsigned long size);
void rustproc_split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd,
			     unsigned long addr);
void rustproc_lazy_mmu_mode_enable(void);
void rustproc_lazy_mmu_mode_disable(void);
void rustproc_i_mmap_lock_write(struct address_space *mapping);
void rustproc_i_mmap_unlock_write(struct address_space *mapping);

#endif /* RUSTPROC_HELPERS_H */
