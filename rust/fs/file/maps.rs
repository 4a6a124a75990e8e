// SPDX-License-Identifier: GPL-2.0

//! `maps`: the mappings of a process.
//!
//! Whoever opens it must be allowed to trace the process; the address space is the one that the
//! process has then, also after an exec. What `ioctl(2)` answers is in [`procmap_query`].

use super::{
    super::{
        counters::Counted,
        Proc, //
    },
    procmap_query,
    task_of, //
};
use crate::{
    collect::maps as collect,
    model::maps::Name,
    sys::{
        fs::Inode,
        seq::{
            Control,
            Records,
            Seq, //
        },
        task::{
            AccessMode,
            TaskExt, //
        },
        vma::{
            LockedVma,
            Vma,
            VmaName, //
        },
    },
    view::maps as view, //
};
use core::ffi::CStr;
use kernel::{
    mm::Mm,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::Atomic, //
    },
    task::Task,
    uaccess::UserPtr, //
};

/// The file, opened.
pub(in crate::fs) struct Maps {
    /// The address space; its memory is pinned only while it is read.
    mm: Option<ARef<Mm>>,
    /// Where the VMA begins that is being shown.
    restart: Atomic<i64>,
}

/// Stands at a VMA. The task is kept, as in stock, until the locks have been let go of.
pub(in crate::fs) struct Cursor<'a> {
    maps: collect::Maps<'a>,
    task: ARef<Task>,
}

impl Cursor<'_> {
    /// Runs `look` on the VMA, free to sleep; `None` at the gate VMA.
    pub(super) fn inspect<R>(&mut self, look: impl FnOnce(LockedVma<'_>) -> R) -> Option<R> {
        self.maps.inspect(look)
    }

    /// The VMA.
    pub(super) fn current(&self) -> Option<Vma<'_>> {
        self.maps.current()
    }

    /// Writes the path of the VMA's file, as [`collect::Maps::write_path`].
    pub(super) fn write_path(&self, escaped: &CStr, seq: &mut Seq<'_>) {
        self.maps.write_path(escaped, seq);
    }

    /// The process.
    pub(super) fn task(&self) -> &Task {
        &self.task
    }
}

impl Counted for Maps {
    const NAME: &'static str = "maps";
}

impl Records for Maps {
    type Fs = Proc;
    type Cursor<'a> = Cursor<'a>;

    fn open(inode: &Inode<Proc>) -> Result<Self> {
        let (_, task) = task_of(inode)?;

        Ok(Self {
            mm: task.open_mm(AccessMode::READ_FSCREDS)?,
            restart: Atomic::new(0),
        })
    }

    fn start<'a>(
        &'a self,
        inode: &'a Inode<Proc>,
        position: &mut i64,
    ) -> Result<Option<Cursor<'a>>> {
        if collect::is_end(*position) {
            return Ok(None);
        }
        let (_, task) = task_of(inode)?;
        let Some(mm) = self.mm.as_ref().and_then(|mm| mm.mmget_not_zero()) else {
            return Ok(None);
        };
        let maps = collect::Maps::at(mm, position, &self.restart)?;

        Ok(maps.map(|maps| Cursor { maps, task }))
    }

    fn next(cursor: &mut Cursor<'_>, position: &mut i64) -> Result<bool> {
        cursor.maps.advance(position)
    }

    fn show(cursor: &mut Cursor<'_>, seq: &mut Seq<'_>) -> Result {
        show(cursor, seq)
    }
}

impl Control for Maps {
    fn ioctl(&self, command: u32, argument: usize) -> Result<isize> {
        match command {
            procmap_query::COMMAND => {
                procmap_query::answer(self.mm.as_deref(), UserPtr::from_addr(argument))?;
                Ok(0)
            }
            _ => Err(ENOIOCTLCMD),
        }
    }
}

/// Renders a VMA. Its name, and the path of its file, are rendered under its lock.
///
/// # Errors
///
/// `EINVAL` if the cursor stands nowhere.
pub(super) fn show(cursor: &Cursor<'_>, seq: &mut Seq<'_>) -> Result {
    let vma = cursor.current().ok_or(EINVAL)?;

    match vma.name() {
        VmaName::None => {
            let record = collect::record(vma);
            seq.render(|text| view::nameless(&record, text));
        }
        VmaName::Path(_) => {
            let record = collect::record(vma);
            seq.render(|text| view::before_name(&record, text));
            cursor.write_path(c"\n", seq);
            seq.render(view::end);
        }
        VmaName::Kernel(name) => show_named(vma, Name::Special(name), seq),
        VmaName::Anon(name) => show_named(vma, Name::Anon(name), seq),
        VmaName::AnonShmem(name) => show_named(vma, Name::AnonShmem(name), seq),
    }
    Ok(())
}

/// Renders a VMA whose name is not a path.
fn show_named(vma: Vma<'_>, name: Name<'_>, seq: &mut Seq<'_>) {
    let record = collect::record(vma);

    seq.render(|text| view::named(&record, name, text));
}
