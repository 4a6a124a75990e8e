// SPDX-License-Identifier: GPL-2.0

//! What happens to an open file when its process goes on living, or doesn't.

use anyhow::{ensure, Context, Result};
use nix::sys::wait::{waitid, Id, WaitPidFlag};
use nix::unistd::Pid;

use super::held::Plan;
use crate::compare::Comparer;
use crate::row::Row;
use crate::target::{wait_for_rest, Target};

/// An actor in its place, with the directories that it has.
struct Cast {
    target: Target,
    directories: Vec<String>,
}

impl Cast {
    fn new(comparer: &Comparer, name: &str) -> Result<Cast> {
        let mut target = Target::start(name)?;
        let subjects = target.ready()?;
        let pid = target.pid();
        wait_for_rest(&comparer.trees.stock, pid);
        let mut directories = vec![format!("{pid}"), format!("{pid}/task/{pid}")];
        for subject in subjects.iter().filter(|subject| subject.label == "thread") {
            directories.push(format!("{}", subject.pid));
            directories.push(format!("{pid}/task/{}", subject.pid));
        }
        Ok(Cast {
            target,
            directories,
        })
    }

    fn pid(&self) -> Pid {
        self.target.pid()
    }

    /// Takes the step and waits until the target says that it is done.
    fn step(&mut self, comparer: &Comparer) -> Result<()> {
        self.target.step()?;
        self.target.ready()?;
        wait_for_rest(&comparer.trees.stock, self.pid());
        Ok(())
    }

    /// Takes the step that ends it, and waits for the zombie.
    fn die(&mut self, _: &Comparer) -> Result<()> {
        self.target.step()?;
        waitid(
            Id::Pid(self.pid()),
            WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT,
        )
        .context("waitid")?;
        Ok(())
    }
}

fn over(
    comparer: &Comparer,
    name: &str,
    event: fn(&mut Cast, &Comparer) -> Result<()>,
) -> Result<Vec<Row>> {
    let mut cast = Cast::new(comparer, name)?;
    let plan = Plan::of(comparer, &cast.directories);
    plan.over(comparer, || event(&mut cast, comparer))
}

/// Over an `execve`.
pub fn exec(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-exec", Cast::step)
}

/// Over an `execve` by another thread than the first.
pub fn thread_exec(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-thread-exec", Cast::step)
}

/// Over the end of a thread.
pub fn thread_exit(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-thread-exit", Cast::step)
}

/// Over the end of a process that nobody has collected yet.
pub fn exit(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-exit", Cast::die)
}

/// Over the end of a process, until nothing is left.
pub fn reap(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-exit", |cast, comparer| {
        cast.die(comparer)?;
        cast.target.reap()
    })
}

/// Over the collecting of a zombie.
pub fn zombie_reap(comparer: &Comparer) -> Result<Vec<Row>> {
    let mut cast = Cast::new(comparer, "actor-exit")?;
    cast.die(comparer)?;
    let plan = Plan::of(comparer, &cast.directories);
    plan.over(comparer, || cast.target.reap())
}

/// Over `setresuid`.
pub fn become_user(comparer: &Comparer) -> Result<Vec<Row>> {
    ensure!(nix::unistd::geteuid().is_root(), "needs root");
    over(comparer, "actor-become-user", Cast::step)
}

/// Over `PR_SET_NAME`.
pub fn rename(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-rename", Cast::step)
}

/// Over `munmap` and `mmap`.
pub fn remap(comparer: &Comparer) -> Result<Vec<Row>> {
    over(comparer, "actor-remap", Cast::step)
}
