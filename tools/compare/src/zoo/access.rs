// SPDX-License-Identifier: GPL-2.0

//! What decides who may look at a process: its ids, its capabilities, whether it may be dumped, its
//! namespaces.

use std::fs;

use anyhow::{Context, Result};
use caps::{CapSet, Capability};
use nix::sched::{unshare, CloneFlags};
use nix::sys::wait::{waitid, Id, WaitPidFlag};
use nix::unistd::{getegid, geteuid, setgroups, setresgid, setresuid, Gid, Uid};

use super::creds::{become_user, need_root};
use super::{specimen, Specimen, Stage};
use crate::machine::Setting;
use crate::sys;

/// The user of whom most of these are, and his group.
pub const USER: (u32, u32) = (1234, 5678);
/// Another one.
pub const STRANGER: (u32, u32) = (2345, 6789);

pub const SPECIMENS: &[Specimen] = &[
    specimen("dumpable-2", "another user, dumpable 2", dumpable_2),
    specimen(
        "more-capable",
        "another user, with a capability and dumpable",
        more_capable,
    ),
    specimen(
        "mixed-ids",
        "another user's effective ids only, dumpable",
        mixed_ids,
    ),
    specimen(
        "mixed-threads",
        "root's, with a thread that is another user's",
        mixed_threads,
    ),
    specimen(
        "users-zombies",
        "zombies of two users, and root's",
        users_zombies,
    ),
    specimen(
        "pid-namespace-users",
        "root's and a user's in one pid namespace",
        pid_namespace_users,
    ),
    specimen(
        "container",
        "a user and a pid namespace, root inside",
        container,
    ),
];

/// Dumpability becomes the setting's value when a process changes its user.
fn dumpable_2(stage: &mut Stage) -> Result<()> {
    need_root()?;
    let _setting = Setting::change("/proc/sys/fs/suid_dumpable", "2")?;
    stage.without_self();
    stage.fork("", || become_user(USER.0, USER.1))?;
    Ok(())
}

fn more_capable(_: &mut Stage) -> Result<()> {
    need_root()?;
    nix::sys::prctl::set_keepcaps(true)?;
    become_user(USER.0, USER.1)?;
    for set in [CapSet::Effective, CapSet::Permitted] {
        caps::set(None, set, &[Capability::CAP_NET_RAW].into())?;
    }
    nix::sys::prctl::set_dumpable(true)?;
    Ok(())
}

fn mixed_ids(_: &mut Stage) -> Result<()> {
    need_root()?;
    let uids = [USER, STRANGER].map(|user| Uid::from_raw(user.0));
    let gids = [USER, STRANGER].map(|user| Gid::from_raw(user.1));
    setgroups(&[])?;
    setresgid(gids[0], gids[1], gids[0])?;
    setresuid(uids[0], uids[1], uids[0])?;
    sys::die_with_parent();
    Ok(nix::sys::prctl::set_dumpable(true)?)
}

/// That a thread changes its user makes the whole process undumpable.
fn mixed_threads(stage: &mut Stage) -> Result<()> {
    need_root()?;
    stage.thread(c"user's", || {
        Ok(sys::set_thread_uids(USER.0, USER.0, USER.0)?)
    })?;
    Ok(nix::sys::prctl::set_dumpable(true)?)
}

fn users_zombies(stage: &mut Stage) -> Result<()> {
    need_root()?;
    for (label, user) in [
        ("root", None),
        ("user", Some(USER)),
        ("stranger", Some(STRANGER)),
    ] {
        let pid = sys::fork(|| {
            let became = user.map_or(Ok(()), |(uid, gid)| become_user(uid, gid));
            i32::from(became.is_err())
        })?;
        waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        stage.also(label, pid);
    }
    stage.without_self();
    Ok(())
}

fn pid_namespace_users(stage: &mut Stage) -> Result<()> {
    need_root()?;
    unshare(CloneFlags::CLONE_NEWPID).context("unshare CLONE_NEWPID")?;
    stage.fork("first", || Ok(()))?;
    stage.fork("user", || {
        become_user(USER.0, USER.1)?;
        Ok(nix::sys::prctl::set_dumpable(true)?)
    })?;
    stage.fork("undumpable", || become_user(USER.0, USER.1))?;
    stage.without_self();
    Ok(())
}

fn container(stage: &mut Stage) -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).context("unshare CLONE_NEWUSER")?;
    sys::die_with_parent();
    fs::write("/proc/self/setgroups", "deny").context("setgroups")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1")).context("uid_map")?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1")).context("gid_map")?;
    unshare(CloneFlags::CLONE_NEWPID).context("unshare CLONE_NEWPID")?;
    stage.fork("first", || Ok(()))?;
    stage.fork("second", || Ok(()))?;
    stage.without_self();
    Ok(())
}
