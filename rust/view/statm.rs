// SPDX-License-Identifier: GPL-2.0

//! The line of `statm`.
//!
//! C counterpart: `proc_pid_statm` of [`fs/proc/array.c`](srctree/fs/proc/array.c).

use super::text::Text;
use crate::model::statm::Statm;

/// Prints the columns of an address space; zeros for a task without one.
///
/// The fifth and seventh column, once the pages of libraries and the dirty ones, are always zero.
pub fn render(statm: &Statm, out: &mut Text<'_>) {
    out.line(|out| {
        out.dec_u64(statm.size.0);
        out.field_u64(statm.resident().0);
        out.field_u64(statm.shared().0);
        out.field_u64(statm.text().0);
        out.array(*b" 0");
        out.field_u64(statm.data().0);
        out.array(*b" 0\n");
    });
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_statm)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::model::{
        code::CodeRange,
        rss::Rss,
        units::Pages, //
    };

    #[test]
    fn columns_stand_in_order() {
        let statm = Statm {
            size: Pages(5_123),
            rss: Rss {
                anon: Pages(100),
                file: Pages(20),
                shmem: Pages(3),
            },
            code: CodeRange {
                start: 0x5555_5555_4000,
                end: 0x5555_5555_8a11,
            },
            data_vm: Pages(700),
            stack_vm: Pages(33),
        };
        check(b"5123 123 23 5 0 733 0\n", |out| render(&statm, out));
    }

    #[test]
    fn task_without_memory_has_zeros() {
        check(b"0 0 0 0 0 0 0\n", |out| render(&Statm::default(), out));
    }

    #[test]
    fn largest_numbers_fit() {
        let most = Pages(u64::MAX);
        let statm = Statm {
            size: most,
            rss: Rss {
                anon: Pages(0),
                file: most,
                shmem: Pages(0),
            },
            code: CodeRange { start: 1, end: 0 },
            data_vm: most,
            stack_vm: Pages(0),
        };
        check(
            b"18446744073709551615 18446744073709551615 18446744073709551615 0 0 \
              18446744073709551615 0\n",
            |out| render(&statm, out),
        );
    }
}
