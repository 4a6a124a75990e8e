// SPDX-License-Identifier: GPL-2.0

//! Pages that were used lately or not, written to lately or not.

use super::*;
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "referenced",
        "young and old pages, cold ones, of memory and of a file",
        referenced,
    ),
    specimen(
        "soft-dirty",
        "pages written to, read or mapped after the marks were cleared",
        soft_dirty,
    ),
];

/// Writes to one's own `clear_refs`, stock's.
pub fn clear(what: &str) -> Result<()> {
    std::fs::write("/proc/self/clear_refs", what).context("clear_refs")?;
    Ok(sys::forget_translations()?)
}

fn referenced(stage: &mut Stage) -> Result<()> {
    let mapping = small(MIB)?;
    mapping.touch(0, MIB / 2, true);
    let huge = huge(3 * HUGE)?;
    huge.touch_each(0, 3 * HUGE, HUGE, true);
    let (file, shared) = shared_file(c"referenced", MIB)?;
    shared.touch(0, MIB, true);
    clear("1")?;
    mapping.touch_each(0, 256 * KIB, 3 * PAGE, false);
    mapping.advise_part(256 * KIB, 64 * KIB, libc::MADV_COLD)?;
    huge.touch(0, PAGE, false);
    huge.touch(HUGE, PAGE, true);
    shared.touch_each(0, MIB / 2, 5 * PAGE, false);
    stage.keep(file);
    stage.stir(move || {
        mapping.touch_each(0, MIB / 2, 7 * PAGE, true);
        huge.touch(2 * HUGE, PAGE, false);
        shared.touch_each(MIB / 2, MIB / 2, 3 * PAGE, false);
    });
    Ok(())
}

fn soft_dirty(stage: &mut Stage) -> Result<()> {
    let mapping = small(MIB)?;
    mapping.touch(0, MIB / 2, true);
    let huge = huge(4 * HUGE)?;
    huge.touch_each(0, 4 * HUGE, HUGE, true);
    let (file, shared) = shared_file(c"soft-dirty", 256 * KIB)?;
    shared.touch(0, 128 * KIB, true);
    let moved = small(64 * KIB)?;
    moved.touch(0, 32 * KIB, true);
    clear("4")?;
    mapping.touch_each(0, 128 * KIB, 3 * PAGE, true);
    mapping.touch_each(128 * KIB, 128 * KIB, 3 * PAGE, false);
    mapping.touch(MIB / 2, 16 * KIB, true);
    mapping.advise_part(448 * KIB, 32 * KIB, libc::MADV_DONTNEED)?;
    mapping.protect(384 * KIB, 16 * KIB, READ)?;
    huge.touch(0, PAGE, true);
    huge.touch(HUGE, PAGE, false);
    huge.protect(2 * HUGE + 64 * KIB, 64 * KIB, READ)?;
    shared.touch_each(0, 128 * KIB, 3 * PAGE, true);
    let new = small(64 * KIB)?;
    new.touch(0, 16 * KIB, true);
    stage.keep((file, moved.moved()?, new));
    stage.stir(move || {
        mapping.touch_each(0, 128 * KIB, 4 * PAGE, true);
        mapping.touch_each(640 * KIB, 64 * KIB, 4 * PAGE, true);
        huge.touch(HUGE, PAGE, true);
        huge.touch(2 * HUGE, PAGE, true);
        shared.touch_each(0, 256 * KIB, 4 * PAGE, true);
    });
    Ok(())
}
