// SPDX-License-Identifier: GPL-2.0

//! Reads of `pagemap` where a careless writer of it trips: offsets and lengths that don't fit,
//! holes without end, buffers that aren't there, positions.

use std::io::IoSliceMut;
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::sys::uio::{preadv, readv};
use nix::unistd::read;

use super::{offset_of, open, Pages, ENTRY};
use crate::fact::{digest, Fact, Observation};
use crate::probe::areas::{self, Area};
use crate::probe::Depth;
use crate::sys::{self, Trap, PAGE};

/// Asks for all of that.
pub fn ask(path: &Path, _: Depth, seen: &mut Observation) {
    let Some(fd) = open(path, seen) else {
        return;
    };
    let all = areas::beside(path);
    ask_unaligned(&fd, seen);
    ask_far(&fd, seen);
    if let Some((start, length)) = areas::longest_hole(&all) {
        let mut hole = Pages::default();
        for pages in [512, 513, 40_000] {
            hole.read(&fd, start, pages.min(length / PAGE as u64));
            hole.read(&fd, start + length / 2 + PAGE as u64, pages);
        }
        seen.note("the longest hole", hole);
    }
    if let Some(area) = busiest(&all) {
        ask_faults(&fd, area, seen);
        ask_vectored(&fd, area, seen);
        ask_in_turn(&fd, area, seen);
    }
}

/// Some area whose pages are likely there: the stack, or else the first one.
fn busiest(areas: &[Area]) -> Option<&Area> {
    let stack = areas.iter().find(|area| area.name == "[stack]");
    stack.or(areas.first())
}

fn ask_unaligned(fd: &OwnedFd, seen: &mut Observation) {
    let trap = Trap::default();
    for count in [0, 1, 7, 8, 9, 15, 16] {
        for offset in [0, 1, 4, 7, 8, 9, -1, -8, i64::MIN, i64::MAX, i64::MAX - 7] {
            let answer = trap.pread(fd, PAGE, count, offset);
            seen.note(format!("pread {count} at {offset}"), answer);
        }
    }
}

/// Around the ends of address spaces, of either size, and of what an offset can say.
fn ask_far(fd: &OwnedFd, seen: &mut Observation) {
    let page = PAGE as u64;
    for bits in [32, 46, 47, 48, 52, 55, 56, 57, 63] {
        let mut pages = Pages::default();
        for before in [0, 1, 2, 3, 600] {
            for count in [1, 4, 1024] {
                pages.read(fd, (1 << bits) - before * page, count);
            }
        }
        seen.note(format!("around 2^{bits}"), pages);
    }
    let trap = Trap::default();
    for bits in 50..63 {
        let offset = 1_i64 << bits;
        for offset in [offset - 8, offset, offset + 8] {
            let answer = trap.pread(fd, PAGE, 64, offset);
            seen.note(format!("pread 64 at {offset:#x}"), answer);
        }
    }
    let mut last = Pages::default();
    last.read(fd, 0xffff_ffff_ff60_0000, 1);
    last.read(fd, 0xffff_ffff_ff60_0000 - page, 3);
    last.read(fd, 0xffff_8000_0000_0000, 512);
    seen.note("the kernel's half", last);
}

/// The buffer ends in the middle of an entry, of a page of entries, at once.
fn ask_faults(fd: &OwnedFd, area: &Area, seen: &mut Observation) {
    let trap = Trap::default();
    // Several tables' worth of entries: what was done before the fault shows in the buffer.
    for (before, count) in [(0, 8), (4, 8), (8, 8), (8, 16), (4096, 8192), (8192, 16384)] {
        let name = format!("pread {count} of which {before} can be written");
        let _ = trap.reset(0xee);
        let answer = trap.pread(fd, before, count, offset_of(area.start));
        seen.note(name.clone(), answer);
        let _ = sys::lseek(fd, offset_of(area.start), libc::SEEK_SET);
        let answer = trap.read(fd, before, count);
        seen.note(format!("{name}, by read"), answer);
        seen.note(
            format!("{name}: position"),
            sys::lseek(fd, 0, libc::SEEK_CUR),
        );
        let bytes = trap.bytes(2 * PAGE);
        seen.say(
            format!("{name}: buffer"),
            format!("{:016x}", digest(&bytes)),
        );
    }
}

/// Parts of any length: each is a read of its own.
fn ask_vectored(fd: &OwnedFd, area: &Area, seen: &mut Observation) {
    for (name, lengths) in [
        ("even parts", [8, 16, 64]),
        ("an empty part", [8, 0, 16]),
        ("an odd part", [8, 5, 16]),
        ("an odd first part", [3, 8, 16]),
    ] {
        let mut buffers = lengths.map(|length| vec![0_u8; length]);
        let mut parts: Vec<_> = buffers.iter_mut().map(|b| IoSliceMut::new(b)).collect();
        seen.note(
            format!("preadv, {name}"),
            preadv(fd, &mut parts, offset_of(area.start)),
        );
        let _ = sys::lseek(fd, offset_of(area.start), libc::SEEK_SET);
        seen.note(format!("readv, {name}"), readv(fd, &mut parts));
        seen.note(
            format!("readv, {name}: position"),
            sys::lseek(fd, 0, libc::SEEK_CUR),
        );
        let all = digest(&buffers.concat());
        seen.say(format!("readv, {name}: bytes"), format!("{all:016x}"));
    }
}

/// One read after another, over the start of an area and beyond it.
fn ask_in_turn(fd: &OwnedFd, area: &Area, seen: &mut Observation) {
    let from = offset_of(area.start) - 5 * ENTRY as i64;
    seen.note("in turn: seek", sys::lseek(fd, from, libc::SEEK_SET));
    let mut bytes = Vec::new();
    for length in [1, 2, 3, 7, 512, 513, 100] {
        let mut buffer = vec![0_u8; length * ENTRY];
        let answer = read(fd, &mut buffer);
        seen.note(format!("in turn: read of {length} entries"), answer);
        bytes.extend_from_slice(&buffer[..answer.unwrap_or(0)]);
    }
    seen.note("in turn: position", sys::lseek(fd, 0, libc::SEEK_CUR));
    seen.say("in turn: bytes", format!("{:016x}", digest(&bytes)));
}

/// Every `whence`, and what a read says at the new place.
pub fn ask_seeks(path: &Path, _: Depth, seen: &mut Observation) {
    let Some(fd) = open(path, seen) else {
        return;
    };
    let start = areas::beside(path).first().map_or(0, |area| area.start);
    let places = [
        0,
        5,
        8,
        offset_of(start),
        offset_of(1 << 47),
        1 << 55,
        i64::MAX,
        i64::MAX - 7,
        -1,
        -8,
        i64::MIN,
    ];
    for (name, whence) in [
        ("SEEK_SET", libc::SEEK_SET),
        ("SEEK_CUR", libc::SEEK_CUR),
        ("SEEK_END", libc::SEEK_END),
        ("SEEK_DATA", libc::SEEK_DATA),
        ("SEEK_HOLE", libc::SEEK_HOLE),
        ("whence 5", 5),
        ("whence -1", -1),
    ] {
        for place in places {
            let name = format!("{name} {place:#x}");
            seen.note(name.clone(), sys::lseek(&fd, place, whence));
            seen.note(format!("{name}, then read"), next(&fd));
        }
        let _ = sys::lseek(&fd, 0, libc::SEEK_SET);
    }
}

fn next(fd: &OwnedFd) -> Fact {
    let mut entry = [0_u8; ENTRY];
    match read(fd, &mut entry) {
        Ok(n) => Fact::Bytes(entry[..n].to_vec()),
        Err(errno) => Fact::Failed(errno),
    }
}
