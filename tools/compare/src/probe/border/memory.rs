// SPDX-License-Identifier: GPL-2.0

//! Buffers that aren't there, or end too early: what the call says, what it has written, and where
//! the file then is.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::unistd::read;

use super::{fresh, held, open, UNTOUCHED};
use crate::fact::{digest, Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, Mapping, PAGE};

/// Reads into bad buffers, and what the next good read says.
pub fn ask(path: &Path, caller: Caller, seen: &mut Observation) {
    let Some(file) = open(path, seen) else {
        return;
    };
    for place in [Place::Null, Place::Kernel, Place::Nowhere, Place::End] {
        for count in [0, 1, 8, 16, 4096] {
            let name = format!("{count} bytes to {place:?}");
            let at = [fd(&file), Arg::At(place), Arg::Number(count)];
            note(&file, &name, seen, || Call::READ.by(caller, &at));
            let at = [&at[..], &[Arg::Offset(0)]].concat();
            seen.note(format!("{name}, pread"), Call::PREAD.by(caller, &at));
        }
    }
    let trap = fresh();
    for before in [0, 1, 7, 8, 16, 100, 4096, 5000] {
        for count in [8, 64, 4096, 8192, 65536] {
            let _ = trap.reset(UNTOUCHED);
            let name = format!("{count} bytes of which {before} are there");
            let at = Arg::At(Place::Before(&trap, before));
            note(&file, &name, seen, || {
                Call::READ.by(caller, &[fd(&file), at, Arg::Number(count)])
            });
            seen.note(format!("{name}: buffer"), held(&trap, before));
        }
    }
    ask_read_only(&file, caller, seen);
    ask_vectors(&file, caller, seen);
}

/// Calls at the start of the file; notes the answer, the position, and what comes next.
fn note(
    file: &OwnedFd,
    name: &str,
    seen: &mut Observation,
    call: impl FnOnce() -> nix::Result<i64>,
) {
    let _ = sys::lseek(file, 0, libc::SEEK_SET);
    seen.note(name, call());
    seen.note(
        format!("{name}: position"),
        sys::lseek(file, 0, libc::SEEK_CUR),
    );
    let mut rest = vec![0_u8; 3000];
    let next = match read(file, &mut rest) {
        Ok(n) => Fact::Text(format!("{n} bytes (digest {:016x})", digest(&rest[..n]))),
        Err(errno) => Fact::Failed(errno),
    };
    seen.note(format!("{name}: next"), next);
}

fn ask_read_only(file: &OwnedFd, caller: Caller, seen: &mut Observation) {
    let trap = fresh();
    if trap.seal().is_err() {
        return;
    }
    for count in [0, 1, 8, 4096] {
        let at = Arg::At(Place::Before(&trap, 4096));
        note(file, &format!("{count} bytes to read-only"), seen, || {
            Call::READ.by(caller, &[fd(file), at, Arg::Number(count)])
        });
    }
}

/// Vectors of which some part isn't there, is too long, or has no length.
fn ask_vectors(file: &OwnedFd, caller: Caller, seen: &mut Observation) {
    let trap = fresh();
    let good = |before: usize| Place::Before(&trap, before);
    let vectors: &[(&str, &[(Place<'_>, u64)])] = &[
        ("bad after good", &[(good(64), 8), (Place::Null, 8)]),
        ("good after bad", &[(Place::Null, 8), (good(64), 8)]),
        (
            "bad between",
            &[(good(64), 8), (Place::Kernel, 8), (good(32), 8)],
        ),
        (
            "cut between",
            &[(good(64), 16), (good(8), 16), (good(40), 8)],
        ),
        ("cut last", &[(good(5000), 4900), (good(8), 4096)]),
        ("empty bad ones", &[(Place::Null, 0), (good(64), 8)]),
        ("only empty", &[(good(64), 0), (Place::Null, 0)]),
        ("negative", &[(good(64), 8), (good(8), 1 << 63)]),
        (
            "sum beyond all",
            &[(good(64), 1 << 62), (good(64), 1 << 62)],
        ),
        (
            "sum beyond the most",
            &[(good(64), 8), (good(56), 0x7fff_f000), (good(40), 8)],
        ),
        ("odd", &[(good(64), 3), (good(56), 5), (good(40), 8)]),
    ];
    for (name, parts) in vectors {
        let _ = trap.reset(UNTOUCHED);
        let count = Arg::Number(parts.len() as i64);
        let vector = [fd(file), Arg::Parts(parts), count];
        let name = format!("readv, {name}");
        note(file, &name, seen, || Call::READV.by(caller, &vector));
        seen.note(format!("{name}: buffer"), held(&trap, 8192));
        let vector = [&vector[..], &[Arg::Offset(3)]].concat();
        seen.note(format!("{name}, at 3"), Call::PREADV.by(caller, &vector));
    }
    for count in [-1, 0, 1, 1024, 1025, 1 << 31, 1 << 32] {
        let at = [fd(file), Arg::At(Place::Null), Arg::Number(count)];
        seen.note(
            format!("readv, {count} parts nowhere"),
            Call::READV.by(caller, &at),
        );
        let _ = trap.reset(0);
        // All parts are at 0 and of no length.
        let at = [fd(file), Arg::At(good(8192)), Arg::Number(count)];
        seen.note(
            format!("readv, {count} empty parts"),
            Call::READV.by(caller, &at),
        );
    }
}

/// Maps the file in every manner.
pub fn ask_mapping(path: &Path, seen: &mut Observation) {
    let protections = [
        ("none", libc::PROT_NONE),
        ("r", libc::PROT_READ),
        ("w", libc::PROT_WRITE),
        ("x", libc::PROT_EXEC),
        ("rw", libc::PROT_READ | libc::PROT_WRITE),
        ("rx", libc::PROT_READ | libc::PROT_EXEC),
    ];
    let kinds = [
        ("private", libc::MAP_PRIVATE),
        ("shared", libc::MAP_SHARED),
        ("validated", libc::MAP_SHARED_VALIDATE),
        ("synchronous", libc::MAP_SHARED_VALIDATE | libc::MAP_SYNC),
        ("populated", libc::MAP_PRIVATE | libc::MAP_POPULATE),
        ("huge", libc::MAP_PRIVATE | libc::MAP_HUGETLB),
        ("neither", 0),
    ];
    for (way, flags) in [
        ("O_RDONLY", libc::O_RDONLY),
        ("O_RDWR", libc::O_RDWR),
        ("O_WRONLY", libc::O_WRONLY),
        ("O_PATH", libc::O_PATH),
    ] {
        let file = match sys::open(path, flags | libc::O_CLOEXEC) {
            Ok(file) => file,
            Err(errno) => {
                seen.note(format!("{way}: open"), Fact::Failed(errno));
                continue;
            }
        };
        for (protection, prot) in protections {
            for (kind, flags) in kinds {
                for (offset, length) in [(0, PAGE), (PAGE, 3 * PAGE), (1, PAGE), (0, 0)] {
                    let mapped = Mapping::of_file(&file, offset, length, prot, flags);
                    let name = format!("{way}: {protection} {kind}, {length} at {offset}");
                    seen.note(name, mapped.map(drop));
                }
            }
        }
    }
}
