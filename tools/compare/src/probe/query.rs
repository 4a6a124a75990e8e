// SPDX-License-Identifier: GPL-2.0

//! `PROCMAP_QUERY`: what is at an address.

use std::os::fd::OwnedFd;
use std::path::Path;

use crate::fact::{escape_line, Fact, Observation};
use crate::probe::areas::{self, Area};
use crate::probe::Depth;
use crate::sys::query::{Answer, Query, Room, ALL_FLAGS, FILE_BACKED, OR_NEXT, SIZE};
use crate::sys::{self, Trap};

/// The usual flags at many addresses, every combination at a few, and what is refused.
pub fn ask(path: &Path, depth: Depth, seen: &mut Observation) {
    let fd = match sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC) {
        Ok(fd) => fd,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    let mut asker = Asker {
        fd,
        place: Trap::default(),
        seen,
    };
    let all = areas::beside(path);
    let (usual, thorough) = match depth {
        Depth::Glance | Depth::Quick => (6, 0),
        Depth::Memory => (40, 1),
        Depth::Full => (8, 0),
    };
    for area in areas::some(&all, usual) {
        for (name, address) in places(area) {
            for flags in [0, FILE_BACKED | OR_NEXT] {
                asker.note(title(name, area, flags), Query::quick(address, flags));
            }
        }
        if has_build_id(area) {
            asker.note(title("everything", area, 0), Query::at(area.start, 0));
        }
    }
    for area in areas::some(&all, thorough) {
        for (name, address) in places(area) {
            for flags in 0..=ALL_FLAGS {
                asker.note(title(name, area, flags), Query::quick(address, flags));
            }
        }
        asker.ask_rooms(area);
    }
    for address in [0, 1 << 40, 1 << 47, 1 << 56, 1 << 63, u64::MAX] {
        for flags in [0, OR_NEXT, FILE_BACKED | OR_NEXT, 0x1f] {
            let name = format!("{address:#x}, flags {flags:#x}");
            asker.note(name, Query::quick(address, flags));
        }
    }
    if let (Some(area), true) = (all.first(), depth > Depth::Quick) {
        asker.ask_bad(area);
    }
}

/// Whether it may be asked for a build id: the kernel then reads the file, whatever that is, and
/// waits for ever if it is a socket.
fn has_build_id(area: &Area) -> bool {
    area.name.is_empty() || area.name.starts_with(['/', '['])
}

fn places(area: &Area) -> [(&'static str, u64); 5] {
    [
        ("the byte before", area.start.wrapping_sub(1)),
        ("the first byte", area.start),
        ("the middle", area.start + (area.end - area.start) / 2),
        ("the last byte", area.end - 1),
        ("the byte after", area.end),
    ]
}

fn title(place: &str, area: &Area, flags: u64) -> String {
    format!("{place} of {}, flags {flags:#x}", area.title())
}

/// An answer on one line.
fn words(answer: &Answer) -> String {
    let mut text = match answer.answer {
        Ok(n) => n.to_string(),
        Err(errno) => format!("{errno:?}"),
    };
    for (name, value) in &answer.fields {
        text.push_str(&format!(", {name} {value:x}"));
    }
    for (name, buffer) in [("name", &answer.name), ("build id", &answer.build_id)] {
        let used = buffer.iter().rposition(|&b| b != 0).map_or(0, |n| n + 1);
        text.push_str(&format!(", {name} {:?}", escape_line(&buffer[..used])));
    }
    text
}

/// Where questions go, and answers.
struct Asker<'a> {
    fd: OwnedFd,
    place: Trap,
    seen: &'a mut Observation,
}

impl Asker<'_> {
    fn note(&mut self, name: String, query: Query) {
        let answer = query.ask(&self.fd, &self.place);
        self.seen.say(name, words(&answer));
    }

    /// Buffers of every size around that of the name and of the build id, and bad ones.
    fn ask_rooms(&mut self, area: &Area) {
        let length = area.name.len() as u32 + 1;
        let around = [
            1,
            2,
            length.saturating_sub(1).max(1),
            length,
            length + 1,
            4095,
            4096,
            5000,
        ];
        let names = around.map(Room::For);
        let build_ids = [1, 19, 20, 21, 64].map(Room::For);
        let bad = [
            Room::None,
            Room::NullFor(1),
            Room::Empty,
            Room::Trapped(0, 64),
            Room::Trapped(2, 64),
        ];
        let usual = Query::quick(area.start, 0);
        let names = names
            .iter()
            .chain(&bad)
            .map(|&name| Query { name, ..usual });
        let build_ids = build_ids
            .iter()
            .chain(&bad)
            .map(|&build_id| Query { build_id, ..usual });
        let both = bad.iter().map(|&room| Query {
            name: room,
            build_id: room,
            ..usual
        });
        let all = names.chain(build_ids).chain(both);
        for query in all.filter(|query| query.build_id == Room::None || has_build_id(area)) {
            let name = format!(
                "{}, name {:?}, build id {:?}",
                area.title(),
                query.name,
                query.build_id
            );
            self.note(name, query);
        }
    }

    /// Sizes of the argument, flags that nobody knows, an argument that isn't there.
    fn ask_bad(&mut self, area: &Area) {
        let usual = Query::at(area.start, 0);
        let size = SIZE as u64;
        for (said, present) in [
            (0, 4096),
            (1, 4096),
            (8, 4096),
            (16, 4096),
            (23, 4096),
            (24, 4096),
            (25, 4096),
            (40, 4096),
            (72, 4096),
            (80, 4096),
            (88, 4096),
            (96, 4096),
            (size - 1, 4096),
            (size, 4096),
            (size, SIZE),
            (size, SIZE - 1),
            (size, 30),
            (size, 8),
            (size, 7),
            (size + 1, SIZE + 1),
            (size + 1, SIZE),
            (size + 8, 4096),
            (4096, 4096),
            (4097, 8192),
            (1 << 32, 4096),
            (u64::MAX, 4096),
        ] {
            for tail in [0, 1] {
                let query = Query {
                    size: said,
                    present,
                    tail,
                    ..usual
                };
                let name = format!("bad: size {said}, of which {present} are there, then {tail}");
                self.note(name, query);
            }
        }
        for flags in [0x40, 0x50, 1 << 31, 1 << 32, 1 << 63, u64::MAX] {
            let name = format!("bad: flags {flags:#x}");
            self.note(name, Query { flags, ..usual });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_line() {
        let answer = Answer {
            answer: Ok(0),
            fields: vec![("start", 0x1000)],
            name: b"a\nb\0\0".to_vec(),
            build_id: Vec::new(),
        };
        assert_eq!(
            words(&answer),
            r#"0, start 1000, name "a\\nb", build id """#
        );
    }

    #[test]
    fn own_areas_can_be_asked_about() {
        let mut seen = Observation::default();
        ask(Path::new("/proc/self/maps"), Depth::Quick, &mut seen);
        assert!(!seen.differences(&Observation::default()).is_empty());
    }
}
