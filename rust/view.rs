// SPDX-License-Identifier: GPL-2.0

//! From models to the bytes of the per-process files, one module per file.
//!
//! A view prints what [`crate::model`] says through a [`text::Text`] and decides nothing: no view
//! reads kernel state, takes a lock, allocates or fails. Text that does not fit is reported by the
//! writer, and the file's reader comes again with a larger buffer.
//!
//! The code needs `core` only, so it is built and tested outside the kernel too.

#![deny(unsafe_code)]

pub mod children;
pub mod line;
pub mod maps;
pub mod numa_maps;
pub mod smaps;
pub mod stat;
pub mod statm;
pub mod status;
pub mod text;
