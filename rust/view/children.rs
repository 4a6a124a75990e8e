// SPDX-License-Identifier: GPL-2.0

//! One entry of `children`.
//!
//! The file has no newline at its end. C counterpart: `children_seq_show` of
//! [`fs/proc/array.c`](srctree/fs/proc/array.c).

use super::text::Text;
use crate::model::children::Child;

/// Prints the child's number and a space.
#[inline]
pub fn render(child: &Child, out: &mut Text<'_>) {
    out.line(|out| {
        out.dec_i64(i64::from(child.pid));
        out.byte(b' ');
    });
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_children)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };

    #[test]
    fn numbers_end_with_a_space() {
        for (pid, expected) in [
            (0, "0 "),
            (9, "9 "),
            (10, "10 "),
            (4_194_304, "4194304 "),
            (i32::MAX, "2147483647 "),
            (-1, "-1 "),
        ] {
            check(expected.as_bytes(), |out| render(&Child { pid }, out));
        }
    }

    #[test]
    fn children_stand_on_one_line() {
        check(b"17 4711 ", |out| {
            for pid in [17, 4711] {
                render(&Child { pid }, out);
            }
        });
    }
}
