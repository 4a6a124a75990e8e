// SPDX-License-Identifier: GPL-2.0

//! `status`: the state of a task, labelled for people. Everyone may read it.

use super::{
    super::{
        counters::Counted,
        Proc, //
    },
    task_of, //
};
use crate::{
    collect::status as collect,
    sys::{
        fs::Inode,
        seq::{
            Seq,
            Single, //
        },
    },
    view::status as view, //
};
use kernel::prelude::*;

/// The file.
pub(in crate::fs) struct Status;

impl Counted for Status {
    const NAME: &'static str = "status";
}

impl Single for Status {
    type Fs = Proc;

    fn show(inode: &Inode<Proc>, seq: &mut Seq<'_>) -> Result {
        let (pid, task) = task_of(inode)?;
        let credential = collect::credential(&task);
        let users = seq.user_namespace();
        let status = collect::collect(&task, pid, &inode.fs().ns, users, &credential);

        seq.render(|text| view::render(&status, text));
        Ok(())
    }
}
