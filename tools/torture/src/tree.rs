// SPDX-License-Identifier: GPL-2.0

//! The tree as readers choose from it: where it is mounted, tasks, names.

use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::board::{Board, PLACES};

/// The place that the module makes.
pub const MAIN: &str = "/proc/rustproc";
/// Where the other places are.
pub const ELSEWHERE: &str = "/run/rustproc-trees";

/// The files that are ours.
pub const OURS: &[&str] = &[
    "stat",
    "statm",
    "status",
    "maps",
    "children",
    "smaps",
    "smaps_rollup",
    "numa_maps",
    "pagemap",
    "clear_refs",
];

/// Those of them that are text.
pub const TEXTS: &[&str] = &[
    "stat",
    "statm",
    "status",
    "maps",
    "children",
    "smaps",
    "smaps_rollup",
    "numa_maps",
];

/// Names in a task's directory that are passed through; reading them waits for nobody.
pub const PASSED: &[&str] = &[
    "cmdline",
    "environ",
    "auxv",
    "comm",
    "limits",
    "wchan",
    "io",
    "mountinfo",
    "mounts",
    "sched",
    "schedstat",
    "stack",
    "syscall",
    "personality",
    "oom_score",
    "oom_score_adj",
    "cgroup",
    "loginuid",
    "cpuset",
    "fdinfo/0",
    "fd/0",
    "ns/pid",
    "net/dev",
    "timens_offsets",
    "uid_map",
    "exe",
    "cwd",
    "root",
    "coredump_filter",
    "mem",
    "attr/current",
    "setgroups",
    "timers",
];

/// Directories of a task, ours and passed through.
pub const DIRECTORIES: &[&str] = &["", "task", "fd", "fdinfo", "ns", "net", "map_files", "attr"];

/// Names in the root that are passed through.
pub const IN_ROOT: &[&str] = &[
    "uptime",
    "loadavg",
    "meminfo",
    "stat",
    "version",
    "mounts",
    "filesystems",
    "sys/kernel/ostype",
    "net/dev",
    "self/mounts",
    "cpuinfo",
    "vmstat",
    "swaps",
    "zoneinfo",
    "sysvipc/shm",
];

/// A place to mount at.
pub fn place(number: usize) -> PathBuf {
    match number {
        0 => MAIN.into(),
        _ => format!("{ELSEWHERE}/{number}").into(),
    }
}

/// One task's directory in one of the mounted trees.
#[derive(Clone, Debug)]
pub struct Task {
    pub root: PathBuf,
    /// Below the root.
    pub directory: String,
    /// The number of the task, where the path says it.
    pub pid: Option<i32>,
}

impl Task {
    /// Any that may be there.
    pub fn any(board: &Board, rng: &mut Rng) -> Task {
        let root = any_root(board, rng);
        let shown = board.shown();
        let pid = match (rng.u8(..20), rng.choice(&shown)) {
            (0..15, Some(&pid)) => pid,
            (15, _) => rng.i32(1..200),
            (16, _) => 1,
            (17, _) => std::process::id() as i32,
            _ => any_listed(&root, rng).unwrap_or(1),
        };
        Task::of(root, pid, rng)
    }

    /// That process, or one of its threads.
    pub fn of(root: PathBuf, pid: i32, rng: &mut Rng) -> Task {
        let process = pid.to_string();
        match rng.u8(..8) {
            0..5 => Task {
                root,
                directory: process,
                pid: Some(pid),
            },
            5 => Task::thread(root, process, pid),
            _ => {
                let threads = root.join(&process).join("task");
                let thread = any_listed(&threads, rng).unwrap_or(pid);
                Task::thread(root, process, thread)
            }
        }
    }

    fn thread(root: PathBuf, process: String, thread: i32) -> Task {
        Task {
            root,
            directory: format!("{process}/task/{thread}"),
            pid: Some(thread),
        }
    }

    /// Whoever looks.
    pub fn own(board: &Board, rng: &mut Rng) -> Task {
        let thread = rng.bool();
        let directory = if thread { "thread-self" } else { "self" };
        let pid = if thread {
            crate::sys::gettid().as_raw()
        } else {
            std::process::id() as i32
        };
        Task {
            root: any_root(board, rng),
            directory: directory.into(),
            pid: Some(pid),
        }
    }

    /// A name in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(&self.directory).join(name)
    }
}

/// One of the trees that are mounted, most often the first.
pub fn any_root(board: &Board, rng: &mut Rng) -> PathBuf {
    let mounted: Vec<_> = (1..PLACES).filter(|&at| board.is_mounted(at)).collect();
    match rng.choice(&mounted) {
        Some(&at) if rng.bool() => place(at),
        _ => MAIN.into(),
    }
}

/// A number that a directory lists.
fn any_listed(directory: &Path, rng: &mut Rng) -> Option<i32> {
    let entries = std::fs::read_dir(directory).ok()?.flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let numbers: Vec<i32> = numbers.take(4096).collect();
    rng.choice(&numbers).copied()
}
