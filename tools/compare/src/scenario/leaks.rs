// SPDX-License-Identifier: GPL-2.0

//! Nothing is left of a tree that was asked everything: no open file, no mount, no inode.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::mount::{mount, umount2, MntFlags, MsFlags};

use super::border::Subjects;
use super::mounting::kind_of;
use crate::compare::{row, Comparer, Outcome};
use crate::fact::Observation;
use crate::probe::border as probe;
use crate::row::Row;
use crate::sys::call::Caller;

/// What is asked: files and directories, of ours and passed through.
const PATTERNS: &[&str] = &[
    "",
    "<pid>",
    "<pid>/task/<tid>",
    "<pid>/fd",
    "<pid>/stat",
    "<pid>/maps",
    "<pid>/smaps",
    "<pid>/pagemap",
    "<pid>/clear_refs",
    "<pid>/comm",
    "sys",
    "sys/kernel/ostype",
    "self/mounts",
];

/// Counters that come back to what they were.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// Open files of the whole machine.
    files: u64,
    /// Lines in the table of mounts.
    mounts: u64,
    /// References to the module.
    module: u64,
    /// Inodes of trees that are mounted anywhere; 0 if the kernel doesn't tell.
    inodes: u64,
}

impl Counts {
    fn now() -> Counts {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let number = |path: &str| {
            let text = read(path);
            let word = text.split_whitespace().next();
            word.and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        // What processors keep for later counts as used until it is asked back.
        let _ = std::fs::write("/sys/kernel/slab/rustproc_inode/shrink", "1");
        Counts {
            files: number("/proc/sys/fs/file-nr"),
            mounts: read("/proc/self/mountinfo").lines().count() as u64,
            module: number("/sys/module/rustproc/refcnt"),
            inodes: number("/sys/kernel/slab/rustproc_inode/objects"),
        }
    }

    /// Each with what it is in another count.
    fn beside(&self, other: &Counts) -> [(&'static str, u64, u64); 4] {
        [
            ("open files", self.files, other.files),
            ("mounts", self.mounts, other.mounts),
            ("references to the module", self.module, other.module),
            ("inodes", self.inodes, other.inodes),
        ]
    }

    /// The same once none is more than before, or after some patience: some things go a little later.
    fn settled(before: &Counts) -> Counts {
        for _ in 0..50 {
            let now = Counts::now();
            if before
                .beside(&now)
                .iter()
                .all(|(_, before, now)| now <= before)
            {
                return now;
            }
            sleep(Duration::from_millis(100));
        }
        Counts::now()
    }
}

/// Mounts one more tree, asks it, and unmounts it, several times.
pub fn check(comparer: &Comparer) -> Result<Vec<Row>> {
    let kind = kind_of(&comparer.trees.ours).context("ours is no mount point")?;
    let at = comparer.trees.ours.with_file_name("more");
    std::fs::create_dir_all(&at)?;
    let subjects = Subjects::start(comparer)?;
    let paths: Vec<_> = PATTERNS
        .iter()
        .map(|pattern| subjects.path(pattern))
        .collect();
    // The first time something may be made that stays: caches, the counters of this process.
    let mut outcome = Outcome::default();
    round(&kind, &at, &paths, &mut outcome)?;
    let before = Counts::now();
    round(&kind, &at, &paths, &mut outcome)?;
    let after = Counts::settled(&before);
    for (what, before, after) in before.beside(&after) {
        // Fewer are no leak: others' trees lose inodes too.
        if after > before {
            outcome.require(what, &before.to_string(), after.to_string());
        }
    }
    Ok(vec![row("", "", "counts are what they were", outcome)])
}

/// Asks a tree of its own, which can then be unmounted.
fn round(kind: &str, at: &Path, paths: &[String], outcome: &mut Outcome) -> Result<()> {
    let none = None::<&str>;
    mount(Some(kind), at, Some(kind), MsFlags::empty(), none).context("mount")?;
    for path in paths {
        let path = at.join(path);
        let mut seen = Observation::default();
        probe::ioctls::ask(&path, Caller::Native, &mut seen);
        probe::memory::ask(&path, Caller::Native, &mut seen);
        probe::opens::ask(&path, &mut seen);
        probe::moves::ask(&path, Caller::Native, &mut seen);
        probe::notices::ask(&path, "stat", &mut seen);
        probe::changes::ask(&path, Caller::Native, &mut seen);
        probe::handles::ask(&path, &mut seen);
    }
    let mut seen = Observation::default();
    probe::names::ask(at, &[1], &mut seen);
    let unmounted = umount2(at, MntFlags::empty());
    outcome.require("unmounting", "Ok(())", format!("{unmounted:?}"));
    Ok(())
}
