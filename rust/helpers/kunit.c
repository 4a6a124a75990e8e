// SPDX-License-Identifier: GPL-2.0

/* What KUnit suites call only; in the module only with CONFIG_RUSTPROC_KUNIT_TEST. */

#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/seqlock.h>
#include <linux/syscalls.h>

#include "rustproc_helpers.h"

long rustproc_madvise(unsigned long start, size_t len, int behavior)
{
	return __x64_sys_madvise(&(struct pt_regs) {
		.di = start, .si = len, .dx = behavior,
	});
}

long rustproc_mlock(unsigned long start, size_t len)
{
	return __x64_sys_mlock(&(struct pt_regs) { .di = start, .si = len });
}

long rustproc_mprotect(unsigned long start, size_t len, unsigned long prot)
{
	return __x64_sys_mprotect(&(struct pt_regs) {
		.di = start, .si = len, .dx = prot,
	});
}

long rustproc_mremap(unsigned long addr, unsigned long old_len,
		     unsigned long new_len, unsigned long flags,
		     unsigned long new_addr)
{
	return __x64_sys_mremap(&(struct pt_regs) {
		.di = addr, .si = old_len, .dx = new_len, .r10 = flags,
		.r8 = new_addr,
	});
}

void rustproc_vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_set(vma, flags);
}

int rustproc_vfs_parse_fs_string(struct fs_context *fc, const char *key,
				 const char *value)
{
	return vfs_parse_fs_string(fc, key, value);
}

void rustproc_write_seqlock(seqlock_t *lock)
{
	write_seqlock(lock);
}

void rustproc_write_sequnlock(seqlock_t *lock)
{
	write_sequnlock(lock);
}
