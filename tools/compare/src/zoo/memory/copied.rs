// SPDX-License-Identifier: GPL-2.0

//! Memory that parent and child have in common until one of them writes.

use std::rc::Rc;

use super::*;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "copied",
        "small pages after fork, some written to by the child, some by the parent",
        small_pages,
    ),
    specimen(
        "copied-huge",
        "huge pages after fork: written to, read, split, unmapped in part",
        huge_pages,
    ),
    specimen(
        "unlike-children",
        "children for whom areas were wiped, left out, or kept",
        unlike,
    ),
];

fn small_pages(stage: &mut Stage) -> Result<()> {
    let mapping = Rc::new(small(MIB)?);
    mapping.touch(0, MIB / 2, true);
    mapping.touch(MIB / 2, MIB / 4, false);
    let inner = mapping.clone();
    stage.fork("child", move || {
        inner.touch_each(0, 128 * KIB, 2 * PAGE, true);
        inner.touch_each(MIB / 2, 128 * KIB, 2 * PAGE, true);
        Ok(())
    })?;
    let inner = mapping.clone();
    stage.fork("second child", move || {
        inner.touch(64 * KIB, 64 * KIB, true);
        Ok(inner.punch(256 * KIB, 64 * KIB)?)
    })?;
    mapping.touch_each(128 * KIB, 128 * KIB, 3 * PAGE, true);
    stage.stir(move || mapping.touch_each(0, MIB, 3 * PAGE, true));
    Ok(())
}

fn huge_pages(stage: &mut Stage) -> Result<()> {
    let mapping = Rc::new(huge(5 * HUGE)?);
    mapping.touch_each(0, 5 * HUGE, HUGE, true);
    need(&mapping, "AnonHugePages", 5 * HUGE)?;
    let inner = mapping.clone();
    stage.fork("child", move || {
        inner.touch(HUGE, PAGE, true);
        inner.protect(2 * HUGE, HUGE / 2, READ)?;
        inner.punch(3 * HUGE + 64 * KIB, 128 * KIB)?;
        Ok(inner.advise_part(4 * HUGE, 64 * KIB, libc::MADV_DONTNEED)?)
    })?;
    stage.stir(move || mapping.touch_each(0, 5 * HUGE, HUGE, true));
    Ok(())
}

fn unlike(stage: &mut Stage) -> Result<()> {
    for advice in [
        libc::MADV_DONTFORK,
        libc::MADV_WIPEONFORK,
        libc::MADV_DONTDUMP,
    ] {
        let mapping = Mapping::anonymous(64 * KIB)?;
        mapping.touch(0, 64 * KIB, true);
        mapping.advise(advice)?;
        stage.keep(mapping);
    }
    stage.fork("child", || Ok(()))?;
    Ok(())
}
