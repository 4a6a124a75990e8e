// SPDX-License-Identifier: GPL-2.0

//! The files of ours: each joins what is collected to how it is rendered.

mod children;
mod clear_refs;
mod maps;
#[cfg(CONFIG_NUMA)]
mod numa_maps;
mod page_scan;
mod pagemap;
mod procmap_query;
mod smaps;
mod smaps_rollup;
mod stat;
mod statm;
mod status;

pub(super) use self::{
    children::Children,
    clear_refs::ClearRefs,
    maps::Maps,
    numa_maps::NumaMaps,
    pagemap::Pagemap,
    smaps::Smaps,
    smaps_rollup::SmapsRollup,
    stat::{
        ProcessStat,
        ThreadStat, //
    },
    statm::Statm,
    status::Status,
};

use super::{
    Node,
    Proc, //
};
use crate::sys::{
    fs::Inode,
    pid::Pid, //
};
use kernel::{
    prelude::*,
    sync::aref::ARef,
    task::Task, //
};

/// The pid whose file `inode` is.
///
/// # Errors
///
/// `EINVAL` if it is no task's; the table of entries makes none such.
fn pid_of(inode: &Inode<Proc>) -> Result<&Pid> {
    match inode.node() {
        Node::Task(node) => Ok(node.pid()),
        Node::Root | Node::Passed => Err(EINVAL),
    }
}

/// The pid whose file `inode` is, and its task.
///
/// # Errors
///
/// `ESRCH` if the task has been reaped.
fn task_of(inode: &Inode<Proc>) -> Result<(&Pid, ARef<Task>)> {
    let pid = pid_of(inode)?;

    Ok((pid, pid.task().ok_or(ESRCH)?))
}
