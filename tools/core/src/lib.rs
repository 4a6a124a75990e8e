// SPDX-License-Identifier: GPL-2.0

//! The module's `model` and `view` layers, built for user space.
//!
//! The files are the module's own, taken by path, so that `cargo test` runs the unit tests at their
//! foot. Nothing else is here: whatever these layers need beyond `core` doesn't belong in them.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

/// An inline module has a directory for a path, so that the layers' own modules are found below it.
#[path = "../../../rust"]
mod layers {
    pub mod model;
    pub mod view;
}

pub use layers::{model, view};

#[cfg(test)]
pub(crate) mod testing;
