// SPDX-License-Identifier: GPL-2.0

//! What the unit tests of the layers need beyond `core`, in user space.
//!
//! For the kernel, `rust/sys/kunit/testing.rs` has the same under the same names.

use crate::view::text::Text;
use std::{
    fmt::{
        self,
        Debug, //
    },
    mem::MaybeUninit,
};

/// A list of any length, such as expected text.
pub(crate) type List<T> = Vec<T>;

/// Of a long row of values that are alike, all are tried.
pub(crate) const STRIDE: usize = 1;

/// What stands in a buffer where nothing has been written. No test expects it.
const UNWRITTEN: u8 = 0xaa;

/// The text of a format string and its arguments.
macro_rules! text {
    ($($arguments:tt)*) => {
        $crate::testing::formatted(core::format_args!($($arguments)*))
    };
}
pub(crate) use text;

/// The text of `arguments`.
pub(crate) fn formatted(arguments: fmt::Arguments<'_>) -> List<u8> {
    fmt::format(arguments).into_bytes()
}

/// A list of all `items`.
pub(crate) fn collected<T>(items: impl IntoIterator<Item = T>) -> List<T> {
    items.into_iter().collect()
}

/// Runs `render` on a buffer of `capacity` bytes; the text, and whether it overflowed.
#[allow(unsafe_code)] // So that the layers need none.
pub(crate) fn rendered(capacity: usize, render: impl FnOnce(&mut Text<'_>)) -> (List<u8>, bool) {
    let mut bytes = List::with_capacity(capacity);
    let buffer = &mut bytes.spare_capacity_mut()[..capacity];
    buffer.fill(MaybeUninit::new(UNWRITTEN));
    let mut text = Text::new(buffer);
    render(&mut text);
    let (len, overflowed) = (text.len(), text.overflowed());
    assert!(text.is_empty() == (len == 0) && len <= capacity);
    // SAFETY: `len` is at most `capacity`. All of these bytes have been initialised above, and
    // `Text` writes nothing but initialised bytes.
    unsafe { bytes.set_len(len) };
    (bytes, overflowed)
}

/// Checks that two values are equal, and tells them, and of which `case` they are, if they aren't.
#[track_caller]
pub(crate) fn same<A, E>(actual: A, expected: E, case: impl Debug)
where
    A: Debug + PartialEq<E>,
    E: Debug,
{
    assert_eq!(actual, expected, "{case:?}");
}
