// SPDX-License-Identifier: GPL-2.0

//! Does what `clear_refs` is asked for.
//!
//! C counterpart: `clear_refs_write()` and the callbacks of its walk in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    model::clear_refs::{
        Areas,
        Request, //
    },
    sys::{
        mm::MmapWriteLock,
        task::TaskExt,
        vma::{
            flags,
            Vma, //
        },
        walk::{
            Action,
            Entry,
            HugePmd,
            MmapWrite,
            MmapWriteFlush,
            PageWalk,
            Pmd,
            PmdGuard,
            PteTable, //
        },
    },
};
use kernel::{
    prelude::*,
    task::Task, //
};

/// Forgets what `request` says of the address space of `task`, if it has one. Answers how many
/// entries of page tables were looked at. May sleep.
///
/// # Errors
///
/// `EINTR` on a fatal signal, before anything has been done.
pub(crate) fn clear(task: &Task, request: Request) -> Result<u64> {
    let Some(mm) = task.mm() else {
        return Ok(0);
    };
    let lock = MmapWriteLock::killable(&mm)?;

    match request {
        Request::References(areas) => clear_references(&lock, areas),
        Request::SoftDirty => clear_soft_dirty(&lock),
        Request::HighestResident => {
            lock.reset_highest_resident();
            Ok(0)
        }
    }
}

fn clear_references(lock: &MmapWriteLock<'_>, areas: Areas) -> Result<u64> {
    let mut references = References { entries: 0 };
    let wanted = |vma: Vma<'_>| is_memory(vma) && areas.include(vma.has_file());

    lock.walk(wanted, &mut references)?;
    Ok(references.entries)
}

fn clear_soft_dirty(lock: &MmapWriteLock<'_>) -> Result<u64> {
    let mut soft_dirty = SoftDirty { entries: 0 };

    for vma in lock.vmas() {
        vma.clear_soft_dirty();
    }
    lock.soft_dirty_round().walk(is_memory, &mut soft_dirty)?;
    Ok(soft_dirty.entries)
}

/// Whether an area maps memory that has page structs.
fn is_memory(vma: Vma<'_>) -> bool {
    vma.flags() & flags::PFNMAP == 0
}

/// The walk that forgets that pages have been used.
struct References {
    entries: u64,
}

impl References {
    fn table(&mut self, table: &PteTable<'_, MmapWrite>) {
        // CAST: A number of entries.
        self.entries += table.len() as u64;
        for slot in table.slots() {
            let pte = slot.entry();
            if !pte.is_present() {
                continue;
            }
            if let Some(page) = pte.page() {
                slot.clear_young();
                page.folio().clear_referenced();
            }
        }
    }

    /// The page that stands for huge pages without content is nobody's, and left alone; series 7.2
    /// forgets its use, too, which no file shows.
    fn huge(&mut self, huge: &HugePmd<'_, MmapWrite>) {
        let pmd = huge.entry();

        self.entries += 1;
        if !pmd.is_present() {
            return;
        }
        if let Some(page) = pmd.page() {
            huge.clear_young();
            page.folio().clear_referenced();
        }
    }
}

#[vtable]
impl PageWalk<MmapWrite> for References {
    const KILLABLE: bool = false;

    fn pmd_entry(&mut self, pmd: &Pmd<'_, MmapWrite>) -> Result<Action> {
        match pmd.lock() {
            PmdGuard::Huge(huge) => self.huge(&huge),
            PmdGuard::Table(table) => self.table(&table),
            PmdGuard::Changed => return Ok(Action::Again),
        }
        Ok(Action::Continue)
    }
}

/// The walk that forgets that pages have been written to.
struct SoftDirty {
    entries: u64,
}

#[vtable]
impl PageWalk<MmapWriteFlush> for SoftDirty {
    const KILLABLE: bool = false;

    fn pmd_entry(&mut self, pmd: &Pmd<'_, MmapWriteFlush>) -> Result<Action> {
        match pmd.lock() {
            PmdGuard::Huge(huge) => {
                self.entries += 1;
                huge.clear_soft_dirty();
            }
            PmdGuard::Table(table) => {
                // CAST: A number of entries.
                self.entries += table.len() as u64;
                table.clear_soft_dirty();
            }
            PmdGuard::Changed => return Ok(Action::Again),
        }
        Ok(Action::Continue)
    }
}
