// SPDX-License-Identifier: GPL-2.0

//! Mapped files with names that a careless writer trips over.

use std::ffi::{CStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{specimen, Specimen, Stage};
use crate::sys::{self, Mapping};

pub const SPECIMENS: &[Specimen] = &[
    specimen("odd-files", "maps files with odd names", odd_files),
    specimen(
        "deep-file",
        "maps a file whose path is nearly 4096 bytes long",
        deep_file,
    ),
    specimen(
        "too-deep-file",
        "maps a file whose path is longer than 4096 bytes",
        too_deep_file,
    ),
    specimen(
        "deleted-files",
        "maps files that were deleted, renamed or replaced",
        deleted_files,
    ),
    specimen(
        "file-ranges",
        "maps parts of files, shared and private, beyond their end",
        file_ranges,
    ),
    specimen(
        "chroot",
        "another root directory, mappings from outside it",
        chroot,
    ),
];

const NAMES: &[&[u8]] = &[
    b"plain",
    b"with space",
    b"with\nnewline",
    b"with\\backslash and \\n",
    b"tab\tand\x01control\x7f",
    b"\xff\xfe not UTF-8 \x80",
    b"d\xc3\xa9j\xc3\xa0 vu",
    b"literally (deleted)",
    b"[heap]",
    b" leading and trailing ",
    b"#hash%percent%s",
];

const READ: i32 = libc::PROT_READ;

fn odd_files(stage: &mut Stage) -> Result<()> {
    let directory = tempfile::tempdir()?;
    for name in NAMES {
        map_new(stage, &directory.path().join(name_of(name)))?;
    }
    map_new(stage, &directory.path().join("n".repeat(255)))?;
    stage.keep(directory);
    Ok(())
}

fn name_of(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn map_new(stage: &mut Stage, path: &Path) -> Result<()> {
    std::fs::write(path, [1; 4096]).with_context(|| format!("{path:?}"))?;
    let file = File::open(path)?;
    stage.keep(Mapping::new(0, 4096, READ, libc::MAP_PRIVATE, Some(&file))?);
    Ok(())
}

/// How long a path the kernel shows at most, its NUL included.
const PATH_MAX: usize = 4096;

fn deep_file(stage: &mut Stage) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut path: PathBuf = directory.path().into();
    while path.as_os_str().len() + 210 < PATH_MAX {
        path.push("d".repeat(200));
    }
    let left = PATH_MAX - 2 - path.as_os_str().len();
    std::fs::create_dir_all(&path)?;
    map_new(stage, &path.join("f".repeat(left.min(250))))?;
    stage.keep(directory);
    Ok(())
}

/// Deeper than a path can tell: made by walking down.
fn too_deep_file(stage: &mut Stage) -> Result<()> {
    let directory = tempfile::tempdir()?;
    std::env::set_current_dir(directory.path())?;
    let step = "deep".repeat(50);
    for _ in 0..25 {
        std::fs::create_dir(&step)?;
        std::env::set_current_dir(&step)?;
    }
    map_new(stage, Path::new("file"))?;
    std::env::set_current_dir("/")?;
    stage.keep(directory);
    Ok(())
}

fn deleted_files(stage: &mut Stage) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = |name: &str| directory.path().join(name);
    map_new(stage, &path("deleted"))?;
    std::fs::remove_file(path("deleted"))?;
    map_new(stage, &path("deleted\nwith newline"))?;
    std::fs::remove_file(path("deleted\nwith newline"))?;
    map_new(stage, &path("renamed"))?;
    std::fs::rename(path("renamed"), path("new name"))?;
    map_new(stage, &path("replaced"))?;
    std::fs::remove_file(path("replaced"))?;
    std::fs::write(path("replaced"), "another")?;
    std::fs::create_dir(path("directory"))?;
    map_new(stage, &path("directory/inside"))?;
    std::fs::remove_dir_all(path("directory"))?;
    stage.keep(directory);
    Ok(())
}

fn file_ranges(stage: &mut Stage) -> Result<()> {
    let file = tempfile::tempfile()?;
    file.set_len(64 << 10)?;
    for (length, prot, flags) in [
        (64 << 10, READ, libc::MAP_SHARED),
        (64 << 10, READ | libc::PROT_WRITE, libc::MAP_SHARED),
        (4096, READ | libc::PROT_WRITE, libc::MAP_PRIVATE),
        (1 << 20, READ, libc::MAP_PRIVATE),
        (8192, READ | libc::PROT_EXEC, libc::MAP_PRIVATE),
        (4096, libc::PROT_NONE, libc::MAP_SHARED),
    ] {
        stage.keep(Mapping::new(0, length, prot, flags, Some(&file))?);
    }
    let holed = Mapping::new(0, 48 << 10, READ, libc::MAP_PRIVATE, Some(&file))?;
    holed.punch(16 << 10, 16 << 10)?;
    stage.keep((file, holed));
    let named = sys::memfd(NAMED, libc::MFD_CLOEXEC, 8192)?;
    stage.keep(Mapping::new(0, 8192, READ, libc::MAP_SHARED, Some(&named))?);
    Ok(())
}

const NAMED: &CStr = c"memory file\nwith newline";

fn chroot(stage: &mut Stage) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let outside = directory.path().join("outside");
    map_new(stage, &outside)?;
    let inside = directory.path().join("root");
    std::fs::create_dir(&inside)?;
    map_new(stage, &inside.join("inside"))?;
    nix::unistd::chroot(&inside).context("chroot")?;
    std::env::set_current_dir("/")?;
    // Its removal would look for it below the new root.
    drop(directory.keep());
    Ok(())
}
