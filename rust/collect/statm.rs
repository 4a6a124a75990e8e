// SPDX-License-Identifier: GPL-2.0

//! Collects `statm`.
//!
//! C counterpart: `proc_pid_statm()` in [`fs/proc/array.c`](srctree/fs/proc/array.c) and
//! `task_statm()` in [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    collect,
    model::{
        statm::Statm,
        units::Pages, //
    },
    sys::{
        mm::MmExt,
        pid::Pid,
        task::TaskExt, //
    },
};
use kernel::{
    mm::MmWithUser,
    prelude::*,
    sync::rcu, //
};

/// The sizes of the address space of the task that `pid` identifies, or zeros if that has none. May
/// sleep.
///
/// # Errors
///
/// `ESRCH` if the task has been reaped.
#[inline(always)]
pub(crate) fn collect(pid: &Pid) -> Result<Statm> {
    let mm = {
        let rcu = rcu::read_lock();
        pid.task_rcu(&rcu).ok_or(ESRCH)?.mm()
    };

    Ok(mm.as_deref().map_or_else(Statm::default, sizes))
}

/// In stock's order.
#[inline(always)]
fn sizes(mm: &MmWithUser) -> Statm {
    let rss = collect::rss(mm);
    let code = collect::code(mm);
    let sizes = mm.sizes();

    Statm {
        size: Pages(sizes.total),
        rss,
        code,
        data_vm: Pages(sizes.data),
        stack_vm: Pages(sizes.stack),
    }
}
