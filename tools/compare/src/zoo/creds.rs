// SPDX-License-Identifier: GPL-2.0

//! User and group ids, supplementary groups, dumpability.

use anyhow::{ensure, Result};
use nix::unistd::{geteuid, setgroups, setresgid, setresuid, Gid, Uid};

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen("other-user", "has become another user for good", other_user),
    specimen("four-uids", "four different user and group ids", four_ids),
    specimen("no-groups", "no supplementary group", |_| groups(0)),
    specimen("one-group", "one supplementary group", |_| groups(1)),
    specimen("500-groups", "500 supplementary groups", |_| groups(500)),
    specimen("undumpable", "dumpable 0", |_| {
        Ok(nix::sys::prctl::set_dumpable(false)?)
    }),
    specimen(
        "undumpable-user",
        "another user, dumpable 0",
        undumpable_user,
    ),
    specimen(
        "dumpable-user",
        "another user, dumpable 1 again",
        dumpable_user,
    ),
];

/// Says so if it can't be done.
pub fn need_root() -> Result<()> {
    ensure!(geteuid().is_root(), "needs root");
    Ok(())
}

/// Becomes a user, groups first.
pub fn become_user(uid: u32, gid: u32) -> Result<()> {
    need_root()?;
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    // Changing the user cleared this.
    sys::die_with_parent();
    Ok(())
}

fn other_user(_: &mut Stage) -> Result<()> {
    become_user(1234, 5678)
}

fn four_ids(_: &mut Stage) -> Result<()> {
    need_root()?;
    setresgid(Gid::from_raw(101), Gid::from_raw(102), Gid::from_raw(103))?;
    setresuid(Uid::from_raw(201), Uid::from_raw(0), Uid::from_raw(203))?;
    sys::set_fs_ids(204, 104);
    sys::die_with_parent();
    Ok(())
}

fn groups(count: u32) -> Result<()> {
    need_root()?;
    let groups: Vec<_> = (0..count).map(|n| Gid::from_raw(70_000 - n * 7)).collect();
    Ok(setgroups(&groups)?)
}

fn undumpable_user(_: &mut Stage) -> Result<()> {
    become_user(1234, 5678)?;
    Ok(nix::sys::prctl::set_dumpable(false)?)
}

fn dumpable_user(_: &mut Stage) -> Result<()> {
    become_user(1234, 5678)?;
    Ok(nix::sys::prctl::set_dumpable(true)?)
}
