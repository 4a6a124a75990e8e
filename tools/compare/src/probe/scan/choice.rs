// SPDX-License-Identifier: GPL-2.0

//! Which scans an address space is asked for: each category in each role, ends in odd places,
//! little room, and a number of random ones, which are the same for the same areas.

use crate::probe::areas::Area;
use crate::sys::scan::{
    Room, Scan, CATEGORIES, CHECK_WPASYNC, PRESENT, SWAPPED, WP_ALLOWED, WP_MATCHING, WRITTEN, ZERO,
};
use crate::sys::{HUGE, PAGE};

use super::show::words_for;

const PAGE_BYTES: u64 = PAGE as u64;

/// Every category.
const ALL: u64 = (1 << CATEGORIES.len()) - 1;

/// Room for as many regions as most targets have; where there are more, the walk ends early.
const ROOM: Room = Room::For(2000);

/// The part of an address space that can be scanned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Space {
    start: u64,
    /// Where its last area ends.
    pub end: u64,
    /// Where areas begin and end.
    edges: Vec<u64>,
}

impl Space {
    /// From the first area to the last but the kernel's; none if there is none.
    pub fn of(areas: &[Area]) -> Option<Space> {
        let own = areas.iter().filter(|area| area.end < 1 << 56);
        let edges: Vec<_> = own.flat_map(|area| [area.start, area.end]).collect();
        Some(Space {
            start: *edges.first()?,
            end: *edges.last()?,
            edges,
        })
    }

    /// A scan that lets everything through and tells all of it.
    pub fn everything(&self) -> Scan {
        Scan {
            size: None,
            flags: 0,
            start: 0,
            end: self.end,
            room: ROOM,
            max_pages: 0,
            inverted: 0,
            mask: 0,
            anyof: 0,
            returned: ALL,
        }
    }

    /// A page in the middle of an area: the one that is `part` of `parts` into all edges.
    fn middle(&self, part: usize, parts: usize) -> u64 {
        let at = (self.edges.len() / 2 * part / parts * 2).min(self.edges.len() - 2);
        let (start, end) = (self.edges[at], self.edges[at + 1]);
        start + (end - start) / 2 / PAGE_BYTES * PAGE_BYTES
    }
}

/// A scan of a few pages, which tells all of them.
pub fn one(start: u64) -> Scan {
    let end = start + 16 * PAGE_BYTES;
    let space = Space {
        start,
        end,
        edges: vec![start, end],
    };
    Scan {
        start,
        ..space.everything()
    }
}

/// What anybody would ask.
pub fn plain(space: &Space) -> Vec<Scan> {
    let all = space.everything();
    vec![
        all,
        Scan {
            mask: PRESENT,
            ..all
        },
        Scan {
            anyof: PRESENT | SWAPPED,
            ..all
        },
        Scan {
            mask: WRITTEN,
            returned: WRITTEN,
            ..all
        },
        Scan {
            inverted: ALL,
            mask: ZERO,
            ..all
        },
        Scan {
            flags: CHECK_WPASYNC,
            ..all
        },
    ]
}

/// Each category in each role, ends in odd places, little room.
pub fn chosen(space: &Space) -> Vec<Scan> {
    let all = space.everything();
    let mut scans = Vec::new();
    for bit in 0..CATEGORIES.len() {
        let one = 1 << bit;
        scans.push(Scan { mask: one, ..all });
        scans.push(Scan {
            anyof: one,
            returned: one,
            ..all
        });
        scans.push(Scan {
            inverted: one,
            mask: one,
            ..all
        });
        scans.push(Scan {
            inverted: one,
            anyof: one,
            ..all
        });
    }
    for (room, max_pages) in [
        (Room::None, 0),
        (Room::None, 1),
        (Room::For(0), 0),
        (Room::For(1), 0),
        (Room::For(2), 0),
        (Room::For(511), 0),
        (Room::For(512), 0),
        (Room::For(513), 0),
        (Room::Odd(20), 0),
        (ROOM, 1),
        (ROOM, 2),
        (ROOM, 511),
        (ROOM, 512),
        (ROOM, 513),
        (ROOM, 4000),
        (ROOM, u64::MAX),
    ] {
        scans.push(Scan {
            room,
            max_pages,
            ..all
        });
        scans.push(Scan {
            room,
            max_pages,
            mask: PRESENT,
            ..all
        });
    }
    for (start, end) in ends(space) {
        scans.push(Scan { start, end, ..all });
        scans.push(Scan {
            start,
            end,
            mask: PRESENT,
            returned: PRESENT,
            ..all
        });
    }
    scans.push(Scan { returned: 0, ..all });
    scans.push(Scan {
        flags: CHECK_WPASYNC,
        mask: WP_ALLOWED,
        ..all
    });
    scans
}

/// Starts and ends that are no area's.
fn ends(space: &Space) -> Vec<(u64, u64)> {
    let first = space.middle(0, 3);
    let later = space.middle(2, 3);
    vec![
        (0, 0),
        (first, first),
        (later, first),
        (first, later),
        (first + PAGE_BYTES, later + PAGE_BYTES),
        (first, first + 1),
        (first, later + 100),
        (0, first),
        (later, 0x7fff_ffff_f000),
        (space.end, space.end + HUGE as u64),
        (0, u64::MAX >> 17),
    ]
}

/// So many random ones.
pub fn random(space: &Space, count: usize) -> Vec<Scan> {
    let mut random = fastrand::Rng::with_seed(space.start ^ space.end.rotate_left(32));
    (0..count).map(|_| next(space, &mut random)).collect()
}

fn next(space: &Space, random: &mut fastrand::Rng) -> Scan {
    let mut place = |space: &Space| {
        let edge = space.edges[random.usize(..space.edges.len())];
        let pages = [0, 1, 2, 511, 512][random.usize(..5)] * PAGE_BYTES;
        match random.bool() {
            true => edge.saturating_sub(pages),
            false => edge + pages,
        }
    };
    let (one, two) = (place(space), place(space));
    let mask = |random: &mut fastrand::Rng| match random.u8(..4) {
        0 => 0,
        1 => 1 << random.usize(..CATEGORIES.len()),
        _ => random.u64(..) & random.u64(..) & ALL,
    };
    Scan {
        size: None,
        flags: if random.u8(..8) == 0 {
            CHECK_WPASYNC
        } else {
            0
        },
        start: one.min(two),
        end: one.max(two),
        room: Room::For([1, 2, 3, 17, 600][random.usize(..5)]),
        max_pages: [0, 0, 1, 3, 513, 2000][random.usize(..6)],
        inverted: mask(random),
        mask: mask(random),
        anyof: mask(random),
        returned: random.u64(..) & ALL,
    }
}

/// Scans that protect what they find, some known ones and some random ones; others in each round.
pub fn protecting(space: &Space, round: u64) -> Vec<Scan> {
    let all = Scan {
        flags: WP_MATCHING,
        mask: WRITTEN,
        ..space.everything()
    };
    let (first, later) = (space.middle(0, 3), space.middle(2, 3));
    let (start, end) = (space.edges[0], space.edges[1]);
    let mut scans = match round {
        // Without a buffer whole tables are done at once.
        0 => vec![
            Scan {
                room: Room::None,
                start: first,
                end: later + PAGE_BYTES,
                ..all
            },
            Scan {
                room: Room::None,
                ..all
            },
            Scan {
                room: Room::None,
                start,
                end,
                flags: WP_MATCHING | CHECK_WPASYNC,
                ..all
            },
        ],
        // In pieces: a huge page that doesn't fit is split, or left.
        1 => vec![
            Scan {
                room: Room::For(1),
                ..all
            },
            Scan {
                max_pages: 100,
                returned: WRITTEN,
                ..all
            },
            Scan {
                start: first + PAGE_BYTES,
                max_pages: 513,
                ..all
            },
            Scan {
                room: Room::For(3),
                start: later,
                ..all
            },
            Scan {
                returned: WRITTEN,
                ..all
            },
        ],
        _ => vec![
            Scan {
                mask: 0,
                anyof: PRESENT | SWAPPED,
                start: first,
                ..all
            },
            Scan {
                room: Room::Trapped(1, 10),
                ..all
            },
            Scan {
                mask: 0,
                end: later,
                ..all
            },
        ],
    };
    let mut random = fastrand::Rng::with_seed(round);
    for _ in 0..9 {
        let mut scan = next(space, &mut random);
        if random.u8(..5) > 0 {
            scan.flags |= WP_MATCHING;
        }
        if random.bool() {
            scan.mask &= WRITTEN | PRESENT | WP_ALLOWED;
        }
        if random.u8(..6) == 0 {
            scan.room = Room::None;
        }
        scans.push(scan);
    }
    scans
}

/// A scan in words.
pub fn name(scan: &Scan) -> String {
    let mut words = vec![format!("{:x}-{:x}", scan.start, scan.end)];
    for (name, mask) in [
        ("all of", scan.mask),
        ("any of", scan.anyof),
        ("inverted", scan.inverted),
    ] {
        if mask != 0 {
            words.push(format!("{name} {}", words_for(mask)));
        }
    }
    if scan.returned != ALL {
        words.push(format!("told {}", words_for(scan.returned)));
    }
    if scan.flags != 0 {
        words.push(format!("flags {:#x}", scan.flags));
    }
    if scan.room != ROOM {
        words.push(format!("room {:?}", scan.room));
    }
    if scan.max_pages != 0 {
        words.push(format!("at most {} pages", scan.max_pages));
    }
    if let Some(size) = scan.size {
        words.push(format!("size {size}"));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        let area = |start: u64, end: u64| Area {
            start,
            end,
            flags: "rw-p".into(),
            name: String::new(),
        };
        let kernels = area(0xffff_ffff_ff60_0000, 0xffff_ffff_ff60_1000);
        Space::of(&[area(0x10000, 0x20000), area(0x40000, 0x41000), kernels]).unwrap()
    }

    #[test]
    fn the_kernels_own_area_is_no_part_of_the_space() {
        assert_eq!((space().start, space().end), (0x10000, 0x41000));
        assert_eq!(Space::of(&[]), None);
    }

    #[test]
    fn random_scans_are_the_same_each_time() {
        assert_eq!(random(&space(), 50), random(&space(), 50));
        assert_ne!(random(&space(), 2)[0], random(&space(), 2)[1]);
    }

    #[test]
    fn no_scan_changes_anything() {
        let all = [plain(&space()), chosen(&space()), random(&space(), 200)].concat();
        for scan in all {
            assert_eq!(scan.flags & !CHECK_WPASYNC, 0);
            assert_eq!(scan.start % PAGE_BYTES, 0);
        }
    }

    #[test]
    fn a_scan_is_told_by_what_is_special_about_it() {
        let scan = Scan {
            mask: PRESENT,
            max_pages: 7,
            ..space().everything()
        };
        assert_eq!(name(&scan), "0-41000, all of present, at most 7 pages");
    }
}
