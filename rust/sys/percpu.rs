// SPDX-License-Identifier: GPL-2.0

//! Event counters that cost one per-CPU addition.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use crate::bindings;

/// How many counters the per-CPU block of `helpers/percpu.c` holds.
pub(crate) const COUNTERS: usize = bindings::RUSTPROC_COUNTERS as usize;

/// One 64-bit event counter, kept per CPU.
///
/// # Invariants
///
/// The index is below [`COUNTERS`].
#[derive(Clone, Copy)]
pub(crate) struct Counter(u32);

impl Counter {
    /// The counter at `index`, or `None` beyond the block.
    pub(crate) const fn new(index: usize) -> Option<Self> {
        if index < COUNTERS {
            // INVARIANT: Just checked.
            // CAST: The index is below `COUNTERS`, which fits in 32 bits.
            Some(Self(index as u32))
        } else {
            None
        }
    }

    /// Adds `value`, wrapping. Any context.
    #[inline]
    pub(crate) fn add(self, value: u64) {
        // SAFETY: By the type invariant the index is inside the block.
        unsafe { bindings::rustproc_counter_add(self.0, value) };
    }

    /// The sum over all possible CPUs; additions made meanwhile may be missed.
    pub(crate) fn sum(self) -> u64 {
        // SAFETY: By the type invariant the index is inside the block.
        unsafe { bindings::rustproc_counter_sum(self.0) }
    }
}
