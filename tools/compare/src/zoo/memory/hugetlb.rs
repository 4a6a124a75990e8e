// SPDX-License-Identifier: GPL-2.0

//! Huge pages that were set aside (hugetlb).

use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::*;
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "huge-pages",
        "private hugetlb memory, touched and reserved",
        private,
    ),
    specimen(
        "shared-huge-pages",
        "hugetlb files mapped by two processes, private mappings of them",
        shared,
    ),
    specimen(
        "copied-huge-pages",
        "private hugetlb memory after fork, some of it written to",
        copied,
    ),
];

const HUGETLB: i32 = ANONYMOUS | libc::MAP_HUGETLB;

fn private(stage: &mut Stage) -> Result<()> {
    let mapping = Mapping::new(0, 3 * HUGE, READ | WRITE, HUGETLB, None)
        .context("no huge pages to be had (vm.nr_hugepages)")?;
    mapping.touch(0, 4096, true);
    mapping.touch(HUGE, PAGE, false);
    mapping.protect(HUGE, HUGE, READ)?;
    let flags = HUGETLB | libc::MAP_NORESERVE;
    stage.keep(Mapping::new(0, 2 * HUGE, READ | WRITE, flags, None)?);
    stage.keep(Mapping::new(0, HUGE, 0, HUGETLB, None)?);
    stage.stir(move || mapping.touch(2 * HUGE, PAGE, true));
    Ok(())
}

/// A hugetlb file.
fn file(pages: usize) -> Result<OwnedFd> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_HUGETLB;
    sys::memfd(c"huge pages", flags, (pages * HUGE) as i64).context("MFD_HUGETLB")
}

fn shared(stage: &mut Stage) -> Result<()> {
    let file = Rc::new(file(4)?);
    let mapping = Mapping::of_file(&*file, 0, 4 * HUGE, READ | WRITE, libc::MAP_SHARED)
        .context("no huge pages to be had (vm.nr_hugepages)")?;
    mapping.touch_each(0, 3 * HUGE, HUGE, true);
    let inner = file.clone();
    stage.fork("child", move || {
        let part = Mapping::of_file(&*inner, HUGE, 2 * HUGE, READ | WRITE, libc::MAP_SHARED)?;
        part.touch(0, PAGE, true);
        std::mem::forget(part);
        Ok(())
    })?;
    let private = Mapping::of_file(&*file, 0, 2 * HUGE, READ | WRITE, libc::MAP_PRIVATE)?;
    private.touch(0, PAGE, false);
    private.touch(HUGE, PAGE, true);
    stage.keep((file, private));
    stage.stir(move || mapping.touch_each(0, 4 * HUGE, HUGE, true));
    Ok(())
}

fn copied(stage: &mut Stage) -> Result<()> {
    let mapping = Rc::new(
        Mapping::new(0, 3 * HUGE, READ | WRITE, HUGETLB, None)
            .context("no huge pages to be had (vm.nr_hugepages)")?,
    );
    mapping.touch_each(0, 3 * HUGE, HUGE, true);
    let inner = mapping.clone();
    stage.fork("child", move || {
        inner.touch(0, PAGE, true);
        Ok(inner.punch(2 * HUGE, HUGE)?)
    })?;
    stage.keep(mapping);
    Ok(())
}
