// SPDX-License-Identifier: GPL-2.0

//! Memory of every kind that `maps`, `statm` and `status` tell apart.

use std::fs::File;

use anyhow::{Context, Result};

use super::{specimen, Specimen, Stage};
use crate::sys::{self, Mapping};

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "anonymous",
        "anonymous memory, touched, untouched, with every protection",
        anonymous,
    ),
    specimen(
        "shared",
        "memfd, System V, shared anonymous, /dev/zero",
        shared,
    ),
    specimen("named-memory", "anonymous memory with names", named),
    specimen("huge-pages", "hugetlb memory", huge_pages),
    specimen("stack-like", "memory that grows downwards", grows_down),
    specimen("reserved", "1 TiB without access", reserved),
    specimen("many-areas", "5000 areas", many_areas),
    specimen("locked", "locked memory", locked),
    specimen("placed", "low, high and 32-bit addresses", placed),
    specimen("heap", "a heap grown by 3 MiB", heap),
    specimen(
        "advised",
        "areas with advice: not dumped, wiped on fork, mergeable, sequential",
        advised,
    ),
    specimen("large", "64 MiB touched", large),
    specimen("devices", "maps devices", devices),
];

const READ: i32 = libc::PROT_READ;
const WRITE: i32 = libc::PROT_WRITE;
const EXEC: i32 = libc::PROT_EXEC;
const ANONYMOUS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
const MIB: usize = 1 << 20;

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

fn huge_pages(stage: &mut Stage) -> Result<()> {
    let flags = ANONYMOUS | libc::MAP_HUGETLB;
    let mapping = Mapping::new(0, 2 * MIB, READ | WRITE, flags, None)
        .context("no huge page to be had (vm.nr_hugepages)")?;
    mapping.touch(0, 4096, true);
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

fn reserved(stage: &mut Stage) -> Result<()> {
    let flags = ANONYMOUS | libc::MAP_NORESERVE;
    stage.keep(Mapping::new(0, 1 << 40, libc::PROT_NONE, flags, None)?);
    Ok(())
}

fn many_areas(stage: &mut Stage) -> Result<()> {
    const PAGE: usize = 4096;
    let mapping = Mapping::new(0, 5000 * PAGE, READ, ANONYMOUS, None)?;
    // Neighbours of unlike protection don't merge.
    for page in (0..5000).step_by(2) {
        mapping.protect(page * PAGE, PAGE, libc::PROT_NONE)?;
    }
    stage.keep(mapping);
    Ok(())
}

fn locked(stage: &mut Stage) -> Result<()> {
    for (flags, length) in [(0, 64 << 10), (libc::MLOCK_ONFAULT, 128 << 10)] {
        let mapping = Mapping::anonymous(length)?;
        mapping.lock(flags).context("mlock2")?;
        mapping.touch(0, 8192, true);
        stage.keep(mapping);
    }
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

fn heap(_: &mut Stage) -> Result<()> {
    Ok(sys::grow_heap(3 << 20)?)
}

fn advised(stage: &mut Stage) -> Result<()> {
    for advice in [
        libc::MADV_DONTDUMP,
        libc::MADV_DONTFORK,
        libc::MADV_WIPEONFORK,
        libc::MADV_SEQUENTIAL,
        libc::MADV_RANDOM,
        libc::MADV_NOHUGEPAGE,
    ] {
        let mapping = Mapping::anonymous(16 << 10)?;
        mapping
            .advise(advice)
            .with_context(|| format!("madvise {advice}"))?;
        mapping.touch(0, 16 << 10, true);
        stage.keep(mapping);
    }
    Ok(())
}

fn large(stage: &mut Stage) -> Result<()> {
    let mapping = Mapping::anonymous(64 * MIB)?;
    mapping.touch(0, 64 * MIB, true);
    stage.keep(mapping);
    Ok(())
}

fn devices(stage: &mut Stage) -> Result<()> {
    let zero = File::open("/dev/zero")?;
    stage.keep(Mapping::new(0, 8192, READ, libc::MAP_PRIVATE, Some(&zero))?);
    for path in ["/dev/rtc0", "/dev/fb0", "/dev/hpet"] {
        if let Ok(device) = File::open(path) {
            if let Ok(mapping) = Mapping::new(0, 4096, READ, libc::MAP_SHARED, Some(&device)) {
                stage.keep(mapping);
            }
        }
    }
    Ok(())
}
