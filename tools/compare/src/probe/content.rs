// SPDX-License-Identifier: GPL-2.0

//! The whole content of a file.

use std::os::fd::AsFd;
use std::path::Path;

use nix::unistd::read;

use crate::fact::{Fact, Observation};
use crate::probe::Depth;
use crate::sys;

/// Larger than any procfs file of a sane process; a file that never ends is cut here.
const LIMIT: usize = 64 << 20;

/// Opens, reads to the end, and keeps what came before an error.
pub fn ask(path: &Path, _: Depth, seen: &mut Observation) {
    let fd = match sys::open(path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC) {
        Ok(fd) => fd,
        Err(errno) => return seen.note("open", Fact::Failed(errno)),
    };
    let (bytes, end) = drain(&fd, 128 << 10);
    seen.note("content", Fact::Bytes(bytes));
    seen.note("end", end);
}

/// Reads until nothing comes any more; says how it ended.
pub fn drain(fd: &impl AsFd, buffer: usize) -> (Vec<u8>, Fact) {
    let mut bytes = Vec::new();
    let mut buffer = vec![0_u8; buffer];
    while bytes.len() < LIMIT {
        match read(fd, &mut buffer) {
            Ok(0) => return (bytes, Fact::Number(0)),
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(errno) => return (bytes, Fact::Failed(errno)),
        }
    }
    (bytes, Fact::Text("endless".into()))
}

/// The content, for those who want to know something from it.
pub fn read_whole(path: &Path) -> nix::Result<Vec<u8>> {
    let fd = sys::open(path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC)?;
    match drain(&fd, 128 << 10) {
        (_, Fact::Failed(errno)) => Err(errno),
        (bytes, _) => Ok(bytes),
    }
}
