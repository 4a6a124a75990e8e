// SPDX-License-Identifier: GPL-2.0

//! The names that are asked in a target's directory, and in the root.

/// What a name is, by what it may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Read to its end.
    Text,
    /// Read to its end and asked about areas.
    Maps,
    /// Read and scanned where there is memory.
    Pages,
    /// Written to.
    Command,
    /// Listed.
    Directory,
    /// Read as a link and followed.
    Link,
    /// Opened; one byte is read, for its content moves.
    Moving,
    /// Opened only: reading has effects, or nothing comes.
    Opened,
}

/// One name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    /// Below the target's directory, with the placeholders of `Member::path`.
    pub path: &'static str,
    /// What it is.
    pub sort: Sort,
    /// Asked with every set of mount options, not just with none.
    pub core: bool,
    /// Nonsense may be written to it: it is refused, and how depends on who writes.
    pub nonsense: bool,
}

impl Name {
    /// What reports call it.
    pub fn title(&self) -> &'static str {
        if self.path.is_empty() {
            "."
        } else {
            self.path
        }
    }
}

const fn name(path: &'static str, sort: Sort) -> Name {
    Name {
        path,
        sort,
        core: false,
        nonsense: false,
    }
}

const fn core(path: &'static str, sort: Sort) -> Name {
    Name {
        core: true,
        ..name(path, sort)
    }
}

const fn nonsense(path: &'static str, sort: Sort) -> Name {
    Name {
        nonsense: true,
        ..name(path, sort)
    }
}

use Sort::{Command, Directory, Link, Maps, Moving, Opened, Pages, Text};

/// In the directory of a process or thread.
pub const OF_PROCESS: &[Name] = &[
    core("", Directory),
    core("stat", Text),
    name("statm", Text),
    core("status", Text),
    core("maps", Maps),
    name("smaps", Text),
    name("smaps_rollup", Text),
    name("numa_maps", Text),
    core("pagemap", Pages),
    name("clear_refs", Command),
    core("task", Directory),
    core("task/@thread", Directory),
    core("task/@thread/children", Text),
    name("task/@thread/stat", Text),
    name("task/@thread/statm", Text),
    core("task/@thread/status", Text),
    name("task/@thread/maps", Maps),
    name("task/@thread/smaps", Text),
    name("task/@thread/smaps_rollup", Text),
    name("task/@thread/numa_maps", Text),
    name("task/@thread/pagemap", Pages),
    name("task/@thread/clear_refs", Command),
    // What follows is passed through to stock.
    name("task/@thread/comm", Text),
    name("task/@thread/environ", Text),
    name("task/@thread/fd", Directory),
    name("task/@thread/exe", Link),
    name("task/@thread/ns/user", Link),
    name("attr", Directory),
    nonsense("attr/current", Text),
    nonsense("autogroup", Text),
    name("auxv", Text),
    name("cgroup", Text),
    core("cmdline", Text),
    name("comm", Text),
    nonsense("coredump_filter", Text),
    name("cwd", Link),
    core("environ", Text),
    core("exe", Link),
    core("fd", Directory),
    name("fd/0", Link),
    name("fdinfo", Directory),
    name("fdinfo/0", Text),
    nonsense("gid_map", Text),
    name("io", Text),
    name("ksm_stat", Text),
    name("limits", Text),
    name("loginuid", Text),
    name("map_files", Directory),
    name("map_files/@area", Link),
    core("mem", Opened),
    name("mountinfo", Moving),
    name("mounts", Moving),
    name("mountstats", Moving),
    name("net", Directory),
    name("net/unix", Moving),
    name("ns", Directory),
    name("ns/net", Link),
    core("ns/pid", Link),
    name("ns/pid_for_children", Link),
    name("ns/user", Link),
    name("oom_score", Moving),
    nonsense("oom_score_adj", Text),
    name("personality", Text),
    nonsense("projid_map", Text),
    name("root", Link),
    name("sched", Moving),
    name("schedstat", Moving),
    name("sessionid", Text),
    nonsense("setgroups", Text),
    name("stack", Text),
    name("syscall", Text),
    nonsense("timens_offsets", Text),
    name("timers", Text),
    nonsense("timerslack_ns", Text),
    nonsense("uid_map", Text),
    name("wchan", Text),
    core("nonexistent", Opened),
];

/// In the root.
pub const OF_ROOT: &[Name] = &[
    core("", Directory),
    core("self", Link),
    core("thread-self", Link),
    core("1", Directory),
    core("4194304", Opened),
    core("cmdline", Text),
    core("version", Text),
    core("cpuinfo", Opened),
    core("kallsyms", Opened),
    core("kcore", Opened),
    core("kpageflags", Opened),
    core("meminfo", Moving),
    core("mounts", Link),
    core("net", Link),
    core("stat", Moving),
    core("sys", Directory),
    core("sys/kernel/ostype", Text),
    core("uptime", Moving),
    core("nonexistent", Opened),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Scope, KNOWN};

    #[test]
    fn every_file_of_ours_is_asked_in_each_directory() {
        let has = |path: &str| OF_PROCESS.iter().any(|name| name.path == path);
        for known in KNOWN {
            assert!(known.scope == Scope::Task || has(known.name));
            assert!(
                has(&format!("task/@thread/{}", known.name)),
                "{}",
                known.name
            );
        }
    }

    #[test]
    fn no_name_is_asked_twice() {
        for list in [OF_PROCESS, OF_ROOT] {
            let mut paths: Vec<_> = list.iter().map(|name| name.path).collect();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), list.len());
        }
    }
}
