// SPDX-License-Identifier: GPL-2.0

//! What directories list.

use std::os::fd::OwnedFd;

use anyhow::Result;
use nix::fcntl::OFlag;
use nix::unistd::{lseek, Whence};
use rustproc_compare::sys::{getdents_into, parse_entries};

use super::paths::Place;
use super::Action;

/// How much is asked for at a time, as the C library does.
const PIECE: usize = 32 << 10;

/// All entries of a directory, through a descriptor that is open.
pub struct Listing {
    fd: OwnedFd,
    buffer: Vec<u8>,
    filled: usize,
}

impl Listing {
    pub fn new(place: &Place) -> Result<Listing> {
        Ok(Listing {
            fd: place.open(OFlag::O_RDONLY | OFlag::O_DIRECTORY)?,
            buffer: Vec::new(),
            filled: 0,
        })
    }
}

impl Action for Listing {
    fn act(&mut self) -> nix::Result<()> {
        lseek(&self.fd, 0, Whence::SeekSet)?;
        self.filled = 0;
        loop {
            if self.buffer.len() < self.filled + PIECE {
                self.buffer.resize(self.filled + PIECE, 0);
            }
            let room = self.filled..self.filled + PIECE;
            match getdents_into(&self.fd, &mut self.buffer[room])? {
                0 => return Ok(()),
                n => self.filled += n,
            }
        }
    }

    // All but the inodes.
    fn outcome(&self) -> Vec<u8> {
        let entries = parse_entries(&self.buffer[..self.filled]).into_iter();
        let entries: Vec<_> = entries.map(|e| (e.next, e.kind, e.name)).collect();
        format!("{entries:?}").into_bytes()
    }
}
