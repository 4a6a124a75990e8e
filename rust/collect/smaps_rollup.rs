// SPDX-License-Identifier: GPL-2.0

//! Collects `smaps_rollup`: what the pages of an address space are.
//!
//! Where stock holds `mmap_lock` to the end of a VMA at least, here each VMA is locked by itself, and
//! let go of after a table for which somebody has come to wait, and after some thousands of entries at the
//! latest. The address space may change meanwhile:
//! each address is looked at once at most, in rising order, and counted as it is then.
//!
//! C counterpart: `show_smaps_rollup()` in [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::smaps::{
    Holes,
    Pace,
    Sums, //
};
use crate::sys::{
    task,
    vma::{
        LockedVma,
        VmaWalk, //
    },
};
use core::ops::Range;
use kernel::{
    mm::MmWithUser,
    prelude::*,
    sync::aref::ARef, //
};

/// Page-table entries that are looked at between taking a lock and letting go of it.
const PIECE: u64 = 4096;

/// The sums over an address space.
#[derive(Default)]
pub(crate) struct Rollup {
    /// What was found.
    pub(crate) sums: Sums,
    /// Where the first VMA began, in bytes; 0 without one.
    pub(crate) start: usize,
    /// Where the last VMA ended, in bytes; 0 without one.
    pub(crate) end: usize,
    /// Where to go on.
    position: usize,
    /// The VMA of which a part has been looked at, and how.
    partial: Option<(Range<usize>, Holes)>,
}

impl Rollup {
    /// Sums up `mm`. May sleep.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn collect(mm: &ARef<MmWithUser>) -> Result<Self> {
        let mut rollup = Self::default();

        while rollup.piece(mm)? {
            task::cond_resched();
        }
        Ok(rollup)
    }

    /// Takes locks for [`PIECE`] entries, each VMA counted as one, too; `false` at the end of the address
    /// space.
    fn piece(&mut self, mm: &ARef<MmWithUser>) -> Result<bool> {
        let mut walk = VmaWalk::new(mm.clone(), self.position);
        let mut limit = self.sums.entries.saturating_add(PIECE);

        while self.sums.entries < limit {
            if !walk.advance(self.position)? {
                return Ok(false);
            }
            let budget = limit - self.sums.entries;
            walk.inspect(|area| self.area(&area, budget)).transpose()?;
            if self.partial.is_some() {
                break;
            }
            limit -= 1;
        }
        Ok(true)
    }

    /// Adds what is left of a VMA, or a piece of at most `budget` entries.
    fn area(&mut self, area: &LockedVma<'_>, budget: u64) -> Result {
        let range = area.vma().range();
        let holes = match self.partial.take() {
            Some((partial, holes)) if partial == range => holes,
            // A VMA that has grown: its beginning has been counted, as another one.
            _ if range.start < self.position => match area.vma().shmem() {
                Some(_) => Holes::Shmem,
                None => Holes::Empty,
            },
            _ => self.sums.shmem_holes(area.vma()),
        };
        let rest = range.start.max(self.position)..range.end;

        if self.end == 0 {
            self.start = range.start;
        }
        self.end = range.end;
        self.position = range.end;
        if let Some(stopped) = self.sums.walk(area, rest, holes, Pace::Piece(budget))? {
            self.position = stopped;
            self.partial = Some((range, holes));
        }
        Ok(())
    }
}
