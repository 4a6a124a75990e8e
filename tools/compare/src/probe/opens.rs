// SPDX-License-Identifier: GPL-2.0

//! Ways to open: which flags are refused, how, and what the descriptor then says of itself.

use std::path::Path;

use nix::fcntl::{fcntl, FcntlArg, OFlag};
use nix::unistd::{access, read, AccessFlags};

use crate::fact::{Fact, Observation};
use crate::probe::Depth;
use crate::sys;

const WAYS: &[(&str, i32)] = &[
    ("O_RDONLY", libc::O_RDONLY),
    ("O_WRONLY", libc::O_WRONLY),
    ("O_RDWR", libc::O_RDWR),
    ("access mode 3", 3),
    ("O_RDONLY|O_NONBLOCK", libc::O_NONBLOCK),
    ("O_RDONLY|O_DIRECTORY", libc::O_DIRECTORY),
    ("O_RDONLY|O_NOFOLLOW", libc::O_NOFOLLOW),
    ("O_RDONLY|O_NOATIME", libc::O_NOATIME),
    ("O_RDONLY|O_APPEND", libc::O_APPEND),
    ("O_RDONLY|O_DIRECT", libc::O_DIRECT),
    ("O_RDONLY|O_SYNC", libc::O_SYNC),
    ("O_RDONLY|O_CREAT", libc::O_CREAT),
    ("O_RDONLY|O_CREAT|O_EXCL", libc::O_CREAT | libc::O_EXCL),
    ("O_RDWR|O_TMPFILE", libc::O_RDWR | libc::O_TMPFILE),
    ("O_PATH", libc::O_PATH),
    ("O_PATH|O_DIRECTORY", libc::O_PATH | libc::O_DIRECTORY),
    ("O_RDONLY|O_ASYNC", libc::O_ASYNC),
];

/// Opens in every way, and asks for permission without opening.
pub fn ask(path: &Path, _: Depth, seen: &mut Observation) {
    for &(name, flags) in WAYS {
        match sys::open(path, flags | libc::O_CLOEXEC) {
            Err(errno) => seen.note(name, Fact::Failed(errno)),
            Ok(fd) => {
                seen.note(format!("{name}: F_GETFL"), flags_of(&fd));
                seen.note(format!("{name}: first byte"), first_byte(&fd));
                if flags & libc::O_ACCMODE != 0 && flags & libc::O_PATH == 0 {
                    // No implemented file has a write operation but `clear_refs`, and its parser
                    // refuses an `x`.
                    seen.note(format!("{name}: write"), sys::write_byte(&fd));
                }
            }
        }
    }
    for (name, mode) in [
        ("F_OK", AccessFlags::F_OK),
        ("R_OK", AccessFlags::R_OK),
        ("W_OK", AccessFlags::W_OK),
        ("X_OK", AccessFlags::X_OK),
    ] {
        seen.note(format!("access {name}"), access(path, mode));
    }
}

fn flags_of(fd: &impl std::os::fd::AsFd) -> Fact {
    let flags = fcntl(fd.as_fd(), FcntlArg::F_GETFL).map(OFlag::from_bits_retain);
    flags.map_or_else(Fact::Failed, |flags| {
        Fact::Text(format!("{:#o}", flags.bits()))
    })
}

fn first_byte(fd: &impl std::os::fd::AsFd) -> Fact {
    read(fd, &mut [0_u8; 1]).into()
}
