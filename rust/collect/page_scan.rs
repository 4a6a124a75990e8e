// SPDX-License-Identifier: GPL-2.0

//! Collects what `ioctl(PAGEMAP_SCAN)` looks for, and protects pages for userfaultfd.
//!
//! C counterpart: `do_pagemap_scan()` and the callbacks of its walk in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    model::page_scan::{
        Categories,
        Outcome,
        PageRegion,
        Query,
        Regions,
        Request, //
    },
    sys::{
        self,
        mm::MmapReadLock,
        vma::{
            flags,
            Vma, //
        },
        walk::{
            Action,
            Entries,
            Entry,
            FolioCache,
            Hole,
            HugePmd,
            HugetlbEntry,
            HugetlbPte,
            Leaf,
            LockMode,
            Marks,
            MmapRead,
            MmapReadProtect,
            PageWalk,
            Pmd,
            PmdGuard,
            PmdLeaf,
            Protector,
            Pte,
            PteTable,
            Visit,
            Walked,
            PMD_SIZE, //
        },
    },
};
use core::{
    iter,
    ops::Range, //
};
use kernel::{
    mm::MmWithUser,
    prelude::*, //
};

/// The categories that the kernel knows.
pub(crate) const KNOWN: Categories = if sys::SINCE_7_3 {
    Categories::KNOWN
} else {
    Categories::KNOWN_BEFORE_7_3
};

/// The categories for which one has to look at what a present entry maps.
const OF_PAGES: Categories = Categories::FILE.union(Categories::PFNZERO);

/// What the pages of an area have in common.
#[derive(Clone, Copy, Default)]
struct Area {
    /// Categories of all pages.
    all: Categories,
    /// Those of pages that userfaultfd does not watch, besides.
    unwatched: Categories,
    /// Those of empty entries, besides.
    empty: Categories,
    /// Those of ranges without page tables, besides.
    hole: Categories,
}

impl Area {
    fn new(vma: Vma<'_>, wp_async: bool) -> Self {
        let bits = vma.flags();
        let has = |flag: usize, category| when(bits & flag != 0, category);
        let written = has(flags::UFFD_WP, Categories::WRITTEN);
        // Series 7.2 takes what nobody watches for written, whether it could be watched or not.
        let unwatched = if sys::SINCE_7_3 {
            written | has(flags::UFFD_RWP, Categories::ACCESSED)
        } else {
            Categories::WRITTEN
        };

        Self {
            all: when(wp_async, Categories::WPALLOWED)
                | has(flags::SOFTDIRTY, Categories::SOFT_DIRTY),
            unwatched,
            empty: unwatched.intersection(Categories::WRITTEN),
            hole: when(!vma.is_hugetlb(), written),
        }
    }
}

/// `category` if `condition` holds.
#[inline]
const fn when(condition: bool, category: Categories) -> Categories {
    if condition {
        category
    } else {
        Categories::NONE
    }
}

/// What tells the categories of the pages of a table.
struct PageLook<'t> {
    area: Area,
    interest: Categories,
    folios: FolioCache<'t>,
    /// The marks of the present entry that was looked at last, and what they mean.
    last: Option<(Marks, Categories)>,
}

impl<'t> PageLook<'t> {
    fn new(area: Area, interest: Categories) -> Self {
        Self {
            area,
            interest,
            folios: FolioCache::new(),
            last: None,
        }
    }

    /// Those pages of a table that `query` looks for, those together that follow each other and are alike:
    /// their categories and addresses, in bytes.
    #[inline]
    fn runs<L: LockMode>(
        mut self,
        table: &'t PteTable<'_, L>,
        query: Query,
    ) -> impl Iterator<Item = (Categories, Range<usize>)> + 't {
        let end = table.range().end;
        let mut entries = table.entries();
        let mut alike = None;
        // Where those that are alike begin, if they are looked for.
        let mut run = None;

        iter::from_fn(move || {
            while let Some(entry) = entries.next() {
                let categories = self.page(&entry);
                if alike == Some(categories) {
                    continue;
                }
                alike = Some(categories);
                self.pass_alike(&entry, &mut entries);
                let before = run.take();
                if query.matches(categories) {
                    run = Some((categories, entry.address()));
                }
                if let Some((categories, start)) = before {
                    return Some((categories, start..entry.address()));
                }
            }
            run.take()
                .map(|(categories, start)| (categories, start..end))
        })
    }

    /// Goes on behind the entries that surely have the categories of `entry`.
    #[inline]
    fn pass_alike(&self, entry: &Pte<'t>, entries: &mut Entries<'t>) {
        if entry.is_none() {
            entries.pass_empty();
        } else if entry.is_present() && !self.interest.intersects(OF_PAGES) {
            entries.pass_marked(entry.marks());
        }
    }

    /// The categories of the page that an entry maps. Mirrors `pagemap_page_category()`.
    ///
    /// Inlined: a call would make each entry a struct in memory.
    #[inline(always)]
    fn page(&mut self, entry: &Pte<'t>) -> Categories {
        let mut categories = match self.last {
            Some((marks, categories)) if marks == entry.marks() => categories,
            _ if entry.is_none() => return self.area.all | self.area.empty,
            _ if !entry.is_present() => {
                return self.marked(entry) | Categories::SWAPPED | self.elsewhere(entry.leaf());
            }
            _ => {
                let categories = self.marked(entry) | Categories::PRESENT;
                self.last = Some((entry.marks(), categories));
                categories
            }
        };
        if self.interest.contains(Categories::FILE) {
            let file = entry.page().is_some_and(|page| !self.folios.is_anon(page));
            categories = categories | when(file, Categories::FILE);
        }
        if self.interest.contains(Categories::PFNZERO) {
            categories = categories | when(entry.is_zero_page(), Categories::PFNZERO);
        }
        categories
    }

    /// What the marks of an entry that is not empty mean.
    #[inline]
    fn marked(&self, entry: &Pte<'_>) -> Categories {
        self.area.all
            | when(entry.is_soft_dirty(), Categories::SOFT_DIRTY)
            | when(!entry.is_uffd_any(), self.area.unwatched)
    }

    /// What else can be said of a page that is elsewhere, or of a mark.
    fn elsewhere(&self, leaf: Leaf<'_>) -> Categories {
        if leaf.is_swap() {
            return Categories::NONE;
        }
        if leaf.is_guard() {
            return Categories::GUARD;
        }
        let file = self.interest.contains(Categories::FILE)
            && leaf
                .page()
                .is_some_and(|page| !page.folio().state().is_anon());
        when(file, Categories::FILE)
    }
}

/// A scan that goes on piece by piece, as user space takes what has been found.
pub(crate) struct Scan<'a> {
    query: Query,
    /// The categories on which the answer depends.
    interest: Categories,
    protects: bool,
    checks_async: bool,
    /// The pages that have been found.
    pub(crate) regions: Regions<'a>,
    area: Area,
    /// Page-table entries looked at.
    pub(crate) looked_at: u64,
}

/// Pages that are of interest.
struct Match {
    categories: Categories,
    /// Those that count, as addresses in bytes: none beyond the room for regions.
    range: Range<usize>,
    action: Action,
}

/// What a scan does with pages besides reporting them.
trait Effect {
    /// Does it with these pages.
    fn of(&mut self, found: &Match);
}

/// Nothing.
impl Effect for () {
    #[inline]
    fn of(&mut self, _found: &Match) {}
}

/// Protects those that have been written to. Inlined, for a call would make each match a struct in
/// memory.
impl Effect for Protector<'_> {
    #[inline(always)]
    fn of(&mut self, found: &Match) {
        if found.is_to_be_protected() {
            self.protect(found.range.clone());
        }
    }
}

impl<'a> Scan<'a> {
    /// Scans for what is requested, with room for some regions; none if none are wanted.
    pub(crate) fn new(request: &Request, buffer: &'a mut [PageRegion]) -> Self {
        let query = request.query;

        Self {
            query,
            interest: query.interest(),
            protects: request.protects,
            checks_async: request.checks_async,
            regions: Regions::new(buffer, query.returned, request.max_pages),
            area: Area::default(),
            looked_at: 0,
        }
    }

    /// Goes through `addresses` until there is no more room for regions. Sleeps for `mmap_lock`.
    ///
    /// # Errors
    ///
    /// `EPERM` at an area that cannot be protected asynchronously, if that is asked for; `ENOMEM`;
    /// `EINTR` on a fatal signal.
    pub(crate) fn run(&mut self, mm: &MmWithUser, addresses: Range<u64>) -> Result<Walked> {
        // CAST: Addresses have 64 bits.
        let range = addresses.start as usize..addresses.end as usize;
        let lock = MmapReadLock::killable(mm)?;

        if self.protects {
            lock.protection_round(range).walk(&mut Protect(self))
        } else {
            lock.walk(range, &mut Look(self))
        }
    }

    /// Decides on entering an area. Mirrors `pagemap_scan_test_walk()`.
    fn enter(&mut self, vma: Vma<'_>) -> Result<Visit> {
        let wp_async = vma.is_wp_async();

        if !wp_async && self.checks_async {
            return Err(EPERM);
        }
        if !wp_async && self.protects || vma.flags() & flags::PFNMAP != 0 {
            return Ok(Visit::Skip);
        }
        self.area = Area::new(vma, wp_async);
        if !self.query.wants_vma(self.area.all) {
            return Ok(Visit::Skip);
        }
        Ok(Visit::Enter)
    }

    /// Reports the pages of `range`, if they are of interest.
    #[inline(always)]
    fn offer(&mut self, categories: Categories, range: Range<usize>) -> Option<Match> {
        self.query
            .matches(categories)
            .then(|| self.report(categories, range))
    }

    /// Reports the pages of `range`, which are of interest. Mirrors `pagemap_scan_output()`.
    #[inline]
    fn report(&mut self, categories: Categories, range: Range<usize>) -> Match {
        // CAST: Addresses have 64 bits.
        let (start, end) = (range.start as u64, range.end as u64);

        match self.regions.output(categories, start, end) {
            Outcome::Taken => Match {
                categories,
                range,
                action: Action::Continue,
            },
            Outcome::Full { end } => Match {
                categories,
                range: range.start..end as usize,
                action: Action::Stop,
            },
        }
    }

    /// Takes back what was last reported.
    fn back_out(&mut self, range: &Range<usize>) {
        // CAST: Addresses have 64 bits.
        self.regions.back_out(range.start as u64, range.end as u64);
    }

    /// Reports the pages of a range, and does nothing else with them.
    #[inline(always)]
    fn look(&mut self, categories: Categories, range: Range<usize>) -> Action {
        self.offer(categories, range)
            .map_or(Action::Continue, |found| found.action)
    }

    /// Reports the pages of a table; `effect` is had on those that are of interest and count.
    #[inline]
    fn table<L: LockMode>(&mut self, table: &PteTable<'_, L>, effect: &mut impl Effect) -> Action {
        let area = self.area;

        // CAST: A number of entries.
        self.looked_at += table.len() as u64;
        // Where an empty entry stands for a written page, all do that nobody watches.
        if self.query.is_written_only() && area.empty == Categories::WRITTEN {
            let written = area.all | Categories::WRITTEN;
            return self.each(table.unwatched().map(|range| (written, range)), effect);
        }
        let runs = PageLook::new(area, self.interest).runs(table, self.query);
        self.each(runs, effect)
    }

    /// Reports ranges of pages that are of interest.
    #[inline]
    fn each(
        &mut self,
        found: impl Iterator<Item = (Categories, Range<usize>)>,
        effect: &mut impl Effect,
    ) -> Action {
        for (categories, range) in found {
            let found = self.report(categories, range);
            effect.of(&found);
            if found.action == Action::Stop {
                return Action::Stop;
            }
        }
        Action::Continue
    }

    /// The categories of a huge page. Mirrors `pagemap_thp_category()`.
    ///
    /// Inlined, as are those who call it: a huge page costs little more than the calls on its way.
    #[inline(always)]
    fn huge_page(&mut self, entry: &PmdLeaf<'_>) -> Categories {
        let mut categories = self.area.all | Categories::HUGE;

        self.looked_at += 1;
        if entry.is_none() {
            return categories;
        }
        categories = categories
            | when(entry.is_soft_dirty(), Categories::SOFT_DIRTY)
            | when(!entry.is_uffd(), self.area.unwatched);
        let page = if !self.interest.contains(Categories::FILE) {
            None
        } else if entry.is_present() {
            entry.page()
        } else {
            entry.leaf().page()
        };
        let file = page.is_some_and(|page| !page.folio().state().is_anon());
        categories = categories | when(file, Categories::FILE);
        if !entry.is_present() {
            return categories | Categories::SWAPPED;
        }
        let zero = self.interest.contains(Categories::PFNZERO) && entry.is_zero_page();
        categories | Categories::PRESENT | when(zero, Categories::PFNZERO)
    }

    /// The categories of a hugetlb page. Mirrors `pagemap_hugetlb_category()`, but for the page of
    /// zeros, which is none.
    fn hugetlb_page(&mut self, entry: &HugetlbPte<'_>) -> Categories {
        let categories = self.area.all | Categories::HUGE;

        self.looked_at += 1;
        if entry.is_none() {
            return categories;
        }
        let categories = categories
            | when(entry.is_soft_dirty(), Categories::SOFT_DIRTY)
            | when(!entry.is_uffd_any(), self.area.unwatched);
        if !entry.is_present() {
            return categories | Categories::SWAPPED;
        }
        let file = entry
            .page()
            .is_some_and(|page| !page.folio().state().is_anon());
        categories | Categories::PRESENT | when(file, Categories::FILE)
    }

    /// The categories of the pages of a hole; `None` outside of all areas.
    fn hole<L: LockMode>(&self, hole: &Hole<'_, L>) -> Option<Categories> {
        hole.vma().map(|_| self.area.all | self.area.hole)
    }
}

/// The walk of a scan that only looks.
struct Look<'s, 'a>(&'s mut Scan<'a>);

#[vtable]
impl PageWalk<MmapRead> for Look<'_, '_> {
    fn test_walk(&mut self, vma: Vma<'_>, _range: Range<usize>) -> Result<Visit> {
        self.0.enter(vma)
    }

    #[inline(always)]
    fn pmd_entry(&mut self, pmd: &Pmd<'_, MmapRead>) -> Result<Action> {
        Ok(match pmd.lock() {
            PmdGuard::Huge(huge) => {
                let categories = self.0.huge_page(&huge.entry());
                self.0.look(categories, pmd.range())
            }
            PmdGuard::Table(table) => self.0.table(&table, &mut ()),
            PmdGuard::Changed => Action::Again,
        })
    }

    #[inline(always)]
    fn pte_hole(&mut self, hole: &Hole<'_, MmapRead>) -> Result<Action> {
        let Some(categories) = self.0.hole(hole) else {
            return Ok(Action::Continue);
        };
        Ok(self.0.look(categories, hole.range()))
    }

    fn hugetlb_entry(&mut self, entry: &HugetlbEntry<'_, MmapRead>) -> Result<Action> {
        let categories = self.0.hugetlb_page(&entry.lock().entry());

        Ok(self.0.look(categories, entry.range()))
    }
}

/// The walk of a scan that protects written pages, too.
struct Protect<'s, 'a>(&'s mut Scan<'a>);

impl Protect<'_, '_> {
    /// Reports and protects a huge page; `None` if only a part of it is to be protected, so that a
    /// table maps it now.
    fn huge(&mut self, huge: HugePmd<'_, MmapReadProtect>, range: Range<usize>) -> Option<Action> {
        let categories = self.0.huge_page(&huge.entry());
        let Some(found) = self.0.offer(categories, range) else {
            return Some(Action::Continue);
        };

        if found.is_to_be_protected() {
            if found.range.len() != PMD_SIZE {
                huge.split();
                self.0.back_out(&found.range);
                return None;
            }
            huge.protect();
        }
        Some(found.action)
    }

    /// Protects all pages of a table, whatever else is asked for: nobody wants a report.
    fn protect_all(&mut self, table: &PteTable<'_, MmapReadProtect>) {
        let mut protector = table.protector();

        // CAST: A number of entries.
        self.0.looked_at += table.len() as u64;
        protector.protect_unwatched();
    }

    /// Reports and protects the pages of a table.
    fn table(&mut self, table: &PteTable<'_, MmapReadProtect>) -> Action {
        self.0.table(table, &mut table.protector())
    }
}

impl Match {
    /// Whether there are any that have been written to.
    fn is_to_be_protected(&self) -> bool {
        !self.range.is_empty() && self.categories.contains(Categories::WRITTEN)
    }
}

#[vtable]
impl PageWalk<MmapReadProtect> for Protect<'_, '_> {
    /// As in stock, what has been protected before a signal is answered.
    const KILLABLE: bool = false;

    fn test_walk(&mut self, vma: Vma<'_>, _range: Range<usize>) -> Result<Visit> {
        self.0.enter(vma)
    }

    fn pmd_entry(&mut self, pmd: &Pmd<'_, MmapReadProtect>) -> Result<Action> {
        if let Some(huge) = pmd.lock_huge() {
            if let Some(action) = self.huge(huge, pmd.range()) {
                return Ok(action);
            }
        }
        let Some(table) = pmd.lock_table() else {
            return Ok(Action::Again);
        };
        if self.0.regions.is_report() {
            return Ok(self.table(&table));
        }
        self.protect_all(&table);
        Ok(Action::Continue)
    }

    fn pte_hole(&mut self, hole: &Hole<'_, MmapReadProtect>) -> Result<Action> {
        let categories = self.0.hole(hole);
        let found = categories.and_then(|categories| self.0.offer(categories, hole.range()));
        let Some(found) = found else {
            return Ok(Action::Continue);
        };

        hole.protect(found.range.end)?;
        Ok(found.action)
    }

    fn hugetlb_entry(&mut self, entry: &HugetlbEntry<'_, MmapReadProtect>) -> Result<Action> {
        let protector = entry.lock_to_protect();
        let categories = self.0.hugetlb_page(&protector.guard().entry());
        let Some(found) = self.0.offer(categories, entry.range()) else {
            return Ok(Action::Continue);
        };

        if found.is_to_be_protected() {
            if found.range.len() != entry.page_size() {
                // A part of it cannot be protected. Stock notes that it got here, and goes on.
                self.0.back_out(&found.range);
                // CAST: An address has 64 bits.
                self.0.regions.stop_at(found.range.start as u64);
                return Ok(Action::Continue);
            }
            protector.protect();
        }
        Ok(found.action)
    }
}
