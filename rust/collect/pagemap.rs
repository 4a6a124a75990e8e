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
            HugetlbEntry,
            Leaf,
            LockMode,
            Page,
            PageFacts,
            PageWalk,
            Pmd,
            PmdGuard,
            PmdLeaf,
            Pte,
            PteTable,
            Walked,
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

/// The largest number of entries in the buffer: those of a table.
const PIECE: u64 = PMD_SIZE as u64 / PAGE_SIZE;

/// The number of entries from which on a run is worth a part of its own.
const LONG_RUN: u64 = 64;

/// The largest number of entries of a run that are handed out at once.
const LONGEST_RUN: u64 = 1 << 16;

/// The largest number of holes and huge pages that make a run.
const RANGES: u32 = 512;

/// Entries, in the order of their addresses.
pub(crate) enum Part<'a> {
    /// The bits of each.
    Entries(&'a [u64]),
    /// Numbers of which each is the one before plus something.
    Series {
        /// The bits of the first.
        first: u64,
        /// What those of the next one have more.
        step: u64,
        /// Number of entries.
        count: usize,
    },
}

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
            // CAST: A piece is small.
            piece: Piece::new(entries.min(PIECE) as usize, frames)?,
        })
    }

    /// The next entries; `None` at the end. May sleep for a lock, and holds it no longer than for the
    /// entries of one piece.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn next(&mut self) -> Result<Option<Part<'_>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.piece.restart(self.rest.start);
        self.rest.start = self.collect()?;
        Ok(Some(self.piece.part()))
    }

    /// Collects entries, all as they are while one lock is held; answers where they end, as an address in
    /// bytes.
    ///
    /// The lock is that of the VMA in which a table's entries lie, if one has all of them, and nothing is
    /// locked where there is no VMA; else it is `mmap_lock`.
    fn collect(&mut self) -> Result<usize> {
        let Some(found) = FoundVma::find(self.mm, self.rest.start)? else {
            return Ok(self.piece.unmapped(&self.rest));
        };
        let vma = found.vma();

        if let Some(hole) = self.tables_below(vma.start()) {
            return Ok(self.piece.unmapped(&hole));
        }
        // In a walk of the address space areas of bare frames are holes.
        let is_walked = vma.start() <= self.rest.start && vma.flags() & flags::PFNMAP == 0;
        let inside = self.tables_below(vma.end()).filter(|_| is_walked);
        let (end, walked) = match inside {
            Some(range) => (range.end, found.locked().walk(range, &mut self.piece)?),
            None => {
                drop(found);
                let lock = MmapReadLock::killable(self.mm)?;
                let range = self.rest.clone();
                (range.end, lock.walk(range, &mut self.piece)?)
            }
        };
        Ok(match walked {
            Walked::Whole => end,
            Walked::Stopped => self.piece.end,
        })
    }

    /// What is left to read below `end`, addresses in bytes, up to the last table that ends there; `None`
    /// if none does.
    fn tables_below(&self, end: usize) -> Option<Range<usize>> {
        let end = if end < self.rest.end {
            end - end % PMD_SIZE
        } else {
            self.rest.end
        };

        (self.rest.start < end).then_some(self.rest.start..end)
    }

    /// Number of page-table entries that have been looked at.
    pub(crate) fn looked_at(&self) -> u64 {
        self.piece.looked_at
    }
}

/// The walk that collects the bits of entries: a run, or what fits into a buffer.
struct Piece {
    buffer: KVec<u64>,
    filled: usize,
    /// A long run, and how many entries it has, while nothing is in the buffer.
    run: Option<(Run, u64)>,
    /// Where what has been collected ends, as an address in bytes.
    end: usize,
    /// Number of ranges that have been taken.
    ranges: u32,
    frames: Frames,
    looked_at: u64,
}

impl Piece {
    /// Room for `entries` entries.
    fn new(entries: usize, frames: Frames) -> Result<Self> {
        Ok(Self {
            buffer: zeroed(entries)?,
            filled: 0,
            run: None,
            end: 0,
            ranges: 0,
            frames,
            looked_at: 0,
        })
    }

    /// Forgets all entries. The next ones are those of `address` and what follows.
    fn restart(&mut self, address: usize) {
        self.filled = 0;
        self.run = None;
        self.end = address;
        self.ranges = 0;
    }

    /// What has been collected.
    fn part(&self) -> Part<'_> {
        let series = self.run.and_then(|(run, count)| {
            // CAST: No run is longer than the longest.
            let count = count as usize;
            Some(Part::Series {
                first: run.series(count as u64)?,
                step: run.step,
                count,
            })
        });

        series.unwrap_or_else(|| Part::Entries(self.buffer.get(..self.filled).unwrap_or_default()))
    }

    /// Takes the entries of `range`, addresses in bytes, or as many of them as go together with what has
    /// been collected: the entries of a table are all of one moment.
    fn take(&mut self, range: &Range<usize>, run: Run) -> Action {
        let begun = self.run.map_or(0, |(_, count)| count);
        // CAST: Addresses and numbers of pages.
        let longest = self.end + ((LONGEST_RUN - begun) * PAGE_SIZE) as usize;
        let tables_end = range.end.min(longest) / PMD_SIZE * PMD_SIZE;
        let whole = tables_end.saturating_sub(self.end) as u64 / PAGE_SIZE;
        let taken = match self.run {
            None if self.filled > 0 || whole < LONG_RUN => {
                let table_end = (self.end / PMD_SIZE + 1) * PMD_SIZE;
                let rest = range.end.min(table_end) - self.end;
                self.take_few(run, rest as u64 / PAGE_SIZE)
            }
            _ => self.take_many(run, whole),
        };

        // CAST: No more than there are.
        self.end += (taken * PAGE_SIZE) as usize;
        self.ranges += 1;
        if self.end < range.end || self.is_full() {
            return Action::Stop;
        }
        Action::Continue
    }

    /// Whether the buffer has all entries of a table, or the run is made of as many ranges as may be.
    fn is_full(&self) -> bool {
        if self.filled > 0 {
            self.end % PMD_SIZE == 0
        } else {
            self.ranges == RANGES
        }
    }

    /// Takes the entries of `range`, addresses in bytes, where nothing is mapped; answers how far.
    fn unmapped(&mut self, range: &Range<usize>) -> usize {
        self.take(range, Run::of_flags(0));
        self.end
    }

    /// Puts entries of a run into the buffer; answers how many.
    fn take_few(&mut self, run: Run, count: u64) -> u64 {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        // CAST: No more than there is room for.
        let taken = count.min(room.len() as u64) as usize;

        run.fill(room.get_mut(..taken).unwrap_or_default());
        self.filled += taken;
        taken as u64
    }

    /// Adds entries of a run to the long one, if that goes on with them; answers how many.
    fn take_many(&mut self, run: Run, count: u64) -> u64 {
        let (begun, before) = self.run.unwrap_or((run, 0));

        if begun.after(before) != run {
            return 0;
        }
        if begun.series(before + count).is_none() {
            // Frames that don't fit: these are better cut one by one.
            return if before == 0 {
                self.take_few(run, count)
            } else {
                0
            };
        }
        self.run = Some((begun, before + count));
        count
    }

    fn table<L>(&mut self, table: &PteTable<'_, L>, pmd: &Pmd<'_, L>) -> Action {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();

        if self.run.is_some() || room.len() < table.len() {
            return Action::Stop;
        }
        fill(room, table, soft_dirty(pmd.vma()), self.frames);
        // CAST: A number of entries.
        self.looked_at += table.len() as u64;
        self.filled += table.len();
        self.end = pmd.range().end;
        if self.is_full() {
            return Action::Stop;
        }
        Action::Continue
    }
}

/// Writes the bits of a table's entries, for all of which there is `room`. `common` are the flags that all
/// have.
#[inline]
fn fill<L>(mut room: &mut [u64], table: &PteTable<'_, L>, common: u64, frames: Frames) {
    let (mut entries, mut folios) = (table.entries(), FolioCache::new());

    while let (Some(pte), [slot, rest @ ..]) = (entries.next(), room) {
        let more = if let Some((frame, page)) = pte.ordinary() {
            let flags = bits(&pte) | PagemapEntry::PRESENT | common | origin(folios.facts(page));
            *slot = PagemapEntry::new(frames.show(frame), flags).bits();
            entries.fill_alike(&pte, page, &folios, rest, move |frame| {
                PagemapEntry::new(frames.show(frame), flags).bits()
            })
        } else if pte.is_none() {
            let more = entries.pass_empty();
            *slot = common;
            rest.get_mut(..more).unwrap_or_default().fill(common);
            more
        } else {
            *slot = unusual(pte, frames).bits() | common;
            0
        };
        room = rest.get_mut(more..).unwrap_or_default();
    }
}

#[vtable]
impl<L: LockMode> PageWalk<L> for Piece {
    /// A piece is short, and the lock is waited for only as long as no fatal signal comes.
    const KILLABLE: bool = false;

    fn pmd_entry(&mut self, pmd: &Pmd<'_, L>) -> Result<Action> {
        Ok(match pmd.lock() {
            PmdGuard::Huge(huge) => {
                self.looked_at += 1;
                let run = huge_page(&huge.entry(), pmd, self.frames);
                self.take(&pmd.range(), run)
            }
            PmdGuard::Table(table) => self.table(&table, pmd),
            PmdGuard::Changed => Action::Again,
        })
    }

    fn pte_hole(&mut self, hole: &Hole<'_, L>) -> Result<Action> {
        let run = Run::of_flags(hole.vma().map_or(0, soft_dirty));

        Ok(self.take(&hole.range(), run))
    }

    fn hugetlb_entry(&mut self, entry: &HugetlbEntry<'_, L>) -> Result<Action> {
        self.looked_at += 1;
        let run = hugetlb_page(entry, self.frames);

        Ok(self.take(&entry.range(), run))
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

/// The flags of a page in memory that the entry itself doesn't know.
#[inline]
fn origin(facts: PageFacts) -> u64 {
    when(!facts.anon, PagemapEntry::FILE) | when(facts.exclusive, PagemapEntry::EXCLUSIVE)
}

/// The entry of a page that has no page struct or must not be used, or that is elsewhere; or of a mark.
#[inline(never)]
fn unusual(pte: Pte<'_>, frames: Frames) -> PagemapEntry {
    let flags = bits(&pte);

    if !pte.is_present() {
        return elsewhere(&pte.leaf(), flags, frames);
    }
    let facts = pte.page().map(|page| FolioCache::new().facts(page));
    let flags = flags | PagemapEntry::PRESENT | facts.map_or(0, origin);
    PagemapEntry::new(frames.show(pte.pfn()), flags)
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
        flags: flags | PagemapEntry::PRESENT | facts.map_or(0, origin),
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
