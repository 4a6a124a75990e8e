// SPDX-License-Identifier: GPL-2.0

//! The calls of the target whose time is taken.

use serde::{Deserialize, Serialize};

/// A kind of call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `mmap(2)` of a small mapping, far from all others.
    Mmap,
    /// `munmap(2)` of it.
    Munmap,
    /// `mprotect(2)` of one page in the midst of the large mapping, which divides it in three, and
    /// back, which makes it one again.
    Mprotect,
    /// `madvise(2)` that drops one page of the large mapping.
    Madvise,
    /// The next write to that page.
    Fault,
}

impl Call {
    /// All kinds, in the order of tables.
    pub const ALL: [Call; 5] = [
        Call::Mmap,
        Call::Munmap,
        Call::Mprotect,
        Call::Madvise,
        Call::Fault,
    ];

    /// What people read.
    pub fn name(self) -> &'static str {
        match self {
            Call::Mmap => "mmap",
            Call::Munmap => "munmap",
            Call::Mprotect => "mprotect",
            Call::Madvise => "madvise",
            Call::Fault => "fault",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_in_their_own_order() {
        assert!(Call::ALL.is_sorted());
        assert!(Call::ALL.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
