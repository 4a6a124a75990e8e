// SPDX-License-Identifier: GPL-2.0

//! Parents, children, orphans, and what is left of the dead.

use anyhow::{Context, Result};
use nix::sys::ptrace;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitid, waitpid, Id, WaitPidFlag};
use nix::unistd::{pause, Pid};

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "children",
        "300 children, and grandchildren that it has adopted",
        children,
    ),
    specimen(
        "thread-children",
        "children of several threads",
        thread_children,
    ),
    specimen(
        "zombies",
        "ended by themselves or by a signal, not collected",
        zombies,
    ),
    specimen(
        "zombie-parent",
        "a zombie whose threads went before it",
        zombie_with_threads,
    ),
    specimen("stopped", "stopped by a signal", stopped),
    specimen("traced", "stopped by a tracer", traced),
    specimen("traced-running", "has a tracer and sleeps", traced_running),
    specimen("vfork", "waits for its child to execute or leave", vfork),
    specimen("session", "leads a session and a process group", session),
    specimen(
        "group-member",
        "member of another's process group",
        group_member,
    ),
];

/// What a forked child does: nothing, until its parent goes.
fn idle() -> i32 {
    sys::die_with_parent();
    loop {
        pause();
    }
}

fn children(stage: &mut Stage) -> Result<()> {
    nix::sys::prctl::set_child_subreaper(true)?;
    for _ in 0..297 {
        sys::fork(idle)?;
    }
    for _ in 0..3 {
        let middle = sys::fork(|| match sys::fork(idle_orphan) {
            Ok(_) => 0,
            Err(_) => 1,
        })?;
        waitpid(middle, None)?;
    }
    let last = sys::fork(idle)?;
    stage.also("last child", last);
    Ok(())
}

/// Like [`idle`], for a child whose parent goes at once; whoever ends the target ends it.
fn idle_orphan() -> i32 {
    loop {
        pause();
    }
}

fn thread_children(stage: &mut Stage) -> Result<()> {
    for name in [c"first parent", c"second parent"] {
        stage.thread(name, || {
            for _ in 0..3 {
                let target = crate::target::Target::start("sleeper").and_then(|mut target| {
                    target.ready()?;
                    Ok(target)
                })?;
                // The target ends with the pipe, and the pipe with this process.
                std::mem::forget(target);
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn zombies(stage: &mut Stage) -> Result<()> {
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0)?;
    let dead = [
        ("exit 0", sys::fork(|| 0)?),
        ("exit 3", sys::fork(|| 3)?),
        ("killed", killed(Signal::SIGKILL)?),
        ("terminated", killed(Signal::SIGTERM)?),
        ("aborted", killed(Signal::SIGABRT)?),
    ];
    for (label, pid) in dead {
        wait_until_dead(pid)?;
        stage.also(label, pid);
    }
    stage.without_self();
    Ok(())
}

fn killed(signal: Signal) -> Result<Pid> {
    let pid = sys::fork(idle)?;
    kill(pid, signal)?;
    Ok(pid)
}

fn wait_until_dead(pid: Pid) -> Result<()> {
    waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    Ok(())
}

fn zombie_with_threads(stage: &mut Stage) -> Result<()> {
    let mut target = crate::target::Target::start("threads")?;
    target.ready()?;
    kill(target.pid(), Signal::SIGKILL)?;
    wait_until_dead(target.pid())?;
    stage.also("", target.pid());
    stage.without_self();
    stage.keep(target);
    Ok(())
}

fn stopped(stage: &mut Stage) -> Result<()> {
    let pid = stage.child("threads")?;
    kill(pid, Signal::SIGSTOP)?;
    waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)?;
    stage.also("", pid);
    stage.without_self();
    Ok(())
}

fn traced(stage: &mut Stage) -> Result<()> {
    let pid = sys::fork(idle)?;
    ptrace::attach(pid).context("ptrace")?;
    waitpid(pid, None)?;
    stage.also("", pid);
    Ok(())
}

fn traced_running(stage: &mut Stage) -> Result<()> {
    let pid = sys::fork(idle)?;
    ptrace::seize(pid, ptrace::Options::empty()).context("ptrace")?;
    stage.also("", pid);
    stage.without_self();
    Ok(())
}

fn vfork(stage: &mut Stage) -> Result<()> {
    // Both speak through the same pipe; the child is the one that can.
    let own = Pid::this();
    stage.also("waiting parent", own);
    stage.without_self();
    let subjects = stage.subjects.clone();
    stage.at_last(|| ());
    sys::fork_and_hang(move || {
        sys::die_with_parent();
        let _ = crate::target::say(&crate::target::Report::Ready(subjects));
        idle()
    })?;
    anyhow::bail!("the child left");
}

fn session(stage: &mut Stage) -> Result<()> {
    nix::unistd::setsid()?;
    let child = sys::fork(idle)?;
    nix::unistd::setpgid(child, child)?;
    stage.also("own group", child);
    Ok(())
}

fn group_member(stage: &mut Stage) -> Result<()> {
    let leader = sys::fork(idle)?;
    nix::unistd::setpgid(leader, leader)?;
    nix::unistd::setpgid(Pid::from_raw(0), leader)?;
    stage.also("leader", leader);
    Ok(())
}
