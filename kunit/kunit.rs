// SPDX-License-Identifier: GPL-2.0

//! KUnit suites that need a live address space, or the mounted file system.
//!
//! Each of their tests is a process, see [`process`], whose address space holds what it maps at
//! addresses of its own choice, and nothing else. Of whatever is mounted nothing is seen from outside.

#![deny(unsafe_code)]

#[cfg(CONFIG_FAULT_INJECTION)]
mod faults;
mod ioctls;
mod options;
mod positions;
mod sizes;
mod trees;
mod walk;

use crate::sys::{
    kunit::{
        mount::{
            File,
            Mount, //
        },
        process::{
            Memory,
            Process, //
        },
    },
    vma::{
        LockedVma,
        VmaWalk, //
    },
};
use core::ops::Range;
use kernel::{
    prelude::*,
    str::CString, //
};

/// Size of a page, in bytes.
const PAGE: usize = kernel::page::PAGE_SIZE;

/// Where the memory starts that tests look at: at the beginning of a table of each level.
const BASE: usize = 0x1000_0000_0000;

/// Memory that reads go to; above all else.
const BUFFER: Range<usize> = 0x6000_0000_0000..0x6000_0001_0000;

/// Maps [`BUFFER`], and touches all of it, so that reads don't change it any more.
///
/// # Errors
///
/// `ENOMEM`.
fn map_buffer(process: &Process) -> Result {
    process.map(BUFFER, Memory::Private)?;
    for address in BUFFER.step_by(PAGE) {
        process.write(address, &[0])?;
    }
    Ok(())
}

/// Mounts the file system, with its defaults.
///
/// # Errors
///
/// Its own.
fn mount(process: &Process) -> Result<Mount<'_>> {
    Mount::new(process, c"rustproc", &[])
}

/// The name of a file of the process itself.
///
/// # Errors
///
/// `ENOMEM`.
fn own_file(process: &Process, name: &str) -> Result<CString> {
    CString::try_from_fmt(fmt!("{}/{name}", process.pid()))
}

/// Reads once, `size` bytes at most, and adds what was read to `text`; answers how much that was.
///
/// # Errors
///
/// Those of the file; `ENOMEM`.
fn read(process: &Process, file: &mut File<'_>, size: usize, text: &mut KVec<u8>) -> Result<usize> {
    let length = file.read(BUFFER.start, size.min(BUFFER.len()))?;
    let start = text.len();

    text.resize(start + length, 0, GFP_KERNEL)?;
    process.read(BUFFER.start, text.get_mut(start..).unwrap_or_default())?;
    Ok(length)
}

/// Runs `look` on the VMA at `address`, locked by itself.
///
/// # Errors
///
/// `ENOENT` if there is none; those of `look`.
fn with_area<R>(
    process: &Process,
    address: usize,
    look: impl FnOnce(&LockedVma<'_>) -> Result<R>,
) -> Result<R> {
    let mut vmas = VmaWalk::new(process.mm().clone(), address);

    if vmas.advance(address)?.is_none() {
        return Err(ENOENT);
    }
    vmas.inspect(|area| look(&area)).ok_or(ENOENT)?
}
