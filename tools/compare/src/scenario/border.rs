// SPDX-License-Identifier: GPL-2.0

//! What a careless or hostile caller asks, of some paths that stand for all.

use std::path::Path;

use anyhow::{Context, Result};
use nix::unistd::Pid;

use super::held::ask;
use crate::compare::Comparer;
use crate::fact::Observation;
use crate::probe::border as probe;
use crate::row::Row;
use crate::sys::call::Caller;
use crate::sys::{compat, set_disposition};
use crate::target::{wait_for_rest, Target};

/// Files of a process that are passed through, and whose content stands still.
const PASSED: &[&str] = &[
    "<pid>/cmdline",
    "<pid>/comm",
    "<pid>/oom_score_adj",
    "<pid>/task/<pid>/mountinfo",
    "version",
    "sys/kernel/ostype",
    "self/mounts",
];

/// Files of which only what they are is asked, not what they say.
const MOVING: &[&str] = &["meminfo", "<pid>/mem", "kmsg"];

const DIRECTORIES: &[&str] = &[
    "",
    "<pid>",
    "<pid>/task",
    "<pid>/task/<tid>",
    "<pid>/fd",
    "<pid>/net",
    "sys",
    "sys/kernel",
];

/// Links that lead to directories, to a file, and by magic.
const LINKS: &[&str] = &["self", "thread-self", "mounts", "<pid>/ns/pid"];

/// Makes a scenario's checks.
type Check = fn(&Comparer) -> Result<Vec<Row>>;

/// What is asked, by the scenario's name.
const SUBJECTS: &[(&str, Check)] = &[
    ("border-names", names),
    ("border-offsets", offsets),
    ("border-buffers", buffers),
    ("border-mappings", mappings),
    ("border-ioctls", ioctls),
    ("border-opens", opens),
    ("border-resolving", resolving),
    ("border-attributes", attributes),
    ("border-changes", changes),
    ("border-locks", locks),
    ("border-notices", notices),
    ("border-moves", moves),
    ("border-narrow", narrow),
    ("border-user", user),
    ("border-leaks", super::leaks::check),
];

/// Asks, in two trees that are mounted for that: what stands above them is the same, and nothing is
/// mounted in them.
pub fn by_name(comparer: &Comparer, name: &str) -> Result<Vec<Row>> {
    let found = SUBJECTS.iter().find(|(known, _)| *known == name);
    let (_, question) = found.with_context(|| format!("no such subject: {name}"))?;
    // Leases and notes to oneself come as this.
    set_disposition(libc::SIGIO, true)?;
    question(comparer)
}

/// Two processes to ask about, of which one has threads.
pub(super) struct Subjects {
    pid: i32,
    tid: i32,
    other: i32,
    _targets: [Target; 2],
}

impl Subjects {
    pub(super) fn start(comparer: &Comparer) -> Result<Subjects> {
        let mut targets = [Target::start("threads")?, Target::start("sleeper")?];
        for target in &mut targets {
            target.ready()?;
            wait_for_rest(&comparer.trees.stock, target.pid());
        }
        let [pid, other] = targets.each_ref().map(|target| target.pid().as_raw());
        Ok(Subjects {
            pid,
            tid: thread_of(comparer, Pid::from_raw(pid)),
            other,
            _targets: targets,
        })
    }

    /// A path with the numbers in it.
    pub(super) fn path(&self, pattern: &str) -> String {
        pattern
            .replace("<pid>", &self.pid.to_string())
            .replace("<tid>", &self.tid.to_string())
    }
}

/// The last of a process's threads.
fn thread_of(comparer: &Comparer, pid: Pid) -> i32 {
    let tasks = comparer.trees.stock.join(format!("{pid}/task"));
    let last = crate::probe::names(&tasks)
        .pop()
        .and_then(|n| n.parse().ok());
    last.unwrap_or(pid.as_raw())
}

/// Patterns of the files that rustproc makes itself. Those of a thread are as those of a process,
/// but for two.
fn own_files(comparer: &Comparer) -> Vec<String> {
    let process = comparer
        .files
        .within(false)
        .map(|known| format!("<pid>/{}", known.name));
    let thread = ["stat", "children"]
        .into_iter()
        .filter(|name| comparer.files.contains(name))
        .map(|name| format!("<pid>/task/<tid>/{name}"));
    process.chain(thread).collect()
}

fn patterns(lists: &[&[&str]]) -> Vec<String> {
    lists
        .concat()
        .iter()
        .map(|pattern| pattern.to_string())
        .collect()
}

/// A row for each pattern.
fn over(
    comparer: &Comparer,
    what: &str,
    patterns: &[String],
    question: impl Fn(&Path, &mut Observation),
) -> Result<Vec<Row>> {
    let subjects = Subjects::start(comparer)?;
    let row = |pattern: &String| {
        let shown = if pattern.is_empty() { "/" } else { pattern };
        ask(comparer, &format!("{what} {shown}"), |root| {
            let mut seen = Observation::default();
            question(&root.join(subjects.path(pattern)), &mut seen);
            seen
        })
    };
    Ok(patterns.iter().map(row).collect())
}

/// Files of ours, and those passed through.
fn all_files(comparer: &Comparer) -> Vec<String> {
    [own_files(comparer), patterns(&[PASSED])].concat()
}

/// Files, directories and links of every kind.
fn everything(comparer: &Comparer) -> Vec<String> {
    [all_files(comparer), patterns(&[MOVING, DIRECTORIES, LINKS])].concat()
}

/// Names that are almost those of something.
fn names(comparer: &Comparer) -> Result<Vec<Row>> {
    let subjects = Subjects::start(comparer)?;
    let numbers = [
        subjects.pid,
        subjects.tid,
        subjects.other,
        thread_of(comparer, Pid::from_raw(subjects.other)),
        1,
        2,
    ];
    let row = |pattern: &&str| {
        ask(comparer, &format!("names in /{pattern}"), |root| {
            let mut seen = Observation::default();
            probe::names::ask(&root.join(subjects.path(pattern)), &numbers, &mut seen);
            seen
        })
    };
    Ok(DIRECTORIES.iter().map(row).collect())
}

/// Offsets and counts that no file has.
fn offsets(comparer: &Comparer) -> Result<Vec<Row>> {
    let files = over(
        comparer,
        "offsets in",
        &all_files(comparer),
        |path, seen| probe::offsets::ask(path, Caller::Native, seen),
    )?;
    let lists = over(
        comparer,
        "offsets in",
        &patterns(&[DIRECTORIES]),
        |path, seen| probe::offsets::ask_directory(path, Caller::Native, seen),
    )?;
    Ok([files, lists].concat())
}

/// Buffers that aren't there.
fn buffers(comparer: &Comparer) -> Result<Vec<Row>> {
    over(
        comparer,
        "bad buffers for",
        &all_files(comparer),
        |path, seen| probe::memory::ask(path, Caller::Native, seen),
    )
}

/// Mappings in every manner.
fn mappings(comparer: &Comparer) -> Result<Vec<Row>> {
    let files = [all_files(comparer), patterns(&[DIRECTORIES])].concat();
    over(comparer, "mappings of", &files, probe::memory::ask_mapping)
}

/// Requests that nobody knows.
fn ioctls(comparer: &Comparer) -> Result<Vec<Row>> {
    let what = [all_files(comparer), patterns(&[MOVING, DIRECTORIES])].concat();
    over(comparer, "ioctls of", &what, |path, seen| {
        probe::ioctls::ask(path, Caller::Native, seen)
    })
}

/// Ways to open.
fn opens(comparer: &Comparer) -> Result<Vec<Row>> {
    let what = [
        all_files(comparer),
        patterns(&[&MOVING[..2], DIRECTORIES, LINKS]),
    ]
    .concat();
    over(comparer, "opening", &what, probe::opens::ask)
}

/// Paths that may not leave.
fn resolving(comparer: &Comparer) -> Result<Vec<Row>> {
    let subjects = Subjects::start(comparer)?;
    let pid = subjects.pid;
    let names = [
        "stat",
        "cmdline",
        "comm",
        "task",
        ".",
        "..",
        "../self",
        "exe",
        "cwd",
        "fd",
        "fd/1",
        "ns/pid",
        "self",
        "self/stat",
        "self/exe",
        "mounts",
        "version",
        "sys/kernel/ostype",
        "nothing",
        "/",
        "/proc/self/stat",
    ]
    .map(String::from)
    .to_vec();
    let names = [
        names,
        vec![
            format!("{pid}/stat"),
            format!("../{pid}/stat"),
            format!("{pid}/../{pid}/comm"),
            format!("../{pid}/task/{pid}/statm"),
        ],
    ]
    .concat();
    let row = |pattern: &&str| {
        ask(comparer, &format!("resolving from /{pattern}"), |root| {
            let mut seen = Observation::default();
            probe::resolve::ask(&root.join(subjects.path(pattern)), &names, &mut seen);
            seen
        })
    };
    let mut rows: Vec<_> = ["", "<pid>", "sys"].iter().map(row).collect();
    rows.push(ask(comparer, "resolving what is cached", |root| {
        let mut seen = Observation::default();
        let directory = root.join(pid.to_string());
        let names = ["", "stat", "maps", "task", &format!("task/{pid}/statm")];
        probe::resolve::ask_cached(&directory, &names, &mut seen);
        seen
    }));
    Ok(rows)
}

/// Handles and attributes.
fn attributes(comparer: &Comparer) -> Result<Vec<Row>> {
    let what = everything(comparer);
    let mut rows = over(comparer, "handles of", &what, probe::handles::ask)?;
    rows.extend(over(comparer, "attributes of", &what, probe::stats::ask)?);
    Ok(rows)
}

/// Changes.
fn changes(comparer: &Comparer) -> Result<Vec<Row>> {
    let what = [all_files(comparer), patterns(&[&MOVING[..2], DIRECTORIES])].concat();
    over(comparer, "changing", &what, |path, seen| {
        probe::changes::ask(path, Caller::Native, seen)
    })
}

/// Locks, leases and the rest of `fcntl(2)`.
fn locks(comparer: &Comparer) -> Result<Vec<Row>> {
    let what = everything(comparer);
    over(comparer, "locks on", &what, |path, seen| {
        probe::locks::ask(path, Caller::Native, seen)
    })
}

/// Watches and waits.
fn notices(comparer: &Comparer) -> Result<Vec<Row>> {
    let child = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
        Some("sys") => "kernel",
        Some("kernel") => "ostype",
        Some("fd") => "0",
        _ => "stat",
    };
    let what = [
        patterns(&[DIRECTORIES, LINKS, MOVING]),
        patterns(&[PASSED]),
        patterns(&[&["<pid>/stat", "<pid>/maps", "<pid>/clear_refs"]]),
    ]
    .concat();
    over(comparer, "watching", &what, |path, seen| {
        probe::notices::ask(path, child(path), seen)
    })
}

/// Bytes that move without a buffer, or later.
fn moves(comparer: &Comparer) -> Result<Vec<Row>> {
    let what = [all_files(comparer), patterns(&[&DIRECTORIES[..3]])].concat();
    let mut rows = over(comparer, "moving", &what, |path, seen| {
        probe::moves::ask(path, Caller::Native, seen)
    })?;
    // Not the tables of mounts: `io_uring` waits for them to change.
    let what = patterns(&[&[
        "<pid>",
        "<pid>/stat",
        "<pid>/maps",
        "<pid>/smaps_rollup",
        "<pid>/pagemap",
        "<pid>/clear_refs",
        "<pid>/limits",
        "version",
        "sys/kernel/ostype",
    ]]);
    rows.extend(over(comparer, "queueing", &what, probe::rings::ask)?);
    Ok(rows)
}

/// The same from a 32-bit caller, where that may be another way through the kernel.
fn narrow(comparer: &Comparer) -> Result<Vec<Row>> {
    if !compat::works() {
        let reason = "this kernel lets no 32-bit programs in";
        return Ok(vec![Row::skipped("", "", reason)]);
    }
    let caller = Caller::Compat;
    let files = patterns(&[&[
        "<pid>/stat",
        "<pid>/maps",
        "<pid>/pagemap",
        "<pid>/clear_refs",
        "<pid>/task/<tid>/children",
        "<pid>/comm",
        "version",
        "sys/kernel/ostype",
    ]]);
    let directories = patterns(&[&["", "<pid>", "<pid>/task", "<pid>/fd"]]);
    let both = [&files[..], &directories].concat();
    let mut rows = over(comparer, "32-bit calls on", &both, probe::narrow::ask)?;
    rows.extend(over(comparer, "32-bit ioctls of", &both, |path, seen| {
        probe::ioctls::ask(path, caller, seen)
    })?);
    rows.extend(over(
        comparer,
        "32-bit offsets in",
        &files,
        |path, seen| probe::offsets::ask(path, caller, seen),
    )?);
    rows.extend(over(
        comparer,
        "32-bit offsets in",
        &directories,
        |path, seen| probe::offsets::ask_directory(path, caller, seen),
    )?);
    rows.extend(over(
        comparer,
        "32-bit bad buffers for",
        &files[..4],
        |path, seen| probe::memory::ask(path, caller, seen),
    )?);
    rows.extend(over(
        comparer,
        "32-bit moves of",
        &files[..3],
        |path, seen| probe::moves::ask(path, caller, seen),
    )?);
    rows.extend(over(
        comparer,
        "32-bit locks on",
        &files[..2],
        |path, seen| probe::locks::ask(path, caller, seen),
    )?);
    rows.extend(over(
        comparer,
        "32-bit changes of",
        &files[..2],
        |path, seen| probe::changes::ask(path, caller, seen),
    )?);
    for (file, question) in [
        (
            "<pid>/maps",
            probe::narrow::ask_query as fn(&Path, &mut Observation),
        ),
        ("<pid>/pagemap", probe::narrow::ask_scan),
    ] {
        rows.extend(over(
            comparer,
            "32-bit requests to",
            &[file.into()],
            question,
        )?);
    }
    Ok(rows)
}

/// By somebody who has no rights, of his own and of others' processes.
fn user(comparer: &Comparer) -> Result<Vec<Row>> {
    let own = Target::start("other-user").and_then(|mut target| Ok((target.ready()?, target)))?;
    let (subjects, _target) = own;
    let own = subjects.first().map_or(1, |subject| subject.pid);
    wait_for_rest(&comparer.trees.stock, Pid::from_raw(own));
    super::elsewhere::become_user()?;
    let of = |pid: i32| {
        [
            "",
            "/stat",
            "/smaps",
            "/clear_refs",
            "/comm",
            "/environ",
            "/fd",
        ]
        .map(|name| (format!("{pid}"), name.to_string()))
    };
    let mut rows = Vec::new();
    for (whose, pid) in [("own", own), ("root's", 1)] {
        for (directory, name) in of(pid) {
            let path = format!("{directory}{name}");
            rows.push(ask(comparer, &format!("{whose} <pid>{name}"), |root| {
                let mut seen = Observation::default();
                let path = root.join(&path);
                probe::opens::ask(&path, &mut seen);
                probe::changes::ask(&path, Caller::Native, &mut seen);
                seen
            }));
        }
    }
    Ok(rows)
}
