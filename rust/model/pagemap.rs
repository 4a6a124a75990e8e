// SPDX-License-Identifier: GPL-2.0

//! The entries of `pagemap`, one of 64 bits for each page of the address space.
//!
//! C counterparts: `make_pme`, `pte_to_pagemap_entry` and `pagemap_read` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::units::PAGE_SHIFT;
use core::ops::Range;

/// Size of an entry in bytes. Reads that are not multiples of it, at such positions, fail.
pub const ENTRY_SIZE: u64 = 8;

/// The address whose entry is at `position`, in bytes; `None` where no address has 64 bits.
#[inline]
pub const fn address_at(position: u64) -> Option<u64> {
    let page = position / ENTRY_SIZE;

    if page > u64::MAX >> PAGE_SHIFT {
        return None;
    }
    Some(page << PAGE_SHIFT)
}

/// The addresses whose entries a read of `entries` entries from `start` yields, in an address space
/// of `task_size` bytes.
#[inline]
pub fn addresses(start: u64, entries: u64, task_size: u64) -> Range<u64> {
    let end = match start.checked_add(entries << PAGE_SHIFT) {
        Some(end) if end < task_size => end,
        _ => task_size,
    };

    start.min(end)..end
}

/// What a reader may see of where in memory pages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames(u64);

impl Frames {
    /// All of it.
    pub const SHOWN: Self = Self(u64::MAX);
    /// Nothing: frames read as 0.
    pub const HIDDEN: Self = Self(0);

    /// What the reader sees of `frame`.
    #[inline]
    pub const fn show(self, frame: u64) -> u64 {
        frame & self.0
    }
}

/// Bits of the frame.
const FRAME_BITS: u32 = 55;

/// The bits of the frame.
const FRAME_MASK: u64 = (1 << FRAME_BITS) - 1;

/// Bits of a swap area's number in the frame (`MAX_SWAPFILES_SHIFT`).
const SWAP_TYPE_BITS: u32 = 5;

/// An entry as user space reads it, in the machine's byte order. The default says that nothing is
/// there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct PagemapEntry(u64);

impl PagemapEntry {
    /// Written since the soft-dirty bits were last cleared.
    pub const SOFT_DIRTY: u64 = 1 << 55;
    /// Mapped once, by this process.
    pub const EXCLUSIVE: u64 = 1 << 56;
    /// Protected for userfaultfd.
    pub const UFFD_WP: u64 = 1 << 57;
    /// A guard region, whose accesses fail.
    pub const GUARD: u64 = 1 << 58;
    /// A page of a file or of shared memory.
    pub const FILE: u64 = 1 << 61;
    /// In swap, or otherwise elsewhere; the frame is a [`PagemapEntry::swap_frame`].
    pub const SWAP: u64 = 1 << 62;
    /// In memory; the frame is the page's number.
    pub const PRESENT: u64 = 1 << 63;

    /// What the [`PagemapEntry::swap_frame`] of a huge page's next page has more.
    pub const SWAP_STEP: u64 = 1 << SWAP_TYPE_BITS;

    /// The entry of a frame and flags, whose bits are constants of this type. Those bits of the
    /// frame that don't fit are dropped. The frame is 0 for readers who may not see it.
    #[inline]
    pub const fn new(frame: u64, flags: u64) -> Self {
        Self((frame & FRAME_MASK) | flags)
    }

    /// The frame of a page that is at `offset` in the swap area `kind`, or of which the kernel
    /// keeps another note in this form.
    #[inline]
    pub const fn swap_frame(kind: u64, offset: u64) -> u64 {
        kind | (offset << SWAP_TYPE_BITS)
    }

    /// The 64 bits.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// The entries of pages that differ in nothing but their frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The frame of the first.
    pub frame: u64,
    /// The flags of each.
    pub flags: u64,
    /// What the frame of each has more than that of the one before it.
    pub step: u64,
}

impl Run {
    /// A run of entries that are all the same, of flags only.
    #[inline]
    pub const fn of_flags(flags: u64) -> Self {
        Self {
            frame: 0,
            flags,
            step: 0,
        }
    }

    /// The bits of the first entry, if those of each of `count` entries are the ones of the entry before
    /// it plus [`Run::step`]; `None` if some frame does not fit.
    #[inline]
    pub fn series(&self, count: u64) -> Option<u64> {
        let last = self.step.checked_mul(count)?.checked_add(self.frame)?;

        (last <= FRAME_MASK).then(|| PagemapEntry::new(self.frame, self.flags).bits())
    }

    /// The run of the entries from `count` on.
    #[inline]
    pub const fn after(&self, count: u64) -> Self {
        Self {
            frame: self.frame.wrapping_add(self.step.wrapping_mul(count)),
            flags: self.flags,
            step: self.step,
        }
    }

    /// Writes the bits of as many entries as `entries` has room for.
    #[inline]
    pub fn fill(&self, entries: &mut [u64]) {
        let mut frame = self.frame;

        if self.step == 0 {
            entries.fill(PagemapEntry::new(frame, self.flags).bits());
            return;
        }
        for entry in entries {
            *entry = PagemapEntry::new(frame, self.flags).bits();
            frame = frame.wrapping_add(self.step);
        }
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_pagemap)
)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_pages() {
        for (position, address) in [
            (0, Some(0)),
            (8, Some(0x1000)),
            (0x200_0000, Some(0x4_0000_0000)),
            (((1 << 52) - 1) * 8, Some(u64::MAX - 0xfff)),
            ((1 << 52) * 8, None),
            (u64::MAX - 7, None),
        ] {
            assert_eq!(address_at(position), address);
        }
    }

    #[test]
    fn reads_end_with_the_address_space() {
        const SIZE: u64 = 0x7fff_ffff_f000;
        for (start, entries, addresses) in [
            (0, 1, 0..0x1000),
            (0x5000, 512, 0x5000..0x20_5000),
            (SIZE - 0x2000, 1, SIZE - 0x2000..SIZE - 0x1000),
            (SIZE - 0x2000, 2, SIZE - 0x2000..SIZE),
            (SIZE - 0x2000, 3, SIZE - 0x2000..SIZE),
            (SIZE, 1, SIZE..SIZE),
            (SIZE + 0x1000, 1, SIZE..SIZE),
            (u64::MAX - 0xfff, 1, SIZE..SIZE),
            (u64::MAX - 0xfff, 9, SIZE..SIZE),
        ] {
            assert_eq!(super::addresses(start, entries, SIZE), addresses);
        }
    }

    #[test]
    fn bits_stand_in_their_places() {
        for (flag, bits) in [
            (PagemapEntry::SOFT_DIRTY, 0x0080_0000_0000_0000),
            (PagemapEntry::EXCLUSIVE, 0x0100_0000_0000_0000),
            (PagemapEntry::UFFD_WP, 0x0200_0000_0000_0000),
            (PagemapEntry::GUARD, 0x0400_0000_0000_0000),
            (PagemapEntry::FILE, 0x2000_0000_0000_0000),
            (PagemapEntry::SWAP, 0x4000_0000_0000_0000),
            (PagemapEntry::PRESENT, 0x8000_0000_0000_0000),
        ] {
            assert_eq!(PagemapEntry::new(0, flag).bits(), bits);
            assert_eq!(PagemapEntry::new(1, flag).bits(), bits + 1);
        }
        assert_eq!(PagemapEntry::default(), PagemapEntry::new(0, 0));
    }

    #[test]
    fn hidden_frames_are_zero() {
        for frame in [0, 1, u64::MAX] {
            assert_eq!(Frames::SHOWN.show(frame), frame);
            assert_eq!(Frames::HIDDEN.show(frame), 0);
        }
    }

    #[test]
    fn frames_are_cut_to_their_bits() {
        for (frame, bits) in [
            (0x12_3456, 0xa000_0000_0012_3456),
            ((1 << 55) - 1, 0xa07f_ffff_ffff_ffff),
            (1 << 55, 0xa000_0000_0000_0000),
            (u64::MAX, 0xa07f_ffff_ffff_ffff),
        ] {
            let entry = PagemapEntry::new(frame, PagemapEntry::PRESENT | PagemapEntry::FILE);
            assert_eq!(entry.bits(), bits);
        }
    }

    #[test]
    fn runs_count_frames_up() {
        let mut entries = [9; 3];
        for (run, expected) in [
            (Run::default(), [0; 3]),
            (
                Run {
                    frame: 5,
                    flags: PagemapEntry::PRESENT,
                    step: 0,
                },
                [(1 << 63) + 5; 3],
            ),
            (
                Run {
                    frame: (1 << 55) - 1,
                    flags: PagemapEntry::FILE,
                    step: 1,
                },
                [(1 << 61) + (1 << 55) - 1, 1 << 61, (1 << 61) + 1],
            ),
            (
                Run {
                    frame: 3,
                    flags: PagemapEntry::SWAP,
                    step: PagemapEntry::SWAP_STEP,
                },
                [(1 << 62) + 3, (1 << 62) + 35, (1 << 62) + 67],
            ),
        ] {
            run.fill(&mut entries);
            assert_eq!(entries, expected);
        }
    }

    #[test]
    fn runs_are_series_unless_a_frame_is_cut() {
        let run = |frame, step| Run {
            frame,
            flags: PagemapEntry::PRESENT,
            step,
        };
        for (run, count, series) in [
            (
                Run::of_flags(PagemapEntry::SOFT_DIRTY),
                u64::MAX,
                Some(1 << 55),
            ),
            (run(7, 1), 512, Some((1 << 63) + 7)),
            (
                run(FRAME_MASK - 512, 1),
                512,
                Some((1 << 63) + FRAME_MASK - 512),
            ),
            (run(FRAME_MASK - 511, 1), 512, None),
            (run(FRAME_MASK + 1, 0), 1, None),
            (run(1, 32), u64::MAX, None),
        ] {
            assert_eq!(run.series(count), series);
        }
    }

    #[test]
    fn runs_go_on() {
        let run = Run {
            frame: 5,
            flags: PagemapEntry::SWAP,
            step: 32,
        };
        assert_eq!(run.after(0), run);
        assert_eq!(run.after(3), Run { frame: 101, ..run });
        assert_eq!(Run::of_flags(1).after(u64::MAX), Run::of_flags(1));
    }

    #[test]
    fn swap_frames_have_the_area_below_the_offset() {
        for (kind, offset, frame) in [
            (0, 0, 0),
            (3, 0, 3),
            (31, 1, 63),
            (1, 0x1000, 0x2_0001),
            (0, 1 << 59, 0),
        ] {
            assert_eq!(PagemapEntry::swap_frame(kind, offset), frame);
        }
        assert_eq!(
            PagemapEntry::swap_frame(2, 7) + PagemapEntry::SWAP_STEP,
            PagemapEntry::swap_frame(2, 8)
        );
    }
}
