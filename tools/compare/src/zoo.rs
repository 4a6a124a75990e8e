// SPDX-License-Identifier: GPL-2.0

//! The zoo: processes in every state that procfs can tell of, one subject a file.
//!
//! A specimen is a function that brings its own process into the state and returns. What it can't
//! bring about here it reports as an error, which becomes a skip with that reason.

use std::any::Any;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;

use anyhow::{ensure, Context, Result};
use nix::fcntl::OFlag;
use nix::unistd::{pause, pipe2, Pid};

use crate::probe::Depth;
use crate::sys;
use crate::target::{rest, say, Report, Subject, Target};

pub mod access;
mod creds;
mod family;
mod kernel;
mod maps;
mod memory;
mod namespaces;
mod naming;
mod plain;
mod sched;
mod security;
mod signals;
mod threads;
mod tty;

pub use kernel::found as kernel_tasks;
pub use namespaces::enter_time_namespace;

/// One kind of target.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    /// As `--only` takes it.
    pub name: &'static str,
    /// In a few words.
    pub about: &'static str,
    /// How much is asked at most.
    pub depth: Depth,
    /// Takes long, and isn't for a quick run.
    pub heavy: bool,
    build: fn(&mut Stage) -> Result<()>,
}

const fn specimen(
    name: &'static str,
    about: &'static str,
    build: fn(&mut Stage) -> Result<()>,
) -> Specimen {
    Specimen {
        name,
        about,
        depth: Depth::Full,
        heavy: false,
        build,
    }
}

/// One that is special for its memory only: as a process it is like any other.
const fn in_memory(
    name: &'static str,
    about: &'static str,
    build: fn(&mut Stage) -> Result<()>,
) -> Specimen {
    Specimen {
        depth: Depth::Memory,
        ..specimen(name, about, build)
    }
}

impl Specimen {
    /// One that takes long.
    const fn heavy(self) -> Specimen {
        Specimen {
            depth: Depth::Glance,
            heavy: true,
            ..self
        }
    }
}

/// All specimens.
pub fn all() -> impl Iterator<Item = &'static Specimen> {
    [
        plain::SPECIMENS,
        threads::SPECIMENS,
        family::SPECIMENS,
        naming::SPECIMENS,
        maps::SPECIMENS,
        signals::SPECIMENS,
        creds::SPECIMENS,
        access::SPECIMENS,
        security::SPECIMENS,
        sched::SPECIMENS,
        tty::SPECIMENS,
        namespaces::SPECIMENS,
    ]
    .iter()
    .chain(memory::SPECIMENS)
    .copied()
    .flatten()
}

/// Becomes the specimen of a name and rests; the body of the hidden subcommand.
pub fn become_specimen(name: &str) -> Result<()> {
    sys::die_with_parent();
    let specimen = all().find(|specimen| specimen.name == name);
    let specimen = specimen.with_context(|| format!("no specimen is named {name:?}"))?;
    let mut stage = Stage::default();
    match (specimen.build)(&mut stage) {
        Err(error) => say(&Report::Skip(format!("{error:#}"))),
        Ok(()) => stage.stay(),
    }
}

/// Where a specimen is made up.
#[derive(Default)]
pub struct Stage {
    subjects: Vec<Subject>,
    without_self: bool,
    belongings: Vec<Box<dyn Any>>,
    last: Option<Box<dyn FnOnce()>>,
    stirred: Option<Box<dyn FnMut()>>,
}

impl Stage {
    /// Keeps something as long as the target lives.
    fn keep(&mut self, thing: impl Any) {
        self.belongings.push(Box::new(thing));
    }

    /// Has another process looked at too.
    fn also(&mut self, label: impl Into<String>, pid: Pid) {
        self.subjects.push(Subject {
            label: label.into(),
            pid: pid.as_raw(),
        });
    }

    /// Has only the others looked at.
    fn without_self(&mut self) {
        self.without_self = true;
    }

    /// Does a last thing after everything has been told, instead of resting.
    fn at_last(&mut self, then: impl FnOnce() + 'static) {
        self.last = Some(Box::new(then));
    }

    /// Does this each time that it is told to take a step: touches what it may touch.
    fn stir(&mut self, touch: impl FnMut() + 'static) {
        self.stirred = Some(Box::new(touch));
    }

    /// Forks a child that does something and then rests, and has it looked at too. Returns when it
    /// is done.
    fn fork(&mut self, label: impl Into<String>, work: impl FnOnce() -> Result<()>) -> Result<Pid> {
        let (told, tell) = pipe2(OFlag::O_CLOEXEC)?;
        let mut tell = File::from(tell);
        let pid = sys::fork(|| {
            sys::die_with_parent();
            let said = work().map_or_else(|error| format!("{error:#}"), |()| "done".into());
            let _ = tell.write_all(said.as_bytes());
            drop(tell);
            loop {
                pause();
            }
        })?;
        let mut said = String::new();
        File::from(told).read_to_string(&mut said)?;
        ensure!(said == "done", "{said}");
        self.also(label, pid);
        Ok(pid)
    }

    /// Starts another specimen as a child, and waits until it is in place.
    fn child(&mut self, name: &str) -> Result<Pid> {
        let mut target = Target::start(name)?;
        target.ready()?;
        let pid = target.pid();
        self.keep(target);
        Ok(pid)
    }

    /// Starts a thread that does something and then waits for ever.
    fn thread(
        &mut self,
        name: &CStr,
        work: impl FnOnce() -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let (done, told) = mpsc::channel();
        let name = CString::from(name);
        thread::spawn(move || {
            let _ = nix::sys::prctl::set_name(&name);
            let _ = done.send(work());
            loop {
                thread::park();
            }
        });
        told.recv().context("the thread ended")?
    }

    fn stay(mut self) -> Result<()> {
        let mut subjects = self.subjects;
        if !self.without_self {
            let own = Subject {
                label: String::new(),
                pid: Pid::this().as_raw(),
            };
            subjects.insert(0, own);
        }
        say(&Report::Ready(subjects))?;
        if let Some(last) = self.last {
            last();
        }
        loop {
            rest();
            if let Some(touch) = &mut self.stirred {
                sys::forget_translations()?;
                touch();
            }
            say(&Report::Ready(Vec::new()))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all().map(|specimen| specimen.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
