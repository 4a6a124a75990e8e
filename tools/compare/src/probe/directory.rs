// SPDX-License-Identifier: GPL-2.0

//! A directory's entries: names, types, order, positions.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::fact::{escape_line, Fact, Observation};
use crate::probe::Depth;
use crate::sys::{self, Entry};

const FLAGS: i32 = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;

/// The sequence that one large buffer gives.
pub fn ask_listing(path: &Path, _: Depth, seen: &mut Observation) {
    let fd = match sys::open(path, FLAGS) {
        Ok(fd) => fd,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    let (entries, end) = drain(&fd, 64 << 10);
    seen.note("names and types", Fact::Bytes(lines(&entries).into_bytes()));
    seen.note("positions", Fact::Bytes(positions(&entries).into_bytes()));
    seen.note("end", end);
    seen.note("other numbers", Fact::Text(other_numbers(&fd, &entries)));
    seen.note("offset at the end", sys::lseek(&fd, 0, libc::SEEK_CUR));
}

/// The same through buffers that hold one entry or a few, and through one that holds none.
pub fn ask_small_buffers(path: &Path, _: Depth, seen: &mut Observation) {
    for size in [0, 8, 24, 32, 64, 280, 4096] {
        let fd = match sys::open(path, FLAGS) {
            Ok(fd) => fd,
            Err(errno) => return seen.note("open", Fact::Failed(errno)),
        };
        let (entries, end) = drain(&fd, size);
        seen.note(
            format!("names by {size}"),
            Fact::Bytes(lines(&entries).into_bytes()),
        );
        seen.note(format!("end by {size}"), end);
    }
}

/// From each position that the listing gave, and from others, the next entry.
pub fn ask_seeks(path: &Path, _: Depth, seen: &mut Observation) {
    let fd = match sys::open(path, FLAGS) {
        Ok(fd) => fd,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    let entries = drain(&fd, 64 << 10).0;
    // The middle of a long listing is like its ends; forty positions say enough.
    let step = entries.len() / 40 + 1;
    for entry in entries.iter().step_by(step) {
        let name = format!("after {}", escape_line(&entry.name));
        seen.note(
            format!("{name}: seek"),
            sys::lseek(&fd, entry.next, libc::SEEK_SET),
        );
        seen.note(name, next(&fd));
    }
    for position in [
        0,
        1,
        2,
        3,
        4,
        100,
        255,
        256,
        257,
        258,
        5000,
        (1 << 31) - 1,
        1 << 40,
        i64::MAX,
        -1,
    ] {
        let name = format!("at {position}");
        seen.note(
            format!("{name}: seek"),
            sys::lseek(&fd, position, libc::SEEK_SET),
        );
        seen.note(name, next(&fd));
    }
    for (name, whence) in [
        ("SEEK_CUR", libc::SEEK_CUR),
        ("SEEK_END", libc::SEEK_END),
        ("SEEK_DATA", libc::SEEK_DATA),
    ] {
        seen.note(format!("{name} 0"), sys::lseek(&fd, 0, whence));
    }
    seen.note("read(2)", nix::unistd::read(&fd, &mut [0; 16]));
    seen.note("rewound", sys::lseek(&fd, 0, libc::SEEK_SET));
    seen.note(
        "names once more",
        Fact::Bytes(lines(&drain(&fd, 4096).0).into_bytes()),
    );
}

fn next(fd: &impl AsFd) -> Fact {
    match sys::getdents(fd, 280) {
        Err(errno) => Fact::Failed(errno),
        Ok(entries) => Fact::Bytes(lines(entries.get(..1).unwrap_or_default()).into_bytes()),
    }
}

fn drain(fd: &impl AsFd, size: usize) -> (Vec<Entry>, Fact) {
    let mut all = Vec::new();
    loop {
        match sys::getdents(fd, size) {
            Err(errno) => return (all, Fact::Failed(errno)),
            Ok(entries) if entries.is_empty() => return (all, Fact::Number(0)),
            Ok(entries) => all.extend(entries),
        }
        if all.len() > 1 << 20 {
            return (all, Fact::Text("endless".into()));
        }
    }
}

fn list(path: &Path) -> nix::Result<Vec<Entry>> {
    let fd = sys::open(path, FLAGS)?;
    match drain(&fd, 64 << 10) {
        (_, Fact::Failed(errno)) => Err(errno),
        (entries, _) => Ok(entries),
    }
}

/// The names in a directory but `.` and `..`; none if it can't be listed.
pub fn names(path: &Path) -> Vec<String> {
    let entries = list(path).unwrap_or_default();
    let names = entries
        .iter()
        .map(|e| String::from_utf8_lossy(&e.name).into_owned());
    names.filter(|name| name != "." && name != "..").collect()
}

/// The names that `stat(2)` has another number for than the listing. What is mounted on an entry has its
/// own, and so has what is above.
fn other_numbers(fd: &impl AsFd, entries: &[Entry]) -> String {
    let stat = |name: &[u8]| {
        let path = Path::new(OsStr::from_bytes(name));
        sys::statx(Some(fd.as_fd()), path, libc::AT_SYMLINK_NOFOLLOW)
    };
    let Ok(here) = stat(b".") else {
        return String::new();
    };
    let device = (here.stx_dev_major, here.stx_dev_minor);
    let differs = |entry: &&Entry| {
        entry.name != b".."
            && stat(&entry.name).is_ok_and(|stat| {
                (stat.stx_dev_major, stat.stx_dev_minor) == device && stat.stx_ino != entry.ino
            })
    };
    let names = entries.iter().filter(differs);
    let lines: Vec<_> = names.map(|entry| escape_line(&entry.name)).collect();
    lines.join("\n")
}

fn lines(entries: &[Entry]) -> String {
    let line = |e: &Entry| format!("{} {}\n", kind(e.kind), escape_line(&e.name));
    entries.iter().map(line).collect()
}

fn positions(entries: &[Entry]) -> String {
    let line = |e: &Entry| format!("{} {}\n", escape_line(&e.name), e.next);
    entries.iter().map(line).collect()
}

fn kind(kind: u8) -> char {
    match kind {
        libc::DT_DIR => 'd',
        libc::DT_LNK => 'l',
        libc::DT_REG => '-',
        libc::DT_UNKNOWN => '?',
        _ => 'o',
    }
}
