// SPDX-License-Identifier: GPL-2.0

//! The entries of `pagemap`, one of 64 bits for each page of the address space.
//!
//! C counterparts: `make_pme` and `pte_to_pagemap_entry` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

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

    /// What the frame of a huge page's next page has more if it is a
    /// [`PagemapEntry::swap_frame`].
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_stand_in_their_places() {
        let flags = [
            PagemapEntry::SOFT_DIRTY,
            PagemapEntry::EXCLUSIVE,
            PagemapEntry::UFFD_WP,
            PagemapEntry::GUARD,
            PagemapEntry::FILE,
            PagemapEntry::SWAP,
            PagemapEntry::PRESENT,
        ];
        let all = flags.iter().fold(0, |all, flag| all | flag);
        assert_eq!(all, 0xe780_0000_0000_0000);
        assert_eq!(flags.iter().sum::<u64>(), all);
        assert_eq!(PagemapEntry::new(0, all).bits(), all);
        assert_eq!(PagemapEntry::default(), PagemapEntry::new(0, 0));
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
