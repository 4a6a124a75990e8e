// SPDX-License-Identifier: GPL-2.0

//! The kernel's own threads, and the first process: found, not made.

use std::path::Path;

use nix::unistd::Pid;

use crate::probe::{names, read_whole};

/// Kernel threads of each of these is worth one look; a worker's shown name is put together when it
/// is read.
const KINDS: &[&str] = &[
    "kthreadd",
    "kworker/R-",
    "kworker/0:",
    "kworker/u",
    "ksoftirqd/",
    "migration/",
    "rcu_",
    "cpuhp/",
    "kdevtmpfs",
    "khugepaged",
    "kswapd",
    "kcompactd",
    "oom_reaper",
    "kauditd",
    "irq/",
];

/// Process 1 and one kernel thread of each kind, with labels.
pub fn found(stock: &Path) -> Vec<(String, Pid)> {
    let mut found = vec![("init".to_string(), Pid::from_raw(1))];
    let mut wanted: Vec<&str> = KINDS.to_vec();
    for pid in names(stock)
        .iter()
        .filter_map(|name| name.parse::<i32>().ok())
    {
        let Some(name) = kernel_thread(stock, pid) else {
            continue;
        };
        if let Some(at) = wanted.iter().position(|kind| name.starts_with(kind)) {
            wanted.remove(at);
            found.push((name, Pid::from_raw(pid)));
        }
    }
    found
}

/// The shown name of a kernel thread: child of process 2, or process 2.
fn kernel_thread(stock: &Path, pid: i32) -> Option<String> {
    let stat = read_whole(&stock.join(pid.to_string()).join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat).into_owned();
    let (head, tail) = stat.rsplit_once(") ")?;
    let parent: i32 = tail.split(' ').nth(1)?.parse().ok()?;
    let name = head.split_once('(')?.1;
    ((pid == 2 && parent == 0) || parent == 2).then(|| name.to_string())
}
