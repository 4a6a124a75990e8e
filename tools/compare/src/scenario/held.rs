// SPDX-License-Identifier: GPL-2.0

//! Something opened in a tree, kept while the world changes, and then used.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::{ensure, Result};
use nix::errno::Errno;
use nix::sys::resource::{getrlimit, setrlimit, Resource};
use nix::unistd::{read, write};

use crate::compare::{row, Comparer, Outcome};
use crate::fact::{Fact, Observation};
use crate::files::Kind;
use crate::probe::{areas, pagemap, scan};
use crate::row::Row;
use crate::sys::query::Query;
use crate::sys::{self, Trap};

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

/// Every way for a file of a kind.
fn ways(kind: Kind) -> &'static [Way] {
    match kind {
        Kind::Text => &[
            Way::LookedUp,
            Way::Opened,
            Way::PartlyRead,
            Way::FarRead,
            Way::WhollyRead,
            Way::Path,
        ],
        // It has an entry for each page that there could be: nobody reads it to the end.
        Kind::Binary => &[Way::LookedUp, Way::Opened, Way::FarRead, Way::Path],
        Kind::Command => &[Way::LookedUp, Way::Opened, Way::Path],
    }
}

/// Files that are passed through and rest while their process does: some that open without a process,
/// and some that don't.
const PASSED: &[&str] = &[
    "auxv",
    "cgroup",
    "cmdline",
    "comm",
    "environ",
    "limits",
    "loginuid",
    "mountinfo",
    "mounts",
    "oom_score_adj",
    "setgroups",
    "uid_map",
];

/// What is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Thing {
    Directory,
    File(Kind),
}

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
    thing: Thing,
    way: Way,
    fd: Result<OwnedFd, Errno>,
    /// Where there was memory when it was taken, for what goes by addresses.
    addresses: Vec<u64>,
}

impl Held {
    fn take(path: PathBuf, thing: Thing, way: Way) -> Held {
        let access = match (thing, way) {
            (_, Way::Path) => libc::O_PATH,
            (Thing::File(Kind::Command), _) => libc::O_WRONLY,
            _ => libc::O_RDONLY,
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
        let addresses = match thing {
            Thing::File(Kind::Text | Kind::Binary) => addresses(&path),
            _ => Vec::new(),
        };
        Held {
            path,
            thing,
            way,
            fd,
            addresses,
        }
    }

    /// Uses what is held in every manner.
    fn observe(&self) -> Observation {
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
        match (self.thing, self.way) {
            (Thing::Directory, _) => observe_directory(fd, &mut seen),
            (_, Way::Path) => {
                seen.note("read", read(fd, &mut [0; 16]));
                observe_opening(fd, &mut seen);
            }
            (Thing::File(Kind::Text), _) => {
                observe_file(fd, &mut seen);
                self.observe_query(fd, &mut seen);
            }
            (Thing::File(Kind::Binary), _) => self.observe_pages(fd, &mut seen),
            (Thing::File(Kind::Command), _) => observe_command(fd, &mut seen),
        }
        seen
    }

    /// Only `maps` answers.
    fn observe_query(&self, fd: &OwnedFd, seen: &mut Observation) {
        let place = Trap::default();
        for &address in &self.addresses {
            let answer = Query::at(address, 0).ask(fd, &place);
            seen.note("query", answer.answer);
            seen.say("query: fields", format!("{:?}", answer.fields));
        }
    }

    fn observe_pages(&self, fd: &OwnedFd, seen: &mut Observation) {
        seen.note("position", sys::lseek(fd, 0, libc::SEEK_CUR));
        seen.note("read on", read(fd, &mut [0; 64]));
        seen.note("odd read", read(fd, &mut [0; 3]));
        seen.note("pages", pagemap::at(fd, &self.addresses));
        for &start in &self.addresses {
            seen.note("scan", scan::fact(&scan::one(start).ask(fd)));
        }
    }
}

/// The first area and the stack, as they are now.
fn addresses(path: &Path) -> Vec<u64> {
    let all = areas::beside(path);
    let stack = all.iter().find(|area| area.name == "[stack]");
    let stack = stack.map(|area| area.end - 16 * sys::PAGE as u64);
    all.first()
        .map(|area| area.start)
        .into_iter()
        .chain(stack)
        .collect()
}

fn observe_command(fd: &OwnedFd, seen: &mut Observation) {
    for text in ["x", "", "0", "5", "1\n"] {
        seen.note(format!("write {text:?}"), write(fd, text.as_bytes()));
    }
}

/// What was held without being open is opened after all.
fn observe_opening(fd: &OwnedFd, seen: &mut Observation) {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    match sys::open(Path::new(&path), libc::O_RDONLY | libc::O_CLOEXEC) {
        Err(errno) => seen.note("open what is held", Fact::Failed(errno)),
        Ok(fd) => seen.note("open what is held, and read", read(&fd, &mut [0; 64])),
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
    // Succeeds where there is nobody to read of.
    seen.note("no bytes", read(fd, &mut []));
    note_rest(fd, "rest", seen);
    seen.note("rewind", sys::lseek(fd, 0, libc::SEEK_SET));
    seen.note("no bytes from the start", read(fd, &mut []));
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
pub struct Plan(Vec<(String, Thing, Way)>);

impl Plan {
    /// All files of ours of some directories in every way, some that are passed through, and the
    /// directories themselves.
    pub fn of(comparer: &Comparer, directories: &[String]) -> Plan {
        let mut all = Vec::new();
        for directory in directories {
            let task = directory.contains("/task/");
            for known in comparer.files.within(task) {
                let path = format!("{directory}/{}", known.name);
                let thing = Thing::File(known.kind);
                all.extend(
                    ways(known.kind)
                        .iter()
                        .map(|&way| (path.clone(), thing, way)),
                );
            }
            for name in PASSED {
                let path = format!("{directory}/{name}");
                let thing = Thing::File(Kind::Text);
                all.extend(
                    ways(Kind::Text)
                        .iter()
                        .map(|&way| (path.clone(), thing, way)),
                );
            }
            for (path, way) in [("", Way::Opened), ("/task", Way::Opened), ("", Way::Path)] {
                if !(task && path == "/task") {
                    all.push((format!("{directory}{path}"), Thing::Directory, way));
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
        let take = |(path, thing, way): &(String, Thing, Way)| {
            trees.map(|tree| Held::take(tree.join(path), *thing, *way))
        };
        allow_descriptors(self.0.len() * trees.len())?;
        let held: Vec<_> = self.0.iter().map(take).collect();
        event()?;
        Ok(self
            .0
            .iter()
            .zip(&held)
            .map(|((path, _, way), held)| {
                let [stock, ours, again] = held.each_ref().map(Held::observe);
                let mut outcome = Outcome::default();
                outcome.add_once("after", &stock, &ours, &again);
                row("", "", &format!("{} {}", shown(path), way.words()), outcome)
            })
            .collect())
    }
}

/// Lets this process have so many descriptors beside its usual ones.
fn allow_descriptors(count: usize) -> Result<()> {
    const USUAL: u64 = 256;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = soft.max(count as u64 + USUAL);
    ensure!(
        wanted <= hard,
        "{wanted} descriptors are needed, {hard} allowed"
    );
    Ok(setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?)
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

    const TEXT: Thing = Thing::File(Kind::Text);

    #[test]
    fn check_names_have_no_numbers() {
        assert_eq!(shown("812/task/813/stat"), "<n>/task/<n>/stat");
    }

    #[test]
    fn what_was_looked_up_is_not_held() {
        let held = Held::take("/proc/self/stat".into(), TEXT, Way::LookedUp);
        assert_eq!(
            held.observe().get("held"),
            Some(&Fact::Failed(Errno::ENODATA))
        );
    }

    #[test]
    fn a_partly_read_file_gives_the_rest() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789").unwrap();
        let seen = Held::take(file.path().into(), TEXT, Way::PartlyRead).observe();
        assert_eq!(seen.get("rest"), Some(&Fact::Bytes(b"789".to_vec())));
        assert_eq!(
            seen.get("all over"),
            Some(&Fact::Bytes(b"0123456789".to_vec()))
        );
    }
}
