// SPDX-License-Identifier: GPL-2.0

//! What `children` says: the processes that a thread has started and not yet waited for.

/// One child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its process number in the mount's pid namespace; 0 if it has none there.
    pub pid: i32,
}
