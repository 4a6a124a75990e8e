// SPDX-License-Identifier: GPL-2.0

//! File handles: what stands for a file without a path.

use std::path::Path;

use super::fresh;
use crate::fact::{Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, Trap};

/// Where the kernel writes the number of the mount; not compared.
const MOUNT: usize = 256;

/// Asks for a handle, by path and by descriptor, with room and without.
pub fn ask(path: &Path, seen: &mut Observation) {
    let Ok(name) = sys::c_path(path) else {
        return;
    };
    let here = Arg::Number(libc::AT_FDCWD.into());
    let memory = (fresh(), fresh());
    for flags in [0, 1, 0x200, 0x400, 0x8000] {
        for room in [0, 8, 128, 129, u32::MAX] {
            let answer = handle(&memory, here, Arg::Text(&name), room, flags);
            seen.note(format!("room {room}, flags {flags:#x}"), answer);
        }
    }
    let Ok(file) = sys::open(path, libc::O_PATH | libc::O_NOFOLLOW | libc::O_CLOEXEC) else {
        return;
    };
    for flags in [0, 0x200, 0x1000, 0x1200] {
        let answer = handle(&memory, fd(&file), Arg::Text(c""), 128, flags);
        seen.note(format!("by descriptor, flags {flags:#x}"), answer);
    }
    for (kind, bytes) in [(1, 8), (2, 16), (0xfe, 8), (0, 4), (1, 0), (1, 129)] {
        let answer = opened(&file, kind, bytes);
        seen.note(
            format!("open a handle of kind {kind}, {bytes} bytes"),
            answer,
        );
    }
}

/// The type and length that a handle has.
fn handle(
    (trap, mount): &(Trap, Trap),
    from: Arg<'_>,
    name: Arg<'_>,
    room: u32,
    flags: i64,
) -> Fact {
    trap.set(&[&room.to_ne_bytes()[..], &[0; 252]].concat());
    let answer = Call::NAME_TO_HANDLE.ask(&[
        from,
        name,
        Arg::At(Place::Before(trap, 256)),
        Arg::At(Place::Before(mount, MOUNT)),
        Arg::Number(flags),
    ]);
    let head = trap.bytes(256)[..8].to_vec();
    let answer = Fact::from(answer).display();
    Fact::Text(format!("{answer}, length and kind {head:x?}"))
}

/// Opens a made-up handle.
fn opened(mount: &impl std::os::fd::AsFd, kind: u32, bytes: u32) -> Fact {
    let trap = Trap::for_caller(Caller::Compat);
    let head = [bytes.to_ne_bytes(), kind.to_ne_bytes()].concat();
    trap.set(&[head, vec![1; 192]].concat());
    let at = Arg::At(Place::Before(&trap, 200));
    let opened = Call::OPEN_BY_HANDLE.open(Caller::Native, &[fd(mount), at, Arg::Number(0)]);
    opened.map(|_| 0_i64).into()
}
