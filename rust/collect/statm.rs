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
        task::TaskExt, //
    },
};
use kernel::task::Task;

/// The sizes of `task`'s address space; `None` if it has none. Takes no lock; may sleep.
pub(crate) fn collect(task: &Task) -> Option<Statm> {
    let mm = task.mm()?;
    let sizes = mm.sizes();

    Some(Statm {
        size: Pages(sizes.total),
        rss: collect::rss(&mm),
        code: collect::code(&mm),
        data_vm: Pages(sizes.data),
        stack_vm: Pages(sizes.stack),
    })
}
