// SPDX-License-Identifier: GPL-2.0

//! Areas with a userfaultfd. Whoever touches what it watches waits for ever, so only the rest is
//! touched.

use super::*;
use crate::sys;
use crate::sys::userfault::*;

pub const SPECIMENS: &[Specimen] = &[
    specimen("userfault-missing", "missing pages are watched", missing),
    specimen(
        "userfault-minor",
        "pages that only need mapping are watched",
        minor,
    ),
    specimen(
        "userfault-wp",
        "writes are watched: small pages, unpopulated ones, shared memory",
        protected,
    ),
    specimen(
        "userfault-wp-huge",
        "writes are watched: huge pages of every kind",
        protected_huge,
    ),
    specimen(
        "wp-async",
        "writes are noted, asynchronously: memory of every kind",
        asynchronous,
    ),
    specimen("userfault-poison", "poisoned pages", poisoned),
    specimen("userfault-rwp", "all accesses are watched", all_accesses),
];

fn missing(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(0).context("userfaultfd")?;
    let mapping = small(256 * KIB)?;
    mapping.touch(0, 64 * KIB, true);
    fault.register(&mapping, MODE_MISSING)?;
    let (file, shared) = shared_file(c"missing", 256 * KIB)?;
    shared.touch(0, 64 * KIB, true);
    fault.register(&shared, MODE_MISSING)?;
    stage.keep((fault, file));
    stage.stir(move || {
        mapping.touch_each(0, 64 * KIB, 3 * PAGE, true);
        shared.touch_each(0, 64 * KIB, 3 * PAGE, true);
    });
    Ok(())
}

fn minor(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(MINOR_SHMEM).context("userfaultfd")?;
    let (file, first) = shared_file(c"minor", 256 * KIB)?;
    first.touch(0, 128 * KIB, true);
    let second = Mapping::of_file(&file, 0, 256 * KIB, READ | WRITE, libc::MAP_SHARED)?;
    // The pages around it come with it.
    second.touch(0, PAGE, false);
    fault.register(&second, MODE_MINOR)?;
    fault.resolve(&second, 64 * KIB, 32 * KIB)?;
    stage.keep((fault, file, second));
    stage.stir(move || first.touch_each(0, 128 * KIB, 3 * PAGE, true));
    Ok(())
}

fn protected(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(WP_OF_FILES | WP_UNPOPULATED).context("userfaultfd")?;
    let mapping = small(512 * KIB)?;
    mapping.touch(0, 128 * KIB, true);
    mapping.touch(128 * KIB, 64 * KIB, false);
    fault.register(&mapping, MODE_WP)?;
    fault.protect(&mapping, 16 * KIB, 384 * KIB, true)?;
    fault.protect(&mapping, 64 * KIB, 16 * KIB, false)?;
    let (file, shared) = shared_file(c"protected", 512 * KIB)?;
    shared.touch(0, 128 * KIB, true);
    fault.register(&shared, MODE_WP)?;
    fault.protect(&shared, 0, 256 * KIB, true)?;
    // Its pages go, the marks stay.
    shared.advise_part(0, 32 * KIB, libc::MADV_DONTNEED)?;
    stage.keep((fault, file));
    stage.stir(move || {
        mapping.touch_each(64 * KIB, 16 * KIB, PAGE, true);
        shared.touch_each(256 * KIB, 64 * KIB, PAGE, true);
    });
    Ok(())
}

fn protected_huge(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(WP_OF_FILES).context("userfaultfd")?;
    let mapping = huge(4 * HUGE)?;
    mapping.touch_each(0, 3 * HUGE, HUGE, true);
    need(&mapping, "AnonHugePages", 3 * HUGE)?;
    fault.register(&mapping, MODE_WP)?;
    fault.protect(&mapping, 0, HUGE, true)?;
    fault.protect(&mapping, HUGE + 64 * KIB, 64 * KIB, true)?;
    let file = sys::memfd(
        c"protected",
        libc::MFD_CLOEXEC | libc::MFD_HUGETLB,
        3 * HUGE as i64,
    )?;
    let pages = Mapping::of_file(&file, 0, 3 * HUGE, READ | WRITE, libc::MAP_SHARED)
        .context("no huge pages to be had (vm.nr_hugepages)")?;
    pages.touch_each(0, 2 * HUGE, HUGE, true);
    fault.register(&pages, MODE_WP)?;
    fault.protect(&pages, HUGE, 2 * HUGE, true)?;
    stage.keep((fault, file, pages));
    stage.stir(move || mapping.touch(2 * HUGE, PAGE, true));
    Ok(())
}

fn asynchronous(stage: &mut Stage) -> Result<()> {
    let features = WP_OF_FILES | WP_UNPOPULATED | WP_ASYNC;
    let fault = Userfault::new(features).context("userfaultfd")?;
    let mapping = small(3 * MIB)?;
    mapping.touch(0, 256 * KIB, true);
    mapping.touch(256 * KIB, 64 * KIB, false);
    mapping.touch(2 * MIB + 512 * KIB, 64 * KIB, true);
    let huge = huge(4 * HUGE)?;
    huge.touch_each(0, 3 * HUGE, HUGE, true);
    let (file, shared) = shared_file(c"asynchronous", MIB)?;
    shared.touch(0, 256 * KIB, true);
    for mapping in [&mapping, &huge, &shared] {
        fault.register(mapping, MODE_WP)?;
    }
    fault.protect(&mapping, 0, 2 * MIB, true)?;
    fault.protect(&huge, 0, 2 * HUGE, true)?;
    fault.protect(&shared, 0, MIB, true)?;
    let touch = move |step: usize| {
        mapping.touch_each(0, 512 * KIB, step * PAGE, true);
        huge.touch(HUGE, PAGE, true);
        shared.touch_each(0, 384 * KIB, step * PAGE, true);
    };
    touch(3);
    if let Ok(pages) = hugetlb() {
        fault.register(&pages, MODE_WP)?;
        fault.protect(&pages, 0, 3 * HUGE, true)?;
        pages.touch(0, PAGE, true);
        stage.keep(pages);
    }
    stage.keep((fault, file));
    stage.stir(move || touch(5));
    Ok(())
}

/// Four huge pages, two of them touched.
fn hugetlb() -> Result<Mapping> {
    let flags = ANONYMOUS | libc::MAP_HUGETLB;
    let pages = Mapping::new(0, 4 * HUGE, READ | WRITE, flags, None)?;
    pages.touch_each(0, 2 * HUGE, HUGE, true);
    Ok(pages)
}

fn poisoned(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(POISON).context("userfaultfd")?;
    let mapping = small(128 * KIB)?;
    mapping.touch(0, 32 * KIB, true);
    fault.register(&mapping, MODE_MISSING)?;
    fault.poison(&mapping, 64 * KIB, 32 * KIB)?;
    stage.keep((fault, mapping));
    Ok(())
}

fn all_accesses(stage: &mut Stage) -> Result<()> {
    let fault = Userfault::new(RWP | RWP_ASYNC).context("no UFFD_FEATURE_RWP")?;
    let mapping = small(MIB)?;
    mapping.touch(0, 256 * KIB, true);
    fault.register(&mapping, MODE_RWP)?;
    fault.protect_from_all(&mapping, 0, 512 * KIB)?;
    let huge = huge(2 * HUGE)?;
    huge.touch_each(0, 2 * HUGE, HUGE, true);
    fault.register(&huge, MODE_RWP)?;
    fault.protect_from_all(&huge, 0, HUGE)?;
    mapping.touch_each(0, 128 * KIB, 3 * PAGE, false);
    stage.keep(fault);
    stage.stir(move || {
        mapping.touch_each(0, 256 * KIB, 5 * PAGE, true);
        huge.touch(0, PAGE, false);
    });
    Ok(())
}
