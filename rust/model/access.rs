// SPDX-License-Identifier: GPL-2.0

//! How much of a process a reader may see.
//!
//! This says what was decided; deciding it is the business of whoever fills the model.

/// Whether the reader may see addresses and other values that help an attacker.
///
/// The answer of `ptrace_may_access` with `PTRACE_MODE_READ_FSCREDS`, true at the time of the read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything is shown.
    Full,
    /// Guarded values are replaced by fixed ones; how, depends on the field.
    Redacted,
}
