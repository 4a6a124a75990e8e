// SPDX-License-Identifier: GPL-2.0

//! Allocations that fail, each in its turn.
//!
//! Needs `CONFIG_FAILSLAB` and `CONFIG_FAIL_PAGE_ALLOC`, and that `ignore-gfp-wait` is off for both
//! (in debugfs), for all allocations of ours may wait; that pages fail singly (`min-order` 0); and
//! that none of it is told in the log (`verbose` 0).
//!
//! C header: [`include/linux/fault-inject.h`](srctree/include/linux/fault-inject.h)

use super::process::task;
use kernel::{
    page::Page,
    prelude::*, //
};

/// What came of an attempt.
pub(crate) struct Attempt<R> {
    /// What it answered.
    pub(crate) result: R,
    /// Whether something has failed in it because it was asked to.
    pub(crate) injected: bool,
}

/// Runs `attempt` in which whatever can be made to fail does so at the `nth` time, from 1. That are
/// allocations, and accesses to the user's memory.
pub(crate) fn inject<R>(nth: u32, attempt: impl FnOnce() -> R) -> Attempt<R> {
    // SAFETY: Only the thread itself uses the word.
    unsafe { (*task()).fail_nth = nth };
    let result = attempt();
    // SAFETY: As above.
    let left = unsafe { core::mem::take(&mut (*task()).fail_nth) };

    Attempt {
        result,
        injected: left == 0,
    }
}

/// Whether the kernel is set up to let allocations fail that may wait.
pub(crate) fn is_set_up() -> bool {
    let slab = inject(1, || KBox::new(0_u64, GFP_KERNEL)).result;
    let page = inject(1, || Page::alloc_page(GFP_KERNEL)).result;

    slab.is_err() && page.is_err()
}
