// SPDX-License-Identifier: GPL-2.0

//! `pagemap`: one word for each page of the address space.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::sys::uio::pread;

use crate::fact::{Fact, Observation, Words};
use crate::probe::areas::{self, Area};
use crate::probe::Depth;
use crate::sys::{self, PAGE};

mod edges;
mod odd;
mod show;

pub use edges::ask as ask_edges;
pub use odd::{ask as ask_odd, ask_seeks};

/// The length of an entry.
pub const ENTRY: usize = 8;

/// What the pages of each area are: all of them, or if it is large, those at its ends and some
/// between.
pub fn ask(path: &Path, depth: Depth, seen: &mut Observation) {
    let Some(fd) = open(path, seen) else {
        return;
    };
    let (most_areas, most_pages) = match depth {
        Depth::Glance | Depth::Quick | Depth::Full => (60, 1024),
        Depth::Memory => (300, 8192),
    };
    let areas = areas::beside(path);
    for area in areas::some(&areas, most_areas) {
        let mut pages = Pages::default();
        for (from, count) in pieces(area.pages(), most_pages) {
            pages.read(&fd, area.start + from * PAGE as u64, count);
        }
        seen.note(area.title(), pages);
    }
}

/// The parts of an area that are read: the first page and the number of pages.
fn pieces(pages: u64, most: u64) -> Vec<(u64, u64)> {
    if pages <= most {
        return vec![(0, pages)];
    }
    let part = most / 4;
    let last = pages - part;
    [0, pages / 4, pages / 3, pages / 2, last]
        .map(|from| (from.min(last), part))
        .to_vec()
}

/// Opens for reading.
fn open(path: &Path, seen: &mut Observation) -> Option<OwnedFd> {
    match sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC) {
        Ok(fd) => Some(fd),
        Err(errno) => {
            seen.note("open", Fact::Failed(errno));
            None
        }
    }
}

/// Some reads: for each the address, the answer (a negative one is an errno), and the entries.
#[derive(Default)]
struct Pages(Vec<u64>);

impl Pages {
    /// One `pread(2)` from the entry of an address on; gives the entries that came.
    fn read(&mut self, fd: &OwnedFd, address: u64, count: u64) -> &mut [u64] {
        let mut buffer = vec![0_u8; count as usize * ENTRY];
        let answer = pread(fd, &mut buffer, offset_of(address));
        self.0.push(address);
        self.0.push(match answer {
            Ok(n) => n as u64,
            Err(errno) => -i64::from(errno as i32) as u64,
        });
        let first = self.0.len();
        let entries = buffer[..answer.unwrap_or(0)].chunks_exact(ENTRY);
        self.0
            .extend(entries.map(|entry| u64::from_ne_bytes(entry.try_into().unwrap_or_default())));
        &mut self.0[first..]
    }
}

/// A few entries at each of some addresses.
pub fn at(fd: &OwnedFd, addresses: &[u64]) -> Fact {
    let mut pages = Pages::default();
    for &address in addresses {
        pages.read(fd, address, 16);
    }
    pages.into()
}

/// The entries of some areas without the numbers of frames and places in swap, which are never two
/// processes' own.
pub fn ask_marks(path: &Path, areas: &[Area], seen: &mut Observation) {
    let Some(fd) = open(path, seen) else {
        return;
    };
    for area in areas {
        let mut pages = Pages::default();
        for (from, count) in pieces(area.pages(), 8192) {
            let entries = pages.read(&fd, area.start + from * PAGE as u64, count);
            entries.iter_mut().for_each(|entry| *entry &= !show::FRAME);
        }
        seen.note(format!("pages {:x}-{:x}", area.start, area.end), pages);
    }
}

/// Where the entry of an address is.
pub fn offset_of(address: u64) -> i64 {
    (address / PAGE as u64 * ENTRY as u64) as i64
}

impl From<Pages> for Fact {
    fn from(pages: Pages) -> Fact {
        Fact::Words(Words {
            words: pages.0,
            show: show::reads,
        })
    }
}

/// The entries around an address, told as such.
fn around(fd: &OwnedFd, area: &Area, address: u64) -> Pages {
    let page = PAGE as u64;
    let mut pages = Pages::default();
    for (before, count) in [(0, 1), (1, 1), (1, 2), (3, 7), (20, 40)] {
        let from = address.saturating_sub(before * page);
        pages.read(fd, from, count);
    }
    // From the first page of a table and to the last.
    let table = area.start & !(512 * page - 1);
    pages.read(fd, table, (area.start - table) / page + 1);
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_area_is_read_as_a_whole_and_a_large_one_in_parts() {
        assert_eq!(pieces(7, 8), [(0, 7)]);
        let parts = pieces(1 << 28, 8192);
        assert_eq!(parts[0], (0, 2048));
        assert_eq!(parts.last(), Some(&((1 << 28) - 2048, 2048)));
    }

    #[test]
    fn an_entry_is_eight_bytes() {
        assert_eq!(offset_of(0x3000), 24);
    }

    #[test]
    fn own_pages_can_be_read() {
        let mut seen = Observation::default();
        ask(Path::new("/proc/self/pagemap"), Depth::Quick, &mut seen);
        let stack = seen.differences(&Observation::default());
        let stack = stack.iter().find(|found| found.what.contains("[stack]"));
        assert!(stack.unwrap().stock.display().contains("present"));
    }
}
