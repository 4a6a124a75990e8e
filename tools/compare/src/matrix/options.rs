// SPDX-License-Identifier: GPL-2.0

//! The mount options that the matrix is made with: stock and ours are mounted with each, all side by
//! side.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::{mount, umount2, MntFlags, MsFlags};

use crate::compare::{row, Outcome, Trees};
use crate::fact::Observation;
use crate::row::Row;

/// The group of `gid=`.
pub const GROUP: u32 = 7777;

/// Options of one pair of mounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Set {
    /// As `mount(2)` takes them; also the set's name.
    pub options: &'static str,
    /// What they were at first, if they are changed by remounting.
    pub at_first: Option<&'static str>,
    /// Asked in a quick run, too.
    pub quick: bool,
    /// Used by those who hold descriptors, too.
    pub held: bool,
}

const fn set(options: &'static str) -> Set {
    Set {
        options,
        at_first: None,
        quick: false,
        held: false,
    }
}

/// Every set; every name is asked with the first one.
pub const ALL: &[Set] = &[
    Set {
        quick: true,
        held: true,
        ..set("")
    },
    set("hidepid=1"),
    set("hidepid=noaccess,gid=7777"),
    Set {
        held: true,
        ..set("hidepid=2")
    },
    Set {
        quick: true,
        ..set("hidepid=invisible,gid=7777")
    },
    set("hidepid=4"),
    set("hidepid=ptraceable,gid=7777"),
    Set {
        quick: true,
        ..set("subset=pid")
    },
    set("subset=pid,hidepid=2"),
    Set {
        at_first: Some(""),
        ..set("hidepid=invisible")
    },
    Set {
        at_first: Some("hidepid=4,gid=7777"),
        ..set("hidepid=off,gid=0")
    },
];

impl Set {
    /// Whether it is that of no options, with which everything is asked.
    pub fn is_none(&self) -> bool {
        self.options.is_empty()
    }

    /// Whether it hides something from somebody.
    pub fn hides(&self) -> bool {
        let shows = ["", "hidepid=off"];
        let mut parts = self.options.split(',');
        parts.any(|part| !shows.contains(&part) && !part.starts_with("gid="))
    }

    /// What reports call it.
    pub fn title(&self) -> String {
        let options = match self.options {
            "" => "no options",
            options => options,
        };
        match self.at_first {
            None => options.into(),
            Some("") => format!("remounted {options}"),
            Some(before) => format!("{before}, remounted {options}"),
        }
    }

    fn mount(&self, kind: &str, at: &Path, seen: &mut Observation) -> bool {
        let usual = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let call = |flags: MsFlags, options: &str| {
            mount(
                Some("rustproc-compare"),
                at,
                Some(kind),
                usual | flags,
                Some(options),
            )
        };
        let mounted = call(MsFlags::empty(), self.at_first.unwrap_or(self.options));
        seen.note("mount", mounted);
        if mounted.is_ok() && self.at_first.is_some() {
            seen.note("remount", call(MsFlags::MS_REMOUNT, self.options));
        }
        mounted.is_ok()
    }
}

/// A set with the place where both are mounted with it.
#[derive(Clone, Debug)]
pub struct Mounted {
    /// The options.
    pub set: Set,
    /// Its place among those that are asked.
    pub number: usize,
    /// Where.
    pub trees: Trees,
}

/// Makes the directories to mount at.
pub fn prepare(place: &Path, sets: &[Set]) -> Result<()> {
    for number in 0..sets.len() {
        for root in roots(place, number) {
            std::fs::create_dir_all(root)?;
        }
    }
    Ok(())
}

/// Mounts stock and ours with each set. Gives those that could be mounted, and a row for each set.
pub fn mount_all(kinds: &[String; 2], place: &Path, sets: &[Set]) -> (Vec<Mounted>, Vec<Row>) {
    let mut mounted = Vec::new();
    let mut rows = Vec::new();
    for (number, &set) in sets.iter().enumerate() {
        let [stock, ours] = roots(place, number);
        let mut seen = [Observation::default(), Observation::default()];
        let [one, two] = &mut seen;
        let there = [
            set.mount(&kinds[0], &stock, one),
            set.mount(&kinds[1], &ours, two),
        ];
        let [one, two] = seen;
        let mut outcome = Outcome::default();
        outcome.add_once("mount", &one, &two, &one);
        rows.push(row("", "", &format!("mount, {}", set.title()), outcome));
        let trees = Trees { stock, ours };
        match there {
            [true, true] => mounted.push(Mounted { set, number, trees }),
            [true, false] => rows.push(Row::skipped("", &set.title(), "ours can't be mounted")),
            [false, _] => rows.push(Row::skipped("", &set.title(), "stock can't be mounted")),
        }
    }
    (mounted, rows)
}

fn roots(place: &Path, number: usize) -> [PathBuf; 2] {
    ["stock", "ours"].map(|tree| place.join(format!("{number}-{tree}")))
}

/// A file system in memory, from which set-user-id programs may be run.
#[derive(Debug)]
pub struct Memory(PathBuf);

impl Memory {
    /// Mounts one.
    pub fn mount(at: &Path) -> Result<Memory> {
        let options = Some("mode=755");
        mount(
            Some("rustproc-compare"),
            at,
            Some("tmpfs"),
            MsFlags::empty(),
            options,
        )
        .with_context(|| format!("can't mount a tmpfs at {}", at.display()))?;
        Ok(Memory(at.into()))
    }
}

impl Drop for Memory {
    /// With all that is mounted in it.
    fn drop(&mut self) {
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_names_of_their_own() {
        let mut titles: Vec<_> = ALL.iter().map(Set::title).collect();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), ALL.len());
    }

    #[test]
    fn the_first_set_is_that_of_no_options() {
        assert_eq!(ALL[0].options, "");
    }

    #[test]
    fn the_group_is_that_of_the_options() {
        let group = format!("gid={GROUP}");
        assert!(ALL.iter().any(|set| set.options.contains(&group)));
    }
}
