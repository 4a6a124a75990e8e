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
use crate::{
    model::units::Bytes,
    sys::{
        task,
        vma::{
            LockedVma,
            VmaWalk, //
        },
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
    /// The VMA of which a part has been looked at.
    partial: Option<Partial>,
}

/// A VMA of which a part has been looked at.
struct Partial {
    /// Where it was then, in bytes.
    range: Range<usize>,
    /// How it is looked at.
    holes: Holes,
    /// What shared memory had in swap of that part, if the whole has been asked for at once: should the
    /// VMA change, only this is counted.
    swapped: Bytes,
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
            if walk.advance(self.position)?.is_none() {
                let partial = self.partial.take();
                self.give_up(partial);
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
        let vma = area.vma();
        let (holes, swapped) = match self.partial.take() {
            Some(partial) => self.go_on(partial, area),
            None => (self.holes(area), Bytes(0)),
        };
        let rest = vma.start().max(self.position)..vma.end();

        if self.end == 0 {
            self.start = vma.start();
        }
        self.end = vma.end();
        self.position = vma.end();
        let pace = Pace::Piece(budget);
        match self.sums.walk(area, rest.clone(), holes, pace)? {
            Some(stopped) => {
                self.position = stopped;
                self.partial = Some(Partial {
                    range: vma.range(),
                    holes,
                    swapped: Bytes(swapped.0 + swapped_in(area, holes, rest.start..stopped).0),
                });
            }
            None => self.sums.finish(holes),
        }
        Ok(())
    }

    /// How to look at `area`, and what shared memory had in swap of what has been looked at: as before, if a
    /// part of it has been, which was noted as `partial`.
    #[cold]
    fn go_on(&mut self, partial: Partial, area: &LockedVma<'_>) -> (Holes, Bytes) {
        if partial.range == area.vma().range() {
            return (partial.holes, partial.swapped);
        }
        self.give_up(Some(partial));
        (self.holes(area), Bytes(0))
    }

    /// How to look at a VMA that is new.
    fn holes(&self, area: &LockedVma<'_>) -> Holes {
        if area.vma().start() >= self.position {
            return Holes::of(area);
        }
        // Its beginning has been counted, as another one.
        match area.shmem() {
            Some(_) => Holes::Shmem,
            None => Holes::Empty,
        }
    }

    /// Settles for what has been looked at of a VMA that is no longer there, or has changed.
    fn give_up(&mut self, partial: Option<Partial>) {
        if let Some(partial) = partial {
            self.sums.sizes.add_shmem_swap(partial.swapped);
        }
    }
}

/// What shared memory has in swap of `range`, addresses in bytes in `area`, if it is asked for all at once.
fn swapped_in(area: &LockedVma<'_>, holes: Holes, range: Range<usize>) -> Bytes {
    match (holes, area.shmem()) {
        (Holes::Asked(_), Some(shmem)) => Bytes(shmem.swap_usage_in(range)),
        _ => Bytes(0),
    }
}
