// SPDX-License-Identifier: GPL-2.0

//! Offsets and counts that no file has.

use std::os::fd::OwnedFd;
use std::path::Path;

use super::{fresh, held, is_ours, open, UNTOUCHED};
use crate::fact::{Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, Trap, PAGE};

/// `MAX_RW_COUNT`: more is never moved at once.
const MOST: i64 = 0x7fff_f000;

const COUNTS: &[i64] = &[
    0,
    1,
    7,
    9,
    4095,
    4097,
    MOST - 1,
    MOST,
    MOST + 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 16,
    1 << 47,
    i64::MAX,
    i64::MIN,
    -1,
];

const OFFSETS: &[i64] = &[
    0,
    1,
    3,
    8,
    4096,
    MOST,
    (1 << 31) - 1,
    1 << 31,
    1 << 32,
    (1 << 32) + 8,
    1 << 62,
    i64::MAX - MOST,
    i64::MAX - 8,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN,
    -1,
    -8,
    -4096,
];

/// Both of a file, for one caller.
pub fn ask(path: &Path, caller: Caller, seen: &mut Observation) {
    let Some(file) = open(path, seen) else {
        return;
    };
    for &count in COUNTS {
        ask_count(&file, caller, count, seen);
    }
    let trap = fresh();
    for &offset in OFFSETS {
        for count in [0, 16, MOST + 1] {
            let _ = trap.reset(UNTOUCHED);
            let at = Arg::At(Place::Before(&trap, 64));
            let arguments = [fd(&file), at, Arg::Number(count), Arg::Offset(offset)];
            let name = format!("pread {count} at {offset:#x}");
            seen.note(name.clone(), Call::PREAD.by(caller, &arguments));
            seen.note(format!("{name}: bytes"), held(&trap, 64));
        }
        ask_vectored(&file, caller, offset, seen);
    }
    seen.note("position after all", position(&file));
    ask_seeks(&file, caller, seen);
    ask_writes(path, caller, seen);
}

/// A read of so many bytes from the start, into a buffer of two pages.
fn ask_count(file: &OwnedFd, caller: Caller, count: i64, seen: &mut Observation) {
    let trap = fresh();
    for before in [64, 2 * PAGE] {
        let _ = trap.reset(UNTOUCHED);
        let at = Arg::At(Place::Before(&trap, before));
        let name = format!("read {count:#x} into {before}");
        let _ = sys::lseek(file, 0, libc::SEEK_SET);
        let answer = Call::READ.by(caller, &[fd(file), at, Arg::Number(count)]);
        seen.note(name.clone(), answer);
        seen.note(format!("{name}: bytes"), held(&trap, before));
        seen.note(format!("{name}: position"), position(file));
        let answer = Call::READ.by(caller, &[fd(file), at, Arg::Number(16)]);
        seen.note(format!("{name}: next"), answer);
    }
    let _ = sys::lseek(file, 0, libc::SEEK_SET);
}

fn ask_vectored(file: &OwnedFd, caller: Caller, offset: i64, seen: &mut Observation) {
    let trap = fresh();
    let parts = [
        (Place::Before(&trap, 64), 5),
        (Place::Before(&trap, 48), 0),
        (Place::Before(&trap, 40), 11),
    ];
    let three = [
        fd(file),
        Arg::Parts(&parts),
        Arg::Number(3),
        Arg::Offset(offset),
    ];
    let name = format!("preadv at {offset:#x}");
    seen.note(name.clone(), Call::PREADV.by(caller, &three));
    seen.note(format!("{name}: bytes"), held(&trap, 64));
    if offset > 3 {
        return;
    }
    for flags in [0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100, 1 << 31] {
        let arguments = [&three[..], &[Arg::Number(flags)]].concat();
        let answer = Call::PREADV2.by(caller, &arguments);
        seen.note(format!("preadv2 at {offset:#x}, flags {flags:#x}"), answer);
    }
}

fn position(file: &OwnedFd) -> Fact {
    sys::lseek(file, 0, libc::SEEK_CUR).into()
}

/// From every place to every other.
fn ask_seeks(file: &OwnedFd, caller: Caller, seen: &mut Observation) {
    let trap = fresh();
    for whence in [0, 1, 2, 3, 4, 5, -1] {
        for &offset in OFFSETS {
            let _ = trap.reset(UNTOUCHED);
            let _ = sys::lseek(file, 8, libc::SEEK_SET);
            let name = format!("seek {offset:#x} by {whence}");
            seen.note(name.clone(), seek(file, caller, offset, whence));
            seen.note(format!("{name}: position"), position(file));
            let at = Arg::At(Place::Before(&trap, 16));
            let answer = Call::READ.by(caller, &[fd(file), at, Arg::Number(8)]);
            seen.note(format!("{name}: read"), answer);
            seen.note(format!("{name}: bytes"), held(&trap, 16));
        }
    }
}

/// `lseek(2)`, or for a 32-bit caller also what it uses for large files.
fn seek(file: &OwnedFd, caller: Caller, offset: i64, whence: i64) -> Fact {
    let plain = Call::LSEEK.by(
        caller,
        &[fd(file), Arg::Number(offset), Arg::Number(whence)],
    );
    if caller == Caller::Native {
        return plain.into();
    }
    let trap = fresh();
    let large = Call::LLSEEK.by(
        caller,
        &[
            fd(file),
            Arg::Number(offset >> 32),
            Arg::Number(offset & 0xffff_ffff),
            Arg::At(Place::Before(&trap, 8)),
            Arg::Number(whence),
        ],
    );
    let plain = Fact::from(plain).display();
    Fact::Text(format!(
        "{plain}, {} {:x?}",
        Fact::from(large).display(),
        trap.bytes(8)
    ))
}

/// Writes of what no file takes: nothing, from nowhere, at places that can't be; and where that is
/// refused, an `x`.
fn ask_writes(path: &Path, caller: Caller, seen: &mut Observation) {
    for (way, flags) in [
        ("O_RDONLY", libc::O_RDONLY),
        ("O_WRONLY", libc::O_WRONLY),
        ("O_RDWR|O_APPEND", libc::O_RDWR | libc::O_APPEND),
    ] {
        let file = match sys::open(path, flags | libc::O_CLOEXEC) {
            Ok(file) => file,
            Err(errno) => {
                seen.note(format!("{way}: open"), Fact::Failed(errno));
                continue;
            }
        };
        let trap = Trap::for_caller(Caller::Compat);
        trap.set(b"x");
        let text = Place::Before(&trap, 1);
        let mut buffers = vec![(Place::Null, 1), (Place::Kernel, 8), (text, 0)];
        if is_ours(path) {
            buffers.extend([(text, 1), (text, 2), (text, MOST + 1), (text, -1)]);
        }
        for (number, (place, count)) in buffers.into_iter().enumerate() {
            let name = format!("{way}: write {number} of {count:#x}");
            let at = [fd(&file), Arg::At(place), Arg::Number(count)];
            seen.note(name.clone(), Call::WRITE.by(caller, &at));
            for offset in [0, 5, -1, i64::MAX] {
                let arguments = [&at[..], &[Arg::Offset(offset)]].concat();
                let answer = Call::PWRITE.by(caller, &arguments);
                seen.note(format!("{name} at {offset:#x}"), answer);
            }
            let parts = [(place, count as u64)];
            let vector = [fd(&file), Arg::Parts(&parts), Arg::Number(1)];
            seen.note(
                format!("{name}, vectored"),
                Call::WRITEV.by(caller, &vector),
            );
            seen.note(format!("{name}: position"), position(&file));
        }
    }
}

/// The same of a directory, which is not read but listed.
pub fn ask_directory(path: &Path, caller: Caller, seen: &mut Observation) {
    let Some(file) = open(path, seen) else {
        return;
    };
    for list in [Call::GETDENTS, Call::GETDENTS64] {
        for &count in COUNTS {
            let trap = fresh();
            let at = Arg::At(Place::Before(&trap, 40));
            let _ = sys::lseek(&file, 0, libc::SEEK_SET);
            let name = format!("{} {count:#x}", list.name);
            let answer = list.by(caller, &[fd(&file), at, Arg::Number(count)]);
            seen.note(name.clone(), answer);
            seen.note(format!("{name}: position"), position(&file));
        }
        for place in [Place::Null, Place::Kernel, Place::Nowhere, Place::End] {
            let _ = sys::lseek(&file, 0, libc::SEEK_SET);
            let at = [fd(&file), Arg::At(place), Arg::Number(4096)];
            let name = format!("{} to {place:?}", list.name);
            seen.note(name.clone(), list.by(caller, &at));
            seen.note(format!("{name}: position"), position(&file));
        }
    }
    for whence in [0, 1, 2, 3, 4, 5, -1] {
        for &offset in OFFSETS {
            let _ = sys::lseek(&file, 1, libc::SEEK_SET);
            let name = format!("seek {offset:#x} by {whence}");
            seen.note(name.clone(), seek(&file, caller, offset, whence));
            seen.note(format!("{name}: position"), position(&file));
            let first = sys::getdents(&file, 64).map(|entries| {
                entries
                    .into_iter()
                    .next()
                    .map_or(Vec::new(), |entry| entry.name)
            });
            seen.note(format!("{name}: entry"), first);
        }
    }
    let trap = fresh();
    let at = Arg::At(Place::Before(&trap, 64));
    seen.note(
        "read",
        Call::READ.by(caller, &[fd(&file), at, Arg::Number(64)]),
    );
    for offset in [0, -1] {
        let arguments = [fd(&file), at, Arg::Number(64), Arg::Offset(offset)];
        seen.note(
            format!("pread at {offset}"),
            Call::PREAD.by(caller, &arguments),
        );
    }
    seen.note(
        "write",
        Call::WRITE.by(caller, &[fd(&file), at, Arg::Number(1)]),
    );
}
