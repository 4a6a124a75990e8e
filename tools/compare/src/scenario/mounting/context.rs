// SPDX-License-Identifier: GPL-2.0

//! Mounting step by step: `fsopen(2)`, `fsconfig(2)`, `fsmount(2)`, `fspick(2)`, and the messages that
//! come back.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::unistd::read;

use super::{mount_of, shown, unmount, Question, USUAL};
use crate::fact::Observation;
use crate::sys;
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::Trap;

pub const QUESTIONS: &[(&str, Question)] = &[
    ("step by step: values of every type", values),
    ("step by step: a mount of several options", whole),
    ("step by step: changes", changes),
    ("step by step: out of order", out_of_order),
];

/// What one step sets, or does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Flag(&'static str),
    Text(&'static str, &'static str),
    Bytes(&'static str, &'static [u8]),
    /// A path, to be opened by the kernel.
    Path(&'static str, &'static str),
    /// A descriptor of what a path leads to.
    File(&'static str, &'static str),
    /// A descriptor number that isn't in use.
    NoFile(&'static str),
    Create,
    CreateAnew,
    Change,
    /// A command that nobody knows.
    Unknown,
}

const NULL: Arg<'static> = Arg::At(Place::Null);

/// A file system that is being configured, and what it is called.
struct Context<'a> {
    fd: OwnedFd,
    kind: &'a str,
}

impl Context<'_> {
    fn open(kind: &str) -> nix::Result<Context<'_>> {
        let name = std::ffi::CString::new(kind).unwrap_or_default();
        let fd = Call::FSOPEN.open(Caller::Native, &[Arg::Text(&name), Arg::Number(1)])?;
        Ok(Context { fd, kind })
    }

    /// Of a mount that is there.
    fn pick<'a>(kind: &'a str, at: &Path) -> nix::Result<Context<'a>> {
        let at = sys::c_path(at)?;
        let here = Arg::Number(libc::AT_FDCWD.into());
        let arguments = [here, Arg::Text(&at), Arg::Number(1)];
        let fd = Call::FSPICK.open(Caller::Native, &arguments)?;
        Ok(Context { fd, kind })
    }

    fn take(&self, step: Step) -> nix::Result<i64> {
        let text = |text: &str| std::ffi::CString::new(text).unwrap_or_default();
        let call = |command: i64, key: Arg<'_>, value: Arg<'_>, more: i64| {
            let arguments = [
                fd(&self.fd),
                Arg::Number(command),
                key,
                value,
                Arg::Number(more),
            ];
            Call::FSCONFIG.ask(&arguments)
        };
        match step {
            Step::Flag(key) => call(0, Arg::Text(&text(key)), NULL, 0),
            Step::Text(key, value) => call(1, Arg::Text(&text(key)), Arg::Text(&text(value)), 0),
            Step::Bytes(key, bytes) => {
                let trap = Trap::default();
                trap.set(bytes);
                let value = Arg::At(Place::Before(&trap, bytes.len()));
                call(2, Arg::Text(&text(key)), value, bytes.len() as i64)
            }
            Step::Path(key, path) => {
                let here = libc::AT_FDCWD.into();
                call(3, Arg::Text(&text(key)), Arg::Text(&text(path)), here)
            }
            Step::File(key, path) => {
                let file = sys::open(Path::new(path), libc::O_RDONLY | libc::O_CLOEXEC)?;
                call(5, Arg::Text(&text(key)), NULL, file.as_raw_fd().into())
            }
            Step::NoFile(key) => call(5, Arg::Text(&text(key)), NULL, 1_000_000),
            Step::Create => call(6, NULL, NULL, 0),
            Step::Change => call(7, NULL, NULL, 0),
            Step::CreateAnew => call(8, NULL, NULL, 0),
            Step::Unknown => call(99, NULL, NULL, 0),
        }
    }

    /// Takes a step and notes what was said of it.
    fn note(&self, name: &str, step: Step, note: &mut Observation) -> bool {
        let answer = self.take(step);
        note.note(format!("{name}: {step:?}"), answer);
        note.say(format!("{name}: {step:?}: messages"), self.messages());
        answer.is_ok()
    }

    /// What the kernel has to say. Where the VFS names the file system, it is stock's name here.
    fn messages(&self) -> String {
        let mut all = String::new();
        let mut buffer = [0_u8; 4096];
        loop {
            match read(&self.fd, &mut buffer) {
                Ok(length) => all.push_str(&String::from_utf8_lossy(&buffer[..length])),
                Err(errno) => {
                    all.push_str(&format!("{errno:?}"));
                    return all.replace(self.kind, "proc");
                }
            }
        }
    }

    /// Mounts what was configured.
    fn mount(&self, at: &Path, note: &mut Observation) {
        let arguments = [fd(&self.fd), Arg::Number(1), Arg::Number(0)];
        let mounted = Call::FSMOUNT.open(Caller::Native, &arguments);
        note.say("fsmount: messages", self.messages());
        let mounted = match mounted {
            Ok(mounted) => mounted,
            Err(errno) => return note.note("fsmount", Err::<i64, _>(errno)),
        };
        let Ok(path) = sys::c_path(at) else {
            return;
        };
        const F_EMPTY_PATH: i64 = 4;
        let here = Arg::Number(libc::AT_FDCWD.into());
        let moved = Call::MOVE_MOUNT.ask(&[
            fd(&mounted),
            Arg::Text(c""),
            here,
            Arg::Text(&path),
            Arg::Number(F_EMPTY_PATH),
        ]);
        note.note("move_mount", moved);
        note.say("options", shown::options(at));
        note.note("umount", unmount(at));
    }
}

/// One value each.
const VALUES: &[Step] = &[
    Step::Flag("hidepid"),
    Step::Flag("gid"),
    Step::Flag("subset"),
    Step::Flag("pidns"),
    Step::Flag("foo"),
    Step::Flag("ro"),
    Step::Flag("rw"),
    Step::Flag(""),
    Step::Text("hidepid", "0"),
    Step::Text("hidepid", "1"),
    Step::Text("hidepid", "2"),
    Step::Text("hidepid", "3"),
    Step::Text("hidepid", "4"),
    Step::Text("hidepid", "-1"),
    Step::Text("hidepid", "0x2"),
    Step::Text("hidepid", ""),
    Step::Text("hidepid", "off"),
    Step::Text("hidepid", "noaccess"),
    Step::Text("hidepid", "invisible"),
    Step::Text("hidepid", "ptraceable"),
    Step::Text("hidepid", "nonsense"),
    Step::Text("hidepid", "%s%n"),
    Step::Text("hidepid", "4294967298"),
    Step::Text("gid", "0"),
    Step::Text("gid", "5678"),
    Step::Text("gid", "-1"),
    Step::Text("gid", "4294967295"),
    Step::Text("gid", "4294967296"),
    Step::Text("gid", "abc"),
    Step::Text("gid", ""),
    Step::Text("subset", "pid"),
    Step::Text("subset", ""),
    Step::Text("subset", "foo"),
    Step::Text("subset", "pid,foo"),
    Step::Text("subset", ",pid,,pid,"),
    Step::Text("subset", "foo,pid"),
    Step::Text("pidns", "/proc/self/ns/pid"),
    Step::Text("pidns", "/proc/1/ns/pid"),
    Step::Text("pidns", "/proc/self/ns/net"),
    Step::Text("pidns", "/dev/null"),
    Step::Text("pidns", "/nothing"),
    Step::Text("pidns", ""),
    Step::Text("foo", "1"),
    Step::Text("", "1"),
    Step::Text("ro", "1"),
    Step::Text("source", "something"),
    Step::Text("source", ""),
    Step::Bytes("hidepid", b"2"),
    Step::Bytes("gid", b"5"),
    Step::Bytes("subset", b"pid"),
    Step::Bytes("pidns", b"/proc/self/ns/pid"),
    Step::Bytes("foo", b"\0\xff"),
    Step::Path("hidepid", "/proc"),
    Step::Path("gid", "/proc"),
    Step::Path("subset", "/proc"),
    Step::Path("pidns", "/proc/self/ns/pid"),
    Step::Path("foo", "/proc"),
    Step::File("hidepid", "/dev/null"),
    Step::File("gid", "/dev/null"),
    Step::File("subset", "/dev/null"),
    Step::File("pidns", "/proc/self/ns/pid"),
    Step::File("pidns", "/proc/self/ns/user"),
    Step::File("pidns", "/dev/null"),
    Step::File("foo", "/dev/null"),
    Step::NoFile("pidns"),
    Step::NoFile("hidepid"),
    Step::Unknown,
];

fn values(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    for &step in VALUES {
        match Context::open(kind) {
            Err(errno) => note.note("fsopen", Err::<i64, _>(errno)),
            Ok(context) => {
                let taken = context.note("one", step, &mut note);
                // One that was refused can be followed by others.
                if taken {
                    let shown = format!("{step:?}, created");
                    context.note(&shown, Step::Create, &mut note);
                    context.mount(&place.join("a"), &mut note);
                } else {
                    context.note("after it", Step::Text("hidepid", "2"), &mut note);
                }
            }
        }
    }
    note
}

fn whole(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let mounts: &[&[Step]] = &[
        &[],
        &[Step::Text("hidepid", "2"), Step::Text("gid", "5678")],
        &[Step::Text("subset", "pid"), Step::Text("hidepid", "4")],
        &[
            Step::Text("hidepid", "1"),
            Step::Text("hidepid", "7"),
            Step::Text("foo", "x"),
            Step::Flag("gid"),
            Step::Text("gid", "9"),
        ],
        &[
            Step::File("pidns", "/proc/self/ns/pid"),
            Step::Text("hidepid", "1"),
        ],
        &[Step::Flag("ro"), Step::Text("hidepid", "2")],
    ];
    for (number, steps) in mounts.iter().enumerate() {
        let Ok(context) = Context::open(kind) else {
            continue;
        };
        for &step in *steps {
            context.note(&number.to_string(), step, &mut note);
        }
        context.note(&number.to_string(), Step::Create, &mut note);
        context.mount(&place.join("a"), &mut note);
    }
    note
}

fn changes(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    for before in ["", "hidepid=2,gid=5678", "subset=pid", "ro"] {
        note.note("mount", mount_of(kind, &at, USUAL, Some(before)));
        for &step in VALUES {
            match Context::pick(kind, &at) {
                Err(errno) => note.note("fspick", Err::<i64, _>(errno)),
                Ok(context) => {
                    let name = format!("{before:?} then");
                    context.note(&name, step, &mut note);
                    let name = format!("{name} {step:?}");
                    context.note(&name, Step::Change, &mut note);
                    note.say(format!("{name}: options"), shown::options(&at));
                }
            }
        }
        note.note("umount", unmount(&at));
    }
    note
}

fn out_of_order(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    let orders: &[&[Step]] = &[
        &[Step::Change],
        &[Step::CreateAnew, Step::Create],
        &[Step::Create, Step::Create],
        &[Step::Create, Step::Text("hidepid", "2"), Step::Change],
        &[Step::Text("hidepid", "9"), Step::Create],
    ];
    for (number, steps) in orders.iter().enumerate() {
        let Ok(context) = Context::open(kind) else {
            continue;
        };
        for &step in *steps {
            context.note(&number.to_string(), step, &mut note);
        }
        context.mount(&at, &mut note);
        context.note(
            &format!("{number} mounted"),
            Step::Text("hidepid", "1"),
            &mut note,
        );
        context.note(&format!("{number} mounted"), Step::Change, &mut note);
    }
    // What isn't the root of a mount can't be picked; a bind mount can.
    note.note("mount", mount_of(kind, &at, USUAL, None));
    for below in ["", "1", "sys", "version"] {
        let picked = Context::pick(kind, &at.join(below)).map(|_| 0_i64);
        note.note(format!("pick {below:?}"), picked);
    }
    note.note("umount", unmount(&at));
    note
}
