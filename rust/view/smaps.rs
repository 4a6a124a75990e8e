// SPDX-License-Identifier: GPL-2.0

//! One area's record of `smaps`, and the whole of `smaps_rollup`, in steps.
//!
//! A record is a line of [`super::maps`], then [`area`], [`sizes`], [`thp_eligible`], where the
//! processor has such keys [`protection_key`], and [`vm_flags`]. `smaps_rollup` is
//! [`rollup_header`] and [`rollup_sizes`]. C counterparts: `show_smap`, `__show_smap` and
//! `show_smaps_rollup` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    line::Line,
    maps,
    text::Text, //
};
use crate::model::{
    maps::{
        MapsRecord,
        Name, //
    },
    mem_sizes::{
        AreaSizes,
        MemSizes,
        Pss, //
    },
    units::Bytes,
    vma_flags::Mnemonics, //
};

/// Bytes before the number of each line.
const LABEL: usize = 16;

/// Bytes of a record, at least: the line of [`super::maps`] with short numbers and no name, 22 sizes,
/// `THPeligible`, and `VmFlags` without any.
pub const SHORTEST: usize = 41 + 22 * (LABEL + 8 + 4) + 25 + 10;

/// The smallest number of kB that takes more than the seven columns of `Private_Hugetlb`.
const TEN_TO_7: u64 = 10_000_000;

/// Prints `Size` to `MMUPageSize`.
pub fn area(area: &AreaSizes, out: &mut Text<'_>) {
    out.line(|out| {
        size(b"Size:           ", area.size, out);
        size(b"KernelPageSize: ", area.kernel_page_size, out);
        size(b"MMUPageSize:    ", area.mmu_page_size, out);
    });
}

/// Prints `Rss` to `Locked` of one area.
pub fn sizes(sizes: &MemSizes, out: &mut Text<'_>) {
    out.line(|out| resident(sizes, out));
    details(sizes, out);
}

/// Prints `Rss` to `Locked` of an address space, which has the proportional share by kind, too.
pub fn rollup_sizes(sizes: &MemSizes, out: &mut Text<'_>) {
    out.line(|out| {
        resident(sizes, out);
        share(b"Pss_Anon:       ", sizes.pss_anon, out);
        share(b"Pss_File:       ", sizes.pss_file, out);
        share(b"Pss_Shmem:      ", sizes.pss_shmem, out);
    });
    details(sizes, out);
}

/// Prints the line before the sizes of an address space: from the start of its first area to the
/// end of its last, both zero where it has none.
pub fn rollup_header(start: u64, end: u64, out: &mut Text<'_>) {
    let record = MapsRecord {
        start,
        end,
        ..MapsRecord::default()
    };
    maps::named(&record, Name::Special(b"[rollup]"), out);
}

/// Prints `THPeligible`.
#[inline]
pub fn thp_eligible(eligible: bool, out: &mut Text<'_>) {
    out.array(if eligible {
        *b"THPeligible:           1\n"
    } else {
        *b"THPeligible:           0\n"
    });
}

/// Prints `ProtectionKey`.
#[inline]
pub fn protection_key(key: u32, out: &mut Text<'_>) {
    out.line(|out| {
        out.array(*b"ProtectionKey:  ");
        out.dec_columns(u64::from(key));
        out.byte(b'\n');
    });
}

/// Prints `VmFlags`: a space after each flag.
#[inline]
pub fn vm_flags(flags: usize, mnemonics: &Mnemonics, out: &mut Text<'_>) {
    out.line(|out| {
        out.array(*b"VmFlags: ");
        for [first, second] in mnemonics.of(flags) {
            out.array([first, second, b' ']);
        }
        out.byte(b'\n');
    });
}

/// Prints `Rss` to `Pss_Dirty`.
#[inline(always)]
fn resident(sizes: &MemSizes, out: &mut Line<'_>) {
    size(b"Rss:            ", sizes.rss, out);
    share(b"Pss:            ", sizes.pss, out);
    share(b"Pss_Dirty:      ", sizes.pss_dirty, out);
}

/// Prints `Shared_Clean` to `Locked`.
fn details(sizes: &MemSizes, out: &mut Text<'_>) {
    out.line(|out| {
        size(b"Shared_Clean:   ", sizes.shared_clean, out);
        size(b"Shared_Dirty:   ", sizes.shared_dirty, out);
        size(b"Private_Clean:  ", sizes.private_clean, out);
        size(b"Private_Dirty:  ", sizes.private_dirty, out);
        size(b"Referenced:     ", sizes.referenced, out);
        size(b"Anonymous:      ", sizes.anonymous, out);
    });
    out.line(|out| {
        size(b"KSM:            ", sizes.ksm, out);
        size(b"LazyFree:       ", sizes.lazy_free, out);
        size(b"AnonHugePages:  ", sizes.anon_huge_pages, out);
        size(b"ShmemPmdMapped: ", sizes.shmem_pmd_mapped, out);
        size(b"FilePmdMapped:  ", sizes.file_pmd_mapped, out);
    });
    out.line(|out| {
        size(b"Shared_Hugetlb: ", sizes.shared_hugetlb, out);
        private_hugetlb(sizes.private_hugetlb, out);
        size(b"Swap:           ", sizes.swap, out);
        share(b"SwapPss:        ", sizes.swap_pss, out);
        share(b"Locked:         ", sizes.locked, out);
    });
}

/// Prints `Private_Hugetlb`, whose label takes one column from the number.
#[inline(always)]
fn private_hugetlb(bytes: Bytes, out: &mut Line<'_>) {
    if bytes.to_kib().0 < TEN_TO_7 {
        // The number's first column is the space after the label.
        size(b"Private_Hugetlb:", bytes, out);
    } else {
        out.array(*b"Private_Hugetlb: ");
        out.dec_u64(bytes.to_kib().0);
        out.array(*b" kB\n");
    }
}

/// Prints a size in kB.
#[inline(always)]
fn size(label: &[u8; LABEL], bytes: Bytes, out: &mut Line<'_>) {
    out.kb_line(label, bytes.to_kib().0);
}

/// Prints a proportional share in kB.
#[inline(always)]
fn share(label: &[u8; LABEL], pss: Pss, out: &mut Line<'_>) {
    size(label, pss.to_bytes(), out);
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_smaps)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::model::vma_flags::Mnemonic;
    use core::mem::MaybeUninit;

    /// A number of kB in bytes, and some bytes that are too few for one more.
    const fn kib(kib: u64) -> Bytes {
        Bytes((kib << 10) + 1023)
    }

    /// The same as a share, and a fraction.
    const fn pss(kib: u64) -> Pss {
        Pss((kib << 22) + (1 << 22) - 1)
    }

    const SIZES: MemSizes = MemSizes {
        rss: kib(1_234),
        pss: pss(567),
        pss_dirty: pss(89),
        pss_anon: pss(1),
        pss_file: pss(23),
        pss_shmem: pss(456),
        shared_clean: kib(12_345_678),
        shared_dirty: kib(99_999_999),
        private_clean: kib(0),
        private_dirty: kib(9),
        referenced: kib(10),
        anonymous: kib(99),
        ksm: kib(100),
        lazy_free: kib(4),
        anon_huge_pages: kib(2_048),
        shmem_pmd_mapped: kib(4_096),
        file_pmd_mapped: kib(6_144),
        shared_hugetlb: kib(1_048_576),
        private_hugetlb: kib(9_999_999),
        swap: kib(8),
        swap_pss: pss(5),
        locked: pss(70),
    };

    #[test]
    fn area_has_three_sizes() {
        let sizes = AreaSizes {
            size: Bytes(0x2_1000),
            kernel_page_size: Bytes(4096),
            mmu_page_size: Bytes(1 << 30),
        };
        check(
            b"Size:                132 kB\n\
              KernelPageSize:        4 kB\n\
              MMUPageSize:     1048576 kB\n",
            |out| area(&sizes, out),
        );
    }

    #[test]
    fn sizes_stand_in_order() {
        check(
            b"Rss:                1234 kB\n\
              Pss:                 567 kB\n\
              Pss_Dirty:            89 kB\n\
              Shared_Clean:   12345678 kB\n\
              Shared_Dirty:   99999999 kB\n\
              Private_Clean:         0 kB\n\
              Private_Dirty:         9 kB\n\
              Referenced:           10 kB\n\
              Anonymous:            99 kB\n\
              KSM:                 100 kB\n\
              LazyFree:              4 kB\n\
              AnonHugePages:      2048 kB\n\
              ShmemPmdMapped:     4096 kB\n\
              FilePmdMapped:      6144 kB\n\
              Shared_Hugetlb:  1048576 kB\n\
              Private_Hugetlb: 9999999 kB\n\
              Swap:                  8 kB\n\
              SwapPss:               5 kB\n\
              Locked:               70 kB\n",
            |out| sizes(&SIZES, out),
        );
    }

    #[test]
    fn rollup_has_shares_by_kind() {
        check(
            b"Rss:                1234 kB\n\
              Pss:                 567 kB\n\
              Pss_Dirty:            89 kB\n\
              Pss_Anon:              1 kB\n\
              Pss_File:             23 kB\n\
              Pss_Shmem:           456 kB\n\
              Shared_Clean:   12345678 kB\n\
              Shared_Dirty:   99999999 kB\n\
              Private_Clean:         0 kB\n\
              Private_Dirty:         9 kB\n\
              Referenced:           10 kB\n\
              Anonymous:            99 kB\n\
              KSM:                 100 kB\n\
              LazyFree:              4 kB\n\
              AnonHugePages:      2048 kB\n\
              ShmemPmdMapped:     4096 kB\n\
              FilePmdMapped:      6144 kB\n\
              Shared_Hugetlb:  1048576 kB\n\
              Private_Hugetlb: 9999999 kB\n\
              Swap:                  8 kB\n\
              SwapPss:               5 kB\n\
              Locked:               70 kB\n",
            |out| rollup_sizes(&SIZES, out),
        );
    }

    #[test]
    fn no_record_is_shorter_than_the_shortest() {
        let mut room = [MaybeUninit::uninit(); 2048];
        let mut out = Text::new(&mut room);
        maps::nameless(&MapsRecord::default(), &mut out);
        area(&AreaSizes::default(), &mut out);
        sizes(&MemSizes::default(), &mut out);
        thp_eligible(false, &mut out);
        vm_flags(0, &Mnemonics::new(&[], 0), &mut out);
        assert_eq!(out.len(), SHORTEST);
    }

    #[test]
    fn wide_numbers_push_the_unit() {
        let huge = MemSizes {
            rss: kib(100_000_000),
            pss: Pss(u64::MAX),
            private_clean: Bytes(u64::MAX),
            private_hugetlb: Bytes(u64::MAX),
            locked: pss(123_456_789),
            ..MemSizes::default()
        };
        check(
            b"Rss:            100000000 kB\n\
              Pss:            4398046511103 kB\n\
              Pss_Dirty:             0 kB\n\
              Shared_Clean:          0 kB\n\
              Shared_Dirty:          0 kB\n\
              Private_Clean:  18014398509481983 kB\n\
              Private_Dirty:         0 kB\n\
              Referenced:            0 kB\n\
              Anonymous:             0 kB\n\
              KSM:                   0 kB\n\
              LazyFree:              0 kB\n\
              AnonHugePages:         0 kB\n\
              ShmemPmdMapped:        0 kB\n\
              FilePmdMapped:         0 kB\n\
              Shared_Hugetlb:        0 kB\n\
              Private_Hugetlb: 18014398509481983 kB\n\
              Swap:                  0 kB\n\
              SwapPss:               0 kB\n\
              Locked:         123456789 kB\n",
            |out| sizes(&huge, out),
        );
    }

    #[test]
    fn widest_numbers_fit() {
        let (size, share) = (Bytes(u64::MAX), Pss(u64::MAX));
        let widest = MemSizes {
            rss: size,
            pss: share,
            pss_dirty: share,
            pss_anon: share,
            pss_file: share,
            pss_shmem: share,
            shared_clean: size,
            shared_dirty: size,
            private_clean: size,
            private_dirty: size,
            referenced: size,
            anonymous: size,
            ksm: size,
            lazy_free: size,
            anon_huge_pages: size,
            shmem_pmd_mapped: size,
            file_pmd_mapped: size,
            shared_hugetlb: size,
            private_hugetlb: size,
            swap: size,
            swap_pss: share,
            locked: share,
        };
        check(
            b"Rss:            18014398509481983 kB\n\
              Pss:            4398046511103 kB\n\
              Pss_Dirty:      4398046511103 kB\n\
              Pss_Anon:       4398046511103 kB\n\
              Pss_File:       4398046511103 kB\n\
              Pss_Shmem:      4398046511103 kB\n\
              Shared_Clean:   18014398509481983 kB\n\
              Shared_Dirty:   18014398509481983 kB\n\
              Private_Clean:  18014398509481983 kB\n\
              Private_Dirty:  18014398509481983 kB\n\
              Referenced:     18014398509481983 kB\n\
              Anonymous:      18014398509481983 kB\n\
              KSM:            18014398509481983 kB\n\
              LazyFree:       18014398509481983 kB\n\
              AnonHugePages:  18014398509481983 kB\n\
              ShmemPmdMapped: 18014398509481983 kB\n\
              FilePmdMapped:  18014398509481983 kB\n\
              Shared_Hugetlb: 18014398509481983 kB\n\
              Private_Hugetlb: 18014398509481983 kB\n\
              Swap:           18014398509481983 kB\n\
              SwapPss:        4398046511103 kB\n\
              Locked:         4398046511103 kB\n",
            |out| rollup_sizes(&widest, out),
        );
    }

    #[test]
    fn private_hugetlb_has_seven_columns() {
        for (number, expected) in [
            (0, "Private_Hugetlb:       0 kB\n"),
            (2_048, "Private_Hugetlb:    2048 kB\n"),
            (9_999_999, "Private_Hugetlb: 9999999 kB\n"),
            (10_000_000, "Private_Hugetlb: 10000000 kB\n"),
            (100_000_000, "Private_Hugetlb: 100000000 kB\n"),
        ] {
            check(expected.as_bytes(), |out| {
                out.line(|out| private_hugetlb(kib(number), out));
            });
        }
    }

    #[test]
    fn counts_have_eight_columns() {
        check(b"THPeligible:           1\n", |out| thp_eligible(true, out));
        check(b"THPeligible:           0\n", |out| {
            thp_eligible(false, out)
        });
        check(b"ProtectionKey:         0\n", |out| protection_key(0, out));
        check(b"ProtectionKey:        15\n", |out| protection_key(15, out));
        check(b"ProtectionKey:  4294967295\n", |out| {
            protection_key(u32::MAX, out)
        });
    }

    #[test]
    fn a_space_follows_each_flag() {
        const FLAGS: [(usize, &Mnemonic); 3] = [(1, b"rd"), (2, b"wr"), (1 << 29, b"hg")];
        let mnemonics = Mnemonics::new(&FLAGS, 0b1111 << 32);
        check(b"VmFlags: rd wr ?? hg \n", |out| {
            vm_flags((0b1111 << 32) | (1 << 29) | 0b111, &mnemonics, out);
        });
        check(b"VmFlags: \n", |out| vm_flags(0, &mnemonics, out));
    }

    #[test]
    fn rollup_is_a_line_of_maps() {
        check(
            b"55812c3d1000-7ffd12345000 ---p 00000000 00:00 0                          [rollup]\n",
            |out| rollup_header(0x5581_2c3d_1000, 0x7ffd_1234_5000, out),
        );
        check(
            b"00000000-00000000 ---p 00000000 00:00 0                                  [rollup]\n",
            |out| rollup_header(0, 0, out),
        );
    }
}
