// SPDX-License-Identifier: GPL-2.0

//! The `VM_*` bits of [`Vma::flags`](super::Vma::flags).
//!
//! They come straight from the header: the `kernel` crate of series 7.2 takes `MAYSHARE` for another
//! bit. One that the kernel was built without is 0.
//!
//! C header: [`include/linux/mm.h`](srctree/include/linux/mm.h)

use crate::bindings as own;

/// May be read.
pub(crate) const READ: usize = own::RUSTPROC_CONST_VM_READ;
/// May be written.
pub(crate) const WRITE: usize = own::RUSTPROC_CONST_VM_WRITE;
/// May be executed.
pub(crate) const EXEC: usize = own::RUSTPROC_CONST_VM_EXEC;
/// Is shared, and could be written.
pub(crate) const SHARED: usize = own::RUSTPROC_CONST_VM_SHARED;
/// May be made readable.
pub(crate) const MAYREAD: usize = own::RUSTPROC_CONST_VM_MAYREAD;
/// May be made writable.
pub(crate) const MAYWRITE: usize = own::RUSTPROC_CONST_VM_MAYWRITE;
/// May be made executable.
pub(crate) const MAYEXEC: usize = own::RUSTPROC_CONST_VM_MAYEXEC;
/// Is shared.
pub(crate) const MAYSHARE: usize = own::RUSTPROC_CONST_VM_MAYSHARE;
/// Grows down, as a stack.
pub(crate) const GROWSDOWN: usize = own::RUSTPROC_CONST_VM_GROWSDOWN;
/// Maps page frames, not pages.
pub(crate) const PFNMAP: usize = own::RUSTPROC_CONST_VM_PFNMAP;
/// May hold guard regions.
pub(crate) const MAYBE_GUARD: usize = own::RUSTPROC_CONST_VM_MAYBE_GUARD;
/// Is locked in memory.
pub(crate) const LOCKED: usize = own::RUSTPROC_CONST_VM_LOCKED;
/// Maps the registers of a device.
pub(crate) const IO: usize = own::RUSTPROC_CONST_VM_IO;
/// Will be read in order.
pub(crate) const SEQ_READ: usize = own::RUSTPROC_CONST_VM_SEQ_READ;
/// Will be read in any order.
pub(crate) const RAND_READ: usize = own::RUSTPROC_CONST_VM_RAND_READ;
/// Is not copied on fork.
pub(crate) const DONTCOPY: usize = own::RUSTPROC_CONST_VM_DONTCOPY;
/// Cannot be made larger.
pub(crate) const DONTEXPAND: usize = own::RUSTPROC_CONST_VM_DONTEXPAND;
/// Is locked in memory page by page, when used.
pub(crate) const LOCKONFAULT: usize = own::RUSTPROC_CONST_VM_LOCKONFAULT;
/// Counts as committed memory.
pub(crate) const ACCOUNT: usize = own::RUSTPROC_CONST_VM_ACCOUNT;
/// Has no swap space reserved.
pub(crate) const NORESERVE: usize = own::RUSTPROC_CONST_VM_NORESERVE;
/// Maps hugetlb pages.
pub(crate) const HUGETLB: usize = own::RUSTPROC_CONST_VM_HUGETLB;
/// Faults are synchronous.
pub(crate) const SYNC: usize = own::RUSTPROC_CONST_VM_SYNC;
/// For the architecture.
pub(crate) const ARCH_1: usize = own::RUSTPROC_CONST_VM_ARCH_1;
/// Is empty after fork.
pub(crate) const WIPEONFORK: usize = own::RUSTPROC_CONST_VM_WIPEONFORK;
/// Is left out of core dumps.
pub(crate) const DONTDUMP: usize = own::RUSTPROC_CONST_VM_DONTDUMP;
/// Is soft-dirty as a whole.
pub(crate) const SOFTDIRTY: usize = own::RUSTPROC_CONST_VM_SOFTDIRTY;
/// Maps page frames and pages.
pub(crate) const MIXEDMAP: usize = own::RUSTPROC_CONST_VM_MIXEDMAP;
/// Wants transparent huge pages.
pub(crate) const HUGEPAGE: usize = own::RUSTPROC_CONST_VM_HUGEPAGE;
/// Wants no transparent huge pages.
pub(crate) const NOHUGEPAGE: usize = own::RUSTPROC_CONST_VM_NOHUGEPAGE;
/// May be merged by KSM.
pub(crate) const MERGEABLE: usize = own::RUSTPROC_CONST_VM_MERGEABLE;
/// Userfaultfd is told of missing pages.
pub(crate) const UFFD_MISSING: usize = own::RUSTPROC_CONST_VM_UFFD_MISSING;
/// Userfaultfd is told of writes.
pub(crate) const UFFD_WP: usize = own::RUSTPROC_CONST_VM_UFFD_WP;
/// Userfaultfd is told of minor faults.
pub(crate) const UFFD_MINOR: usize = own::RUSTPROC_CONST_VM_UFFD_MINOR;
/// Userfaultfd is told of reads and writes.
pub(crate) const UFFD_RWP: usize = own::RUSTPROC_CONST_VM_UFFD_RWP;
/// Is a shadow stack.
pub(crate) const SHADOW_STACK: usize = own::RUSTPROC_CONST_VM_SHADOW_STACK;
/// May be dropped when memory is short.
pub(crate) const DROPPABLE: usize = own::RUSTPROC_CONST_VM_DROPPABLE;
/// May not be changed.
pub(crate) const SEALED: usize = own::RUSTPROC_CONST_VM_SEALED;
/// All bits of the protection key.
pub(crate) const PKEY: usize = own::RUSTPROC_CONST_VM_PKEY;
