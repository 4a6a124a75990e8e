// SPDX-License-Identifier: GPL-2.0

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_context.h>
#include <linux/pagemap.h>
#include <linux/pkeys.h>
#include <linux/shmem_fs.h>

#include <asm/tlbflush.h>

#include "rustproc_helpers.h"

unsigned long rustproc_get_mm_rss(struct mm_struct *mm)
{
	return get_mm_rss(mm);
}

unsigned long rustproc_mm_pgtables_bytes(struct mm_struct *mm)
{
	return mm_pgtables_bytes(mm);
}

unsigned long rustproc_mm_untag_mask(struct mm_struct *mm)
{
	return mm_untag_mask(mm);
}

unsigned long rustproc_hugetlb_usage(struct mm_struct *mm)
{
	return atomic_long_read(&mm->hugetlb_usage);
}

long rustproc_mm_pinned_vm(struct mm_struct *mm)
{
	return atomic64_read(&mm->pinned_vm);
}

bool rustproc_mm_thp_disabled(const struct mm_struct *mm)
{
	return mm_flags_test(MMF_DISABLE_THP_COMPLETELY, mm);
}

void rustproc_reset_mm_hiwater_rss(struct mm_struct *mm)
{
	reset_mm_hiwater_rss(mm);
}

void rustproc_inc_tlb_flush_pending(struct mm_struct *mm)
{
	inc_tlb_flush_pending(mm);
}

void rustproc_dec_tlb_flush_pending(struct mm_struct *mm)
{
	dec_tlb_flush_pending(mm);
}

void rustproc_flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL, 0, true);
}

int rustproc_mmap_read_lock_killable(struct mm_struct *mm)
{
	return mmap_read_lock_killable(mm);
}

int rustproc_mmap_write_lock_killable(struct mm_struct *mm)
{
	return mmap_write_lock_killable(mm);
}

void rustproc_mmap_write_unlock(struct mm_struct *mm)
{
	mmap_write_unlock(mm);
}

bool rustproc_mmap_lock_speculate_try_begin(struct mm_struct *mm,
					    unsigned int *seq)
{
	return mmap_lock_speculate_try_begin(mm, seq);
}

bool rustproc_mmap_lock_speculate_retry(struct mm_struct *mm, unsigned int seq)
{
	return mmap_lock_speculate_retry(mm, seq);
}

struct vm_area_struct *rustproc_vma_next(struct vma_iterator *vmi)
{
	return vma_next(vmi);
}

void rustproc_vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm,
			    unsigned long addr)
{
	vma_iter_init(vmi, mm, addr);
}

void rustproc_vma_iter_set(struct vma_iterator *vmi, unsigned long addr)
{
	vma_iter_set(vmi, addr);
}

void rustproc_vma_end_read(struct vm_area_struct *vma)
{
	vma_end_read(vma);
}

bool rustproc_vma_is_awaited(const struct vm_area_struct *vma)
{
	return refcount_read(&vma->vm_refcnt) & VM_REFCNT_EXCLUDE_READERS_FLAG;
}

unsigned long rustproc_vma_kernel_pagesize(struct vm_area_struct *vma)
{
	return vma_kernel_pagesize(vma);
}

void rustproc_vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_clear(vma, flags);
}

struct vm_area_struct *rustproc_get_gate_vma(struct mm_struct *mm)
{
	return get_gate_vma(mm);
}

const char *rustproc_anon_vma_name(struct vm_area_struct *vma)
{
	struct anon_vma_name *name = anon_vma_name(vma);

	return name ? name->name : NULL;
}

bool rustproc_arch_pkeys_enabled(void)
{
	return arch_pkeys_enabled();
}

int rustproc_vma_pkey(struct vm_area_struct *vma)
{
	return vma_pkey(vma);
}

unsigned long rustproc_shmem_swapped(const struct vm_area_struct *vma)
{
	return READ_ONCE(SHMEM_I(file_inode(vma->vm_file))->swapped);
}

pgoff_t rustproc_linear_page_index(const struct vm_area_struct *vma,
				   unsigned long address)
{
	return linear_page_index(vma, address);
}

const struct path *rustproc_file_user_path(const struct file *file)
{
	return file_user_path(file);
}

const struct inode *rustproc_file_user_inode(const struct file *file)
{
	return file_user_inode(file);
}
