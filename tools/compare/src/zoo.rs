// SPDX-License-Identifier: GPL-2.0

//! The zoo: processes in every state that procfs can tell of, one subject a file.
//!
//! A specimen is a function that brings its own process into the state and returns. What it can't
//! bring about here it reports as an error, which becomes a skip with that reason.

use std::any::Any;
use std::ffi::{CStr, CString};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use nix::unistd::Pid;

use crate::sys;
use crate::target::{rest, say, Report, Subject, Target};

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
    build: fn(&mut Stage) -> Result<()>,
}

const fn specimen(
    name: &'static str,
    about: &'static str,
    build: fn(&mut Stage) -> Result<()>,
) -> Specimen {
    Specimen { name, about, build }
}

/// All specimens.
pub fn all() -> impl Iterator<Item = &'static Specimen> {
    [
        plain::SPECIMENS,
        threads::SPECIMENS,
        family::SPECIMENS,
        naming::SPECIMENS,
        maps::SPECIMENS,
        memory::SPECIMENS,
        signals::SPECIMENS,
        creds::SPECIMENS,
        security::SPECIMENS,
        sched::SPECIMENS,
        tty::SPECIMENS,
        namespaces::SPECIMENS,
    ]
    .into_iter()
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

    fn stay(self) -> Result<()> {
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
