// SPDX-License-Identifier: GPL-2.0

//! `openat2(2)`: paths that may not leave, and arguments of the wrong shape.

use std::path::Path;

use crate::fact::{Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, Trap};

/// `RESOLVE_*`, and some together.
const WAYS: &[(&str, u64)] = &[
    ("none", 0),
    ("NO_XDEV", 1),
    ("NO_MAGICLINKS", 2),
    ("NO_SYMLINKS", 4),
    ("BENEATH", 8),
    ("IN_ROOT", 0x10),
    ("none again", 0),
    ("CACHED", 0x20),
    ("IN_ROOT|NO_MAGICLINKS", 0x12),
    ("BENEATH|IN_ROOT", 0x18),
];

/// `struct open_how`.
fn how(flags: i32, mode: u64, resolve: u64) -> Vec<u8> {
    [flags as u32 as u64, mode, resolve]
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .collect()
}

/// `RESOLVE_CACHED`.
const CACHED: u64 = 0x20;

/// Opens some paths from a directory, and its own path from outside, each in every way.
pub fn ask(directory: &Path, names: &[String], seen: &mut Observation) {
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
    let inside = match sys::open(directory, flags) {
        Ok(inside) => inside,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    for &(way, resolve) in WAYS {
        for name in names {
            for (access, flags) in [
                ("O_RDONLY", libc::O_NONBLOCK),
                ("O_PATH|O_NOFOLLOW", libc::O_PATH | libc::O_NOFOLLOW),
            ] {
                let flags = flags | libc::O_CLOEXEC;
                let path = Path::new(name);
                let argument = how(flags, 0, resolve);
                // The way before this has left everything in the cache that can be there.
                seen.note(
                    format!("{way}: {name} {access}"),
                    open(fd(&inside), path, &argument),
                );
            }
        }
        let outside = Arg::Number(libc::AT_FDCWD.into());
        if resolve != CACHED {
            let argument = how(libc::O_PATH | libc::O_CLOEXEC, 0, resolve);
            let answer = open(outside, directory, &argument);
            seen.note(format!("{way}: from outside"), answer);
        }
    }
    ask_bad(directory, seen);
}

/// Opens names that have just been used in a way that must not wait.
pub fn ask_cached(directory: &Path, names: &[&str], seen: &mut Observation) {
    for name in names {
        let path = directory.join(name);
        let _ = sys::open(&path, libc::O_PATH | libc::O_CLOEXEC);
        let argument = how(libc::O_PATH | libc::O_CLOEXEC, 0, CACHED);
        let here = Arg::Number(libc::AT_FDCWD.into());
        seen.note(format!("cached: {name}"), open(here, &path, &argument));
    }
}

fn open(from: Arg<'_>, path: &Path, argument: &[u8]) -> Fact {
    let Ok(path) = sys::c_path(path) else {
        return Fact::Text("a NUL in the path".into());
    };
    let trap = Trap::for_caller(Caller::Compat);
    trap.set(argument);
    let at = Arg::At(Place::Before(&trap, argument.len()));
    let size = Arg::Number(argument.len() as i64);
    let opened = Call::OPENAT2.open(Caller::Native, &[from, Arg::Text(&path), at, size]);
    let kind = opened.and_then(|file| {
        let file = std::os::fd::AsFd::as_fd(&file);
        sys::statx(Some(file), Path::new(""), libc::AT_EMPTY_PATH)
    });
    kind.map(|stat| i64::from(stat.stx_mode)).into()
}

/// Arguments that are too short, too long, or say what nobody knows.
fn ask_bad(path: &Path, seen: &mut Observation) {
    let here = Arg::Number(libc::AT_FDCWD.into());
    let usual = how(libc::O_PATH, 0, 0);
    let mut all = vec![("nothing", Vec::new())];
    for (name, length) in [("one byte", 1), ("two words", 16), ("23 bytes", 23)] {
        all.push((name, usual[..length].to_vec()));
    }
    for (name, more) in [
        ("a zero more", vec![0]),
        ("a byte more", vec![1]),
        ("a word more", vec![0; 8]),
        ("a page", vec![0; 4096 - 24]),
        ("a page and a byte", vec![0; 4096 - 23]),
        ("a page with one set", [vec![0; 4000], vec![1]].concat()),
    ] {
        all.push((name, [usual.clone(), more].concat()));
    }
    for (name, flags, mode) in [
        ("a mode without a reason", libc::O_RDONLY, 0o600),
        ("a mode of too many bits", libc::O_CREAT, 0o20_000),
        ("O_CREAT", libc::O_CREAT | libc::O_RDWR, 0o600),
        ("O_TMPFILE", libc::O_TMPFILE | libc::O_RDWR, 0o600),
        ("unknown flag", 1 << 30, 0),
        ("O_PATH|O_RDWR", libc::O_PATH | libc::O_RDWR, 0),
        ("O_PATH|O_TRUNC", libc::O_PATH | libc::O_TRUNC, 0),
    ] {
        all.push((name, how(flags, mode, 0)));
    }
    for resolve in [0x40, 1 << 40, u64::MAX] {
        all.push(("unknown way", how(libc::O_PATH, 0, resolve)));
    }
    let high = [1_u64 << 32, 0, 0]
        .iter()
        .flat_map(|word| word.to_ne_bytes());
    all.push(("high flag", high.collect()));
    for (name, argument) in all {
        seen.note(format!("bad: {name}"), open(here, path, &argument));
    }
}
