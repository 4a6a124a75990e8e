// SPDX-License-Identifier: GPL-2.0

//! Those who are looked at.

use std::collections::hash_map::{Entry, HashMap};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::unistd::Pid;

use crate::probe::areas::{self, Area};
use crate::probe::{names, read_whole};
use crate::sys;
use crate::target::{own_program, wait_for_rest, Subject, Target};
use crate::zoo::access::{STRANGER, USER};

/// Who somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    /// Whoever asks.
    Asker,
    /// Nobody: the directory of all.
    Root,
    /// Somebody who is there anyway.
    Found(i32),
    /// A process of the zoo: its specimen, the subject's label, who starts it from which program.
    Specimen(&'static str, &'static str, Option<(u32, u32)>, Program),
    /// A thread of it that isn't the first, in a directory of its own.
    Thread(&'static str, Option<(u32, u32)>),
}

/// Copies of this program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Program {
    Usual,
    SetUid,
    SetGid,
}

/// One of the targets.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// As `--only` takes it.
    pub name: &'static str,
    /// In a few words.
    pub about: &'static str,
    /// Asked in a quick run, too.
    pub quick: bool,
    origin: Origin,
}

const fn role(name: &'static str, about: &'static str, origin: Origin) -> Role {
    Role {
        name,
        about,
        quick: false,
        origin,
    }
}

impl Role {
    const fn quick(self) -> Role {
        Role {
            quick: true,
            ..self
        }
    }
}

const fn users(specimen: &'static str) -> Origin {
    Origin::Specimen(specimen, "", Some(USER), Program::Usual)
}

const fn roots(specimen: &'static str, label: &'static str) -> Origin {
    Origin::Specimen(specimen, label, None, Program::Usual)
}

/// All targets.
pub const ALL: &[Role] = &[
    role("plain", "the user's", users("sleeper")).quick(),
    role(
        "stranger",
        "another user's",
        Origin::Specimen("sleeper", "", Some(STRANGER), Program::Usual),
    ),
    role("of-root", "root's", roots("sleeper", "")).quick(),
    role("undumpable", "dumpable 0", users("undumpable")).quick(),
    role("dumpable-2", "dumpable 2", roots("dumpable-2", "")),
    role(
        "changed-user",
        "was root's, and is therefore not dumpable",
        roots("other-user", ""),
    ),
    role(
        "set-uid",
        "the user's, has executed a set-user-id program of root's",
        Origin::Specimen("sleeper", "", Some(USER), Program::SetUid),
    )
    .quick(),
    role(
        "set-gid",
        "the user's, has executed a set-group-id program of root's",
        Origin::Specimen("sleeper", "", Some(USER), Program::SetGid),
    ),
    role(
        "more-capable",
        "the user's, with a capability that he lacks",
        roots("more-capable", ""),
    ),
    role(
        "mixed-ids",
        "the user's, with effective ids of another user",
        roots("mixed-ids", ""),
    ),
    role("init", "process 1", Origin::Found(1)).quick(),
    role("kthreadd", "a kernel thread", Origin::Found(2)).quick(),
    role("zombie", "root's, dead", roots("users-zombies", "root")),
    role(
        "user-zombie",
        "the user's, dead",
        roots("users-zombies", "user"),
    )
    .quick(),
    role(
        "stranger-zombie",
        "another user's, dead",
        roots("users-zombies", "stranger"),
    ),
    role("threads", "the user's, with threads", users("threads")),
    role(
        "unlisted-thread",
        "one of these threads in a directory of its own",
        Origin::Thread("threads", Some(USER)),
    )
    .quick(),
    role(
        "mixed-threads",
        "root's, with a thread that is the user's",
        roots("mixed-threads", ""),
    ),
    role(
        "mixed-thread",
        "that thread",
        Origin::Thread("mixed-threads", None),
    ),
    role(
        "dead-leader",
        "the user's, its first thread is gone",
        users("dead-leader"),
    ),
    role(
        "user-namespace",
        "the user's, in a user namespace",
        users("user-namespace"),
    )
    .quick(),
    role(
        "pid-namespace",
        "root's, first in a pid namespace",
        roots("pid-namespace-users", "first"),
    )
    .quick(),
    role(
        "in-pid-namespace",
        "the user's, in that pid namespace",
        roots("pid-namespace-users", "user"),
    )
    .quick(),
    role(
        "undumpable-in-pid-namespace",
        "the same, not dumpable",
        roots("pid-namespace-users", "undumpable"),
    ),
    role(
        "container",
        "first in a user and a pid namespace of the user's",
        Origin::Specimen("container", "first", Some(USER), Program::Usual),
    ),
    role(
        "in-container",
        "another process there",
        Origin::Specimen("container", "second", Some(USER), Program::Usual),
    ),
    role("itself", "whoever asks", Origin::Asker).quick(),
    role("(root)", "the directory of all", Origin::Root).quick(),
];

/// A target in its place.
#[derive(Clone, Debug)]
pub struct Member {
    /// What it is.
    pub role: Role,
    /// Its number in each pid namespace that it is in, from the outermost.
    pids: Vec<i32>,
    /// Its last thread's.
    tids: Vec<i32>,
    /// What the link to its pid namespace says.
    pub pid_namespace: Vec<u8>,
    /// Some addresses where it has memory; at least one in any case.
    pub addresses: Vec<u64>,
    /// A name in its `map_files`.
    map_file: String,
}

impl Member {
    /// Whether it is the directory of all, and no process.
    pub fn is_root(&self) -> bool {
        self.role.origin == Origin::Root
    }

    /// Whether it is whoever asks, whose counters move.
    pub fn moves(&self) -> bool {
        self.role.origin == Origin::Asker
    }

    /// Its directory and the name of a thread's in `task`, as seen from a pid namespace: by its
    /// outermost numbers where it isn't to be seen.
    fn numbers(&self, namespace: &[u8]) -> (String, String) {
        let choose = |numbers: &[i32]| {
            let number = if self.pid_namespace == namespace {
                numbers.last()
            } else {
                numbers.first()
            };
            number.copied().unwrap_or_default().to_string()
        };
        match self.role.origin {
            Origin::Root => (String::new(), String::new()),
            Origin::Asker => ("self".into(), Pid::this().to_string()),
            _ => (choose(&self.pids), choose(&self.tids)),
        }
    }

    /// The path of a name of its, below the root. `@thread` stands for its last thread, `@area` for
    /// a mapped file's place.
    pub fn path(&self, namespace: &[u8], name: &str) -> String {
        let (directory, thread) = self.numbers(namespace);
        let name = name
            .replace("@thread", &thread)
            .replace("@area", &self.map_file);
        [directory, name]
            .iter()
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join("/")
    }

    /// Its number in the outermost namespace.
    pub fn pid(&self) -> i32 {
        self.pids.first().copied().unwrap_or_default()
    }
}

/// All targets, alive.
#[derive(Debug)]
pub struct Cast {
    /// In the order of [`ALL`].
    pub members: Vec<Member>,
    /// Why others couldn't be had.
    pub missing: Vec<(&'static str, String)>,
    _alive: Vec<Target>,
}

impl Cast {
    /// Starts them, from copies of this program in a directory that everybody can get to.
    pub fn start(stock: &Path, place: &Path, roles: &[Role]) -> Result<Cast> {
        let programs = copy_programs(place)?;
        let mut started = Started::default();
        let mut members = Vec::new();
        let mut missing = Vec::new();
        for &role in roles {
            match started.find(&programs, role.origin) {
                Ok(pid) => members.push(member(stock, role, pid)),
                Err(error) => missing.push((role.name, format!("{error:#}"))),
            }
        }
        for pid in started.subjects.values().flatten() {
            wait_for_rest(stock, Pid::from_raw(pid.pid));
        }
        Ok(Cast {
            members,
            missing,
            _alive: started.alive,
        })
    }
}

type Start = (&'static str, Option<(u32, u32)>, Program);

/// What has been started so far: each specimen once, whatever is looked at of it.
#[derive(Default)]
struct Started {
    subjects: HashMap<Start, Vec<Subject>>,
    alive: Vec<Target>,
}

impl Started {
    /// The number of the process or thread.
    fn find(&mut self, programs: &HashMap<Program, PathBuf>, origin: Origin) -> Result<i32> {
        match origin {
            Origin::Asker | Origin::Root => Ok(0),
            Origin::Found(pid) => Ok(pid),
            Origin::Specimen(specimen, label, user, program) => {
                let subjects = self.start(programs, (specimen, user, program))?;
                let subject = subjects.iter().find(|subject| subject.label == label);
                Ok(subject.context("no such subject")?.pid)
            }
            Origin::Thread(specimen, user) => {
                let subjects = self.start(programs, (specimen, user, Program::Usual))?;
                let leader = subjects.first().context("no subject")?.pid;
                last_thread(Path::new("/proc"), leader).context("no thread")
            }
        }
    }

    fn start(&mut self, programs: &HashMap<Program, PathBuf>, start: Start) -> Result<&[Subject]> {
        let place = match self.subjects.entry(start) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(place) => place,
        };
        let (specimen, user, program) = start;
        let mut command = Command::new(&programs[&program]);
        command.arg("__target").arg(specimen);
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        let mut target = Target::run(command)?;
        let subjects = target.ready()?;
        self.alive.push(target);
        Ok(place.insert(subjects))
    }
}

fn copy_programs(place: &Path) -> Result<HashMap<Program, PathBuf>> {
    let copy = |(program, name, mode)| {
        let path: PathBuf = place.join(name);
        fs::copy(own_program()?, &path)?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok((program, path))
    };
    [
        (Program::Usual, "program", 0o755),
        (Program::SetUid, "set-uid", 0o4755),
        (Program::SetGid, "set-gid", 0o2755),
    ]
    .map(copy)
    .into_iter()
    .collect()
}

fn member(stock: &Path, role: Role, pid: i32) -> Member {
    let directory = stock.join(pid.to_string());
    let areas = areas::beside(&directory.join("stat"));
    let thread = match role.origin {
        Origin::Thread(..) => pid,
        _ => last_thread(stock, pid).unwrap_or(pid),
    };
    Member {
        role,
        pids: all_numbers(&directory, pid),
        tids: all_numbers(&stock.join(thread.to_string()), thread),
        pid_namespace: pid_namespace(&directory),
        addresses: addresses(&areas),
        map_file: map_file(&areas),
    }
}

/// What the link of a directory to the pid namespace says.
pub fn pid_namespace(directory: &Path) -> Vec<u8> {
    sys::readlink(&directory.join("ns/pid"), 64).unwrap_or_default()
}

fn last_thread(stock: &Path, pid: i32) -> Option<i32> {
    let tasks = names(&stock.join(format!("{pid}/task")));
    tasks.last()?.parse().ok()
}

fn all_numbers(directory: &Path, outermost: i32) -> Vec<i32> {
    let status = read_whole(&directory.join("status")).unwrap_or_default();
    let status = String::from_utf8_lossy(&status).into_owned();
    let numbers = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))
        .map(|line| {
            line.split_whitespace()
                .filter_map(|n| n.parse().ok())
                .collect()
        });
    numbers.unwrap_or_else(|| vec![outermost])
}

/// The first area and the stack's end.
fn addresses(areas: &[Area]) -> Vec<u64> {
    let first = areas.first().map_or(0, |area| area.start);
    let stack = areas.iter().find(|area| area.name == "[stack]");
    let end = stack.map(|area| area.end - 16 * sys::PAGE as u64);
    std::iter::once(first).chain(end).collect()
}

fn map_file(areas: &[Area]) -> String {
    let mapped = areas.iter().find(|area| area.name.starts_with('/'));
    mapped.map_or("0-1".into(), |area| {
        format!("{:x}-{:x}", area.start, area.end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(origin: Origin, pids: &[i32]) -> Member {
        Member {
            role: role("", "", origin),
            pids: pids.into(),
            tids: pids.into(),
            pid_namespace: b"inner".to_vec(),
            addresses: vec![0],
            map_file: "1-2".into(),
        }
    }

    #[test]
    fn a_number_is_that_of_the_namespace_or_the_outermost() {
        let member = at(Origin::Found(0), &[70, 1]);
        assert_eq!(member.path(b"inner", "task/@thread/stat"), "1/task/1/stat");
        assert_eq!(member.path(b"outer", "stat"), "70/stat");
        assert_eq!(member.path(b"outer", "map_files/@area"), "70/map_files/1-2");
    }

    #[test]
    fn the_root_has_names_of_its_own() {
        assert_eq!(at(Origin::Root, &[0]).path(b"", "version"), "version");
        assert_eq!(at(Origin::Root, &[0]).path(b"", ""), "");
        assert_eq!(at(Origin::Asker, &[0]).path(b"", ""), "self");
    }
}
