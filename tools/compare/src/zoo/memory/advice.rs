// SPDX-License-Identifier: GPL-2.0

//! Areas that somebody has said something about: advice, locks, seals, guards.

use super::*;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "advised",
        "areas with every kind of advice that stays with an area",
        advised,
    ),
    specimen(
        "lazily-freed",
        "MADV_FREE: as it was, written to again, a huge page",
        lazily_freed,
    ),
    specimen(
        "partly-freed",
        "MADV_FREE of parts of huge pages",
        lazily_freed_parts,
    ),
    specimen(
        "guarded",
        "guard regions in anonymous memory and in files",
        guarded,
    ),
    specimen("locked", "locked memory of every kind", locked),
    specimen("sealed", "sealed areas", sealed),
    specimen("droppable", "memory that the kernel may drop", droppable),
    specimen(
        "flagged",
        "areas made with each flag of mmap that stays with an area",
        flagged,
    ),
    specimen(
        "protection-keys",
        "areas with protection keys, and one that can only be executed",
        protection_keys,
    ),
    specimen(
        "synchronous",
        "MAP_SYNC, on a file system that maps memory directly",
        synchronous,
    ),
];

const MADV_GUARD_INSTALL: i32 = 102;
const MADV_GUARD_REMOVE: i32 = 103;

fn advised(stage: &mut Stage) -> Result<()> {
    for advice in [
        libc::MADV_DONTDUMP,
        libc::MADV_DONTFORK,
        libc::MADV_WIPEONFORK,
        libc::MADV_SEQUENTIAL,
        libc::MADV_RANDOM,
        libc::MADV_HUGEPAGE,
        libc::MADV_NOHUGEPAGE,
        libc::MADV_MERGEABLE,
    ] {
        let mapping = Mapping::anonymous(16 << 10)?;
        mapping
            .advise(advice)
            .with_context(|| format!("madvise {advice}"))?;
        mapping.touch(0, 16 << 10, true);
        stage.keep(mapping);
    }
    let several = Mapping::anonymous(64 * KIB)?;
    for advice in [
        libc::MADV_DONTDUMP,
        libc::MADV_DONTFORK,
        libc::MADV_RANDOM,
        libc::MADV_NOHUGEPAGE,
    ] {
        several.advise_part(16 * KIB, 32 * KIB, advice)?;
    }
    stage.keep(several);
    Ok(())
}

fn lazily_freed(stage: &mut Stage) -> Result<()> {
    let mapping = small(MIB)?;
    mapping.touch(0, MIB / 2, true);
    mapping.advise_part(64 * KIB, 256 * KIB, libc::MADV_FREE)?;
    mapping.touch_each(64 * KIB, 64 * KIB, 3 * PAGE, true);
    mapping.touch_each(128 * KIB, 64 * KIB, 3 * PAGE, false);
    let huge = huge(3 * HUGE)?;
    huge.touch_each(0, 3 * HUGE, HUGE, true);
    huge.advise_part(0, HUGE, libc::MADV_FREE)?;
    stage.stir(move || {
        mapping.touch_each(64 * KIB, 256 * KIB, 5 * PAGE, true);
        huge.touch(0, PAGE, true);
    });
    Ok(())
}

fn lazily_freed_parts(stage: &mut Stage) -> Result<()> {
    let huge = huge(3 * HUGE)?;
    huge.touch_each(0, 3 * HUGE, HUGE, true);
    huge.advise_part(0, HUGE / 2, libc::MADV_FREE)?;
    huge.advise_part(HUGE + 64 * KIB, HUGE, libc::MADV_FREE)?;
    huge.touch_each(64 * KIB, 64 * KIB, 3 * PAGE, true);
    stage.keep(huge);
    Ok(())
}

fn guarded(stage: &mut Stage) -> Result<()> {
    let anonymous = small(MIB)?;
    anonymous.touch(0, MIB / 2, true);
    anonymous
        .advise_part(64 * KIB, 32 * KIB, MADV_GUARD_INSTALL)
        .context("MADV_GUARD_INSTALL")?;
    anonymous.advise_part(768 * KIB, 64 * KIB, MADV_GUARD_INSTALL)?;
    anonymous.advise_part(776 * KIB, 8 * KIB, MADV_GUARD_REMOVE)?;
    let (file, shared) = shared_file(c"guarded", MIB)?;
    shared.touch(0, MIB / 2, true);
    shared.advise_part(128 * KIB, 16 * KIB, MADV_GUARD_INSTALL)?;
    let private = Mapping::of_file(&file, 0, MIB, READ | WRITE, libc::MAP_PRIVATE)?;
    private.touch(0, MIB / 4, true);
    private.advise_part(0, 12 * KIB, MADV_GUARD_INSTALL)?;
    let huge = huge(2 * HUGE)?;
    huge.touch_each(0, 2 * HUGE, HUGE, true);
    huge.advise_part(64 * KIB, 8 * KIB, MADV_GUARD_INSTALL)?;
    huge.advise_part(HUGE, HUGE, MADV_GUARD_INSTALL)?;
    let removed = small(64 * KIB)?;
    removed.advise(MADV_GUARD_INSTALL)?;
    removed.advise(MADV_GUARD_REMOVE)?;
    stage.keep((file, huge, removed));
    stage.stir(move || {
        anonymous.touch_each(128 * KIB, 256 * KIB, 3 * PAGE, true);
        shared.touch_each(0, 64 * KIB, 3 * PAGE, true);
        private.touch_each(64 * KIB, 64 * KIB, 3 * PAGE, true);
    });
    Ok(())
}

fn locked(stage: &mut Stage) -> Result<()> {
    for (flags, length) in [(0, 64 << 10), (libc::MLOCK_ONFAULT, 128 << 10)] {
        let mapping = Mapping::anonymous(length)?;
        mapping.lock(flags).context("mlock2")?;
        mapping.touch(0, 8192, true);
        stage.keep(mapping);
    }
    let part = small(128 * KIB)?;
    part.touch(0, 64 * KIB, true);
    part.lock_part(32 * KIB, 64 * KIB, 0)?;
    let huge = huge(2 * HUGE)?;
    huge.touch_each(0, 2 * HUGE, HUGE, true);
    huge.lock_part(0, HUGE, 0)
        .context("mlock2 of a huge page")?;
    huge.lock_part(HUGE + 64 * KIB, 64 * KIB, 0)?;
    let (file, shared) = shared_file(c"locked", 128 * KIB)?;
    shared.lock(0)?;
    let twice = Mapping::of_file(&file, 0, 128 * KIB, READ, libc::MAP_SHARED)?;
    twice.touch(0, 128 * KIB, false);
    let read_only = Mapping::of_file(&file, 0, 64 * KIB, READ, libc::MAP_PRIVATE)?;
    read_only.lock(libc::MLOCK_ONFAULT)?;
    stage.keep((part, huge, file, shared, twice, read_only));
    Ok(())
}

fn sealed(stage: &mut Stage) -> Result<()> {
    let mapping = small(256 * KIB)?;
    mapping.touch(0, 128 * KIB, true);
    mapping.seal(0, 64 * KIB).context("mseal")?;
    mapping.seal(128 * KIB, 32 * KIB)?;
    stage.keep(mapping);
    Ok(())
}

fn droppable(stage: &mut Stage) -> Result<()> {
    let flags = libc::MAP_DROPPABLE | libc::MAP_ANONYMOUS;
    let mapping = Mapping::new(0, 256 * KIB, READ | WRITE, flags, None).context("MAP_DROPPABLE")?;
    mapping.touch(0, 128 * KIB, true);
    stage.stir(move || mapping.touch(64 * KIB, 128 * KIB, true));
    Ok(())
}

fn flagged(stage: &mut Stage) -> Result<()> {
    for flags in [
        libc::MAP_NORESERVE,
        libc::MAP_GROWSDOWN,
        libc::MAP_32BIT,
        libc::MAP_STACK,
        libc::MAP_LOCKED,
        libc::MAP_POPULATE,
        libc::MAP_DENYWRITE | libc::MAP_EXECUTABLE,
    ] {
        let mapping = Mapping::new(0, 64 * KIB, READ | WRITE, ANONYMOUS | flags, None)?;
        mapping.touch(0, 8 * KIB, true);
        stage.keep(mapping);
        let shared = libc::MAP_SHARED | libc::MAP_ANONYMOUS | flags;
        if let Ok(mapping) = Mapping::new(0, 64 * KIB, READ | WRITE, shared, None) {
            mapping.touch(0, 8 * KIB, true);
            stage.keep(mapping);
        }
    }
    Ok(())
}

fn protection_keys(stage: &mut Stage) -> Result<()> {
    // The last one has no access at all, as the key says.
    for prot in [READ | WRITE, READ, 0] {
        let mapping = Mapping::anonymous(32 * KIB)?;
        mapping.touch(0, 16 * KIB, true);
        mapping
            .protect_with_key(prot)
            .context("the CPU has no protection keys")?;
        stage.keep(mapping);
    }
    stage.keep(Mapping::new(0, 8 * KIB, EXEC, ANONYMOUS, None)?);
    Ok(())
}

fn synchronous(stage: &mut Stage) -> Result<()> {
    let file = tempfile::tempfile()?;
    file.set_len(64 * KIB as u64)?;
    let flags = libc::MAP_SHARED_VALIDATE | libc::MAP_SYNC;
    let mapping = Mapping::of_file(&file, 0, 64 * KIB, READ | WRITE, flags)
        .context("no file system that maps memory directly (DAX)")?;
    mapping.touch(0, 32 * KIB, true);
    stage.keep((file, mapping));
    Ok(())
}
