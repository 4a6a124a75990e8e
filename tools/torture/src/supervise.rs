// SPDX-License-Identifier: GPL-2.0

//! One run: who takes part, whether they live, and when it ends.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::fcntl::{fcntl, FcntlArg, OFlag};
use nix::sys::signal::{kill, Signal};
use nix::sys::socket::{socketpair, AddressFamily, SockFlag, SockType};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

use crate::actor::{Actor, Place, Role, Setting};
use crate::board::{Board, Count, Phase, SLOTS};
use crate::log::Log;
use crate::reader::Sockets;
use crate::{group, reader, still, sys, target, weight, world};

/// For how long an actor may make no step, in milliseconds.
const PATIENCE: u64 = 180_000;
/// How many findings end the run.
const ENOUGH: u64 = 50;

/// One run.
pub struct Run {
    pub board: &'static Board,
    pub setting: Arc<Setting>,
    pub module: Option<PathBuf>,
    places: Vec<Place>,
    pids: Vec<Option<Pid>>,
    sockets: Sockets,
    findings: Arc<File>,
    /// Where findings come out.
    told: File,
    log: Option<Log>,
    /// How many readers have died, which only failing allocations explain.
    pub lost: u64,
    /// How many actors were stuck.
    pub stuck: u64,
    /// How many reports the kernel made.
    pub reports: u64,
}

impl Run {
    pub fn new(
        board: &'static Board,
        setting: Arc<Setting>,
        module: Option<PathBuf>,
    ) -> Result<Run> {
        let (out, into) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        fcntl(out.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let sockets = sockets(setting.readers.max(1))?;
        let places = places(&setting);
        Ok(Run {
            board,
            pids: vec![None; places.len()],
            places,
            sockets,
            findings: Arc::new(File::from(into)),
            told: File::from(out),
            log: Log::open().ok(),
            lost: 0,
            stuck: 0,
            reports: 0,
            module,
            setting,
        })
    }

    /// Runs for so long; less if the kernel reports something.
    pub fn go(&mut self, seconds: u64) -> Result<()> {
        let began = sys::now();
        for number in 0..self.places.len() {
            self.start(number)?;
        }
        let mut spoken = 0;
        loop {
            let elapsed = (sys::now() - began) / 1000;
            if elapsed >= seconds || self.watch()? {
                break;
            }
            if elapsed >= spoken + 10 {
                spoken = elapsed;
                self.speak(elapsed);
            }
            sleep(Duration::from_millis(100));
        }
        self.end();
        Ok(())
    }

    fn speak(&self, elapsed: u64) {
        eprintln!(
            "{elapsed} s: {} operations, {} lines judged, {} comparisons, {} findings",
            self.board.operations(),
            self.board.count(Count::Lines),
            self.board.count(Count::Equal),
            self.board.count(Count::Findings),
        );
    }

    /// Starts an actor, or another one in its place.
    fn start(&mut self, number: usize) -> Result<()> {
        let place = self.places[number];
        let slot = &self.board.slots[place.slot];
        slot.beat();
        let pid = sys::fork(|| {
            sys::die_with_parent();
            let _ = group::enter(place.role);
            let findings = self.findings.clone();
            let mut actor = Actor::new(self.board, self.setting.clone(), place, findings);
            match place.role {
                Role::Reader => reader::run(&mut actor, &self.sockets),
                Role::Target => target::run(&mut actor),
                Role::World => world::run(&mut actor, self.module.as_ref()),
                Role::Weight => weight::run(&mut actor),
                Role::Still => still::run(&mut actor),
            }
            0
        })
        .with_context(|| format!("starting {} {}", place.role.name(), place.index))?;
        slot.pid.store(pid.as_raw(), Relaxed);
        self.pids[number] = Some(pid);
        self.places[number].incarnation += 1;
        Ok(())
    }

    /// Looks after everybody; true if the run must end.
    fn watch(&mut self) -> Result<bool> {
        self.tell();
        for number in 0..self.places.len() {
            if self.has_ended(number) {
                self.start(number)?;
            }
            self.check_beat(number);
        }
        if let Some(report) = self.log.as_mut().and_then(Log::report) {
            self.reports += 1;
            println!("not ok kernel: {report} (seed {:#x})", self.setting.seed);
            self.stories();
            return Ok(true);
        }
        Ok(self.board.count(Count::Findings) >= ENOUGH)
    }

    /// Passes on what actors have found.
    fn tell(&mut self) {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = self.told.read(&mut bytes) {
            print!("{}", String::from_utf8_lossy(&bytes[..length]));
        }
    }

    /// Whether an actor's process has ended, which only targets do by themselves.
    fn has_ended(&mut self, number: usize) -> bool {
        let (Some(pid), place) = (self.pids[number], self.places[number]) else {
            return true;
        };
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive | WaitStatus::Stopped(..)) | Err(_) => return false,
            Ok(_) if place.role == Role::Target => (),
            Ok(how) => {
                self.lost += 1;
                let name = place.role.name();
                let line = format!("{name} {}: {how:?}", place.index);
                if place.role == Role::Reader && self.setting.faults {
                    eprintln!("# lost {line}");
                } else {
                    self.finding(&format!("actors: {line}"));
                }
            }
        }
        true
    }

    /// A finding of our own.
    fn finding(&self, what: &str) {
        self.board.add(Count::Findings, 1);
        println!("not ok {what} (seed {:#x})", self.setting.seed);
    }

    fn check_beat(&mut self, number: usize) {
        let place = self.places[number];
        let slot = &self.board.slots[place.slot];
        if sys::now().saturating_sub(slot.beat.load(Relaxed)) < PATIENCE {
            return;
        }
        let pid = slot.pid.load(Relaxed);
        // What a target does, it does to itself, and some of it the kernel tries again for ever: guards
        // where something else keeps putting pages, for one.
        if place.role == Role::Target && is_runnable(pid) {
            eprintln!(
                "# target {} gets nowhere: {}",
                place.index,
                slot.story().join("; ")
            );
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            slot.beat();
            return;
        }
        self.stuck += 1;
        self.finding(&format!(
            "tasks: {} {} has made no step for three minutes: {}",
            place.role.name(),
            place.index,
            slot.story().join("; ")
        ));
        println!("{}", where_it_is(pid));
        // Told once in that time.
        slot.beat();
    }

    /// What everybody did last.
    fn stories(&self) {
        for place in &self.places {
            println!("# {} {}:", place.role.name(), place.index);
            for line in self.board.slots[place.slot].story() {
                println!("#   {line}");
            }
        }
    }

    /// Has everybody stop, and waits for them.
    fn end(&mut self) {
        self.board.set_phase(Phase::End);
        let began = sys::now();
        while sys::now() - began < PATIENCE {
            self.tell();
            // Orphans are ours as well: they are waited for with the others.
            let _ = waitpid(None, Some(WaitPidFlag::WNOHANG));
            let left = group::members();
            if left.is_empty() {
                break;
            }
            let late = sys::now() - began > PATIENCE / 4;
            let alive = |pid: &Pid| left.contains(&pid.as_raw());
            if late || !self.pids.iter().flatten().any(alive) {
                let _ = group::kill();
            }
            sleep(Duration::from_millis(20));
        }
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
        }
        self.sockets.empty();
        self.tell();
        for pid in group::members() {
            self.stuck += 1;
            self.finding(&format!("tasks: {pid} doesn't end"));
            println!("{}", where_it_is(pid));
        }
    }
}

/// Whether a task goes on, and waits for nothing but processors and locks for a moment each.
fn is_runnable(pid: i32) -> bool {
    (0..40).any(|_| {
        sleep(Duration::from_millis(25));
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('R'))
    })
}

/// Where in the kernel a task is, as comments.
fn where_it_is(pid: i32) -> String {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}"));
    let parts = ["wchan", "stack", "syscall"].map(|name| read(name).unwrap_or_default());
    let lines = parts.iter().flat_map(|part| part.lines());
    let lines: Vec<_> = lines.map(|line| format!("#   {line}")).collect();
    lines.join("\n")
}

/// A socket for each reader, and the other end of each for the others.
fn sockets(readers: usize) -> Result<Sockets> {
    let pair = |_| -> nix::Result<(OwnedFd, OwnedFd)> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        socketpair(AddressFamily::Unix, SockType::Datagram, None, flags)
    };
    let pairs = (0..readers).map(pair).collect::<nix::Result<Vec<_>>>()?;
    let (inboxes, outboxes) = pairs.into_iter().unzip();
    Ok(Sockets { inboxes, outboxes })
}

/// Everybody who takes part.
fn places(setting: &Setting) -> Vec<Place> {
    let wanted = |role: Role| setting.kinds.iter().any(|kind| kind.role() == role);
    let count = |role: Role| match role {
        Role::Reader => setting.readers,
        Role::Target => setting.targets,
        Role::World | Role::Weight | Role::Still => 1,
    };
    let roles = [
        Role::Target,
        Role::Reader,
        Role::Still,
        Role::World,
        Role::Weight,
    ];
    let roles = roles.into_iter().filter(|&role| wanted(role));
    let all = roles.flat_map(|role| (0..count(role)).map(move |index| (role, index)));
    all.take(SLOTS)
        .enumerate()
        .map(|(slot, (role, index))| Place {
            role,
            index,
            slot,
            incarnation: 0,
        })
        .collect()
}
