// SPDX-License-Identifier: GPL-2.0

//! The processes that are looked at.
//!
//! Each is this program again under a hidden subcommand (or a shell), gets its memory into a certain
//! state, and rests on a pipe. What it maps for others to find is at addresses that both know.

mod cache;
mod crowd;
mod memory;
mod vmas;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};
use nix::unistd::Pid;
use rustproc_compare::machine::Setting;
use rustproc_compare::sys::Mapping;
use rustproc_compare::target::{own_command, rest, say, wait_for_rest, Report, Target};

/// Where a workload has what is to be looked at.
const START: u64 = 0x7000_0000_0000;
/// How much of it there is.
const LENGTH: u64 = 64 << 20;

/// A kind of process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Workload {
    /// A shell that waits for input.
    Shell,
    /// 64 MB in pages of 4 KB, and 527 VMAs in all.
    Vmas,
    /// 64 MB in transparent huge pages.
    Huge,
    /// 64 MB of a file in large folios.
    Cache,
    /// 1 TiB with a page here and there.
    Sparse,
    /// 64 MB of shared memory that seven others have mapped, too.
    Shared,
    /// 64 MB whose pages are protected and found again by `PAGEMAP_SCAN`.
    Tracked,
    /// The parent of 1,000 processes.
    Crowd,
    /// A process with 100 threads.
    Threads,
    /// 60,000 VMAs.
    ManyVmas,
}

impl Workload {
    /// All of them.
    pub const ALL: [Workload; 10] = [
        Workload::Shell,
        Workload::Vmas,
        Workload::Huge,
        Workload::Cache,
        Workload::Sparse,
        Workload::Shared,
        Workload::Tracked,
        Workload::Crowd,
        Workload::Threads,
        Workload::ManyVmas,
    ];

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Shell => "shell",
            Workload::Vmas => "527-vmas",
            Workload::Huge => "thp",
            Workload::Cache => "file-cache",
            Workload::Sparse => "sparse",
            Workload::Shared => "shared",
            Workload::Tracked => "tracked",
            Workload::Crowd => "1000-processes",
            Workload::Threads => "100-threads",
            Workload::ManyVmas => "60000-vmas",
        }
    }

    /// The addresses that are to be looked at.
    pub fn range(self) -> Range<u64> {
        match self {
            // Of the terabyte, in whose first GB there is nothing but holes.
            Workload::Sparse => START..START + (1 << 30),
            Workload::Cache => cache::START..cache::START + LENGTH,
            _ => START..START + LENGTH,
        }
    }

    fn command(self) -> Result<Command> {
        if self == Workload::Shell {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "echo '{\"Ready\":[]}'; read -r line"]);
            return Ok(command);
        }
        let mut command = own_command("__target")?;
        command.arg(self.name());
        Ok(command)
    }
}

/// Becomes a workload, or says why it can't.
pub fn be(name: &str) -> Result<()> {
    match become_named(name) {
        Ok(()) => Ok(()),
        Err(error) => say(&Report::Skip(format!("{error:#}"))),
    }
}

fn become_named(name: &str) -> Result<()> {
    let named = |workload: &&Workload| workload.name() == name;
    let workload = Workload::ALL.iter().find(named);
    match workload.with_context(|| format!("no workload {name}"))? {
        Workload::Shell => Ok(()),
        Workload::Vmas => vmas::be(527),
        Workload::Huge => memory::huge(),
        Workload::Cache => cache::be(),
        Workload::Sparse => memory::sparse(),
        Workload::Shared => memory::shared(),
        Workload::Tracked => memory::tracked(),
        Workload::Crowd => crowd::processes(),
        Workload::Threads => crowd::threads(),
        Workload::ManyVmas => vmas::many(60_000),
    }
}

/// Rests in place, and rewrites the pages of a mapping whenever told to.
fn stay(pages: Option<&Mapping>) -> Result<()> {
    loop {
        say(&Report::Ready(Vec::new()))?;
        rest();
        if let Some(pages) = pages {
            pages.touch(0, pages.length(), true);
        }
    }
}

/// Workloads that are in place, and why others aren't.
#[derive(Debug, Default)]
pub struct World {
    targets: BTreeMap<Workload, Target>,
    missing: BTreeMap<Workload, String>,
}

impl World {
    /// Starts workloads, and waits until they are at rest.
    pub fn start(workloads: &[Workload], stock: &Path) -> World {
        let mut world = World::default();
        for &workload in workloads {
            match start(workload, stock) {
                Ok(target) => drop(world.targets.insert(workload, target)),
                Err(error) => drop(world.missing.insert(workload, format!("{error:#}"))),
            }
        }
        world
    }

    /// The number of a workload's process.
    ///
    /// # Errors
    ///
    /// Why there is no such workload.
    pub fn pid(&self, workload: Workload) -> Result<Pid> {
        match (self.targets.get(&workload), self.missing.get(&workload)) {
            (Some(target), _) => Ok(target.pid()),
            (None, Some(reason)) => bail!("{reason}"),
            (None, None) => bail!("{} wasn't started", workload.name()),
        }
    }

    /// Has a workload write to each page of its range.
    pub fn rewrite(&mut self, workload: Workload) -> Result<()> {
        let target = self.targets.get_mut(&workload);
        let target = target.with_context(|| workload.name())?;
        target.step()?;
        target.ready().map(drop)
    }

    /// What each workload has come to, by its own account and the kernel's.
    pub fn describe(&self, stock: &Path) -> Vec<String> {
        let line = |(&workload, target): (&Workload, &Target)| {
            let dir = stock.join(target.pid().to_string());
            format!("{}: {}", workload.name(), describe(&dir, workload))
        };
        self.targets.iter().map(line).collect()
    }
}

fn start(workload: Workload, stock: &Path) -> Result<Target> {
    // What such a process looks like is chance where all that lies around the pages that its program
    // needs is mapped, too. A shell may be as it is.
    let (around, page) = ("/sys/kernel/debug/fault_around_bytes", "4096");
    let _setting = (workload != Workload::Shell).then(|| Setting::change(around, page));
    let mut target = Target::run(workload.command()?)?;
    match rests(&mut target, stock) {
        Ok(()) => Ok(target),
        Err(error) => {
            // To drop it would be the end of the others, too. It goes with us.
            std::mem::forget(target);
            Err(error)
        }
    }
}

/// Waits until a target is in place.
fn rests(target: &mut Target, stock: &Path) -> Result<()> {
    target.ready()?;
    let rests = wait_for_rest(stock, target.pid());
    ensure!(rests, "it doesn't come to rest");
    Ok(())
}

fn describe(dir: &Path, workload: Workload) -> String {
    let maps = fs::read_to_string(dir.join("maps")).unwrap_or_default();
    let vmas = maps.lines().filter(|line| !line.contains("[vsyscall]"));
    let mut text = format!("{} VMAs", vmas.count());
    let rollup = fs::read_to_string(dir.join("smaps_rollup")).unwrap_or_default();
    for (field, what) in [("Rss:", "resident"), ("AnonHugePages:", "in huge pages")] {
        let line = rollup.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        if let Some(kilobytes) = kilobytes.filter(|&number| number != "0") {
            text += &format!(", {kilobytes} kB {what}");
        }
    }
    if workload == Workload::Cache {
        text += &format!(", {}", cache::folios(dir, workload.range()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for workload in Workload::ALL {
            let same = |other: &&Workload| other.name() == workload.name();
            assert_eq!(Workload::ALL.iter().filter(same).count(), 1);
        }
    }

    #[test]
    fn unknown_workloads_are_refused() {
        assert!(become_named("nothing").is_err());
    }
}
