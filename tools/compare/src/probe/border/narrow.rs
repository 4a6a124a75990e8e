// SPDX-License-Identifier: GPL-2.0

//! What only a 32-bit caller can ask, and the requests of procfs from one.

use std::path::Path;

use super::{fresh, held, open};
use crate::fact::Observation;
use crate::probe::areas;
use crate::probe::scan::{fact, one};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::query::{Query, SIZE};
use crate::sys::{self, Trap};

const CALLER: Caller = Caller::Compat;

/// Of any file or directory.
pub fn ask(path: &Path, seen: &mut Observation) {
    let Ok(name) = sys::c_path(path) else {
        return;
    };
    for (way, flags) in [
        ("O_RDONLY", 0),
        ("O_RDONLY|O_LARGEFILE", 0o100_000),
        ("O_RDONLY|O_DIRECTORY", libc::O_DIRECTORY),
        ("O_RDWR", libc::O_RDWR),
        ("O_PATH", libc::O_PATH),
    ] {
        let arguments = [
            Arg::Number(libc::AT_FDCWD.into()),
            Arg::Text(&name),
            Arg::Number((flags | libc::O_CLOEXEC).into()),
            Arg::Number(0),
        ];
        let opened = Call::OPENAT.open(CALLER, &arguments);
        let file = match opened {
            Ok(file) => file,
            Err(errno) => {
                seen.note(way, Err::<i64, _>(errno));
                continue;
            }
        };
        let answer = Call::FCNTL_NUMBER.by(
            CALLER,
            &[fd(&file), Arg::Number(libc::F_GETFL.into()), Arg::Number(0)],
        );
        seen.note(format!("{way}: F_GETFL"), answer);
        let trap = fresh();
        let at = Arg::At(Place::Before(&trap, 512));
        let answer = Call::FSTAT64.by(CALLER, &[fd(&file), at]);
        seen.note(format!("{way}: fstat64"), answer);
        // The mode, the number of links and the owner; inode and device are a file system's own.
        let stat = trap.bytes(512);
        seen.note(
            format!("{way}: fields"),
            Ok::<Vec<u8>, _>(stat[16..32].to_vec()),
        );
        for size in [83, 84, 88] {
            let trap = fresh();
            let at = Arg::At(Place::Before(&trap, 512));
            let answer = Call::FSTATFS64.by(CALLER, &[fd(&file), Arg::Number(size), at]);
            seen.note(format!("{way}: fstatfs64 of {size}"), answer);
            // Without the number of the file system.
            let bytes = trap.bytes(512);
            let rest = [&bytes[..44], &bytes[52..]].concat();
            let digest = crate::fact::digest(&rest);
            seen.say(format!("{way}: statfs of {size}"), format!("{digest:016x}"));
        }
        for offset in [0, 5, -1, 1 << 31, 1 << 40] {
            let answer = Call::FTRUNCATE.by(CALLER, &[fd(&file), Arg::Offset(offset)]);
            seen.note(format!("{way}: ftruncate to {offset}"), answer);
        }
    }
}

/// `PROCMAP_QUERY`, of `maps`.
pub fn ask_query(path: &Path, seen: &mut Observation) {
    let Some(file) = open(path, seen) else {
        return;
    };
    let place = Trap::for_caller(Caller::Compat);
    let areas = areas::beside(path);
    for area in areas::some(&areas, 12) {
        for flags in [0, 0x10, 0x30, 0x3f, 0x40] {
            let query = Query::quick(area.start, flags);
            let answer = query.by(CALLER, &file, &place);
            let name = format!("{}, flags {flags:#x}", area.title());
            seen.say(name, format!("{answer:?}"));
        }
    }
    for (size, present) in [(0, 4096), (24, 4096), (SIZE as u64, SIZE - 1), (96, 4096)] {
        let query = Query {
            size,
            present,
            ..Query::at(areas.first().map_or(0, |area| area.start), 0)
        };
        let answer = query.by(CALLER, &file, &place);
        seen.say(
            format!("size {size}, {present} there"),
            format!("{answer:?}"),
        );
    }
}

/// `PAGEMAP_SCAN`, of `pagemap`.
pub fn ask_scan(path: &Path, seen: &mut Observation) {
    let Some(file) = open(path, seen) else {
        return;
    };
    let areas = areas::beside(path);
    for area in areas::some(&areas, 12) {
        let scan = one(area.start);
        seen.note(area.title(), fact(&scan.by(CALLER, &file)));
        let bad = crate::sys::scan::Scan {
            size: Some(95),
            ..scan
        };
        seen.note(
            format!("{}, of 95 bytes", area.title()),
            fact(&bad.by(CALLER, &file)),
        );
    }
    let trap = fresh();
    let at = Arg::At(Place::Before(&trap, 64));
    let arguments = [fd(&file), at, Arg::Number(64), Arg::Offset(0)];
    seen.note("pread at 0", Call::PREAD.by(CALLER, &arguments));
    seen.note("pread at 0: bytes", held(&trap, 64));
    // Entries of addresses beyond 4 GiB: their offset has a high word.
    for area in areas::some(&areas, 6) {
        let offset = Arg::Offset((area.start / sys::PAGE as u64 * 8) as i64);
        let trap = fresh();
        let at = Arg::At(Place::Before(&trap, 64));
        let answer = Call::PREAD.by(CALLER, &[fd(&file), at, Arg::Number(64), offset]);
        seen.note(format!("pages of {}", area.title()), answer);
        seen.note(format!("bytes of {}", area.title()), held(&trap, 64));
    }
}
