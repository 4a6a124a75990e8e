// SPDX-License-Identifier: GPL-2.0

//! Where a process's program text lies.
//!
//! Shared libraries are not part of it.

use super::units::{
    page_align,
    page_floor,
    Bytes, //
};

/// The addresses of the program text: `start_code` and `end_code` of `struct mm_struct`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeRange {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

impl CodeRange {
    /// Size of the pages that the text touches, modulo 2^64.
    ///
    /// As `task_mem` and `task_statm` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c) reckon
    /// it.
    #[inline]
    pub const fn span(self) -> Bytes {
        Bytes(page_align(self.end).wrapping_sub(page_floor(self.start)))
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_code)
)]
mod tests {
    use super::*;

    #[test]
    fn span_covers_whole_pages() {
        for (start, end, span) in [
            (0, 0, 0),
            (0x1000, 0x1000, 0),
            (0x1000, 0x1001, 0x1000),
            (0x1fff, 0x2000, 0x1000),
            (0x1fff, 0x2001, 0x2000),
            (0x400000, 0x4c5a11, 0xc6000),
            // A torn or silly range wraps, as in C.
            (0x3000, 0x1000, u64::MAX - 0x1fff),
        ] {
            assert_eq!(CodeRange { start, end }.span(), Bytes(span));
        }
    }
}
