// SPDX-License-Identifier: GPL-2.0

//! Huge pages of shared memory.

use std::ffi::CStr;
use std::fs::File;

use nix::mount::{mount, MsFlags};
use nix::sched::{unshare, CloneFlags};

use super::*;
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "huge-shmem",
        "huge pages of a tmpfs: mapped as such, by small pages, in part",
        tmpfs,
    ),
    specimen(
        "huge-memfd",
        "huge pages of a memfd, as advised; split, with pages of its own",
        memfd,
    ),
];

fn tmpfs(stage: &mut Stage) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("needs root")?;
    let none = None::<&CStr>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    let directory = tempfile::tempdir()?;
    let options = Some("huge=always,size=32M");
    mount(
        Some("none"),
        directory.path(),
        Some("tmpfs"),
        MsFlags::empty(),
        options,
    )
    .context("a tmpfs with huge pages")?;
    let path = directory.path().join("file");
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    file.set_len(6 * HUGE as u64)?;
    let whole = Mapping::aligned_file(&file, 0, 6 * HUGE, READ | WRITE, libc::MAP_SHARED)?;
    whole.touch_each(0, 6 * HUGE, PAGE, true);
    need(&whole, "ShmemPmdMapped", HUGE)?;
    whole.protect(HUGE + 64 * KIB, 64 * KIB, READ)?;
    whole.punch(2 * HUGE + 64 * KIB, 64 * KIB)?;
    whole.advise_part(3 * HUGE, 64 * KIB, libc::MADV_DONTNEED)?;
    // Here huge pages don't fit.
    let unaligned = Mapping::of_file(&file, 64 * KIB, 3 * HUGE, READ | WRITE, libc::MAP_SHARED)?;
    unaligned.touch_each(0, 3 * HUGE, 5 * PAGE, false);
    let private =
        Mapping::aligned_file(&file, 4 * HUGE, 2 * HUGE, READ | WRITE, libc::MAP_PRIVATE)?;
    private.touch_each(0, HUGE, PAGE, false);
    private.touch_each(0, HUGE, 9 * PAGE, true);
    stage.fork("child", || Ok(()))?;
    stage.keep((file, directory, unaligned, private));
    stage.stir(move || whole.touch_each(4 * HUGE, 2 * HUGE, 17 * PAGE, true));
    Ok(())
}

fn memfd(stage: &mut Stage) -> Result<()> {
    let file = sys::memfd(c"huge", libc::MFD_CLOEXEC, 4 * HUGE as i64)?;
    let mapping = Mapping::aligned_file(&file, 0, 4 * HUGE, READ | WRITE, libc::MAP_SHARED)?;
    mapping.advise(libc::MADV_HUGEPAGE)?;
    mapping.touch_each(0, 3 * HUGE, PAGE, true);
    need(&mapping, "ShmemPmdMapped", HUGE)
        .context("transparent_hugepage/shmem_enabled isn't advise")?;
    let second = Mapping::aligned_file(&file, HUGE, 2 * HUGE, READ, libc::MAP_SHARED)?;
    second.advise(libc::MADV_HUGEPAGE)?;
    second.touch(0, HUGE, false);
    mapping.advise_part(2 * HUGE + 64 * KIB, 64 * KIB, libc::MADV_REMOVE)?;
    stage.keep((file, second));
    stage.stir(move || mapping.touch_each(0, 2 * HUGE, 33 * PAGE, true));
    Ok(())
}
