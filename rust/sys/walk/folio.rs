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

    /// The folio that the page belongs to.
    pub(crate) fn folio(&self) -> Folio<'t> {
        // SAFETY: The page is mapped by the type invariant, so it has a folio, which is kept as well.
        let raw = unsafe { NonNull::new_unchecked(own::rustproc_page_folio(self.raw.as_ptr())) };

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

    /// Number of pages of the folio if this is its first page, else 1. Mirrors `compound_nr()`.
    pub(crate) fn compound_pages(&self) -> usize {
        // SAFETY: The page is valid by the type invariant.
        unsafe { own::rustproc_compound_nr(self.raw.as_ptr()) }
    }

    /// The page `count` pages on, of the same folio.
    pub(crate) fn following(&self, count: usize, folio: Folio<'t>) -> Option<Self> {
        // SAFETY: Both are valid pages by the type invariants; pages of a folio are contiguous.
        let index = unsafe { self.raw.offset_from(folio.raw.cast()) };

        // CAST: The page is not below its folio's first.
        (index as usize + count < folio.pages()).then(|| Self {
            // SAFETY: Just checked that the folio has such a page.
            raw: unsafe { self.raw.add(count) },
            _table: PhantomData,
        })
    }

    /// How often the page is mapped; 0 if it isn't tracked. Mirrors
    /// `folio_precise_page_mapcount()`.
    #[cfg(CONFIG_PAGE_MAPCOUNT)]
    pub(crate) fn mapcount(&self, folio: Folio<'t>) -> u32 {
        // SAFETY: The page is valid by the type invariant.
        let own_count = unsafe { own::rustproc_page_mapcount(self.raw.as_ptr()) }.wrapping_add(1);
        // CAST: As the function takes it.
        // SAFETY: Takes a number.
        let own_count = match unsafe { own::rustproc_page_mapcount_is_type(own_count as u32) } {
            true => 0,
            false => own_count,
        };
        let whole = if folio.is_large() {
            folio.entire_mapcount()
        } else {
            0
        };

        // CAST: A count of mappings is not negative.
        own_count.wrapping_add(whole) as u32
    }

    /// How often the pages of its folio are mapped on average. Mirrors
    /// `folio_average_page_mapcount()`.
    #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
    pub(crate) fn mapcount(&self, folio: Folio<'t>) -> u32 {
        folio.average_mapcount()
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

/// A snapshot of what a folio's flags and its mapping say.
#[derive(Clone, Copy)]
pub(crate) struct FolioState {
    flags: u64,
    mapping: u64,
}

impl FolioState {
    const fn has(self, flag: bindings::pageflags) -> bool {
        self.flags & (1 << flag) != 0
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
        #[cfg(CONFIG_PAGE_IDLE_FLAG)]
        return self.has(bindings::pageflags_PG_young);
        #[cfg(not(CONFIG_PAGE_IDLE_FLAG))]
        false
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
        // SAFETY: The folio is valid by the type invariant; both fields are one word, which others
        // may change.
        unsafe {
            let fields = &raw const (*self.raw()).__bindgen_anon_1.__bindgen_anon_1;
            FolioState {
                flags: read_long((&raw const (*fields).flags).cast()),
                mapping: read_long((&raw const (*fields).mapping).cast()),
            }
        }
    }

    /// Whether it has more than one page.
    pub(crate) fn is_large(&self) -> bool {
        self.state().has(bindings::pageflags_PG_head)
    }

    /// Number of its pages.
    pub(crate) fn pages(&self) -> usize {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_nr_pages(self.raw()) }
    }

    /// Number of references to it.
    pub(crate) fn references(&self) -> i32 {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_ref_count(self.raw()) }
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

    /// The NUMA node that it lies on.
    pub(crate) fn node(&self) -> usize {
        // SAFETY: The folio is valid by the type invariant.
        // CAST: The node of a folio is not negative.
        unsafe { own::rustproc_folio_nid(self.raw()) as usize }
    }

    /// How often a large folio is mapped as a whole.
    fn entire_mapcount(&self) -> i32 {
        // SAFETY: The folio is valid by the type invariant.
        unsafe { own::rustproc_folio_entire_mapcount(self.raw()) }
    }

    #[cfg(not(CONFIG_PAGE_MAPCOUNT))]
    fn average_mapcount(&self) -> u32 {
        let whole = self.entire_mapcount();
        // SAFETY: The folio is valid by the type invariant; one that is not large is its one page.
        let all = unsafe {
            if !self.is_large() {
                return own::rustproc_page_mapcount(self.raw().cast()).wrapping_add(1) as u32;
            }
            own::rustproc_folio_large_mapcount(self.raw())
        };

        if all <= 0 {
            return 0;
        }
        if all <= whole {
            return whole as u32;
        }
        // CAST: Both are positive, and the number of pages of a folio fits.
        let (parts, pages) = ((all - whole) as u32, self.pages() as u32);
        ((parts + pages / 2) / pages + whole as u32).max(1)
    }
}
