// SPDX-License-Identifier: GPL-2.0

//! Processes with several threads, in one piece or not.

use std::time::Duration;

use anyhow::Result;
use nix::sched::{sched_setaffinity, unshare, CloneFlags, CpuSet};
use nix::sys::stat::{umask, Mode};
use nix::unistd::Pid;

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen("threads", "eight threads, each with a name", threads),
    specimen(
        "unlike-threads",
        "threads with affinity, nice, umask, files and user ids of their own",
        unlike,
    ),
    specimen(
        "dead-leader",
        "the first thread has ended, another lives",
        dead_leader,
    ),
    specimen(
        "exec-by-thread",
        "a thread that isn't the first has executed a program",
        exec_by_thread,
    ),
];

fn threads(stage: &mut Stage) -> Result<()> {
    for name in [
        c"one",
        c"two",
        c"three",
        c"four",
        c"five",
        c"six",
        c"seven",
        c"fifteen-letters",
    ] {
        stage.thread(name, || Ok(()))?;
    }
    Ok(())
}

fn unlike(stage: &mut Stage) -> Result<()> {
    stage.thread(c"bound", || {
        let mut set = CpuSet::new();
        set.set(0)?;
        Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
    })?;
    stage.thread(c"nice", || Ok(sys::set_nice(7)?))?;
    stage.thread(c"own umask", || {
        unshare(CloneFlags::CLONE_FS)?;
        umask(Mode::from_bits_truncate(0o007));
        Ok(())
    })?;
    stage.thread(c"own files", || {
        unshare(CloneFlags::CLONE_FILES)?;
        let null = std::fs::File::open("/dev/null")?;
        // A bare number: it stays open in this thread's table for as long as the thread lives.
        nix::fcntl::fcntl(&null, nix::fcntl::FcntlArg::F_DUPFD(200))?;
        Ok(())
    })?;
    if nix::unistd::geteuid().is_root() {
        stage.thread(c"own uids", || Ok(sys::set_thread_uids(1001, 1002, 1003)?))?;
    }
    Ok(())
}

fn dead_leader(stage: &mut Stage) -> Result<()> {
    stage.thread(c"survivor", || Ok(()))?;
    stage.at_last(|| sys::exit_thread());
    Ok(())
}

fn exec_by_thread(stage: &mut Stage) -> Result<()> {
    use std::os::unix::process::CommandExt;
    stage.without_self();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // The new program tells that it is ready; this one says nothing.
        let error =
            crate::target::own_command("__target").map(|mut command| command.arg("sleeper").exec());
        let _ = tell.send(error);
    });
    let failed = told.recv_timeout(Duration::from_secs(60))?;
    anyhow::bail!("exec: {:?}", failed);
}
