// SPDX-License-Identifier: GPL-2.0

//! Vectors of zeros, which the allocator often has at hand.

use kernel::{
    alloc::flags::__GFP_ZERO,
    prelude::*, //
};

/// `count` zeros. Sleeps. As `KVec::zeroed()`, which series 7.2 lacks.
///
/// # Errors
///
/// `ENOMEM`.
pub(crate) fn zeroed<T: Zeroable>(count: usize) -> Result<KVec<T>> {
    let mut zeros = KVec::with_capacity(count, GFP_KERNEL | __GFP_ZERO)?;

    // SAFETY: There is room for so many; the memory is zero, which is a value of `T`.
    unsafe { zeros.inc_len(count) };
    Ok(zeros)
}
