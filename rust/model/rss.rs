// SPDX-License-Identifier: GPL-2.0

//! Resident set size (RSS), by kind of page.
//!
//! Pages are counted as mapped, not shared out between the processes that map them.

use super::units::Pages;

/// The resident pages of an address space: its `MM_ANONPAGES`, `MM_FILEPAGES` and `MM_SHMEMPAGES`
/// counters. They move while they are read, each on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rss {
    /// Anonymous memory.
    pub anon: Pages,
    /// Files.
    pub file: Pages,
    /// Shared memory, tmpfs included.
    pub shmem: Pages,
}

impl Rss {
    /// All resident pages, modulo 2^64.
    #[inline]
    pub const fn total(self) -> Pages {
        self.shared().wrapping_add(self.anon)
    }

    /// Pages that are not anonymous, modulo 2^64.
    #[inline]
    pub const fn shared(self) -> Pages {
        self.file.wrapping_add(self.shmem)
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_rss)
)]
mod tests {
    use super::*;

    #[test]
    fn sums_split_by_kind() {
        let rss = Rss {
            anon: Pages(1),
            file: Pages(20),
            shmem: Pages(300),
        };
        assert_eq!(rss.total(), Pages(321));
        assert_eq!(rss.shared(), Pages(320));
    }
}
