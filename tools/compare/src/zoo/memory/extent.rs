// SPDX-License-Identifier: GPL-2.0

//! Address spaces that are large, or in many pieces.

use super::*;

pub const SPECIMENS: &[Specimen] = &[
    specimen("reserved", "1 TiB without access", reserved),
    specimen(
        "sparse",
        "1 TiB that nobody pays for, with a page here and there",
        sparse,
    ),
    specimen("many-areas", "2000 areas", |stage| areas(stage, 2000)),
    specimen("most-areas", "60,000 areas", |stage| areas(stage, 60_000)).heavy(),
];

const TIB: usize = 1 << 40;

fn reserved(stage: &mut Stage) -> Result<()> {
    let flags = ANONYMOUS | libc::MAP_NORESERVE;
    stage.keep(Mapping::new(0, TIB, libc::PROT_NONE, flags, None)?);
    Ok(())
}

fn sparse(stage: &mut Stage) -> Result<()> {
    let flags = ANONYMOUS | libc::MAP_NORESERVE;
    let mapping = Mapping::new(0, TIB, READ | WRITE, flags, None)
        .context("vm.overcommit_memory may forbid it")?;
    mapping.advise(libc::MADV_NOHUGEPAGE)?;
    for place in [0, TIB / 4, TIB / 3, TIB / 2, TIB - MIB] {
        mapping.touch(place / PAGE * PAGE, 3 * PAGE, true);
    }
    mapping.touch(TIB / 8, PAGE, false);
    stage.stir(move || mapping.touch(TIB / 2, 2 * PAGE, true));
    Ok(())
}

fn areas(stage: &mut Stage, count: usize) -> Result<()> {
    let mapping = Mapping::new(0, count * PAGE, READ, ANONYMOUS, None)?;
    // Neighbours of unlike protection don't merge.
    for page in (0..count).step_by(2) {
        mapping
            .protect(page * PAGE, PAGE, libc::PROT_NONE)
            .context("vm.max_map_count may be too low")?;
    }
    stage.keep(mapping);
    Ok(())
}
