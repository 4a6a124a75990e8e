// SPDX-License-Identifier: GPL-2.0

//! Whether a file speaks of one thread or of its whole process.

/// What the numbers of a file are summed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One thread: files of `<pid>/task/<tid>/`.
    Thread,
    /// All threads of the process: files of `<pid>/`.
    Process,
}
