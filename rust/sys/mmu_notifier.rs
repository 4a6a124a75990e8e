// SPDX-License-Identifier: GPL-2.0

//! Telling those who copy page tables, such as KVM, that entries are about to change.
//!
//! Lock order: `mmap_lock` or a VMA's lock first; page-table locks, and the mapping of a file, inside
//! a notice.
//!
//! C header: [`include/linux/mmu_notifier.h`](srctree/include/linux/mmu_notifier.h)

use crate::{
    bindings as own,
    sys::mm::MmExt, //
};
use core::{
    marker::PhantomData,
    ops::Range, //
};
use kernel::{
    bindings,
    mm::MmWithUser,
    types::NotThreadSafe, //
};

/// What happens to the entries.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// Their protection changes as that of their VMA does.
    VmaProtection,
    /// Their soft-dirty bits are cleared; what they map, and how, stays.
    SoftDirty,
}

/// While it lives, entries of a range may change; whoever copied them drops the copies.
///
/// # Invariants
///
/// The start of the notice `raw` has been given for an address space that lives as long as `'a`, its
/// end has not.
#[must_use = "the notice ends when the guard is dropped"]
pub(crate) struct Notice<'a> {
    raw: bindings::mmu_notifier_range,
    _mm: PhantomData<&'a MmWithUser>,
    _not_send: NotThreadSafe,
}

impl<'a> Notice<'a> {
    /// Tells that entries of `range` (addresses in bytes) of `mm` are about to change. Sleeps.
    pub(crate) fn new(mm: &'a MmWithUser, change: Change, range: Range<usize>) -> Self {
        let event = match change {
            Change::VmaProtection => bindings::mmu_notifier_event_MMU_NOTIFY_PROTECTION_VMA,
            Change::SoftDirty => bindings::mmu_notifier_event_MMU_NOTIFY_SOFT_DIRTY,
        };
        let mut raw = pin_init::zeroed();

        // SAFETY: The address space has users for `'a`, and neither helper keeps the pointer.
        unsafe {
            own::rustproc_mmu_notifier_range_init(
                &mut raw,
                event,
                mm.raw(),
                range.start,
                range.end,
            );
            own::rustproc_mmu_notifier_invalidate_range_start(&mut raw);
        }
        // INVARIANT: The start has just been given.
        Self {
            raw,
            _mm: PhantomData,
            _not_send: NotThreadSafe,
        }
    }
}

impl Drop for Notice<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the start has been given, and the address space has users.
        unsafe { own::rustproc_mmu_notifier_invalidate_range_end(&mut self.raw) };
    }
}
