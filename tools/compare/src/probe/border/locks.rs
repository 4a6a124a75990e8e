// SPDX-License-Identifier: GPL-2.0

//! Locks, leases, notes to oneself, and everything else of `fcntl(2)`.

use std::path::Path;

use super::fresh;
use crate::fact::{Fact, Observation};
use crate::sys;
use crate::sys::call::{fd, Arg, Call, Caller, Place};

/// For a descriptor of each kind, for one caller. `SIGIO` must be ignored meanwhile.
pub fn ask(path: &Path, caller: Caller, seen: &mut Observation) {
    for (kind, flags) in [
        ("path only", libc::O_PATH),
        ("opened", libc::O_RDONLY | libc::O_NONBLOCK),
        ("for writing", libc::O_RDWR | libc::O_NONBLOCK),
    ] {
        match sys::open(path, flags | libc::O_CLOEXEC) {
            Err(errno) => seen.note(kind, Fact::Failed(errno)),
            Ok(file) => {
                for operation in [1, 2, 5, 6, 8, 0, 3, 0x20, 0x40] {
                    let arguments = [fd(&file), Arg::Number(operation)];
                    let answer = Call::FLOCK.by(caller, &arguments);
                    seen.note(format!("{kind}: flock {operation}"), answer);
                }
                ask_records(kind, fd(&file), caller, seen);
                ask_numbers(kind, fd(&file), caller, seen);
            }
        }
    }
}

/// `F_*` whose argument is a `struct flock64`, or another pointer.
fn ask_records(kind: &str, file: Arg<'_>, caller: Caller, seen: &mut Observation) {
    for (name, command) in [
        ("F_GETLK", libc::F_GETLK),
        ("F_SETLK", libc::F_SETLK),
        ("F_GETLK64", 12),
        ("F_SETLK64", 13),
        ("F_OFD_GETLK", 36),
        ("F_OFD_SETLK", 37),
        ("F_GETOWN_EX", 16),
        ("F_GET_RW_HINT", 1035),
        ("F_GET_FILE_RW_HINT", 1037),
        ("F_SET_RW_HINT", 1036),
        ("F_SET_FILE_RW_HINT", 1038),
    ] {
        // The first two bytes: to read, to write, to unlock, nonsense.
        for lock in [0_u8, 1, 2, 9] {
            let trap = fresh();
            trap.set(&[vec![lock], vec![0; 63]].concat());
            let at = Arg::At(Place::Before(&trap, 64));
            let answer = Call::FCNTL.by(caller, &[file, Arg::Number(command.into()), at]);
            seen.note(format!("{kind}: {name} {lock}"), answer);
            let start = Fact::Bytes(trap.bytes(64)[..2].to_vec());
            seen.note(format!("{kind}: {name} {lock}: answer"), start);
        }
        let at = Arg::At(Place::Kernel);
        let answer = Call::FCNTL.by(caller, &[file, Arg::Number(command.into()), at]);
        seen.note(format!("{kind}: {name} nowhere"), answer);
    }
}

/// `F_*` whose argument is a number.
fn ask_numbers(kind: &str, file: Arg<'_>, caller: Caller, seen: &mut Observation) {
    let mut ask = |name: &str, command: i32, values: &[i64]| {
        for &value in values {
            let arguments = [file, Arg::Number(command.into()), Arg::Number(value)];
            let answer = Call::FCNTL_NUMBER.by(caller, &arguments);
            seen.note(format!("{kind}: {name} {value:#x}"), answer);
        }
    };
    // To read, to write, to give up.
    ask("F_SETLEASE", 1024, &[0, 1, 2, 7]);
    ask("F_GETLEASE", 1025, &[0]);
    // Each event, all, again and again, none.
    ask(
        "F_NOTIFY",
        1026,
        &[1, 2, 4, 8, 0x10, 0x20, 0x3f, 0x8000_0001, 0],
    );
    ask("F_GETOWN", libc::F_GETOWN, &[0]);
    ask("F_GETSIG", 11, &[0]);
    ask("F_SETSIG", 10, &[-1, 1000, 0]);
    ask("F_GETFD", libc::F_GETFD, &[0]);
    ask("F_GETPIPE_SZ", libc::F_GETPIPE_SZ, &[0]);
    ask("F_SETPIPE_SZ", libc::F_SETPIPE_SZ, &[4096]);
    ask("F_GET_SEALS", libc::F_GET_SEALS, &[0]);
    ask("F_ADD_SEALS", libc::F_ADD_SEALS, &[0, 1]);
    ask("F_CREATED_QUERY", 1028, &[0]);
    ask("F_GETDELEG", 1039, &[0]);
    ask("unknown", 999, &[0]);
    for flags in [
        libc::O_APPEND,
        libc::O_DIRECT,
        libc::O_ASYNC,
        libc::O_NOATIME,
        libc::O_NONBLOCK,
    ] {
        ask("F_SETFL", libc::F_SETFL, &[flags.into()]);
        ask("F_GETFL", libc::F_GETFL, &[0]);
    }
}
