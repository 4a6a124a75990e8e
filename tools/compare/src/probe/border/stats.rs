// SPDX-License-Identifier: GPL-2.0

//! Attributes, asked for in every manner.

use std::os::fd::AsFd;
use std::path::Path;

use super::{fresh, UNTOUCHED};
use crate::fact::{Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Place};
use crate::sys::{self, Trap};

/// Of a path, and of a descriptor with an empty path.
pub fn ask(path: &Path, seen: &mut Observation) {
    let Ok(name) = sys::c_path(path) else {
        return;
    };
    let here = Arg::Number(libc::AT_FDCWD.into());
    ask_both("path", here, Arg::Text(&name), 0, seen);
    ask_links("path", here, Arg::Text(&name), seen);
    let kinds = [
        ("path only", libc::O_PATH),
        ("link", libc::O_PATH | libc::O_NOFOLLOW),
        ("opened", libc::O_RDONLY | libc::O_NONBLOCK),
    ];
    for (kind, flags) in kinds {
        match sys::open(path, flags | libc::O_CLOEXEC) {
            Err(errno) => seen.note(kind, Fact::Failed(errno)),
            Ok(file) => {
                ask_both(kind, fd(&file), Arg::Text(c""), libc::AT_EMPTY_PATH, seen);
                ask_links(kind, fd(&file), Arg::Text(c""), seen);
                let stat = nix::sys::stat::fstat(file.as_fd());
                seen.note(
                    format!("{kind}: fstat"),
                    stat.map(|stat| i64::from(stat.st_mode)),
                );
            }
        }
    }
}

fn ask_both(kind: &str, from: Arg<'_>, name: Arg<'_>, empty: i32, seen: &mut Observation) {
    let trap = fresh();
    for mask in [0, 1, 0x7ff, 0x800, 0x1000, 0x4000, 0x7fff_ffff, 0x8000_0000] {
        seen.note(
            format!("{kind}: mask {mask:#x}"),
            statx(&trap, from, name, empty.into(), mask),
        );
    }
    for flags in [0x100, 0x800, 0x2000, 0x4000, 0x6000, 0x400, 1] {
        seen.note(
            format!("{kind}: flags {flags:#x}"),
            statx(&trap, from, name, i64::from(empty) | flags, 0x7ff),
        );
    }
    for mode in [0, 1, 2, 4, 8, -1] {
        for flags in [0, 0x100, 0x200, 0x400] {
            let flags = flags | i64::from(empty);
            let answer = Call::FACCESSAT2.ask(&[from, name, Arg::Number(mode), Arg::Number(flags)]);
            seen.note(format!("{kind}: access {mode}, flags {flags:#x}"), answer);
        }
    }
    for place in [Place::Null, Place::Kernel, Place::Nowhere] {
        let at = Arg::At(place);
        let (flags, mask) = (Arg::Number(empty.into()), Arg::Number(0x7ff));
        let answer = Call::STATX.ask(&[from, name, flags, mask, at]);
        seen.note(format!("{kind}: statx to {place:?}"), answer);
    }
}

/// What was answered, which attributes were, and what they are; not the numbers of inodes, mounts
/// and devices, nor times.
fn statx(trap: &Trap, from: Arg<'_>, name: Arg<'_>, flags: i64, mask: i64) -> Fact {
    let _ = trap.reset(UNTOUCHED);
    let at = Arg::At(Place::Before(trap, 256));
    let answer = Call::STATX.ask(&[from, name, Arg::Number(flags), Arg::Number(mask), at]);
    let bytes = trap.bytes(256);
    // Mask, block size and attributes; links, owner, mode; size and blocks; which attributes count.
    let head: Vec<u8> = [&bytes[..30], &bytes[40..64]].concat();
    let answer = Fact::from(answer).display();
    Fact::Text(format!("{answer} {head:02x?}"))
}

/// The text of a link, into buffers of any size.
fn ask_links(kind: &str, from: Arg<'_>, name: Arg<'_>, seen: &mut Observation) {
    let trap = fresh();
    for count in [0, 1, 5, 4096, 1 << 31, -1] {
        let _ = trap.reset(UNTOUCHED);
        let at = Arg::At(Place::Before(&trap, 4096));
        let answer = Call::READLINKAT.ask(&[from, name, at, Arg::Number(count)]);
        seen.note(format!("{kind}: readlink {count}"), answer);
        seen.note(
            format!("{kind}: readlink {count}: text"),
            super::held(&trap, 4096),
        );
    }
    for place in [Place::Null, Place::Kernel, Place::Nowhere] {
        let answer = Call::READLINKAT.ask(&[from, name, Arg::At(place), Arg::Number(64)]);
        seen.note(format!("{kind}: readlink to {place:?}"), answer);
    }
}
