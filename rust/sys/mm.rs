// SPDX-License-Identifier: GPL-2.0

//! The counters and layout of an address space.
//!
//! Extends [`kernel::mm::MmWithUser`] with the fields that procfs reports. They are read without
//! `mmap_lock`, as stock does: each is a snapshot.
//!
//! C header: [`include/linux/mm_types.h`](srctree/include/linux/mm_types.h)

use crate::{
    bindings as own,
    sys::read_long, //
};
use core::ops::Range;
use kernel::{
    bindings,
    error::to_result,
    mm::MmWithUser,
    prelude::*,
    types::NotThreadSafe, //
};

/// What the pages of an address space are counted as.
#[derive(Clone, Copy)]
pub(crate) enum PageKind {
    /// Pages of files.
    File,
    /// Anonymous pages.
    Anon,
    /// Swap entries.
    Swap,
    /// Pages of shared memory.
    Shmem,
}

/// Addresses of the parts of a program, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Start of the code.
    pub(crate) start_code: u64,
    /// End of the code.
    pub(crate) end_code: u64,
    /// Start of the data.
    pub(crate) start_data: u64,
    /// End of the data.
    pub(crate) end_data: u64,
    /// Start of the heap.
    pub(crate) start_brk: u64,
    /// Bottom of the initial stack.
    pub(crate) start_stack: u64,
    /// Start of the arguments.
    pub(crate) arg_start: u64,
    /// End of the arguments.
    pub(crate) arg_end: u64,
    /// Start of the environment.
    pub(crate) env_start: u64,
    /// End of the environment.
    pub(crate) env_end: u64,
}

/// Sizes of an address space, in pages.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// All mappings.
    pub(crate) total: u64,
    /// Private writable mappings.
    pub(crate) data: u64,
    /// Stack mappings.
    pub(crate) stack: u64,
}

/// Sizes of an address space that few ask for, in pages.
#[derive(Clone, Copy)]
pub(crate) struct MoreSizes {
    /// The largest that all mappings were before they were last lowered.
    pub(crate) highest_total: u64,
    /// The largest resident size before it was last lowered.
    pub(crate) highest_resident: u64,
    /// Locked by `mlock(2)`.
    pub(crate) locked: u64,
    /// Executable mappings.
    pub(crate) exec: u64,
}

/// What procfs reads of an address space. Values of the C type `unsigned long` are cast to `u64`.
pub(crate) trait MmExt {
    /// The C struct, for this layer.
    fn raw(&self) -> *mut bindings::mm_struct;

    /// Pages of `kind`, summed over all CPUs. Mirrors `get_mm_counter_sum()`.
    fn pages(&self, kind: PageKind) -> u64 {
        let member = match kind {
            PageKind::File => bindings::MM_FILEPAGES,
            PageKind::Anon => bindings::MM_ANONPAGES,
            PageKind::Swap => bindings::MM_SWAPENTS,
            PageKind::Shmem => bindings::MM_SHMEMPAGES,
        };

        // SAFETY: The address space is valid and `member` is one of its counters.
        let sum = unsafe {
            let counters = &raw mut (*self.raw()).__bindgen_anon_1.rss_stat;
            bindings::__percpu_counter_sum(&raw mut (*counters)[member as usize])
        };
        // CAST: Not negative.
        sum.max(0) as u64
    }

    /// Resident pages, quick and inexact as `stat` shows them. Mirrors `get_mm_rss()`.
    fn resident_estimate(&self) -> u64 {
        // SAFETY: The address space is valid.
        unsafe { own::rustproc_get_mm_rss(self.raw()) as u64 }
    }

    /// Sizes in pages.
    fn sizes(&self) -> Sizes {
        let mm = self.raw();

        // SAFETY: The address space is valid; each field is one word.
        unsafe {
            let fields = &raw const (*mm).__bindgen_anon_1;
            Sizes {
                total: read_long(&raw const (*fields).total_vm),
                data: read_long(&raw const (*fields).data_vm),
                stack: read_long(&raw const (*fields).stack_vm),
            }
        }
    }

    /// More sizes in pages.
    fn more_sizes(&self) -> MoreSizes {
        let mm = self.raw();

        // SAFETY: As in `sizes()`.
        unsafe {
            let fields = &raw const (*mm).__bindgen_anon_1;
            MoreSizes {
                highest_total: read_long(&raw const (*fields).hiwater_vm),
                highest_resident: read_long(&raw const (*fields).hiwater_rss),
                locked: read_long(&raw const (*fields).locked_vm),
                exec: read_long(&raw const (*fields).exec_vm),
            }
        }
    }

    /// Pages of all mappings.
    fn total_pages(&self) -> u64 {
        // SAFETY: The address space is valid; the field is one word.
        unsafe { read_long(&raw const (*self.raw()).__bindgen_anon_1.total_vm) }
    }

    /// Pages pinned by drivers.
    fn pinned_pages(&self) -> u64 {
        // SAFETY: The address space is valid.
        // CAST: The count is not negative.
        unsafe { own::rustproc_mm_pinned_vm(self.raw()) as u64 }
    }

    /// Where the program's code lies, addresses in bytes.
    fn code(&self) -> Range<u64> {
        // SAFETY: The address space is valid; each field is one word.
        unsafe {
            let fields = &raw const (*self.raw()).__bindgen_anon_1;
            let start = read_long(&raw const (*fields).start_code);
            start..read_long(&raw const (*fields).end_code)
        }
    }

    /// Addresses of the program's parts.
    fn layout(&self) -> Layout {
        // SAFETY: The address space is valid; each field is one word.
        unsafe {
            let fields = &raw const (*self.raw()).__bindgen_anon_1;
            Layout {
                start_code: read_long(&raw const (*fields).start_code),
                end_code: read_long(&raw const (*fields).end_code),
                start_data: read_long(&raw const (*fields).start_data),
                end_data: read_long(&raw const (*fields).end_data),
                start_brk: read_long(&raw const (*fields).start_brk),
                start_stack: read_long(&raw const (*fields).start_stack),
                arg_start: read_long(&raw const (*fields).arg_start),
                arg_end: read_long(&raw const (*fields).arg_end),
                env_start: read_long(&raw const (*fields).env_start),
                env_end: read_long(&raw const (*fields).env_end),
            }
        }
    }

    /// Bytes that page tables take.
    fn page_table_bytes(&self) -> u64 {
        // SAFETY: The address space is valid.
        unsafe { own::rustproc_mm_pgtables_bytes(self.raw()) as u64 }
    }

    /// Pages of hugetlb memory, counted in base pages.
    fn hugetlb_pages(&self) -> u64 {
        // SAFETY: The address space is valid.
        unsafe { own::rustproc_hugetlb_usage(self.raw()) as u64 }
    }

    /// Whether `prctl(2)` took transparent huge pages away completely.
    fn thp_disabled(&self) -> bool {
        // SAFETY: The address space is valid.
        unsafe { own::rustproc_mm_thp_disabled(self.raw()) }
    }

    /// Address after the last that user space may map, in bytes.
    fn task_size(&self) -> u64 {
        // SAFETY: The address space is valid; the field is one word.
        unsafe { read_long(&raw const (*self.raw()).__bindgen_anon_1.task_size) }
    }

    /// Mask of the address bits that user space may not use for tags.
    fn untag_mask(&self) -> u64 {
        // SAFETY: The address space is valid.
        unsafe { own::rustproc_mm_untag_mask(self.raw()) as u64 }
    }
}

impl MmExt for MmWithUser {
    fn raw(&self) -> *mut bindings::mm_struct {
        self.as_raw()
    }
}

/// `mmap_lock`, held for reading: mappings stay as they are.
///
/// # Invariants
///
/// The lock of `mm` is held for reading by this context.
#[must_use = "the lock is let go of when the guard is dropped"]
pub(crate) struct MmapReadLock<'a> {
    mm: &'a MmWithUser,
    _not_send: NotThreadSafe,
}

impl<'a> MmapReadLock<'a> {
    /// Waits for the lock. May sleep.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn killable(mm: &'a MmWithUser) -> Result<Self> {
        // SAFETY: The address space is valid.
        to_result(unsafe { own::rustproc_mmap_read_lock_killable(mm.raw()) })?;
        // INVARIANT: Just taken.
        Ok(Self {
            mm,
            _not_send: NotThreadSafe,
        })
    }

    /// The address space.
    pub(crate) fn mm(&self) -> &'a MmWithUser {
        self.mm
    }
}

impl Drop for MmapReadLock<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the lock is held.
        unsafe { bindings::mmap_read_unlock(self.mm.raw()) };
    }
}

/// `mmap_lock`, held for writing: nobody else looks at mappings or changes them.
///
/// # Invariants
///
/// The lock of `mm` is held for writing by this context.
#[must_use = "the lock is let go of when the guard is dropped"]
pub(crate) struct MmapWriteLock<'a> {
    mm: &'a MmWithUser,
    _not_send: NotThreadSafe,
}

impl<'a> MmapWriteLock<'a> {
    /// Waits for the lock. May sleep.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn killable(mm: &'a MmWithUser) -> Result<Self> {
        // SAFETY: The address space is valid.
        to_result(unsafe { own::rustproc_mmap_write_lock_killable(mm.raw()) })?;
        // INVARIANT: Just taken.
        Ok(Self {
            mm,
            _not_send: NotThreadSafe,
        })
    }

    /// The address space.
    pub(crate) fn mm(&self) -> &'a MmWithUser {
        self.mm
    }

    /// Forgets how large the resident memory has been: the largest size is that of now. Mirrors
    /// `reset_mm_hiwater_rss()`.
    pub(crate) fn reset_highest_resident(&self) {
        // SAFETY: The address space is valid; by the type invariant the lock is held.
        unsafe { own::rustproc_reset_mm_hiwater_rss(self.mm.raw()) };
    }
}

impl Drop for MmapWriteLock<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the lock is held.
        unsafe { own::rustproc_mmap_write_unlock(self.mm.raw()) };
    }
}
