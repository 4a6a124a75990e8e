// SPDX-License-Identifier: GPL-2.0

//! The `PAGEMAP_SCAN` request: which pages it looks for, and what it reports about them.
//!
//! Pages have categories. A [`Query`] says which of them are of interest, [`Regions`] collects
//! those into ranges of equal categories until its buffer or the caller's limit is full. Finding
//! out the categories, and protecting the pages, is the business of whoever walks the page table.
//! C counterparts: the functions `pagemap_scan_*` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c) and
//! [`include/uapi/linux/fs.h`](srctree/include/uapi/linux/fs.h).

use super::units::{
    page_align,
    PAGE_SHIFT,
    PAGE_SIZE, //
};
use core::ops::{
    BitOr,
    Range, //
};

/// A set of categories: the bits `PAGE_IS_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Categories(pub u64);

impl Categories {
    /// No category.
    pub const NONE: Self = Self(0);
    /// In an area that can be protected for userfaultfd asynchronously.
    pub const WPALLOWED: Self = Self(1 << 0);
    /// Written since it was protected.
    pub const WRITTEN: Self = Self(1 << 1);
    /// A page of a file or of shared memory.
    pub const FILE: Self = Self(1 << 2);
    /// In memory.
    pub const PRESENT: Self = Self(1 << 3);
    /// In swap.
    pub const SWAPPED: Self = Self(1 << 4);
    /// The page of zeros that everybody shares.
    pub const PFNZERO: Self = Self(1 << 5);
    /// Mapped as part of a huge page.
    pub const HUGE: Self = Self(1 << 6);
    /// Written since the soft-dirty bits were last cleared.
    pub const SOFT_DIRTY: Self = Self(1 << 7);
    /// A guard region, whose accesses fail.
    pub const GUARD: Self = Self(1 << 8);
    /// Accessed since it was protected, reads included. Kernels before 7.3 refuse this category.
    pub const ACCESSED: Self = Self(1 << 9);
    /// All that kernels before 7.3 know.
    pub const KNOWN_BEFORE_7_3: Self = Self((1 << 9) - 1);
    /// All of them.
    pub const KNOWN: Self = Self((1 << 10) - 1);

    /// Whether all of `others` are in the set.
    #[inline]
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any of `others` is in the set.
    #[inline]
    pub const fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The categories that are in both sets.
    #[inline]
    pub const fn intersection(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// The categories that are in either set.
    #[inline]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The set with the membership of `inverted` turned around.
    #[inline]
    const fn inverting(self, inverted: Self) -> Self {
        Self(self.0 ^ inverted.0)
    }
}

impl BitOr for Categories {
    type Output = Self;

    #[inline]
    fn bitor(self, others: Self) -> Self {
        self.union(others)
    }
}

/// Which pages are looked for, and what is reported about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The categories whose absence counts as their presence below (`category_inverted`).
    pub inverted: Categories,
    /// The categories that a page must have, all of them (`category_mask`).
    pub mask: Categories,
    /// The categories of which a page must have one, unless there are none (`category_anyof_mask`).
    pub anyof: Categories,
    /// The categories that are reported (`return_mask`).
    pub returned: Categories,
}

impl Query {
    /// Whether the query names only categories that are `known` to the kernel.
    #[inline]
    pub const fn is_within(&self, known: Categories) -> bool {
        known.contains(self.inverted.union(self.interest()))
    }

    /// The categories on which an answer may depend; the others need not be found out.
    #[inline]
    pub const fn interest(&self) -> Categories {
        self.mask.union(self.anyof).union(self.returned)
    }

    /// Whether a page of these categories is looked for.
    #[inline]
    pub const fn matches(&self, categories: Categories) -> bool {
        let categories = categories.inverting(self.inverted);
        categories.contains(self.mask) && (self.anyof.0 == 0 || categories.intersects(self.anyof))
    }

    /// Whether an area may have such pages whose pages have at least these categories.
    ///
    /// Of the categories of an area, only [`Categories::WPALLOWED`] is the same for all pages.
    #[inline]
    pub const fn wants_vma(&self, categories: Categories) -> bool {
        let required = self.mask.intersection(Categories::WPALLOWED);
        categories.inverting(self.inverted).contains(required)
    }

    /// Whether pages are looked for, and reported, as written ones and nothing else.
    #[inline]
    pub fn is_written_only(&self) -> bool {
        let written_only = Self {
            mask: Categories::WRITTEN,
            returned: Categories::WRITTEN,
            ..Self::default()
        };
        *self == written_only
    }
}

/// The arguments, laid out as user space passes them (`struct pm_scan_arg`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ScanArguments {
    /// Bytes of the struct that the caller knows.
    pub size: u64,
    /// [`flags`].
    pub flags: u64,
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// Where the scan stopped. Answered.
    pub walk_end: u64,
    /// Where the regions go.
    pub vec: u64,
    /// How many regions there is room for.
    pub vec_len: u64,
    /// How many pages to report at most; 0 for any number.
    pub max_pages: u64,
    /// See [`Query::inverted`].
    pub category_inverted: u64,
    /// See [`Query::mask`].
    pub category_mask: u64,
    /// See [`Query::anyof`].
    pub category_anyof_mask: u64,
    /// See [`Query::returned`].
    pub return_mask: u64,
}

/// `PM_SCAN_*`: what is done besides reporting pages.
pub mod flags {
    /// Protect the written ones among the pages.
    pub const WP_MATCHING: u64 = 1 << 0;
    /// Fail in an area that cannot be protected for userfaultfd asynchronously.
    pub const CHECK_WPASYNC: u64 = 1 << 1;
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It makes no sense: `EINVAL`.
    Invalid,
    /// An address is not user space's: `EFAULT`.
    Fault,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The addresses to look at, in whole pages.
    pub addresses: Range<u64>,
    /// Where the regions go.
    pub vec: u64,
    /// How many regions there is room for.
    pub vec_len: u64,
    /// How many pages to report at most; 0 for any number.
    pub max_pages: u64,
    /// Which pages.
    pub query: Query,
    /// Protect the written ones among them.
    pub protects: bool,
    /// Fail in an area that cannot be protected for userfaultfd asynchronously.
    pub checks_async: bool,
}

impl Request {
    /// Makes sense of arguments, for a kernel that knows the categories `known`. `untag` takes the
    /// tag off an address; `is_user` says whether so many bytes at an address may be user space's.
    ///
    /// As `pagemap_scan_get_args`, in its order.
    ///
    /// # Errors
    ///
    /// See [`Refusal`].
    pub fn new(
        arguments: &ScanArguments,
        known: Categories,
        untag: impl Fn(u64) -> u64,
        is_user: impl Fn(u64, u64) -> bool,
    ) -> Result<Self, Refusal> {
        const REGION_SIZE: u64 = size_of::<PageRegion>() as u64;

        if arguments.size != size_of::<ScanArguments>() as u64
            || arguments.flags & !(flags::WP_MATCHING | flags::CHECK_WPASYNC) != 0
        {
            return Err(Refusal::Invalid);
        }
        let query = Query {
            inverted: Categories(arguments.category_inverted),
            mask: Categories(arguments.category_mask),
            anyof: Categories(arguments.category_anyof_mask),
            returned: Categories(arguments.return_mask),
        };
        if !query.is_within(known) {
            return Err(Refusal::Invalid);
        }

        let (start, end) = (untag(arguments.start), untag(arguments.end));
        let (vec, vec_len) = (untag(arguments.vec), arguments.vec_len);
        if start % PAGE_SIZE != 0 {
            return Err(Refusal::Invalid);
        }
        if !is_user(start, end.wrapping_sub(start)) {
            return Err(Refusal::Fault);
        }
        if vec == 0 && vec_len != 0 {
            return Err(Refusal::Invalid);
        }
        if vec != 0 && !is_user(vec, vec_len.saturating_mul(REGION_SIZE)) {
            return Err(Refusal::Fault);
        }

        Ok(Self {
            addresses: start..page_align(end),
            vec,
            vec_len,
            max_pages: arguments.max_pages,
            query,
            protects: arguments.flags & flags::WP_MATCHING != 0,
            checks_async: arguments.flags & flags::CHECK_WPASYNC != 0,
        })
    }
}

/// A range of pages of equal categories, as user space reads it (`struct page_region`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PageRegion {
    /// First address.
    pub start: u64,
    /// One past the last address; 0 if nothing has been put here.
    pub end: u64,
    /// The reported ones of the pages' categories.
    pub categories: Categories,
}

/// What has become of a range given to [`Regions::output`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a range that was cut must not be treated beyond the cut"]
pub enum Outcome {
    /// All of it counts; go on.
    Taken,
    /// Only what lies before `end` counts, perhaps nothing; the walk ends (`-ENOSPC`).
    Full {
        /// Where the range was cut.
        end: u64,
    },
}

/// The regions that have been found, in a buffer that user space gets piece by piece.
///
/// A scan without a buffer, which only protects pages, counts nothing and never ends early.
#[derive(Debug)]
pub struct Regions<'a> {
    /// Room for regions; empty in a scan that reports nothing.
    buffer: &'a mut [PageRegion],
    /// How many of `buffer` may be used.
    limit: usize,
    /// Which of `buffer` is written now, if anything has been put there.
    current: usize,
    /// The categories that are reported.
    returned: Categories,
    /// How many pages may be reported.
    max_pages: u64,
    /// How many pages have been reported, at most `max_pages`.
    found_pages: u64,
    /// Where the walk stopped last; 0 if it has not.
    walk_end: u64,
    /// Where it stopped last for another reason than want of room; 0 if it has not.
    noted_end: u64,
}

impl<'a> Regions<'a> {
    /// No regions yet. At most `max_pages` pages are reported, any number if that is 0, with those
    /// of their categories that are `returned`.
    pub fn new(buffer: &'a mut [PageRegion], returned: Categories, max_pages: u64) -> Self {
        let mut regions = Self {
            limit: buffer.len(),
            buffer,
            current: 0,
            returned,
            max_pages: if max_pages == 0 { u64::MAX } else { max_pages },
            found_pages: 0,
            walk_end: 0,
            noted_end: 0,
        };
        regions.clear();
        regions
    }

    /// Reports the pages from `addr` to `end`, both page-aligned, which have these categories.
    ///
    /// As `pagemap_scan_output`.
    #[inline]
    pub fn output(&mut self, categories: Categories, addr: u64, end: u64) -> Outcome {
        if self.buffer.is_empty() {
            return Outcome::Taken;
        }
        let room = self.max_pages.wrapping_sub(self.found_pages);
        let categories = categories.intersection(self.returned);
        let count = pages(addr, end);
        if count <= room && self.push(categories, addr, end) {
            self.found_pages = self.found_pages.wrapping_add(count);
            return Outcome::Taken;
        }
        self.output_part(categories, addr, end, room)
    }

    /// Reports no more than `room` pages of a range that cannot be reported whole, or none, if there is no
    /// room for a region.
    #[inline(never)]
    fn output_part(&mut self, categories: Categories, addr: u64, end: u64, room: u64) -> Outcome {
        let mut taken = end.min(addr.saturating_add(room.saturating_mul(PAGE_SIZE)));
        if !self.push(categories, addr, taken) {
            taken = addr;
        }
        self.found_pages = self.found_pages.wrapping_add(pages(addr, taken));
        if taken == end {
            return Outcome::Taken;
        }
        self.walk_end = taken;
        Outcome::Full { end: taken }
    }

    /// Takes back what was last reported, the pages from `addr` to `end`.
    ///
    /// As `pagemap_scan_backout_range`. What was merged with an earlier region leaves that region
    /// as it was before.
    #[inline]
    pub fn back_out(&mut self, addr: u64, end: u64) {
        let Some(region) = self.buffer.get_mut(self.current) else {
            return;
        };
        if region.start != addr {
            region.end = addr;
        } else {
            region.start = 0;
            region.end = 0;
        }
        self.found_pages = self.found_pages.wrapping_sub(pages(addr, end));
    }

    /// The regions that user space has not got yet.
    #[inline]
    pub fn filled(&self) -> &[PageRegion] {
        let last_counts = self
            .buffer
            .get(self.current)
            .is_some_and(|region| region.end != region.start);
        let count = self.current.wrapping_add(usize::from(last_counts));
        self.buffer.get(..count).unwrap_or(&[])
    }

    /// Starts again with an empty buffer, of which no more than `limit` regions may be used. Pages
    /// reported before still count.
    #[inline]
    pub fn restart(&mut self, limit: usize) {
        self.limit = self.buffer.len().min(limit);
        self.current = 0;
        self.clear();
    }

    /// Goes on with another buffer, of which no more than `limit` regions may be used for now, after user
    /// space has got what was in the one before. Pages reported before still count; that the walk stopped
    /// for want of room in the one before does not.
    #[inline]
    pub fn go_on_in(&mut self, buffer: &'a mut [PageRegion], limit: usize) {
        self.buffer = buffer;
        self.walk_end = self.noted_end;
        self.restart(limit);
    }

    /// Whether anything is reported at all.
    #[inline]
    pub fn is_report(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Whether as many pages as allowed have been reported.
    #[inline]
    pub fn is_complete(&self) -> bool {
        self.found_pages == self.max_pages
    }

    /// Where the walk stopped last, for want of room or by [`Regions::stop_at`]; 0 if it has not.
    #[inline]
    pub fn walk_end(&self) -> u64 {
        self.walk_end
    }

    /// Notes where the walk stopped for another reason.
    #[inline]
    pub fn stop_at(&mut self, addr: u64) {
        self.walk_end = addr;
        self.noted_end = addr;
    }

    /// Adds a range to the region before it if they agree, or as a new one; whether there was room.
    ///
    /// As `pagemap_scan_push_range`.
    #[inline]
    fn push(&mut self, categories: Categories, start: u64, end: u64) -> bool {
        let Some(region) = self.buffer.get_mut(self.current) else {
            return false;
        };
        if start == region.end && categories == region.categories {
            region.end = end;
            return true;
        }
        if region.end != 0 {
            if self.current >= self.limit.saturating_sub(1) {
                return false;
            }
            self.current = self.current.wrapping_add(1);
        }
        if let Some(region) = self.buffer.get_mut(self.current) {
            *region = PageRegion {
                start,
                end,
                categories,
            };
        }
        true
    }

    /// Empties the region that is written now.
    #[inline]
    fn clear(&mut self) {
        if let Some(region) = self.buffer.get_mut(self.current) {
            region.start = 0;
            region.end = 0;
        }
    }
}

/// How many pages lie between two addresses.
#[inline]
const fn pages(start: u64, end: u64) -> u64 {
    end.wrapping_sub(start) >> PAGE_SHIFT
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_page_scan)
)]
mod tests {
    use super::*;
    use crate::testing::{
        collected,
        same,
        List, //
    };
    use core::mem::offset_of;

    const PAGE: u64 = 1 << PAGE_SHIFT;
    // Not `FILE`, which is what KUnit's assertions call something of their own.
    const IN_FILE: Categories = Categories::FILE;
    const PRESENT: Categories = Categories::PRESENT;
    const WRITTEN: Categories = Categories::WRITTEN;
    const WPALLOWED: Categories = Categories::WPALLOWED;
    const ALL: Categories = Categories::KNOWN;
    const NO_LIMIT: u64 = 0;

    /// A region from page to page.
    fn region(start: u64, end: u64, categories: Categories) -> PageRegion {
        PageRegion {
            start: start * PAGE,
            end: end * PAGE,
            categories,
        }
    }

    /// A buffer for `room` regions, with something in it.
    fn buffer(room: usize) -> List<PageRegion> {
        collected(core::iter::repeat_n(region(0, 9, IN_FILE), room))
    }

    /// Reports the pages from `start` to `end`, by number.
    fn output(regions: &mut Regions<'_>, categories: Categories, start: u64, end: u64) -> Outcome {
        regions.output(categories, start * PAGE, end * PAGE)
    }

    /// The outcome of a range cut at this page.
    fn full(end: u64) -> Outcome {
        Outcome::Full { end: end * PAGE }
    }

    #[test]
    fn categories_are_those_of_the_header() {
        let all = [
            Categories::WPALLOWED,
            Categories::WRITTEN,
            Categories::FILE,
            Categories::PRESENT,
            Categories::SWAPPED,
            Categories::PFNZERO,
            Categories::HUGE,
            Categories::SOFT_DIRTY,
            Categories::GUARD,
            Categories::ACCESSED,
        ];
        for (bit, category) in all.into_iter().enumerate() {
            assert_eq!(category, Categories(1 << bit));
        }
        assert_eq!(all.into_iter().fold(Categories::NONE, BitOr::bitor), ALL);
        assert!(ALL.contains(IN_FILE | WRITTEN) && !IN_FILE.contains(IN_FILE | WRITTEN));
        assert!(IN_FILE.intersects(IN_FILE | WRITTEN) && !IN_FILE.intersects(WRITTEN));
        assert!(IN_FILE.contains(Categories::NONE) && !IN_FILE.intersects(Categories::NONE));
    }

    #[test]
    fn layouts_are_those_of_the_header() {
        assert_eq!(size_of::<ScanArguments>(), 96);
        assert_eq!(offset_of!(ScanArguments, start), 16);
        assert_eq!(offset_of!(ScanArguments, walk_end), 32);
        assert_eq!(offset_of!(ScanArguments, vec), 40);
        assert_eq!(offset_of!(ScanArguments, max_pages), 56);
        assert_eq!(offset_of!(ScanArguments, category_inverted), 64);
        assert_eq!(offset_of!(ScanArguments, category_mask), 72);
        assert_eq!(offset_of!(ScanArguments, category_anyof_mask), 80);
        assert_eq!(offset_of!(ScanArguments, return_mask), 88);
        assert_eq!(size_of::<PageRegion>(), 24);
        assert_eq!(offset_of!(PageRegion, categories), 16);
    }

    #[test]
    fn queries_name_known_categories_only() {
        let known = IN_FILE | PRESENT;
        assert!(Query::default().is_within(known));
        for place in 0..4 {
            let query = |categories: Categories| {
                let at = |index| if index == place { categories } else { IN_FILE };
                Query {
                    inverted: at(0),
                    mask: at(1),
                    anyof: at(2),
                    returned: at(3),
                }
            };
            assert!(query(PRESENT).is_within(known));
            assert!(!query(PRESENT | WRITTEN).is_within(known));
            assert!(!query(Categories(1 << 63)).is_within(known));
            let interest = if place == 0 {
                IN_FILE
            } else {
                IN_FILE | WRITTEN
            };
            assert_eq!(query(WRITTEN).interest(), interest);
        }
    }

    /// Arguments that are in order.
    fn arguments() -> ScanArguments {
        ScanArguments {
            size: 96,
            start: 0x1000,
            end: 0x3000,
            vec: 0x8000,
            vec_len: 3,
            max_pages: 7,
            category_mask: IN_FILE.0,
            return_mask: PRESENT.0,
            ..ScanArguments::default()
        }
    }

    /// What a kernel before 7.3 makes of them.
    fn request(arguments: ScanArguments) -> Result<Request, Refusal> {
        request_of(arguments, Categories::KNOWN_BEFORE_7_3)
    }

    /// What is made of them where tags are above bit 57 and user space ends at bit 47.
    fn request_of(arguments: ScanArguments, known: Categories) -> Result<Request, Refusal> {
        Request::new(
            &arguments,
            known,
            |address| address & !(0x3f << 57),
            |address, size| address.checked_add(size).is_some_and(|end| end <= 1 << 47),
        )
    }

    #[test]
    fn arguments_make_a_request() {
        let plain = Request {
            addresses: 0x1000..0x3000,
            vec: 0x8000,
            vec_len: 3,
            max_pages: 7,
            query: Query {
                mask: IN_FILE,
                returned: PRESENT,
                ..Query::default()
            },
            protects: false,
            checks_async: false,
        };
        assert_eq!(request(arguments()), Ok(plain.clone()));
        let arguments = ScanArguments {
            flags: 3,
            start: 0x1000 | (5 << 57),
            end: 0x2001 | (9 << 57),
            vec: 0x8000 | (1 << 57),
            ..arguments()
        };
        let tagged = Request {
            protects: true,
            checks_async: true,
            ..plain
        };
        assert_eq!(request(arguments), Ok(tagged));
    }

    #[test]
    fn each_flag_asks_for_one_thing() {
        for (flags, protects, checks_async) in [
            (0, false, false),
            (1, true, false),
            (2, false, true),
            (3, true, true),
        ] {
            let arguments = ScanArguments {
                flags,
                ..arguments()
            };
            let asked = request(arguments).map(|request| (request.protects, request.checks_async));
            same(asked, Ok((protects, checks_async)), flags);
        }
        for bit in 2..64 {
            let arguments = ScanArguments {
                flags: 1 << bit,
                ..arguments()
            };
            same(request(arguments), Err(Refusal::Invalid), bit);
        }
    }

    #[test]
    fn categories_must_be_known_wherever_they_are_named() {
        let fields: [fn(&mut ScanArguments) -> &mut u64; 4] = [
            |arguments| &mut arguments.category_inverted,
            |arguments| &mut arguments.category_mask,
            |arguments| &mut arguments.category_anyof_mask,
            |arguments| &mut arguments.return_mask,
        ];
        for (index, field) in fields.into_iter().enumerate() {
            for bit in 0..64 {
                let mut arguments = arguments();
                *field(&mut arguments) = 1 << bit;
                let accepted = request(arguments).is_ok();
                same(accepted, bit < 9, ("before 7.3", index, bit));
                let request = request_of(arguments, Categories::KNOWN);
                same(request.is_ok(), bit < 10, ("since 7.3", index, bit));
            }
        }
    }

    #[test]
    fn bad_arguments_are_refused_in_order() {
        let refuse = |refusal, change: fn(&mut ScanArguments)| {
            let mut arguments = arguments();
            change(&mut arguments);
            same(request(arguments), Err(refusal), arguments);
        };
        refuse(Refusal::Invalid, |arguments| arguments.size = 88);
        refuse(Refusal::Invalid, |arguments| arguments.flags = 4);
        refuse(Refusal::Invalid, |arguments| {
            arguments.category_mask = 1 << 9
        });
        refuse(Refusal::Invalid, |arguments| arguments.start = 1);
        // What comes later is not looked at.
        refuse(Refusal::Invalid, |arguments| {
            arguments.start = 1;
            arguments.vec = u64::MAX;
        });
        refuse(Refusal::Fault, |arguments| arguments.end = 0);
        refuse(Refusal::Fault, |arguments| arguments.end = (1 << 47) + 1);
        refuse(Refusal::Fault, |arguments| {
            arguments.end = u64::MAX;
            arguments.vec = 0;
        });
        refuse(Refusal::Invalid, |arguments| arguments.vec = 0);
        refuse(Refusal::Fault, |arguments| arguments.vec_len = u64::MAX / 2);
        refuse(Refusal::Fault, |arguments| arguments.vec = 1 << 47);
        // No regions are wanted.
        for vec in [0, 0x8000] {
            let arguments = ScanArguments {
                vec,
                vec_len: 0,
                end: 0x1000,
                ..arguments()
            };
            assert!(request(arguments).is_ok_and(|request| request.addresses.is_empty()));
        }
    }

    #[test]
    fn pages_match_all_of_the_mask_and_one_of_the_others() {
        // Three categories suffice, for all are treated alike.
        let sets = || (0..8).map(Categories);
        for inverted in sets() {
            for mask in sets() {
                for anyof in sets() {
                    let query = Query {
                        inverted,
                        mask,
                        anyof,
                        returned: ALL,
                    };
                    for categories in sets() {
                        let has = |bit: u32| {
                            let set = |set: Categories| (set.0 >> bit) & 1 != 0;
                            set(categories) != set(inverted)
                        };
                        let wanted =
                            |set: Categories| (0..3).filter(move |bit| (set.0 >> bit) & 1 != 0);
                        let expected = wanted(mask).all(has)
                            && (wanted(anyof).next().is_none() || wanted(anyof).any(has));
                        assert_eq!(query.matches(categories), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn areas_are_refused_for_lack_of_protection_only() {
        for (mask, inverted, categories, wanted) in [
            (Categories::NONE, Categories::NONE, Categories::NONE, true),
            (IN_FILE | WRITTEN, Categories::NONE, Categories::NONE, true),
            (WPALLOWED, Categories::NONE, Categories::NONE, false),
            (WPALLOWED | IN_FILE, Categories::NONE, WPALLOWED, true),
            (WPALLOWED, WPALLOWED, Categories::NONE, true),
            (WPALLOWED, WPALLOWED, WPALLOWED, false),
            (IN_FILE, WPALLOWED, WPALLOWED, true),
        ] {
            let query = Query {
                mask,
                inverted,
                ..Query::default()
            };
            assert_eq!(query.wants_vma(categories), wanted);
        }
    }

    #[test]
    fn written_only_is_written_and_nothing_else() {
        let query = Query {
            mask: WRITTEN,
            returned: WRITTEN,
            ..Query::default()
        };
        assert!(query.is_written_only());
        for other in [
            Query {
                inverted: IN_FILE,
                ..query
            },
            Query {
                mask: WRITTEN | IN_FILE,
                ..query
            },
            Query {
                anyof: WRITTEN,
                ..query
            },
            Query {
                returned: WRITTEN | IN_FILE,
                ..query
            },
            Query::default(),
        ] {
            assert!(!other.is_written_only());
        }
    }

    #[test]
    fn adjacent_regions_of_equal_categories_merge() {
        let mut buffer = buffer(4);
        let mut regions = Regions::new(&mut buffer, ALL, NO_LIMIT);
        assert_eq!(regions.filled(), []);
        for (start, end, categories) in [
            (1, 2, IN_FILE),
            (2, 5, IN_FILE),
            (5, 6, IN_FILE | PRESENT),
            (7, 8, IN_FILE | PRESENT),
            (8, 9, IN_FILE),
        ] {
            let outcome = output(&mut regions, categories, start, end);
            assert_eq!(outcome, Outcome::Taken);
        }
        let expected = [
            region(1, 5, IN_FILE),
            region(5, 6, IN_FILE | PRESENT),
            region(7, 8, IN_FILE | PRESENT),
            region(8, 9, IN_FILE),
        ];
        assert_eq!(regions.filled(), expected);
        assert_eq!(regions.found_pages, 7);
        assert_eq!(regions.walk_end(), 0);
    }

    #[test]
    fn only_returned_categories_tell_regions_apart() {
        let mut buffer = buffer(4);
        let mut regions = Regions::new(&mut buffer, IN_FILE, NO_LIMIT);
        assert_eq!(
            output(&mut regions, IN_FILE | PRESENT, 0, 1),
            Outcome::Taken
        );
        assert_eq!(
            output(&mut regions, IN_FILE | WRITTEN, 1, 2),
            Outcome::Taken
        );
        assert_eq!(output(&mut regions, PRESENT, 2, 3), Outcome::Taken);
        let expected = [region(0, 2, IN_FILE), region(2, 3, Categories::NONE)];
        assert_eq!(regions.filled(), expected);
    }

    #[test]
    fn full_buffer_takes_nothing_but_what_merges() {
        let mut buffer = buffer(2);
        let mut regions = Regions::new(&mut buffer, ALL, NO_LIMIT);
        assert_eq!(output(&mut regions, IN_FILE, 1, 2), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 2, 3), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 3, 4), Outcome::Taken);
        assert_eq!(output(&mut regions, IN_FILE, 4, 8), full(4));
        assert_eq!(regions.walk_end(), 4 * PAGE);
        assert!(!regions.is_complete());
        assert_eq!(regions.found_pages, 3);
        let expected = [region(1, 2, IN_FILE), region(2, 4, PRESENT)];
        assert_eq!(regions.filled(), expected);
    }

    #[test]
    fn buffer_is_used_again_after_a_restart() {
        let mut buffer = buffer(3);
        let mut regions = Regions::new(&mut buffer, ALL, 6);
        assert_eq!(output(&mut regions, IN_FILE, 1, 2), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 2, 3), Outcome::Taken);
        assert_eq!(regions.filled().len(), 2);

        // User space has room for two more.
        regions.restart(2);
        assert_eq!(regions.filled(), []);
        // The neighbour has gone, so nothing merges.
        assert_eq!(output(&mut regions, PRESENT, 3, 4), Outcome::Taken);
        assert_eq!(output(&mut regions, IN_FILE, 4, 5), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 5, 6), full(5));
        let expected = [region(3, 4, PRESENT), region(4, 5, IN_FILE)];
        assert_eq!(regions.filled(), expected);

        // A larger limit doesn't make the buffer larger.
        regions.restart(100);
        assert_eq!(output(&mut regions, IN_FILE, 5, 6), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 6, 9), full(7));
        assert!(regions.is_complete());
        assert_eq!(regions.walk_end(), 7 * PAGE);
    }

    #[test]
    fn a_larger_buffer_goes_on_where_a_small_one_was_full() {
        let (mut few, mut many) = (buffer(1), buffer(3));
        let mut regions = Regions::new(&mut few, ALL, NO_LIMIT);
        assert_eq!(output(&mut regions, IN_FILE, 1, 2), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 2, 3), full(2));
        assert_eq!(regions.walk_end(), 2 * PAGE);

        // As if there had been the larger one from the beginning.
        regions.go_on_in(&mut many, 2);
        assert_eq!(regions.walk_end(), 0);
        assert_eq!(output(&mut regions, PRESENT, 2, 3), Outcome::Taken);
        assert_eq!(output(&mut regions, IN_FILE, 3, 4), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 4, 5), full(4));
        regions.restart(100);
        for page in [4, 6, 8] {
            assert_eq!(
                output(&mut regions, PRESENT, page, page + 1),
                Outcome::Taken
            );
        }
        assert_eq!(output(&mut regions, PRESENT, 10, 11), full(10));
        assert_eq!(regions.filled().len(), 3);
    }

    #[test]
    fn a_larger_buffer_keeps_where_the_walk_stopped_for_another_reason() {
        let (mut few, mut many) = (buffer(1), buffer(3));
        let mut regions = Regions::new(&mut few, ALL, NO_LIMIT);
        regions.stop_at(7 * PAGE);
        assert_eq!(output(&mut regions, IN_FILE, 8, 9), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 9, 10), full(9));

        regions.go_on_in(&mut many, 2);
        assert_eq!(regions.walk_end(), 7 * PAGE);
    }

    #[test]
    fn limit_cuts_a_region_in_the_middle() {
        let mut buffer = buffer(4);
        let mut regions = Regions::new(&mut buffer, ALL, 10);
        assert_eq!(output(&mut regions, IN_FILE, 1, 8), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 100, 612), full(103));
        assert!(regions.is_complete());
        assert_eq!(regions.walk_end(), 103 * PAGE);
        let expected = [region(1, 8, IN_FILE), region(100, 103, PRESENT)];
        assert_eq!(regions.filled(), expected);
        // An empty region isn't shown.
        assert_eq!(output(&mut regions, IN_FILE, 200, 201), full(200));
        assert_eq!(regions.filled(), expected);
        assert_eq!(regions.walk_end(), 200 * PAGE);
    }

    #[test]
    fn limit_that_is_just_reached_cuts_nothing() {
        let mut buffer = buffer(1);
        let mut regions = Regions::new(&mut buffer, ALL, 2);
        assert_eq!(output(&mut regions, IN_FILE, 0, 2), Outcome::Taken);
        assert!(regions.is_complete());
        assert_eq!(output(&mut regions, IN_FILE, 2, 3), full(2));
        assert_eq!(regions.filled(), [region(0, 2, IN_FILE)]);
    }

    #[test]
    fn the_largest_range_counts() {
        let end = (1 << 52) - 1;
        let mut buffer = buffer(1);
        let mut regions = Regions::new(&mut buffer, ALL, u64::MAX);
        assert_eq!(output(&mut regions, IN_FILE, 0, end), Outcome::Taken);
        assert_eq!(regions.found_pages, end);
    }

    #[test]
    fn backing_out_undoes_a_new_region() {
        let mut buffer = buffer(2);
        let mut regions = Regions::new(&mut buffer, ALL, 600);
        assert_eq!(output(&mut regions, IN_FILE, 511, 512), Outcome::Taken);
        assert_eq!(output(&mut regions, PRESENT, 512, 1024), Outcome::Taken);
        regions.back_out(512 * PAGE, 1024 * PAGE);
        assert_eq!(regions.filled(), [region(511, 512, IN_FILE)]);
        assert_eq!(regions.found_pages, 1);
        // The place is used again; its neighbour is no longer looked at.
        assert_eq!(output(&mut regions, IN_FILE, 512, 513), Outcome::Taken);
        let expected = [region(511, 512, IN_FILE), region(512, 513, IN_FILE)];
        assert_eq!(regions.filled(), expected);
    }

    #[test]
    fn backing_out_shortens_a_merged_region() {
        let mut buffer = buffer(2);
        let mut regions = Regions::new(&mut buffer, ALL, 100);
        assert_eq!(output(&mut regions, IN_FILE, 511, 512), Outcome::Taken);
        assert_eq!(output(&mut regions, IN_FILE, 512, 1024), full(611));
        assert_eq!(regions.filled(), [region(511, 611, IN_FILE)]);
        regions.back_out(512 * PAGE, 611 * PAGE);
        assert_eq!(regions.filled(), [region(511, 512, IN_FILE)]);
        assert!(!regions.is_complete());
        assert_eq!(output(&mut regions, IN_FILE, 512, 513), Outcome::Taken);
        assert_eq!(regions.filled(), [region(511, 513, IN_FILE)]);
        assert_eq!(regions.found_pages, 2);
        regions.stop_at(513 * PAGE);
        assert_eq!(regions.walk_end(), 513 * PAGE);
    }

    #[test]
    fn backing_out_the_first_region_leaves_none() {
        let mut buffer = buffer(1);
        let mut regions = Regions::new(&mut buffer, ALL, NO_LIMIT);
        assert_eq!(output(&mut regions, IN_FILE, 0, 512), Outcome::Taken);
        regions.back_out(0, 512 * PAGE);
        assert_eq!(regions.filled(), []);
        assert_eq!(regions.found_pages, 0);
    }

    #[test]
    fn scan_without_a_buffer_counts_nothing() {
        let mut regions = Regions::new(&mut [], ALL, 1);
        assert_eq!(output(&mut regions, IN_FILE, 0, 512), Outcome::Taken);
        assert_eq!(output(&mut regions, IN_FILE, 512, 513), Outcome::Taken);
        regions.back_out(0, 512 * PAGE);
        regions.restart(0);
        assert_eq!(regions.filled(), []);
        assert!(!regions.is_complete());
        assert_eq!(regions.walk_end(), 0);
    }

    /// Compares scans in pieces, by buffer size and limit, with what the pages say one by one.
    #[test]
    fn pieces_make_the_whole() {
        let category = |page: u64| match page * page % 11 {
            0 | 3 => None,
            1 | 4 | 9 => Some(IN_FILE),
            _ => Some(PRESENT),
        };
        for room in 1..6 {
            for max_pages in 1..60 {
                // The pages that have been found, in order.
                let mut rest = (1..50)
                    .filter_map(|page| Some((page, category(page)?)))
                    .take(max_pages as usize);
                let mut buffer = buffer(room);
                let mut regions = Regions::new(&mut buffer, ALL, max_pages);
                let mut page = 1;
                while page < 50 && !regions.is_complete() {
                    let stop = (page..50).find_map(|page| {
                        match output(&mut regions, category(page)?, page, page + 1) {
                            Outcome::Taken => None,
                            Outcome::Full { end } => Some(end / PAGE),
                        }
                    });
                    page = stop.unwrap_or(50);
                    assert!(regions.filled().len() <= room);
                    for region in regions.filled() {
                        for page in region.start / PAGE..region.end / PAGE {
                            assert_eq!(rest.next(), Some((page, region.categories)));
                        }
                    }
                    regions.restart(room);
                }
                assert_eq!(rest.next(), None);
            }
        }
    }
}
