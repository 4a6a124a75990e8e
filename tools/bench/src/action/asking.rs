// SPDX-License-Identifier: GPL-2.0

//! What `ioctl(2)` says.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use rustproc_compare::sys::{query, scan};

use super::paths::Place;
use super::Action;

/// `PROCMAP_QUERY` of one VMA.
pub struct Query {
    fd: OwnedFd,
    asked: query::Prepared,
    address: u64,
}

impl Query {
    /// The VMA that an address is in, without its name.
    pub fn covering(place: &Place, address: u64) -> Result<Query> {
        let asked = query::Query {
            name: query::Room::None,
            ..query::Query::quick(address, 0)
        };
        Query::new(place, asked)
    }

    /// The first VMA of a file with such a name, with that name.
    pub fn named(place: &Place, name: &str) -> Result<Query> {
        let address = first_of(place, name)?;
        Query::new(place, query::Query::quick(address, 0))
    }

    /// The VMA of the program's first page, with its name and its build id.
    pub fn with_build_id(place: &Place) -> Result<Query> {
        let address = first_of(place, "/")?;
        Query::new(place, query::Query::at(address, 0))
    }

    fn new(place: &Place, asked: query::Query) -> Result<Query> {
        Ok(Query {
            fd: place.open(OFlag::O_RDONLY)?,
            asked: asked.prepare(),
            address: asked.address,
        })
    }
}

/// The address of the first VMA in whose line a text occurs.
fn first_of(place: &Place, text: &str) -> Result<u64> {
    let mut maps = String::new();
    File::from(place.open(OFlag::O_RDONLY)?).read_to_string(&mut maps)?;
    let line = maps.lines().find(|line| line.contains(text));
    let start = line.and_then(|line| line.split('-').next());
    Ok(u64::from_str_radix(
        start.with_context(|| text.to_string())?,
        16,
    )?)
}

impl Action for Query {
    fn act(&mut self) -> nix::Result<()> {
        self.asked.ask(&self.fd, self.address)
    }

    fn outcome(&self) -> Vec<u8> {
        self.asked.answer().into_bytes()
    }
}

/// `PROCMAP_QUERY` of all VMAs, one after the other, with their names.
pub struct AllQueries {
    fd: OwnedFd,
    asked: query::Prepared,
}

impl AllQueries {
    pub fn new(place: &Place) -> Result<AllQueries> {
        Ok(AllQueries {
            fd: place.open(OFlag::O_RDONLY)?,
            asked: query::Query::quick(0, query::OR_NEXT).prepare(),
        })
    }
}

impl Action for AllQueries {
    fn act(&mut self) -> nix::Result<()> {
        let mut address = 0;
        loop {
            match self.asked.ask(&self.fd, address) {
                Ok(()) => address = self.asked.end(),
                Err(Errno::ENOENT) => return Ok(()),
                Err(errno) => return Err(errno),
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.asked.answer().into_bytes()
    }
}

/// `PAGEMAP_SCAN`.
pub struct Scan {
    fd: OwnedFd,
    asked: scan::Prepared,
    protects: bool,
}

impl Scan {
    /// For what is present.
    pub fn present(place: &Place, range: Range<u64>) -> Result<Scan> {
        Scan::new(place, range, scan::PRESENT, 0)
    }

    /// For what was written to, which is protected again.
    pub fn protecting(place: &Place, range: Range<u64>) -> Result<Scan> {
        let flags = scan::WP_MATCHING | scan::CHECK_WPASYNC;
        Scan::new(place, range, scan::WRITTEN, flags)
    }

    fn new(place: &Place, range: Range<u64>, category: u64, flags: u64) -> Result<Scan> {
        let asked = scan::Scan {
            size: None,
            flags,
            start: range.start,
            end: range.end,
            room: scan::Room::For(512),
            max_pages: 0,
            inverted: 0,
            mask: category,
            anyof: 0,
            returned: category,
        };
        Ok(Scan {
            fd: place.open(OFlag::O_RDONLY)?,
            asked: asked.prepare(),
            protects: flags & scan::WP_MATCHING != 0,
        })
    }
}

impl Action for Scan {
    fn act(&mut self) -> nix::Result<()> {
        self.asked.ask(&self.fd)
    }

    fn outcome(&self) -> Vec<u8> {
        self.asked.answer().into_bytes()
    }

    fn limit(&self) -> Option<u32> {
        self.protects.then_some(1)
    }

    fn wants_written_pages(&self) -> bool {
        self.protects
    }
}
