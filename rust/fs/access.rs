// SPDX-License-Identifier: GPL-2.0

//! What a mount hides from those who may not trace a process (`hidepid=`, `gid=`).
//!
//! C counterpart: `has_pid_permissions()` in [`fs/proc/base.c`](srctree/fs/proc/base.c).

use super::Proc;
use crate::sys::{
    fs::HidePid,
    task::{
        AccessMode,
        TaskExt, //
    },
};
use kernel::{
    prelude::*,
    task::Task, //
};

impl Proc {
    /// Whether the current task may learn about `task` what a mount hides from `least` on.
    ///
    /// Any context; takes the task's lock.
    #[inline]
    pub(super) fn shows(&self, task: &Task, least: HidePid) -> bool {
        let hidden = self.stock.hide_pid();

        if hidden != HidePid::NotPtraceable && (hidden < least || self.stock.group().has_current())
        {
            return true;
        }
        task.may_access(AccessMode::READ_FSCREDS)
    }

    /// Checks that the current task may use the directory of `task`. Any context.
    ///
    /// # Errors
    ///
    /// `ENOENT` where processes are invisible, else `EPERM`.
    #[inline]
    pub(super) fn check_use(&self, task: &Task) -> Result {
        if self.shows(task, HidePid::NoAccess) {
            return Ok(());
        }
        if self.stock.hide_pid() == HidePid::Invisible {
            return Err(ENOENT);
        }
        Err(EPERM)
    }

    /// Checks that a lookup by the current task may find `task`.
    ///
    /// # Errors
    ///
    /// `ENOENT` where only processes that may be traced are there at all.
    pub(super) fn check_lookup(&self, task: &Task) -> Result {
        if self.stock.hide_pid() == HidePid::NotPtraceable && !self.shows(task, HidePid::NoAccess) {
            return Err(ENOENT);
        }
        Ok(())
    }
}
