// SPDX-License-Identifier: GPL-2.0

//! `PAGEMAP_SCAN`: which pages are of some categories. Nothing is changed here; scans that protect
//! pages are a scenario's.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;

use crate::fact::{Fact, Observation, Words};
use crate::probe::areas::{self, Area};
use crate::probe::Depth;
use crate::sys;
use crate::sys::scan::{ask_with_cut_argument, Region, Room, Scan, Scanned};

mod bad;
mod choice;
mod show;

pub use choice::{name as name_of, one, protecting, Space};

/// Asks with many arguments, good and bad ones.
pub fn ask(path: &Path, depth: Depth, seen: &mut Observation) {
    let fd = match sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC) {
        Ok(fd) => fd,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    let areas = areas::beside(path);
    let Some(space) = Space::of(&areas) else {
        return;
    };
    let mut scans = choice::plain(&space);
    if depth == Depth::Memory {
        scans.extend(choice::chosen(&space));
        scans.extend(choice::random(&space, how_many(&areas)));
    }
    if depth > Depth::Quick {
        bad::ask(&fd, &space, seen);
    }
    for scan in scans {
        seen.note(choice::name(&scan), fact(&scan.ask(&fd)));
    }
    if depth == Depth::Memory {
        ask_in_pieces(&fd, &space, seen);
    }
}

/// Who has tens of thousands of areas is asked fewer questions.
fn how_many(areas: &[Area]) -> usize {
    (40_000 / (areas.len() + 400)).max(4)
}

/// What came of a scan, as something to compare.
pub fn fact(scanned: &Scanned) -> Fact {
    let answer = match scanned.answer {
        Ok(n) => n,
        Err(errno) => -i64::from(errno as i32),
    };
    let mut words = vec![answer as u64, scanned.walk_end];
    let used = |region: &Region| *region != Region::default();
    let length = scanned.regions.iter().rposition(used).map_or(0, |n| n + 1);
    for region in &scanned.regions[..length] {
        words.extend([region.start, region.end, region.categories]);
    }
    Fact::Words(Words {
        words,
        show: show::scanned,
    })
}

/// From where each call ended the next one goes on, with room for a few regions or pages only.
fn ask_in_pieces(fd: &OwnedFd, space: &Space, seen: &mut Observation) {
    for (room, max_pages) in [(1, 0), (3, 0), (40, 7), (2, 513)] {
        let mut scan = Scan {
            room: Room::For(room),
            max_pages,
            ..space.everything()
        };
        let mut words = Vec::new();
        for _ in 0..60 {
            let scanned = scan.ask(fd);
            if let Fact::Words(more) = fact(&scanned) {
                words.push(more.words.len() as u64);
                words.extend(more.words);
            }
            if scanned.answer.is_err() || scanned.walk_end >= scan.end {
                break;
            }
            scan.start = scanned.walk_end;
        }
        let words = Words {
            words,
            show: show::in_pieces,
        };
        seen.note(
            format!("in pieces, room for {room}, at most {max_pages} pages"),
            Fact::Words(words),
        );
    }
}

/// An errno, as a fact's word has it.
fn errno_of(answer: u64) -> Option<Errno> {
    let answer = answer as i64;
    (answer < 0).then(|| Errno::from_raw(-answer as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_can_be_scanned() {
        let mut seen = Observation::default();
        ask(Path::new("/proc/self/pagemap"), Depth::Quick, &mut seen);
        let all = seen.differences(&Observation::default());
        assert!(!all.is_empty());
    }

    #[test]
    fn what_was_not_written_to_is_left_out() {
        let scanned = Scanned {
            answer: Ok(1),
            walk_end: 9,
            regions: vec![
                Region {
                    start: 1,
                    end: 2,
                    categories: 3,
                },
                Region::default(),
            ],
        };
        let Fact::Words(words) = fact(&scanned) else {
            panic!("not words");
        };
        assert_eq!(words.words, [1, 9, 1, 2, 3]);
        assert_eq!(errno_of(-22_i64 as u64), Some(Errno::EINVAL));
    }
}
