// SPDX-License-Identifier: GPL-2.0

//! Access to kernel functions that are not exported to modules.
//!
//! The table is `helpers/symbols.h`; it gives the module a stub under each function's own name, so
//! the rest of `sys` calls those functions as if they were exported.

use crate::bindings;
use core::ffi::CStr;
use kernel::{
    error::to_result,
    prelude::*, //
};

/// Release of the kernel that the module was built for, which is the one it runs on.
pub(crate) const KERNEL_RELEASE: &CStr = match CStr::from_bytes_with_nul(bindings::UTS_RELEASE) {
    Ok(release) => release,
    Err(_) => c"",
};

/// Resolves every symbol of the table.
///
/// Must succeed before anything else of `sys` is used: until then the stubs do nothing. May sleep.
///
/// # Errors
///
/// `ENOENT` when the running kernel lacks a symbol (its name is in the kernel log), otherwise what
/// `register_kprobe()` returned.
pub(crate) fn resolve() -> Result {
    // SAFETY: The function has no conditions but process context, in which a module is loaded.
    to_result(unsafe { bindings::rustproc_symbols_resolve() })
}

/// The part of the table that holds variables stands for all of it: functions are looked up alike.
#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
#[kunit_tests(rustproc_sys_symbols)]
mod tests {
    use super::*;
    use crate::sys::kunit::{
        equal,
        log, //
    };
    use core::ptr;
    use kernel::ffi::c_void;

    /// A name that no kernel has.
    const MISSING: &CStr = c"rustproc_no_such_symbol";

    /// Resolves `names`; answers whether that worked, and which of them were found.
    fn resolve_table<const N: usize>(names: [&CStr; N]) -> (Result, [bool; N]) {
        let mut found = [ptr::null_mut::<c_void>(); N];
        let pointers = found.each_mut().map(ptr::from_mut);
        let table: [_; N] = core::array::from_fn(|index| bindings::rustproc_data_symbol {
            name: names[index].as_char_ptr(),
            pointer: pointers[index],
        });

        // SAFETY: Each row has a C string and a pointer to write to. Loading the module has found
        // what the function needs.
        let error = unsafe { bindings::rustproc_data_symbols_resolve(table.as_ptr(), N) };
        (to_result(error), found.map(|symbol| !symbol.is_null()))
    }

    #[test]
    fn names_that_the_kernel_has_are_found() -> Result {
        let found = resolve_table([c"tasklist_lock", c"linux_banner"]);

        equal("found", found, (Ok(()), [true, true]))
    }

    #[test]
    fn a_missing_name_fails_and_is_logged() -> Result {
        let before = log::lines_with(MISSING.to_bytes())?;
        let (result, found) = resolve_table([MISSING]);

        equal("found", (result, found), (Err(ENOENT), [false]))?;
        equal("lines", log::lines_with(MISSING.to_bytes())?, before + 1)
    }

    #[test]
    fn what_comes_after_a_missing_name_is_left_alone() -> Result {
        let found = resolve_table([c"tasklist_lock", MISSING, c"linux_banner"]);

        equal("found", found, (Err(ENOENT), [true, false, false]))
    }

    #[test]
    fn a_name_of_the_module_itself_is_missing() -> Result {
        let found = resolve_table([c"rustproc_symbols_resolve"]);

        equal("found", found, (Err(ENOENT), [false]))
    }

    #[test]
    fn the_table_resolves_again_after_a_failure() -> Result {
        let (failed, _) = resolve_table([MISSING]);

        equal("failed", failed, Err(ENOENT))?;
        equal("resolved", resolve(), Ok(()))
    }
}
