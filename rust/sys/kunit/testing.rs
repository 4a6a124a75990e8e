// SPDX-License-Identifier: GPL-2.0

//! What the unit tests of [`crate::model`] and [`crate::view`] need beyond `core`, in the kernel.
//!
//! For user space, `tools/core/src/testing.rs` has the same under the same names. Whatever goes
//! wrong here fails the KUnit case that runs, and ends its thread without destructors.

use crate::view::text::Text;
use core::{
    fmt::{
        self,
        Debug,
        Write, //
    },
    mem::MaybeUninit,
    panic::Location,
};
use kernel::{
    bindings,
    kunit,
    prelude::*, //
};

/// A list of any length, such as expected text.
pub(crate) type List<T> = KVVec<T>;

/// Of a long row of values that are alike, one in so many is tried: each buffer takes KASAN and an
/// emulated processor a third of a millisecond. User space tries them all.
pub(crate) const STRIDE: usize = 37;

/// What stands in a buffer where nothing has been written. No test expects it.
const UNWRITTEN: u8 = 0xaa;

/// Fails the KUnit case unless `condition`.
macro_rules! require {
    ($condition:expr) => {
        kernel::kunit_assert!("testing", c"rust/sys/kunit/testing.rs", 0, $condition);
    };
}

/// The text of a format string and its arguments.
macro_rules! text {
    ($($arguments:tt)*) => {
        $crate::testing::formatted(core::format_args!($($arguments)*))
    };
}
pub(crate) use text;

/// The text of `arguments`.
pub(crate) fn formatted(arguments: fmt::Arguments<'_>) -> List<u8> {
    struct Writer(List<u8>);

    impl Write for Writer {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0
                .extend_from_slice(text.as_bytes(), GFP_KERNEL)
                .map_err(|_| fmt::Error)
        }
    }

    let mut writer = Writer(List::new());
    let written = writer.write_fmt(arguments);
    require!(written.is_ok());
    writer.0
}

/// A list of all `items`.
pub(crate) fn collected<T>(items: impl IntoIterator<Item = T>) -> List<T> {
    let mut list = List::new();
    for item in items {
        let pushed = list.push(item, GFP_KERNEL);
        require!(pushed.is_ok());
    }
    list
}

/// Runs `render` on a buffer of `capacity` bytes; the text, and whether it overflowed.
///
/// The buffer is an allocation of its own, so that KASAN sees a byte behind its end.
pub(crate) fn rendered(capacity: usize, render: impl FnOnce(&mut Text<'_>)) -> (List<u8>, bool) {
    let allocated = List::with_capacity(capacity, GFP_KERNEL);
    require!(allocated.is_ok());
    let mut bytes = allocated.unwrap_or_default();
    let buffer = bytes.spare_capacity_mut();
    let room = buffer.len();
    buffer.fill(MaybeUninit::new(UNWRITTEN));
    let mut text = Text::new(buffer);
    render(&mut text);
    let (len, overflowed) = (text.len(), text.overflowed());
    require!(text.is_empty() == (len == 0) && len <= room && room == capacity);
    // SAFETY: The spare capacity has `room` bytes. All of them have been initialised above, and
    // `Text` writes nothing but initialised bytes.
    unsafe { bytes.inc_len(len.min(room)) };
    (bytes, overflowed)
}

/// Checks that two values are equal, and tells them, and of which `case` they are, if they aren't.
#[track_caller]
pub(crate) fn same<A, E>(actual: A, expected: E, case: impl Debug)
where
    A: Debug + PartialEq<E>,
    E: Debug,
{
    let equal = actual == expected;
    if !equal {
        let at = Location::caller();
        tell(fmt!("{}:{}: {case:?}", at.file(), at.line()));
        tell(fmt!("  actual:   {actual:?}"));
        tell(fmt!("  expected: {expected:?}"));
    }
    require!(equal);
}

/// Says something in a line of its own, in the kernel's log and in the results of the case that
/// runs.
fn tell(what: fmt::Arguments<'_>) {
    kunit::err(fmt!("    # {what}\n"));
    // SAFETY: May be called in any context.
    let test = unsafe { bindings::kunit_get_current_test() };
    if !test.is_null() {
        let what: *const fmt::Arguments<'_> = &what;
        // SAFETY: This thread runs the test, so that it and its log are there, and nobody changes
        // where the log is. The format takes a pointer to `Arguments`, which is valid.
        unsafe { bindings::kunit_log_append((*test).log, c"    # %pA\n".as_char_ptr(), what) };
    }
}
