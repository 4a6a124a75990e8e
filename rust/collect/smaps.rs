// SPDX-License-Identifier: GPL-2.0

//! Collects `smaps`: what the pages of a VMA are.
//!
//! C counterpart: `smap_gather_stats()` and the callbacks of its walk in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    model::{
        mem_sizes::{
            AreaSizes,
            EntryFacts,
            FolioFacts,
            MemSizes,
            Sharing, //
        },
        units::{
            Bytes,
            Pages,
            PAGE_SIZE, //
        },
        vma_flags::Mnemonics, //
    },
    sys::{
        vma::{
            flags,
            LockedVma,
            Vma, //
        },
        walk::{
            Action,
            Entry,
            Folio,
            FolioState,
            Hole,
            HugePmd,
            HugetlbEntry,
            LockMode,
            Mapped,
            Page,
            PageRun,
            PageWalk,
            Pmd,
            PmdGuard,
            Pte,
            PteTable,
            Walked,
            PMD_SIZE, //
        },
    },
};
use core::ops::Range;
use kernel::prelude::*;

/// The names of the flags. Protection keys have a line of their own.
pub(crate) const MNEMONICS: &Mnemonics = &Mnemonics::new(
    &[
        (flags::READ, b"rd"),
        (flags::WRITE, b"wr"),
        (flags::EXEC, b"ex"),
        (flags::SHARED, b"sh"),
        (flags::MAYREAD, b"mr"),
        (flags::MAYWRITE, b"mw"),
        (flags::MAYEXEC, b"me"),
        (flags::MAYSHARE, b"ms"),
        (flags::GROWSDOWN, b"gd"),
        (flags::PFNMAP, b"pf"),
        (flags::MAYBE_GUARD, b"gu"),
        (flags::LOCKED, b"lo"),
        (flags::IO, b"io"),
        (flags::SEQ_READ, b"sr"),
        (flags::RAND_READ, b"rr"),
        (flags::DONTCOPY, b"dc"),
        (flags::DONTEXPAND, b"de"),
        (flags::LOCKONFAULT, b"lf"),
        (flags::ACCOUNT, b"ac"),
        (flags::NORESERVE, b"nr"),
        (flags::HUGETLB, b"ht"),
        (flags::SYNC, b"sf"),
        (flags::ARCH_1, b"ar"),
        (flags::WIPEONFORK, b"wf"),
        (flags::DONTDUMP, b"dd"),
        (flags::SOFTDIRTY, b"sd"),
        (flags::MIXEDMAP, b"mm"),
        (flags::HUGEPAGE, b"hg"),
        (flags::NOHUGEPAGE, b"nh"),
        (flags::MERGEABLE, b"mg"),
        (flags::UFFD_MISSING, b"um"),
        (flags::UFFD_WP, b"uw"),
        (flags::UFFD_MINOR, b"ui"),
        (flags::UFFD_RWP, b"ur"),
        (flags::SHADOW_STACK, b"ss"),
        (flags::DROPPABLE, b"dp"),
        (flags::SEALED, b"sl"),
    ],
    flags::PKEY,
);

/// What is summed up in a walk over pages.
#[derive(Default)]
pub(crate) struct Sums {
    /// The sums.
    pub(crate) sizes: MemSizes,
    /// Page-table entries looked at.
    pub(crate) entries: u64,
}

/// What a VMA's line of sizes says.
pub(crate) fn area(vma: Vma<'_>) -> AreaSizes {
    // CAST: Sizes have 64 bits.
    AreaSizes {
        size: Bytes((vma.end() - vma.start()) as u64),
        kernel_page_size: Bytes(vma.kernel_page_size() as u64),
        mmu_page_size: Bytes(vma.mmu_page_size() as u64),
    }
}

/// Sums up the pages of a VMA in `sums`, which is too large to be handed on. May sleep, if its lock lets
/// it.
///
/// # Errors
///
/// `EINTR` on a fatal signal.
pub(crate) fn collect(area: &LockedVma<'_>, sums: &mut Sums) -> Result {
    let holes = Holes::of(area);

    sums.walk(area, area.vma().range(), holes, Pace::Through)?;
    sums.finish(holes);
    Ok(())
}

/// Where pages that are in swap are found.
#[derive(Clone, Copy)]
pub(crate) enum Holes {
    /// In page-table entries only.
    Empty,
    /// There, and in shared memory, which has so many bytes in swap.
    Asked(Bytes),
    /// Where page tables are empty, too: those pages belong to shared memory, which knows.
    Shmem,
}

impl Holes {
    /// Decides on how to find the pages of `area` that are in swap.
    ///
    /// Where only the shared memory itself can have such pages, or has none, it is asked for all at
    /// once, here. A private, writable mapping may hide some of them behind copies of its own, so that
    /// one has to look where it has none.
    pub(crate) fn of(area: &LockedVma<'_>) -> Self {
        let Some(shmem) = area.shmem() else {
            return Self::Empty;
        };
        let (swapped, bits) = (shmem.swap_usage(), area.vma().flags());

        if swapped == 0 {
            Self::Empty
        } else if bits & flags::SHARED != 0 || bits & flags::WRITE == 0 {
            Self::Asked(Bytes(swapped))
        } else {
            Self::Shmem
        }
    }
}

/// When a walk is to stop before its end.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// Not at all.
    Through,
    /// Between two tables, when so many entries have been looked at, or somebody waits for the VMA.
    Piece(u64),
}

impl Sums {
    /// Adds the pages of `range`, addresses in bytes, in `area`. May sleep, if its lock
    /// lets it.
    ///
    /// If it stops before the end of `range`, then where is the result, else `None`. Of the whole VMA
    /// [`finish()`](Self::finish) adds what isn't in its page tables.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn walk(
        &mut self,
        area: &LockedVma<'_>,
        range: Range<usize>,
        holes: Holes,
        pace: Pace,
    ) -> Result<Option<usize>> {
        if area.vma().is_untouched() {
            return Ok(None);
        }
        match holes {
            Holes::Empty | Holes::Asked(_) => Gather::<false>::walk(self, area, range, pace),
            Holes::Shmem => Gather::<true>::walk(self, area, range, pace),
        }
    }

    /// Adds what shared memory has in swap, if it was asked for all at once.
    pub(crate) fn finish(&mut self, holes: Holes) {
        if let Holes::Asked(swapped) = holes {
            self.sizes.add_shmem_swap(swapped);
        }
    }

    fn table<L: LockMode, const HOLES: bool>(&mut self, table: &PteTable<'_, L>, vma: Vma<'_>) {
        let locked = vma.flags() & flags::LOCKED != 0;

        // CAST: A number of entries.
        self.entries += table.len() as u64;
        table.for_each_run(|mapped| match mapped {
            Mapped::Pages(run) => self.run(&run, locked),
            Mapped::Elsewhere(pte) => self.leaf(&pte, locked),
            Mapped::Empty(range) if HOLES && L::MAY_SLEEP => self.empty(vma, range),
            Mapped::Empty(_) => {}
        });
    }

    /// Counts pages that are mapped one by one.
    ///
    /// Stock also asks for the number of references: if there is only one, so is there one mapping.
    #[inline(never)]
    fn run(&mut self, run: &PageRun<'_>, locked: bool) {
        let entry = EntryFacts {
            young: run.entry.is_young(),
            dirty: run.entry.is_dirty(),
            locked,
            present: true,
        };
        let facts = facts(run.state);
        // CAST: A number of pages.
        let pages = Pages(run.count as u64);
        let sharing = Sharing::from_exclusive(!run.is_shared());

        self.sizes.add_resident(facts, entry, pages.to_bytes());
        self.sizes
            .add_divided(facts, entry, pages, u64::from(run.mapcount), sharing);
    }

    /// Counts an entry whose page is not where the CPU can reach it.
    fn leaf(&mut self, pte: &Pte<'_>, locked: bool) {
        let leaf = pte.leaf();

        if leaf.is_swap() {
            self.sizes.add_swap(leaf.swap_count());
        } else if let Some(page) = leaf.page() {
            let entry = EntryFacts {
                locked,
                present: leaf.is_device_private(),
                ..EntryFacts::default()
            };
            let folio = page.folio();
            self.account(page, folio, 1, entry, facts(folio.state()));
        }
    }

    fn huge<L>(&mut self, huge: &HugePmd<'_, L>, vma: Vma<'_>) {
        let pmd = huge.entry();
        let present = pmd.is_present();

        self.entries += 1;
        let page = match (present, pmd.is_none()) {
            (true, _) => pmd.page(),
            (false, true) => None,
            (false, false) => pmd.leaf().page(),
        };
        let Some(page) = page else {
            return;
        };
        let folio = page.folio();
        let facts = FolioFacts {
            zone_device: folio.is_zone_device(),
            ..facts(folio.state())
        };
        let entry = EntryFacts {
            young: pmd.is_young(),
            dirty: pmd.is_dirty(),
            locked: vma.flags() & flags::LOCKED != 0,
            present,
        };
        // CAST: Sizes have 64 bits.
        self.sizes.add_huge(facts, Bytes(PMD_SIZE as u64));
        self.account(page, folio, page.compound_pages(), entry, facts);
    }

    /// Counts `count` pages of `folio` that one entry maps, of which `page` is the first. Mirrors
    /// `smaps_account()`.
    #[inline]
    fn account(
        &mut self,
        page: Page<'_>,
        folio: Folio<'_>,
        count: usize,
        entry: EntryFacts,
        facts: FolioFacts,
    ) {
        // CAST: A number of pages.
        let size = Pages(count as u64).to_bytes();

        self.sizes.add_resident(facts, entry, size);
        if !entry.present || folio.references() == 1 {
            self.sizes.add_undivided(facts, entry, size);
        } else {
            for (count, mapcount) in page.mapcounts(folio, count) {
                self.divide(folio, count, mapcount, entry, facts);
            }
        }
    }

    /// Counts the share of `count` pages of `folio` that are mapped `mapcount` times each.
    #[inline]
    fn divide(
        &mut self,
        folio: Folio<'_>,
        count: usize,
        mapcount: u32,
        entry: EntryFacts,
        facts: FolioFacts,
    ) {
        let exclusive = if cfg!(CONFIG_PAGE_MAPCOUNT) {
            mapcount < 2
        } else {
            !folio.maybe_mapped_shared()
        };
        let sharing = Sharing::from_exclusive(exclusive);

        // CAST: A number of pages.
        self.sizes.add_divided(
            facts,
            entry,
            Pages(count as u64),
            u64::from(mapcount),
            sharing,
        );
    }

    /// Counts shared memory that is in swap, where entries are empty. As in stock page by page, each
    /// time with the whole of what went to swap together.
    fn empty(&mut self, vma: Vma<'_>, range: Range<usize>) {
        // CAST: A page has fewer bytes than the address space.
        for page in range.step_by(PAGE_SIZE as usize) {
            self.hole(vma, page..page + PAGE_SIZE as usize);
        }
    }

    fn hole(&mut self, vma: Vma<'_>, range: Range<usize>) {
        if let Some(shmem) = vma.shmem() {
            let swapped = shmem.swap_usage_in(range);
            self.sizes.add_shmem_swap(Bytes(swapped));
        }
    }
}

/// What counts about a folio.
#[inline]
fn facts(state: FolioState) -> FolioFacts {
    FolioFacts {
        anon: state.is_anon(),
        swapbacked: state.is_swapbacked(),
        dirty: state.is_dirty(),
        accessed: state.is_young() || state.is_referenced(),
        ksm: state.is_ksm(),
        // Asked for huge pages only.
        zone_device: false,
    }
}

/// The walk that fills [`Sums`]; with `HOLES` it looks at what has no page tables, too.
struct Gather<'a, const HOLES: bool> {
    sums: &'a mut Sums,
    pace: Pace,
    /// The number of entries that had been looked at before.
    before: u64,
    /// Where the walk has come to, when it stopped.
    stopped: usize,
}

impl<'a, const HOLES: bool> Gather<'a, HOLES> {
    fn walk(
        sums: &'a mut Sums,
        area: &LockedVma<'_>,
        range: Range<usize>,
        pace: Pace,
    ) -> Result<Option<usize>> {
        let mut gather = Self {
            before: sums.entries,
            sums,
            pace,
            stopped: range.start,
        };

        match area.walk(range, &mut gather)? {
            Walked::Whole => Ok(None),
            Walked::Stopped => Ok(Some(gather.stopped)),
        }
    }

    /// Whether to stop, now that a table of `vma` has been looked at, which was not the last.
    fn is_piece(&self, vma: Vma<'_>) -> bool {
        match self.pace {
            Pace::Through => false,
            Pace::Piece(entries) => self.sums.entries - self.before >= entries || vma.is_awaited(),
        }
    }
}

#[vtable]
impl<L: LockMode, const HOLES: bool> PageWalk<L> for Gather<'_, HOLES> {
    /// Inside RCU only memory is walked of which nothing is in swap.
    const HAS_PTE_HOLE: bool = HOLES && L::MAY_SLEEP;

    fn pmd_entry(&mut self, pmd: &Pmd<'_, L>) -> Result<Action> {
        match pmd.lock() {
            PmdGuard::Huge(huge) => self.sums.huge(&huge, pmd.vma()),
            PmdGuard::Table(table) => self.sums.table::<L, HOLES>(&table, pmd.vma()),
            PmdGuard::Changed => return Ok(Action::Again),
        }
        if pmd.range().end < pmd.vma().end() && self.is_piece(pmd.vma()) {
            self.stopped = pmd.range().end;
            return Ok(Action::Stop);
        }
        Ok(Action::Continue)
    }

    fn pte_hole(&mut self, hole: &Hole<'_, L>) -> Result<Action> {
        if let Some(vma) = hole.vma() {
            self.sums.hole(vma, hole.range());
        }
        Ok(Action::Continue)
    }

    fn hugetlb_entry(&mut self, entry: &HugetlbEntry<'_, L>) -> Result<Action> {
        let guard = entry.lock();
        let pte = guard.entry();
        let page = if pte.is_present() {
            pte.page()
        } else if pte.is_none() {
            None
        } else {
            pte.leaf().page()
        };

        self.sums.entries += 1;
        if let Some(page) = page {
            let shared =
                !pte.is_present() || page.folio().maybe_mapped_shared() || guard.table_is_shared();
            // CAST: A size has 64 bits.
            let size = Bytes(entry.page_size() as u64);
            let sharing = Sharing::from_exclusive(!shared);
            self.sums.sizes.add_hugetlb(size, sharing);
        }
        Ok(Action::Continue)
    }
}
