// SPDX-License-Identifier: GPL-2.0

//! Scans that are refused.

use super::*;
use crate::sys::scan::{CHECK_WPASYNC, WP_MATCHING};

/// Asks for each in turn. A scan that protects what it finds is among them only where it is refused
/// before it finds anything.
pub fn ask(fd: &OwnedFd, space: &Space, seen: &mut Observation) {
    let all = space.everything();
    let sizes = [0, 1, 95, 97, 4096, u64::MAX].map(|size| Scan {
        size: Some(size),
        ..all
    });
    let flags = [4, 1 << 31, 1 << 32, 1 << 63, 4 | WP_MATCHING].map(|flags| Scan { flags, ..all });
    let categories = [1 << 10, 1 << 31, 1 << 32, 1 << 63].map(|bit| {
        [
            Scan { mask: bit, ..all },
            Scan { anyof: bit, ..all },
            Scan {
                inverted: bit,
                ..all
            },
            Scan {
                returned: bit,
                ..all
            },
        ]
    });
    let rooms = [
        Room::NullFor(1),
        Room::NullFor(u64::MAX),
        Room::Trapped(0, 10),
        Room::Trapped(1, 10),
        Room::Trapped(10, 10),
        Room::InKernel(0),
        Room::InKernel(10),
    ]
    .map(|room| Scan { room, ..all });
    let huge = [1 << 40, u64::MAX / 24, u64::MAX].map(|length| Scan {
        room: Room::Trapped(2, length),
        ..all
    });
    let ends = [
        (1, space.end),
        (4095, space.end),
        (0x1001, 0x1002),
        (u64::MAX - 4095, u64::MAX),
        (1 << 63, (1 << 63) + 4096),
        (0, 1 << 48),
        (0, 1 << 56),
        (0, 1 << 57),
        (0, u64::MAX),
        (1 << 47, 1 << 48),
        (8192, 4096),
    ]
    .map(|(start, end)| Scan { start, end, ..all });
    let protecting = [
        Scan {
            flags: WP_MATCHING,
            end: 0,
            ..all
        },
        Scan {
            flags: WP_MATCHING | CHECK_WPASYNC,
            mask: 1 << 20,
            ..all
        },
    ];
    let others = [&sizes[..], &flags, &rooms, &huge, &ends, &protecting];
    let scans = others.concat();
    for scan in scans.iter().chain(categories.as_flattened()) {
        seen.note(format!("bad: {}", name_of(scan)), fact(&scan.ask(fd)));
    }
    for before in [0, 1, 8, 95, 96] {
        seen.note(
            format!("bad: an argument of which {before} bytes are there"),
            ask_with_cut_argument(fd, before),
        );
    }
}
