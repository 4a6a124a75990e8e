// SPDX-License-Identifier: GPL-2.0

//! Targets in namespaces of their own, seen from outside.

use std::fs;

use anyhow::{Context, Result};
use nix::sched::{unshare, CloneFlags};
use nix::unistd::pause;

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen("user-namespace", "a user namespace with a mapping", mapped),
    specimen(
        "unmapped-user-namespace",
        "a user namespace without a mapping",
        unmapped,
    ),
    specimen(
        "pid-namespace",
        "first process of a pid namespace in a pid namespace",
        pid_namespace,
    ),
    specimen(
        "time-namespace",
        "a time namespace with an offset",
        time_namespace,
    ),
    specimen(
        "own-namespaces",
        "mount, UTS, IPC and network namespaces of its own",
        others,
    ),
];

/// `CLONE_NEWTIME`, which the crate leaves out because `clone` can't take it.
pub const CLONE_NEWTIME: CloneFlags = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);

fn mapped(stage: &mut Stage) -> Result<()> {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unmapped(stage)?;
    fs::write("/proc/self/setgroups", "deny").context("setgroups")?;
    fs::write("/proc/self/uid_map", format!("5000 {uid} 1")).context("uid_map")?;
    fs::write("/proc/self/gid_map", format!("6000 {gid} 1")).context("gid_map")
}

fn unmapped(_: &mut Stage) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER).context("unshare CLONE_NEWUSER")?;
    sys::die_with_parent();
    Ok(())
}

fn pid_namespace(stage: &mut Stage) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWPID).context("unshare CLONE_NEWPID")?;
    let outer = sys::fork(|| {
        sys::die_with_parent();
        let inner = unshare(CloneFlags::CLONE_NEWPID).and_then(|()| sys::fork(idle));
        if inner.is_err() {
            return 1;
        }
        idle()
    })?;
    stage.also("first", outer);
    if let Some(inner) = first_child(outer) {
        stage.also("inner", inner);
    }
    Ok(())
}

fn idle() -> i32 {
    sys::die_with_parent();
    loop {
        pause();
    }
}

/// Waits a while for a process to have a child.
fn first_child(pid: nix::unistd::Pid) -> Option<nix::unistd::Pid> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    for _ in 0..1000 {
        let text = fs::read_to_string(&path).ok()?;
        if let Some(child) = text.split_whitespace().next() {
            return child.parse().ok().map(nix::unistd::Pid::from_raw);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    None
}

fn time_namespace(stage: &mut Stage) -> Result<()> {
    enter_time_namespace()?;
    let pid = sys::fork(idle)?;
    stage.also("", pid);
    stage.without_self();
    Ok(())
}

/// Makes a time namespace, a day ahead, that children will be in.
pub fn enter_time_namespace() -> Result<()> {
    unshare(CLONE_NEWTIME).context("unshare CLONE_NEWTIME")?;
    fs::write(
        "/proc/self/timens_offsets",
        "boottime 86400 5000\nmonotonic 3600 0\n",
    )
    .context("timens_offsets")
}

fn others(_: &mut Stage) -> Result<()> {
    let all = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    unshare(all).context("unshare")
}
