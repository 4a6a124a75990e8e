// SPDX-License-Identifier: GPL-2.0

//! Masks of processors and memory nodes.
//!
//! Read-only, over words laid out as in [`include/linux/bitmap.h`](srctree/include/linux/bitmap.h)
//! on a 64-bit machine. Bits at or above the size are ignored; words that are missing count as
//! zero.

/// Bits in a word.
const WORD: usize = 64;

/// Bits in a group of the hexadecimal form.
const GROUP: usize = 32;

/// A borrowed bitmap of `bits` bits.
#[derive(Clone, Copy, Debug)]
pub struct Bitmap<'a> {
    /// The bits, lowest first in each word.
    pub words: &'a [u64],
    /// How many bits count: `nr_cpu_ids` for processors, `MAX_NUMNODES` for nodes.
    pub bits: usize,
}

/// Neighbouring set bits, as long as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The lowest bit.
    pub first: usize,
    /// The highest bit, itself set.
    pub last: usize,
}

/// Up to 32 bits that are printed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The bits, the lowest at position 0.
    pub bits: u32,
    /// How many hexadecimal digits show them.
    pub digits: u32,
}

impl<'a> Bitmap<'a> {
    /// The groups of the hexadecimal form, highest first; only the first can have fewer than 32
    /// bits.
    ///
    /// As `bitmap_string` of [`lib/vsprintf.c`](srctree/lib/vsprintf.c) cuts them.
    #[inline]
    pub fn groups(self) -> impl Iterator<Item = Group> + 'a {
        (0..self.bits.div_ceil(GROUP))
            .rev()
            .map(move |index| self.group(index))
    }

    /// The ranges of set bits, lowest first, as `bitmap_list_string` of
    /// [`lib/vsprintf.c`](srctree/lib/vsprintf.c) walks them.
    #[inline]
    pub fn ranges(self) -> impl Iterator<Item = Range> + 'a {
        let mut from = 0;
        core::iter::from_fn(move || {
            let first = self.find(from, 0)?;
            let end = self.find(first, u64::MAX).unwrap_or(self.bits);
            from = end;
            Some(Range {
                first,
                last: end.saturating_sub(1),
            })
        })
    }

    /// The group of bits from `index * 32` on.
    #[inline]
    fn group(self, index: usize) -> Group {
        let start = index.saturating_mul(GROUP);
        let width = self.bits.saturating_sub(start).min(GROUP);
        let shifted = self.word(start / WORD) >> (start % WORD);
        let mask = (1u64 << width).wrapping_sub(1);
        Group {
            // CAST: the mask leaves no more than 32 bits.
            bits: (shifted & mask) as u32,
            // CAST: at most 32 / 4.
            digits: width.div_ceil(4) as u32,
        }
    }

    /// The first bit at or after `from` that is set; with `flip` all ones, the first that is clear.
    #[inline]
    fn find(self, from: usize, flip: u64) -> Option<usize> {
        let mut index = from / WORD;
        let mut word = (self.word(index) ^ flip) & (u64::MAX << (from % WORD));
        while word == 0 {
            index = index.saturating_add(1);
            if index >= self.bits.div_ceil(WORD) {
                return None;
            }
            word = self.word(index) ^ flip;
        }
        // CAST: `trailing_zeros` is below 64.
        let found = index
            .saturating_mul(WORD)
            .saturating_add(word.trailing_zeros() as usize);
        (found < self.bits).then_some(found)
    }

    /// The word at `index`, zero beyond the end.
    #[inline]
    fn word(self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_bitmap)
)]
mod tests {
    use super::*;
    use crate::testing::{
        collected,
        same,
        List, //
    };
    use core::iter::repeat_n;

    const SIZES: [usize; 11] = [0, 1, 2, 31, 32, 33, 64, 65, 128, 1024, 8192];

    /// The ranges found one bit at a time.
    fn slow_ranges(words: &[u64], bits: usize) -> List<Range> {
        let set = |bit: usize| {
            let word = words.get(bit / 64).copied().unwrap_or(0);
            bit < bits && (word >> (bit % 64)) & 1 == 1
        };
        let starts = (0..bits).filter(|&bit| set(bit) && (bit == 0 || !set(bit - 1)));
        let ends = (0..bits).filter(|&bit| set(bit) && !set(bit + 1));
        collected(starts.zip(ends).map(|(first, last)| Range { first, last }))
    }

    #[test]
    fn ranges_match_a_bitwise_walk() {
        let patterns = [
            0,
            1,
            u64::MAX,
            1 << 63,
            0x8000_0000_0000_0001,
            0xaaaa_aaaa_aaaa_aaaa,
            0x00ff_f0f0_1234_8001,
        ];
        for bits in SIZES {
            for pattern in patterns {
                let words = collected(repeat_n(pattern, bits.div_ceil(64)));
                let bitmap = Bitmap {
                    words: &words,
                    bits,
                };
                let found = collected(bitmap.ranges());
                same(found, slow_ranges(&words, bits), (pattern, bits));
            }
        }
    }

    #[test]
    fn groups_cover_every_size() {
        for bits in SIZES {
            let words = collected(repeat_n(u64::MAX, bits.div_ceil(64)));
            let bitmap = Bitmap {
                words: &words,
                bits,
            };
            assert_eq!(bitmap.groups().count(), bits.div_ceil(32));
            let ones: u32 = bitmap.groups().map(|group| group.bits.count_ones()).sum();
            assert_eq!(ones as usize, bits);
        }
    }

    #[test]
    fn missing_words_and_excess_bits_count_as_clear() {
        let short = Bitmap {
            words: &[2],
            bits: 200,
        };
        assert!(short.ranges().eq([Range { first: 1, last: 1 }]));
        let empty = Bitmap {
            words: &[],
            bits: 70,
        };
        assert_eq!(empty.ranges().count(), 0);
        assert_eq!(empty.groups().count(), 3);
        let excess = Bitmap {
            words: &[u64::MAX],
            bits: 3,
        };
        assert!(excess.ranges().eq([Range { first: 0, last: 2 }]));
        assert!(excess.groups().eq([Group { bits: 7, digits: 1 }]));
    }
}
