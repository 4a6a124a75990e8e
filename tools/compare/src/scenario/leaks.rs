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
#[derive(Clone, PartialEq, Eq, Debug)]
struct Counts {
    /// Open files of the whole machine.
    files: String,
    /// Lines in the table of mounts.
    mounts: usize,
    /// References to the module.
    module: String,
    /// Inodes of trees that are mounted anywhere, if the kernel tells.
    inodes: String,
}

impl Counts {
    fn now() -> Counts {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let word = |text: String, number: usize| {
            let word = text.split_whitespace().nth(number);
            word.unwrap_or("not told").to_string()
        };
        // What processors keep for later counts as used until it is asked back.
        let _ = std::fs::write("/sys/kernel/slab/rustproc_inode/shrink", "1");
        Counts {
            files: word(read("/proc/sys/fs/file-nr"), 0),
            mounts: read("/proc/self/mountinfo").lines().count(),
            module: word(read("/sys/module/rustproc/refcnt"), 0),
            inodes: word(read("/sys/kernel/slab/rustproc_inode/objects"), 0),
        }
    }

    /// The same once they are as they were before, or after some patience: some things go a little
    /// later.
    fn settled(before: &Counts) -> Counts {
        for _ in 0..50 {
            if Counts::now() == *before {
                break;
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
    for (what, before, after) in [
        ("open files", &before.files, &after.files),
        (
            "mounts",
            &before.mounts.to_string(),
            &after.mounts.to_string(),
        ),
        ("references to the module", &before.module, &after.module),
        ("inodes", &before.inodes, &after.inodes),
    ] {
        outcome.require(what, before, after.clone());
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
