// SPDX-License-Identifier: GPL-2.0

//! `stat`: the state of a process or thread on one line.
//!
//! Everyone may read it; what a reader without the right to trace the task must not see is zeroed,
//! which is decided at each read.

use super::{
    super::{
        counters::Counted,
        Proc, //
    },
    task_of, //
};
use crate::{
    collect,
    model::scope::Scope,
    sys::{
        fs::Inode,
        seq::{
            Seq,
            Single, //
        },
    },
    view, //
};
use kernel::prelude::*;

/// The file in the directory of a process: of all its threads together.
pub(in crate::fs) struct ProcessStat;

/// The file in the directory of a thread.
pub(in crate::fs) struct ThreadStat;

impl Counted for ProcessStat {
    const NAME: &'static str = "stat";
}

impl Counted for ThreadStat {
    const NAME: &'static str = "stat";
}

impl Single for ProcessStat {
    type Fs = Proc;

    fn show(inode: &Inode<Proc>, seq: &mut Seq<'_>) -> Result {
        show(inode, Scope::Process, seq)
    }
}

impl Single for ThreadStat {
    type Fs = Proc;

    fn show(inode: &Inode<Proc>, seq: &mut Seq<'_>) -> Result {
        show(inode, Scope::Thread, seq)
    }
}

fn show(inode: &Inode<Proc>, scope: Scope, seq: &mut Seq<'_>) -> Result {
    let (pid, task) = task_of(inode)?;
    let stat = collect::stat::collect(&task, pid, &inode.fs().ns, scope)?;

    seq.render(|text| view::stat::render(&stat, text));
    Ok(())
}
