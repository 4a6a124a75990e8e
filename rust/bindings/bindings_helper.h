/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Input of bindgen: what rustproc uses and kernel::bindings does not declare.
 * bindgen_parameters names the items that are taken from here.
 */

#include <linux/backing-file.h>
#include <linux/buildid.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagewalk.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/prctl.h>
#include <linux/proc_fs.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task_stack.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/tty.h>

#include <generated/utsrelease.h>

#include "compat.h"
#include "rustproc_helpers.h"

/* Declared inside a function only. */
extern unsigned long zero_page_pfn;

/* Flags of a page: the zone and the node that it lies in. */
enum rustproc_page_flags : u64 {
	RUSTPROC_PAGE_PLACE =
		(ZONES_MASK << ZONES_PGSHIFT) | (NODES_MASK << NODES_PGSHIFT),
};

/* Macros that bindgen cannot evaluate. */
static const unsigned int RUSTPROC_CONST_LINUX_VERSION_CODE = LINUX_VERSION_CODE;
static const unsigned long RUSTPROC_CONST_SB_NOSUID = SB_NOSUID;
static const unsigned long RUSTPROC_CONST_SB_NOEXEC = SB_NOEXEC;
static const unsigned long RUSTPROC_CONST_SB_NODIRATIME = SB_NODIRATIME;
static const unsigned long RUSTPROC_CONST_SB_I_NOEXEC = SB_I_NOEXEC;
static const unsigned long RUSTPROC_CONST_SB_I_NODEV = SB_I_NODEV;
static const unsigned long RUSTPROC_CONST_SB_I_RESTRICTED_VARIANT =
	SB_I_RESTRICTED_VARIANT;
#ifdef CONFIG_RUSTPROC_KUNIT_TEST
static const unsigned long RUSTPROC_CONST_PROT_NONE = PROT_NONE;
static const unsigned long RUSTPROC_CONST_PROT_READ = PROT_READ;
static const unsigned long RUSTPROC_CONST_PROT_WRITE = PROT_WRITE;
static const unsigned long RUSTPROC_CONST_MAP_PRIVATE = MAP_PRIVATE;
static const unsigned long RUSTPROC_CONST_MAP_SHARED = MAP_SHARED;
static const unsigned long RUSTPROC_CONST_MAP_ANONYMOUS = MAP_ANONYMOUS;
static const unsigned long RUSTPROC_CONST_MAP_FIXED_NOREPLACE = MAP_FIXED_NOREPLACE;
static const unsigned long RUSTPROC_CONST_MREMAP_MAYMOVE = MREMAP_MAYMOVE;
static const unsigned long RUSTPROC_CONST_MREMAP_FIXED = MREMAP_FIXED;
static const int RUSTPROC_CONST_MADV_HUGEPAGE = MADV_HUGEPAGE;
static const int RUSTPROC_CONST_MADV_PAGEOUT = MADV_PAGEOUT;
static const int RUSTPROC_CONST_MADV_GUARD_INSTALL = MADV_GUARD_INSTALL;
#ifdef CONFIG_PER_VMA_LOCK
static const int RUSTPROC_CONST_VM_REFCNT_LIMIT = VM_REFCNT_LIMIT;
#endif
#endif
static const unsigned int RUSTPROC_CONST_LOOKUP_RCU = LOOKUP_RCU;
static const unsigned int RUSTPROC_CONST_ATTR_MODE = ATTR_MODE;
static const unsigned int RUSTPROC_CONST_ATTR_FILE = ATTR_FILE;
static const unsigned int RUSTPROC_CONST_FMODE_LSEEK = FMODE_LSEEK;
static const unsigned int RUSTPROC_CONST_FMODE_PREAD = FMODE_PREAD;
static const unsigned int RUSTPROC_CONST_FMODE_PWRITE = FMODE_PWRITE;
static const unsigned int RUSTPROC_CONST_FMODE_ATOMIC_POS = FMODE_ATOMIC_POS;
static const unsigned int RUSTPROC_CONST_FMODE_STREAM = FMODE_STREAM;
static const unsigned int RUSTPROC_CONST_FMODE_NOWAIT = FMODE_NOWAIT;
static const unsigned long RUSTPROC_CONST_VM_READ = VM_READ;
static const unsigned long RUSTPROC_CONST_VM_WRITE = VM_WRITE;
static const unsigned long RUSTPROC_CONST_VM_EXEC = VM_EXEC;
static const unsigned long RUSTPROC_CONST_VM_SHARED = VM_SHARED;
static const unsigned long RUSTPROC_CONST_VM_MAYREAD = VM_MAYREAD;
static const unsigned long RUSTPROC_CONST_VM_MAYWRITE = VM_MAYWRITE;
static const unsigned long RUSTPROC_CONST_VM_MAYEXEC = VM_MAYEXEC;
static const unsigned long RUSTPROC_CONST_VM_MAYSHARE = VM_MAYSHARE;
static const unsigned long RUSTPROC_CONST_VM_GROWSDOWN = VM_GROWSDOWN;
static const unsigned long RUSTPROC_CONST_VM_PFNMAP = VM_PFNMAP;
static const unsigned long RUSTPROC_CONST_VM_MAYBE_GUARD = VM_MAYBE_GUARD;
static const unsigned long RUSTPROC_CONST_VM_LOCKED = VM_LOCKED;
static const unsigned long RUSTPROC_CONST_VM_IO = VM_IO;
static const unsigned long RUSTPROC_CONST_VM_SEQ_READ = VM_SEQ_READ;
static const unsigned long RUSTPROC_CONST_VM_RAND_READ = VM_RAND_READ;
static const unsigned long RUSTPROC_CONST_VM_DONTCOPY = VM_DONTCOPY;
static const unsigned long RUSTPROC_CONST_VM_DONTEXPAND = VM_DONTEXPAND;
static const unsigned long RUSTPROC_CONST_VM_LOCKONFAULT = VM_LOCKONFAULT;
static const unsigned long RUSTPROC_CONST_VM_ACCOUNT = VM_ACCOUNT;
static const unsigned long RUSTPROC_CONST_VM_NORESERVE = VM_NORESERVE;
static const unsigned long RUSTPROC_CONST_VM_HUGETLB = VM_HUGETLB;
static const unsigned long RUSTPROC_CONST_VM_SYNC = VM_SYNC;
static const unsigned long RUSTPROC_CONST_VM_ARCH_1 = VM_ARCH_1;
static const unsigned long RUSTPROC_CONST_VM_WIPEONFORK = VM_WIPEONFORK;
static const unsigned long RUSTPROC_CONST_VM_DONTDUMP = VM_DONTDUMP;
static const unsigned long RUSTPROC_CONST_VM_SOFTDIRTY = VM_SOFTDIRTY;
static const unsigned long RUSTPROC_CONST_VM_MIXEDMAP = VM_MIXEDMAP;
static const unsigned long RUSTPROC_CONST_VM_HUGEPAGE = VM_HUGEPAGE;
static const unsigned long RUSTPROC_CONST_VM_NOHUGEPAGE = VM_NOHUGEPAGE;
static const unsigned long RUSTPROC_CONST_VM_MERGEABLE = VM_MERGEABLE;
static const unsigned long RUSTPROC_CONST_VM_UFFD_MISSING = VM_UFFD_MISSING;
static const unsigned long RUSTPROC_CONST_VM_UFFD_WP = VM_UFFD_WP;
static const unsigned long RUSTPROC_CONST_VM_UFFD_MINOR = VM_UFFD_MINOR;
static const unsigned long RUSTPROC_CONST_VM_UFFD_RWP = VM_UFFD_RWP;
static const unsigned long RUSTPROC_CONST_VM_SHADOW_STACK = VM_SHADOW_STACK;
static const unsigned long RUSTPROC_CONST_VM_DROPPABLE = VM_DROPPABLE;
static const unsigned long RUSTPROC_CONST_VM_SEALED = VM_SEALED;
static const unsigned long RUSTPROC_CONST_VM_PKEY =
	VM_PKEY_BIT0 | VM_PKEY_BIT1 | VM_PKEY_BIT2 | VM_PKEY_BIT3 | VM_PKEY_BIT4;
static const unsigned long RUSTPROC_CONST_PMD_SIZE = PMD_SIZE;
static const u64 RUSTPROC_CONST_FOLIO_MAPPING_ANON = FOLIO_MAPPING_ANON;
static const u64 RUSTPROC_CONST_FOLIO_MAPPING_KSM = FOLIO_MAPPING_KSM;
static const u64 RUSTPROC_CONST_FOLIO_MAPPING_FLAGS = FOLIO_MAPPING_FLAGS;
static const u64 RUSTPROC_CONST_MAX_SWAPFILES = MAX_SWAPFILES;
static const u64 RUSTPROC_CONST_SWP_OFFSET_MASK = SWP_OFFSET_MASK;
static const u64 RUSTPROC_CONST_SWP_TYPE_SHIFT = SWP_TYPE_SHIFT;
#ifndef CONFIG_DYNAMIC_PHYSICAL_MASK
static const u64 RUSTPROC_CONST_PHYSICAL_MASK = __PHYSICAL_MASK;
#endif
static const pteval_t RUSTPROC_CONST_PTE_PRESENT = _PAGE_PRESENT | _PAGE_PROTNONE;
static const pteval_t RUSTPROC_CONST_PTE_VALID = _PAGE_PRESENT;
static const pteval_t RUSTPROC_CONST_PTE_SPECIAL = _PAGE_SPECIAL;
static const pteval_t RUSTPROC_CONST_PMD_HUGE = _PAGE_PSE;
static const pteval_t RUSTPROC_CONST_PMD_PRESENT =
	_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE;
static const pteval_t RUSTPROC_CONST_PTE_IGNORED = _PAGE_KNL_ERRATUM_MASK;
static const pteval_t RUSTPROC_CONST_PTE_ACCESSED = _PAGE_ACCESSED;
static const pteval_t RUSTPROC_CONST_PTE_CPU_DIRTY = _PAGE_DIRTY;
static const pteval_t RUSTPROC_CONST_PTE_DIRTY = _PAGE_DIRTY_BITS;
static const pteval_t RUSTPROC_CONST_PTE_SOFT_DIRTY = _PAGE_SOFT_DIRTY;
static const pteval_t RUSTPROC_CONST_PTE_SWP_SOFT_DIRTY = _PAGE_SWP_SOFT_DIRTY;
static const pteval_t RUSTPROC_CONST_PTE_UFFD = _PAGE_UFFD;
static const pteval_t RUSTPROC_CONST_PTE_WRITABLE = _PAGE_RW;
static const pteval_t RUSTPROC_CONST_PTE_SWP_UFFD = _PAGE_SWP_UFFD;
