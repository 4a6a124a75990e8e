// SPDX-License-Identifier: GPL-2.0

//! Files read from their beginning to their end, and judged.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::wait::{waitpid, WaitStatus};

use super::open_any;
use crate::actor::{count, Turn};
use crate::board::Count;
use crate::judge::{self, Reading};
use crate::sys;
use crate::tree::{self, Task, IN_ROOT, PASSED, TEXTS};

/// How much is read of a file at most.
const ENOUGH: usize = 1 << 20;
/// In how many pieces.
const PIECES: usize = 400;

/// Any text of any task.
pub fn read(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let (fd, name, task) = open_any(turn, TEXTS)?;
    judged(turn, &fd, name, task.pid)
}

/// The reader's own.
pub fn own(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let task = Task::own(turn.actor.board, &mut turn.rng);
    let name = any_text(turn);
    let path = task.path(name);
    turn.about(path.display().to_string());
    let fd = sys::open(&path, libc::O_RDONLY)?;
    judged(turn, &fd, name, task.pid)
}

/// By a path that begins in the directory of a task, which may die meanwhile.
pub fn from_within(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let task = Task::any(turn.actor.board, &mut turn.rng);
    let name = any_text(turn);
    turn.about(format!("{name} within {}", task.path("").display()));
    let directory = sys::open(&task.path(""), libc::O_RDONLY | libc::O_DIRECTORY)?;
    nix::unistd::fchdir(&directory)?;
    let result =
        sys::open(Path::new(name), libc::O_RDONLY).and_then(|fd| judged(turn, &fd, name, task.pid));
    // Back, most of the time; another operation may go on from there.
    if turn.rng.u8(..4) != 0 {
        nix::unistd::chdir("/")?;
    }
    result
}

/// What is passed through, without a judgement.
pub fn passed(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let path = if turn.rng.u8(..4) == 0 {
        let name = turn.rng.choice(IN_ROOT).copied().unwrap_or("uptime");
        tree::any_root(turn.actor.board, &mut turn.rng).join(name)
    } else {
        let name = turn.rng.choice(PASSED).copied().unwrap_or("comm");
        Task::any(turn.actor.board, &mut turn.rng).path(name)
    };
    turn.about(path.display().to_string());
    let fd = sys::open(&path, libc::O_RDONLY | libc::O_NONBLOCK)?;
    let size = turn.rng.usize(1..5000);
    let mut buffer = vec![0; size];
    let mut total = 0;
    for _ in 0..20 {
        match nix::unistd::read(&fd, &mut buffer)? {
            0 => break,
            n => total += n as i64,
        }
    }
    turn.add(Count::Bytes, total as u64);
    Ok(total)
}

/// As somebody who may do nothing.
pub fn powerless(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let child = sys::fork(|| {
        // The group first: afterwards it couldn't be changed.
        sys::set_fs_ids(65534, 65534);
        let _ = nix::unistd::setgroups(&[]);
        let _ = sys::set_thread_uids(65534, 65534, 65534);
        let mut last = 0;
        for _ in 0..8 {
            last = read(turn).err().map_or(0, |errno| errno as i32);
        }
        last
    })?;
    ended(child)
}

/// What a child's code says: an errno, or none.
pub fn ended(child: nix::unistd::Pid) -> nix::Result<i64> {
    loop {
        match waitpid(child, None) {
            Err(Errno::EINTR) => (),
            Ok(WaitStatus::Exited(_, 0)) => return Ok(0),
            Ok(WaitStatus::Exited(_, errno)) => return Err(Errno::from_raw(errno)),
            _ => return Err(Errno::EINTR),
        }
    }
}

fn any_text(turn: &mut Turn<'_>) -> &'static str {
    turn.rng.choice(TEXTS).copied().unwrap_or("stat")
}

/// Reads a text to its end, and judges it.
pub fn judged(turn: &mut Turn<'_>, fd: &OwnedFd, name: &str, pid: Option<i32>) -> nix::Result<i64> {
    let mut bytes = Vec::new();
    let outcome = drain(turn, fd, &mut bytes);
    turn.add(Count::Bytes, bytes.len() as u64);
    let reading = Reading {
        name,
        pid,
        bytes: &bytes,
        complete: matches!(outcome, Ok(true)),
    };
    match judge::text(&turn.actor.setting.forms, &reading) {
        Ok(lines) => turn.add(Count::Lines, lines),
        Err(why) => turn.finding(&why),
    }
    outcome.map(|_| bytes.len() as i64)
}

/// Reads in pieces; true if the end was reached.
fn drain(turn: &mut Turn<'_>, fd: &OwnedFd, bytes: &mut Vec<u8>) -> nix::Result<bool> {
    let style = turn.rng.u8(..4);
    let steady = turn.rng.usize(1..9000);
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..PIECES {
        let size = match style {
            0 => 1 << 16,
            1 => steady,
            2 => turn.rng.usize(1..64),
            _ => turn.rng.usize(1..buffer.len()),
        };
        let piece = &mut buffer[..size];
        let n = count(nix::unistd::read(fd, piece))?;
        bytes.extend_from_slice(&piece[..n as usize]);
        if n == 0 {
            return Ok(true);
        }
        if bytes.len() > ENOUGH {
            break;
        }
    }
    Ok(false)
}
