// SPDX-License-Identifier: GPL-2.0

//! A target process: this program run again under a hidden subcommand.
//!
//! The target says on its standard output which processes are to be looked at, and rests by reading
//! its standard input, a pipe that ends with whoever holds the other end. So nothing outlives a
//! comparison, however that ends.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};
use nix::errno::Errno;
use nix::poll::{poll, PollFd, PollFlags};
use nix::sched::{sched_getaffinity, sched_setaffinity, CpuSet};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::sys;

/// How long a target may take to get in place, in milliseconds: 300 children on a slow machine are
/// no hurry.
const PATIENCE: u16 = 60_000;

/// A process to look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subject {
    /// What it is; empty for the target itself.
    pub label: String,
    /// Its number, as its parent sees it.
    pub pid: i32,
}

/// What a target says about itself, on one line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Report {
    /// In place.
    Ready(Vec<Subject>),
    /// It can't be had here, and why.
    Skip(String),
}

/// A running target. It and whatever it has started are gone when this is dropped.
#[derive(Debug)]
pub struct Target {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Target {
    /// Starts a target by name.
    pub fn start(name: &str) -> Result<Target> {
        Target::start_from(&own_program()?, name)
    }

    /// Starts a target from a copy of this program.
    pub fn start_from(program: &Path, name: &str) -> Result<Target> {
        let mut command = Command::new(program);
        command.arg("__target").arg(name);
        Target::run(command)
    }

    /// Starts a target from a copy of this program, whose addresses are the same each time, on one
    /// processor.
    pub fn start_in_order(program: &Path, name: &str) -> Result<Target> {
        const ADDR_NO_RANDOMIZE: u32 = libc::ADDR_NO_RANDOMIZE as u32;
        let own = Pid::from_raw(0);
        let everywhere = sched_getaffinity(own)?;
        let mut one = CpuSet::new();
        let first = (0..CpuSet::count()).find(|&cpu| everywhere.is_set(cpu).unwrap_or(false));
        one.set(first.context("no processor")?)?;
        // A new program inherits both.
        let before = sys::set_personality(ADDR_NO_RANDOMIZE).context("personality")?;
        sched_setaffinity(own, &one)?;
        let started = Target::start_from(program, name);
        sched_setaffinity(own, &everywhere)?;
        sys::set_personality(before)?;
        started
    }

    /// Starts whatever speaks the targets' protocol.
    pub fn run(mut command: Command) -> Result<Target> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {:?}", command.get_program()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no pipe from the target")?;
        Ok(Target {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    /// Waits for the next report.
    pub fn report(&mut self) -> Result<Report> {
        let mut line = String::new();
        let mut waiting = [PollFd::new(
            self.stdout.get_ref().as_fd(),
            PollFlags::POLLIN,
        )];
        if self.stdout.buffer().is_empty() && poll(&mut waiting, PATIENCE)? == 0 {
            bail!("the target isn't in place after {PATIENCE} ms");
        }
        self.stdout.read_line(&mut line)?;
        if line.is_empty() {
            bail!("the target ended without a word");
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Waits until it is in place; that it can't be is an error here.
    pub fn ready(&mut self) -> Result<Vec<Subject>> {
        match self.report()? {
            Report::Ready(subjects) => Ok(subjects),
            Report::Skip(reason) => bail!("{reason}"),
        }
    }

    /// Tells it to take its next step.
    pub fn step(&mut self) -> Result<()> {
        let stdin = self.stdin.as_mut().context("no pipe to the target")?;
        Ok(stdin.write_all(b"x")?)
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Waits until it has ended and collects it.
    pub fn reap(&mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        end_orphans();
    }
}

/// Ends what a target has left behind. Orphans come to us: see [`adopt_orphans`].
fn end_orphans() {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let children = own_children();
        if children.is_empty() || Instant::now() > deadline {
            return;
        }
        for pid in &children {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        while waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL))
            .is_ok_and(|status| status.pid().is_some())
        {}
        sleep(Duration::from_millis(1));
    }
}

fn own_children() -> Vec<Pid> {
    let text = fs::read("/proc/thread-self/children").unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.split_whitespace()
        .filter_map(|n| n.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

/// Makes this process the parent of what its descendants leave behind.
pub fn adopt_orphans() -> Result<()> {
    nix::sys::prctl::set_child_subreaper(true).context("PR_SET_CHILD_SUBREAPER")
}

/// This program's file.
pub fn own_program() -> Result<PathBuf> {
    std::env::current_exe().context("can't find this program's own file")
}

/// A command that runs this program again.
pub fn own_command(subcommand: &str) -> Result<Command> {
    let mut command = Command::new(own_program()?);
    command.arg(OsStr::new(subcommand));
    Ok(command)
}

/// Rests until the other end says go, or is gone: then this process is gone too.
pub fn rest() {
    loop {
        match std::io::stdin().lock().read(&mut [0_u8; 1]) {
            Ok(1) => return,
            Err(error) if error.raw_os_error() == Some(Errno::EINTR as i32) => (),
            _ => std::process::exit(0),
        }
    }
}

/// Says something to whoever started this target.
pub fn say(report: &Report) -> Result<()> {
    let mut line = serde_json::to_string(report)?;
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())?;
    Ok(out.flush()?)
}

/// Waits until no thread of a process runs and none of its counters moves, or says that it keeps
/// moving.
pub fn wait_for_rest(stock: &Path, pid: Pid) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut before = snapshot(stock, pid);
    while Instant::now() < deadline {
        sleep(Duration::from_millis(3));
        let now = snapshot(stock, pid);
        if now == before && !runs(&now) {
            return true;
        }
        before = now;
    }
    false
}

fn snapshot(stock: &Path, pid: Pid) -> Vec<Vec<u8>> {
    let tasks = stock.join(pid.to_string()).join("task");
    let mut all = Vec::new();
    for thread in fs::read_dir(tasks).into_iter().flatten().flatten() {
        for file in ["stat", "status"] {
            all.push(fs::read(thread.path().join(file)).unwrap_or_default());
        }
    }
    all
}

fn runs(snapshot: &[Vec<u8>]) -> bool {
    let running = |stat: &Vec<u8>| stat_state(stat) == Some(b'R');
    snapshot.iter().step_by(2).any(running)
}

/// The state letter in a `stat` line: what follows the last `)`, for a name may contain one.
fn stat_state(stat: &[u8]) -> Option<u8> {
    let close = stat.iter().rposition(|&b| b == b')')?;
    stat.get(close + 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_the_last_parenthesis() {
        assert_eq!(stat_state(b"7 (a) R (b) S 1 2"), Some(b'S'));
        assert_eq!(stat_state(b"7 (a"), None);
    }

    #[test]
    fn reports_are_one_line() {
        let report = Report::Skip("no\nway".into());
        let line = serde_json::to_string(&report).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Report>(&line).unwrap(), report);
    }
}
