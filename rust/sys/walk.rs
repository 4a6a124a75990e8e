// SPDX-License-Identifier: GPL-2.0

//! Walking the page tables of an address space.
//!
//! An author implements [`PageWalk`], whose methods are the walk's callbacks, and starts a walk from
//! what keeps the address space still: [`LockedVma`] (a VMA's own lock), or a lock on the whole
//! space, [`MmapReadLock`] or [`MmapWriteLock`], under these perhaps a
//! [`ProtectionRound`](uffd::ProtectionRound) or a [`SoftDirtyRound`](clear::SoftDirtyRound). Which of
//! them it is, is part of the type of all that the callbacks are given, so that what needs a stronger
//! lock does not compile under a weaker one.
//!
//! Callbacks get an entry of the upper tables ([`Pmd`], [`HugetlbEntry`]), and lock it to see what is
//! in it. Entries are copied out ([`Pte`], [`PmdLeaf`]), and live no longer than the lock.
//!
//! Lock order: `mmap_lock` or a VMA's lock (sleeping locks), inside it one page-table lock (a
//! spinlock: no sleeping), inside it nothing of ours.
//!
//! C header: [`include/linux/pagewalk.h`](srctree/include/linux/pagewalk.h)

mod clear;
mod entry;
mod folio;
mod frame;
mod likeness;
mod run;
mod table;
mod uffd;

pub(crate) use self::{
    entry::{
        Entry,
        HugetlbPte,
        Leaf,
        Marks,
        PmdLeaf,
        Pte, //
    },
    folio::{
        Folio,
        FolioCache,
        FolioState,
        Page,
        PageFacts, //
    },
    frame::init,
    run::{
        Mapped,
        PageRun, //
    },
    table::{
        Entries,
        HugePmd,
        HugetlbEntry,
        Pmd,
        PmdGuard,
        PteTable, //
    },
    uffd::Protector, //
};

use crate::{
    bindings as own,
    sys::{
        mm::{
            MmExt,
            MmapReadLock,
            MmapWriteLock, //
        },
        task,
        vma::{
            LockedVma,
            Vma,
            VmaLock, //
        },
    },
};
use core::{
    marker::PhantomData,
    ops::Range,
    ptr, //
};
use kernel::{
    bindings,
    error::{
        from_result,
        VTABLE_DEFAULT_ERROR, //
    },
    ffi::{
        c_int,
        c_void, //
    },
    mm::virt::VmaRef,
    prelude::*, //
};

/// Size in bytes of what one entry of a PMD maps.
pub(crate) const PMD_SIZE: usize = own::RUSTPROC_CONST_PMD_SIZE;

/// What keeps the address space still during a walk.
pub(crate) trait LockMode: 'static {
    /// What the walk shall check or do about locks.
    const WALK_LOCK: own::page_walk_lock;
    /// Whether the walk may sleep.
    const MAY_SLEEP: bool = true;
}

/// `mmap_lock`, held for reading.
pub(crate) enum MmapRead {}

/// As [`MmapRead`], and whoever copied entries has been told that pages are being protected.
pub(crate) enum MmapReadProtect {}

/// `mmap_lock`, held for writing; the walk write-locks each VMA that it enters.
pub(crate) enum MmapWrite {}

/// As [`MmapWrite`], and all TLBs are flushed before the lock is let go of.
pub(crate) enum MmapWriteFlush {}

/// The lock of the one VMA that is walked, held for reading.
pub(crate) enum VmaRead {}

/// As [`VmaRead`], inside RCU.
pub(crate) enum VmaReadRcu {}

impl LockMode for MmapRead {
    const WALK_LOCK: own::page_walk_lock = own::page_walk_lock_PGWALK_RDLOCK;
}

impl LockMode for MmapReadProtect {
    const WALK_LOCK: own::page_walk_lock = own::page_walk_lock_PGWALK_RDLOCK;
}

impl LockMode for MmapWrite {
    const WALK_LOCK: own::page_walk_lock = own::page_walk_lock_PGWALK_WRLOCK;
}

impl LockMode for MmapWriteFlush {
    const WALK_LOCK: own::page_walk_lock = own::page_walk_lock_PGWALK_WRLOCK;
}

impl LockMode for VmaRead {
    const WALK_LOCK: own::page_walk_lock = own::page_walk_lock_PGWALK_VMA_RDLOCK_VERIFY;
}

impl LockMode for VmaReadRcu {
    const WALK_LOCK: own::page_walk_lock = own::page_walk_lock_PGWALK_VMA_RDLOCK_VERIFY;
    const MAY_SLEEP: bool = false;
}

/// Whether a walk shall enter a VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// Walk its page tables.
    Enter,
    /// Go on behind it.
    Skip,
}

/// What a walk shall do after a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Go on with the next entry.
    Continue,
    /// Look at this entry anew, for it has changed meanwhile. Of `pmd_entry()` only.
    Again,
    /// End here.
    Stop,
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// At the end of its range.
    Whole,
    /// Where a callback said [`Action::Stop`].
    Stopped,
}

/// The callbacks of a walk. All run in the context of the walk's caller, with its lock held.
///
/// Between two entries of a PMD the walk lets others run.
#[vtable]
pub(crate) trait PageWalk<L: LockMode> {
    /// Whether a fatal signal ends the walk, with `EINTR`. A walk that changes what others see should
    /// go on to its end.
    const KILLABLE: bool = true;

    /// Decides on entering `vma`, of which `range` (addresses in bytes) would be walked.
    ///
    /// Without it, VMAs of `VM_PFNMAP` are holes and all others are entered. Walks of a single VMA
    /// don't ask.
    ///
    /// # Errors
    ///
    /// What the walk shall fail with.
    fn test_walk(&mut self, _vma: Vma<'_>, _range: Range<usize>) -> Result<Visit> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Looks at an entry of a PMD that is not empty. May sleep where the walk may, but for while it holds
    /// the entry.
    ///
    /// # Errors
    ///
    /// What the walk shall fail with.
    fn pmd_entry(&mut self, pmd: &Pmd<'_, L>) -> Result<Action>;

    /// Is told of a range without page tables. May sleep.
    ///
    /// # Errors
    ///
    /// What the walk shall fail with.
    fn pte_hole(&mut self, _hole: &Hole<'_, L>) -> Result<Action> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Looks at the entry of a hugetlb page. May sleep, but for while it holds the entry.
    ///
    /// # Errors
    ///
    /// What the walk shall fail with.
    fn hugetlb_entry(&mut self, _entry: &HugetlbEntry<'_, L>) -> Result<Action> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// A range without page tables.
///
/// # Invariants
///
/// A walk, whose lock is `L`, is at `range`, which lies in `vma`, or outside of all VMAs.
pub(crate) struct Hole<'w, L> {
    vma: Option<Vma<'w>>,
    range: Range<usize>,
    _mode: PhantomData<L>,
}

impl<'w, L> Hole<'w, L> {
    /// The VMA that the range lies in; `None` outside of all VMAs.
    pub(crate) fn vma(&self) -> Option<Vma<'w>> {
        self.vma
    }

    /// The range, as addresses in bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }
}

/// Binds a [`PageWalk`] to C.
struct Table<W, L>(PhantomData<(W, L)>);

impl<W: PageWalk<L>, L: LockMode> Table<W, L> {
    const OPERATIONS: own::mm_walk_ops = own::mm_walk_ops {
        test_walk: if W::HAS_TEST_WALK {
            Some(Self::test_walk)
        } else {
            None
        },
        pmd_entry: Some(Self::pmd_entry),
        pte_hole: if W::HAS_PTE_HOLE {
            Some(Self::pte_hole)
        } else {
            None
        },
        hugetlb_entry: if W::HAS_HUGETLB_ENTRY {
            Some(Self::hugetlb_entry)
        } else {
            None
        },
        walk_lock: L::WALK_LOCK,
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `walk` must be a walk with these operations that has called back and waits for the result.
    unsafe fn author<'a>(walk: *mut own::mm_walk) -> &'a mut W {
        // SAFETY: `start()` stored the pointer; a walk makes one call at a time.
        unsafe { &mut *(*walk).private.cast::<W>() }
    }

    /// # Safety
    ///
    /// As for `author()`, and the walk must be in a VMA.
    unsafe fn vma<'a>(walk: *mut own::mm_walk) -> Vma<'a> {
        // SAFETY: The VMA in which a walk is, is kept by the lock that its caller holds.
        unsafe { Vma::from_ref(VmaRef::from_raw((*walk).vma)) }
    }

    /// # Safety
    ///
    /// Called by a walk with these operations, in a VMA.
    unsafe extern "C" fn test_walk(start: usize, end: usize, walk: *mut own::mm_walk) -> c_int {
        // SAFETY: By the function's condition.
        let (author, vma) = unsafe { (Self::author(walk), Self::vma(walk)) };

        from_result(|| {
            Ok(match author.test_walk(vma, start..end)? {
                Visit::Enter => 0,
                Visit::Skip => 1,
            })
        })
    }

    /// # Safety
    ///
    /// Called by a walk with these operations, in a VMA, with an entry that maps the range.
    unsafe extern "C" fn pmd_entry(
        pmd: *mut bindings::pmd_t,
        start: usize,
        end: usize,
        walk: *mut own::mm_walk,
    ) -> c_int {
        // SAFETY: By the function's condition; the entry is kept by the walk until we return.
        let (author, pmd) = unsafe {
            (
                Self::author(walk),
                Pmd::new(pmd, start..end, Self::vma(walk)),
            )
        };

        from_result(|| {
            let action = Self::look(author, &pmd)?;
            if action == Action::Again {
                // SAFETY: The walk waits for us, and reads this when we have returned.
                unsafe { (*walk).action = own::page_walk_action_ACTION_AGAIN };
            }
            Ok(if action == Action::Stop { STOP } else { 0 })
        })
    }

    /// Calls back for an entry of a PMD, and lets others run.
    #[inline(always)]
    fn look(author: &mut W, pmd: &Pmd<'_, L>) -> Result<Action> {
        let action = author.pmd_entry(pmd)?;

        if L::MAY_SLEEP {
            task::cond_resched();
        }
        Self::checked(action)
    }

    /// Does what a walk of `range`, addresses in bytes, does that has come to the entry of a PMD that maps
    /// all of it, or would, if the tables above were there.
    fn walk_one(area: &LockedVma<'_>, range: Range<usize>, author: &mut W) -> Result<Walked> {
        let vma = area.vma();
        // SAFETY: The address space is valid, and page tables of a locked VMA stay. Those above a PMD
        // map nothing themselves, for so much the VMA doesn't have.
        let raw = unsafe { own::mm_find_pmd(vma.mm_ptr(), range.start) };

        // SAFETY: The entry is in a page table that stays.
        while let Some(pmd) = unsafe { Pmd::find(raw, range.clone(), vma) } {
            match Self::look(author, &pmd)? {
                Action::Continue => return Ok(Walked::Whole),
                Action::Stop => return Ok(Walked::Stopped),
                Action::Again => {}
            }
        }
        if !W::HAS_PTE_HOLE {
            return Ok(Walked::Whole);
        }
        // INVARIANT: The walk is here.
        let hole = Hole {
            vma: Some(vma),
            range,
            _mode: PhantomData,
        };
        match Self::checked(author.pte_hole(&hole)?)? {
            Action::Stop => Ok(Walked::Stopped),
            _ => Ok(Walked::Whole),
        }
    }

    /// # Safety
    ///
    /// Called by a walk with these operations.
    unsafe extern "C" fn pte_hole(
        start: usize,
        end: usize,
        _depth: c_int,
        walk: *mut own::mm_walk,
    ) -> c_int {
        // SAFETY: By the function's condition; outside of VMAs the pointer is null.
        let (author, vma) = unsafe {
            let inside = !(*walk).vma.is_null();
            (Self::author(walk), inside.then(|| Self::vma(walk)))
        };
        // INVARIANT: By the function's condition.
        let hole = Hole {
            vma,
            range: start..end,
            _mode: PhantomData,
        };

        from_result(|| Self::result(author.pte_hole(&hole)?))
    }

    /// # Safety
    ///
    /// Called by a walk with these operations, in a hugetlb VMA, with an entry that maps the range.
    unsafe extern "C" fn hugetlb_entry(
        entry: *mut bindings::pte_t,
        mask: usize,
        start: usize,
        end: usize,
        walk: *mut own::mm_walk,
    ) -> c_int {
        // SAFETY: By the function's condition; the entry is kept by the walk until we return.
        let (author, entry) = unsafe {
            let vma = Self::vma(walk);
            (
                Self::author(walk),
                HugetlbEntry::new(entry, start..end, mask, vma),
            )
        };

        from_result(|| {
            let action = author.hugetlb_entry(&entry)?;
            task::cond_resched();
            Self::result(action)
        })
    }

    /// What a callback returns to the walk.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    fn result(action: Action) -> Result<c_int> {
        let action = Self::checked(action)?;

        Ok(if action == Action::Stop { STOP } else { 0 })
    }

    /// What to do after a callback.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    fn checked(action: Action) -> Result<Action> {
        if W::KILLABLE && task::fatal_signal_pending() {
            return Err(EINTR);
        }
        Ok(action)
    }
}

/// What callbacks return to stop the walk: an error, which no callback fails with. A positive number would
/// do, but not for the hole that an area of bare frames (`VM_PFNMAP`) is: there it means that the area has
/// been dealt with.
const STOP: c_int = -(bindings::ECANCELED as c_int);

/// What a walk returned.
fn ended(result: c_int) -> Result<Walked> {
    match result {
        0 => Ok(Walked::Whole),
        STOP => Ok(Walked::Stopped),
        error => Err(Error::from_errno(error)),
    }
}

impl LockedVma<'_> {
    /// Walks `range` (addresses in bytes), or what of it lies in the VMA. May sleep, if the locks let it.
    ///
    /// # Errors
    ///
    /// What a callback fails with.
    pub(crate) fn walk<W>(&self, range: Range<usize>, author: &mut W) -> Result<Walked>
    where
        W: PageWalk<VmaRead> + PageWalk<VmaReadRcu> + PageWalk<MmapRead>,
    {
        let range = range.start.max(self.vma().start())..range.end.min(self.vma().end());
        if range.is_empty() {
            return Ok(Walked::Whole);
        }
        // SAFETY: The VMA is locked as the modes say.
        unsafe {
            match self.held() {
                VmaLock::Mmap => self.walk_as::<W, MmapRead>(range, author),
                VmaLock::Vma => self.walk_as::<W, VmaRead>(range, author),
                VmaLock::VmaAndRcu => self.walk_as::<W, VmaReadRcu>(range, author),
            }
        }
    }

    /// # Safety
    ///
    /// The VMA must be locked as `L` says, and `range` must be a part of it.
    unsafe fn walk_as<W: PageWalk<L>, L: LockMode>(
        &self,
        range: Range<usize>,
        author: &mut W,
    ) -> Result<Walked> {
        // Most VMAs are small, and the way through the upper tables is long.
        if self.vma().is_within(PMD_SIZE) && !self.vma().is_hugetlb() {
            return Table::<W, L>::walk_one(self, range, author);
        }
        // SAFETY: By the function's condition. Inside RCU the VMA is small, and does not map hugetlb
        // pages: a walk of that sleeps in our callbacks only.
        unsafe { walk_vma::<W, L>(self.vma(), range, author) }
    }
}

impl MmapReadLock<'_> {
    /// Walks `range` (addresses in bytes), holes and all. May sleep.
    ///
    /// # Errors
    ///
    /// What a callback fails with; `EINVAL` if the range is empty.
    pub(crate) fn walk<W: PageWalk<MmapRead>>(
        &self,
        range: Range<usize>,
        author: &mut W,
    ) -> Result<Walked> {
        // SAFETY: `mmap_lock` is held for reading by the type's invariant.
        unsafe { walk_range::<W, MmapRead>(self.mm().raw(), range, author) }
    }
}

impl MmapWriteLock<'_> {
    /// Walks one VMA after the other, of those that `wanted` is true of. May sleep.
    ///
    /// # Errors
    ///
    /// What a callback fails with.
    pub(crate) fn walk<W: PageWalk<MmapWrite>>(
        &self,
        wanted: impl Fn(Vma<'_>) -> bool,
        author: &mut W,
    ) -> Result<Walked> {
        // SAFETY: `mmap_lock` is held for writing by the type's invariant.
        unsafe { walk_vmas::<W, MmapWrite>(self, wanted, author) }
    }
}

/// # Safety
///
/// What `L` wants besides the lock must have been done.
unsafe fn walk_vmas<W: PageWalk<L>, L: LockMode>(
    lock: &MmapWriteLock<'_>,
    wanted: impl Fn(Vma<'_>) -> bool,
    author: &mut W,
) -> Result<Walked> {
    for area in lock.vmas() {
        let vma = area.vma();
        if !wanted(vma) {
            continue;
        }
        // SAFETY: By the lock's invariant, and the function's condition. The walk locks the VMA for
        // writing, too.
        if unsafe { walk_vma::<W, L>(vma, vma.range(), author) }? == Walked::Stopped {
            return Ok(Walked::Stopped);
        }
    }
    Ok(Walked::Whole)
}

/// # Safety
///
/// `vma` must be locked as `L` says, and `range` must be a part of it.
unsafe fn walk_vma<W: PageWalk<L>, L: LockMode>(
    vma: Vma<'_>,
    range: Range<usize>,
    author: &mut W,
) -> Result<Walked> {
    // SAFETY: By the function's condition; `author` is what the operations expect and ours alone.
    ended(unsafe {
        own::walk_page_range_vma(
            vma.raw(),
            range.start,
            range.end,
            &Table::<W, L>::OPERATIONS,
            ptr::from_mut(author).cast::<c_void>(),
        )
    })
}

/// # Safety
///
/// `mm` must be valid, and locked as `L` says.
unsafe fn walk_range<W: PageWalk<L>, L: LockMode>(
    mm: *mut bindings::mm_struct,
    range: Range<usize>,
    author: &mut W,
) -> Result<Walked> {
    // SAFETY: By the function's condition; `author` is what the operations expect and ours alone.
    ended(unsafe {
        own::walk_page_range(
            mm,
            range.start,
            range.end,
            &Table::<W, L>::OPERATIONS,
            ptr::from_mut(author).cast::<c_void>(),
        )
    })
}
