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

/// The bytes of a buffer that the unit tests know to be initialised.
#[cfg(test)]
#[allow(unsafe_code)] // So that the layers need none.
pub(crate) fn initialised(buffer: &[core::mem::MaybeUninit<u8>]) -> Vec<u8> {
    buffer
        .iter()
        .map(|byte| {
            // SAFETY: The callers pass what `Text` has written, which is initialised.
            unsafe { byte.assume_init() }
        })
        .collect()
}
