// SPDX-License-Identifier: GPL-2.0

//! What is written to `clear_refs`.

use std::os::fd::OwnedFd;

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::write;

use super::paths::Place;
use super::Action;

/// A digit written to `clear_refs`.
pub struct Clearing {
    fd: OwnedFd,
    digit: u8,
}

impl Clearing {
    pub fn new(place: &Place, what: u8) -> Result<Clearing> {
        Ok(Clearing {
            fd: place.open(OFlag::O_WRONLY)?,
            digit: b'0' + what,
        })
    }
}

impl Action for Clearing {
    fn act(&mut self) -> nix::Result<()> {
        match write(&self.fd, &[self.digit])? {
            1 => Ok(()),
            _ => Err(Errno::EIO),
        }
    }

    fn outcome(&self) -> Vec<u8> {
        Vec::new()
    }

    fn limit(&self) -> Option<u32> {
        Some(1)
    }

    fn wants_written_pages(&self) -> bool {
        true
    }
}
