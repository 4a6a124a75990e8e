// SPDX-License-Identifier: GPL-2.0

//! Collects `children`: a walk from child to child.
//!
//! `tasklist_lock` is held only for one step, so that children may come and go between two. As in
//! stock, a child may then be missed; all are seen while none changes.
//!
//! C counterpart: `get_children_pid()` and `children_seq_*()` in
//! [`fs/proc/array.c`](srctree/fs/proc/array.c).

use crate::{
    model::children::Child,
    sys::pid::{
        self,
        Pid, //
    },
};
use kernel::{
    pid_namespace::PidNamespace,
    sync::aref::ARef, //
};

/// Stands at a child of a process.
pub(crate) struct Children<'a> {
    parent: &'a Pid,
    child: ARef<Pid>,
}

impl<'a> Children<'a> {
    /// Goes to the child at `index`; `None` beyond the last.
    pub(crate) fn at(parent: &'a Pid, index: i64) -> Option<Self> {
        let child = pid::child_of(parent, None, index)?;

        Some(Self { parent, child })
    }

    /// Goes to the next child, whose index is `index`; `false` beyond the last.
    pub(crate) fn advance(&mut self, index: i64) -> bool {
        match pid::child_of(self.parent, Some(&self.child), index) {
            Some(child) => {
                self.child = child;
                true
            }
            None => false,
        }
    }

    /// The child, numbered in `ns`.
    pub(crate) fn collect(&self, ns: &PidNamespace) -> Child {
        Child {
            pid: self.child.nr_in(ns),
        }
    }
}
