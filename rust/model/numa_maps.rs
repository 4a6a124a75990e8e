// SPDX-License-Identifier: GPL-2.0

//! What `numa_maps` says about the pages of an area.
//!
//! C counterparts: `struct numa_maps`, `gather_stats` and `show_numa_map` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::units::Bytes;

/// What counts about a mapped page; a snapshot, for only the mapping is protected by the page
/// table's lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumaPage {
    /// Anonymous memory.
    pub anon: bool,
    /// Written, through this entry or another.
    pub dirty: bool,
    /// In the swap cache.
    pub swapcache: bool,
    /// On an active list, or on none because it can't be reclaimed.
    pub active: bool,
    /// Being written to its storage.
    pub writeback: bool,
    /// How often it is mapped.
    pub mapcount: u64,
}

/// The pages of an area by what they are: base pages, or huge ones where all are of hugetlb.
///
/// They move while they are counted: no two need to agree. Counts are modulo 2^64. Those per node
/// are kept by whoever counts, as there can be a thousand nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumaCounts {
    /// All pages.
    pub pages: u64,
    /// Anonymous ones.
    pub anon: u64,
    /// Modified ones.
    pub dirty: u64,
    /// The largest number of mappings that any of them has.
    pub mapcount_max: u64,
    /// Those in the swap cache.
    pub swapcache: u64,
    /// Those in use of late.
    pub active: u64,
    /// Those being written to their storage.
    pub writeback: u64,
}

impl NumaCounts {
    /// Counts `pages` pages that agree in their facts, or a huge page that is mapped as a whole.
    #[inline]
    pub fn add(&mut self, page: NumaPage, pages: u64) {
        let grow = |count: &mut u64, counts: bool| {
            if counts {
                *count = count.wrapping_add(pages);
            }
        };
        grow(&mut self.pages, true);
        grow(&mut self.anon, page.anon);
        grow(&mut self.dirty, page.dirty);
        grow(&mut self.swapcache, page.swapcache);
        grow(&mut self.active, page.active);
        grow(&mut self.writeback, page.writeback);
        self.mapcount_max = self.mapcount_max.max(page.mapcount);
    }

    /// All pages, unless one of the counts before has said that.
    #[inline]
    pub const fn mapped(&self) -> Option<u64> {
        if self.pages != self.anon && self.pages != self.dirty {
            Some(self.pages)
        } else {
            None
        }
    }

    /// The largest number of mappings, if any page is mapped twice.
    #[inline]
    pub const fn mapmax(&self) -> Option<u64> {
        if self.mapcount_max > 1 {
            Some(self.mapcount_max)
        } else {
            None
        }
    }

    /// The active pages, unless all are, or are huge pages of hugetlb, which no list has.
    #[inline]
    pub const fn active(&self, kind: PageKind) -> Option<u64> {
        match kind {
            PageKind::Normal if self.active < self.pages => Some(self.active),
            _ => None,
        }
    }
}

/// Whether an area is of hugetlb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Base pages, and transparent huge pages counted in base pages.
    Normal,
    /// Huge pages of hugetlb.
    Hugetlb,
}

/// Pages of an area on one memory node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodePages {
    /// The node's number.
    pub node: u32,
    /// How many pages.
    pub pages: u64,
}

/// What the end of a line says.
///
/// `nodes` gives the nodes that have memory (`N_MEMORY`), the lowest number first. It may leave out
/// nodes without pages of the area.
#[derive(Clone, Copy, Debug)]
pub struct NumaStatistics<Nodes> {
    /// What kind of pages were counted.
    pub kind: PageKind,
    /// The counts of all nodes together.
    pub counts: NumaCounts,
    /// The counts per node.
    pub nodes: Nodes,
    /// The page size that the kernel manages the area in.
    pub kernel_page_size: Bytes,
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_numa_maps)
)]
mod tests {
    use super::*;

    const NONE: NumaPage = NumaPage {
        anon: false,
        dirty: false,
        swapcache: false,
        active: false,
        writeback: false,
        mapcount: 0,
    };

    #[test]
    fn each_fact_has_its_count() {
        let mut counts = NumaCounts::default();
        counts.add(NONE, 1);
        counts.add(NumaPage { anon: true, ..NONE }, 2);
        counts.add(
            NumaPage {
                dirty: true,
                mapcount: 7,
                ..NONE
            },
            4,
        );
        counts.add(
            NumaPage {
                swapcache: true,
                ..NONE
            },
            8,
        );
        counts.add(
            NumaPage {
                active: true,
                mapcount: 3,
                ..NONE
            },
            16,
        );
        counts.add(
            NumaPage {
                writeback: true,
                ..NONE
            },
            512,
        );
        assert_eq!(
            counts,
            NumaCounts {
                pages: 543,
                anon: 2,
                dirty: 4,
                mapcount_max: 7,
                swapcache: 8,
                active: 16,
                writeback: 512,
            }
        );
    }

    #[test]
    fn counts_wrap() {
        let mut counts = NumaCounts::default();
        counts.add(NONE, u64::MAX);
        counts.add(NONE, 2);
        assert_eq!(counts.pages, 1);
    }

    #[test]
    fn mapped_is_left_out_where_another_count_says_it() {
        for (anon, dirty, mapped) in [
            (0, 0, Some(5)),
            (4, 1, Some(5)),
            (5, 4, None),
            (1, 5, None),
            (5, 5, None),
        ] {
            let counts = NumaCounts {
                pages: 5,
                anon,
                dirty,
                ..NumaCounts::default()
            };
            assert_eq!(counts.mapped(), mapped);
        }
    }

    #[test]
    fn mapmax_starts_at_two() {
        for (mapcount_max, mapmax) in [(0, None), (1, None), (2, Some(2)), (900, Some(900))] {
            let counts = NumaCounts {
                mapcount_max,
                ..NumaCounts::default()
            };
            assert_eq!(counts.mapmax(), mapmax);
        }
    }

    #[test]
    fn active_is_left_out_where_all_are_or_none_can_be() {
        for (active, shown) in [(0, Some(0)), (4, Some(4)), (5, None)] {
            let counts = NumaCounts {
                pages: 5,
                active,
                ..NumaCounts::default()
            };
            assert_eq!(counts.active(PageKind::Normal), shown);
            assert_eq!(counts.active(PageKind::Hugetlb), None);
        }
    }
}
