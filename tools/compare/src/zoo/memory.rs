// SPDX-License-Identifier: GPL-2.0

//! Memory in every state that procfs can tell of.

use anyhow::{ensure, Context, Result};

use super::{in_memory as specimen, Specimen, Stage};
use crate::probe::read_whole;
use crate::sys::{Mapping, HUGE, PAGE};

mod advice;
mod anonymous;
mod copied;
mod devices;
mod extent;
mod files;
mod huge;
mod hugetlb;
mod ksm;
mod policy;
mod references;
mod shared;
mod shmem;
mod swap;
mod userfault;

/// All of them.
pub const SPECIMENS: &[&[Specimen]] = &[
    anonymous::SPECIMENS,
    extent::SPECIMENS,
    advice::SPECIMENS,
    references::SPECIMENS,
    files::SPECIMENS,
    copied::SPECIMENS,
    shared::SPECIMENS,
    shmem::SPECIMENS,
    huge::SPECIMENS,
    hugetlb::SPECIMENS,
    devices::SPECIMENS,
    userfault::SPECIMENS,
    policy::SPECIMENS,
    ksm::SPECIMENS,
    swap::SPECIMENS,
];

const READ: i32 = libc::PROT_READ;
const WRITE: i32 = libc::PROT_WRITE;
const EXEC: i32 = libc::PROT_EXEC;
const ANONYMOUS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What `smaps` says of the area at the start of a mapping, in bytes.
fn smaps_field(mapping: &Mapping, field: &str) -> Result<usize> {
    let smaps = read_whole("/proc/self/smaps".as_ref())?;
    let smaps = String::from_utf8_lossy(&smaps);
    let start = format!("{:x}-", mapping.start());
    let mut lines = smaps.lines().skip_while(|line| !line.starts_with(&start));
    let value = lines.find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let value = value.with_context(|| format!("no {field} in smaps"))?;
    Ok(value.trim().trim_end_matches(" kB").parse::<usize>()? * KIB)
}

/// Without at least so many bytes of a field, a specimen isn't what it is meant to be.
fn need(mapping: &Mapping, field: &str, bytes: usize) -> Result<()> {
    let found = smaps_field(mapping, field)?;
    ensure!(found >= bytes, "{field} is {found}, not {bytes} bytes");
    Ok(())
}

/// Memory where huge pages fit, with huge pages wherever it was touched.
fn huge(length: usize) -> Result<Mapping> {
    let mapping = Mapping::aligned(length)?;
    mapping
        .advise(libc::MADV_HUGEPAGE)
        .context("MADV_HUGEPAGE")?;
    Ok(mapping)
}

/// Small pages only, also where huge ones would fit.
fn small(length: usize) -> Result<Mapping> {
    let mapping = Mapping::anonymous(length)?;
    mapping
        .advise(libc::MADV_NOHUGEPAGE)
        .context("MADV_NOHUGEPAGE")?;
    Ok(mapping)
}

/// Shared memory in a file of its own, wholly mapped.
fn shared_file(name: &std::ffi::CStr, length: usize) -> Result<(std::os::fd::OwnedFd, Mapping)> {
    let file = crate::sys::memfd(name, libc::MFD_CLOEXEC, length as i64)?;
    let mapping = Mapping::of_file(&file, 0, length, READ | WRITE, libc::MAP_SHARED)?;
    Ok((file, mapping))
}
