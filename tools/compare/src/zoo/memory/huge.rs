// SPDX-License-Identifier: GPL-2.0

//! Transparent huge pages, and folios of middle size.

use std::rc::Rc;

use super::*;

pub const SPECIMENS: &[Specimen] = &[
    specimen("huge-whole", "huge pages as a whole", whole),
    specimen(
        "huge-parts",
        "huge pages of which a part was protected, unmapped, freed, advised",
        parts,
    ),
    specimen(
        "middle-folios",
        "folios of 64 KiB, as a whole and in part, shared with a child",
        middle,
    ),
];

fn whole(stage: &mut Stage) -> Result<()> {
    let mapping = huge(4 * HUGE)?;
    mapping.touch_each(0, 3 * HUGE, HUGE, true);
    need(&mapping, "AnonHugePages", 3 * HUGE)?;
    stage.stir(move || mapping.touch_each(0, 4 * HUGE, 2 * HUGE, true));
    Ok(())
}

fn parts(stage: &mut Stage) -> Result<()> {
    let mapping = huge(7 * HUGE)?;
    mapping.touch_each(0, 7 * HUGE, HUGE, true);
    need(&mapping, "AnonHugePages", 7 * HUGE)?;
    mapping.protect(64 * KIB, 64 * KIB, READ)?;
    mapping.punch(HUGE + 128 * KIB, 256 * KIB)?;
    mapping.advise_part(2 * HUGE + MIB, 64 * KIB, libc::MADV_DONTNEED)?;
    mapping.advise_part(3 * HUGE, PAGE, libc::MADV_DONTFORK)?;
    mapping.lock_part(4 * HUGE + 64 * KIB, 64 * KIB, 0)?;
    // From the middle of one to the middle of the next.
    mapping.protect(5 * HUGE + HUGE / 2, HUGE, READ)?;
    stage.stir(move || {
        mapping.touch_each(2 * HUGE, HUGE, 7 * PAGE, true);
        mapping.touch_each(4 * HUGE, HUGE, 7 * PAGE, true);
    });
    Ok(())
}

/// The size of a folio of middle size.
const FOLIO: usize = 64 * KIB;

fn middle(stage: &mut Stage) -> Result<()> {
    let sizes = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled";
    let enabled = std::fs::read_to_string(sizes).context("no folios of 64 KiB")?;
    ensure!(
        !enabled.contains("[never]"),
        "folios of 64 KiB aren't enabled"
    );
    let mapping = Rc::new(Mapping::aligned(24 * FOLIO)?);
    mapping.advise(libc::MADV_HUGEPAGE)?;
    mapping.touch_each(0, 20 * FOLIO, FOLIO, true);
    mapping.advise_part(FOLIO + 16 * KIB, 16 * KIB, libc::MADV_DONTNEED)?;
    mapping.protect(2 * FOLIO + 16 * KIB, 16 * KIB, READ)?;
    mapping.punch(3 * FOLIO + 32 * KIB, FOLIO)?;
    let inner = mapping.clone();
    stage.fork("child", move || {
        inner.touch_each(8 * FOLIO, 4 * FOLIO, 5 * PAGE, true);
        inner.advise_part(12 * FOLIO + 4 * KIB, FOLIO, libc::MADV_DONTNEED)?;
        Ok(inner.punch(14 * FOLIO + 8 * KIB, 8 * KIB)?)
    })?;
    stage.stir(move || mapping.touch_each(8 * FOLIO, 16 * FOLIO, 3 * PAGE, true));
    Ok(())
}
