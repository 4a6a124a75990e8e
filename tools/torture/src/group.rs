// SPDX-License-Identifier: GPL-2.0

//! The control groups that actors are in: one for targets, whose memory can be limited, one for all
//! others; both can be ended at one stroke.

use std::fs;
use std::io::Result;
use std::path::Path;

use crate::actor::Role;

const ALL: &str = "/sys/fs/cgroup/rustproc-torture";
const TARGETS: &str = "/sys/fs/cgroup/rustproc-torture/targets";
const OTHERS: &str = "/sys/fs/cgroup/rustproc-torture/others";

/// Makes them. Without control of memory nothing can be limited.
pub fn prepare() -> Result<()> {
    let _ = fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
    fs::create_dir_all(ALL)?;
    let _ = fs::write(Path::new(ALL).join("cgroup.subtree_control"), "+memory");
    fs::create_dir_all(TARGETS)?;
    fs::create_dir_all(OTHERS)
}

/// Puts the calling process where its role belongs.
pub fn enter(role: Role) -> Result<()> {
    let group = if role == Role::Target {
        TARGETS
    } else {
        OTHERS
    };
    fs::write(Path::new(group).join("cgroup.procs"), "0")
}

/// From how much memory on targets are slowed down and lose pages.
pub fn limit(bytes: &str) -> Result<()> {
    fs::write(Path::new(TARGETS).join("memory.high"), bytes)
}

/// Has targets lose so much now.
pub fn reclaim(bytes: &str) -> Result<()> {
    fs::write(Path::new(TARGETS).join("memory.reclaim"), bytes)
}

/// Ends everybody.
pub fn kill() -> Result<()> {
    fs::write(Path::new(ALL).join("cgroup.kill"), "1")
}

/// Who is left.
pub fn members() -> Vec<i32> {
    let read = |group: &str| fs::read_to_string(Path::new(group).join("cgroup.procs"));
    let lists = [TARGETS, OTHERS].map(|group| read(group).unwrap_or_default());
    let words = lists.iter().flat_map(|list| list.split_whitespace());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Takes them away.
pub fn remove() {
    for group in [TARGETS, OTHERS, ALL] {
        let _ = fs::remove_dir(group);
    }
}
