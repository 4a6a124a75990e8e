// SPDX-License-Identifier: GPL-2.0

//! The flags of a virtual memory area (VMA) under the two-letter names that `smaps` gives them.
//!
//! Which flag is which bit depends on the kernel's series, configuration and architecture, so the
//! bits come from the C headers, through whoever builds the table. C counterpart:
//! `show_smap_vma_flags` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

/// Bits in a VMA's flags.
const BITS: usize = usize::BITS as usize;

/// What a bit is called that the table doesn't know.
const UNKNOWN: Mnemonic = *b"??";

/// The name of a flag.
pub type Mnemonic = [u8; 2];

/// The names of all bits.
///
/// # Examples
///
/// ```ignore
/// static MNEMONICS: Mnemonics = Mnemonics::new(&[(VM_READ, b"rd"), (VM_WRITE, b"wr")], VM_PKEY);
/// assert!(MNEMONICS.of(VM_WRITE | VM_READ).eq([*b"rd", *b"wr"]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mnemonics {
    /// The name of each bit, the lowest first.
    names: [Mnemonic; BITS],
    /// The bits that have a name.
    shown: usize,
}

impl Mnemonics {
    /// The table that names some flags, given as masks of one bit, and leaves out those that are
    /// shown `elsewhere`. A mask of zero is a flag that the kernel was built without.
    pub const fn new(flags: &[(usize, &Mnemonic)], elsewhere: usize) -> Self {
        let mut names = [UNKNOWN; BITS];
        let mut rest = flags;
        // No iterators in a constant.
        while let [(mask, name), tail @ ..] = rest {
            if let Some(bit) = mask.checked_ilog2() {
                // CAST: below the number of bits, so that there is such an element.
                names[bit as usize] = **name;
            }
            rest = tail;
        }
        Self {
            names,
            shown: !elsewhere,
        }
    }

    /// The names of the flags that are set, the lowest bit first.
    #[inline]
    pub fn of(&self, flags: usize) -> impl Iterator<Item = Mnemonic> + '_ {
        let mut rest = flags & self.shown;
        core::iter::from_fn(move || {
            // CAST: at most the number of bits, which is what it is if none is left.
            let bit = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            self.names.get(bit).copied()
        })
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_vma_flags)
)]
mod tests {
    use super::*;
    use crate::testing::{
        collected,
        List, //
    };

    const FLAGS: [(usize, &Mnemonic); 4] = [
        (1 << 13, b"lo"),
        (1 << 0, b"rd"),
        (0, b"no"),
        (1 << 63, b"hi"),
    ];

    const MNEMONICS: Mnemonics = Mnemonics::new(&FLAGS, 0b11 << 32);

    /// The names of `flags`, with a space after each.
    fn names(flags: usize) -> List<u8> {
        let names = MNEMONICS.of(flags);
        collected(names.flat_map(|[first, second]| [first, second, b' ']))
    }

    #[test]
    fn names_stand_in_the_order_of_bits() {
        assert_eq!(names((1 << 63) | (1 << 13) | 1), b"rd lo hi ");
        assert_eq!(names(1 << 13), b"lo ");
        assert_eq!(names(0), b"");
    }

    #[test]
    fn unknown_flags_are_question_marks() {
        assert_eq!(names((1 << 1) | (1 << 13) | (1 << 62)), b"?? lo ?? ");
    }

    #[test]
    fn flags_shown_elsewhere_are_left_out() {
        assert_eq!(names(0b11 << 32), b"");
        assert_eq!(names((0b111 << 32) | 1), b"rd ?? ");
        let count = |name: &[u8]| names(usize::MAX).chunks(3).filter(|of| *of == name).count();
        assert_eq!(count(b"?? "), 59);
        assert_eq!(names(usize::MAX).len(), 62 * 3);
    }

    #[test]
    fn every_bit_is_looked_at() {
        for bit in 0..BITS {
            let expected = match bit {
                0 => "rd ",
                13 => "lo ",
                32 | 33 => "",
                63 => "hi ",
                _ => "?? ",
            };
            assert_eq!(names(1 << bit), expected.as_bytes());
        }
    }
}
