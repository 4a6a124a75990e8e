// SPDX-License-Identifier: GPL-2.0

//! Pages in swap, and pages that are there and in memory.

use std::rc::Rc;

use super::*;
use crate::sys::userfault::{Userfault, MODE_WP, WP_ASYNC, WP_OF_FILES};

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "swapped",
        "anonymous pages in swap, some read back, some shared with a child",
        anonymous,
    ),
    specimen(
        "swapped-huge",
        "huge pages in swap, some read back",
        huge_pages,
    ),
    specimen(
        "swapped-shmem",
        "shared memory in swap: holes, parts, private copies, two processes",
        shmem,
    ),
    specimen(
        "swapped-watched",
        "pages in swap whose writes are noted, and marks of clear_refs",
        watched,
    ),
];

/// Sends a part to swap.
fn page_out(mapping: &Mapping, from: usize, length: usize) -> Result<()> {
    let swaps = std::fs::read_to_string("/proc/swaps")?;
    ensure!(swaps.lines().count() > 1, "no swap (needs root and zram)");
    mapping
        .advise_part(from, length, libc::MADV_PAGEOUT)
        .context("MADV_PAGEOUT")
}

fn anonymous(stage: &mut Stage) -> Result<()> {
    let mapping = Rc::new(small(MIB)?);
    mapping.fill(0, MIB / 2, 0x11)?;
    page_out(&mapping, 64 * KIB, 384 * KIB)?;
    need(&mapping, "Swap", 256 * KIB)?;
    mapping.touch_each(64 * KIB, 64 * KIB, 3 * PAGE, false);
    mapping.touch_each(128 * KIB, 64 * KIB, 3 * PAGE, true);
    let inner = mapping.clone();
    stage.fork("child", move || {
        inner.touch_each(192 * KIB, 64 * KIB, 4 * PAGE, false);
        inner.touch_each(256 * KIB, 64 * KIB, 4 * PAGE, true);
        Ok(inner.advise_part(320 * KIB, 32 * KIB, libc::MADV_DONTNEED)?)
    })?;
    let inner = mapping.clone();
    stage.fork(
        "second child",
        move || Ok(inner.punch(384 * KIB, 16 * KIB)?),
    )?;
    stage.stir(move || mapping.touch_each(0, MIB / 2, 5 * PAGE, true));
    Ok(())
}

fn huge_pages(stage: &mut Stage) -> Result<()> {
    let mapping = huge(4 * HUGE)?;
    for page in 0..4 {
        mapping.fill(page * HUGE, HUGE, 0x21 + page as u8)?;
    }
    page_out(&mapping, HUGE, 2 * HUGE)?;
    need(&mapping, "Swap", HUGE)?;
    page_out(&mapping, 3 * HUGE + 64 * KIB, 128 * KIB)?;
    mapping.touch_each(HUGE, HUGE, 100 * PAGE, false);
    stage.stir(move || mapping.touch_each(0, 3 * HUGE, 77 * PAGE, true));
    Ok(())
}

fn shmem(stage: &mut Stage) -> Result<()> {
    let (file, shared) = shared_file(c"swapped", 2 * MIB)?;
    shared.fill(0, MIB, 0x31)?;
    shared.fill(MIB + 512 * KIB, 64 * KIB, 0x32)?;
    page_out(&shared, 0, MIB / 2)?;
    page_out(&shared, MIB + 512 * KIB, 64 * KIB)?;
    need(&shared, "Swap", 256 * KIB)?;
    shared.touch_each(0, 128 * KIB, 5 * PAGE, false);
    let flags = libc::MAP_PRIVATE;
    let private = Mapping::of_file(&file, 0, 2 * MIB, READ | WRITE, flags)?;
    private.touch_each(256 * KIB, 64 * KIB, 4 * PAGE, true);
    private.touch_each(640 * KIB, 64 * KIB, 2 * PAGE, true);
    page_out(&private, 640 * KIB, 64 * KIB)?;
    private.advise_part(768 * KIB, 32 * KIB, libc::MADV_DONTNEED)?;
    let read_only = Mapping::of_file(&file, 128 * KIB, MIB, READ, flags)?;
    read_only.touch_each(0, 64 * KIB, 3 * PAGE, false);
    let part = Mapping::of_file(&file, 384 * KIB, 256 * KIB, READ | WRITE, libc::MAP_SHARED)?;
    stage.fork("child", || Ok(()))?;
    let anonymous = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    let unnamed = Mapping::new(0, 256 * KIB, READ | WRITE, anonymous, None)?;
    unnamed.fill(0, 128 * KIB, 0x33)?;
    page_out(&unnamed, 0, 64 * KIB)?;
    stage.keep((file, private, read_only, part, unnamed));
    stage.stir(move || shared.touch_each(0, 2 * MIB, 9 * PAGE, true));
    Ok(())
}

fn watched(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(WP_OF_FILES | WP_ASYNC).context("userfaultfd")?;
    let mapping = small(512 * KIB)?;
    mapping.fill(0, 256 * KIB, 0x41)?;
    fault.register(&mapping, MODE_WP)?;
    fault.protect(&mapping, 0, 128 * KIB, true)?;
    page_out(&mapping, 64 * KIB, 128 * KIB)?;
    need(&mapping, "Swap", 64 * KIB)?;
    let (file, shared) = shared_file(c"watched", 512 * KIB)?;
    shared.fill(0, 256 * KIB, 0x42)?;
    fault.register(&shared, MODE_WP)?;
    fault.protect(&shared, 0, 128 * KIB, true)?;
    page_out(&shared, 64 * KIB, 128 * KIB)?;
    let cleared = small(256 * KIB)?;
    cleared.fill(0, 256 * KIB, 0x43)?;
    page_out(&cleared, 0, 128 * KIB)?;
    super::references::clear("4")?;
    cleared.touch_each(0, 256 * KIB, 3 * PAGE, true);
    stage.keep((fault, file, shared));
    stage.stir(move || {
        mapping.touch_each(0, 512 * KIB, 5 * PAGE, true);
        cleared.touch_each(0, 256 * KIB, 5 * PAGE, true);
    });
    Ok(())
}
