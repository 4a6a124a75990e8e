// SPDX-License-Identifier: GPL-2.0

//! Mounts of both file systems, made side by side in a mount namespace of their own.

use std::path::{Path, PathBuf};

use anyhow::Result;
use nix::errno::Errno;
use nix::mount::{mount, umount2, MntFlags, MsFlags};
use nix::sys::statvfs::statvfs;

use crate::compare::{row, Comparer, Outcome};
use crate::fact::{Fact, Observation};
use crate::probe::{self, read_whole, Depth};
use crate::row::Row;
use crate::sys;

mod child;
mod context;
mod options;
mod outliving;
mod readonly;
mod restricted;
mod shown;

/// The type of the file system whose root a path is.
pub fn kind_of(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let table = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let mut found = None;
    for line in table.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        // The last mount at a place covers those before it.
        if fields.get(1).is_some_and(|at| Path::new(at) == path) {
            found = fields.get(2).map(|kind| kind.to_string());
        }
    }
    found
}

/// What is asked of one file system type, each question with a place to mount at.
type Question = fn(&str, &Path) -> Observation;

const QUESTIONS: &[(&str, Question)] = &[
    (
        "mount flags show in statfs and the mount table",
        flags_and_table,
    ),
    ("unknown options are refused", unknown_options),
    ("two mounts are two file systems", two_mounts),
    ("unmounting while in use", busy),
    ("a descriptor outlives a lazy unmount", lazy),
    ("read-only", read_only),
    ("remounting", remount),
    ("bound elsewhere", bound),
    ("the root's attributes changed", changed_root),
];

/// The questions of each scenario about mounts.
const SUBJECTS: &[(&str, &[(&str, Question)])] = &[
    ("mounting", QUESTIONS),
    ("mount-options", options::QUESTIONS),
    ("mount-steps", context::QUESTIONS),
    ("mount-read-only", readonly::QUESTIONS),
    ("mount-outliving", outliving::QUESTIONS),
    ("mount-restricted", restricted::QUESTIONS),
];

/// Whether a scenario is about mounts.
pub fn is_subject(name: &str) -> bool {
    SUBJECTS.iter().any(|(known, _)| *known == name)
}

/// Asks each question of a scenario of stock's type and of ours.
pub fn check(comparer: &Comparer, name: &str, kind: &str, scratch: &Path) -> Result<Vec<Row>> {
    let (stock, ours) = (scratch.join("mount-stock"), scratch.join("mount-ours"));
    for directory in [&stock, &ours] {
        for name in ["a", "b"] {
            std::fs::create_dir_all(directory.join(name))?;
        }
    }
    let subject = SUBJECTS.iter().find(|(known, _)| *known == name);
    let questions = subject.map_or(&[][..], |(_, questions)| questions);
    let mut rows: Vec<_> = questions
        .iter()
        .map(|(name, question)| {
            let mut outcome = Outcome::default();
            let [before, seen, after] = [("proc", &stock), (kind, &ours), ("proc", &stock)]
                .map(|(kind, place)| question(kind, place));
            outcome.add_once("mounting", &before, &seen, &after);
            row("", "", name, outcome)
        })
        .collect();
    if name == "mounting" {
        rows.push(table_line(comparer, kind));
    }
    Ok(rows)
}

/// `/proc/mounts` says where ours is.
fn table_line(comparer: &Comparer, kind: &str) -> Row {
    let mut outcome = Outcome::default();
    let found = kind_of(&comparer.trees.ours).unwrap_or_default();
    outcome.require("type in the mount table", kind, found);
    row("", "", "a line in /proc/mounts", outcome)
}

const USUAL: MsFlags = MsFlags::MS_NOSUID
    .union(MsFlags::MS_NODEV)
    .union(MsFlags::MS_NOEXEC);

fn mount_of(kind: &str, at: &Path, flags: MsFlags, options: Option<&str>) -> nix::Result<()> {
    mount(Some("rustproc-compare"), at, Some(kind), flags, options)
}

fn unmount(at: &Path) -> nix::Result<()> {
    umount2(at, MntFlags::empty())
}

fn flags_and_table(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    for flags in [
        MsFlags::empty(),
        USUAL,
        USUAL | MsFlags::MS_NOATIME,
        MsFlags::MS_RDONLY | MsFlags::MS_SYNCHRONOUS,
    ] {
        let name = format!("{:#x}", flags.bits());
        seen.note(format!("mount {name}"), mount_of(kind, &at, flags, None));
        seen.note(
            format!("statfs flags {name}"),
            statvfs(&at).map(|s| s.flags().bits() as i64),
        );
        seen.note(
            format!("statfs type {name}"),
            sys::statfs(&at).map(|s| s.f_type),
        );
        seen.say(format!("table {name}"), shown::in_mounts(&at));
        seen.note(format!("umount {name}"), unmount(&at));
    }
    seen
}

fn unknown_options(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    for options in [
        "nonsense",
        "nonsense=1",
        "=",
        "hidepid=nonsense",
        "gid=x",
        "subset=nonsense",
        ",,",
        "",
    ] {
        let answer = mount_of(kind, &at, USUAL, Some(options));
        if answer.is_ok() {
            let _ = unmount(&at);
        }
        seen.note(format!("options {options:?}"), answer);
    }
    seen
}

fn device(path: &Path) -> nix::Result<(u32, u32)> {
    sys::statx(None, path, 0).map(|s| (s.stx_dev_major, s.stx_dev_minor))
}

fn two_mounts(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let (a, b) = (place.join("a"), place.join("b"));
    seen.note("first", mount_of(kind, &a, USUAL, None));
    seen.note("second", mount_of(kind, &b, USUAL, None));
    seen.note("on top of the first", mount_of(kind, &a, USUAL, None));
    seen.note(
        "other device",
        Ok::<i64, Errno>(i64::from(device(&a) != device(&b))),
    );
    seen.note(
        "content of both is one",
        Ok::<i64, Errno>(i64::from(self_stat(&a) == self_stat(&b))),
    );
    for at in [&a, &a, &b] {
        seen.note("umount", unmount(at));
    }
    seen.note("umount once more", unmount(&a));
    seen
}

/// The part of one's own `stat` that stands still.
fn self_stat(root: &Path) -> Vec<u8> {
    let text = read_whole(&root.join("self/stat")).unwrap_or_default();
    text.into_iter().take(40).collect()
}

fn busy(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    seen.note("mount", mount_of(kind, &at, USUAL, None));
    for path in ["", "2", "2/task", "2/stat", "2/task/2/statm", "self"] {
        let fd = sys::open(&at.join(path), libc::O_RDONLY | libc::O_CLOEXEC);
        let opened = fd.as_ref().map(|_| 0_i64).map_err(|errno| *errno);
        seen.note(format!("open {path:?}"), opened);
        seen.note(format!("umount with {path:?} open"), unmount(&at));
    }
    seen.note("umount in the end", unmount(&at));
    seen
}

fn lazy(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    seen.note("mount", mount_of(kind, &at, USUAL, None));
    let file = sys::open(&at.join("2/stat"), libc::O_RDONLY | libc::O_CLOEXEC);
    let directory = sys::open(&at.join("2"), libc::O_RDONLY | libc::O_CLOEXEC);
    seen.note("umount", umount2(&at, MntFlags::MNT_DETACH));
    if let (Ok(file), Ok(directory)) = (file, directory) {
        use std::os::fd::AsFd;
        let mut start = [0_u8; 14];
        let answer = nix::unistd::read(&file, &mut start);
        seen.note("read", answer);
        seen.note("bytes", Fact::Bytes(start.to_vec()));
        let again = sys::openat(
            Some(directory.as_fd()),
            Path::new("statm"),
            libc::O_RDONLY | libc::O_CLOEXEC,
        );
        seen.note("openat", again.map(|_| 0_i64));
        seen.note(
            "entries",
            sys::getdents(&directory, 4096).map(|all| all.len()),
        );
    }
    seen
}

fn read_only(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    seen.note("mount", mount_of(kind, &at, MsFlags::MS_RDONLY, None));
    for path in ["", "2", "2/stat"] {
        for (name, flags) in [
            ("write", libc::O_WRONLY),
            ("create", libc::O_RDWR | libc::O_CREAT),
        ] {
            let opened = sys::open(&at.join(path), flags | libc::O_CLOEXEC);
            seen.note(format!("{name} {path:?}"), opened.map(|_| 0_i64));
        }
    }
    seen.note("umount", unmount(&at));
    seen
}

fn remount(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    seen.note("mount", mount_of(kind, &at, USUAL, None));
    seen.note(
        "read-only",
        mount_of(
            kind,
            &at,
            USUAL | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY,
            None,
        ),
    );
    seen.say("table", shown::in_mounts(&at));
    seen.note(
        "nonsense",
        mount_of(kind, &at, USUAL | MsFlags::MS_REMOUNT, Some("nonsense")),
    );
    seen.say("table after that", shown::in_mounts(&at));
    seen.note("umount", unmount(&at));
    seen
}

fn bound(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let (a, b) = (place.join("a"), place.join("b"));
    let bind = |from: PathBuf| {
        mount(
            Some(&from),
            &b,
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        )
    };
    seen.note("mount", mount_of(kind, &a, USUAL, None));
    seen.note("bind the root", bind(a.clone()));
    seen.note(
        "same device",
        Ok::<i64, Errno>(i64::from(device(&a) == device(&b))),
    );
    for probe in probe::DIRECTORY
        .iter()
        .filter(|probe| probe.depth == Depth::Quick && probe.name == "attributes")
    {
        let mut facts = probe.observe(&b, Depth::Quick);
        facts.forget("nlink");
        seen.append("bound", facts);
    }
    seen.note("umount", unmount(&b));
    seen.note("bind a process", bind(a.join("2")));
    seen.note("read in it", read_whole(&b.join("statm")));
    seen.note("umount", unmount(&b));
    seen.note("umount the first", unmount(&a));
    seen
}

fn changed_root(kind: &str, place: &Path) -> Observation {
    use nix::sys::stat::{fchmodat, FchmodatFlags, Mode};
    let mut seen = Observation::default();
    let at = place.join("a");
    seen.note("mount", mount_of(kind, &at, USUAL, None));
    let mode = Mode::from_bits_truncate(0o700);
    seen.note(
        "chmod",
        fchmodat(
            nix::fcntl::AT_FDCWD,
            &at,
            mode,
            FchmodatFlags::FollowSymlink,
        ),
    );
    seen.note(
        "chown",
        nix::unistd::chown(&at, Some(1.into()), Some(1.into())),
    );
    let stat =
        sys::statx(None, &at, 0).map(|s| format!("{:o} {} {}", s.stx_mode, s.stx_uid, s.stx_gid));
    seen.say("after that", format!("{stat:?}"));
    seen.note("umount", unmount(&at));
    seen
}
