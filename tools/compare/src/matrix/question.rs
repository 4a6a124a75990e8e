// SPDX-License-Identifier: GPL-2.0

//! What a name is asked: by its path, or by a descriptor that somebody has opened.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, AT_FDCWD};
use nix::sys::uio::pread;
use nix::unistd::{faccessat, read, write, AccessFlags};

use super::cast::Member;
use super::names::{Name, Sort};
use crate::fact::{digest, escape_line, Fact, Observation};
use crate::probe::{drain, pagemap, scan};
use crate::sys::query::{Query, OR_NEXT};
use crate::sys::scan::{Scan, CHECK_WPASYNC, WP_MATCHING};
use crate::sys::{self, Trap};

/// What is written to `clear_refs`.
const COMMANDS: &[&str] = &["1", "2", "3", "4", "5", "6", "x"];

/// A buffer for a few entries of a directory.
const FEW: usize = 280;

/// No directory here takes as many calls to be listed.
const MOST_CALLS: usize = 10_000;

/// A name of a target.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The target.
    pub member: &'a Member,
    /// The name.
    pub name: &'a Name,
    /// Memory for questions about areas.
    pub trap: &'a Trap,
    /// Only what mount options may have a say in.
    pub brief: bool,
}

impl Question<'_> {
    /// Asks the path: its attributes, whether it may be used, every way to open it, and what it says
    /// then.
    pub fn of_path(&self, path: &Path) -> Observation {
        let mut seen = Observation::default();
        seen.note("lstat", attributes(None, path, libc::AT_SYMLINK_NOFOLLOW));
        self.ask_permissions(path, &mut seen);
        if self.name.sort == Sort::Link {
            seen.note("readlink", sys::readlink(path, 4096));
            seen.note("stat", attributes(None, path, 0));
        }
        for (name, flags) in [
            ("O_RDONLY", libc::O_RDONLY),
            ("O_WRONLY", libc::O_WRONLY),
            ("O_RDWR", libc::O_RDWR),
        ] {
            // What links lead to isn't procfs's.
            let asked = !self.brief && self.name.sort != Sort::Link;
            if flags != self.usual() && !asked {
                continue;
            }
            match open(path, flags) {
                Err(errno) => seen.note(name, Fact::Failed(errno)),
                Ok(fd) if flags == self.usual() => {
                    seen.note(name, Fact::Number(0));
                    self.of_descriptor(&fd, &mut seen);
                }
                Ok(fd) => {
                    seen.note(name, Fact::Number(0));
                    self.write_nonsense(&fd, flags, &mut seen);
                }
            }
        }
        seen
    }

    /// With which flags it is opened to be used.
    pub fn usual(&self) -> i32 {
        match self.name.sort {
            Sort::Command => libc::O_WRONLY,
            _ => libc::O_RDONLY,
        }
    }

    /// Asks a descriptor. It may be asked again.
    pub fn of_descriptor(&self, fd: &OwnedFd, seen: &mut Observation) {
        let own = Path::new("");
        seen.note("fstat", attributes(Some(fd), own, libc::AT_EMPTY_PATH));
        match self.name.sort {
            Sort::Directory => self.ask_directory(fd, seen),
            Sort::Command => {
                for text in COMMANDS {
                    seen.note(format!("write {text:?}"), write(fd, text.as_bytes()));
                }
            }
            Sort::Pages => self.ask_pages(fd, seen),
            Sort::Text | Sort::Maps => self.ask_text(fd, seen),
            Sort::Moving => seen.note("read", read(fd, &mut [0; 1])),
            Sort::Link | Sort::Opened => (),
        }
    }

    fn ask_permissions(&self, path: &Path, seen: &mut Observation) {
        for (name, mode) in [
            ("R_OK", AccessFlags::R_OK),
            ("W_OK", AccessFlags::W_OK),
            ("X_OK", AccessFlags::X_OK),
        ] {
            let effective = faccessat(AT_FDCWD, path, mode, AtFlags::AT_EACCESS);
            seen.note(format!("faccessat {name}"), effective);
            if self.brief {
                return;
            }
        }
        let real = faccessat(AT_FDCWD, path, AccessFlags::R_OK, AtFlags::empty());
        seen.note("access R_OK", real);
    }

    fn ask_text(&self, fd: &OwnedFd, seen: &mut Observation) {
        let begin = sys::lseek(fd, 0, libc::SEEK_SET);
        seen.note("lseek", begin);
        if self.member.moves() {
            return seen.note("read", read(fd, &mut [0; 1]));
        }
        let (bytes, end) = drain(fd, 64 << 10);
        if self.name.path.ends_with("stat") {
            seen.say("addresses", shown_addresses(&bytes));
        }
        seen.note("content", Fact::Bytes(bytes));
        seen.note("end", end);
        if self.brief {
            return;
        }
        let mut part = vec![0; 64];
        let length = pread(fd, &mut part, 10);
        part.truncate(length.unwrap_or_default());
        seen.note("pread", length.map(|_| part));
        if self.name.sort == Sort::Maps {
            self.ask_areas(fd, seen);
        }
    }

    fn ask_areas(&self, fd: &OwnedFd, seen: &mut Observation) {
        for &address in &self.member.addresses {
            let answer = Query::at(address, OR_NEXT).ask(fd, self.trap);
            seen.note("query", answer.answer);
            let name = escape_line(&answer.name);
            let name = name.trim_end_matches("\\x00");
            seen.say("area", format!("{:x?} {name}", answer.fields));
        }
    }

    fn ask_pages(&self, fd: &OwnedFd, seen: &mut Observation) {
        let start = self.member.addresses.last().copied().unwrap_or_default();
        let mut entries = vec![0; 16 * pagemap::ENTRY];
        let length = pread(fd, &mut entries, pagemap::offset_of(start));
        entries.truncate(length.unwrap_or_default());
        seen.say("frames", shown_frames(&entries));
        seen.note("pread", length);
        if self.brief || self.member.moves() {
            return;
        }
        seen.note("pages", pagemap::at(fd, &self.member.addresses));
        let scan = scan::one(start);
        seen.note("scan", scan::fact(&scan.ask(fd)));
        // Nobody has asked userfaultfd to watch this memory: it stays as it is.
        let protecting = Scan {
            flags: WP_MATCHING | CHECK_WPASYNC,
            ..scan
        };
        seen.note("scan that protects", scan::fact(&protecting.ask(fd)));
    }

    fn ask_directory(&self, fd: &OwnedFd, seen: &mut Observation) {
        seen.note("lseek", sys::lseek(fd, 0, libc::SEEK_SET));
        match entries(fd, 32 << 10) {
            Err(errno) => seen.note("entries", Fact::Failed(errno)),
            // A thread that reads has other descriptors and areas each time.
            Ok(_) if self.member.moves() => seen.note("entries", Fact::Number(0)),
            Ok(entries) => seen.note("entries", Fact::Bytes(entries)),
        }
        if self.member.is_root() {
            // Which processes come next is decided anew at each call.
            seen.note("lseek", sys::lseek(fd, 0, libc::SEEK_SET));
            seen.note("entries by a few", entries(fd, FEW));
        }
        for name in ["stat", "environ", "1", "nonexistent"] {
            let at = |flags| sys::openat(Some(fd.as_fd()), Path::new(name), flags).map(|_| 0_i64);
            seen.note(
                format!("openat {name}"),
                at(libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC),
            );
            let attributes = attributes(Some(fd), Path::new(name), libc::AT_SYMLINK_NOFOLLOW);
            seen.note(format!("lstat {name}"), attributes);
        }
    }

    fn write_nonsense(&self, fd: &OwnedFd, flags: i32, seen: &mut Observation) {
        if self.name.nonsense && flags == libc::O_WRONLY {
            seen.note("write", write(fd, b"x\n"));
        }
    }
}

/// Opens, without waiting for anybody.
pub fn open(path: &Path, flags: i32) -> nix::Result<OwnedFd> {
    sys::open(path, flags | libc::O_NONBLOCK | libc::O_CLOEXEC)
}

fn attributes(dir: Option<&OwnedFd>, path: &Path, flags: i32) -> Fact {
    match sys::statx(dir.map(AsFd::as_fd), path, flags) {
        Err(errno) => Fact::Failed(errno),
        Ok(s) => Fact::Text(format!(
            "{:o} uid {} gid {} nlink {} size {}",
            s.stx_mode, s.stx_uid, s.stx_gid, s.stx_nlink, s.stx_size
        )),
    }
}

/// Names and types, one a line, through a buffer of a size.
fn entries(fd: &OwnedFd, size: usize) -> nix::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for _ in 0..MOST_CALLS {
        let entries = sys::getdents(fd, size)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            lines.extend_from_slice(&entry.name);
            lines.extend_from_slice(format!(" {}\n", entry.kind).as_bytes());
        }
    }
    Ok(lines)
}

/// Whether a `stat` line has the addresses that not everybody may see: of those, the first field
/// says 1 instead.
fn shown_addresses(stat: &[u8]) -> &'static str {
    const START_CODE: usize = 23;
    let close = stat.iter().rposition(|&b| b == b')').unwrap_or_default();
    let text = String::from_utf8_lossy(&stat[close..]).into_owned();
    match text.split(' ').nth(START_CODE + 1) {
        Some("0") | None => "none",
        Some("1") => "hidden",
        Some(_) => "shown",
    }
}

/// Whether entries of `pagemap` have numbers of frames.
fn shown_frames(entries: &[u8]) -> &'static str {
    const PRESENT: u64 = 1 << 63;
    const FRAME: u64 = (1 << 55) - 1;
    let words = entries.chunks_exact(pagemap::ENTRY);
    let mut present = words
        .map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()))
        .filter(|word| word & PRESENT != 0)
        .peekable();
    if present.peek().is_none() {
        "none"
    } else if present.any(|word| word & FRAME != 0) {
        "shown"
    } else {
        "hidden"
    }
}

/// What of some answers depends on who asks, in one number; and how many were refusals.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Trace {
    /// Answers that were no errors.
    pub granted: usize,
    /// Answers that were.
    pub denied: usize,
    /// Which were which, with the errnos, and what was shown or hidden.
    pub digest: u32,
}

impl Trace {
    /// Of all answers of a cell.
    pub fn of(seen: &Observation) -> Trace {
        let mut trace = Trace::default();
        let mut words = Vec::new();
        for (name, fact) in seen.answers() {
            match fact {
                Fact::Failed(errno) => {
                    trace.denied += 1;
                    words.extend((*errno as i32).to_ne_bytes());
                }
                Fact::Text(text) if ["addresses", "frames"].contains(&name) => {
                    trace.granted += 1;
                    words.extend_from_slice(text.as_bytes());
                }
                _ => {
                    trace.granted += 1;
                    words.push(0);
                }
            }
        }
        trace.digest = digest(&words) as u32;
        trace
    }

    /// That nothing could be opened in the first place.
    pub fn failure(errno: Errno) -> Observation {
        let mut seen = Observation::default();
        seen.note("open", Fact::Failed(errno));
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_tells_whether_all_are_shown() {
        let line = |start: &str| format!("7 (a b) S {} {start} 9", ["0"; 22].join(" "));
        assert_eq!(shown_addresses(line("1").as_bytes()), "hidden");
        assert_eq!(shown_addresses(line("94000").as_bytes()), "shown");
        assert_eq!(shown_addresses(line("0").as_bytes()), "none");
    }

    #[test]
    fn frames_are_hidden_if_no_present_page_has_one() {
        let bytes = |words: &[u64]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_ne_bytes()).collect()
        };
        assert_eq!(shown_frames(&bytes(&[0, 5])), "none");
        assert_eq!(shown_frames(&bytes(&[1 << 63, 0])), "hidden");
        assert_eq!(shown_frames(&bytes(&[1 << 63, (1 << 63) | 7])), "shown");
    }

    #[test]
    fn a_trace_is_about_errnos_and_not_about_content() {
        let seen = |fact: Fact| {
            let mut seen = Observation::default();
            seen.note("read", fact);
            Trace::of(&seen)
        };
        assert_eq!(
            seen(Fact::Number(1)).digest,
            seen(Fact::Bytes(b"text".to_vec())).digest
        );
        let refused = seen(Fact::Failed(Errno::EACCES));
        assert_ne!(refused.digest, seen(Fact::Number(1)).digest);
        assert_ne!(refused.digest, seen(Fact::Failed(Errno::ENOENT)).digest);
        assert_eq!((refused.granted, refused.denied), (0, 1));
    }
}
