// SPDX-License-Identifier: GPL-2.0

//! Opening with any flags.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::errno::Errno;
use rustproc_compare::sys::call::{Arg, Call, Caller, Place};
use rustproc_compare::sys::Trap;

use crate::actor::Turn;
use crate::sys;
use crate::tree::{Task, OURS};

const FLAGS: &[i32] = &[
    libc::O_WRONLY,
    libc::O_RDWR,
    libc::O_CREAT,
    libc::O_EXCL,
    libc::O_TRUNC,
    libc::O_APPEND,
    libc::O_NONBLOCK,
    libc::O_DIRECT,
    libc::O_DIRECTORY,
    libc::O_NOFOLLOW,
    libc::O_NOATIME,
    libc::O_PATH,
    libc::O_TMPFILE,
    libc::O_SYNC,
];

/// Ways to resolve that lead there, if one comes from the right place.
const RESOLVES: &[u64] = &[
    0,
    libc::RESOLVE_NO_XDEV,
    libc::RESOLVE_NO_MAGICLINKS,
    libc::RESOLVE_NO_SYMLINKS,
    libc::RESOLVE_CACHED,
];

fn any_flags(turn: &mut Turn<'_>) -> i32 {
    let some = turn.rng.u8(..4);
    (0..some).fold(0, |flags, _| flags | turn.rng.choice(FLAGS).unwrap_or(&0))
}

fn any_file(turn: &mut Turn<'_>) -> PathBuf {
    let name = turn.rng.choice(OURS).copied().unwrap_or("stat");
    let task = Task::any(turn.actor.board, &mut turn.rng);
    let path = task.path(name);
    turn.about(path.display().to_string());
    path
}

/// By `open(2)`.
pub fn open(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let path = any_file(turn);
    let flags = any_flags(turn);
    sys::open(&path, flags | libc::O_NONBLOCK).map(|_| 0)
}

/// By `openat2(2)`, from anywhere.
pub fn openat2(turn: &mut Turn<'_>, trap: &Trap) -> nix::Result<i64> {
    let path = any_file(turn);
    let text = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
    // `struct open_how`: flags, mode, resolve.
    let resolve = match turn.rng.u8(..8) {
        0 => turn.rng.u64(..),
        1 => turn.rng.u64(..64),
        _ => *turn.rng.choice(RESOLVES).unwrap_or(&0),
    };
    let flags = match turn.rng.bool() {
        true => any_flags(turn),
        false => 0,
    };
    let words = [flags as u64, 0, resolve];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    trap.set(&bytes);
    let here = Arg::Number(libc::AT_FDCWD.into());
    let how = Arg::At(Place::Before(trap, 24));
    let arguments = [here, Arg::Text(&text), how, Arg::Number(24)];
    Call::OPENAT2.open(Caller::Native, &arguments).map(|_| 0)
}
