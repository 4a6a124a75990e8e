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
