// SPDX-License-Identifier: GPL-2.0

//! Offsets: `pread`, `lseek`, and descriptors that share one.

use std::os::fd::AsFd;
use std::path::Path;

use nix::sys::uio::pread;
use nix::unistd::{dup, read};

use crate::fact::{digest, Fact, Observation};
use crate::probe::content::drain;
use crate::probe::Depth;
use crate::sys;

const FLAGS: i32 = libc::O_RDONLY | libc::O_CLOEXEC;

/// `pread` at the offsets that matter for a file of this length.
pub fn ask_pread(path: &Path, depth: Depth, seen: &mut Observation) {
    let Some((fd, length)) = measured(path, seen) else {
        return;
    };
    let all = [
        ("0", 0),
        ("1", 1),
        ("the middle", length / 2),
        ("the last byte", length - 1),
        ("the end", length),
        ("past the end", length + 1),
        ("4096", 4096),
        ("2^40", 1 << 40),
        ("2^63-1", i64::MAX),
        ("-1", -1),
    ];
    let offsets = if depth == Depth::Full {
        &all[..]
    } else {
        &all[2..5]
    };
    for &(name, offset) in offsets {
        for size in [16, 4096] {
            seen.note(format!("pread {size} at {name}"), at(&fd, size, offset));
        }
    }
    seen.note("offset after pread", sys::lseek(&fd, 0, libc::SEEK_CUR));
    // Backwards on the same descriptor: whatever is kept between calls must be dropped.
    seen.note("pread 16 at 0, after all", at(&fd, 16, 0));
}

/// Opens for reading offsets in it; the length is what a whole read gives, for procfs files claim
/// to have none.
fn measured(path: &Path, seen: &mut Observation) -> Option<(std::os::fd::OwnedFd, i64)> {
    let opened = sys::open(path, FLAGS).and_then(|whole| Ok((sys::open(path, FLAGS)?, whole)));
    match opened {
        Ok((fd, whole)) => Some((fd, drain(&whole, 128 << 10).0.len() as i64)),
        Err(errno) => {
            seen.note("open", Fact::Failed(errno));
            None
        }
    }
}

fn at(fd: &impl AsFd, size: usize, offset: i64) -> Fact {
    let mut buffer = vec![0_u8; size];
    match pread(fd, &mut buffer, offset) {
        Ok(n) if size <= 16 => Fact::Bytes(buffer[..n].to_vec()),
        Ok(n) => Fact::Text(format!("{n} bytes (digest {:016x})", digest(&buffer[..n]))),
        Err(errno) => Fact::Failed(errno),
    }
}

/// Every `whence`, and what a read says at the new place.
pub fn ask_lseek(path: &Path, _: Depth, seen: &mut Observation) {
    let Some((fd, length)) = measured(path, seen) else {
        return;
    };
    const WHENCES: &[(&str, i32)] = &[
        ("SEEK_SET", libc::SEEK_SET),
        ("SEEK_CUR", libc::SEEK_CUR),
        ("SEEK_END", libc::SEEK_END),
        ("SEEK_DATA", libc::SEEK_DATA),
        ("SEEK_HOLE", libc::SEEK_HOLE),
        ("whence 5", 5),
        ("whence -1", -1),
    ];
    for &(name, whence) in WHENCES {
        for offset in [
            0,
            5,
            length - 1,
            length,
            length + 10,
            1 << 40,
            i64::MAX,
            -1,
            i64::MIN,
        ] {
            let name = name_of(name, offset, length);
            seen.note(name.clone(), sys::lseek(&fd, offset, whence));
            seen.note(format!("{name}, then read"), next(&fd));
        }
    }
    seen.note("back to 0", sys::lseek(&fd, 0, libc::SEEK_SET));
    seen.note("back to 0, then read", next(&fd));
    seen.note("and on by 3", sys::lseek(&fd, 3, libc::SEEK_CUR));
    seen.note("and on by 3, then read", next(&fd));
}

fn name_of(whence: &str, offset: i64, length: i64) -> String {
    match offset.saturating_sub(length) {
        _ if (0..=5).contains(&offset) => format!("{whence} {offset}"),
        -1 => format!("{whence} at the last byte"),
        0 => format!("{whence} at the end"),
        10 => format!("{whence} past the end"),
        _ => format!("{whence} {offset}"),
    }
}

fn next(fd: &impl AsFd) -> Fact {
    let mut buffer = [0_u8; 16];
    match read(fd, &mut buffer) {
        Ok(n) => Fact::Bytes(buffer[..n].to_vec()),
        Err(errno) => Fact::Failed(errno),
    }
}

/// Two descriptors of one open file share the offset; two opens don't.
pub fn ask_dup(path: &Path, _: Depth, seen: &mut Observation) {
    let pair = sys::open(path, FLAGS).and_then(|fd| Ok((dup(&fd)?, fd)));
    let (twin, fd) = match pair {
        Ok(pair) => pair,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    seen.note("first read", next(&fd));
    seen.note("read of the twin", next(&twin));
    seen.note("offset of the first", sys::lseek(&fd, 0, libc::SEEK_CUR));
    seen.note("twin to 2", sys::lseek(&twin, 2, libc::SEEK_SET));
    seen.note("read of the first after that", next(&fd));
    drop(fd);
    seen.note("read of the twin alone", next(&twin));
    if let Ok(other) = sys::open(path, FLAGS) {
        seen.note("read of another open", next(&other));
    }
}
