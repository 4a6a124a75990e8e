// SPDX-License-Identifier: GPL-2.0

//! Memory that several areas or processes share.

use std::fs::File;
use std::rc::Rc;

use super::*;
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "shared",
        "memfd, System V, shared anonymous, /dev/zero",
        shared,
    ),
    specimen(
        "shared-ranges",
        "one file of which several processes map different ranges",
        ranges,
    ),
    specimen(
        "mapped-often",
        "one file mapped a hundred times, twenty pages of it by a child too",
        often,
    ),
];

fn shared(stage: &mut Stage) -> Result<()> {
    for (name, flags) in [
        (c"plain", 0),
        (c"sealed", libc::MFD_ALLOW_SEALING),
        (c"", 0),
    ] {
        let file = sys::memfd(name, flags | libc::MFD_CLOEXEC, 16 << 10)?;
        let mapping = Mapping::new(0, 16 << 10, READ | WRITE, libc::MAP_SHARED, Some(&file))?;
        mapping.touch(0, 8192, true);
        stage.keep((file, mapping));
    }
    let anonymous = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    let mapping = Mapping::new(0, 64 << 10, READ | WRITE, anonymous, None)?;
    mapping.touch(0, 32 << 10, true);
    stage.keep(mapping);
    let zero = File::options().read(true).write(true).open("/dev/zero")?;
    stage.keep(Mapping::new(
        0,
        8192,
        READ | WRITE,
        libc::MAP_SHARED,
        Some(&zero),
    )?);
    sys::attach_shared_memory(32 << 10).context("System V shared memory")
}

fn ranges(stage: &mut Stage) -> Result<()> {
    let (file, whole) = shared_file(c"ranges", MIB)?;
    whole.touch(0, MIB / 2, true);
    let file = Rc::new(file);
    for (label, from, length, flags) in [
        ("first half", 0, MIB / 2, libc::MAP_SHARED),
        ("middle", 256 * KIB, 384 * KIB, libc::MAP_SHARED),
        ("private", 128 * KIB, 256 * KIB, libc::MAP_PRIVATE),
    ] {
        let file = file.clone();
        stage.fork(label, move || {
            let part = Mapping::of_file(&*file, from, length, READ | WRITE, flags)?;
            part.touch_each(0, length, 3 * PAGE, false);
            part.touch_each(0, length, 7 * PAGE, true);
            std::mem::forget(part);
            Ok(())
        })?;
    }
    stage.keep(file);
    stage.stir(move || whole.touch_each(0, MIB, 11 * PAGE, true));
    Ok(())
}

fn often(stage: &mut Stage) -> Result<()> {
    let (file, whole) = shared_file(c"often", 80 * KIB)?;
    whole.touch(0, 80 * KIB, true);
    for _ in 0..99 {
        let mapping = Mapping::of_file(&file, 0, 80 * KIB, READ, libc::MAP_SHARED)?;
        mapping.touch(0, 40 * KIB, false);
        stage.keep(mapping);
    }
    let whole = Rc::new(whole);
    let inner = whole.clone();
    stage.fork("child", move || {
        inner.touch(0, 80 * KIB, false);
        Ok(())
    })?;
    stage.keep((file, whole));
    Ok(())
}
