// SPDX-License-Identifier: GPL-2.0

//! A test that is a process: with an address space of its own, which is empty but for what the test
//! maps in it.
//!
//! KUnit gives a test's thread an address space; but nobody else finds it, for kernel threads have
//! none to show. So [`run`] lets the thread pass for a process's: it is found by its number, and what
//! `ptrace_may_access()` and the VFS ask is asked of a process. All of that is in one thread, which
//! knows what is mapped, and can change it between two calls.

use crate::{
    bindings as own,
    sys::{
        mm::{
            MmExt,
            MmapWriteLock, //
        },
        vma::flags, //
    },
};
use core::{
    ops::Range,
    sync::atomic::{
        AtomicI32,
        AtomicUsize,
        Ordering, //
    }, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::c_long,
    mm::MmWithUser,
    prelude::*,
    sync::aref::ARef,
    types::NotThreadSafe,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// What may be done with memory, as `mprotect(2)` has it.
#[derive(Clone, Copy)]
pub(crate) enum Protection {
    /// Nothing.
    None,
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

impl Protection {
    fn bits(self) -> usize {
        match self {
            Self::None => own::RUSTPROC_CONST_PROT_NONE,
            Self::Read => own::RUSTPROC_CONST_PROT_READ,
            Self::Write => own::RUSTPROC_CONST_PROT_READ | own::RUSTPROC_CONST_PROT_WRITE,
        }
    }
}

/// Whose memory is mapped.
#[derive(Clone, Copy)]
pub(crate) enum Memory {
    /// Nobody else's.
    Private,
    /// Shared memory without a name.
    Shared,
}

/// Advice, as `madvise(2)` takes it.
#[derive(Clone, Copy)]
pub(crate) enum Advice {
    /// Huge pages, please.
    HugePage,
    /// To swap with it.
    PageOut,
    /// Nobody may touch it, without a mapping of its own.
    Guard,
}

/// The current thread as a process.
///
/// # Invariants
///
/// `mm` is the address space of the current thread, whose flags have `PF_KTHREAD` cleared, and which
/// stays on one CPU: others may go on with the address space of the last thread that they ran, and
/// hold it.
pub(crate) struct Process {
    mm: ARef<MmWithUser>,
    _not_send: NotThreadSafe,
}

/// Runs `body` in a process. What it returns is returned when all that it has let go of is gone.
///
/// # Errors
///
/// Those of `body`; `ENOMEM`.
pub(crate) fn run<R>(body: impl FnOnce(&Process) -> Result<R>) -> Result<R> {
    body(&Process::new()?)
}

impl Process {
    fn new() -> Result<Self> {
        // SAFETY: A test runs in a kernel thread, which may be given an address space once, until it
        // ends; if it has one the function leaves it.
        to_result(unsafe { bindings::kunit_attach_mm() })?;
        let mm = current!().mm().ok_or(ESRCH)?.into();
        // SAFETY: Dropping the value undoes the first. Only the thread itself changes its flags; what
        // this one keeps from kernel threads, it has: an address space, and since it was made room
        // for the registers of the FPU, which are marked as not loaded. What waits to be done at its
        // return to user space is done when the value is dropped.
        unsafe {
            bindings::migrate_disable();
            (*task()).flags &= !bindings::PF_KTHREAD;
        }
        // INVARIANT: Just made so.
        Ok(Self {
            mm,
            _not_send: NotThreadSafe,
        })
    }

    /// The address space.
    pub(crate) fn mm(&self) -> &ARef<MmWithUser> {
        &self.mm
    }

    /// The number of the process in the initial pid namespace.
    pub(crate) fn pid(&self) -> i32 {
        current!().pid()
    }

    /// Does what a process does when it returns to user space: releases files and mounts.
    pub(crate) fn settle(&self) {
        // SAFETY: No locks are held in a test between two calls.
        unsafe { bindings::task_work_run() };
    }

    /// Maps memory that can be read and written at `range`, addresses in bytes, where nothing is.
    ///
    /// # Errors
    ///
    /// Those of `mmap(2)`.
    pub(crate) fn map(&self, range: Range<usize>, memory: Memory) -> Result {
        let flags = own::RUSTPROC_CONST_MAP_ANONYMOUS
            | own::RUSTPROC_CONST_MAP_FIXED_NOREPLACE
            | match memory {
                Memory::Private => own::RUSTPROC_CONST_MAP_PRIVATE,
                Memory::Shared => own::RUSTPROC_CONST_MAP_SHARED,
            };

        // SAFETY: The process's memory is nobody else's, and nothing that Rust knows of is in it.
        let address = unsafe {
            bindings::vm_mmap(
                core::ptr::null_mut(),
                range.start,
                range.len(),
                Protection::Write.bits(),
                flags,
                0,
            )
        };
        // CAST: An errno is a negative number.
        done(address as c_long)
    }

    /// Makes an area of bare frames (`VM_PFNMAP`) of the one at `address`, in which there must be no page yet.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none.
    pub(crate) fn make_bare(&self, address: usize) -> Result {
        let lock = MmapWriteLock::killable(&self.mm)?;

        // SAFETY: The address space is valid, and locked for writing until the end of the function.
        unsafe {
            let vma = bindings::find_vma(lock.mm().raw(), address);
            if vma.is_null() {
                return Err(ENOENT);
            }
            own::rustproc_vm_flags_set(vma, flags::PFNMAP);
        }
        Ok(())
    }

    /// Unmaps `range`, addresses in bytes.
    ///
    /// # Errors
    ///
    /// Those of `munmap(2)`.
    pub(crate) fn unmap(&self, range: Range<usize>) -> Result {
        // SAFETY: As in `map()`.
        to_result(unsafe { bindings::vm_munmap(range.start, range.len()) })
    }

    /// Changes what may be done with `range`, addresses in bytes.
    ///
    /// # Errors
    ///
    /// Those of `mprotect(2)`.
    pub(crate) fn protect(&self, range: Range<usize>, protection: Protection) -> Result {
        // SAFETY: As in `map()`.
        done(unsafe { own::rustproc_mprotect(range.start, range.len(), protection.bits()) })
    }

    /// Advises the kernel about `range`, addresses in bytes.
    ///
    /// # Errors
    ///
    /// Those of `madvise(2)`.
    pub(crate) fn advise(&self, range: Range<usize>, advice: Advice) -> Result {
        let advice = match advice {
            Advice::HugePage => own::RUSTPROC_CONST_MADV_HUGEPAGE,
            Advice::PageOut => own::RUSTPROC_CONST_MADV_PAGEOUT,
            Advice::Guard => own::RUSTPROC_CONST_MADV_GUARD_INSTALL,
        };

        // SAFETY: As in `map()`.
        done(unsafe { own::rustproc_madvise(range.start, range.len(), advice) })
    }

    /// Locks `range`, addresses in bytes, into memory.
    ///
    /// # Errors
    ///
    /// Those of `mlock(2)`.
    pub(crate) fn lock(&self, range: Range<usize>) -> Result {
        // SAFETY: As in `map()`.
        done(unsafe { own::rustproc_mlock(range.start, range.len()) })
    }

    /// Maps the shared memory that is mapped at `from` once more, at `range`; addresses in bytes.
    ///
    /// # Errors
    ///
    /// Those of `mremap(2)`.
    pub(crate) fn map_again(&self, from: usize, range: Range<usize>) -> Result {
        let flags = own::RUSTPROC_CONST_MREMAP_MAYMOVE | own::RUSTPROC_CONST_MREMAP_FIXED;

        // SAFETY: As in `map()`.
        done(unsafe { own::rustproc_mremap(from, 0, range.len(), flags, range.start) })
    }

    /// Writes `bytes` at `address`, as the process itself would.
    ///
    /// # Errors
    ///
    /// `EFAULT`.
    pub(crate) fn write(&self, address: usize, bytes: &[u8]) -> Result {
        UserSlice::new(UserPtr::from_addr(address), bytes.len())
            .writer()
            .write_slice(bytes)
    }

    /// Reads what is at `address`, as the process itself would.
    ///
    /// # Errors
    ///
    /// `EFAULT`.
    pub(crate) fn read(&self, address: usize, bytes: &mut [u8]) -> Result {
        UserSlice::new(UserPtr::from_addr(address), bytes.len())
            .reader()
            .read_slice(bytes)
    }

    /// Runs `body` while the VMA at `address` has no room for one more reader, so that nobody can
    /// lock it by itself.
    ///
    /// # Errors
    ///
    /// Those of `body`; `ENOENT` if there is no VMA.
    #[cfg(CONFIG_PER_VMA_LOCK)]
    pub(crate) fn with_crowded_vma<R>(
        &self,
        address: usize,
        body: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        // SAFETY: The address space is valid; its lock is held for the lookup. Nobody but this
        // thread unmaps anything, so that the VMA stays.
        let count = unsafe {
            bindings::mmap_read_lock(self.mm.raw());
            let vma = bindings::find_vma(self.mm.raw(), address);
            bindings::mmap_read_unlock(self.mm.raw());
            let vma = vma.as_mut().ok_or(ENOENT)?;
            AtomicI32::from_ptr(&raw mut vma.vm_refcnt.refs.counter)
        };
        let more = own::RUSTPROC_CONST_VM_REFCNT_LIMIT - count.load(Ordering::Relaxed);

        count.fetch_add(more, Ordering::Relaxed);
        let result = body();
        count.fetch_sub(more, Ordering::Relaxed);
        result
    }

    /// Runs `body` while the process has been killed, but for dying of it.
    pub(crate) fn killed<R>(&self, body: impl FnOnce() -> R) -> R {
        const KILL: usize = 1 << (bindings::SIGKILL - 1);
        const PENDING: usize = 1 << bindings::TIF_SIGPENDING;

        // SAFETY: Both words are the thread's own. Others may set bits of them; the one of the signal
        // nobody sets, for kernel threads ignore it.
        let (signals, flags) = unsafe {
            (
                AtomicUsize::from_ptr(&raw mut (*task()).pending.signal.sig[0]),
                AtomicUsize::from_ptr(&raw mut (*task()).thread_info.flags),
            )
        };

        signals.fetch_or(KILL, Ordering::Relaxed);
        flags.fetch_or(PENDING, Ordering::Relaxed);
        let result = body();
        signals.fetch_and(!KILL, Ordering::Relaxed);
        flags.fetch_and(!PENDING, Ordering::Relaxed);
        result
    }

    /// What is held of the process and of the module; waits for what is let go of later.
    pub(crate) fn references(&self) -> References {
        self.settle();
        // SAFETY: A test may sleep. The module is there; a thread's pid, and its address space, too.
        unsafe {
            bindings::rcu_barrier();
            let mm = self.mm.raw();
            let fields = &raw mut (*mm).__bindgen_anon_1;
            References {
                module: bindings::module_refcount(crate::sys::OWNER),
                users: count(&raw mut (*fields).mm_users.counter),
                address_space: count(&raw mut (*fields).__bindgen_anon_1.mm_count.counter),
                pid: count(&raw mut (*(*task()).thread_pid).count.refs.counter),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.settle();
        // SAFETY: Only the thread itself changes its flags, and by the type invariant it stays on its
        // CPU.
        unsafe {
            (*task()).flags |= bindings::PF_KTHREAD;
            bindings::migrate_enable();
        }
    }
}

/// Numbers of references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct References {
    /// To the module.
    module: i32,
    /// To the memory of the address space.
    users: i32,
    /// To the address space itself.
    address_space: i32,
    /// To the pid.
    pid: i32,
}

/// # Safety
///
/// `counter` must be valid.
unsafe fn count(counter: *mut i32) -> i32 {
    // SAFETY: By the function's condition.
    unsafe { AtomicI32::from_ptr(counter) }.load(Ordering::Relaxed)
}

/// The current thread.
pub(super) fn task() -> *mut bindings::task_struct {
    // SAFETY: Has no conditions.
    unsafe { bindings::get_current() }
}

/// What a system call has answered.
fn done(answer: c_long) -> Result {
    // CAST: An errno is a small number.
    if (-4095..0).contains(&answer) {
        Err(Error::from_errno(answer as i32))
    } else {
        Ok(())
    }
}
