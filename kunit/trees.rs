// SPDX-License-Identifier: GPL-2.0

//! A process with some mappings, and stock's tree beside ours.

use super::*;
use crate::sys::kunit::process::{
    self,
    Protection, //
};

/// Pages that [`map_layout`] maps things in.
pub(super) const LAYOUT: Range<usize> = BASE..BASE + 64 * PAGE;

/// Addresses of pages of the layout.
pub(super) const fn pages(first: usize, end: usize) -> Range<usize> {
    LAYOUT.start + first * PAGE..LAYOUT.start + end * PAGE
}

/// Maps five areas: three that touch each other, and two behind holes.
pub(super) fn map_layout(process: &Process) -> Result {
    process.map(pages(2, 10), Memory::Private)?;
    process.protect(pages(4, 8), Protection::Read)?;
    process.map(pages(12, 16), Memory::Shared)?;
    process.map(pages(20, 24), Memory::Private)?;
    process.write(pages(2, 3).start, b"private")?;
    process.write(pages(12, 13).start, b"shared")
}

/// Both trees.
pub(super) struct Trees<'p> {
    /// The process that both show.
    pub(super) process: &'p Process,
    /// Ours.
    pub(super) ours: Mount<'p>,
    /// Stock's.
    pub(super) stock: Mount<'p>,
}

/// Runs `body` in a process with the layout and both trees.
pub(super) fn with_trees(body: impl FnOnce(&Trees<'_>) -> Result) -> Result {
    process::run(|process| {
        map_buffer(process)?;
        map_layout(process)?;
        body(&Trees {
            process,
            ours: mount(process)?,
            stock: Mount::new(process, c"proc", &[])?,
        })
    })
}
