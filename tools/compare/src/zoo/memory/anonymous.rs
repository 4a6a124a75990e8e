// SPDX-License-Identifier: GPL-2.0

//! Plain anonymous memory.

use super::*;
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "anonymous",
        "anonymous memory, touched, untouched, with every protection",
        anonymous,
    ),
    specimen(
        "small-pages",
        "small pages, every third one touched, over several tables",
        small_pages,
    ),
    specimen(
        "zero-pages",
        "pages that were read only, some written to later; huge ones too",
        zero_pages,
    ),
    specimen("shrunk", "much memory that was given back", shrunk),
    specimen("named-memory", "anonymous memory with names", named),
    specimen("stack-like", "memory that grows downwards", grows_down),
    specimen("placed", "low, high and 32-bit addresses", placed),
    specimen(
        "heap",
        "a heap grown by 3 MiB, of which 1 MiB is touched",
        heap,
    ),
    specimen("large", "64 MiB touched", large),
];

fn anonymous(stage: &mut Stage) -> Result<()> {
    for prot in [
        0,
        READ,
        WRITE,
        EXEC,
        READ | WRITE,
        READ | EXEC,
        READ | WRITE | EXEC,
    ] {
        stage.keep(Mapping::new(0, 12 << 10, prot, ANONYMOUS, None)?);
    }
    let half = Mapping::anonymous(MIB)?;
    half.touch(0, MIB / 2, true);
    half.touch(MIB / 2, MIB / 4, false);
    half.protect(MIB / 4, 8192, READ)?;
    half.punch(MIB / 2, 4096)?;
    stage.keep(half);
    Ok(())
}

fn small_pages(stage: &mut Stage) -> Result<()> {
    let mapping = small(5 * MIB)?;
    mapping.touch_each(0, 2 * MIB, 3 * PAGE, true);
    mapping.touch(3 * MIB, 64 * KIB, true);
    mapping.touch_each(4 * MIB, MIB, 7 * PAGE, false);
    mapping.advise_part(64 * KIB, 64 * KIB, libc::MADV_DONTNEED)?;
    mapping.protect(128 * KIB, 64 * KIB, READ)?;
    mapping.protect(256 * KIB, 64 * KIB, 0)?;
    stage.stir(move || mapping.touch_each(512 * KIB, 4 * MIB, 5 * PAGE, true));
    Ok(())
}

fn zero_pages(stage: &mut Stage) -> Result<()> {
    let mapping = small(MIB)?;
    mapping.touch(0, MIB / 2, false);
    mapping.touch_each(0, MIB / 2, 4 * PAGE, true);
    let huge = huge(4 * HUGE)?;
    huge.touch_each(0, 3 * HUGE, HUGE, false);
    huge.touch(HUGE, PAGE, true);
    let split = HUGE * 2 + 64 * KIB;
    huge.protect(split, 64 * KIB, READ)?;
    stage.stir(move || {
        mapping.touch_each(0, MIB, 6 * PAGE, true);
        huge.touch(0, PAGE, true);
        huge.touch(2 * HUGE, PAGE, true);
    });
    Ok(())
}

fn shrunk(stage: &mut Stage) -> Result<()> {
    let mapping = small(8 * MIB)?;
    mapping.touch(0, 8 * MIB, true);
    mapping.advise_part(MIB, 4 * MIB, libc::MADV_DONTNEED)?;
    mapping.punch(6 * MIB, MIB)?;
    stage.stir(move || mapping.touch(MIB, MIB, true));
    Ok(())
}

fn named(stage: &mut Stage) -> Result<()> {
    for name in [c"a name", c"with (parentheses): and !@#", c"x"] {
        let mapping = Mapping::anonymous(8192)?;
        mapping
            .name(name)
            .context("PR_SET_VMA_ANON_NAME (CONFIG_ANON_VMA_NAME)")?;
        stage.keep(mapping);
    }
    let shared = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    let mapping = Mapping::new(0, 8192, READ | WRITE, shared, None)?;
    mapping
        .name(c"shared name")
        .context("PR_SET_VMA_ANON_NAME, shared")?;
    stage.keep(mapping);
    let long = std::ffi::CString::new("n".repeat(79))?;
    let mapping = Mapping::anonymous(4096)?;
    mapping.name(&long)?;
    stage.keep(mapping);
    Ok(())
}

fn grows_down(stage: &mut Stage) -> Result<()> {
    let flags = ANONYMOUS | libc::MAP_GROWSDOWN | libc::MAP_STACK;
    let mapping = Mapping::new(0, 64 << 10, READ | WRITE, flags, None)?;
    mapping.touch(0, 64 << 10, true);
    stage.keep(mapping);
    Ok(())
}

fn placed(stage: &mut Stage) -> Result<()> {
    let fixed = ANONYMOUS | libc::MAP_FIXED;
    stage.keep(Mapping::new(0x10000, 4096, READ, fixed, None)?);
    stage.keep(Mapping::new(0x7fff_0000_0000, 4096, READ, ANONYMOUS, None)?);
    stage.keep(Mapping::new(
        0,
        8192,
        READ,
        ANONYMOUS | libc::MAP_32BIT,
        None,
    )?);
    // With five levels of page tables an address beyond 47 bits; without, the kernel picks another.
    stage.keep(Mapping::new(1 << 52, 4096, READ, ANONYMOUS, None)?);
    Ok(())
}

fn heap(stage: &mut Stage) -> Result<()> {
    let heap = sys::Heap::grow(3 * MIB)?;
    heap.touch(0, MIB);
    stage.stir(move || heap.touch(MIB, MIB));
    Ok(())
}

fn large(stage: &mut Stage) -> Result<()> {
    let mapping = Mapping::anonymous(64 * MIB)?;
    mapping.touch(0, 64 * MIB, true);
    stage.keep(mapping);
    Ok(())
}
