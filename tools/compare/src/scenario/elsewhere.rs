// SPDX-License-Identifier: GPL-2.0

//! The comparison made from another place: by another user, in other namespaces.
//!
//! This program runs again, goes there, compares, and sends its rows back.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, ensure, Context, Result};
use nix::mount::{mount, MsFlags};
use nix::sched::{unshare, CloneFlags};
use nix::unistd::{geteuid, setgroups, setresgid, setresuid, Gid, Pid, Uid};
use serde::{Deserialize, Serialize};

use super::held::{ask, Plan};
use super::{border, clearing, mounting as mounts, selves};
use crate::compare::{Comparer, Outcome, Trees};
use crate::fact::Observation;
use crate::files::Selection;
use crate::probe::{read_whole, Depth};
use crate::row::Row;
use crate::settle::Patience;
use crate::target::{adopt_orphans, own_command, wait_for_rest, Target};
use crate::{compare, run};

pub mod outside;
pub mod set_uid;

/// The user that compares without privileges; the zoo's `other-user` is the same one.
const USER: u32 = 1234;
const GROUP: u32 = 5678;

/// What a helper needs to know, as its one argument.
#[derive(Serialize, Deserialize)]
struct Orders {
    stock: PathBuf,
    ours: PathBuf,
    /// The type of the file system at `ours`.
    kind: String,
    files: Vec<String>,
    /// Targets that are there already, with what to call them.
    targets: Vec<(String, i32)>,
    scratch: PathBuf,
}

impl Orders {
    fn comparer(&self) -> Result<Comparer> {
        Ok(Comparer {
            trees: Trees {
                stock: self.stock.clone(),
                ours: self.ours.clone(),
            },
            files: Selection::of(&self.files)?,
            patience: Patience::AT_REST,
            depth: Depth::Quick,
            others: true,
        })
    }

    /// For both trees as they will be mounted elsewhere.
    fn within(&self) -> Orders {
        Orders {
            stock: self.scratch.join("stock"),
            ours: self.scratch.join("ours"),
            kind: self.kind.clone(),
            files: self.files.clone(),
            targets: Vec::new(),
            scratch: self.scratch.clone(),
        }
    }

    /// Every target's, and its first thread's.
    fn directories(&self) -> Vec<String> {
        let both = |pid: &i32| [format!("{pid}"), format!("{pid}/task/{pid}")];
        self.targets.iter().flat_map(|(_, pid)| both(pid)).collect()
    }

    fn compare_targets(&self) -> Result<Vec<Row>> {
        let comparer = self.comparer()?;
        let mut rows = comparer.root();
        for (name, pid) in &self.targets {
            rows.extend(comparer.process(name, Pid::from_raw(*pid)));
        }
        rows.extend(selves::from_here(&comparer, "there"));
        Ok(rows)
    }
}

/// Starts targets, sends a helper to a place, and takes its rows back.
fn send(comparer: &Comparer, place: &str, specimens: &[&str]) -> Result<Vec<Row>> {
    ensure!(geteuid().is_root(), "needs root");
    let mut targets = vec![("1".to_string(), 1), ("2".to_string(), 2)];
    let mut alive = Vec::new();
    for name in specimens {
        let mut target = Target::start(name)?;
        for subject in target.ready().with_context(|| name.to_string())? {
            wait_for_rest(&comparer.trees.stock, Pid::from_raw(subject.pid));
            targets.push((name.to_string(), subject.pid));
        }
        alive.push(target);
    }
    let orders = Orders {
        stock: comparer.trees.stock.clone(),
        ours: comparer.trees.ours.clone(),
        kind: mounts::kind_of(&comparer.trees.ours).unwrap_or_default(),
        files: comparer
            .files
            .all()
            .iter()
            .map(|known| known.name.into())
            .collect(),
        targets,
        scratch: std::env::temp_dir(),
    };
    dispatch(own_command("__elsewhere")?, place, &orders)
}

fn dispatch(mut command: Command, place: &str, orders: &Orders) -> Result<Vec<Row>> {
    let output = command
        .arg(place)
        .arg(serde_json::to_string(orders)?)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{}", said.trim().trim_start_matches("rustproc-compare: "));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The body of the hidden subcommand.
pub fn run(place: &str, arguments: &[String]) -> Result<()> {
    let orders = arguments.first().context("no orders")?;
    let orders: Orders = serde_json::from_str(orders)?;
    let rows = match place {
        "user" => compare_as_user(&orders),
        "own-setuid" => read_after_setuid(&orders),
        "own-return" => read_after_return(&orders),
        "time" => enter_time_namespace(&orders),
        "time-inside" => orders.compare_targets(),
        "user-namespace" => compare_in_user_namespace(&orders),
        "pid" => enter_pid_namespace(&orders),
        "pid-inside" => compare_in_pid_namespace(&orders),
        "pid-outside" => outside::compare_from_outside(&orders),
        "pid-host" => outside::host(&orders),
        "set-uid-exec" => set_uid::read_after_exec(&orders),
        name if mounts::is_subject(name) => mount_anew(&orders, name),
        name => compare_mounted(&orders, name),
    }?;
    Ok(serde_json::to_writer(std::io::stdout().lock(), &rows)?)
}

/// An unprivileged user looks at root's, its own and the kernel's.
pub fn as_user(comparer: &Comparer) -> Result<Vec<Row>> {
    send(
        comparer,
        "user",
        &[
            "sleeper",
            "threads",
            "other-user",
            "dumpable-user",
            "undumpable",
            "odd-files",
        ],
    )
}

fn compare_as_user(orders: &Orders) -> Result<Vec<Row>> {
    become_user()?;
    let comparer = orders.comparer()?;
    let mut rows = orders.compare_targets()?;
    // Only if stock refuses here does the comparison say something about refusing.
    let mut outcome = Outcome::default();
    let maps = orders.stock.join("1/maps");
    outcome.require("maps of process 1", "EACCES", quick_errno(&maps));
    rows.push(compare::row("", "", "stock refuses this user", outcome));
    for (name, pid) in &orders.targets {
        rows.push(ask(
            &comparer,
            &format!("writes to clear_refs of {name}"),
            |root| {
                let mut seen = Observation::default();
                clearing::answers(&root.join(format!("{pid}/clear_refs")), &mut seen);
                seen
            },
        ));
    }
    Ok(rows)
}

fn quick_errno(path: &Path) -> String {
    match read_whole(path) {
        Ok(_) => "readable".into(),
        Err(errno) => format!("{errno:?}"),
    }
}

pub(super) fn become_user() -> Result<()> {
    let (uid, gid) = (Uid::from_raw(USER), Gid::from_raw(GROUP));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    Ok(setresuid(uid, uid, uid)?)
}

/// Descriptors opened with privileges, used without.
pub fn over_own_setuid(comparer: &Comparer) -> Result<Vec<Row>> {
    send(comparer, "own-setuid", &["sleeper", "dumpable-user"])
}

fn read_after_setuid(orders: &Orders) -> Result<Vec<Row>> {
    let comparer = orders.comparer()?;
    let plan = Plan::of(&comparer, &orders.directories());
    plan.over(&comparer, become_user)
}

/// The other way round.
pub fn over_own_return(comparer: &Comparer) -> Result<Vec<Row>> {
    send(comparer, "own-return", &["sleeper", "dumpable-user"])
}

fn read_after_return(orders: &Orders) -> Result<Vec<Row>> {
    let comparer = orders.comparer()?;
    let root = (Uid::from_raw(0), Gid::from_raw(0));
    setgroups(&[])?;
    setresgid(Gid::from_raw(GROUP), Gid::from_raw(GROUP), root.1)?;
    setresuid(Uid::from_raw(USER), Uid::from_raw(USER), root.0)?;
    let plan = Plan::of(&comparer, &orders.directories());
    plan.over(&comparer, || {
        setresuid(root.0, root.0, root.0)?;
        Ok(setresgid(root.1, root.1, root.1)?)
    })
}

/// In a time namespace start times are other numbers.
pub fn in_time_namespace(comparer: &Comparer) -> Result<Vec<Row>> {
    send(comparer, "time", &["sleeper"])
}

fn enter_time_namespace(orders: &Orders) -> Result<Vec<Row>> {
    crate::zoo::enter_time_namespace()?;
    dispatch(own_command("__elsewhere")?, "time-inside", orders)
}

/// In a user namespace ids are other numbers, and root's power ends.
pub fn in_user_namespace(comparer: &Comparer) -> Result<Vec<Row>> {
    send(
        comparer,
        "user-namespace",
        &[
            "sleeper",
            "four-uids",
            "500-groups",
            "dumpable-user",
            "user-namespace",
        ],
    )
}

fn compare_in_user_namespace(orders: &Orders) -> Result<Vec<Row>> {
    unshare(CloneFlags::CLONE_NEWUSER).context("unshare CLONE_NEWUSER")?;
    std::fs::write("/proc/self/uid_map", "0 0 1\n1000 201 10\n")
        .or_else(|_| std::fs::write("/proc/self/uid_map", "7 0 1\n"))?;
    orders.compare_targets()
}

/// A pid namespace with both trees mounted in it.
pub fn in_pid_namespace(comparer: &Comparer) -> Result<Vec<Row>> {
    send(comparer, "pid", &[])
}

fn enter_pid_namespace(orders: &Orders) -> Result<Vec<Row>> {
    ensure!(
        !orders.kind.is_empty(),
        "{} is no mount point",
        orders.ours.display()
    );
    unshare(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS).context("unshare")?;
    make_private()?;
    let inside = orders.within();
    for directory in [&inside.stock, &inside.ours] {
        std::fs::create_dir_all(directory)?;
    }
    dispatch(own_command("__elsewhere")?, "pid-inside", &inside)
}

fn compare_in_pid_namespace(orders: &Orders) -> Result<Vec<Row>> {
    // The helpers' own needs, such as finding their file, are met by a procfs of this namespace.
    adopt_orphans()?;
    mount_at("proc", &orders.stock)?;
    mount_at(&orders.kind, &orders.ours)?;
    mount_at("proc", Path::new("/proc"))?;
    let comparer = orders.comparer()?;
    let mut rows = Vec::new();
    for name in [
        "threads",
        "children",
        "pid-namespace",
        "dead-leader",
        "zombies",
    ] {
        rows.extend(compare_started(&comparer, name)?);
    }
    rows.extend(comparer.root());
    rows.extend(run::live(&comparer, Pid::from_raw(1)));
    rows.extend(selves::from_here(&comparer, "there"));
    Ok(rows)
}

fn compare_started(comparer: &Comparer, name: &str) -> Result<Vec<Row>> {
    let mut target = Target::start(name)?;
    let mut rows = Vec::new();
    for subject in target.ready().with_context(|| name.to_string())? {
        let pid = Pid::from_raw(subject.pid);
        wait_for_rest(&comparer.trees.stock, pid);
        rows.extend(comparer.process(&format!("{name} {}", subject.label), pid));
    }
    Ok(rows)
}

/// Mounts of all kinds, and both trees mounted anew side by side, for the subject of a name.
pub fn mounted_anew(comparer: &Comparer, name: &str) -> Result<Vec<Row>> {
    send(comparer, name, &[])
}

fn mount_anew(orders: &Orders, name: &str) -> Result<Vec<Row>> {
    ensure!(
        !orders.kind.is_empty(),
        "{} is no mount point",
        orders.ours.display()
    );
    unshare(CloneFlags::CLONE_NEWNS).context("unshare CLONE_NEWNS")?;
    make_private()?;
    adopt_orphans()?;
    mounts::check(&orders.comparer()?, name, &orders.kind, &orders.scratch)
}

fn compare_mounted(orders: &Orders, name: &str) -> Result<Vec<Row>> {
    ensure!(
        !orders.kind.is_empty(),
        "{} is no mount point",
        orders.ours.display()
    );
    unshare(CloneFlags::CLONE_NEWNS).context("unshare CLONE_NEWNS")?;
    make_private()?;
    adopt_orphans()?;
    // Paths of the same length, in directories that look the same.
    let mut comparer = orders.comparer()?;
    comparer.trees = Trees {
        stock: orders.scratch.join("a/tree"),
        ours: orders.scratch.join("b/tree"),
    };
    for (kind, tree) in [
        ("proc", &comparer.trees.stock),
        (&orders.kind, &comparer.trees.ours),
    ] {
        std::fs::create_dir_all(tree)?;
        mount_at(kind, tree)?;
    }
    border::by_name(&comparer, name)
}

fn make_private() -> Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).context("can't make mounts private")
}

fn mount_at(kind: &str, at: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some(kind), at, Some(kind), flags, None::<&str>)
        .with_context(|| format!("can't mount {kind} at {}", at.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_place_is_an_error() {
        assert!(run("nowhere", &["{}".into()]).is_err());
    }
}
