// SPDX-License-Identifier: GPL-2.0

//! Generated declarations of what `kernel::bindings` lacks.
//!
//! `bindings/bindgen_parameters` lists the items. Types that they mention and that `kernel::bindings`
//! has come from there, so that each C type has one Rust type.

#![allow(
    clippy::all,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

use kernel::{
    bindings::*,
    ffi,
    prelude::Zeroable, //
};

include!(env!("RUSTPROC_BINDINGS"));
