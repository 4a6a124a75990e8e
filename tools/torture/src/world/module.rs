// SPDX-License-Identifier: GPL-2.0

//! The module: removed and inserted.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::kmod::{delete_module, finit_module, DeleteModuleFlags, ModuleInitFlags};

use super::mounts::{Mounts, TYPE};
use crate::actor::Turn;
use crate::sys;

const NAME: &std::ffi::CStr = c"rustproc";

/// How long something may hold the module once everybody was told to let go, in milliseconds.
const PATIENCE: u64 = 180_000;

/// Whether it is there.
pub fn is_loaded() -> bool {
    Path::new("/sys/module/rustproc").exists()
}

/// Inserts it.
pub fn insert(file: &File) -> nix::Result<i64> {
    finit_module(file, c"", ModuleInitFlags::empty()).map(|()| 0)
}

/// Removes it if nothing holds it.
pub fn remove() -> nix::Result<()> {
    delete_module(NAME, DeleteModuleFlags::O_NONBLOCK)
}

/// While it is in use it stays.
pub fn remove_in_use(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let removed = remove();
    // If it was not in use after all, that is as it should be; but the tree is mounted.
    if removed.is_ok() && turn.actor.board.is_mounted(0) {
        turn.finding("the module has been removed while its tree was mounted");
    }
    match removed {
        Err(Errno::EWOULDBLOCK | Errno::EBUSY) => Ok(0),
        other => other.map(|()| 0),
    }
}

/// Takes all mounts away and removes the module as soon as that is possible, also if the run ends
/// meanwhile.
pub fn unload(turn: &mut Turn<'_>, mounts: &mut Mounts) -> nix::Result<i64> {
    mounts.all_gone();
    let began = sys::now();
    while let Err(errno) = remove() {
        if sys::now() - began > PATIENCE {
            turn.finding(&format!(
                "something holds the module: {errno:?}, {}",
                holders()
            ));
            return Err(errno);
        }
        turn.beat();
        super::unmount_all();
        sleep(Duration::from_millis(5));
    }
    for path in [
        "/sys/module/rustproc",
        "/proc/fs/rustproc",
        "/proc/rustproc",
    ] {
        if Path::new(path).exists() {
            turn.finding(&format!("{path} is left of the module"));
        }
    }
    let left = slabs();
    if !left.is_empty() {
        turn.finding(&format!("slab caches are left of the module: {left:?}"));
    }
    if std::fs::read_to_string("/proc/filesystems").is_ok_and(|all| all.contains(TYPE)) {
        turn.finding("the file system's type is left of the module");
    }
    Ok((sys::now() - began) as i64)
}

/// What is known of what holds it.
pub fn holders() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mounts: Vec<_> = read("/proc/self/mountinfo")
        .lines()
        .filter(|line| line.contains("rustproc"))
        .map(str::to_string)
        .collect();
    let count = read("/sys/module/rustproc/refcnt");
    let inodes = read("/sys/kernel/slab/rustproc_inode/objects");
    format!(
        "refcnt {}, inodes {}, mounts {mounts:?}",
        count.trim(),
        inodes.trim()
    )
}

/// The names of caches of the module that are there.
pub fn slabs() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/sys/kernel/slab") else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("rustproc")).collect()
}
