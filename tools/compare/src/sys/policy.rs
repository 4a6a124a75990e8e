// SPDX-License-Identifier: GPL-2.0

//! Memory policies.

use nix::errno::Errno;
use nix::Result;

use super::memory::Mapping;

/// A policy as `mbind(2)` and `set_mempolicy(2)` take it: a mode with its flags, and the nodes as a
/// mask.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// `MPOL_*`, with `MPOL_F_*`.
    pub mode: i32,
    /// One bit for each node; none at all for the modes that take none.
    pub nodes: u64,
}

/// How many bits of [`Policy::nodes`] count; the kernel takes one less than it is told.
const BITS: usize = 65;

/// `set_mempolicy(2)`: the calling thread's own policy.
pub fn set_policy(policy: Policy) -> Result<()> {
    // SAFETY: the mask has as many bits as its length, less one, says; it is only read.
    Errno::result(unsafe {
        libc::syscall(
            libc::SYS_set_mempolicy,
            policy.mode,
            &raw const policy.nodes,
            BITS,
        )
    })
    .map(drop)
}

impl Mapping {
    /// `mbind(2)` on a part: the policy of pages that come later.
    pub fn bind(&self, from: usize, length: usize, policy: Policy) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: as in `set_policy`; without `MPOL_MF_*` flags no page is moved.
        Errno::result(unsafe {
            libc::syscall(
                libc::SYS_mbind,
                at,
                length,
                policy.mode,
                &raw const policy.nodes,
                BITS,
                0,
            )
        })
        .map(drop)
    }

    /// `set_mempolicy_home_node(2)` on all of it.
    pub fn set_home_node(&self, node: usize) -> Result<()> {
        let (at, length) = self.part(0, self.length())?;
        // SAFETY: a part of our own mapping; no memory is touched.
        Errno::result(unsafe {
            libc::syscall(libc::SYS_set_mempolicy_home_node, at, length, node, 0)
        })
        .map(drop)
    }
}
