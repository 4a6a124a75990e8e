// SPDX-License-Identifier: GPL-2.0

//! What KUnit suites do that needs `unsafe`; in the module only with `CONFIG_RUSTPROC_KUNIT_TEST`.
//!
//! A failed assertion ends a test's thread where it is, with whatever it holds. So checks here answer
//! errors, after having said what differs: a test that hands them on with `?` lets go of everything
//! first, and fails for what it returns.

#[cfg(CONFIG_FAULT_INJECTION)]
pub(crate) mod fault;
pub(crate) mod log;
pub(crate) mod mount;
pub(crate) mod process;
pub(crate) mod testing;

#[cfg(not(CONFIG_KUNIT = "y"))]
compile_error!("KUnit suites need a kernel with CONFIG_KUNIT=y: without, they silently vanish");

use core::ffi::CStr;
use kernel::{
    bindings,
    ffi::c_void,
    fmt::Debug,
    prelude::*,
    str::BStr, //
};

/// The test that this thread runs; null if it runs none.
fn current() -> *mut bindings::kunit {
    // SAFETY: May be called in any context.
    unsafe { bindings::kunit_get_current_test() }
}

/// Says something, in a line of its own in the results of the case that runs, and in the log.
pub(crate) fn diagnose(what: kernel::fmt::Arguments<'_>) {
    kernel::kunit::info(fmt!("    # {what}\n"));
    // SAFETY: The test is null or this thread's own; the format takes arguments like `what`.
    unsafe {
        if let Some(test) = current().as_ref() {
            let what = core::ptr::from_ref(&what).cast::<c_void>();
            bindings::kunit_log_append(test.log, c"    # %pA\n".as_char_ptr(), what);
        }
    }
}

/// Checks that what was found is what is expected; else tells.
///
/// # Errors
///
/// `EINVAL` if it is not.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result {
    if found == expected {
        return Ok(());
    }
    diagnose(fmt!("{what}: {found:?}, but expected {expected:?}"));
    Err(EINVAL)
}

/// Checks a text like [`equal`]; tells the first line that differs.
///
/// # Errors
///
/// `EINVAL` if it does.
pub(crate) fn equal_text(what: &str, found: &[u8], expected: &[u8]) -> Result {
    if found == expected {
        return Ok(());
    }
    let same = found
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    diagnose(fmt!(
        "{what}: {} bytes of {}; at {same} '{}', but expected '{}'",
        found.len(),
        expected.len(),
        line_at(found, same),
        line_at(expected, same)
    ));
    Err(EINVAL)
}

/// The line around a byte of a text.
fn line_at(text: &[u8], at: usize) -> &BStr {
    let (before, behind) = text.split_at(at.min(text.len()));
    let is_end = |byte: &u8| *byte == b'\n';
    let start = before.iter().rposition(is_end).map_or(0, |end| end + 1);
    let end = behind.iter().position(is_end).unwrap_or(behind.len());

    BStr::from_bytes(&text[start..before.len() + end])
}

/// Makes the case that runs count as skipped, because of what `reason` says.
pub(crate) fn skip(reason: &CStr) {
    // SAFETY: The test is null or this thread's own, and nobody else writes to it meanwhile.
    if let Some(test) = unsafe { current().as_mut() } {
        test.status = bindings::kunit_status_KUNIT_SKIPPED;
        for (to, byte) in test
            .status_comment
            .iter_mut()
            .zip(reason.to_bytes_with_nul())
        {
            *to = *byte;
        }
    }
}
