// SPDX-License-Identifier: GPL-2.0

//! What the per-process files say, as plain values with their arithmetic and their redaction rules.
//!
//! A model is filled once from kernel state and never looks back: no task, no mm, no lock, no
//! configuration symbol is visible here, and every value is a snapshot that may be stale by the
//! time it is printed. Where the configuration decides whether a line exists, the field is an
//! [`Option`]. Nothing here makes text; that is what [`crate::view`] does.
//!
//! The code needs `core` only, so it is built and tested outside the kernel too.

#![deny(unsafe_code)]

pub mod access;
pub mod bitmap;
pub mod children;
pub mod clear_refs;
pub mod code;
pub mod comm;
pub mod maps;
pub mod mem_sizes;
pub mod numa_maps;
pub mod page_scan;
pub mod pagemap;
pub mod pid_name;
pub mod procmap_query;
pub mod rss;
pub mod scope;
pub mod speculation;
pub mod stat;
pub mod state;
pub mod statm;
pub mod status;
pub mod units;
pub mod vma_flags;
