// SPDX-License-Identifier: GPL-2.0

//! A target that executes a set-user-id program while somebody holds descriptors of it, who could
//! look at it before and can't any more.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use nix::unistd::{setgroups, setresgid, setresuid, Gid, Uid};

use super::{send, Orders, GROUP, USER};
use crate::compare::{self, Comparer, Outcome};
use crate::probe::read_whole;
use crate::row::Row;
use crate::scenario::actor::SET_UID;
use crate::scenario::held::Plan;
use crate::target::{own_program, wait_for_rest, Target};

/// Held by the target's own user.
pub fn over_exec(comparer: &Comparer) -> Result<Vec<Row>> {
    send(comparer, "set-uid-exec", &[])
}

/// The part of it that changes its user.
pub(super) fn read_after_exec(orders: &Orders) -> Result<Vec<Row>> {
    let comparer = orders.comparer()?;
    let mut command = Command::new(copies(&orders.scratch)?);
    command.arg("__target").arg("actor-exec-set-uid");
    let mut target = Target::run({
        command.uid(USER).gid(GROUP);
        command
    })?;
    target.ready()?;
    let pid = target.pid();
    wait_for_rest(&orders.stock, pid);

    become_user_for_now()?;
    let plan = Plan::of(&comparer, &[format!("{pid}"), format!("{pid}/task/{pid}")]);
    let rows = plan.over(&comparer, || {
        target.step()?;
        target.ready()?;
        wait_for_rest(&orders.stock, pid);
        Ok(())
    });
    let mut outcome = Outcome::default();
    let status = orders.stock.join(format!("{pid}/status"));
    outcome.require("the program's user", "0", effective_user(&status));
    // Only root can end the target now.
    setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0))?;
    let mut rows = rows?;
    rows.push(compare::row(
        "",
        "",
        "the target has become root's",
        outcome,
    ));
    Ok(rows)
}

/// Two copies of this program where everybody can get at them. Gives the usual one.
fn copies(scratch: &Path) -> Result<PathBuf> {
    fs::set_permissions(scratch, Permissions::from_mode(0o711))?;
    let usual = scratch.join("usual");
    for (path, mode) in [(&usual, 0o755), (&scratch.join(SET_UID), 0o4755)] {
        fs::copy(own_program()?, path)?;
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(usual)
}

/// Saved ids stay root's: what one may look at doesn't depend on them.
fn become_user_for_now() -> Result<()> {
    let (uid, gid) = (Uid::from_raw(USER), Gid::from_raw(GROUP));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    Ok(setresuid(uid, uid, Uid::from_raw(0))?)
}

fn effective_user(status: &Path) -> String {
    let text = read_whole(status).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:"));
    let second = line.and_then(|line| line.split_whitespace().nth(1));
    second.unwrap_or("(none)").into()
}
