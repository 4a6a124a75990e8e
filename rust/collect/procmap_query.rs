// SPDX-License-Identifier: GPL-2.0

//! Finds the VMA that `ioctl(PROCMAP_QUERY)` on `maps` asks for.
//!
//! C counterpart: `query_matching_vma()` in [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::maps;
use crate::{
    model::procmap_query::{
        ProcmapQuery,
        Verdict, //
    },
    sys::vma::{
        FoundVma,
        Vma, //
    },
};
use kernel::{
    mm::MmWithUser,
    prelude::*, //
};

/// Finds the VMA that `query` asks for, and locks it. May sleep.
///
/// # Errors
///
/// `ENOENT` if there is none, `EINTR` on a fatal signal.
pub(crate) fn find<'a>(mm: &'a MmWithUser, query: &ProcmapQuery) -> Result<FoundVma<'a>> {
    // CAST: Addresses have 64 bits.
    let mut found = FoundVma::find(mm, query.query_addr as usize)?;

    while let Some(locked) = found {
        let vma = locked.vma();
        // CAST: As above.
        match query.judge(vma.start() as u64, maps::permissions(vma), vma.has_file()) {
            Verdict::Match => return Ok(locked),
            Verdict::Next => found = locked.next()?,
            Verdict::NoMatch => break,
        }
    }
    Err(ENOENT)
}

/// Answers what `vma` is.
pub(crate) fn describe(vma: Vma<'_>, query: &mut ProcmapQuery) {
    // CAST: A size of pages.
    query.describe(&maps::record(vma), vma.kernel_page_size() as u64);
}
