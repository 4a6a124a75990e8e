// SPDX-License-Identifier: GPL-2.0

//! Pieces of files: any offset, any size, any call that reads.

use std::os::fd::{AsFd, OwnedFd};

use io_uring::squeue::Flags;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use rustproc_compare::sys::call::{fd as descriptor, Arg, Call, Place};
use rustproc_compare::sys::ring::{Context, Order, Request, Ring};
use rustproc_compare::sys::Trap;

use super::{any_offset, any_size, open_any, open_ours};
use crate::actor::Turn;
use crate::board::Count;
use crate::judge::{self, Verdict};
use crate::sys;
use crate::tree::{self, IN_ROOT, TEXTS};

/// Some pieces of one file, the last bytes of the buffer perhaps missing.
pub fn pread(turn: &mut Turn<'_>, trap: &Trap) -> nix::Result<i64> {
    let (fd, name, _) = open_ours(turn)?;
    let mut result = Ok(0);
    for _ in 0..turn.rng.u8(1..6) {
        let (offset, size) = (any_offset(turn), any_size(turn));
        let missing = if turn.rng.u8(..4) == 0 {
            turn.rng.usize(..300)
        } else {
            0
        };
        let before = size.saturating_sub(missing).min(trap.room());
        let size = size.min(before + (16 << 10));
        trap.reset(b'#')?;
        result = trap.pread(&fd, before, size, offset);
        if name == "clear_refs" {
            // Opened for writing only.
            if let Ok(n) = result {
                turn.finding(&format!("reading clear_refs gives {n} bytes"));
            }
            return Ok(0);
        }
        if let Ok(n) = result {
            let bytes = &trap.bytes(before)[..(n as usize).min(before)];
            turn.add(Count::Bytes, n as u64);
            report(turn, piece(name, bytes));
        }
    }
    result
}

/// Judges a piece.
fn piece(name: &str, bytes: &[u8]) -> Verdict {
    match name {
        // Partial copies are told as entries only if whole.
        "pagemap" => judge::pagemap(&bytes[..bytes.len() / 8 * 8]),
        _ => judge::piece(bytes),
    }
}

/// Tells what is wrong.
pub fn report(turn: &Turn<'_>, verdict: Verdict) {
    match verdict {
        Ok(lines) => turn.add(Count::Lines, lines),
        Err(why) => turn.finding(&why),
    }
}

/// Buffers in any order, some of which are nowhere.
pub fn readv(turn: &mut Turn<'_>, trap: &Trap) -> nix::Result<i64> {
    let (fd, _, _) = open_any(turn, TEXTS)?;
    let mut parts = Vec::new();
    for _ in 0..turn.rng.usize(..7) {
        let length = any_size(turn) as u64;
        parts.push(match turn.rng.u8(..12) {
            0 => (Place::Null, length),
            1 => (Place::Kernel, length),
            2 => (Place::Nowhere, length),
            3 => (Place::Null, 0),
            _ => (Place::Before(trap, any_size(turn)), length),
        });
    }
    let number = Arg::Number(parts.len() as i64);
    if turn.rng.bool() {
        return Call::READV.ask(&[descriptor(&fd), Arg::Parts(&parts), number]);
    }
    let offset = Arg::Offset(any_offset(turn));
    Call::PREADV.ask(&[descriptor(&fd), Arg::Parts(&parts), number, offset])
}

/// One of our files, most of which can't be spliced, or one that is passed through.
fn open_to_splice(turn: &mut Turn<'_>) -> nix::Result<OwnedFd> {
    if turn.rng.bool() {
        return open_any(turn, TEXTS).map(|(fd, ..)| fd);
    }
    let name = turn.rng.choice(IN_ROOT).copied().unwrap_or("uptime");
    let path = tree::any_root(turn.actor.board, &mut turn.rng).join(name);
    turn.about(path.display().to_string());
    sys::open(&path, libc::O_RDONLY)
}

/// Into a pipe that has little room.
pub fn splice(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let fd = open_to_splice(turn)?;
    let (out, into) = nix::unistd::pipe2(nix::fcntl::OFlag::O_NONBLOCK)?;
    let mut total = 0;
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..turn.rng.u8(1..5) {
        let size = any_size(turn);
        let flags = nix::fcntl::SpliceFFlags::SPLICE_F_NONBLOCK;
        total += nix::fcntl::splice(&fd, None, &into, None, size, flags)? as i64;
        if turn.rng.bool() {
            if let Ok(n) = nix::unistd::read(&out, &mut buffer) {
                report(turn, judge::piece(&buffer[..n]));
            }
        }
    }
    turn.add(Count::Bytes, total as u64);
    Ok(total)
}

/// Into nothing, from any offset.
pub fn sendfile(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let fd = open_to_splice(turn)?;
    let sink = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/null")
        .map_err(|error| crate::actor::errno(&error))?;
    let mut offset = any_offset(turn);
    let place = turn.rng.bool().then_some(&mut offset);
    let size = any_size(turn);
    let sent = nix::sys::sendfile::sendfile64(sink, fd, place, size)?;
    turn.add(Count::Bytes, sent as u64);
    Ok(sent as i64)
}

/// Handed in and collected later.
pub fn ring(
    turn: &mut Turn<'_>,
    trap: &Trap,
    ring: Option<&mut Ring>,
    elder: Option<&Context>,
) -> nix::Result<i64> {
    let (fd, name, _) = open_ours(turn)?;
    let before = any_size(turn).min(trap.room());
    let request = match turn.rng.u8(..8) {
        0 => Request::Poll(libc::POLLIN as u32),
        1 => Request::Sync,
        2 => Request::Write,
        _ => Request::Read,
    };
    // What is written would be a command.
    trap.reset(b'#')?;
    let order = Order {
        request,
        trap,
        before,
        count: any_size(turn) as u32,
        offset: any_offset(turn),
    };
    let result = match (ring, elder) {
        (Some(ring), _) if turn.rng.bool() => {
            let flags = if turn.rng.bool() {
                Flags::ASYNC
            } else {
                Flags::empty()
            };
            ring.ask(&fd, &order, flags)
        }
        (_, Some(elder)) if !matches!(request, Request::Poll(_)) => elder.ask(&fd, &order, 0),
        _ => return Ok(0),
    };
    if let (Ok(n), Request::Read, true) = (result, request, name != "clear_refs") {
        let bytes = trap.bytes(before);
        report(turn, piece(name, &bytes[..(n.max(0) as usize).min(before)]));
    }
    result
}

/// Seeks to and fro, and reads in between.
pub fn seek(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let (fd, name, _) = open_any(turn, TEXTS)?;
    let mut last = Ok(0);
    let mut buffer = vec![0; 5000];
    for _ in 0..turn.rng.u8(1..8) {
        let offset = any_offset(turn);
        last = sys::lseek(&fd, offset, turn.rng.i32(-1..7));
        if turn.rng.bool() {
            let size = turn.rng.usize(..buffer.len());
            let n = nix::unistd::read(&fd, &mut buffer[..size])?;
            report(turn, piece(name, &buffer[..n]));
        }
    }
    last
}

/// No file of ours can be mapped.
pub fn map(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let (fd, name, _) = open_ours(turn)?;
    let flags = *turn
        .rng
        .choice(&[
            libc::MAP_PRIVATE,
            libc::MAP_SHARED,
            libc::MAP_SHARED_VALIDATE,
        ])
        .unwrap_or(&libc::MAP_PRIVATE);
    match sys::mmap_file(&fd, flags) {
        Ok(()) => {
            turn.finding(&format!("{name} has been mapped"));
            Ok(0)
        }
        Err(Errno::ENODEV | Errno::EACCES) => Ok(0),
        Err(errno) => Err(errno),
    }
}

/// Files are ready at any time; `mounts` and such aren't ours.
pub fn poll(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let (fd, name, _) = open_any(turn, TEXTS)?;
    let mut asked = [PollFd::new(
        fd.as_fd(),
        PollFlags::POLLIN | PollFlags::POLLOUT,
    )];
    let ready = nix::poll::poll(&mut asked, PollTimeout::ZERO)?;
    if ready != 1 {
        turn.finding(&format!("{name} isn't ready"));
    }
    Ok(ready.into())
}
