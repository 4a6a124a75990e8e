// SPDX-License-Identifier: GPL-2.0

//! Targets that take one step when told to.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use anyhow::{bail, Result};
use nix::unistd::{setresuid, Pid, Uid};

use crate::sys::{self, Mapping};
use crate::target::{own_command, own_program, rest, say, Report, Subject};

/// The name of a copy of this program that runs as its owner, root.
pub const SET_UID: &str = "set-uid";

/// What an actor has prepared and will do.
type Act = fn() -> Result<()>;

const ACTORS: &[(&str, Act)] = &[
    ("actor-exec", exec),
    ("actor-thread-exec", thread_exec),
    ("actor-thread-exit", thread_exit),
    ("actor-exit", exit),
    ("actor-become-user", become_user),
    ("actor-exec-set-uid", exec_set_uid),
    ("actor-rename", rename),
    ("actor-remap", remap),
];

/// The actor of a name, if it is one.
pub fn by_name(name: &str) -> Option<Act> {
    ACTORS
        .iter()
        .find_map(|&(known, act)| (known == name).then_some(act))
}

/// Acts, tells that it is done, and rests for ever.
pub fn perform(act: Act) -> Result<()> {
    sys::die_with_parent();
    act()?;
    in_place(None)?;
    loop {
        rest();
    }
}

fn in_place(thread: Option<Pid>) -> Result<()> {
    let subject = |label: &str, pid: Pid| Subject {
        label: label.into(),
        pid: pid.as_raw(),
    };
    let own = std::iter::once(subject("", Pid::this()));
    say(&Report::Ready(
        own.chain(thread.map(|pid| subject("thread", pid)))
            .collect(),
    ))
}

fn exec() -> Result<()> {
    in_place(None)?;
    rest();
    bail!(own_command("__target")?.arg("threads").exec())
}

/// The set-user-id program is beside this one.
fn exec_set_uid() -> Result<()> {
    in_place(None)?;
    rest();
    let program = own_program()?.with_file_name(SET_UID);
    bail!(Command::new(program).arg("__target").arg("sleeper").exec())
}

fn thread_exec() -> Result<()> {
    let (go, told) = mpsc::channel::<()>();
    let (tell, number) = mpsc::channel();
    thread::spawn(move || {
        let _ = tell.send(sys::gettid());
        let _ = told.recv();
        let Ok(mut command) = own_command("__target") else {
            return;
        };
        let _ = command.arg("sleeper").exec();
    });
    in_place(Some(number.recv()?))?;
    rest();
    go.send(())?;
    loop {
        thread::park();
    }
}

fn thread_exit() -> Result<()> {
    let (go, told) = mpsc::channel::<()>();
    let (tell, number) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _ = tell.send(sys::gettid());
        let _ = told.recv();
    });
    in_place(Some(number.recv()?))?;
    rest();
    go.send(())?;
    let _ = thread.join();
    Ok(())
}

fn exit() -> Result<()> {
    in_place(None)?;
    rest();
    std::process::exit(3)
}

fn become_user() -> Result<()> {
    in_place(None)?;
    rest();
    let user = Uid::from_raw(1234);
    setresuid(user, user, user)?;
    sys::die_with_parent();
    Ok(())
}

fn rename() -> Result<()> {
    in_place(None)?;
    rest();
    Ok(nix::sys::prctl::set_name(c"new name) S (")?)
}

const PAGE: usize = 4096;

/// Enough areas for several buffers of `maps`; the step takes some away in the middle and adds
/// others.
fn remap() -> Result<()> {
    let pages = 600;
    let mapping = Mapping::new(
        0,
        pages * PAGE,
        libc::PROT_READ,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        None,
    )?;
    for page in (0..pages).step_by(2) {
        mapping.protect(page * PAGE, PAGE, libc::PROT_NONE)?;
    }
    in_place(None)?;
    rest();
    mapping.punch(20 * PAGE, 300 * PAGE)?;
    let more = Mapping::anonymous(64 * PAGE)?;
    more.touch(0, 64 * PAGE, true);
    in_place(None)?;
    loop {
        rest();
    }
}
