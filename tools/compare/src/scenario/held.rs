// SPDX-License-Identifier: GPL-2.0

//! Something opened in a tree, kept while the world changes, and then used.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::Result;
use nix::errno::Errno;
use nix::unistd::read;

use crate::compare::{row, Comparer, Outcome};
use crate::fact::{Fact, Observation};
use crate::row::Row;
use crate::sys;

/// What is opened and how far it is read before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Not opened at all: looked up, so that the name is known to the kernel.
    LookedUp,
    /// Opened only.
    Opened,
    /// Read by 7 bytes.
    PartlyRead,
    /// Read by a page and more.
    FarRead,
    /// Read to the end.
    WhollyRead,
    /// Opened with `O_PATH`.
    Path,
}

/// Every way for a file.
pub const FILE_WAYS: &[Way] = &[
    Way::LookedUp,
    Way::Opened,
    Way::PartlyRead,
    Way::FarRead,
    Way::WhollyRead,
    Way::Path,
];

impl Way {
    fn words(self) -> &'static str {
        match self {
            Way::LookedUp => "looked up",
            Way::Opened => "opened",
            Way::PartlyRead => "partly read",
            Way::FarRead => "read by 5000 bytes",
            Way::WhollyRead => "wholly read",
            Way::Path => "opened as a path",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Way::PartlyRead => 7,
            Way::FarRead => 5000,
            Way::WhollyRead => usize::MAX,
            Way::LookedUp | Way::Opened | Way::Path => 0,
        }
    }
}

/// One thing that is held in one tree.
struct Held {
    path: PathBuf,
    way: Way,
    fd: Result<OwnedFd, Errno>,
}

impl Held {
    fn take(path: PathBuf, way: Way) -> Held {
        let access = if way == Way::Path {
            libc::O_PATH
        } else {
            libc::O_RDONLY
        };
        let fd = sys::open(&path, access | libc::O_CLOEXEC);
        if let Ok(fd) = &fd {
            read_some(fd, way.bytes());
        }
        let fd = if way == Way::LookedUp {
            Err(Errno::ENODATA)
        } else {
            fd
        };
        Held { path, way, fd }
    }

    /// Uses what is held in every manner.
    fn observe(&self, directory: bool) -> Observation {
        let mut seen = Observation::default();
        seen.note(
            "lookup",
            sys::statx(None, &self.path, 0).map(|stat| i64::from(stat.stx_mode)),
        );
        seen.note(
            "open anew",
            sys::open(&self.path, libc::O_RDONLY | libc::O_CLOEXEC).map(|_| 0_i64),
        );
        let fd = match &self.fd {
            Err(errno) => {
                seen.note("held", Fact::Failed(*errno));
                return seen;
            }
            Ok(fd) => fd,
        };
        seen.note("fstat", attributes(fd));
        match (directory, self.way) {
            (true, _) => observe_directory(fd, &mut seen),
            (false, Way::Path) => seen.note("read", read(fd, &mut [0; 16])),
            (false, _) => observe_file(fd, &mut seen),
        }
        seen
    }
}

fn read_some(fd: &OwnedFd, bytes: usize) {
    let mut left = bytes;
    let mut buffer = [0_u8; 4096];
    while left > 0 {
        let size = left.min(buffer.len());
        match read(fd, &mut buffer[..size]) {
            Ok(n) if n > 0 => left -= n,
            _ => return,
        }
    }
}

fn attributes(fd: &OwnedFd) -> Fact {
    match sys::statx(Some(fd.as_fd()), Path::new(""), libc::AT_EMPTY_PATH) {
        Err(errno) => Fact::Failed(errno),
        Ok(s) => Fact::Text(format!(
            "{:o} uid {} gid {} nlink {}",
            s.stx_mode, s.stx_uid, s.stx_gid, s.stx_nlink
        )),
    }
}

fn observe_file(fd: &OwnedFd, seen: &mut Observation) {
    note_rest(fd, "rest", seen);
    seen.note("rewind", sys::lseek(fd, 0, libc::SEEK_SET));
    note_rest(fd, "all over", seen);
    seen.note("pread", nix::sys::uio::pread(fd, &mut [0; 64], 10));
}

fn note_rest(fd: &OwnedFd, name: &str, seen: &mut Observation) {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 1000];
    let end = loop {
        match read(fd, &mut buffer) {
            Ok(0) => break Fact::Number(0),
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(errno) => break Fact::Failed(errno),
        }
    };
    seen.note(name, Fact::Bytes(bytes));
    seen.note(format!("{name}: end"), end);
}

fn observe_directory(fd: &OwnedFd, seen: &mut Observation) {
    let entries = sys::getdents(fd, 65536);
    let names = entries.map(|all| {
        all.into_iter()
            .flat_map(|e| [e.name, vec![b'\n']].concat())
            .collect::<Vec<u8>>()
    });
    seen.note("entries", names);
    for name in [
        "stat",
        "status",
        "maps",
        "comm",
        "exe",
        "cwd",
        "fd",
        "task",
        "ns/pid",
        ".",
        "..",
        "nonexistent",
    ] {
        let opened = sys::openat(
            Some(fd.as_fd()),
            Path::new(name),
            libc::O_RDONLY | libc::O_CLOEXEC,
        );
        seen.note(format!("openat {name}"), opened.map(|_| 0_i64));
        let flags = libc::AT_SYMLINK_NOFOLLOW;
        let stat =
            sys::statx(Some(fd.as_fd()), Path::new(name), flags).map(|s| i64::from(s.stx_uid));
        if name != ".." {
            seen.note(format!("owner of {name}"), stat);
        }
    }
}

/// Paths below the root with the ways to hold each.
pub struct Plan(Vec<(String, Way, bool)>);

impl Plan {
    /// All files of some directories in every way, and the directories themselves.
    pub fn of(comparer: &Comparer, directories: &[String]) -> Plan {
        let mut all = Vec::new();
        for directory in directories {
            let task = directory.contains("/task/");
            for known in comparer.files.within(task) {
                let path = format!("{directory}/{}", known.name);
                all.extend(FILE_WAYS.iter().map(|&way| (path.clone(), way, false)));
            }
            for (path, way) in [("", Way::Opened), ("/task", Way::Opened), ("", Way::Path)] {
                if !(task && path == "/task") {
                    all.push((format!("{directory}{path}"), way, true));
                }
            }
        }
        Plan(all)
    }

    /// Holds everything in stock, in ours, in stock again, lets something happen, and looks what
    /// came of it.
    pub fn over(
        &self,
        comparer: &Comparer,
        event: impl FnOnce() -> Result<()>,
    ) -> Result<Vec<Row>> {
        let trees = [
            &comparer.trees.stock,
            &comparer.trees.ours,
            &comparer.trees.stock,
        ];
        let take = |path: &str, way: Way| trees.map(|tree| Held::take(tree.join(path), way));
        let held: Vec<_> = self
            .0
            .iter()
            .map(|(path, way, _)| take(path, *way))
            .collect();
        event()?;
        Ok(self
            .0
            .iter()
            .zip(&held)
            .map(|((path, way, directory), held)| {
                let [stock, ours, again] = held.each_ref().map(|held| held.observe(*directory));
                let mut outcome = Outcome::default();
                outcome.add_once("after", &stock, &ours, &again);
                row("", "", &format!("{} {}", shown(path), way.words()), outcome)
            })
            .collect())
    }
}

/// A path without the numbers, so that a check has the same name in each run.
fn shown(path: &str) -> String {
    let word = |part: &str| {
        if part.parse::<u32>().is_ok() {
            "<n>".to_string()
        } else {
            part.to_string()
        }
    };
    path.split('/').map(word).collect::<Vec<_>>().join("/")
}

/// What a probe of a tree says, judged as in the zoo.
pub fn ask(comparer: &Comparer, name: &str, observe: impl Fn(&Path) -> Observation) -> Row {
    let judgement = crate::settle::settle(
        comparer.patience,
        || observe(&comparer.trees.stock),
        || observe(&comparer.trees.ours),
    );
    let mut outcome = Outcome::default();
    outcome.add(name, judgement);
    row("", "", name, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_names_have_no_numbers() {
        assert_eq!(shown("812/task/813/stat"), "<n>/task/<n>/stat");
    }

    #[test]
    fn what_was_looked_up_is_not_held() {
        let held = Held::take("/proc/self/stat".into(), Way::LookedUp);
        assert_eq!(
            held.observe(false).get("held"),
            Some(&Fact::Failed(Errno::ENODATA))
        );
    }

    #[test]
    fn a_partly_read_file_gives_the_rest() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789").unwrap();
        let seen = Held::take(file.path().into(), Way::PartlyRead).observe(false);
        assert_eq!(seen.get("rest"), Some(&Fact::Bytes(b"789".to_vec())));
        assert_eq!(
            seen.get("all over"),
            Some(&Fact::Bytes(b"0123456789".to_vec()))
        );
    }
}
