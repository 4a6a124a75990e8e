// SPDX-License-Identifier: GPL-2.0

//! Many VMAs.
//!
//! As in a large program, three of five are of libraries, each of which has four: constants, code,
//! more constants, and data that has been written to. The rest are anonymous.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{ensure, Context, Result};
use rustproc_compare::sys::{Mapping, PAGE};

use super::{cache, memory, stay};

/// How many libraries there are.
const LIBRARIES: usize = 75;
const DIRECTORY: &str = "/tmp/usr/lib/x86_64-linux-gnu";

/// 64 MB in pages of 4 KB, and so many VMAs in all.
pub fn be(count: usize) -> Result<()> {
    cache::own_tmp(None)?;
    let pages = memory::small_pages()?;
    let mut held = Vec::new();
    for number in 0..LIBRARIES {
        held.extend(library(number)?);
    }
    let present = own_count()?;
    ensure!(present < count, "there are {present} VMAs already");
    for (number, area) in anonymous(count - present)?.into_iter().enumerate() {
        area.touch(0, PAGE, is_writable(number));
        held.push(area);
    }
    let present = own_count()?;
    ensure!(present == count, "{present} VMAs, not {count}");
    stay(Some(&pages))
}

/// Anonymous VMAs only: as many as there may be.
pub fn many(count: usize) -> Result<()> {
    let _held = anonymous(count - own_count()?)?;
    stay(None)
}

/// The four VMAs of a library, all of whose pages are in place.
fn library(number: usize) -> Result<Vec<Mapping>> {
    fs::create_dir_all(DIRECTORY)?;
    let path = PathBuf::from(format!("{DIRECTORY}/librustproc-bench-{number}.so.6"));
    fs::write(&path, vec![1_u8; 16 * PAGE])?;
    let file = File::open(path)?;
    let parts = [
        (0, 4, libc::PROT_READ),
        (4, 8, libc::PROT_READ | libc::PROT_EXEC),
        (12, 2, libc::PROT_READ),
        (14, 2, libc::PROT_READ | libc::PROT_WRITE),
    ];
    let part = |(from, pages, prot)| {
        let mapping = Mapping::of_file(&file, from * PAGE, pages * PAGE, prot, libc::MAP_PRIVATE)?;
        mapping.touch(0, mapping.length(), prot & libc::PROT_WRITE != 0);
        Ok(mapping)
    };
    parts.into_iter().map(part).collect()
}

/// So many anonymous VMAs of a page each, which can't be merged: every other one is read-only.
fn anonymous(count: usize) -> Result<Vec<Mapping>> {
    let both = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    let area = |number: usize| {
        let at = 0x7100_0000_0000 + number * 2 * PAGE;
        let prot = match is_writable(number) {
            true => both,
            false => libc::PROT_READ,
        };
        Mapping::new(at, PAGE, prot, flags, None).context("mmap")
    };
    (0..count).map(area).collect()
}

/// Whether that one of the anonymous VMAs can be written to.
fn is_writable(number: usize) -> bool {
    number % 2 == 0
}

/// How many VMAs this process has.
fn own_count() -> Result<usize> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let own = maps.lines().filter(|line| !line.contains("[vsyscall]"));
    Ok(own.count())
}
