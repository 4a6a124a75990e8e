// SPDX-License-Identifier: GPL-2.0

//! Mounting by the root of a user namespace, who may do so only if nothing is revealed by it.

use std::path::{Path, PathBuf};

use nix::mount::{mount, umount2, MntFlags, MsFlags};
use nix::sched::{unshare, CloneFlags};
use nix::unistd::{setgroups, setresgid, setresuid, Gid, Uid};

use super::child::said;
use super::{mount_of, Question, USUAL};
use crate::fact::Observation;
use crate::sys;

pub const QUESTIONS: &[(&str, Question)] = &[
    ("from a user namespace: what must be in sight", visibility),
    (
        "from a user namespace: whose pid namespace it is",
        namespaces,
    ),
    ("from a user namespace: flags that are locked", locked_flags),
    ("from a user namespace: ids as they are mapped", owner),
];

/// What is done to a mount that is in sight, before somebody mounts another.
type Preparation = fn(&str, &Path) -> nix::Result<()>;

/// Each state of the mount that is in sight.
const STATES: &[(&str, Option<&str>, Preparation)] = &[
    ("nothing in sight", None, |_, _| Ok(())),
    ("one in sight", Some(""), |_, _| Ok(())),
    ("one with hidepid=2 in sight", Some("hidepid=2"), |_, _| {
        Ok(())
    }),
    (
        "one with subset=pid in sight",
        Some("subset=pid"),
        |_, _| Ok(()),
    ),
    ("a directory covered", Some(""), |_, at| {
        cover(&at.join("sys"))
    }),
    ("a process covered", Some(""), |_, at| cover(&at.join("1"))),
    ("a task covered", Some(""), |_, at| {
        cover(&at.join("1/task"))
    }),
    ("a file covered", Some(""), |_, at| {
        cover_file(&at.join("version"))
    }),
    ("a file of a process covered", Some(""), |_, at| {
        cover_file(&at.join("1/stat"))
    }),
    ("an empty directory covered", Some(""), |_, at| {
        cover(&at.join("fs/nfsd"))
    }),
    ("another empty directory covered", Some(""), |_, at| {
        cover(&at.join("sys/fs/binfmt_misc"))
    }),
    ("a mount point covered", Some(""), |_, at| {
        cover(&at.join("rustproc"))
    }),
    ("only a part in sight", Some(""), |_, at| {
        mount_over(at, &at.join("sys"))
    }),
    ("read-only in sight", Some("ro"), |_, _| Ok(())),
];

fn cover(at: &Path) -> nix::Result<()> {
    let kind = Some("tmpfs");
    mount(kind, at, kind, USUAL, None::<&str>)
}

fn cover_file(at: &Path) -> nix::Result<()> {
    let none = None::<&str>;
    mount(Some("/dev/null"), at, none, MsFlags::MS_BIND, none)
}

/// Leaves only a part of a tree where the whole was.
fn mount_over(at: &Path, part: &Path) -> nix::Result<()> {
    let none = None::<&str>;
    let aside: PathBuf = at.with_file_name("b");
    mount(Some(part), &aside, none, MsFlags::MS_BIND, none)?;
    umount2(at, MntFlags::MNT_DETACH)
}

/// In a mount namespace of its own: nothing of either type in sight, then what is wanted; then
/// the attempt.
fn in_state(
    kind: &str,
    at: &Path,
    state: Option<&str>,
    prepare: Preparation,
    attempt: impl FnOnce(&Path) -> String,
) -> String {
    said(|| {
        if let Err(errno) = alone() {
            return format!("not alone: {errno:?}");
        }
        if let Some(options) = state {
            let flags = match options {
                "ro" => USUAL | MsFlags::MS_RDONLY,
                _ => USUAL,
            };
            let options = options.trim_start_matches("ro");
            let prepared =
                mount_of(kind, at, flags, Some(options)).and_then(|()| prepare(kind, at));
            if let Err(errno) = prepared {
                return format!("can't be had: {errno:?}");
            }
        }
        attempt(at)
    })
}

/// A mount namespace of our own without `/proc` and what is mounted there.
fn alone() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    while umount2("/proc", MntFlags::MNT_DETACH).is_ok() {}
    Ok(())
}

/// Where the new mount goes.
fn new_place(at: &Path) -> PathBuf {
    at.with_file_name("new")
}

/// Mounts with some options, in namespaces that are new; says what came of each.
fn attempts(kind: &str, at: &Path, namespaces: CloneFlags, options: &[(&str, MsFlags)]) -> String {
    let new = new_place(at);
    if let Err(errno) = unshare(CloneFlags::CLONE_NEWUSER | namespaces) {
        return format!("unshare: {errno:?}");
    }
    let try_all = || {
        let one = |&(options, flags): &(&str, MsFlags)| {
            let answer = mount_of(kind, &new, flags, Some(options));
            let shown = match answer {
                Ok(()) => shown_in(&new),
                Err(errno) => format!("{errno:?}"),
            };
            let _ = umount2(&new, MntFlags::MNT_DETACH);
            format!("{options:?} {flags:?}: {shown}\n")
        };
        options.iter().map(one).collect()
    };
    // Only a child is in the new pid namespace.
    if namespaces.contains(CloneFlags::CLONE_NEWPID) {
        said(try_all)
    } else {
        try_all()
    }
}

/// The options of a mount, read from its own tables; and who is in it.
fn shown_in(new: &Path) -> String {
    let table = std::fs::read_to_string(new.join("self/mounts")).unwrap_or_default();
    let line = table
        .lines()
        .rfind(|line| line.split(' ').nth(1).map(Path::new) == Some(new));
    let options = line.and_then(|line| line.split(' ').nth(3)).unwrap_or("?");
    let stat = sys::statx(None, &new.join("1"), 0).map(|stat| (stat.stx_uid, stat.stx_gid));
    let first = sys::open(&new.join("1/stat"), libc::O_RDONLY).map(|_| ());
    let sysctl = sys::open(&new.join("sys/kernel/ostype"), libc::O_RDONLY).map(|_| ());
    format!("{options} {stat:?} {first:?} {sysctl:?}")
}

const USUAL_ATTEMPTS: &[(&str, MsFlags)] = &[
    ("", USUAL),
    ("hidepid=2", USUAL),
    ("subset=pid", USUAL),
    ("subset=pid,hidepid=4,gid=0", USUAL),
    ("subset=", USUAL),
    ("foo", USUAL),
    ("", MsFlags::empty()),
    ("", USUAL.union(MsFlags::MS_RDONLY)),
];

const ALL_NEW: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

/// A user of no rights.
fn nobody() -> nix::Result<()> {
    let (uid, gid) = (Uid::from_raw(1234), Gid::from_raw(1234));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}

fn visibility(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    let _ = std::fs::create_dir_all(new_place(&at));
    for &(name, state, prepare) in STATES {
        for (who, rights) in [("root", true), ("a user", false)] {
            let text = in_state(kind, &at, state, prepare, |at| {
                if !rights && nobody().is_err() {
                    return "can't become nobody".into();
                }
                attempts(kind, at, ALL_NEW, USUAL_ATTEMPTS)
            });
            note.say(format!("{name}, by {who}"), text);
        }
    }
    note
}

fn namespaces(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    for (name, namespaces) in [
        ("none new", CloneFlags::empty()),
        ("a new mount namespace only", CloneFlags::CLONE_NEWNS),
        ("a new pid namespace only", CloneFlags::CLONE_NEWPID),
        ("both new", ALL_NEW),
    ] {
        let text = in_state(
            kind,
            &at,
            Some(""),
            |_, _| Ok(()),
            |at| attempts(kind, at, namespaces, USUAL_ATTEMPTS),
        );
        note.say(name, text);
    }
    note
}

/// Flags that a mount in sight has, and one without them.
fn locked_flags(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    let tries: Vec<(&str, MsFlags)> = [
        MsFlags::empty(),
        USUAL,
        USUAL | MsFlags::MS_RDONLY,
        USUAL | MsFlags::MS_NOATIME,
        USUAL | MsFlags::MS_STRICTATIME,
        MsFlags::MS_RDONLY | MsFlags::MS_NOATIME,
    ]
    .map(|flags| ("", flags))
    .to_vec();
    for flags in [
        MsFlags::empty(),
        USUAL,
        USUAL | MsFlags::MS_RDONLY,
        USUAL | MsFlags::MS_NOATIME,
    ] {
        let text = said(|| {
            let ready = alone().and_then(|()| mount_of(kind, &at, flags, None));
            match ready {
                Ok(()) => attempts(kind, &at, ALL_NEW, &tries),
                Err(errno) => format!("can't be had: {errno:?}"),
            }
        });
        note.say(format!("in sight: {flags:?}"), text);
    }
    note
}

/// Ids, as they are mapped in the namespace.
fn owner(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    let text = in_state(
        kind,
        &at,
        Some(""),
        |_, _| Ok(()),
        |at| mapped(kind, at).unwrap_or_else(|errno| format!("{errno:?}")),
    );
    note.say("mapped", text);
    note
}

/// Mounts where some ids are others outside.
fn mapped(kind: &str, at: &Path) -> nix::Result<String> {
    let new = new_place(at);
    let own = sys::open(&at.join("self"), libc::O_PATH | libc::O_CLOEXEC)?;
    unshare(CloneFlags::CLONE_NEWUSER | ALL_NEW)?;
    for (file, text) in [
        ("uid_map", "0 0 1\n1000 2000 10\n"),
        ("gid_map", "0 0 1\n1000 2000 10\n"),
    ] {
        use std::os::fd::AsFd;
        let flags = libc::O_WRONLY | libc::O_CLOEXEC;
        let map = sys::openat(Some(own.as_fd()), Path::new(file), flags)?;
        nix::unistd::write(&map, text.as_bytes())?;
    }
    Ok(said(|| {
        let mut text = String::new();
        for options in [
            "gid=0",
            "gid=1005",
            "gid=5",
            "gid=4294967295",
            "hidepid=2,gid=1001",
        ] {
            let answer = mount_of(kind, &new, USUAL, Some(options));
            text.push_str(&format!("{options}: {answer:?} {}\n", shown_in(&new)));
            let again = USUAL | MsFlags::MS_REMOUNT;
            let answer = mount_of(kind, &new, again, Some("gid=1002"));
            text.push_str(&format!(
                "{options}, changed: {answer:?} {}\n",
                shown_in(&new)
            ));
            let _ = umount2(&new, MntFlags::MNT_DETACH);
        }
        text
    }))
}
