// SPDX-License-Identifier: GPL-2.0

//! The process that is looked at: this program run again under a hidden subcommand.
//!
//! It is told on its standard input, a line each time, what to do, and answers on its standard
//! output. It ends when its input does, and so with whoever started it.

use std::io::{self, BufRead, BufReader, Lines, Write};
use std::ops::Range;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{anyhow, Context, Result};
use nix::libc;
use rustproc_compare::sys::{Mapping, PAGE};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::latency::{Latencies, Summary};

/// The name of the target, for the hidden subcommand.
pub const NAME: &str = "stall";

/// The length of the small mapping.
const SMALL_LENGTH: usize = 16 * PAGE;

/// Where it is: far from where the kernel puts others.
const SMALL_PLACE: usize = 1 << 40;

/// From one page of the large mapping to that of the next turn, in pages: so all tables are changed
/// some time. It is odd: see [`page`].
const STRIDE: usize = 521;

/// What the target is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Setting {
    /// The length of the large mapping.
    pub megabytes: usize,
    /// When each of the threads is due to make its calls again.
    pub interval: Duration,
}

/// The target, running.
#[derive(Debug)]
pub struct Target {
    child: Child,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    memory: Range<usize>,
}

impl Target {
    /// Starts it, and waits until its memory is there.
    pub fn start(setting: &Setting) -> Result<Target> {
        let mut child = Command::new("/proc/self/exe")
            .args(["__target", NAME])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the target can't be started")?;
        let stdin = child.stdin.take().context("no pipe to the target")?;
        let stdout = child.stdout.take().context("no pipe from the target")?;
        let mut target = Target {
            child,
            stdin,
            answers: BufReader::new(stdout).lines(),
            memory: 0..0,
        };
        target.tell(setting)?;
        target.memory = target.answer()?;
        Ok(target)
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The addresses of the large mapping.
    pub fn memory(&self) -> Range<usize> {
        self.memory.clone()
    }

    /// Has its threads make calls for so long.
    pub fn begin(&mut self, duration: Duration) -> Result<()> {
        self.tell(&duration)
    }

    /// Waits until they have done so; how long calls of each kind took.
    pub fn end(&mut self) -> Result<Vec<(Call, Summary)>> {
        self.answer()
    }

    fn tell(&mut self, what: &impl Serialize) -> Result<()> {
        tell(&mut self.stdin, what).context("the target doesn't listen")
    }

    fn answer<T: DeserializeOwned>(&mut self) -> Result<T> {
        hear(&mut self.answers)?.context("the target has ended")
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // It can't be gone before it has been waited for. What it has done so far has been told.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something in one line.
fn tell(to: &mut impl Write, what: &impl Serialize) -> Result<()> {
    writeln!(to, "{}", serde_json::to_string(what)?)?;
    Ok(to.flush()?)
}

/// What the next line says; `None` at the end.
fn hear<T: DeserializeOwned>(lines: &mut Lines<impl BufRead>) -> Result<Option<T>> {
    let line = lines.next().transpose()?;
    Ok(line.map(|line| serde_json::from_str(&line)).transpose()?)
}

/// Is the target, until standard input ends.
pub fn be() -> Result<()> {
    let (mut input, mut output) = (io::stdin().lines(), io::stdout());
    let setting: Setting = hear(&mut input)?.context("no setting")?;
    let memory = large_mapping(setting.megabytes)?;
    let end = memory.start() + memory.length();

    tell(&mut output, &(memory.start()..end))?;
    while let Some(duration) = hear(&mut input)? {
        let latencies = phase(&memory, &setting, duration)?;
        tell(&mut output, &latencies.summarise())?;
    }
    Ok(())
}

/// Memory whose pages are there, each with an entry of its own: no huge ones.
fn large_mapping(megabytes: usize) -> Result<Mapping> {
    let length = megabytes << 20;
    let memory = Mapping::anonymous(length).context("the large mapping")?;

    memory.advise(libc::MADV_NOHUGEPAGE)?;
    memory.touch(0, length, true);
    Ok(memory)
}

/// Has a thread for each role make its calls for so long.
fn phase(memory: &Mapping, setting: &Setting, duration: Duration) -> Result<Latencies> {
    std::thread::scope(|scope| {
        let threads = Role::ALL.map(|role| {
            let worker = Worker {
                memory,
                role,
                interval: setting.interval,
            };
            scope.spawn(move || worker.work(duration))
        });
        let mut all = Latencies::new();
        for thread in threads {
            let latencies = thread
                .join()
                .map_err(|_| anyhow!("a thread has panicked"))?;
            all.add(latencies?);
        }
        Ok(all)
    })
}

/// What a thread does. Each has its own calls, so that those of one kind wait for each other only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// Makes and removes a small mapping.
    Maps,
    /// Protects a page of the large mapping for a moment.
    Protects,
    /// Drops a page of the large mapping, and faults it in again.
    Faults,
}

impl Role {
    const ALL: [Role; 3] = [Role::Maps, Role::Protects, Role::Faults];

    fn calls(self) -> &'static [Call] {
        match self {
            Role::Maps => &[Call::Mmap, Call::Munmap],
            Role::Protects => &[Call::Mprotect],
            Role::Faults => &[Call::Madvise, Call::Fault],
        }
    }
}

/// A thread that makes calls.
struct Worker<'a> {
    memory: &'a Mapping,
    role: Role,
    interval: Duration,
}

impl Worker<'_> {
    fn work(&self, duration: Duration) -> Result<Latencies> {
        let mut latencies = Latencies::new();
        let start = Instant::now();
        let mut due = Duration::ZERO;

        for turn in 0.. {
            self.turn(turn, &mut latencies)?;
            due = self.miss(due, start.elapsed(), &mut latencies);
            if due >= duration {
                break;
            }
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
        Ok(latencies)
    }

    /// Makes each call of the role.
    fn turn(&self, turn: usize, latencies: &mut Latencies) -> Result<()> {
        match self.role {
            Role::Maps => {
                let mapping = latencies.time(Call::Mmap, small_mapping)?;
                latencies.time(Call::Munmap, || drop(mapping));
            }
            Role::Protects => {
                let at = page(self.memory.length(), 2 * turn);
                for prot in [libc::PROT_READ, libc::PROT_READ | libc::PROT_WRITE] {
                    latencies.time(Call::Mprotect, || self.memory.protect(at, PAGE, prot))?;
                }
            }
            Role::Faults => {
                // Never one that is protected, however far the other thread has come.
                let at = page(self.memory.length(), 2 * turn + 1);
                let drop = || self.memory.advise_part(at, PAGE, libc::MADV_DONTNEED);
                latencies.time(Call::Madvise, drop)?;
                latencies.time(Call::Fault, || self.memory.fill(at, 1, 7))?;
            }
        }
        Ok(())
    }

    /// Notes the turns that were due after the one at `due` until `now`; when the next one is.
    fn miss(&self, due: Duration, now: Duration, latencies: &mut Latencies) -> Duration {
        let mut next = due + self.interval;

        while next < now {
            for call in self.role.calls() {
                latencies.miss(*call, now - next);
            }
            next += self.interval;
        }
        next
    }
}

/// A mapping that is never joined to another.
fn small_mapping() -> nix::Result<Mapping> {
    let prot = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;

    Mapping::new(SMALL_PLACE, SMALL_LENGTH, prot, flags, None)
}

/// Where the page of this turn begins in so much memory. It is at no edge, and turns with an even and
/// with an odd number share none.
fn page(length: usize, turn: usize) -> usize {
    let inner = (length / PAGE - 2) & !1;
    (1 + turn * STRIDE % inner) * PAGE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pages_change_and_leave_the_edges_alone() {
        let length = 8 << 20;
        for turn in 0..3000 {
            let at = page(length, turn);
            assert!(at >= PAGE && at + PAGE < length && at % PAGE == 0);
            assert_ne!(page(length, turn + 1), at);
        }
    }

    #[test]
    fn what_is_protected_is_not_written_to() {
        let pages = |first| (first..5000).step_by(2).map(|turn| page(8 << 20, turn));
        let protected: BTreeSet<_> = pages(0).collect();
        assert!(pages(1).all(|written| !protected.contains(&written)));
    }

    #[test]
    fn turns_that_were_due_meanwhile_count() {
        let memory = Mapping::anonymous(PAGE).unwrap();
        let worker = Worker {
            memory: &memory,
            role: Role::Faults,
            interval: Duration::from_micros(100),
        };
        let micros = Duration::from_micros;
        let mut latencies = Latencies::new();
        assert_eq!(
            worker.miss(micros(300), micros(340), &mut latencies),
            micros(400)
        );
        assert_eq!(
            worker.miss(micros(400), micros(730), &mut latencies),
            micros(800)
        );

        let summaries = latencies.summarise();
        assert!(summaries
            .iter()
            .map(|(call, _)| call)
            .eq(Role::Faults.calls()));
        for (_, summary) in summaries {
            assert_eq!(
                (summary.made, summary.median, summary.max),
                (0, 130_000, 230_000)
            );
        }
    }

    #[test]
    fn what_is_told_is_heard() {
        let mut line = Vec::new();
        tell(&mut line, &Duration::from_millis(7)).unwrap();
        let mut lines = line.lines();
        assert_eq!(hear(&mut lines).unwrap(), Some(Duration::from_millis(7)));
        assert_eq!(hear::<Duration>(&mut lines).unwrap(), None);
    }

    #[test]
    fn a_short_phase_has_calls_of_each_kind() {
        let memory = large_mapping(8).unwrap();
        let setting = Setting {
            megabytes: 8,
            interval: Duration::from_micros(100),
        };
        let latencies = phase(&memory, &setting, Duration::from_millis(20)).unwrap();
        let summaries = latencies.summarise();
        assert!(summaries.iter().map(|(call, _)| *call).eq(Call::ALL));
        assert!(summaries.iter().all(|(_, summary)| summary.made > 0));
    }
}
