// SPDX-License-Identifier: GPL-2.0

//! Mounts that show a pid namespace, looked at by somebody who isn't in it; also after its first
//! process has gone, and all others with it.

use std::fs::{self, OpenOptions};
use std::path::Path;

use anyhow::{ensure, Context, Result};
use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt, PtyMaster};
use nix::sched::{unshare, CloneFlags};
use nix::sys::ptrace;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::{setsid, Pid};

use super::{make_private, mount_at, send, Orders};
use crate::compare::{self, Comparer, Outcome};
use crate::probe::{names, read_whole};
use crate::row::Row;
use crate::scenario::held::Plan;
use crate::scenario::selves;
use crate::sys;
use crate::target::{
    adopt_orphans, own_command, rest, say, wait_for_rest, Report, Subject, Target,
};

/// Those in the namespace.
const SPECIMENS: &[&str] = &[
    "threads",
    "terminal",
    "session",
    "group-member",
    "traced",
    "zombies",
    "dead-leader",
    "pid-namespace",
];

/// A mount of another pid namespace.
pub fn of_pid_namespace(comparer: &Comparer) -> Result<Vec<Row>> {
    send(comparer, "pid-outside", &[])
}

/// Looks from outside at what the host has mounted.
pub(super) fn compare_from_outside(orders: &Orders) -> Result<Vec<Row>> {
    ensure!(
        !orders.kind.is_empty(),
        "{} is no mount point",
        orders.ours.display()
    );
    unshare(CloneFlags::CLONE_NEWNS).context("unshare CLONE_NEWNS")?;
    make_private()?;
    // The host and its children inherit session, group and terminal from outside.
    let _terminal = take_terminal()?;
    let inside = orders.within();
    for directory in [&inside.stock, &inside.ours] {
        fs::create_dir_all(directory)?;
    }
    unshare(CloneFlags::CLONE_NEWPID).context("unshare CLONE_NEWPID")?;
    let mut command = own_command("__elsewhere")?;
    command.arg("pid-host").arg(serde_json::to_string(&inside)?);
    let mut host = Target::run(command)?;
    let subjects = host.ready()?;

    let comparer = inside.comparer()?;
    let traced = subjects.first().context("nobody is inside")?.pid;
    let tracee = outer_number(&orders.stock, host.pid(), traced).context("not found outside")?;
    ptrace::seize(tracee, ptrace::Options::empty()).context("ptrace")?;
    let mut rows = vec![strangers(&comparer, orders, tracee, traced)];
    rows.extend(compare_all(&comparer, &subjects));
    rows.extend(compare_after(&comparer, &subjects, || {
        // The namespace doesn't end before its tracer has collected this one.
        kill(tracee, Signal::SIGKILL)?;
        waitpid(tracee, None)?;
        drop(host);
        Ok(())
    })?);
    Ok(rows)
}

/// Only if stock shows numbers outside and none inside are these numbers worth a look.
fn strangers(comparer: &Comparer, orders: &Orders, outer: Pid, inner: i32) -> Row {
    let mut outcome = Outcome::default();
    let this = Pid::this().to_string();
    for (key, from_outside, from_inside) in [("TracerPid:", this.as_str(), "0"), ("PPid:", "", "1")]
    {
        let outside = orders.stock.join(format!("{outer}/status"));
        let inside = comparer.trees.stock.join(format!("{inner}/status"));
        if !from_outside.is_empty() {
            outcome.require(key, from_outside, value(&outside, key));
        }
        outcome.require(key, from_inside, value(&inside, key));
    }
    compare::row("", "", "the tracer is a stranger", outcome)
}

/// A line of `status`.
fn value(status: &Path, key: &str) -> String {
    let text = read_whole(status).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or("(none)").trim().into()
}

/// The number outside of a child of the host's.
fn outer_number(stock: &Path, host: Pid, inner: i32) -> Option<Pid> {
    let children = fs::read_to_string(stock.join(format!("{host}/task/{host}/children"))).ok()?;
    let mut children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    let is_it = |child: &i32| {
        let status = stock.join(format!("{child}/status"));
        value(&status, "NSpid:").split_whitespace().last() == Some(&inner.to_string())
    };
    children.find(is_it).map(Pid::from_raw)
}

fn compare_all(comparer: &Comparer, subjects: &[Subject]) -> Vec<Row> {
    let mut rows = comparer.root();
    for subject in subjects {
        let pid = Pid::from_raw(subject.pid);
        wait_for_rest(&comparer.trees.stock, pid);
        rows.extend(comparer.process(&subject.label, pid));
    }
    rows.extend(comparer.process("first", Pid::from_raw(1)));
    rows.extend(selves::from_here(comparer, "outside"));
    rows
}

/// What is held is used again when nobody is left, and everything is looked up anew.
fn compare_after(
    comparer: &Comparer,
    subjects: &[Subject],
    end: impl FnOnce() -> Result<()>,
) -> Result<Vec<Row>> {
    let some = subjects.iter().take(2).map(|subject| subject.pid);
    let directories: Vec<_> = std::iter::once(1)
        .chain(some)
        .flat_map(|pid| [format!("{pid}"), format!("{pid}/task/{pid}")])
        .collect();
    let plan = Plan::of(comparer, &directories);
    let mut rows = plan.over(comparer, end)?;
    let mut outcome = Outcome::default();
    let left = names(&comparer.trees.stock);
    let left = left.iter().filter(|name| name.parse::<u32>().is_ok());
    outcome.require("processes left", "0", left.count().to_string());
    rows.push(compare::row("", "", "nobody is left", outcome));
    rows.extend(compare_all(comparer, subjects));
    Ok(rows.into_iter().map(after).collect())
}

fn after(row: Row) -> Row {
    let target = format!("after the end: {}", row.target);
    Row {
        target: target.trim_end_matches([':', ' ']).into(),
        ..row
    }
}

/// A controlling terminal, whose end isn't to be this process's.
fn take_terminal() -> Result<(PtyMaster, fs::File)> {
    sys::set_disposition(libc::SIGHUP, true)?;
    setsid()?;
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).context("posix_openpt")?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .open(ptsname_r(&master)?)?;
    Ok((master, slave))
}

/// The first process of the namespace: mounts both for those outside, and starts some targets.
pub(super) fn host(inside: &Orders) -> Result<Vec<Row>> {
    adopt_orphans()?;
    mount_at("proc", &inside.stock)?;
    mount_at(&inside.kind, &inside.ours)?;
    // What follows needs a procfs of this namespace, and nobody else does.
    unshare(CloneFlags::CLONE_NEWNS).context("unshare CLONE_NEWNS")?;
    make_private()?;
    mount_at("proc", Path::new("/proc"))?;
    let mut alive = Vec::new();
    let mut subjects = Vec::new();
    for name in SPECIMENS {
        let mut target = Target::start(name)?;
        for subject in target.ready().with_context(|| name.to_string())? {
            subjects.push(Subject {
                label: format!("{name} {}", subject.label).trim_end().into(),
                ..subject
            });
        }
        alive.push(target);
    }
    say(&Report::Ready(subjects))?;
    rest();
    Ok(Vec::new())
}
