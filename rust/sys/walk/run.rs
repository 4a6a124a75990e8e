// SPDX-License-Identifier: GPL-2.0

//! Runs of pages that are alike, for those who count pages.
//!
//! Most pages of a table are like the ones before them. So a page is only compared with these, and
//! counted; what it is, an author works out once for a run.

use super::{
    entry::{
        Entry,
        Pte, //
    },
    folio::{
        Folio,
        FolioState,
        Page,
        SmallPage, //
    },
    table::{
        Entries,
        PteTable, //
    },
};
use core::ops::Range;
use kernel::page::PAGE_SIZE;

/// Pages of one table, each mapped by an entry of its own, that are alike in all that can be asked for
/// here. They need not follow each other.
pub(crate) struct PageRun<'t> {
    /// The first entry. The others have been used for reading and writing as it has.
    pub(crate) entry: Pte<'t>,
    /// The page that it maps. The others lie on the same node.
    pub(crate) page: Page<'t>,
    /// What the flags of the folio of each say.
    pub(crate) state: FolioState,
    /// How often each page is mapped, see [`Page::mapcount`].
    pub(crate) mapcount: u32,
    /// Number of pages.
    pub(crate) count: usize,
    /// Whether others map the folios, by estimate. Not needed where pages tell how often each is
    /// mapped.
    #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
    is_shared: bool,
}

/// What entries of a table say.
pub(crate) enum Mapped<'t> {
    /// Nothing, as others after it: all that map this range, addresses in bytes.
    Empty(Range<usize>),
    /// No page, but a note of one, or a mark.
    Elsewhere(Pte<'t>),
    /// Pages, as many as there are entries.
    Pages(PageRun<'t>),
}

impl PageRun<'_> {
    /// Whether others map the pages, or perhaps so.
    pub(crate) fn is_shared(&self) -> bool {
        #[cfg(CONFIG_PAGE_MAPCOUNT)]
        return self.mapcount > 1;
        #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
        self.is_shared
    }

    /// Whether the pages of both are alike.
    #[inline(always)]
    fn is_like(&self, other: &Self) -> bool {
        #[cfg(CONFIG_PAGE_MAPCOUNT)]
        let shared_alike = true;
        #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
        let shared_alike = self.is_shared == other.is_shared;

        self.entry.is_used_as(&other.entry)
            && self.state == other.state
            && self.mapcount == other.mapcount
            && shared_alike
    }
}

/// Tells `found` of runs.
struct Runs<'t, F> {
    /// That to which pages are added.
    last: Option<PageRun<'t>>,
    found: F,
}

impl<'t, F: FnMut(Mapped<'t>)> Runs<'t, F> {
    /// Inlined, as a call would make each run a struct in memory.
    #[inline(always)]
    fn add(&mut self, run: PageRun<'t>) {
        if let Some(last) = &mut self.last {
            if last.is_like(&run) {
                last.count += run.count;
                return;
            }
            self.end();
        }
        self.last = Some(run);
    }

    #[inline(never)]
    fn end(&mut self) {
        if let Some(last) = self.last.take() {
            (self.found)(Mapped::Pages(last));
        }
    }
}

impl<L> PteTable<'_, L> {
    /// Tells `found` of entries, from the lowest address; of those that map pages later, and of
    /// many at once.
    #[inline]
    pub(crate) fn for_each_run<'t>(&'t self, found: impl FnMut(Mapped<'t>)) {
        let mut runs = Runs { last: None, found };
        let mut entries = self.entries();

        while let Some(entry) = entries.next() {
            match entry.ordinary().and_then(|(_, page)| small(page)) {
                Some((page, small)) => {
                    let more = entries.pass_used_alike(&entry, small);
                    runs.add(single(entry, page, small.state, 1 + more));
                }
                None => entries.skip_entries(unusual(entry, entries.clone(), &mut runs)),
            }
        }
        runs.end();
    }
}

/// The page, and what can be told of it, if its folio has no other page.
#[inline(always)]
fn small(page: Page<'_>) -> Option<(Page<'_>, SmallPage)> {
    page.small().map(|small| (page, small))
}

/// Adds what `entry` says, and of the `entries` behind it those that go with it; answers how many of
/// the latter there are.
#[inline(never)]
fn unusual<'t, F: FnMut(Mapped<'t>)>(
    entry: Pte<'t>,
    mut entries: Entries<'t>,
    runs: &mut Runs<'t, F>,
) -> usize {
    if entry.is_none() {
        let more = entries.pass_empty();
        let start = entry.address();
        (runs.found)(Mapped::Empty(start..start + (1 + more) * PAGE_SIZE));
        return more;
    }
    if !entry.is_present() {
        (runs.found)(Mapped::Elsewhere(entry));
        return 0;
    }
    let Some(page) = entry.page() else {
        return 0;
    };
    match page.state_if_small() {
        Some(state) => {
            runs.add(single(entry, page, state, 1));
            0
        }
        None => large(entry, page, entries, runs),
    }
}

/// Adds what `entry` and the `entries` behind it map of a large folio, of which `page` is a page;
/// answers how many of the latter do.
fn large<'t, F: FnMut(Mapped<'t>)>(
    entry: Pte<'t>,
    page: Page<'t>,
    entries: Entries<'t>,
    runs: &mut Runs<'t, F>,
) -> usize {
    let folio = page.folio();
    let state = folio.state().essence();
    let more = followers(&entry, page, folio, entries);

    for (count, mapcount) in page.mapcounts(folio, 1 + more) {
        runs.add(PageRun {
            entry,
            page,
            state,
            mapcount,
            count,
            #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
            is_shared: folio.maybe_mapped_shared(),
        });
    }
    more
}

/// How many of `entries` are as `entry`, and map the pages of `folio` that follow its `page`.
fn followers(entry: &Pte<'_>, page: Page<'_>, folio: Folio<'_>, entries: Entries<'_>) -> usize {
    let rest = folio.pages().saturating_sub(page.index_in(folio) + 1);

    (1..=rest)
        .zip(entries)
        .take_while(|(distance, next)| next.follows(entry, *distance, Pte::USE))
        .count()
}

/// The run of `count` pages like `page`, which are folios of their own.
#[inline(always)]
fn single<'t>(entry: Pte<'t>, page: Page<'t>, state: FolioState, count: usize) -> PageRun<'t> {
    // CAST: A count of mappings is not negative.
    let mapcount = page.own_mapcount() as u32;

    PageRun {
        entry,
        page,
        state: state.essence(),
        mapcount,
        count,
        #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
        is_shared: mapcount > 1,
    }
}
