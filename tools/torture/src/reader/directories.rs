// SPDX-License-Identifier: GPL-2.0

//! Directories, attributes and links; and names that aren't there or can't be changed.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::errno::Errno;
use rustproc_compare::sys::call::{Arg, Call};
use rustproc_compare::sys::Trap;

use crate::actor::Turn;
use crate::sys;
use crate::tree::{self, Task, DIRECTORIES, OURS, PASSED};

/// A directory: the root, a task's, and what is below.
fn any_directory(turn: &mut Turn<'_>) -> PathBuf {
    let path = if turn.rng.u8(..4) == 0 {
        tree::any_root(turn.actor.board, &mut turn.rng)
    } else {
        let name = turn.rng.choice(DIRECTORIES).copied().unwrap_or("");
        Task::any(turn.actor.board, &mut turn.rng).path(name)
    };
    turn.about(path.display().to_string());
    path
}

/// A path of any kind.
fn any_path(turn: &mut Turn<'_>) -> PathBuf {
    let name = match turn.rng.u8(..4) {
        0 => turn.rng.choice(PASSED),
        1 => return any_directory(turn),
        _ => turn.rng.choice(OURS),
    };
    let task = Task::any(turn.actor.board, &mut turn.rng);
    let path = task.path(name.copied().unwrap_or("stat"));
    turn.about(path.display().to_string());
    path
}

/// Lists with buffers of any size, and seeks back and forth.
pub fn list(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let path = any_directory(turn);
    let fd = sys::open(&path, libc::O_RDONLY | libc::O_DIRECTORY)?;
    let mut total = 0;
    let mut names = BTreeSet::new();
    let seeks = turn.rng.bool();
    for _ in 0..40 {
        let size = if turn.rng.u8(..3) == 0 {
            turn.rng.usize(..80)
        } else {
            turn.rng.usize(80..9000)
        };
        let entries = match sys::getdents(&fd, size) {
            // Not even one fits.
            Err(Errno::EINVAL) if size < 300 => continue,
            other => other?,
        };
        if entries.is_empty() {
            break;
        }
        total += entries.len() as i64;
        for entry in &entries {
            if entry.name.is_empty() || entry.name.contains(&b'/') {
                turn.finding(&format!("an entry {}", entry.name.escape_ascii()));
            }
            // The same name twice, though nobody has sought, is the same position twice. A number
            // can come again: what has it may have died.
            let number = entry.name.iter().all(u8::is_ascii_digit);
            if !names.insert(entry.name.clone()) && !seeks && !number {
                turn.finding(&format!("{} twice", entry.name.escape_ascii()));
            }
        }
        if seeks {
            let to = turn.rng.choice(&entries).map_or(0, |entry| entry.next);
            let _ = sys::lseek(
                &fd,
                if turn.rng.bool() {
                    to
                } else {
                    turn.rng.i64(..)
                },
                0,
            );
        }
    }
    Ok(total)
}

/// What a path looks like, by any flags.
pub fn statx(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let path = any_path(turn);
    let flags = *turn
        .rng
        .choice(&[
            0,
            libc::AT_SYMLINK_NOFOLLOW,
            libc::AT_NO_AUTOMOUNT,
            libc::AT_STATX_FORCE_SYNC,
            libc::AT_STATX_DONT_SYNC | libc::AT_SYMLINK_NOFOLLOW,
        ])
        .unwrap_or(&0);
    sys::statx(None, &path, flags).map(|attributes| attributes.stx_mode.into())
}

/// Where links lead to, cut short or not.
pub fn readlink(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let task = Task::any(turn.actor.board, &mut turn.rng);
    let links = [
        "exe", "cwd", "root", "fd/0", "fd/1", "fd/3", "ns/mnt", "ns/pid", "../self",
    ];
    let name = turn.rng.choice(links).unwrap_or("exe");
    let path = task.path(name);
    turn.about(path.display().to_string());
    let size = turn.rng.usize(1..300);
    sys::readlink(&path, size).map(|text| text.len() as i64)
}

/// Names that are almost some, and changes that nobody can make.
pub fn nonsense(turn: &mut Turn<'_>, trap: &Trap) -> nix::Result<i64> {
    let mut path = any_path(turn);
    if turn.rng.bool() {
        let odd = [
            "0",
            "01",
            "+1",
            "4294967297",
            "stat ",
            "STAT",
            "..",
            ".",
            "\u{1}",
            "task/0/x",
        ];
        path.push(turn.rng.choice(odd).unwrap_or("0"));
    }
    let text = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
    let (path, here) = (Arg::Text(&text), Arg::Number(libc::AT_FDCWD.into()));
    let place = Arg::At(rustproc_compare::sys::call::Place::Before(trap, 64));
    match turn.rng.u8(..8) {
        0 => Call::MKDIRAT.ask(&[here, path, Arg::Number(0o755)]),
        1 => Call::UNLINKAT.ask(&[here, path, Arg::Number(0)]),
        2 => Call::TRUNCATE.ask(&[path, Arg::Offset(0)]),
        3 => Call::REMOVEXATTR.ask(&[path, Arg::Text(c"user.a")]),
        4 => Call::GETXATTR.ask(&[path, Arg::Text(c"security.selinux"), place, Arg::Number(64)]),
        5 => Call::RENAMEAT2.ask(&[
            here,
            path,
            here,
            Arg::Text(c"/proc/rustproc/x"),
            Arg::Number(0),
        ]),
        6 => Call::LISTXATTR.ask(&[path, place, Arg::Number(64)]),
        _ => Call::FACCESSAT2.ask(&[here, path, Arg::Number(turn.rng.i64(0..8)), Arg::Number(0)]),
    }
}
