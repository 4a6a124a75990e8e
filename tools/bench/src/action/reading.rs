// SPDX-License-Identifier: GPL-2.0

//! What files say.

use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};

use anyhow::Result;
use nix::fcntl::OFlag;
use nix::sys::uio::pread;
use rustproc_compare::sys::PAGE;

use super::paths::Place;
use super::Action;

/// How much is asked for at a time.
const PIECE: usize = 64 << 10;
/// Larger than any of the files.
const ROOM: usize = 64 << 20;

/// Reads from a position on, to the end or until so much has come, into a buffer that grows as needed;
/// how much that was.
fn read_on(fd: &impl AsFd, from: i64, length: usize, buffer: &mut Vec<u8>) -> nix::Result<usize> {
    let mut done = 0;
    while done < length {
        let piece = PIECE.min(length - done);
        if buffer.len() < done + piece {
            buffer.resize(done + piece, 0);
        }
        match pread(fd, &mut buffer[done..done + piece], from + done as i64)? {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

/// All of a file, or of a part, through a descriptor that is open.
pub struct Reading {
    fd: OwnedFd,
    from: i64,
    length: usize,
    buffer: Vec<u8>,
    filled: usize,
}

impl Reading {
    /// A file.
    pub fn of_file(place: &Place) -> Result<Reading> {
        Reading::new(place, 0, ROOM)
    }

    /// What `pagemap` says of some addresses.
    pub fn of_pages(place: &Place, range: Range<u64>) -> Result<Reading> {
        let entries = |address: u64| address as usize / PAGE * 8;
        let length = entries(range.end - range.start);
        Reading::new(place, entries(range.start) as i64, length)
    }

    fn new(place: &Place, from: i64, length: usize) -> Result<Reading> {
        Ok(Reading {
            fd: place.open(OFlag::O_RDONLY)?,
            from,
            length,
            buffer: Vec::new(),
            filled: 0,
        })
    }
}

impl Action for Reading {
    fn act(&mut self) -> nix::Result<()> {
        self.filled = read_on(&self.fd, self.from, self.length, &mut self.buffer)?;
        Ok(())
    }

    fn outcome(&self) -> Vec<u8> {
        self.buffer[..self.filled].to_vec()
    }
}

/// A file from open to close.
pub struct Opening {
    place: Place,
    reads: bool,
    buffer: Vec<u8>,
    filled: usize,
}

impl Opening {
    /// With or without reading it.
    pub fn new(place: Place, reads: bool) -> Opening {
        Opening {
            place,
            reads,
            buffer: Vec::new(),
            filled: 0,
        }
    }
}

impl Action for Opening {
    fn act(&mut self) -> nix::Result<()> {
        let fd = self.place.open(OFlag::O_RDONLY)?;
        if self.reads {
            self.filled = read_on(&fd, 0, ROOM, &mut self.buffer)?;
        }
        Ok(())
    }

    fn outcome(&self) -> Vec<u8> {
        self.buffer[..self.filled].to_vec()
    }
}
