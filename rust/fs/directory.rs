// SPDX-License-Identifier: GPL-2.0

//! The root directory.
//!
//! C counterpart: `proc_pid_lookup()` and `proc_pid_readdir()` in
//! [`fs/proc/base.c`](srctree/fs/proc/base.c), `proc_root_*()` in
//! [`fs/proc/root.c`](srctree/fs/proc/root.c).

use super::{
    stock,
    task::{
        new_directory,
        Place, //
    },
    Proc,
    DOTS, //
};
use crate::{
    model::pid_name::{
        self,
        PidName, //
    },
    sys::{
        fs::{
            Directory,
            Emitter,
            HidePid,
            Inode, //
        },
        pid::{
            self,
            NumberedTask,
            Pid,
            PID_MAX_LIMIT, //
        },
        task::cond_resched,
    },
};
use kernel::{
    prelude::*,
    sync::aref::ARef, //
};

/// Position of the first process; what comes before it is stock's, `self` and `thread-self` too.
const FIRST_PROCESS: i64 = 258;

/// Looks `name` up: a number is a task of the namespace, whether it leads a group or not, that the
/// mount shows to the current task; any other name is stock's.
///
/// # Errors
///
/// `ENOENT` if there is no such task or name; `ENOMEM`.
pub(super) fn lookup_in_root(dir: &Inode<Proc>, name: &[u8]) -> Result<ARef<Inode<Proc>>> {
    let fs = dir.fs();
    let Some(number) = pid_name::parse(name) else {
        return stock::lookup(dir, fs.stock.root(), name);
    };
    let number = i32::try_from(number).map_err(|_| ENOENT)?;
    let found = pid::find_task(number, &fs.ns).ok_or(ENOENT)?;

    fs.check_lookup(&found.task)?;
    new_directory(dir, found.pid, &found.task, Place::Process)
}

/// Reads the root: what stock has there in stock's order, then the processes by number.
///
/// # Errors
///
/// Stock's own; `ENOMEM`.
pub(super) fn read_root(dir: &mut Directory<'_, Proc>, entries: &mut Emitter<'_, Proc>) -> Result {
    if entries.position() < FIRST_PROCESS && !read_static(dir, entries)? {
        return Ok(());
    }
    read_processes(dir.inode(), entries)
}

/// Reads what comes before the processes; `false` when the reader has enough, or stands where stock
/// has no more: after a seek to between the last entry and the first process.
fn read_static(dir: &mut Directory<'_, Proc>, entries: &mut Emitter<'_, Proc>) -> Result<bool> {
    let root = dir.inode();
    let stream = dir.stream(|| Ok(root.fs().stock.root().clone()))?;
    let mut reached_processes = false;

    let end = stream.read_from(entries.position(), |entry| {
        reached_processes = entry.position >= FIRST_PROCESS;
        if reached_processes {
            return false;
        }
        if entry.position < DOTS {
            return entries.position() >= DOTS || entries.dots();
        }
        entries.set_position(entry.position);
        entries.emit(entry.name, entry.ino, entry.kind)
    })?;
    entries.set_position(if reached_processes {
        FIRST_PROCESS
    } else {
        // The dots are ours to count; stock's own position stays where they were refused.
        end.max(entries.position())
    });
    Ok(reached_processes)
}

fn read_processes(root: &Inode<Proc>, entries: &mut Emitter<'_, Proc>) -> Result {
    let end = PID_MAX_LIMIT + FIRST_PROCESS;

    while entries.position() < end {
        // CAST: Not negative and below `PID_MAX_LIMIT`.
        let from = (entries.position() - FIRST_PROCESS) as i32;
        let Some(found) = next_shown(from, root.fs()) else {
            entries.set_position(end);
            break;
        };
        entries.set_position(i64::from(found.nr) + FIRST_PROCESS);
        // CAST: A pid is not negative.
        let name = PidName::new(found.nr as u32);
        if !entries.emit_inode(name.as_bytes(), || {
            let pid = Pid::of_task(&found.task).ok_or(ENOENT)?;
            new_directory(root, pid, &found.task, Place::Process)
        }) {
            break;
        }
        entries.set_position(entries.position() + 1);
    }
    Ok(())
}

/// The process with the smallest number from `from` on that the mount shows to the current task.
fn next_shown(from: i32, fs: &Proc) -> Option<NumberedTask> {
    let mut from = from;

    loop {
        cond_resched();
        let found = pid::next_process(from, &fs.ns)?;
        if fs.shows(&found.task, HidePid::Invisible) {
            return Some(found);
        }
        from = found.nr.checked_add(1)?;
    }
}
