// SPDX-License-Identifier: GPL-2.0

//! Pages and folios that a page table maps.
//!
//! They are looked at under the page-table lock and without the folio's: each answer is a snapshot,
//! which may be slightly wrong for a folio that others map and unmap meanwhile.
//!
//! C headers: [`include/linux/mm.h`](srctree/include/linux/mm.h),
//! [`include/linux/page-flags.h`](srctree/include/linux/page-flags.h)

use crate::{
    bindings as own,
    sys::read_long, //
};
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::bindings;

/// A page that an entry maps.
///
/// # Invariants
///
/// The page is kept for `'t` by the entry, whose table is locked.
#[derive(Clone, Copy)]
pub(crate) struct Page<'t> {
    raw: NonNull<bindings::page>,
    _table: PhantomData<&'t ()>,
}

impl<'t> Page<'t> {
    /// `None` for null.
    ///
    /// # Safety
    ///
    /// `raw` must be null or a page that an entry maps whose table is locked for `'t`.
    pub(super) unsafe fn from_raw(raw: *mut bindings::page) -> Option<Self> {
        // INVARIANT: By the function's condition.
        NonNull::new(raw).map(|raw| Self {
            raw,
            _table: PhantomData,
        })
    }

    /// # Safety
    ///
    /// `raw` must be a page that an entry maps whose table is locked for `'t`.
    #[inline]
    pub(super) unsafe fn new(raw: NonNull<bindings::page>) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            raw,
            _table: PhantomData,
        }
    }

    /// The folio that the page belongs to. Mirrors `page_folio()`.
    #[inline]
    pub(crate) fn folio(&self) -> Folio<'t> {
        let raw = if self.is_tail() {
            // SAFETY: The page is mapped by the type invariant, so it has a folio, kept as well.
            unsafe { NonNull::new_unchecked(own::rustproc_page_folio(self.raw.as_ptr())) }
        } else {
            self.raw.cast()
        };

        // INVARIANT: As above.
        Folio {
            raw,
            _table: PhantomData,
        }
    }

    /// Whether it belongs to no allocator: the kernel's image, device memory. Mirrors
    /// `PageReserved()`.
    pub(crate) fn is_reserved(&self) -> bool {
        // SAFETY: The page is valid by the type invariant; its flags are one word.
        let flags = unsafe { read_long((&raw const (*self.raw.as_ptr()).flags).cast()) };
        flags & (1 << bindings::pageflags_PG_reserved) != 0
    }

    /// Whether it is in a folio, and not its first page. Mirrors `PageTail()`.
    #[inline]
    fn is_tail(&self) -> bool {
        const TAIL: u64 = 1;

        // SAFETY: The page is valid by the type invariant; the field is one word.
        let info = unsafe {
            let fields = &raw const (*self.raw.as_ptr()).__bindgen_anon_1.__bindgen_anon_3;
            read_long(&raw const (*fields).compound_info)
        };
        info & TAIL != 0
    }

    /// What the flags of its folio say, if it is the folio's only page.
    #[inline]
    pub(super) fn state_if_small(&self) -> Option<FolioState> {
        if self.is_tail() {
            return None;
        }
        let state = self.state();
        (!state.is_large()).then_some(state)
    }

    /// What its own flags say: those of its folio, if it is the folio's first page.
    #[inline]
    fn state(&self) -> FolioState {
        // SAFETY: The page is valid by the type invariant; both fields are one word, which others may
        // change.
        unsafe {
            let fields = &raw const (*self.raw.as_ptr()).__bindgen_anon_1.__bindgen_anon_1;
            FolioState {
                flags: read_long((&raw const (*self.raw.as_ptr()).flags).cast()),
                mapping: read_long((&raw const (*fields).mapping).cast()),
            }
        }
    }

    /// What can be told of it, if it is the only page of its folio.
    #[inline(always)]
    pub(super) fn small(&self) -> Option<SmallPage> {
        self.state_if_small().map(|state| SmallPage {
            state,
            mapcount: self.raw_mapcount(),
        })
    }

    /// Whether it is the only page of its folio, mapped as often as `small`, and its folio is as that of
    /// `small` in `bits`.
    #[inline(always)]
    pub(super) fn is_like(&self, small: &SmallPage, bits: FolioBits) -> bool {
        let state = self.state();

        (state.flags ^ small.state.flags) & (bits.flags | FolioState::LARGE) == 0
            && (state.mapping ^ small.state.mapping) & bits.mapping == 0
            && !self.is_tail()
            && self.raw_mapcount() == small.mapcount
    }

    /// Whether as many entries of its own map it as `other`, a page of the same large folio.
    #[inline(always)]
    pub(super) fn is_mapped_as(&self, other: Self) -> bool {
        self.raw_mapcount() == other.raw_mapcount()
    }

    /// Number of pages of the folio if this is its first page, else 1. Mirrors `compound_nr()`.
    pub(crate) fn compound_pages(&self) -> usize {
        // SAFETY: The page is valid by the type invariant.
        unsafe { own::rustproc_compound_nr(self.raw.as_ptr()) }
    }

    /// How often the page is mapped; 0 if it isn't tracked. Mirrors
    /// `folio_precise_page_mapcount()`, or where pages aren't counted one by one
    /// `folio_average_page_mapcount()`.
    pub(crate) fn mapcount(&self, folio: Folio<'t>) -> u32 {
        if cfg!(CONFIG_PAGE_MAPCOUNT) {
            // CAST: A count of mappings is not negative.
            folio.entire_mapcount().wrapping_add(self.own_mapcount()) as u32
        } else {
            folio.average_mapcount()
        }
    }

    /// [`Page::mapcount`] of the `count` pages of the folio from this one on, as runs of pages that
    /// have the same. There is an entry for each, or one for all.
    pub(crate) fn mapcounts(&self, folio: Folio<'t>, count: usize) -> MapcountRuns<'t> {
        let entire = folio.entire_mapcount();
        let left = if count == 1 {
            1
        } else {
            count.min(folio.pages().saturating_sub(self.index_in(folio)))
        };
        // Where all mappings are of the whole, all pages have their number, and need no look. Where
        // none is, and there are as many as there are pages here, each page has one.
        let uniform = !cfg!(CONFIG_PAGE_MAPCOUNT) || left == 1 || {
            let all = folio.large_mapcount();
            // CAST: A number of pages.
            all == entire || entire == 0 && all as usize == left
        };

        // INVARIANT: No more pages than the folio has.
        MapcountRuns {
            next: *self,
            folio,
            entire,
            uniform,
            left,
        }
    }

    /// Number of pages of `folio` before this one.
    pub(super) fn index_in(&self, folio: Folio<'t>) -> usize {
        // SAFETY: Both are valid pages by the type invariants; pages of a folio are contiguous.
        // CAST: The page is not below its folio's first.
        unsafe { self.raw.offset_from(folio.raw.cast()) as usize }
    }

    /// Whether just one entry of its own maps the page.
    #[inline]
    fn is_mapped_once(&self) -> bool {
        self.raw_mapcount() == 0
    }

    /// How often the page is mapped by an entry of its own, less one; or something else below 0.
    #[inline]
    fn raw_mapcount(&self) -> i32 {
        // SAFETY: The page is valid by the type invariant; others may change the count.
        unsafe {
            (&raw const (*self.raw.as_ptr()).__bindgen_anon_2._mapcount.counter).read_volatile()
        }
    }

    /// How often the page is mapped by an entry of its own, or that and all mappings of a folio that
    /// has no other page.
    #[inline]
    pub(super) fn own_mapcount(&self) -> i32 {
        let count = self.raw_mapcount().wrapping_add(1);

        // The field of a page that isn't tracked holds a type, which is a large negative number.
        // SAFETY: Takes a number. CAST: As the function takes it.
        if count < 0 && unsafe { own::rustproc_page_mapcount_is_type(count as u32) } {
            0
        } else {
            count
        }
    }
}

/// A snapshot of a page that is the only one of its folio.
#[derive(Clone, Copy)]
pub(super) struct SmallPage {
    /// What the flags of its folio say.
    pub(super) state: FolioState,
    /// How often it is mapped, as [`Page::raw_mapcount`] tells.
    mapcount: i32,
}

/// Bits in which folios are compared.
#[derive(Clone, Copy)]
pub(super) struct FolioBits {
    flags: u64,
    mapping: u64,
}

impl FolioBits {
    /// All that [`FolioState`] can be asked for.
    pub(super) const ESSENCE: Self = Self {
        flags: FolioState::FLAGS,
        mapping: own::RUSTPROC_CONST_FOLIO_MAPPING_FLAGS,
    };
    /// Whether it is anonymous memory.
    pub(super) const ORIGIN: Self = Self {
        flags: 0,
        mapping: own::RUSTPROC_CONST_FOLIO_MAPPING_ANON,
    };
}

/// Runs of pages that are mapped equally often: so many pages, so often.
///
/// # Invariants
///
/// The `left` pages from `next` on belong to `folio`.
pub(crate) struct MapcountRuns<'t> {
    next: Page<'t>,
    folio: Folio<'t>,
    /// How often the folio is mapped as a whole.
    entire: i32,
    /// Whether all have the same count.
    uniform: bool,
    left: usize,
}

impl Iterator for MapcountRuns<'_> {
    type Item = (usize, u32);

    #[inline]
    fn next(&mut self) -> Option<(usize, u32)> {
        if self.left == 0 {
            return None;
        }
        let mapcount = self.mapcount();
        let mut run = if self.uniform { self.left } else { 1 };
        self.step(run);
        while self.left > 0 && self.mapcount() == mapcount {
            self.step(1);
            run += 1;
        }
        Some((run, mapcount))
    }
}

impl MapcountRuns<'_> {
    /// That of the next page.
    #[inline]
    fn mapcount(&self) -> u32 {
        if cfg!(CONFIG_PAGE_MAPCOUNT) {
            // CAST: A count of mappings is not negative.
            self.entire.wrapping_add(self.next.own_mapcount()) as u32
        } else {
            self.folio.average_mapcount()
        }
    }

    /// Goes on by `count` pages, of which there are as many.
    fn step(&mut self, count: usize) {
        self.left -= count;
        if self.left > 0 {
            // INVARIANT: `left` shrinks by as much.
            // SAFETY: By the type invariant there are more pages.
            self.next.raw = unsafe { self.next.raw.add(count) };
        }
    }
}

/// A folio of which an entry maps a page.
///
/// # Invariants
///
/// The folio is kept for `'t` by an entry that maps a page of it, whose table is locked.
#[derive(Clone, Copy)]
pub(crate) struct Folio<'t> {
    raw: NonNull<bindings::folio>,
    _table: PhantomData<&'t ()>,
}

/// The large folio that was looked at last, for the entries of one locked table.
///
/// While one of its pages is mapped there, a folio is neither split nor made another's: one look at
/// it serves for all.
///
/// # Invariants
///
/// `pages` is 0, or `first` is the first of that number of pages of a folio, of which an entry of the
/// table maps one.
pub(crate) struct FolioCache<'t> {
    first: NonNull<bindings::page>,
    pages: usize,
    anon: bool,
    #[cfg(CONFIG_PAGE_MAPCOUNT)]
    entire_mapcount: i32,
    #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
    shared: bool,
    _table: PhantomData<&'t ()>,
}

/// What an entry's page is, as far as its folio tells.
#[derive(Clone, Copy)]
pub(crate) struct PageFacts {
    /// Anonymous memory.
    pub(crate) anon: bool,
    /// Mapped just once. Without a count for each page: mapped by one address space, by estimate.
    pub(crate) exclusive: bool,
}

impl<'t> FolioCache<'t> {
    /// Nothing has been looked at.
    pub(crate) fn new() -> Self {
        // INVARIANT: It has no pages.
        Self {
            first: NonNull::dangling(),
            pages: 0,
            anon: false,
            #[cfg(CONFIG_PAGE_MAPCOUNT)]
            entire_mapcount: 0,
            #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
            shared: false,
            _table: PhantomData,
        }
    }

    /// What `page` is.
    #[inline(always)]
    pub(crate) fn facts(&mut self, page: Page<'t>) -> PageFacts {
        #[cfg(CONFIG_PAGE_MAPCOUNT)]
        if let Some(state) = page.state_if_small() {
            return PageFacts {
                anon: state.is_anon(),
                exclusive: page.is_mapped_once(),
            };
        }
        if !self.covers(page) {
            self.look(page);
        }
        PageFacts {
            anon: self.anon,
            #[cfg(CONFIG_PAGE_MAPCOUNT)]
            exclusive: page.own_mapcount().wrapping_add(self.entire_mapcount) == 1,
            #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
            exclusive: !self.shared,
        }
    }

    /// Whether `page` is anonymous memory.
    #[inline]
    pub(crate) fn is_anon(&mut self, page: Page<'t>) -> bool {
        if let Some(state) = page.state_if_small() {
            return state.is_anon();
        }
        if !self.covers(page) {
            self.look(page);
        }
        self.anon
    }

    #[inline]
    fn covers(&self, page: Page<'t>) -> bool {
        self.index(page) < self.pages
    }

    /// Number of pages before `page`; a large one if that is none of the folio.
    #[inline]
    fn index(&self, page: Page<'t>) -> usize {
        let distance = page.raw.addr().get().wrapping_sub(self.first.addr().get());

        distance / size_of::<bindings::page>()
    }

    /// The pages behind `page`, with how far behind it they are; none if that is not in the folio.
    #[inline(always)]
    pub(super) fn behind(&self, page: Page<'t>) -> impl Iterator<Item = (usize, Page<'t>)> {
        let end = self.pages.saturating_sub(self.index(page));

        // INVARIANT: Pages of a folio are contiguous, and kept together.
        // SAFETY: The folio has these pages by the type invariant.
        (1..end).map(move |distance| (distance, unsafe { Page::new(page.raw.add(distance)) }))
    }

    #[inline(never)]
    fn look(&mut self, page: Page<'t>) {
        let folio = page.folio();
        let state = folio.state();
        let large = state.is_large();

        // INVARIANT: The folio's first page has its address.
        self.first = folio.raw.cast();
        self.pages = if large { folio.pages() } else { 1 };
        self.anon = state.is_anon();
        #[cfg(CONFIG_PAGE_MAPCOUNT)]
        {
            self.entire_mapcount = if large { folio.entire_mapcount() } else { 0 };
        }
        #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
        {
            self.shared = folio.maybe_mapped_shared();
        }
    }
}

/// A snapshot of what a folio's flags and its mapping say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FolioState {
    flags: u64,
    mapping: u64,
}

impl FolioState {
    /// The flags that can be asked for, and those that say where the folio lies.
    const FLAGS: u64 = {
        use kernel::bindings::*;

        1 << pageflags_PG_swapbacked
            | 1 << pageflags_PG_swapcache
            | 1 << pageflags_PG_dirty
            | 1 << pageflags_PG_writeback
            | 1 << pageflags_PG_referenced
            | 1 << pageflags_PG_active
            | 1 << pageflags_PG_unevictable
            | 1 << pageflags_PG_reserved
            | Self::YOUNG
            | own::rustproc_page_flags_RUSTPROC_PAGE_PLACE
    };

    #[cfg(CONFIG_PAGE_IDLE_FLAG)]
    const YOUNG: u64 = 1 << bindings::pageflags_PG_young;
    #[cfg(not(CONFIG_PAGE_IDLE_FLAG))]
    const YOUNG: u64 = 0;

    /// Without what can't be asked for, apart from the size: folios of the same size that are alike
    /// are equal.
    #[inline]
    pub(super) const fn essence(self) -> Self {
        Self {
            flags: self.flags & FolioBits::ESSENCE.flags,
            mapping: self.mapping & FolioBits::ESSENCE.mapping,
        }
    }

    /// The flag of those that have more than one page.
    const LARGE: u64 = 1 << bindings::pageflags_PG_head;

    const fn has(self, flag: bindings::pageflags) -> bool {
        self.flags & (1 << flag) != 0
    }

    /// Has more than one page. Mirrors `folio_test_large()`.
    const fn is_large(self) -> bool {
        self.has(bindings::pageflags_PG_head)
    }

    /// Anonymous memory. Mirrors `folio_test_anon()`.
    pub(crate) const fn is_anon(self) -> bool {
        self.mapping & own::RUSTPROC_CONST_FOLIO_MAPPING_ANON != 0
    }

    /// Merged by KSM. Mirrors `folio_test_ksm()`.
    pub(crate) const fn is_ksm(self) -> bool {
        cfg!(CONFIG_KSM)
            && self.mapping & own::RUSTPROC_CONST_FOLIO_MAPPING_FLAGS
                == own::RUSTPROC_CONST_FOLIO_MAPPING_KSM
    }

    /// Goes to swap when memory is short.
    pub(crate) const fn is_swapbacked(self) -> bool {
        self.has(bindings::pageflags_PG_swapbacked)
    }

    /// Has a copy in swap, or room for one. Mirrors `folio_test_swapcache()`.
    pub(crate) const fn is_swapcache(self) -> bool {
        self.is_swapbacked() && self.has(bindings::pageflags_PG_swapcache)
    }

    /// Must be written before it may go.
    pub(crate) const fn is_dirty(self) -> bool {
        self.has(bindings::pageflags_PG_dirty)
    }

    /// Is being written.
    pub(crate) const fn is_writeback(self) -> bool {
        self.has(bindings::pageflags_PG_writeback)
    }

    /// Was used since reclaim or a user looked last.
    pub(crate) const fn is_referenced(self) -> bool {
        self.has(bindings::pageflags_PG_referenced)
    }

    /// Was used since idle page tracking looked last. Mirrors `folio_test_young()`.
    pub(crate) const fn is_young(self) -> bool {
        self.flags & Self::YOUNG != 0
    }

    /// On an active list, or kept in memory. Mirrors what `numa_maps` counts as active.
    pub(crate) const fn is_active(self) -> bool {
        self.has(bindings::pageflags_PG_active) || self.has(bindings::pageflags_PG_unevictable)
    }
}

impl Folio<'_> {
    fn raw(&self) -> *mut bindings::folio {
        self.raw.as_ptr()
    }

    /// Its flags now.
    pub(crate) fn state(&self) -> FolioState {
        // INVARIANT: The folio begins with its first page, which is kept as it is.
        let first = Page {
            raw: self.raw.cast(),
            _table: PhantomData,
        };
        first.state()
    }

    /// Whether it has more than one page.
    pub(crate) fn is_large(&self) -> bool {
        self.state().is_large()
    }

    /// Number of its pages.
    pub(crate) fn pages(&self) -> usize {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_nr_pages(self.raw()) }
    }

    /// Number of references to it.
    pub(crate) fn references(&self) -> i32 {
        // SAFETY: The folio is valid by the type invariant; others may change the count.
        unsafe {
            let fields = &raw const (*self.raw()).__bindgen_anon_1.__bindgen_anon_1;
            (&raw const (*fields)._refcount.counter).read_volatile()
        }
    }

    /// Whether more than one address space maps it, by estimate. Mirrors
    /// `folio_maybe_mapped_shared()`.
    pub(crate) fn maybe_mapped_shared(&self) -> bool {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_maybe_mapped_shared(self.raw()) }
    }

    /// Whether it is a device's memory.
    pub(crate) fn is_zone_device(&self) -> bool {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_is_zone_device(self.raw()) }
    }

    /// Whether a device may be writing to it, by estimate that errs on that side. Mirrors
    /// `folio_maybe_dma_pinned()`.
    pub(crate) fn maybe_pinned(&self) -> bool {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_maybe_dma_pinned(self.raw()) }
    }

    /// Forgets that it has been used.
    pub(crate) fn clear_referenced(&self) {
        let state = self.state();

        // SAFETY: The folio is valid by the type invariant; both helpers change one bit at once.
        unsafe {
            if state.is_young() {
                own::rustproc_folio_test_clear_young(self.raw());
            }
            if state.is_referenced() {
                own::rustproc_folio_clear_referenced(self.raw());
            }
        }
    }

    /// The NUMA node that it lies on.
    pub(crate) fn node(&self) -> usize {
        // SAFETY: The folio is valid by the type invariant.
        // CAST: The node of a folio is not negative.
        unsafe { own::rustproc_folio_nid(self.raw()) as usize }
    }

    /// How often it is mapped as a whole by one entry; 0 for a single page.
    fn entire_mapcount(&self) -> i32 {
        if !self.is_large() {
            return 0;
        }
        // SAFETY: The folio is valid by the type invariant, and large.
        unsafe { own::rustproc_folio_entire_mapcount(self.raw()) }
    }

    /// How many entries map it or a part of it; for a large folio.
    fn large_mapcount(&self) -> i32 {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_large_mapcount(self.raw()) }
    }

    /// How many entries map one of its pages, on average.
    fn average_mapcount(&self) -> u32 {
        let (whole, all) = if self.is_large() {
            (self.entire_mapcount(), self.large_mapcount())
        } else {
            // SAFETY: The folio is valid by the type invariant, and its own only page.
            let raw = unsafe { own::rustproc_page_mapcount(self.raw().cast()) };
            // CAST: A count of mappings is not negative.
            return raw.wrapping_add(1) as u32;
        };

        if all <= 0 {
            return 0;
        }
        // CAST: Counts are positive, and the number of pages of a folio fits.
        if all <= whole {
            return whole as u32;
        }
        let (parts, pages) = ((all - whole) as u32, self.pages() as u32);
        ((parts + pages / 2) / pages + whole as u32).max(1)
    }
}
