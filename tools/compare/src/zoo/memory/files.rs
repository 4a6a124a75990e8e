// SPDX-License-Identifier: GPL-2.0

//! Pages of files.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::*;
use crate::machine;
use crate::target::own_program;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "file-pages",
        "pages of a device's cache: clean, dirty, written back, read only",
        pages,
    ),
    specimen(
        "file-folios",
        "large folios of a device's cache, mapped and unmapped in part",
        folios,
    ),
    specimen(
        "private-file",
        "a private mapping of a file with pages of its own",
        private,
    ),
    specimen(
        "program-file",
        "parts of this program's file, mapped several times and unmapped in part",
        program,
    ),
];

fn pages(stage: &mut Stage) -> Result<()> {
    let disk = machine::disk().context("no disk of our own (needs root and zram)")?;
    let disk = File::options().read(true).write(true).open(disk)?;
    let shared = Mapping::of_file(&disk, 0, 4 * MIB, READ | WRITE, libc::MAP_SHARED)?;
    shared.touch(0, 256 * KIB, true);
    shared.sync(0, 128 * KIB)?;
    shared.touch_each(0, 64 * KIB, 4 * PAGE, true);
    shared.touch(MIB, MIB, false);
    shared.touch_each(MIB, MIB / 2, 5 * PAGE, true);
    let part = Mapping::of_file(&disk, 128 * KIB, 256 * KIB, READ, libc::MAP_SHARED)?;
    part.touch(0, 256 * KIB, false);
    part.punch(64 * KIB, 64 * KIB)?;
    let private = Mapping::of_file(&disk, 0, 512 * KIB, READ | WRITE, libc::MAP_PRIVATE)?;
    private.touch(0, 256 * KIB, false);
    private.touch_each(0, 128 * KIB, 3 * PAGE, true);
    let advised = Mapping::of_file(&disk, 2 * MIB, MIB, READ, libc::MAP_SHARED)?;
    advised.advise(libc::MADV_SEQUENTIAL)?;
    advised.touch_each(0, MIB, 16 * PAGE, false);
    stage.keep((disk, part, advised));
    stage.stir(move || {
        shared.touch_each(0, 2 * MIB, 9 * PAGE, true);
        private.touch_each(0, 512 * KIB, 7 * PAGE, true);
    });
    Ok(())
}

/// Where [`folios`] begin: [`pages`] leaves that part of the disk alone.
const FOLIOS: usize = 16 * MIB;

fn folios(stage: &mut Stage) -> Result<()> {
    let disk = machine::disk().context("no disk of our own (needs root and zram)")?;
    let disk = File::options().read(true).write(true).open(disk)?;
    // What is read ahead gets ever larger folios.
    let mut buffer = vec![0; 64 * KIB];
    for offset in (FOLIOS..FOLIOS + 8 * MIB).step_by(64 * KIB) {
        disk.read_exact_at(&mut buffer, offset as u64)?;
    }
    let whole = Mapping::of_file(&disk, FOLIOS, 4 * MIB, READ | WRITE, libc::MAP_SHARED)?;
    whole.touch(0, 4 * MIB, false);
    ensure!(
        has_large_folio(&whole)?,
        "the device's cache has small folios only"
    );
    whole.punch(MIB + 20 * KIB, 40 * KIB)?;
    whole.protect(2 * MIB + 12 * KIB, 4 * KIB, 0)?;
    whole.touch(0, 3 * PAGE, true);
    let part = Mapping::of_file(&disk, FOLIOS + 5 * PAGE, MIB, READ, libc::MAP_SHARED)?;
    part.touch_each(0, MIB / 2, 3 * PAGE, false);
    let private = Mapping::of_file(&disk, FOLIOS, MIB, READ | WRITE, libc::MAP_PRIVATE)?;
    private.touch(0, MIB / 2, false);
    private.touch_each(0, MIB / 4, 5 * PAGE, true);
    let untouched = Mapping::of_file(&disk, FOLIOS + 6 * MIB, MIB, READ, libc::MAP_SHARED)?;
    untouched.touch(128 * KIB, PAGE, false);
    stage.fork("child", || Ok(()))?;
    stage.keep((disk, whole, part, private, untouched));
    Ok(())
}

/// Whether a page of the first MiB belongs to a folio of several.
fn has_large_folio(mapping: &Mapping) -> Result<bool> {
    const COMPOUND: u64 = (1 << 15) | (1 << 16);
    let pagemap = File::open("/proc/self/pagemap")?;
    let flags = File::open("/proc/kpageflags").context("needs root")?;
    let word = |file: &File, index: u64| -> Result<u64> {
        let mut word = [0; 8];
        file.read_exact_at(&mut word, index * 8)?;
        Ok(u64::from_ne_bytes(word))
    };
    for page in 0..(MIB / PAGE) as u64 {
        let entry = word(&pagemap, (mapping.start() / PAGE) as u64 + page)?;
        let frame = entry & ((1 << 55) - 1);
        if frame != 0 && word(&flags, frame)? & COMPOUND != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn private(stage: &mut Stage) -> Result<()> {
    let file = tempfile::tempfile()?;
    file.set_len(MIB as u64)?;
    let whole = Mapping::of_file(&file, 0, MIB, READ | WRITE, libc::MAP_SHARED)?;
    whole.touch(0, MIB / 2, true);
    drop(whole);
    let private = Mapping::of_file(&file, 0, MIB, READ | WRITE, libc::MAP_PRIVATE)?;
    private.touch(0, 256 * KIB, false);
    private.touch_each(0, 384 * KIB, 3 * PAGE, true);
    let second = Mapping::of_file(&file, 64 * KIB, 128 * KIB, READ, libc::MAP_PRIVATE)?;
    second.touch(0, 64 * KIB, false);
    // Nothing is there beyond the end of the file.
    let beyond = Mapping::of_file(&file, MIB - PAGE, 4 * PAGE, READ, libc::MAP_SHARED)?;
    beyond.touch(0, PAGE, false);
    stage.keep((file, second, beyond));
    stage.stir(move || private.touch_each(0, MIB, 5 * PAGE, true));
    Ok(())
}

fn program(stage: &mut Stage) -> Result<()> {
    let file = File::open(own_program()?)?;
    let length = file.metadata()?.len() as usize / PAGE * PAGE;
    let whole = Mapping::aligned_file(&file, 0, length, READ | EXEC, libc::MAP_PRIVATE)?;
    whole.touch(0, length, false);
    let part = Mapping::of_file(&file, 5 * PAGE, MIB, READ | WRITE, libc::MAP_PRIVATE)?;
    part.touch(0, MIB, false);
    part.touch_each(0, MIB / 2, 20 * PAGE, true);
    part.punch(256 * KIB, 8 * KIB)?;
    part.protect(512 * KIB, 64 * KIB, 0)?;
    let untouched = Mapping::of_file(&file, 0, MIB, READ, libc::MAP_SHARED)?;
    untouched.advise(libc::MADV_RANDOM)?;
    untouched.touch_each(0, MIB, 64 * PAGE, false);
    stage.keep((file, whole, part, untouched));
    Ok(())
}
