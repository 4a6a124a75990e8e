// SPDX-License-Identifier: GPL-2.0

//! Every way to open that means something, and what the descriptor is good for.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::fcntl::{fcntl, FcntlArg};
use nix::unistd::{fchdir, read};

use crate::fact::{escape_line, Fact, Observation};
use crate::sys;

const ACCESS: &[(&str, i32)] = &[
    ("O_RDONLY", libc::O_RDONLY),
    ("O_WRONLY", libc::O_WRONLY),
    ("O_RDWR", libc::O_RDWR),
    ("mode 3", 3),
    ("O_PATH", libc::O_PATH),
    ("O_PATH|O_RDWR", libc::O_PATH | libc::O_RDWR),
];

const MORE: &[(&str, i32)] = &[
    ("", 0),
    ("O_DIRECTORY", libc::O_DIRECTORY),
    ("O_NOFOLLOW", libc::O_NOFOLLOW),
    (
        "O_DIRECTORY|O_NOFOLLOW",
        libc::O_DIRECTORY | libc::O_NOFOLLOW,
    ),
    ("O_CREAT", libc::O_CREAT),
    ("O_CREAT|O_EXCL", libc::O_CREAT | libc::O_EXCL),
    ("O_CREAT|O_NOFOLLOW", libc::O_CREAT | libc::O_NOFOLLOW),
    ("O_CREAT|O_DIRECTORY", libc::O_CREAT | libc::O_DIRECTORY),
    ("O_EXCL", libc::O_EXCL),
    ("O_TRUNC", libc::O_TRUNC),
    ("O_CREAT|O_TRUNC", libc::O_CREAT | libc::O_TRUNC),
    ("O_APPEND", libc::O_APPEND),
    ("O_APPEND|O_TRUNC", libc::O_APPEND | libc::O_TRUNC),
    ("O_DIRECT", libc::O_DIRECT),
    ("O_NONBLOCK", libc::O_NONBLOCK),
    ("O_ASYNC", libc::O_ASYNC),
    ("O_SYNC", libc::O_SYNC),
    ("O_DSYNC", libc::O_DSYNC),
    ("O_NOATIME", libc::O_NOATIME),
    ("O_NOCTTY", libc::O_NOCTTY),
    ("O_TMPFILE", libc::O_TMPFILE),
    ("O_TMPFILE|O_EXCL", libc::O_TMPFILE | libc::O_EXCL),
    ("__O_TMPFILE alone", libc::O_TMPFILE & !libc::O_DIRECTORY),
    ("unknown flag", 1 << 30),
];

/// Opens in each way. What comes of it mustn't change anything: no file of ours is written to, and
/// procfs has nothing to truncate.
pub fn ask(path: &Path, seen: &mut Observation) {
    for &(access, base) in ACCESS {
        for &(more, flags) in MORE {
            let name = format!("{access} {more}");
            match sys::open(path, base | flags | libc::O_CLOEXEC) {
                Err(errno) => seen.note(name, Fact::Failed(errno)),
                Ok(file) => describe(path, &file, &name, seen),
            }
        }
    }
    for below in ["new", "stat/x", ".", "..", "./", ""] {
        for (more, flags) in &MORE[4..8] {
            let name = format!("{below:?} {more}");
            let opened = sys::open(&path.join(below), libc::O_RDWR | flags | libc::O_CLOEXEC);
            seen.note(name, opened.map(|_| 0_i64));
        }
    }
    ask_again(path, seen);
    ask_as_directory(path, seen);
}

/// What a descriptor says of itself.
fn describe(path: &Path, file: &OwnedFd, name: &str, seen: &mut Observation) {
    seen.note(format!("{name}: F_GETFL"), flags(file));
    seen.note(format!("{name}: first bytes"), first(file));
    let stat = sys::statx(Some(file.as_fd()), Path::new(""), libc::AT_EMPTY_PATH);
    seen.note(
        format!("{name}: mode"),
        stat.map(|stat| i64::from(stat.stx_mode)),
    );
    seen.say(format!("{name}: called"), called(path, file));
}

fn flags(file: &OwnedFd) -> Fact {
    match fcntl(file, FcntlArg::F_GETFL) {
        Ok(flags) => Fact::Text(format!("{flags:#o}")),
        Err(errno) => Fact::Failed(errno),
    }
}

fn first(file: &OwnedFd) -> Fact {
    let mut bytes = [0_u8; 4];
    match read(file, &mut bytes) {
        Ok(n) => Fact::Bytes(bytes[..n].to_vec()),
        Err(errno) => Fact::Failed(errno),
    }
}

/// How the kernel calls what is open, from the last directory on that it has in common with what
/// was asked for.
fn called(path: &Path, file: &OwnedFd) -> String {
    let text = sys::readlink(&by_number(file), 4096).unwrap_or_default();
    let below = path
        .ancestors()
        .find_map(|above| text.strip_prefix(above.as_os_str().as_encoded_bytes()));
    escape_line(below.unwrap_or(&text))
}

/// The magic link of a descriptor, in stock: there it works for any file.
fn by_number(file: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Opens what was opened as a path only.
fn ask_again(path: &Path, seen: &mut Observation) {
    for (how, nofollow) in [("followed", 0), ("not followed", libc::O_NOFOLLOW)] {
        let Ok(held) = sys::open(path, libc::O_PATH | nofollow | libc::O_CLOEXEC) else {
            continue;
        };
        for (access, flags) in [
            ("O_RDONLY", libc::O_RDONLY),
            ("O_WRONLY", libc::O_WRONLY),
            ("O_RDWR|O_TRUNC", libc::O_RDWR | libc::O_TRUNC),
            ("O_PATH", libc::O_PATH),
            ("O_PATH|O_NOFOLLOW", libc::O_PATH | libc::O_NOFOLLOW),
            ("O_DIRECTORY", libc::O_DIRECTORY),
            ("O_CREAT", libc::O_CREAT | libc::O_RDWR),
        ] {
            let name = format!("path {how}, then {access}");
            match sys::open(&by_number(&held), flags | libc::O_CLOEXEC) {
                Err(errno) => seen.note(name, Fact::Failed(errno)),
                Ok(file) => {
                    seen.note(format!("{name}: F_GETFL"), self::flags(&file));
                    seen.note(format!("{name}: first bytes"), first(&file));
                }
            }
        }
        let empty = sys::openat(Some(held.as_fd()), Path::new(""), libc::O_RDONLY);
        seen.note(format!("path {how}, then nothing"), empty.map(|_| 0_i64));
        seen.note(format!("path {how}: read"), first(&held));
    }
}

/// Makes it the working directory and looks around.
fn ask_as_directory(path: &Path, seen: &mut Observation) {
    let Ok(back) = sys::open(Path::new("."), libc::O_PATH | libc::O_CLOEXEC) else {
        return;
    };
    for (how, flags) in [("opened", 0), ("as a path", libc::O_PATH)] {
        let Ok(file) = sys::open(path, flags | libc::O_NONBLOCK | libc::O_CLOEXEC) else {
            continue;
        };
        let there = fchdir(&file);
        seen.note(format!("fchdir, {how}"), there);
        if there.is_ok() {
            let here = std::env::current_dir().unwrap_or_default();
            let same = here == path || path.as_os_str().len() == here.as_os_str().len() + 1;
            seen.say(format!("here, {how}"), same.to_string());
            for name in [".", "stat", "..", "nothing"] {
                let opened = sys::open(Path::new(name), libc::O_RDONLY | libc::O_CLOEXEC);
                seen.note(format!("here, {how}: {name}"), opened.map(|_| 0_i64));
            }
            let _ = fchdir(&back);
        }
    }
}
