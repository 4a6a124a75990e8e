// SPDX-License-Identifier: GPL-2.0

//! NUMA nodes.
//!
//! C header: [`include/linux/nodemask.h`](srctree/include/linux/nodemask.h)

use crate::sys::read_long;
use kernel::bindings;

/// One more than the largest number that a node can have on this machine.
pub(crate) fn count() -> usize {
    // SAFETY: Set at boot.
    // CAST: A number of nodes.
    unsafe { bindings::nr_node_ids as usize }
}

/// Whether `node` has memory now.
pub(crate) fn has_memory(node: usize) -> bool {
    const BITS: usize = u64::BITS as usize;
    // CAST: A small index.
    const MEMORY: usize = bindings::node_states_N_MEMORY as usize;

    // SAFETY: The masks are static; the words of this one change when memory comes or goes.
    let masks = unsafe { &*(&raw const bindings::node_states) };
    let words = &masks[MEMORY].bits;

    words.get(node / BITS).is_some_and(|word| {
        // SAFETY: The word is static.
        unsafe { read_long(word) >> (node % BITS) & 1 != 0 }
    })
}
