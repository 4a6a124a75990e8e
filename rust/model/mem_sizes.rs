// SPDX-License-Identifier: GPL-2.0

//! How much of an area or an address space is where, as `smaps` and `smaps_rollup` say it.
//!
//! The sums of `struct mem_size_stats` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c) with
//! the arithmetic of its `smaps_account`, in steps that take many pages at once: entries of one
//! folio that agree in their facts add up to the same sums together as one by one. Finding those
//! entries is the business of whoever walks the page table.
//!
//! THP stands for transparent huge page, KSM for kernel same-page merging.

use super::units::{
    Bytes,
    Pages,
    PAGE_SIZE, //
};

/// Fraction bits of a [`Pss`].
const PSS_SHIFT: u32 = 12;

/// A proportional set size (PSS): a sum of bytes, each page divided by the number of times that it
/// is mapped. In units of 2^-12 bytes, rounded down page by page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pss(pub u64);

impl Pss {
    /// The size of memory that nobody else maps, modulo 2^64.
    #[inline]
    pub const fn whole(size: Bytes) -> Self {
        Self(size.0 << PSS_SHIFT)
    }

    /// The share in pages that are mapped `mapcount` times each, modulo 2^64. A count of 0 is a
    /// torn snapshot and means the same as 1.
    #[inline]
    pub const fn share(pages: Pages, mapcount: u64) -> Self {
        let page = PAGE_SIZE << PSS_SHIFT;
        let share = if mapcount >= 2 { page / mapcount } else { page };
        Self(share.wrapping_mul(pages.0))
    }

    /// Whole bytes, rounded down.
    #[inline]
    pub const fn to_bytes(self) -> Bytes {
        Bytes(self.0 >> PSS_SHIFT)
    }

    /// Adds modulo 2^64, as C adds `u64`.
    #[inline]
    fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

/// Whether memory belongs to one address space alone, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Mapped once.
    Private,
    /// Mapped more than once, or perhaps so.
    Shared,
}

impl Sharing {
    /// [`Sharing::Private`] if `exclusive`.
    #[inline]
    pub const fn from_exclusive(exclusive: bool) -> Self {
        if exclusive {
            Self::Private
        } else {
            Self::Shared
        }
    }
}

/// What counts about a folio; a snapshot, for none of it is protected by the page table's lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolioFacts {
    /// Anonymous memory.
    pub anon: bool,
    /// Goes to swap when reclaimed: anonymous memory in use, or shared memory.
    pub swapbacked: bool,
    /// Marked dirty itself, whatever the entries say.
    pub dirty: bool,
    /// Marked young (idle page tracking) or referenced itself, whatever the entries say.
    pub accessed: bool,
    /// Merged by KSM.
    pub ksm: bool,
    /// Memory of a device.
    pub zone_device: bool,
}

/// What counts about a page table entry and the area that it is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryFacts {
    /// Accessed through this entry.
    pub young: bool,
    /// Written through this entry.
    pub dirty: bool,
    /// The area is locked into memory (`VM_LOCKED`).
    pub locked: bool,
    /// Maps its page. A device's private memory counts as mapped; what is migrating doesn't.
    pub present: bool,
}

/// Sizes of an area, in the order in which `smaps` prints them. They don't change while the area is
/// locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreaSizes {
    /// From the first to the last address.
    pub size: Bytes,
    /// The page size that the kernel manages the area in.
    pub kernel_page_size: Bytes,
    /// The page size that the processor maps the area in, if no larger one is possible.
    pub mmu_page_size: Bytes,
}

/// The sums, in the order in which `smaps_rollup` prints them.
///
/// They move while they are collected: no two need to agree. All of them add up modulo 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemSizes {
    /// Memory that is mapped or about to be mapped again, apart from huge pages of hugetlb.
    pub rss: Bytes,
    /// The proportional share in [`MemSizes::rss`].
    pub pss: Pss,
    /// The part of [`MemSizes::pss`] that is dirty.
    pub pss_dirty: Pss,
    /// The part of [`MemSizes::pss`] that is anonymous.
    pub pss_anon: Pss,
    /// The part of [`MemSizes::pss`] that is of files.
    pub pss_file: Pss,
    /// The part of [`MemSizes::pss`] that is shared memory.
    pub pss_shmem: Pss,
    /// Shared and unmodified.
    pub shared_clean: Bytes,
    /// Shared and modified.
    pub shared_dirty: Bytes,
    /// Private and unmodified.
    pub private_clean: Bytes,
    /// Private and modified.
    pub private_dirty: Bytes,
    /// Accessed of late.
    pub referenced: Bytes,
    /// Belonging to no file.
    pub anonymous: Bytes,
    /// Merged by KSM.
    pub ksm: Bytes,
    /// Anonymous and given up by the process (`MADV_FREE`).
    pub lazy_free: Bytes,
    /// Anonymous THP mapped as a whole.
    pub anon_huge_pages: Bytes,
    /// Shared memory in THP mapped as a whole.
    pub shmem_pmd_mapped: Bytes,
    /// Files in THP mapped as a whole.
    pub file_pmd_mapped: Bytes,
    /// Huge pages of hugetlb that are shared, or perhaps so.
    pub shared_hugetlb: Bytes,
    /// Huge pages of hugetlb that are private.
    pub private_hugetlb: Bytes,
    /// Memory in swap.
    pub swap: Bytes,
    /// The proportional share in [`MemSizes::swap`], shared memory left out.
    pub swap_pss: Pss,
    /// The part of [`MemSizes::pss`] in areas locked into memory.
    pub locked: Pss,
}

impl MemSizes {
    /// Counts `size` bytes of a folio where sharing doesn't matter.
    ///
    /// For each resident byte there is one call of this, and one of [`MemSizes::add_undivided`] or
    /// [`MemSizes::add_divided`].
    #[inline]
    pub fn add_resident(&mut self, folio: FolioFacts, entry: EntryFacts, size: Bytes) {
        if folio.anon {
            grow(&mut self.anonymous, size);
            if !folio.swapbacked && !entry.dirty && !folio.dirty {
                grow(&mut self.lazy_free, size);
            }
        }
        if folio.ksm {
            grow(&mut self.ksm, size);
        }
        grow(&mut self.rss, size);
        if entry.young || folio.accessed {
            grow(&mut self.referenced, size);
        }
    }

    /// Counts the sharing of `size` bytes of a folio that has a single reference, or whose entry is
    /// not present, so that its map count says nothing.
    #[inline]
    pub fn add_undivided(&mut self, folio: FolioFacts, entry: EntryFacts, size: Bytes) {
        let sharing = Sharing::from_exclusive(entry.present);
        self.accumulate(folio, entry, size, Pss::whole(size), sharing);
    }

    /// Counts the sharing of pages of a folio that are mapped `mapcount` times each.
    ///
    /// With a map count per page, pages that are mapped once are the private ones. Without, both
    /// values come from the folio and need not agree.
    #[inline]
    pub fn add_divided(
        &mut self,
        folio: FolioFacts,
        entry: EntryFacts,
        pages: Pages,
        mapcount: u64,
        sharing: Sharing,
    ) {
        let pss = Pss::share(pages, mapcount);
        self.accumulate(folio, entry, pages.to_bytes(), pss, sharing);
    }

    /// Counts a THP of `size` bytes that is mapped as a whole, by its kind only: the methods above
    /// count it too.
    #[inline]
    pub fn add_huge(&mut self, folio: FolioFacts, size: Bytes) {
        if folio.anon {
            grow(&mut self.anon_huge_pages, size);
        } else if folio.swapbacked {
            grow(&mut self.shmem_pmd_mapped, size);
        } else if !folio.zone_device {
            grow(&mut self.file_pmd_mapped, size);
        }
    }

    /// Counts a page in swap whose slot is referred to `mapcount` times.
    #[inline]
    pub fn add_swap(&mut self, mapcount: u64) {
        grow(&mut self.swap, Bytes(PAGE_SIZE));
        self.swap_pss.add(Pss::share(Pages(1), mapcount));
    }

    /// Counts shared memory in swap, which is known per object and shared in unknown ways.
    #[inline]
    pub fn add_shmem_swap(&mut self, size: Bytes) {
        grow(&mut self.swap, size);
    }

    /// Counts a huge page of hugetlb.
    #[inline]
    pub fn add_hugetlb(&mut self, size: Bytes, sharing: Sharing) {
        match sharing {
            Sharing::Private => grow(&mut self.private_hugetlb, size),
            Sharing::Shared => grow(&mut self.shared_hugetlb, size),
        }
    }

    /// Counts a share by the kind, the cleanness and the sharing of its memory.
    #[inline]
    fn accumulate(
        &mut self,
        folio: FolioFacts,
        entry: EntryFacts,
        size: Bytes,
        pss: Pss,
        sharing: Sharing,
    ) {
        self.pss.add(pss);
        if folio.anon {
            self.pss_anon.add(pss);
        } else if folio.swapbacked {
            self.pss_shmem.add(pss);
        } else {
            self.pss_file.add(pss);
        }
        if entry.locked {
            self.locked.add(pss);
        }
        let dirty = entry.dirty || folio.dirty;
        if dirty {
            self.pss_dirty.add(pss);
        }
        let sum = match (sharing, dirty) {
            (Sharing::Private, true) => &mut self.private_dirty,
            (Sharing::Private, false) => &mut self.private_clean,
            (Sharing::Shared, true) => &mut self.shared_dirty,
            (Sharing::Shared, false) => &mut self.shared_clean,
        };
        grow(sum, size);
    }
}

/// Adds modulo 2^64, as C adds `unsigned long`.
#[inline]
fn grow(sum: &mut Bytes, size: Bytes) {
    sum.0 = sum.0.wrapping_add(size.0);
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_mem_sizes)
)]
mod tests {
    use super::*;
    use crate::testing::same;

    const PAGE: Bytes = Bytes(PAGE_SIZE);
    const HUGE: Bytes = Bytes(512 * PAGE_SIZE);
    const PRESENT: EntryFacts = EntryFacts {
        young: false,
        dirty: false,
        locked: false,
        present: true,
    };
    // Not `FILE`, which is what KUnit's assertions call something of their own.
    const OF_FILE: FolioFacts = FolioFacts {
        anon: false,
        swapbacked: false,
        dirty: false,
        accessed: false,
        ksm: false,
        zone_device: false,
    };
    const SHMEM: FolioFacts = FolioFacts {
        swapbacked: true,
        ..OF_FILE
    };
    const ANON: FolioFacts = FolioFacts {
        anon: true,
        ..SHMEM
    };

    /// The sums after `count` on empty ones.
    fn counted(count: impl FnOnce(&mut MemSizes)) -> MemSizes {
        let mut sizes = MemSizes::default();
        count(&mut sizes);
        sizes
    }

    /// A value with each of its `N` flags on or off.
    fn flags<const N: usize>(bits: usize) -> [bool; N] {
        core::array::from_fn(|index| (bits >> index) & 1 != 0)
    }

    /// Every folio.
    fn folios() -> impl Iterator<Item = FolioFacts> {
        (0..64).map(|bits| {
            let [anon, swapbacked, dirty, accessed, ksm, zone_device] = flags(bits);
            FolioFacts {
                anon,
                swapbacked,
                dirty,
                accessed,
                ksm,
                zone_device,
            }
        })
    }

    /// Every entry.
    fn entries() -> impl Iterator<Item = EntryFacts> + Clone {
        (0..16).map(|bits| {
            let [young, dirty, locked, present] = flags(bits);
            EntryFacts {
                young,
                dirty,
                locked,
                present,
            }
        })
    }

    #[test]
    fn shares_round_down_per_page() {
        for (pages, mapcount, share) in [
            (1, 0, 16_777_216),
            (1, 1, 16_777_216),
            (1, 2, 8_388_608),
            (1, 3, 5_592_405),
            (3, 3, 16_777_215),
            (512, 7, 512 * 2_396_745),
            (1, 16_777_216, 1),
            (9, 16_777_217, 0),
            (0, 1, 0),
        ] {
            assert_eq!(Pss::share(Pages(pages), mapcount), Pss(share));
        }
        assert_eq!(Pss(16_777_215).to_bytes(), Bytes(4095));
        assert_eq!(Pss::whole(Bytes(3)), Pss(12_288));
        assert_eq!(Pss::whole(Bytes(1 << 52)), Pss(0));
    }

    #[test]
    fn shares_of_all_who_map_a_page_make_it_up() {
        for mapcount in (1..=4096).chain([65_535, 65_536, 16_777_216]) {
            let all = Pss::share(Pages(1), mapcount).0.wrapping_mul(mapcount);
            let lost = Pss::whole(PAGE).0.wrapping_sub(all);
            same(lost < mapcount, true, mapcount);
        }
    }

    #[test]
    fn shares_wrap() {
        assert_eq!(Pss::share(Pages(1 << 40), 1), Pss(0));
        assert_eq!(
            Pss::share(Pages(u64::MAX), 2),
            Pss(8_388_608u64.wrapping_neg())
        );
    }

    #[test]
    fn lazily_freed_is_anonymous_clean_and_not_swapbacked() {
        let mut free = 0;
        for folio in folios() {
            for entry in entries() {
                let sizes = counted(|sizes| sizes.add_resident(folio, entry, HUGE));
                let lazy = folio.anon && !(folio.swapbacked || folio.dirty || entry.dirty);
                let if_set = |set: bool| if set { HUGE } else { Bytes(0) };
                let expected = MemSizes {
                    rss: HUGE,
                    referenced: if_set(entry.young || folio.accessed),
                    anonymous: if_set(folio.anon),
                    ksm: if_set(folio.ksm),
                    lazy_free: if_set(lazy),
                    ..MemSizes::default()
                };
                assert_eq!(sizes, expected);
                free += u32::from(lazy);
            }
        }
        assert_eq!(free, 8 * 8);
    }

    #[test]
    fn one_reference_is_private_and_absence_is_shared() {
        let whole = Pss(16_777_216);
        assert_eq!(
            counted(|sizes| sizes.add_undivided(ANON, PRESENT, PAGE)),
            MemSizes {
                pss: whole,
                pss_anon: whole,
                private_clean: PAGE,
                ..MemSizes::default()
            }
        );
        let absent = EntryFacts {
            present: false,
            locked: true,
            ..PRESENT
        };
        let dirty = FolioFacts {
            dirty: true,
            ..SHMEM
        };
        assert_eq!(
            counted(|sizes| sizes.add_undivided(dirty, absent, PAGE)),
            MemSizes {
                pss: whole,
                pss_dirty: whole,
                pss_shmem: whole,
                shared_dirty: PAGE,
                locked: whole,
                ..MemSizes::default()
            }
        );
    }

    #[test]
    fn shared_pages_are_divided() {
        let third = Pss(2 * 5_592_405);
        let written = EntryFacts {
            dirty: true,
            ..PRESENT
        };
        assert_eq!(
            counted(|sizes| sizes.add_divided(OF_FILE, written, Pages(2), 3, Sharing::Shared)),
            MemSizes {
                pss: third,
                pss_dirty: third,
                pss_file: third,
                shared_dirty: Bytes(8192),
                ..MemSizes::default()
            }
        );
        // Without map counts per page, an average can be 1 where the folio is shared.
        assert_eq!(
            counted(|sizes| sizes.add_divided(OF_FILE, PRESENT, Pages(1), 1, Sharing::Shared)),
            MemSizes {
                pss: Pss(16_777_216),
                pss_file: Pss(16_777_216),
                shared_clean: PAGE,
                ..MemSizes::default()
            }
        );
    }

    #[test]
    fn batches_equal_single_pages() {
        for folio in folios() {
            for entry in entries() {
                for (mapcount, sharing) in [
                    (0, Sharing::Private),
                    (1, Sharing::Private),
                    (2, Sharing::Shared),
                    (3, Sharing::Private),
                    (1000, Sharing::Shared),
                ] {
                    let batch = counted(|sizes| {
                        sizes.add_resident(folio, entry, HUGE);
                        sizes.add_undivided(folio, entry, HUGE);
                        sizes.add_divided(folio, entry, Pages(512), mapcount, sharing);
                    });
                    let single = counted(|sizes| {
                        for _ in 0..512 {
                            sizes.add_resident(folio, entry, PAGE);
                            sizes.add_undivided(folio, entry, PAGE);
                            sizes.add_divided(folio, entry, Pages(1), mapcount, sharing);
                        }
                    });
                    assert_eq!(batch, single);
                }
            }
        }
    }

    #[test]
    fn parts_add_up_to_their_sum() {
        let sizes = counted(|sizes| {
            for folio in folios() {
                for entry in entries() {
                    sizes.add_resident(folio, entry, PAGE);
                    sizes.add_divided(folio, entry, Pages(1), 3, Sharing::Shared);
                    sizes.add_resident(folio, entry, PAGE);
                    sizes.add_undivided(folio, entry, PAGE);
                }
            }
        });
        assert_eq!(
            sizes.pss.0,
            sizes.pss_anon.0 + sizes.pss_file.0 + sizes.pss_shmem.0
        );
        let shared = sizes.shared_clean.0 + sizes.shared_dirty.0;
        let private = sizes.private_clean.0 + sizes.private_dirty.0;
        assert_eq!(sizes.rss.0, shared + private);
        assert_eq!(sizes.locked.0, sizes.pss.0 / 2);
        assert_eq!(sizes.pss_dirty.0, sizes.pss.0 / 4 * 3);
    }

    #[test]
    fn huge_pages_count_by_kind() {
        let device = FolioFacts {
            zone_device: true,
            ..OF_FILE
        };
        let sizes = counted(|sizes| {
            sizes.add_huge(ANON, Bytes(1));
            sizes.add_huge(SHMEM, Bytes(20));
            sizes.add_huge(OF_FILE, Bytes(300));
            sizes.add_huge(device, Bytes(4000));
        });
        assert_eq!(
            sizes,
            MemSizes {
                anon_huge_pages: Bytes(1),
                shmem_pmd_mapped: Bytes(20),
                file_pmd_mapped: Bytes(300),
                ..MemSizes::default()
            }
        );
        for folio in [ANON, SHMEM] {
            let device = FolioFacts {
                zone_device: true,
                ..folio
            };
            assert_eq!(
                counted(|sizes| sizes.add_huge(device, HUGE)),
                counted(|sizes| sizes.add_huge(folio, HUGE))
            );
        }
    }

    #[test]
    fn swap_is_shared_out_but_not_that_of_objects() {
        let sizes = counted(|sizes| {
            sizes.add_swap(0);
            sizes.add_swap(1);
            sizes.add_swap(3);
            sizes.add_shmem_swap(Bytes(1 << 20));
        });
        assert_eq!(
            sizes,
            MemSizes {
                swap: Bytes((1 << 20) + 3 * 4096),
                swap_pss: Pss(2 * 16_777_216 + 5_592_405),
                ..MemSizes::default()
            }
        );
    }

    #[test]
    fn hugetlb_counts_by_sharing_only() {
        let sizes = counted(|sizes| {
            sizes.add_hugetlb(HUGE, Sharing::Shared);
            sizes.add_hugetlb(Bytes(1 << 30), Sharing::Private);
        });
        assert_eq!(
            sizes,
            MemSizes {
                shared_hugetlb: HUGE,
                private_hugetlb: Bytes(1 << 30),
                ..MemSizes::default()
            }
        );
    }

    #[test]
    fn sums_wrap() {
        let mut sizes = MemSizes {
            rss: Bytes(u64::MAX),
            swap_pss: Pss(u64::MAX),
            ..MemSizes::default()
        };
        sizes.add_resident(OF_FILE, PRESENT, PAGE);
        sizes.add_swap(1);
        assert_eq!(sizes.rss, Bytes(4095));
        assert_eq!(sizes.swap_pss, Pss(16_777_215));
    }
}
