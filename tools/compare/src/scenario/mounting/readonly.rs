// SPDX-License-Identifier: GPL-2.0

//! Mounts that may only be read, in each of the ways in which a mount becomes such a one.

use std::path::{Path, PathBuf};

use nix::mount::{mount, MsFlags};

use super::{mount_of, unmount, Question, USUAL};
use crate::fact::Observation;
use crate::sys;
use crate::sys::call::{Arg, Call};

pub const QUESTIONS: &[(&str, Question)] = &[
    ("read-only from the start", mounted),
    ("read-only by a remount", remounted),
    ("read-only by a bind mount of the root", bound),
    ("read-only by a bind mount of what is below", bound_below),
];

/// What is tried, as seen from the root.
const PATHS: &[&str] = &[
    "",
    "1",
    "1/task/1",
    "1/fd",
    "sys",
    "sys/kernel",
    "self",
    "mounts",
    "1/stat",
    "1/pagemap",
    "1/clear_refs",
    "1/comm",
    "1/oom_score_adj",
    "1/mem",
    "1/task/1/comm",
    "version",
    "kmsg",
    "sysrq-trigger",
    "sys/kernel/hostname",
    "sys/kernel/ostype",
    "self/attr/current",
];

/// What wants to write.
fn ask(root: &Path, paths: &[&str], name: &str, seen: &mut Observation) {
    for path in paths {
        let at = root.join(path);
        let (Ok(text), Ok(new)) = (sys::c_path(&at), sys::c_path(&at.join("new"))) else {
            continue;
        };
        let (text, new) = (Arg::Text(&text), Arg::Text(&new));
        for (way, flags) in [
            ("O_RDONLY", libc::O_RDONLY),
            ("O_WRONLY", libc::O_WRONLY),
            ("O_RDWR", libc::O_RDWR),
            ("O_RDONLY|O_TRUNC", libc::O_TRUNC),
            ("O_WRONLY|O_CREAT", libc::O_WRONLY | libc::O_CREAT),
            ("O_PATH", libc::O_PATH),
        ] {
            let opened = sys::open(&at, flags | libc::O_NONBLOCK | libc::O_CLOEXEC);
            seen.note(format!("{name}: {path:?} {way}"), opened.map(|_| 0_i64));
        }
        let here = Arg::Number(libc::AT_FDCWD.into());
        let number = Arg::Number;
        let size = Arg::Offset(0);
        for (what, answer) in [
            (
                "access to write",
                Call::FACCESSAT2.ask(&[here, text, number(2), number(0)]),
            ),
            (
                "chmod",
                Call::FCHMODAT2.ask(&[here, text, number(0o444), number(0x100)]),
            ),
            (
                "chown",
                Call::FCHOWNAT.ask(&[here, text, number(-1), number(-1), number(0x100)]),
            ),
            ("truncate", Call::TRUNCATE.ask(&[text, size])),
            ("mkdir", Call::MKDIRAT.ask(&[here, new, number(0o700)])),
            (
                "mknod",
                Call::MKNODAT.ask(&[here, new, number(0o10_600), number(0)]),
            ),
            ("unlink", Call::UNLINKAT.ask(&[here, text, number(0)])),
            (
                "rename",
                Call::RENAMEAT2.ask(&[here, text, here, new, number(0)]),
            ),
            (
                "removexattr",
                Call::REMOVEXATTR.ask(&[text, Arg::Text(c"user.x")]),
            ),
        ] {
            seen.note(format!("{name}: {path:?} {what}"), answer);
        }
    }
}

fn mounted(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    let flags = USUAL | MsFlags::MS_RDONLY;
    seen.note("mount", mount_of(kind, &at, flags, None));
    ask(&at, PATHS, "mounted", &mut seen);
    // And back.
    let flags = USUAL | MsFlags::MS_REMOUNT;
    seen.note("for writing", mount_of(kind, &at, flags, None));
    ask(&at, &PATHS[6..], "for writing", &mut seen);
    seen.note("umount", unmount(&at));
    seen
}

fn remounted(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let at = place.join("a");
    seen.note("mount", mount_of(kind, &at, USUAL, None));
    let flags = USUAL | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    // A file of it that is open for writing is in the way.
    for path in ["1/clear_refs", "1/oom_score_adj", "sys/kernel/hostname"] {
        let held = sys::open(&at.join(path), libc::O_WRONLY | libc::O_CLOEXEC);
        seen.note(
            format!("with {path} open"),
            mount_of(kind, &at, flags, None),
        );
        drop(held);
    }
    seen.note("remount", mount_of(kind, &at, flags, None));
    ask(&at, PATHS, "remounted", &mut seen);
    seen.note("umount", unmount(&at));
    seen
}

/// Binds a part of a tree elsewhere, for reading only.
fn bind(from: PathBuf, to: &Path) -> nix::Result<()> {
    let none = None::<&str>;
    mount(Some(&from), to, none, MsFlags::MS_BIND, none)?;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(none, to, none, flags, none)
}

fn bound(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let (a, b) = (place.join("a"), place.join("b"));
    seen.note("mount", mount_of(kind, &a, USUAL, None));
    seen.note("bind", bind(a.clone(), &b));
    ask(&b, PATHS, "bound", &mut seen);
    ask(&a, &PATHS[6..], "the other", &mut seen);
    // What was opened through the one for writing doesn't keep the other from being what it is.
    let held = sys::open(&a.join("1/comm"), libc::O_WRONLY | libc::O_CLOEXEC);
    ask(&b, &["1/comm"], "bound, while written to", &mut seen);
    drop(held);
    seen.note("umount", unmount(&b));
    seen.note("umount the first", unmount(&a));
    seen
}

fn bound_below(kind: &str, place: &Path) -> Observation {
    let mut seen = Observation::default();
    let (a, b) = (place.join("a"), place.join("b"));
    seen.note("mount", mount_of(kind, &a, USUAL, None));
    for (below, paths) in [
        (
            "sys",
            &["", "kernel", "kernel/hostname", "kernel/ostype"][..],
        ),
        (
            "1",
            &[
                "",
                "stat",
                "clear_refs",
                "comm",
                "oom_score_adj",
                "task",
                "fd",
            ],
        ),
        ("1/task/1", &["stat", "clear_refs", "comm"]),
        ("self", &["stat", "comm", "oom_score_adj", "task"]),
    ] {
        seen.note(format!("bind {below}"), bind(a.join(below), &b));
        ask(&b, paths, below, &mut seen);
        seen.note(format!("{below}: umount"), unmount(&b));
        // Onto itself, so that its own paths lead through the mount.
        let itself = a.join(below);
        let covered = bind(itself.clone(), &itself);
        seen.note(format!("bind {below} onto itself"), covered);
        ask(&itself, paths, &format!("{below} itself"), &mut seen);
        if covered.is_ok() {
            seen.note(format!("{below} itself: umount"), unmount(&itself));
        }
    }
    // Onto a single file, of ours and passed through.
    for file in [
        "1/stat",
        "1/clear_refs",
        "1/comm",
        "sys/kernel/hostname",
        "version",
    ] {
        let itself = a.join(file);
        let covered = bind(itself.clone(), &itself);
        seen.note(format!("bind {file} onto itself"), covered);
        ask(&a, &[file], "a file itself", &mut seen);
        if covered.is_ok() {
            seen.note(format!("{file} itself: umount"), unmount(&itself));
        }
    }
    seen.note("umount", unmount(&a));
    seen
}
