// SPDX-License-Identifier: GPL-2.0

//! Bytes that move without passing through a buffer of the caller's.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

use super::{is_ours, open};
use crate::fact::{digest, Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, Trap};

const NONE: Arg<'static> = Arg::At(Place::Null);

/// From the file to a pipe and a file, then the other way, for one caller.
pub fn ask(path: &Path, caller: Caller, seen: &mut Observation) {
    for offset in [None, Some(3), Some(1 << 40), Some(i64::MAX), Some(-1)] {
        for count in [0, 64, 65536, 0x7fff_f000, -1] {
            ask_from(path, caller, offset, count, seen);
        }
    }
    if let Some(file) = open(path, seen) {
        for flags in [0, 1, 2, 4, 8, 0x10, 0x1f] {
            let answer = through_pipe(|pipe| {
                Call::SPLICE.by(
                    caller,
                    &[
                        fd(&file),
                        NONE,
                        fd(pipe),
                        NONE,
                        Arg::Number(16),
                        Arg::Number(flags),
                    ],
                )
            });
            seen.note(format!("splice, flags {flags:#x}"), answer);
        }
        let (from, to) = (fd(&file), fd(&file));
        let itself = [from, NONE, to, NONE, Arg::Number(16), Arg::Number(0)];
        seen.note("splice to itself", Call::SPLICE.by(caller, &itself));
        seen.note("copy to itself", Call::COPY_FILE_RANGE.by(caller, &itself));
        let itself = [from, to, NONE, Arg::Number(16)];
        seen.note("sendfile to itself", Call::SENDFILE.by(caller, &itself));
    }
    ask_to(path, caller, seen);
}

fn ask_from(path: &Path, caller: Caller, offset: Option<i64>, count: i64, seen: &mut Observation) {
    let name = |call: &str| format!("{call} {count:#x} at {offset:?}");
    let Some(file) = open(path, seen) else {
        return;
    };
    let trap = Trap::for_caller(Caller::Compat);
    let at = match offset {
        None => NONE,
        Some(offset) => {
            trap.set(&offset.to_ne_bytes());
            Arg::At(Place::Before(&trap, 8))
        }
    };
    let end = |seen: &mut Observation, call: &str| {
        let position = sys::lseek(&file, 0, libc::SEEK_CUR);
        seen.note(format!("{}: position", name(call)), position);
        seen.say(
            format!("{}: offset", name(call)),
            format!("{:x?}", trap.bytes(8)),
        );
        let _ = sys::lseek(&file, 0, libc::SEEK_SET);
        trap.set(&offset.unwrap_or(0).to_ne_bytes());
    };
    let (length, flags) = (Arg::Number(count), Arg::Number(0));
    let answer = through_pipe(|pipe| {
        Call::SPLICE.by(caller, &[fd(&file), at, fd(pipe), NONE, length, flags])
    });
    seen.note(name("splice"), answer);
    end(seen, "splice");
    // A pipe takes so much and no more; a file would take all of an endless one.
    let answer = through_pipe(|pipe| Call::SENDFILE.by(caller, &[fd(pipe), fd(&file), at, length]));
    seen.note(name("sendfile"), answer);
    end(seen, "sendfile");
    let answer = match sys::memfd(c"compare", libc::MFD_CLOEXEC, 0) {
        Err(errno) => Err(errno),
        Ok(copy) => {
            let arguments = [fd(&file), at, fd(&copy), NONE, length, flags];
            Call::COPY_FILE_RANGE.by(caller, &arguments)
        }
    };
    seen.note(name("copy"), answer);
    end(seen, "copy");
    let answer = through_pipe(|pipe| Call::TEE.by(caller, &[fd(&file), fd(pipe), length, flags]));
    seen.note(name("tee"), answer);
}

/// What came out at the other end of a pipe.
fn through_pipe(call: impl FnOnce(&OwnedFd) -> nix::Result<i64>) -> Fact {
    let (out, into) = match pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK) {
        Ok(ends) => ends,
        Err(errno) => return Fact::Text(format!("no pipe: {errno}")),
    };
    let answer = call(&into);
    drop(into);
    let mut bytes = vec![0_u8; 1 << 17];
    let length = read(&out, &mut bytes).unwrap_or(0);
    let digest = digest(&bytes[..length]);
    Fact::Text(format!(
        "{}, {length} bytes (digest {digest:016x})",
        Fact::from(answer).display()
    ))
}

/// To the file, of a pipe's and a file's bytes. What isn't ours might take them; it is given none.
fn ask_to(path: &Path, caller: Caller, seen: &mut Observation) {
    let given: &[u8] = if is_ours(path) { b"x" } else { b"" };
    for (way, flags) in [
        ("O_RDONLY", libc::O_RDONLY),
        ("O_WRONLY", libc::O_WRONLY),
        ("O_RDWR|O_APPEND", libc::O_RDWR | libc::O_APPEND),
        ("O_PATH", libc::O_PATH),
    ] {
        let file = match sys::open(path, flags | libc::O_NONBLOCK | libc::O_CLOEXEC) {
            Ok(file) => file,
            Err(errno) => {
                seen.note(format!("{way}: open"), Fact::Failed(errno));
                continue;
            }
        };
        let trap = Trap::for_caller(Caller::Compat);
        trap.set(&3_i64.to_ne_bytes());
        for (place, at) in [("", NONE), (" at 3", Arg::At(Place::Before(&trap, 8)))] {
            let (count, flags) = (Arg::Number(1), Arg::Number(0));
            let answer = from_pipe(given, |pipe| {
                Call::SPLICE.by(caller, &[fd(pipe), NONE, fd(&file), at, count, flags])
            });
            seen.note(format!("{way}: splice to it{place}"), answer);
            let answer = from_file(given, |source| {
                let arguments = [fd(source), NONE, fd(&file), at, count, flags];
                Call::COPY_FILE_RANGE.by(caller, &arguments)
            });
            seen.note(format!("{way}: copy to it{place}"), answer);
        }
        let answer = from_file(given, |source| {
            Call::SENDFILE.by(caller, &[fd(&file), fd(source), NONE, Arg::Number(1)])
        });
        seen.note(format!("{way}: sendfile to it"), answer);
        let (count, flags) = (Arg::Number(1), Arg::Number(0));
        let answer = from_pipe(given, |pipe| {
            Call::TEE.by(caller, &[fd(pipe), fd(&file), count, flags])
        });
        seen.note(format!("{way}: tee to it"), answer);
        let parts = [(Place::Before(&trap, 8), given.len() as u64)];
        let arguments = [
            fd(&file),
            Arg::Parts(&parts),
            Arg::Number(1),
            Arg::Number(0),
        ];
        let answer = Call::VMSPLICE.by(caller, &arguments);
        seen.note(format!("{way}: vmsplice to it"), answer);
    }
}

fn from_pipe(bytes: &[u8], call: impl FnOnce(&OwnedFd) -> nix::Result<i64>) -> Fact {
    let Ok((out, into)) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK) else {
        return Fact::Text("no pipe".into());
    };
    let _ = write(into.as_fd(), bytes);
    // Nobody waits for more.
    drop(into);
    call(&out).into()
}

fn from_file(bytes: &[u8], call: impl FnOnce(&OwnedFd) -> nix::Result<i64>) -> Fact {
    let Ok(file) = sys::memfd(c"compare", libc::MFD_CLOEXEC, 0) else {
        return Fact::Text("no memfd".into());
    };
    let _ = write(file.as_fd(), bytes);
    let _ = sys::lseek(&file, 0, libc::SEEK_SET);
    call(&file).into()
}
