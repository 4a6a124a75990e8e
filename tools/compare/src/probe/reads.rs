// SPDX-License-Identifier: GPL-2.0

//! Short reads: how long is each answer when the buffer is small, and do the pieces make the same
//! whole?

use std::io::IoSliceMut;
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::uio::{preadv, readv};
use nix::unistd::read;

use crate::fact::{digest, Fact, Observation};
use crate::probe::Depth;
use crate::sys;

const SIZES: &[usize] = &[1, 2, 3, 7, 64, 511, 4095, 4096, 4097, 65536];
const QUICK_SIZES: &[usize] = &[7, 4096, 65536];

/// A sequence of reads is given up, at the same call in both trees, when it gets longer than this.
const CALLS: usize = 600;

/// One sequence of reads for each size of buffer, then the vectored calls.
pub fn ask(path: &Path, depth: Depth, seen: &mut Observation) {
    let sizes = if depth == Depth::Full {
        SIZES
    } else {
        QUICK_SIZES
    };
    for &size in sizes {
        let fd = match sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC) {
            Ok(fd) => fd,
            Err(errno) => return seen.note("open", Fact::Failed(errno)),
        };
        seen.say(format!("read by {size}"), sequence(&fd, size));
        if depth == Depth::Full {
            // At the end it stays at the end, also for a buffer of no bytes.
            seen.note(
                format!("read by {size}, past the end"),
                read(&fd, &mut [0; 16]),
            );
        }
    }
    if depth == Depth::Full {
        ask_vectored(path, seen);
        ask_bad(path, seen);
    }
}

/// The lengths that came back, runs counted, and a digest of all bytes.
pub fn sequence(fd: &impl AsFd, size: usize) -> String {
    let mut lengths = Lengths::default();
    let mut bytes = Vec::new();
    let mut buffer = vec![0_u8; size];
    for _ in 0..CALLS {
        let answer = read(fd, &mut buffer);
        lengths.push(answer);
        match answer {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ => break,
        }
    }
    format!("{lengths} (digest {:016x})", digest(&bytes))
}

fn ask_vectored(path: &Path, seen: &mut Observation) {
    let Ok(fd) = sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC) else {
        return;
    };
    for round in ["first", "second", "third"] {
        vectored(seen, &format!("readv, {round}"), |parts| readv(&fd, parts));
    }
    vectored(seen, "preadv at 3", |parts| preadv(&fd, parts, 3));
    seen.note("offset after readv", sys::lseek(&fd, 0, libc::SEEK_CUR));
}

fn vectored(
    seen: &mut Observation,
    name: &str,
    call: impl FnOnce(&mut [IoSliceMut<'_>]) -> nix::Result<usize>,
) {
    let (mut five, mut none, mut seven, mut page) = ([0_u8; 5], [0_u8; 0], [0_u8; 7], [0_u8; 4096]);
    let mut parts = [
        IoSliceMut::new(&mut five),
        IoSliceMut::new(&mut none),
        IoSliceMut::new(&mut seven),
        IoSliceMut::new(&mut page),
    ];
    let answer = call(&mut parts);
    let bytes = [&five[..], &seven[..], &page[..]].concat();
    seen.note(name, answer);
    seen.say(format!("{name}: bytes"), format!("{:016x}", digest(&bytes)));
}

/// Buffers of no bytes and unopened ways.
fn ask_bad(path: &Path, seen: &mut Observation) {
    let Ok(fd) = sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC) else {
        return;
    };
    seen.note("read of no bytes", read(&fd, &mut []));
    seen.note("offset after it", sys::lseek(&fd, 0, libc::SEEK_CUR));
    seen.note("readv of no parts", readv(&fd, &mut []));
}

/// Lengths of consecutive answers, runs of the same folded.
#[derive(Default)]
struct Lengths(Vec<(Result<usize, Errno>, usize)>);

impl Lengths {
    fn push(&mut self, answer: Result<usize, Errno>) {
        match self.0.last_mut() {
            Some((last, count)) if *last == answer => *count += 1,
            _ => self.0.push((answer, 1)),
        }
    }
}

impl std::fmt::Display for Lengths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (answer, count)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match answer {
                Ok(length) => write!(f, "{length}")?,
                Err(errno) => write!(f, "{errno:?}")?,
            }
            if *count > 1 {
                write!(f, "x{count}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_folded_and_the_end_is_told() {
        let mut lengths = Lengths::default();
        for answer in [Ok(4), Ok(4), Ok(2), Ok(0)] {
            lengths.push(answer);
        }
        assert_eq!(lengths.to_string(), "4x2 2 0");
        lengths.push(Err(Errno::ESRCH));
        assert_eq!(lengths.to_string(), "4x2 2 0 ESRCH");
    }

    #[test]
    fn pieces_of_a_file_are_told_with_their_lengths() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"0123456789").unwrap();
        let fd = sys::open(file.path(), libc::O_RDONLY).unwrap();
        assert!(sequence(&fd, 4).starts_with("4x2 2 0 (digest "));
    }
}
