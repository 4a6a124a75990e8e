// SPDX-License-Identifier: GPL-2.0

//! The access matrix: what each of many readers may see of each of many targets, under each set of
//! mount options, in stock and in ours.
//!
//! A cell is a reader, a target, a name in the target's directory, and a set of options. Stock and
//! ours are mounted with every set at once, and each reader is one process that asks all its cells
//! in one go.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread::available_parallelism;

use anyhow::{ensure, Context, Result};
use clap::Args;
use nix::sched::{unshare, CloneFlags};
use nix::unistd::geteuid;

use crate::row::Row;
use crate::run::{look, write_json, Progress};
use crate::scenario::kind_of;
use crate::target::adopt_orphans;
use crate::Options;

mod cast;
mod look;
mod names;
mod options;
mod question;
mod reader;
mod sanity;
mod summary;

use cast::{Cast, Member, Role};
use look::{Expedition, Heard};
use names::{Name, OF_PROCESS, OF_ROOT};
use options::{Memory, Mounted, Set};
use reader::Reader;

/// What is wanted of the matrix.
#[derive(Args, Clone)]
pub struct Wanted {
    /// Only the readers, targets, names and mount options that begin so; may be given several times.
    /// Of what nothing begins so, all are taken
    #[arg(long, value_name = "PREFIX")]
    only: Vec<String>,
    /// Only the most telling readers, targets and mount options
    #[arg(long)]
    quick: bool,
}

impl Wanted {
    /// Those of a kind that are wanted.
    fn choose<T: Copy>(&self, all: &[T], name: fn(&T) -> String, quick: fn(&T) -> bool) -> Vec<T> {
        let begins = |item: &&T| {
            let name = name(item);
            self.only
                .iter()
                .any(|prefix| name.starts_with(prefix.as_str()))
        };
        let named: Vec<T> = all.iter().filter(begins).copied().collect();
        if !named.is_empty() {
            return named;
        }
        let all = all.iter().filter(|item| !self.quick || quick(item));
        all.copied().collect()
    }
}

/// What takes part.
struct Choice {
    readers: Vec<Reader>,
    roles: Vec<Role>,
    names: Vec<Name>,
    root_names: Vec<Name>,
    sets: Vec<Set>,
    /// Whether anything was left out by name.
    narrowed: bool,
    /// Whether nothing was left out at all.
    whole: bool,
}

impl Choice {
    fn of(wanted: &Wanted) -> Result<Choice> {
        let path = |name: &Name| name.title().to_string();
        let choice = Choice {
            readers: wanted.choose(reader::ALL, |r| r.name.into(), |r| r.quick),
            roles: wanted.choose(cast::ALL, |r| r.name.into(), |r| r.quick),
            names: wanted.choose(OF_PROCESS, path, |_| true),
            root_names: wanted.choose(OF_ROOT, path, |_| true),
            sets: wanted.choose(options::ALL, |set| set.title(), |set| set.quick),
            narrowed: !wanted.only.is_empty(),
            whole: wanted.only.is_empty() && !wanted.quick,
        };
        for prefix in &wanted.only {
            let known = choice.all_names();
            ensure!(
                known.iter().any(|name| name.starts_with(prefix.as_str())),
                "nothing begins with {prefix:?} (--list)"
            );
        }
        Ok(choice)
    }

    fn all_names(&self) -> Vec<String> {
        let readers = self.readers.iter().map(|reader| reader.name.into());
        let roles = self.roles.iter().map(|role| role.name.into());
        let names = self.names.iter().chain(&self.root_names);
        let sets = self.sets.iter().map(Set::title);
        readers
            .chain(roles)
            .chain(names.map(|name| name.title().into()))
            .chain(sets)
            .collect()
    }
}

/// Everything that readers look at.
struct Scene {
    /// The types of stock's file system and of ours.
    kinds: [String; 2],
    /// What is asked.
    choice: Choice,
    /// The targets.
    cast: Cast,
    /// What is mounted for all.
    mounted: Vec<Mounted>,
    /// Where readers that mount themselves do so.
    inner: PathBuf,
    /// Goes last, with all that is mounted in it.
    _memory: Memory,
}

impl Scene {
    /// The names that a target is asked for, with their places in the list of its kind.
    fn names(&self, member: &Member) -> impl Iterator<Item = (usize, &Name)> {
        let names = if member.is_root() {
            &self.choice.root_names
        } else {
            &self.choice.names
        };
        names.iter().enumerate()
    }
}

/// `matrix --list`: what takes part.
pub fn list() -> Result<bool> {
    let mut out = io::stdout().lock();
    writeln!(out, "Readers")?;
    for reader in reader::ALL {
        writeln!(out, "  {:<28} {}", reader.name, reader.about)?;
    }
    writeln!(out, "Targets")?;
    for role in cast::ALL {
        writeln!(out, "  {:<28} {}", role.name, role.about)?;
    }
    writeln!(out, "Mount options")?;
    for set in options::ALL {
        writeln!(out, "  {}", set.title())?;
    }
    writeln!(out, "Names of a process (with * under all mount options)")?;
    for name in OF_PROCESS.iter().chain(OF_ROOT) {
        writeln!(
            out,
            "  {}{}",
            name.title(),
            if name.core { " *" } else { "" }
        )?;
    }
    Ok(true)
}

/// `matrix`: every reader asks.
pub fn run(options: &Options, wanted: &Wanted) -> Result<bool> {
    ensure!(geteuid().is_root(), "needs root");
    let choice = Choice::of(wanted)?;
    adopt_orphans()?;
    let scratch = tempfile::Builder::new()
        .prefix("rustproc-compare.")
        .permissions(Permissions::from_mode(0o755))
        .tempdir()?;
    unshare(CloneFlags::CLONE_NEWNS).context("unshare CLONE_NEWNS")?;
    look::make_private()?;

    let mut progress = Progress::new(options);
    let (scene, mut rows) = progress.time("targets", || scene(options, choice, scratch.path()))?;
    let mut all = Vec::new();
    let readers = &scene.choice.readers;
    let at_a_time = available_parallelism().map_or(1, usize::from);
    let sent = Expedition::send(&scene, readers, at_a_time)?;
    let mut answers = sent.heard();
    for reader in readers {
        match progress.time(reader.name, || answers.next()) {
            Some(Ok(heard)) => all.push((*reader, heard)),
            Some(Err(error)) => rows.push(Row::skipped(reader.name, "", format!("{error:#}"))),
            None => (),
        }
    }
    drop(answers);
    drop(sent);
    progress.clear();
    rows.extend(scene.dead());
    if !scene.choice.narrowed {
        rows.extend(sanity::check(&scene, &all));
    }
    finish(options, &scene, &all, rows)
}

fn scene(options: &Options, choice: Choice, place: &std::path::Path) -> Result<(Scene, Vec<Row>)> {
    let kind = |tree: &PathBuf| {
        kind_of(tree).with_context(|| format!("{} is no mount point", tree.display()))
    };
    let kinds = [kind(&options.stock)?, kind(&options.ours)?];
    let memory = Memory::mount(place)?;
    let inner = place.join("inner");
    for directory in [place, &inner] {
        options::prepare(directory, &choice.sets)?;
    }
    let cast = Cast::start(&options.stock, place, &choice.roles)?;
    let (mounted, mut rows) = options::mount_all(&kinds, place, &choice.sets);
    for row in &mut rows {
        row.target = "here".into();
    }
    for (name, reason) in &cast.missing {
        rows.push(Row::skipped(name, "", reason.clone()));
    }
    let scene = Scene {
        kinds,
        choice,
        cast,
        mounted,
        inner,
        _memory: memory,
    };
    Ok((scene, rows))
}

impl Scene {
    /// A row for each target that isn't there any more: then cells were about nobody.
    fn dead(&self) -> Vec<Row> {
        let gone = |member: &&Member| member.pid() > 0 && !look::lives(member.pid());
        let members = self.cast.members.iter().filter(gone);
        members
            .map(|member| Row::skipped(member.role.name, "", "ended before all had asked"))
            .collect()
    }
}

/// Shows and writes what came of it; true if nothing differs.
fn finish(
    options: &Options,
    scene: &Scene,
    all: &[(Reader, Heard)],
    mut rows: Vec<Row>,
) -> Result<bool> {
    let summary = summary::table(scene, all);
    let equal = summary::equal(all);
    for (_, heard) in all {
        rows.extend(heard.rows.iter().cloned());
    }
    if let Some(path) = &options.json {
        write_json(&rows, path, path.as_os_str() == "-")?;
    }
    let totals = summary::totals(equal, &rows);
    if options.json.as_deref() != Some(std::path::Path::new("-")) {
        let report = summary::whole(&summary, &rows, totals, look(options));
        anstream::stdout().lock().write_all(report.as_bytes())?;
    }
    Ok(totals.failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(only: &[&str], quick: bool) -> Wanted {
        Wanted {
            only: only.iter().map(|prefix| prefix.to_string()).collect(),
            quick,
        }
    }

    #[test]
    fn a_prefix_narrows_what_has_it_and_nothing_else() {
        let choice = Choice::of(&wanted(&["ptrace", "stat"], false)).unwrap();
        let readers: Vec<_> = choice.readers.iter().map(|reader| reader.name).collect();
        assert_eq!(readers, ["ptrace", "ptrace-dac-read", "ptrace-permitted"]);
        let names: Vec<_> = choice.names.iter().map(|name| name.path).collect();
        assert_eq!(names, ["stat", "statm", "status"]);
        assert_eq!(choice.roles.len(), cast::ALL.len());
        assert!(choice.narrowed);
    }

    #[test]
    fn a_prefix_of_nothing_is_an_error() {
        assert!(Choice::of(&wanted(&["no such"], false)).is_err());
    }

    #[test]
    fn a_quick_run_is_smaller() {
        let (all, quick) = (
            Choice::of(&wanted(&[], false)).unwrap(),
            Choice::of(&wanted(&[], true)).unwrap(),
        );
        assert!(quick.readers.len() * 2 < all.readers.len());
        assert!(quick.sets.len() * 2 < all.sets.len());
        assert!(!quick.narrowed);
    }
}
