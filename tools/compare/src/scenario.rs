// SPDX-License-Identifier: GPL-2.0

//! Scenarios: what can't be asked of a process that stays as it is, in a place that stays the same.
//!
//! Each is a function that gives a row for every check it made. An error means that it couldn't be
//! set up, and becomes a skip with that reason.

use anyhow::Result;

use crate::compare::Comparer;
use crate::row::Row;
use crate::zoo;

pub mod actor;
mod border;
mod clearing;
pub mod elsewhere;
mod held;
mod holes;
mod leaks;
mod lifecycle;
mod mounting;
mod protecting;
mod selves;
mod twins;

pub use mounting::kind_of;

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// As `--only` takes it.
    pub name: &'static str,
    /// In a few words.
    pub about: &'static str,
    /// Needs what targets that are special for their memory need.
    pub in_memory: bool,
    check: Check,
}

/// Where a scenario's checks are made.
#[derive(Clone, Copy, Debug)]
enum Check {
    /// By this process, or where it sends somebody.
    Here(fn(&Comparer) -> Result<Vec<Row>>),
    /// In trees that are mounted for them alone.
    Mounted,
}

impl Scenario {
    /// Makes its checks.
    pub fn run(&self, comparer: &Comparer) -> Vec<Row> {
        let checked = match self.check {
            Check::Here(check) => check(comparer),
            Check::Mounted => elsewhere::mounted_anew(comparer, self.name),
        };
        let mut rows = match checked {
            Ok(rows) => rows,
            Err(error) => vec![Row::skipped(self.name, "", format!("{error:#}"))],
        };
        for row in &mut rows {
            row.target = match row.target.as_str() {
                target if target.is_empty() || target == self.name => self.name.into(),
                target => format!("{}: {target}", self.name),
            };
        }
        rows
    }
}

const fn scenario(
    name: &'static str,
    about: &'static str,
    check: fn(&Comparer) -> Result<Vec<Row>>,
) -> Scenario {
    Scenario {
        name,
        about,
        in_memory: false,
        check: Check::Here(check),
    }
}

/// One whose checks are made in trees that are mounted for them.
const fn mounted(name: &'static str, about: &'static str) -> Scenario {
    Scenario {
        name,
        about,
        in_memory: false,
        check: Check::Mounted,
    }
}

/// One about memory.
const fn in_memory(
    name: &'static str,
    about: &'static str,
    check: fn(&Comparer) -> Result<Vec<Row>>,
) -> Scenario {
    Scenario {
        in_memory: true,
        ..scenario(name, about, check)
    }
}

/// All scenarios.
pub const ALL: &[Scenario] = &[
    scenario(
        "over-exec",
        "opened before the target executes a program, read after",
        lifecycle::exec,
    ),
    scenario(
        "over-thread-exec",
        "the same, executed by a thread that isn't the first",
        lifecycle::thread_exec,
    ),
    scenario(
        "over-thread-exit",
        "opened before a thread ends, read after",
        lifecycle::thread_exit,
    ),
    scenario(
        "over-exit",
        "opened before the target ends, read while it is a zombie",
        lifecycle::exit,
    ),
    scenario(
        "over-reap",
        "opened before the target ends, read when it is gone",
        lifecycle::reap,
    ),
    scenario(
        "over-zombie-reap",
        "opened while it is a zombie, read when it is gone",
        lifecycle::zombie_reap,
    ),
    scenario(
        "over-setuid",
        "opened before the target becomes another user, read after",
        lifecycle::become_user,
    ),
    scenario(
        "over-rename",
        "opened before the target changes its name, read after",
        lifecycle::rename,
    ),
    scenario(
        "over-remap",
        "opened before the target unmaps and maps, read after",
        lifecycle::remap,
    ),
    scenario(
        "selves",
        "self and thread-self, from the first thread and from another",
        selves::check,
    ),
    scenario(
        "as-user",
        "compared by an unprivileged user",
        elsewhere::as_user,
    ),
    scenario(
        "over-own-setuid",
        "opened as root, read as another user",
        elsewhere::over_own_setuid,
    ),
    scenario(
        "over-own-return",
        "opened as another user, read as root",
        elsewhere::over_own_return,
    ),
    scenario(
        "over-set-uid-exec",
        "opened before the target executes a set-user-id program, read after",
        elsewhere::set_uid::over_exec,
    ),
    scenario(
        "clear-refs-inputs",
        "what may be written to clear_refs, and what not",
        clearing::inputs,
    ),
    in_memory(
        "clear-refs-effects",
        "what a write to clear_refs does to memory in every state",
        clearing::effects,
    ),
    in_memory(
        "protecting-scans",
        "PAGEMAP_SCAN that protects what it finds",
        protecting::check,
    ),
    scenario(
        "long-holes",
        "reads of pagemap that go over terabytes of nothing",
        holes::check,
    ),
    scenario(
        "in-pid-namespace",
        "both mounted and compared in a new pid namespace",
        elsewhere::in_pid_namespace,
    ),
    scenario(
        "in-time-namespace",
        "compared from a new time namespace",
        elsewhere::in_time_namespace,
    ),
    scenario(
        "in-user-namespace",
        "compared from a new user namespace",
        elsewhere::in_user_namespace,
    ),
    scenario(
        "pid-namespace-from-outside",
        "mounted in a pid namespace, compared from outside, before and after its end",
        elsewhere::outside::of_pid_namespace,
    ),
    mounted("mounting", "mounts, unmounting, statfs"),
    mounted(
        "mount-options",
        "hidepid=, gid=, subset=, pidns=, and remounts",
    ),
    mounted(
        "mount-steps",
        "the same by fsopen, fsconfig, fspick, with their messages",
    ),
    mounted("mount-read-only", "mounts that may only be read"),
    mounted(
        "mount-outliving",
        "mounts of other pid namespaces, and of dead ones",
    ),
    mounted("mount-restricted", "mounts from user namespaces"),
    mounted("border-names", "names that are almost those of something"),
    mounted("border-offsets", "offsets and counts that no file has"),
    mounted(
        "border-buffers",
        "buffers that aren't there, or end too early",
    ),
    mounted("border-mappings", "mapped in every manner"),
    mounted("border-ioctls", "requests that nobody answers"),
    mounted("border-opens", "opened in every manner"),
    mounted("border-resolving", "openat2 with paths that may not leave"),
    mounted(
        "border-attributes",
        "handles and attributes, asked for in every manner",
    ),
    mounted(
        "border-changes",
        "changes, which procfs refuses for the most part",
    ),
    mounted("border-locks", "locks, leases, and the rest of fcntl"),
    mounted("border-notices", "inotify, fanotify, poll, epoll"),
    mounted("border-moves", "splice and the like, io_uring, aio"),
    mounted("border-user", "the same by an unprivileged user"),
    mounted("border-narrow", "the same from a 32-bit caller"),
    mounted(
        "border-leaks",
        "what is left of a tree that was asked all that",
    ),
];

/// Becomes a scenario's actor or the zoo's specimen of a name.
pub fn or_specimen(name: &str) -> Result<()> {
    match actor::by_name(name) {
        Some(act) => actor::perform(act),
        None => zoo::become_specimen(name),
    }
}
