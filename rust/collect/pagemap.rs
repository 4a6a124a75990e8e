// SPDX-License-Identifier: GPL-2.0

//! Collects `pagemap`: an entry for each page of the address space.
//!
//! C counterpart: `pagemap_read()` and the callbacks of its walk in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    model::{
        pagemap::{
            self,
            Frames,
            PagemapEntry,
            Run, //
        },
        units::PAGE_SIZE, //
    },
    sys::{
        self,
        mm::{
            MmExt,
            MmapReadLock, //
        },
        vma::{
            flags,
            FoundVma,
            Vma, //
        },
        walk::{
            Action,
            Entry,
            FolioCache,
            Hole,
            HugePmd,
            HugetlbEntry,
            Leaf,
            LockMode,
            Page,
            PageWalk,
            Pmd,
            PmdGuard,
            PmdLeaf,
            Pte,
            PteTable,
            PMD_SIZE, //
        },
        zeroed::zeroed, //
    },
};
use core::ops::Range;
use kernel::{
    mm::MmWithUser,
    prelude::*, //
};

/// The largest number of entries that are collected under one hold of a lock.
const PIECE: u64 = PMD_SIZE as u64 / PAGE_SIZE;

/// The entries of a part of an address space, piece by piece.
pub(crate) struct Pieces<'a> {
    mm: &'a MmWithUser,
    /// The addresses that have not been read.
    rest: Range<usize>,
    piece: Piece,
}

impl<'a> Pieces<'a> {
    /// Starts at the entry at `position`, in bytes, for no more than `entries` entries. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINTR` on a fatal signal.
    pub(crate) fn new(
        mm: &'a MmWithUser,
        position: u64,
        entries: u64,
        frames: Frames,
    ) -> Result<Self> {
        // CAST: A piece is small.
        let piece = Piece::new(entries.min(PIECE) as usize, frames)?;
        let rest = match pagemap::address_at(position) {
            Some(address) => {
                let start = MmapReadLock::killable(mm)?.mm().untag_mask() & address;
                pagemap::addresses(start, entries, mm.task_size())
            }
            None => 0..0,
        };

        Ok(Self {
            mm,
            // CAST: Addresses have 64 bits.
            rest: rest.start as usize..rest.end as usize,
            piece,
        })
    }

    /// The next entries; `None` at the end. May sleep for a lock, and holds it no longer than for one
    /// piece.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn next(&mut self) -> Result<Option<&[u64]>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let start = self.rest.start;
        let end = (start - start % PMD_SIZE)
            .saturating_add(PMD_SIZE)
            .min(self.rest.end);

        self.piece.filled = 0;
        self.collect(start..end)?;
        self.rest.start = end;
        Ok(self.piece.buffer.get(..self.piece.filled))
    }

    /// Collects the entries of `range`, addresses in bytes, all as they are while one lock is held: that
    /// of the VMA which they lie in, none where there is no VMA, else `mmap_lock`.
    fn collect(&mut self, range: Range<usize>) -> Result {
        let Some(found) = FoundVma::find(self.mm, range.start)? else {
            self.piece.hole(&range, 0);
            return Ok(());
        };
        let vma = found.vma();

        if range.end <= vma.start() {
            self.piece.hole(&range, 0);
        } else if is_whole(&range, vma) {
            found.locked().walk(range, &mut self.piece)?;
        } else {
            drop(found);
            MmapReadLock::killable(self.mm)?.walk(range, &mut self.piece)?;
        }
        Ok(())
    }

    /// Number of page-table entries that have been looked at.
    pub(crate) fn looked_at(&self) -> u64 {
        self.piece.looked_at
    }
}

/// Whether to walk `range` as a part of `vma`, and not as one of the address space, in which areas of bare
/// frames (`VM_PFNMAP`) are holes.
fn is_whole(range: &Range<usize>, vma: Vma<'_>) -> bool {
    vma.start() <= range.start && range.end <= vma.end() && vma.flags() & flags::PFNMAP == 0
}

/// The walk that fills a buffer with the bits of entries.
struct Piece {
    buffer: KVec<u64>,
    filled: usize,
    /// What the whole buffer holds, if that is known to be the same everywhere. Holes are often
    /// larger than a piece.
    uniform: Option<u64>,
    frames: Frames,
    looked_at: u64,
}

impl Piece {
    /// Room for `entries` entries.
    fn new(entries: usize, frames: Frames) -> Result<Self> {
        Ok(Self {
            buffer: zeroed(entries)?,
            filled: 0,
            uniform: Some(0),
            frames,
            looked_at: 0,
        })
    }

    /// Room for the entries of `range`, addresses in bytes, which come next.
    fn room(&mut self, range: &Range<usize>) -> &mut [u64] {
        self.uniform = None;
        self.advance(range)
    }

    fn advance(&mut self, range: &Range<usize>) -> &mut [u64] {
        let start = self.filled;

        // CAST: A page has fewer bytes than the address space.
        self.filled = (start + range.len() / PAGE_SIZE as usize).min(self.buffer.len());
        self.buffer.get_mut(start..self.filled).unwrap_or_default()
    }

    fn hole(&mut self, range: &Range<usize>, entry: u64) {
        if self.uniform == Some(entry) {
            self.advance(range);
            return;
        }
        let room = self.room(range);
        let filled = room.len();
        room.fill(entry);
        if filled == self.buffer.len() {
            self.uniform = Some(entry);
        }
    }

    fn table<L>(&mut self, table: &PteTable<'_, L>, pmd: &Pmd<'_, L>) {
        let (frames, common) = (self.frames, soft_dirty(pmd.vma()));
        let mut folios = FolioCache::new();

        // CAST: A number of entries.
        self.looked_at += table.len() as u64;
        for (slot, pte) in self.room(&pmd.range()).iter_mut().zip(table.entries()) {
            let entry = if pte.is_none() {
                PagemapEntry::default()
            } else if pte.is_present() {
                present(&pte, frames, &mut folios)
            } else {
                elsewhere(&pte.leaf(), bits(&pte), frames)
            };
            *slot = entry.bits() | common;
        }
    }

    fn huge<L>(&mut self, huge: &HugePmd<'_, L>, pmd: &Pmd<'_, L>) {
        let run = huge_page(&huge.entry(), pmd, self.frames);

        self.looked_at += 1;
        run.fill(self.room(&pmd.range()));
    }
}

#[vtable]
impl<L: LockMode> PageWalk<L> for Piece {
    /// A piece is short, and the lock is waited for only as long as no fatal signal comes.
    const KILLABLE: bool = false;

    fn pmd_entry(&mut self, pmd: &Pmd<'_, L>) -> Result<Action> {
        match pmd.lock() {
            PmdGuard::Huge(huge) => self.huge(&huge, pmd),
            PmdGuard::Table(table) => self.table(&table, pmd),
            PmdGuard::Changed => return Ok(Action::Again),
        }
        Ok(Action::Continue)
    }

    fn pte_hole(&mut self, hole: &Hole<'_, L>) -> Result<Action> {
        self.hole(&hole.range(), hole.vma().map_or(0, soft_dirty));
        Ok(Action::Continue)
    }

    fn hugetlb_entry(&mut self, entry: &HugetlbEntry<'_, L>) -> Result<Action> {
        let run = hugetlb_page(entry, self.frames);

        self.looked_at += 1;
        run.fill(self.room(&entry.range()));
        Ok(Action::Continue)
    }
}

/// The flag of all entries of an area that is soft-dirty as a whole.
fn soft_dirty(vma: Vma<'_>) -> u64 {
    when(
        vma.flags() & flags::SOFTDIRTY != 0,
        PagemapEntry::SOFT_DIRTY,
    )
}

/// `flag` if `condition` holds.
#[inline]
const fn when(condition: bool, flag: u64) -> u64 {
    if condition {
        flag
    } else {
        0
    }
}

/// The flags that an entry has as bits.
#[inline]
fn bits(pte: &Pte<'_>) -> u64 {
    when(pte.is_soft_dirty(), PagemapEntry::SOFT_DIRTY) | when(pte.is_uffd(), PagemapEntry::UFFD_WP)
}

/// The entry of a page in memory.
#[inline(always)]
fn present<'t>(pte: &Pte<'t>, frames: Frames, folios: &mut FolioCache<'t>) -> PagemapEntry {
    let frame = frames.show(pte.pfn());
    let mut flags = PagemapEntry::PRESENT | bits(pte);

    if let Some(page) = pte.page() {
        let facts = folios.facts(page);
        flags |=
            when(!facts.anon, PagemapEntry::FILE) | when(facts.exclusive, PagemapEntry::EXCLUSIVE);
    }
    PagemapEntry::new(frame, flags)
}

/// The entry of a page that is elsewhere, or of a mark. `flags` are those that the entry itself has.
fn elsewhere(leaf: &Leaf<'_>, flags: u64, frames: Frames) -> PagemapEntry {
    let flags = flags | PagemapEntry::SWAP;

    if leaf.is_swap() {
        let frame = PagemapEntry::swap_frame(leaf.kind(), leaf.offset());
        return PagemapEntry::new(frames.show(frame), flags);
    }
    let flags = flags
        | when(leaf.is_uffd_wp_marker(), PagemapEntry::UFFD_WP)
        | when(leaf.is_guard(), PagemapEntry::GUARD)
        | when(leaf.page().is_some_and(is_file), PagemapEntry::FILE);
    PagemapEntry::new(leaf_frame(leaf, 0, frames), flags)
}

/// What stands for the frame of the page that is `index` pages behind the one that `leaf` names.
fn leaf_frame(leaf: &Leaf<'_>, index: u64, frames: Frames) -> u64 {
    let offset = leaf.pfn().unwrap_or_else(|| leaf.offset());

    frames.show(PagemapEntry::swap_frame(
        leaf.kind(),
        offset.wrapping_add(index),
    ))
}

/// Whether a page belongs to a file or to shared memory.
fn is_file(page: Page<'_>) -> bool {
    !page.folio().state().is_anon()
}

/// The entries of the walked part of a huge page.
fn huge_page<L>(entry: &PmdLeaf<'_>, pmd: &Pmd<'_, L>, frames: Frames) -> Run {
    let common = soft_dirty(pmd.vma());
    // CAST: A number of pages.
    let index = (pmd.range().start % PMD_SIZE) as u64 / PAGE_SIZE;

    if entry.is_none() {
        return Run {
            flags: common,
            ..Run::default()
        };
    }
    let flags = common
        | when(entry.is_soft_dirty(), PagemapEntry::SOFT_DIRTY)
        | when(entry.is_uffd(), PagemapEntry::UFFD_WP);
    if !entry.is_present() {
        let leaf = entry.leaf();
        let file = leaf.page().is_some_and(is_file);
        return Run {
            frame: leaf_frame(&leaf, index, frames),
            flags: flags | PagemapEntry::SWAP | when(file, PagemapEntry::FILE),
            step: frames.show(PagemapEntry::SWAP_STEP),
        };
    }
    // Series 7.2 takes the huge page of zeros for a file's.
    let page = if sys::SINCE_7_3 {
        entry.page()
    } else {
        entry.first_page()
    };
    // Stock asks for each page whether the first one is mapped once.
    let facts = page.map(|page| FolioCache::new().facts(page));
    Run {
        frame: frames.show(entry.pfn() + index),
        flags: flags
            | PagemapEntry::PRESENT
            | when(facts.is_some_and(|page| !page.anon), PagemapEntry::FILE)
            | when(
                facts.is_some_and(|page| page.exclusive),
                PagemapEntry::EXCLUSIVE,
            ),
        step: frames.show(1),
    }
}

/// The entries of the walked part of a hugetlb page.
fn hugetlb_page<L>(entry: &HugetlbEntry<'_, L>, frames: Frames) -> Run {
    let guard = entry.lock();
    let pte = guard.entry();
    let flags = soft_dirty(entry.vma()) | when(pte.is_uffd_any(), PagemapEntry::UFFD_WP);

    let Some(page) = pte.page() else {
        return Run {
            flags,
            ..Run::default()
        };
    };
    let exclusive = !page.folio().maybe_mapped_shared() && !guard.table_is_shared();
    // CAST: A number of pages.
    let index = entry.offset() as u64 / PAGE_SIZE;
    Run {
        frame: frames.show(pte.pfn() + index),
        flags: flags
            | PagemapEntry::PRESENT
            | when(is_file(page), PagemapEntry::FILE)
            | when(exclusive, PagemapEntry::EXCLUSIVE),
        step: frames.show(1),
    }
}
