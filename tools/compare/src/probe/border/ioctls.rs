// SPDX-License-Identifier: GPL-2.0

//! Requests that nobody answers, and those that the VFS answers for every file.

use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{fcntl, FcntlArg};

use super::{fresh, held, open};
use crate::fact::{Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, PAGE};

/// What has a name. Numbers are those of `<linux/fs.h>`, `<asm-generic/ioctls.h>`, ...
const NAMED: &[(&str, u32)] = &[
    ("FIONREAD", 0x541b),
    ("FIONBIO", 0x5421),
    ("FIOASYNC", 0x5452),
    ("FIOCLEX", 0x5451),
    ("FIONCLEX", 0x5450),
    ("FIOQSIZE", 0x5460),
    ("FIBMAP", 1),
    ("FIGETBSZ", 2),
    ("FIFREEZE", 0xc004_5877),
    ("FITHAW", 0xc004_5878),
    ("FITRIM", 0xc018_5879),
    ("FICLONE", 0x4004_9409),
    ("FICLONERANGE", 0x4020_940d),
    ("FIDEDUPERANGE", 0xc018_9436),
    ("FS_IOC_FIEMAP", 0xc020_660b),
    ("FS_IOC_GETFLAGS", 0x8008_6601),
    ("FS_IOC_SETFLAGS", 0x4008_6602),
    ("FS_IOC32_GETFLAGS", 0x8004_6601),
    ("FS_IOC32_SETFLAGS", 0x4004_6602),
    ("FS_IOC_GETVERSION", 0x8008_7601),
    ("FS_IOC32_GETVERSION", 0x8004_7601),
    ("FS_IOC_FSGETXATTR", 0x801c_581f),
    ("FS_IOC_FSSETXATTR", 0x401c_5820),
    ("FS_IOC_GETFSLABEL", 0x8100_9431),
    ("FS_IOC_SETFSLABEL", 0x4100_9432),
    ("FS_IOC_GETFSUUID", 0x8011_1500),
    ("FS_IOC_GETFSSYSFSPATH", 0x8081_1501),
    ("FS_IOC_GETLBMD_CAP", 0xc030_1502),
    ("FS_IOC_RESVSP", 0x4030_5828),
    ("FS_IOC_RESVSP64", 0x4030_582a),
    ("FS_IOC_UNRESVSP", 0x4030_5829),
    ("FS_IOC_ZERO_RANGE", 0x4030_5839),
    ("FS_IOC_RESVSP, 32 bits", 0x402c_5828),
    ("FS_IOC_MEASURE_VERITY", 0xc004_6686),
    ("FS_IOC_ENABLE_VERITY", 0x4080_6685),
    ("FS_IOC_GET_ENCRYPTION_POLICY", 0x400c_6615),
    ("TCGETS", 0x5401),
    ("TIOCGWINSZ", 0x5413),
    ("TIOCOUTQ", 0x5411),
    ("TIOCSCTTY", 0x540e),
    ("BLKGETSIZE", 0x1260),
    ("BLKGETSIZE64", 0x8008_1272),
    ("BLKROGET", 0x125e),
    ("BLKSSZGET", 0x1268),
    ("SIOCGIFCONF", 0x8912),
    ("NS_GET_USERNS", 0xb701),
    ("NS_GET_NSTYPE", 0xb703),
    ("LOOP_SET_FD", 0x4c00),
    ("PROCMAP_QUERY", 0xc068_6611),
    ("PAGEMAP_SCAN", 0xc060_6610),
];

/// A request of no name (`_IOC`).
const fn request(direction: u32, size: u32, kind: u8, number: u32) -> u32 {
    (direction << 30) | (size << 16) | ((kind as u32) << 8) | number
}

/// A spread of them: near those of procfs, and far from any.
fn unnamed() -> Vec<u32> {
    let mut all = vec![0, 3, 0x5400, 0x54ff, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    for direction in 0..4 {
        for size in [0, 8, 96, 103, 104, 0x3fff] {
            for (kind, number) in [(b'f', 15), (b'f', 16), (b'f', 17), (b'Z', 1)] {
                all.push(request(direction, size, kind, number));
            }
        }
    }
    all
}

/// Every request, with an argument of zeroes and with bad ones. One that procfs knows finds a size
/// of 0 in it and does nothing.
pub fn ask(path: &Path, caller: Caller, seen: &mut Observation) {
    let Some(file) = open(path, seen) else {
        return;
    };
    let named = NAMED
        .iter()
        .map(|&(name, request)| (name.to_string(), request));
    let unnamed = unnamed()
        .into_iter()
        .map(|request| (format!("{request:#x}"), request));
    let trap = fresh();
    for (name, request) in named.chain(unnamed) {
        trap.set(&[0; PAGE]);
        for place in [
            Place::Before(&trap, PAGE),
            Place::Before(&trap, 3),
            Place::Kernel,
        ] {
            let answer = ioctl(&file, caller, request, place);
            seen.note(format!("{name} at {}", shown(place)), answer);
            // What nobody knows does nothing either.
            if answer != Err(Errno::ENOTTY) {
                seen.note(
                    format!("{name} at {}: bytes", shown(place)),
                    held(&trap, PAGE),
                );
                seen.note(format!("{name} at {}: flags", shown(place)), flags(&file));
            }
        }
    }
    ask_path_descriptor(path, caller, seen);
    for descriptor in [-1, 1_000_000, 1 << 31] {
        let arguments = [
            Arg::Number(descriptor),
            Arg::Number(0x541b),
            Arg::At(Place::Null),
        ];
        let answer = Call::IOCTL.by(caller, &arguments);
        seen.note(format!("descriptor {descriptor}"), answer);
    }
}

fn ask_path_descriptor(path: &Path, caller: Caller, seen: &mut Observation) {
    let flags = libc::O_PATH | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    if let Ok(file) = sys::open(path, flags) {
        for (name, request) in &NAMED[..4] {
            let answer = ioctl(&file, caller, *request, Place::Null);
            seen.note(format!("{name} on O_PATH"), answer);
        }
    }
}

fn ioctl(
    file: &impl std::os::fd::AsFd,
    caller: Caller,
    request: u32,
    place: Place<'_>,
) -> nix::Result<i64> {
    let request = Arg::Number(request.into());
    Call::IOCTL.by(caller, &[fd(file), request, Arg::At(place)])
}

fn shown(place: Place<'_>) -> String {
    match place {
        Place::Before(_, before) => format!("{before} zeroes"),
        place => format!("{place:?}"),
    }
}

/// What some requests change.
fn flags(file: &std::os::fd::OwnedFd) -> Fact {
    let [status, own] =
        [FcntlArg::F_GETFL, FcntlArg::F_GETFD].map(|which| fcntl(file, which).unwrap_or(-1));
    Fact::Text(format!("{status:#o} {own}"))
}
