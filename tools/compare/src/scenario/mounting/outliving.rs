// SPDX-License-Identifier: GPL-2.0

//! Mounts that show a pid namespace whose processes are all gone.

use std::os::fd::AsFd;
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sched::{unshare, CloneFlags};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::{pause, pipe2, read, write, Pid};

use super::child::{said, seen};
use super::{mount_of, shown, unmount, Question, USUAL};
use crate::fact::{Fact, Observation};
use crate::probe::names;
use crate::sys;

pub const QUESTIONS: &[(&str, Question)] = &[
    ("a mount outlives the init of its pid namespace", outlived),
    (
        "pidns= of a namespace below, and of one above",
        other_namespaces,
    ),
];

/// What is opened while the namespace lives.
const HELD: &[&str] = &[
    "", "1", "1/stat", "1/maps", "1/comm", "1/task", "1/fd", "sys", "version",
];

/// Starts the init of a new pid namespace, which mounts at a place and then waits.
fn start_init(kind: &str, at: &Path) -> Option<Pid> {
    let (mounted, say_mounted) = pipe2(OFlag::O_CLOEXEC).ok()?;
    let (number, say_number) = pipe2(OFlag::O_CLOEXEC).ok()?;
    // Whoever unshares has its children there; so a child does, and its child is the init.
    let between = sys::fork(|| {
        if unshare(CloneFlags::CLONE_NEWPID).is_err() {
            return 1;
        }
        let init = sys::fork(|| {
            let answer = mount_of(kind, at, USUAL, None);
            let _ = write(&say_mounted, &[u8::from(answer.is_ok())]);
            loop {
                pause();
            }
        });
        let init = init.map_or(0, Pid::as_raw);
        i32::from(write(&say_number, &init.to_ne_bytes()).is_err())
    });
    drop((say_mounted, say_number));
    let _ = waitpid(between.ok()?, None);
    let (mut ready, mut bytes) = ([0_u8], [0_u8; 4]);
    let said = read(&mounted, &mut ready).ok()? + read(&number, &mut bytes).ok()?;
    (said == 5 && ready == [1]).then(|| Pid::from_raw(i32::from_ne_bytes(bytes)))
}

fn outlived(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    let Some(init) = start_init(kind, &at) else {
        note.say("init", "can't be had");
        return note;
    };
    note.say("while it lives", seen(&at));
    let held: Vec<_> = HELD
        .iter()
        .map(|path| {
            (
                path,
                sys::open(&at.join(path), libc::O_RDONLY | libc::O_CLOEXEC),
            )
        })
        .collect();
    let _ = kill(init, Signal::SIGKILL);
    let _ = waitpid(init, None);
    note.say("after it", seen(&at));
    note.say("listed after it", format!("{:?}", names(&at).len()));
    note.say("options after it", shown::options(&at));
    note.note("statfs after it", sys::statfs(&at).map(|stat| stat.f_type));
    for (path, file) in &held {
        match file {
            Err(errno) => note.note(format!("{path}: open"), Fact::Failed(*errno)),
            Ok(file) => {
                note.note(format!("{path}: read"), read(file, &mut [0; 64]));
                let entries = sys::getdents(file, 4096).map(|entries| entries.len());
                note.note(format!("{path}: entries"), entries);
                let below = sys::openat(Some(file.as_fd()), Path::new("stat"), libc::O_RDONLY);
                note.note(format!("{path}: stat in it"), below.map(|_| 0_i64));
            }
        }
    }
    let again = USUAL | nix::mount::MsFlags::MS_REMOUNT;
    note.note(
        "remount",
        mount_of(kind, &at, again, Some("hidepid=2,gid=5")),
    );
    note.say("options in the end", shown::options(&at));
    note.note("umount while in use", unmount(&at));
    drop(held);
    note.note("umount", unmount(&at));
    note
}

/// `pidns=` of a namespace that is below ours; and from within it, of ours.
fn other_namespaces(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let (a, b) = (place.join("a"), place.join("b"));
    let Some(init) = start_init(kind, &a) else {
        note.say("init", "can't be had");
        return note;
    };
    let options = format!("pidns=/proc/{init}/ns/pid,hidepid=1");
    note.note("below", mount_of(kind, &b, USUAL, Some(&options)));
    note.say("below: options", shown::options(&b));
    note.say("below: listed", format!("{:?}", names(&b).len()));
    note.say("below: seen", seen(&b));
    let same = ["1/stat", "1/status", "1/comm"].map(|path| {
        let read = |tree: &Path| std::fs::read(tree.join(path)).unwrap_or_default();
        let (below, there) = (read(&b), read(&a));
        // Its own counters may move.
        below.get(..8) == there.get(..8) && !below.is_empty()
    });
    note.say("below: the same as mounted there", format!("{same:?}"));
    note.note("below: umount", unmount(&b));
    let above = said(|| enter_and_mount(kind, &b, init));
    note.say("above", above);
    let _ = kill(init, Signal::SIGKILL);
    let _ = waitpid(init, None);
    note.note("umount", unmount(&a));
    note
}

/// From within a pid namespace: a mount that shows the one above.
fn enter_and_mount(kind: &str, at: &Path, init: Pid) -> String {
    let entered = std::fs::File::open(format!("/proc/{init}/ns/pid"))
        .map_err(drop)
        .and_then(|ns| nix::sched::setns(ns, CloneFlags::CLONE_NEWPID).map_err(drop));
    if entered.is_err() {
        return "can't enter".into();
    }
    said(|| {
        let answer = mount_of(kind, at, USUAL, Some("pidns=/proc/1/ns/pid"));
        if answer.is_ok() {
            let _ = unmount(at);
        }
        format!("{answer:?}")
    })
}
