// SPDX-License-Identifier: GPL-2.0

//! A file in the page cache.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{mount, MsFlags};
use nix::sched::{unshare, CloneFlags};
use rustproc_compare::sys::{Mapping, PAGE};

use super::{stay, LENGTH};

/// How much is written at a time, which is how large the file's folios become at least.
const PIECE: usize = 64 << 10;
/// Where it is mapped: not where a huge page could begin.
pub const START: u64 = super::START + PIECE as u64;

/// A file of 64 MB on a tmpfs that has large folios, mapped so that huge pages can't be mapped whole.
pub fn be() -> Result<()> {
    own_tmp(Some("huge=within_size"))?;
    let mut file = File::create_new("/tmp/cached")?;
    let length = LENGTH as usize;
    for _ in (0..length).step_by(PIECE) {
        file.write_all(&[1; PIECE])?;
    }
    let file = File::open("/tmp/cached")?;
    let flags = libc::MAP_SHARED | libc::MAP_FIXED;
    let mapping = Mapping::new(START as usize, length, libc::PROT_READ, flags, Some(&file))
        .context("mmap")?;
    mapping.touch(0, length, false);
    stay(None)
}

/// A tmpfs on `/tmp` that this process alone sees, and that goes with it.
pub fn own_tmp(options: Option<&str>) -> Result<()> {
    const NONE: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NONE, "/", NONE, private, NONE).context("private mounts")?;
    mount(
        Some("tmpfs"),
        "/tmp",
        Some("tmpfs"),
        MsFlags::empty(),
        options,
    )
    .context("tmpfs")
}

/// Which folios a process has mapped there, as the kernel tells root.
pub fn folios(dir: &Path, range: Range<u64>) -> String {
    match sizes(dir, range) {
        Ok(sizes) => {
            let line = |(pages, count)| format!("{count} folios of {} kB", pages * PAGE / 1024);
            sizes.into_iter().map(line).collect::<Vec<_>>().join(", ")
        }
        Err(error) => format!("folios unknown ({error})"),
    }
}

/// How many folios of each size, in pages, begin there.
fn sizes(dir: &Path, range: Range<u64>) -> Result<BTreeMap<usize, usize>> {
    const HEAD: u64 = 1 << 15;
    const TAIL: u64 = 1 << 16;
    let (pagemap, flags) = (
        File::open(dir.join("pagemap"))?,
        File::open("/proc/kpageflags")?,
    );
    let word = |file: &File, index: u64| -> Result<u64> {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, index * 8)?;
        Ok(u64::from_ne_bytes(bytes))
    };
    let mut lengths: Vec<usize> = Vec::new();
    for page in range.start / PAGE as u64..range.end / PAGE as u64 {
        let entry = word(&pagemap, page)?;
        if entry >> 63 == 0 {
            continue;
        }
        let flags = word(&flags, entry & ((1 << 55) - 1))?;
        match lengths.last_mut() {
            Some(last) if flags & (HEAD | TAIL) == TAIL => *last += 1,
            _ => lengths.push(1),
        }
    }
    let mut sizes = BTreeMap::new();
    for length in lengths {
        *sizes.entry(length).or_default() += 1;
    }
    Ok(sizes)
}
