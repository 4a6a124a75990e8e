// SPDX-License-Identifier: GPL-2.0

//! Changing entries so that they forget the use of pages.
//!
//! That a page has been read may be forgotten under `mmap_lock` alone. Writes are watched by taking
//! the right to write from the entry, which TLBs and other copies of it must learn of: so only a
//! walk of a [`SoftDirtyRound`] can do that.
//!
//! C counterpart: `clear_soft_dirty()` and its neighbours in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    entry::{
        Entry,
        PmdLeaf, //
    },
    folio::Page,
    table::{
        HugePmd,
        PteSlot,
        PteTable, //
    },
    walk_vmas,
    MmapWrite,
    MmapWriteFlush,
    PageWalk,
    Walked, //
};
use crate::{
    bindings as own,
    sys::{
        mm::{
            MmExt,
            MmapWriteLock, //
        },
        mmu_notifier::{
            Change,
            Notice, //
        },
        read_long,
        vma::Vma, //
    },
};
use kernel::{
    bindings,
    prelude::*, //
};

/// Flushes all TLBs of an address space when it is dropped. Until then others that find an entry
/// changed know that a TLB may not have seen it.
///
/// # Invariants
///
/// The flush is counted as pending, for an address space that `lock` keeps.
struct PendingFlush<'a> {
    lock: &'a MmapWriteLock<'a>,
}

impl<'a> PendingFlush<'a> {
    fn new(lock: &'a MmapWriteLock<'a>) -> Self {
        // SAFETY: The address space is valid.
        unsafe { own::rustproc_inc_tlb_flush_pending(lock.mm().raw()) };
        // INVARIANT: Just counted.
        Self { lock }
    }
}

impl Drop for PendingFlush<'_> {
    fn drop(&mut self) {
        // SAFETY: The address space is valid, and by the type invariant the flush is pending.
        unsafe {
            own::rustproc_flush_tlb_mm(self.lock.mm().raw());
            own::rustproc_dec_tlb_flush_pending(self.lock.mm().raw());
        }
    }
}

/// The start of a round of watching which pages of an address space are written to.
///
/// Fields are dropped in order: others hear of the end before TLBs are flushed.
#[must_use = "TLBs are flushed when the guard is dropped"]
pub(crate) struct SoftDirtyRound<'a> {
    _notice: Notice<'a>,
    flush: PendingFlush<'a>,
}

impl MmapWriteLock<'_> {
    /// Starts a new round of watching which pages are written to. Sleeps.
    pub(crate) fn soft_dirty_round(&self) -> SoftDirtyRound<'_> {
        let flush = PendingFlush::new(self);

        SoftDirtyRound {
            _notice: Notice::new(self.mm(), Change::SoftDirty, 0..usize::MAX),
            flush,
        }
    }
}

impl SoftDirtyRound<'_> {
    /// Walks one VMA after the other, of those that `wanted` is true of; none where the CPU cannot watch
    /// writes. May sleep.
    ///
    /// # Errors
    ///
    /// What a callback fails with.
    pub(crate) fn walk<W: PageWalk<MmapWriteFlush>>(
        &self,
        wanted: impl Fn(Vma<'_>) -> bool,
        author: &mut W,
    ) -> Result<Walked> {
        // SAFETY: Takes nothing.
        if !unsafe { own::rustproc_pgtable_supports_soft_dirty() } {
            return Ok(Walked::Whole);
        }
        // SAFETY: The flush follows when the guards are dropped, in any case before the lock, which is
        // borrowed, is let go of.
        unsafe { walk_vmas::<W, MmapWriteFlush>(self.flush.lock, wanted, author) }
    }
}

impl PteSlot<'_, MmapWrite> {
    /// Forgets that the page has been used. For a present entry.
    pub(crate) fn clear_young(&self) {
        let (entry, place) = (self.entry(), self.raw.as_ptr());

        if entry.is_young() {
            // SAFETY: The entry is in a mapped and locked table by the type invariant.
            unsafe { own::ptep_test_and_clear_young(entry.vma().raw(), entry.address(), place) };
        }
    }
}

impl PteTable<'_, MmapWriteFlush> {
    /// Forgets that pages have been written to, and watches for the next write to each. Leaves those
    /// alone that a device may be writing to, for that would not be seen. Mirrors
    /// `clear_soft_dirty()`.
    ///
    /// An entry that forbids to write and has no soft-dirty bit stays as it is: writing it anew would
    /// change nothing.
    pub(crate) fn clear_soft_dirty(&self) {
        let is_cow = self.vma().is_cow();

        for slot in self.slots() {
            let entry = slot.entry();
            if entry.is_present() {
                let is_writable = entry.is_writable();
                let is_pinned = || is_writable && is_cow && slot.is_pinned();
                if (is_writable || entry.is_soft_dirty()) && !is_pinned() {
                    slot.write_protect();
                }
            } else if !entry.is_none() && entry.is_soft_dirty() {
                slot.clear_absent();
            }
        }
    }
}

impl PteSlot<'_, MmapWriteFlush> {
    /// Whether a device may be writing to the page, which the entry allows. Mirrors `pte_is_pinned()`.
    #[inline]
    fn is_pinned(&self) -> bool {
        let maybe_pinned = |page: Page<'_>| page.folio().maybe_pinned();

        self.mm_has_pinned() && self.entry().page().is_some_and(maybe_pinned)
    }

    /// Whether devices have ever been let write to pages of the address space.
    #[inline]
    fn mm_has_pinned(&self) -> bool {
        // SAFETY: The entry's VMA has an address space, for the entry is in a table of it. Its flags
        // are one word, which others may change.
        let flags = unsafe {
            let mm = self.entry().vma().mm_ptr();
            read_long((&raw const (*mm).__bindgen_anon_1.flags).cast())
        };

        flags & (1 << bindings::MMF_HAS_PINNED) != 0
    }

    fn write_protect(&self) {
        let entry = self.entry();

        // SAFETY: The entry is present in a mapped and locked table by the type invariant. The helper
        // makes it empty for a moment, so that the CPU sets no bits; it maps the same page afterwards,
        // with fewer rights. TLBs are flushed by the walk's caller.
        unsafe {
            let mm = entry.vma().mm_ptr();
            own::rustproc_ptep_clear_soft_dirty(mm, entry.address(), self.raw.as_ptr());
        }
    }

    /// Clears the bit of an entry that maps no page at the moment.
    fn clear_absent(&self) {
        let entry = self.entry();

        // SAFETY: The entry is neither present nor empty, so nobody changes it while its table is
        // locked, which it is by the type invariant. One of its bits is cleared that says nothing
        // of where the page is.
        unsafe {
            let new = own::rustproc_pte_swp_clear_soft_dirty(entry.raw());
            let mm = entry.vma().mm_ptr();
            own::rustproc_set_pte_at(mm, entry.address(), self.raw.as_ptr(), new);
        }
    }
}

impl HugePmd<'_, MmapWrite> {
    /// Forgets that the huge page has been used. For a present entry.
    pub(crate) fn clear_young(&self) {
        let (vma, address) = (self.pmd.vma().raw(), self.pmd.range().start);

        // SAFETY: The entry is kept and locked by the type invariant.
        unsafe { own::pmdp_test_and_clear_young(vma, address, self.pmd.raw.as_ptr()) };
    }
}

impl HugePmd<'_, MmapWriteFlush> {
    /// Forgets that the huge page has been written to, and watches for the next write. Mirrors
    /// `clear_soft_dirty_pmd()`.
    ///
    /// An entry that forbids to write and has no soft-dirty bit stays as it is.
    pub(crate) fn clear_soft_dirty(&self) {
        let entry = self.entry();

        if entry.is_present() {
            if entry.is_writable() || entry.is_soft_dirty() {
                self.write_protect();
            }
        } else if !entry.is_none() && entry.leaf().is_migration() {
            self.clear_absent();
        }
    }

    fn write_protect(&self) {
        let (vma, address) = (self.pmd.vma(), self.pmd.range().start);
        let (place, mut new) = (self.pmd.raw.as_ptr(), self.entry().raw());

        // SAFETY: The entry is present, kept and locked by the type invariant. Between the first and
        // the last call the CPU cannot use it, so what that call returns has all bits that the CPU
        // has set; it maps the same page afterwards, with fewer rights.
        unsafe {
            let old = own::pmdp_invalidate(vma.raw(), address, place);
            let old = PmdLeaf::new(old, address, vma);
            if old.is_dirty() {
                new = own::rustproc_pmd_mkdirty(new);
            }
            if old.is_young() {
                new = own::rustproc_pmd_mkyoung(new);
            }
            new = own::rustproc_pmd_clear_soft_dirty(own::rustproc_pmd_wrprotect(new));
            own::rustproc_set_pmd_at(vma.mm_ptr(), address, place, new);
        }
    }

    /// Clears the bit of an entry whose page is being moved.
    fn clear_absent(&self) {
        let (address, place) = (self.pmd.range().start, self.pmd.raw.as_ptr());

        // SAFETY: The entry is kept and locked by the type invariant, and nobody changes one of a
        // page that is being moved. One of its bits is cleared that says nothing of the page.
        unsafe {
            let new = own::rustproc_pmd_swp_clear_soft_dirty(self.entry().raw());
            own::rustproc_set_pmd_at(self.pmd.vma().mm_ptr(), address, place, new);
        }
    }
}
