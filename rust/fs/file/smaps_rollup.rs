// SPDX-License-Identifier: GPL-2.0

//! `smaps_rollup`: what the pages of a process are, in sum.
//!
//! Whoever opens it must be allowed to trace the process, which must have an address space.

use super::{
    super::{
        counters::{
            self,
            Counted, //
        },
        Proc, //
    },
    task_of, //
};
use crate::{
    collect::smaps_rollup::Rollup,
    sys::{
        fs::Inode,
        seq::{
            Records,
            Seq, //
        },
        task::{
            AccessMode,
            TaskExt, //
        },
    },
    view::smaps as view, //
};
use kernel::{
    mm::Mm,
    prelude::*,
    sync::aref::ARef, //
};

/// The file, opened. It has one record; a [`Records`] because it keeps the address space.
pub(in crate::fs) struct SmapsRollup {
    /// The address space; its memory is pinned only while it is read.
    mm: ARef<Mm>,
}

/// Stands before the record.
pub(in crate::fs) struct Cursor<'a> {
    file: &'a SmapsRollup,
    inode: &'a Inode<Proc>,
}

impl Counted for SmapsRollup {
    const NAME: &'static str = "smaps_rollup";
}

impl Records for SmapsRollup {
    type Fs = Proc;
    type Cursor<'a> = Cursor<'a>;

    fn open(inode: &Inode<Proc>) -> Result<Self> {
        let (_, task) = task_of(inode)?;
        let mm = task.open_mm(AccessMode::READ_FSCREDS)?.ok_or(ESRCH)?;

        Ok(Self { mm })
    }

    fn start<'a>(
        &'a self,
        inode: &'a Inode<Proc>,
        position: &mut i64,
    ) -> Result<Option<Cursor<'a>>> {
        Ok((*position == 0).then_some(Cursor { file: self, inode }))
    }

    fn next(_cursor: &mut Cursor<'_>, position: &mut i64) -> Result<bool> {
        *position += 1;
        Ok(false)
    }

    fn show(cursor: &mut Cursor<'_>, seq: &mut Seq<'_>) -> Result {
        let (_, _task) = task_of(cursor.inode)?;
        let mm = cursor.file.mm.mmget_not_zero().ok_or(ESRCH)?;
        let rollup = Rollup::collect(&mm)?;

        counters::entries::<Self>(rollup.sums.entries);
        seq.render(|text| {
            // CAST: Addresses have 64 bits.
            view::rollup_header(rollup.start as u64, rollup.end as u64, text);
            view::rollup_sizes(&rollup.sums.sizes, text);
        });
        Ok(())
    }
}
