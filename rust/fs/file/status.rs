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
        cred::CredentialExt,
        fs::Inode,
        seq::{
            Seq,
            Single, //
        },
        task::TaskExt, //
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
        let ns = &inode.fs().ns;
        let users = seq.user_namespace();
        let who = collect::who(&task, pid, ns, users);
        let groups = who.credential.groups_in(users);
        let memory = collect::memory(&task);
        let signals = collect::signals(&task);
        let capabilities = collect::capabilities(&task);
        let seccomp = collect::seccomp(&task);
        let features = collect::thread_features(&task);

        seq.render(|text| {
            view::identity(&who.identity, text);
            view::groups(groups, text);
            if cfg!(CONFIG_PID_NS) {
                view::namespaces(collect::namespaces(&task, pid, ns), text);
            }
            view::kthread(task.is_kernel_thread(), text);
            if let Some(memory) = &memory {
                view::memory(memory, text);
            }
            view::signals(&signals, text);
            view::capabilities(&capabilities, text);
            view::seccomp(&seccomp, text);
            view::masks(&collect::masks(&task), text);
            view::switches(&collect::switches(&task), text);
            if let Some(features) = &features {
                view::thread_features(features, text);
            }
        });
        Ok(())
    }
}
