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

    let word = node / BITS;
    if word >= size_of::<bindings::nodemask_t>() / size_of::<u64>() {
        return false;
    }
    // SAFETY: The masks are static, and have this word, which changes when memory comes or goes.
    let word = unsafe { read_long(&raw const bindings::node_states[MEMORY].bits[word]) };

    word >> (node % BITS) & 1 != 0
}
