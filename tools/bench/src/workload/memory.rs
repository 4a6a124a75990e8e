// SPDX-License-Identifier: GPL-2.0

//! Memory of one kind.

use anyhow::{Context, Result};
use rustproc_compare::sys::userfault::{Userfault, MODE_WP, WP_ASYNC};
use rustproc_compare::sys::{die_with_parent, fork, Mapping};

use super::{stay, LENGTH, START};

/// Anonymous memory where others look for it.
pub fn at_start(length: usize, flags: i32) -> Result<Mapping> {
    let prot = libc::PROT_READ | libc::PROT_WRITE;
    let flags = flags | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    Mapping::new(START as usize, length, prot, flags, None).context("mmap")
}

/// 64 MB in pages of 4 KB.
pub fn small_pages() -> Result<Mapping> {
    let mapping = at_start(LENGTH as usize, libc::MAP_PRIVATE)?;
    mapping.advise(libc::MADV_NOHUGEPAGE)?;
    mapping.touch(0, mapping.length(), true);
    Ok(mapping)
}

/// 64 MB in transparent huge pages.
pub fn huge() -> Result<()> {
    let mapping = at_start(LENGTH as usize, libc::MAP_PRIVATE)?;
    mapping
        .advise(libc::MADV_HUGEPAGE)
        .context("no huge pages")?;
    mapping.touch(0, mapping.length(), true);
    stay(Some(&mapping))
}

/// 1 TiB with a page in every 64 GB, the first of them at 32 GB.
pub fn sparse() -> Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_NORESERVE;
    let mapping = at_start(1 << 40, flags)?;
    mapping.advise(libc::MADV_NOHUGEPAGE)?;
    for at in (32 << 30..mapping.length()).step_by(64 << 30) {
        mapping.touch(at, 1, true);
    }
    stay(None)
}

/// 64 MB of shared memory, and seven more processes that have touched it all.
pub fn shared() -> Result<()> {
    let mapping = at_start(LENGTH as usize, libc::MAP_SHARED)?;
    mapping.touch(0, mapping.length(), true);
    for _ in 0..7 {
        fork(|| {
            die_with_parent();
            mapping.touch(0, mapping.length(), false);
            wait_for_a_signal()
        })?;
    }
    stay(None)
}

/// 64 MB whose pages can be protected by `PAGEMAP_SCAN`, and lose that when they are written to.
pub fn tracked() -> Result<()> {
    let mapping = small_pages()?;
    let userfault = Userfault::new(WP_ASYNC).context("userfaultfd")?;
    userfault
        .register(&mapping, MODE_WP)
        .context("UFFDIO_REGISTER")?;
    stay(Some(&mapping))
}

/// Rests, in a child, until it is killed.
pub fn wait_for_a_signal() -> ! {
    loop {
        nix::unistd::pause();
    }
}
