// SPDX-License-Identifier: GPL-2.0

//! One line of `numa_maps`, in steps.
//!
//! The line is [`start`], then for a file's area [`file`] and the path, which the kernel prints,
//! for the heap [`heap`] or for the stack [`stack`], then [`huge`] for an area of hugetlb,
//! [`statistics`] and [`end`]. C counterpart: `show_numa_map` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    line::Line,
    text::Text, //
};
use crate::model::numa_maps::{
    NodePages,
    NumaStatistics, //
};

/// Prints the first address and the memory policy, the latter as `mpol_to_str` writes it.
#[inline]
pub fn start(address: u64, policy: &[u8], out: &mut Text<'_>) {
    out.line(|out| {
        out.address(address);
        out.byte(b' ');
    });
    out.bytes(policy);
}

/// Prints what stands before a file's path.
#[inline]
pub fn file(out: &mut Text<'_>) {
    out.str(" file=");
}

/// Prints that the area is of the heap.
#[inline]
pub fn heap(out: &mut Text<'_>) {
    out.str(" heap");
}

/// Prints that the area is the stack.
#[inline]
pub fn stack(out: &mut Text<'_>) {
    out.str(" stack");
}

/// Prints that the area is of hugetlb.
#[inline]
pub fn huge(out: &mut Text<'_>) {
    out.str(" huge");
}

/// Prints the pages by what and where they are; nothing if there are none.
pub fn statistics(statistics: NumaStatistics<impl Iterator<Item = NodePages>>, out: &mut Text<'_>) {
    let counts = &statistics.counts;
    if counts.pages == 0 {
        return;
    }
    out.line(|out| {
        unless_zero(b" anon=", counts.anon, out);
        unless_zero(b" dirty=", counts.dirty, out);
        if_shown(b" mapped=", counts.mapped(), out);
        if_shown(b" mapmax=", counts.mapmax(), out);
        unless_zero(b" swapcache=", counts.swapcache, out);
        if_shown(b" active=", counts.active(statistics.kind), out);
        unless_zero(b" writeback=", counts.writeback, out);
    });
    for NodePages { node, pages } in statistics.nodes {
        if pages != 0 {
            out.line(|out| {
                count(b" N", u64::from(node), out);
                count(b"=", pages, out);
            });
        }
    }
    let size = statistics.kernel_page_size.to_kib().0;
    out.line(|out| count(b" kernelpagesize_kB=", size, out));
}

/// Prints the end of the line.
#[inline]
pub fn end(out: &mut Text<'_>) {
    out.byte(b'\n');
}

/// Prints a number after its label.
#[inline(always)]
fn count<const N: usize>(label: &[u8; N], value: u64, out: &mut Line<'_>) {
    out.array(*label);
    out.dec_u64(value);
}

/// Prints a number that isn't shown if it is zero.
#[inline(always)]
fn unless_zero<const N: usize>(label: &[u8; N], value: u64, out: &mut Line<'_>) {
    if value != 0 {
        count(label, value, out);
    }
}

/// Prints a number that may not be shown.
#[inline(always)]
fn if_shown<const N: usize>(label: &[u8; N], value: Option<u64>, out: &mut Line<'_>) {
    if let Some(value) = value {
        count(label, value, out);
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_numa_maps)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::model::{
        numa_maps::{
            NumaCounts,
            PageKind, //
        },
        units::Bytes, //
    };

    const COUNTS: NumaCounts = NumaCounts {
        pages: 1_234,
        anon: 0,
        dirty: 0,
        mapcount_max: 1,
        swapcache: 0,
        active: 1_234,
        writeback: 0,
    };

    /// The statistics of an area whose pages are on these nodes.
    fn on_nodes(
        counts: NumaCounts,
        nodes: &[(u32, u64)],
    ) -> NumaStatistics<impl Iterator<Item = NodePages> + '_> {
        NumaStatistics {
            kind: PageKind::Normal,
            counts,
            nodes: nodes.iter().map(|&(node, pages)| NodePages { node, pages }),
            kernel_page_size: Bytes(4096),
        }
    }

    #[test]
    fn area_without_pages_has_no_statistics() {
        check(b"55812c3d1000 default heap\n", |out| {
            start(0x5581_2c3d_1000, b"default", out);
            heap(out);
            statistics(on_nodes(NumaCounts::default(), &[(0, 0)]), out);
            end(out);
        });
        check(b"00400000 bind:0-1 file=/bin/x huge\n", |out| {
            start(0x40_0000, b"bind:0-1", out);
            file(out);
            out.bytes(b"/bin/x");
            huge(out);
            end(out);
        });
    }

    #[test]
    fn all_statistics_stand_in_order() {
        let counts = NumaCounts {
            pages: 1_000,
            anon: 900,
            dirty: 80,
            mapcount_max: 7,
            swapcache: 6,
            active: 500,
            writeback: 4,
        };
        check(
            b"7ffd12345000 prefer=static:3 stack anon=900 dirty=80 mapped=1000 mapmax=7 \
              swapcache=6 active=500 writeback=4 N0=1 N2=990 N1023=9 kernelpagesize_kB=4\n",
            |out| {
                start(0x7ffd_1234_5000, b"prefer=static:3", out);
                stack(out);
                let nodes = [(0, 1), (1, 0), (2, 990), (1023, 9)];
                statistics(on_nodes(counts, &nodes), out);
                end(out);
            },
        );
    }

    #[test]
    fn what_says_nothing_new_is_left_out() {
        check(b" mapped=1234 N0=1234 kernelpagesize_kB=4", |out| {
            statistics(on_nodes(COUNTS, &[(0, 1_234)]), out);
        });
        let anon = NumaCounts {
            anon: 1_234,
            dirty: 1_234,
            active: 0,
            ..COUNTS
        };
        check(
            b" anon=1234 dirty=1234 active=0 N0=1234 kernelpagesize_kB=4",
            |out| statistics(on_nodes(anon, &[(0, 1_234)]), out),
        );
    }

    #[test]
    fn hugetlb_is_never_active() {
        let counts = NumaCounts {
            pages: 2,
            dirty: 2,
            active: 0,
            ..COUNTS
        };
        check(b" dirty=2 N1=2 kernelpagesize_kB=2048", |out| {
            let hugetlb = NumaStatistics {
                kind: PageKind::Hugetlb,
                kernel_page_size: Bytes(2 << 20),
                ..on_nodes(counts, &[(1, 2)])
            };
            statistics(hugetlb, out);
        });
    }

    #[test]
    fn pages_on_nodes_that_are_not_shown_count() {
        check(b" mapped=1234 kernelpagesize_kB=4", |out| {
            statistics(on_nodes(COUNTS, &[]), out);
        });
    }

    #[test]
    fn huge_numbers_fit() {
        let counts = NumaCounts {
            pages: u64::MAX,
            anon: u64::MAX - 2,
            dirty: u64::MAX - 1,
            mapcount_max: u64::MAX,
            swapcache: u64::MAX,
            active: u64::MAX - 1,
            writeback: u64::MAX,
        };
        check(
            b" anon=18446744073709551613 dirty=18446744073709551614 mapped=18446744073709551615 \
              mapmax=18446744073709551615 swapcache=18446744073709551615 \
              active=18446744073709551614 writeback=18446744073709551615 N4294967295=18446744073709551615 kernelpagesize_kB=4",
            |out| statistics(on_nodes(counts, &[(u32::MAX, u64::MAX)]), out),
        );
    }
}
