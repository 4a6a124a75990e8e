// SPDX-License-Identifier: GPL-2.0

//! What `statm` says about an address space, in pages.
//!
//! C counterpart: `task_statm` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    code::CodeRange,
    rss::Rss,
    units::Pages, //
};

/// The memory of one process, snapshot without a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statm {
    /// Mapped pages: `total_vm`.
    pub size: Pages,
    /// Resident pages.
    pub rss: Rss,
    /// Where the program text lies.
    pub code: CodeRange,
    /// Private writable pages: `data_vm`.
    pub data_vm: Pages,
    /// Stack pages: `stack_vm`.
    pub stack_vm: Pages,
}

impl Statm {
    /// All resident pages.
    #[inline]
    pub const fn resident(&self) -> Pages {
        self.rss.total()
    }

    /// Resident pages of files and shared memory.
    #[inline]
    pub const fn shared(&self) -> Pages {
        self.rss.shared()
    }

    /// Pages of program text.
    #[inline]
    pub const fn text(&self) -> Pages {
        self.code.span().to_pages()
    }

    /// Pages of data and stack.
    #[inline]
    pub const fn data(&self) -> Pages {
        self.data_vm.wrapping_add(self.stack_vm)
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_statm)
)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_derived_from_counters() {
        let statm = Statm {
            size: Pages(1000),
            rss: Rss {
                anon: Pages(7),
                file: Pages(50),
                shmem: Pages(600),
            },
            code: CodeRange {
                start: 0x401234,
                end: 0x403001,
            },
            data_vm: Pages(30),
            stack_vm: Pages(4),
        };
        assert_eq!(statm.resident(), Pages(657));
        assert_eq!(statm.shared(), Pages(650));
        assert_eq!(statm.text(), Pages(3));
        assert_eq!(statm.data(), Pages(34));
    }
}
