// SPDX-License-Identifier: GPL-2.0

//! `PAGEMAP_SCAN`, an `ioctl(2)` of `pagemap`.
//!
//! `<linux/fs.h>`; the C library's crate has nothing of it.

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::Result;

use super::call::{fd as descriptor, Arg, Call, Caller, Place};
use super::trap::Trap;

const PAGEMAP_SCAN: u64 = nix::request_code_readwrite!(b'f', 16, size_of::<Argument>());

/// `PM_SCAN_WP_MATCHING`: what matches is protected against writing.
pub const WP_MATCHING: u64 = 1 << 0;
/// `PM_SCAN_CHECK_WPASYNC`: an area that can't be so protected is an error.
pub const CHECK_WPASYNC: u64 = 1 << 1;

/// The words for `PAGE_IS_*`, by bit.
pub const CATEGORIES: [&str; 10] = [
    "wp-allowed",
    "written",
    "file",
    "present",
    "swapped",
    "zero",
    "huge",
    "soft-dirty",
    "guard",
    "accessed",
];

/// `PAGE_IS_WPALLOWED`.
pub const WP_ALLOWED: u64 = 1 << 0;
/// `PAGE_IS_WRITTEN`.
pub const WRITTEN: u64 = 1 << 1;
/// `PAGE_IS_PRESENT`.
pub const PRESENT: u64 = 1 << 3;
/// `PAGE_IS_SWAPPED`.
pub const SWAPPED: u64 = 1 << 4;
/// `PAGE_IS_PFNZERO`.
pub const ZERO: u64 = 1 << 5;

/// `struct pm_scan_arg`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Argument {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    inverted: u64,
    mask: u64,
    anyof: u64,
    returned: u64,
}

impl Argument {
    /// As it lies in memory.
    fn bytes(&self) -> Vec<u8> {
        let words = [
            self.size,
            self.flags,
            self.start,
            self.end,
            self.walk_end,
            self.vec,
            self.vec_len,
            self.max_pages,
            self.inverted,
            self.mask,
            self.anyof,
            self.returned,
        ];
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    /// The one field that the kernel writes.
    fn take_walk_end(&mut self, bytes: &[u8]) {
        let at = std::mem::offset_of!(Argument, walk_end);
        self.walk_end = u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
    }
}

/// `struct page_region`: some pages in a row that are alike.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Region {
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// `PAGE_IS_*`.
    pub categories: u64,
}

/// Where the regions go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// Nowhere: no buffer, of length 0.
    None,
    /// Into a buffer for so many.
    For(u64),
    /// No buffer, yet a length.
    NullFor(u64),
    /// A buffer of which only the first so many can be written to, and a length.
    Trapped(u64, u64),
    /// A buffer in the kernel's half of the address space, and a length.
    InKernel(u64),
    /// A buffer at an odd address, for so many.
    Odd(u64),
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scan {
    /// What the size is said to be, if not the true one.
    pub size: Option<u64>,
    /// `PM_SCAN_*`.
    pub flags: u64,
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// Where the regions go.
    pub room: Room,
    /// At most so many pages; 0 for all.
    pub max_pages: u64,
    /// `PAGE_IS_*` that count when they are not.
    pub inverted: u64,
    /// `PAGE_IS_*` that all must be.
    pub mask: u64,
    /// `PAGE_IS_*` of which one must be.
    pub anyof: u64,
    /// `PAGE_IS_*` that are told.
    pub returned: u64,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scanned {
    /// How many regions.
    pub answer: Result<i64>,
    /// Where the walk ended, as the kernel has written it; it was all ones before.
    pub walk_end: u64,
    /// All that the buffer holds, what wasn't written to as zeroes.
    pub regions: Vec<Region>,
}

/// A scan that can be asked many times, where the call itself is what matters. Its regions have room,
/// or none is wanted.
#[derive(Debug)]
pub struct Prepared {
    asked: Scan,
    walk_end: u64,
    regions: Vec<Region>,
    found: usize,
}

impl Prepared {
    /// Asks.
    pub fn ask(&mut self, fd: &impl AsFd) -> Result<()> {
        let mut argument = self.asked.argument();
        if !self.regions.is_empty() {
            argument.vec = self.regions.as_mut_ptr() as u64;
            argument.vec_len = self.regions.len() as u64;
        }
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: the argument is the one of this request, and leads to a buffer of ours, with its
        // length.
        let answer = unsafe { libc::ioctl(fd, PAGEMAP_SCAN as _, &raw mut argument) };
        self.found = Errno::result(answer)? as usize;
        self.walk_end = argument.walk_end;
        Ok(())
    }

    /// What was found last, and where the walk ended, as text.
    pub fn answer(&self) -> String {
        let found = &self.regions[..self.found.min(self.regions.len())];
        format!("{} {found:x?} {:x}", self.found, self.walk_end)
    }
}

impl Scan {
    /// Gets everything in place to ask it many times.
    pub fn prepare(self) -> Prepared {
        let length = match self.room {
            Room::For(length) => length as usize,
            _ => 0,
        };
        Prepared {
            asked: self,
            walk_end: 0,
            regions: vec![Region::default(); length],
            found: 0,
        }
    }

    /// Asks.
    pub fn ask(&self, fd: &impl AsFd) -> Scanned {
        self.by(Caller::Native, fd)
    }

    /// The same, for a caller. Without memory for the argument the answer is `ENOMEM`.
    pub fn by(&self, caller: Caller, fd: &impl AsFd) -> Scanned {
        self.try_by(caller, fd).unwrap_or_else(|errno| Scanned {
            answer: Err(errno),
            walk_end: 0,
            regions: Vec::new(),
        })
    }

    fn try_by(&self, caller: Caller, fd: &impl AsFd) -> Result<Scanned> {
        let mut argument = self.argument();
        let mut regions = Vec::new();
        let mut odd = Vec::new();
        let trap = Trap::try_for_caller(caller)?;
        match self.room {
            Room::None => (),
            Room::NullFor(length) => argument.vec_len = length,
            Room::For(length) => {
                regions = vec![Region::default(); length as usize];
                argument.vec = regions.as_mut_ptr() as u64;
                argument.vec_len = length;
            }
            Room::Trapped(open, length) => {
                let _ = trap.reset(0);
                argument.vec = trap.edge() as u64 - open * size_of::<Region>() as u64;
                argument.vec_len = length;
            }
            Room::InKernel(length) => {
                argument.vec = 0xffff_8880_0000_0000;
                argument.vec_len = length;
            }
            Room::Odd(length) => {
                odd = vec![0_u8; (length as usize + 1) * size_of::<Region>()];
                argument.vec = odd.as_mut_ptr() as u64 + 1;
                argument.vec_len = length;
            }
        }
        // The argument is the one that this request reads, and writes one field of. The regions go
        // to a buffer of ours that has room for them, or to where nobody has memory.
        let place = Trap::try_for_caller(caller)?;
        place.set(&argument.bytes());
        let at = Arg::At(Place::Before(&place, size_of::<Argument>()));
        let request = Arg::Number(PAGEMAP_SCAN as i64);
        let answer = Call::IOCTL.by(caller, &[descriptor(fd), request, at]);
        argument.take_walk_end(&place.bytes(size_of::<Argument>()));
        match self.room {
            Room::Trapped(open, _) => {
                regions = decode(&trap.bytes(open as usize * size_of::<Region>()));
            }
            Room::Odd(_) => regions = decode(odd.get(1..).unwrap_or_default()),
            _ => (),
        }
        Ok(Scanned {
            answer,
            walk_end: argument.walk_end,
            regions,
        })
    }

    fn argument(&self) -> Argument {
        Argument {
            size: self.size.unwrap_or(size_of::<Argument>() as u64),
            flags: self.flags,
            start: self.start,
            end: self.end,
            walk_end: u64::MAX,
            vec: 0,
            vec_len: 0,
            max_pages: self.max_pages,
            inverted: self.inverted,
            mask: self.mask,
            anyof: self.anyof,
            returned: self.returned,
        }
    }
}

fn decode(bytes: &[u8]) -> Vec<Region> {
    let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap_or_default());
    bytes
        .chunks_exact(size_of::<Region>())
        .map(|region| Region {
            start: word(&region[..8]),
            end: word(&region[8..16]),
            categories: word(&region[16..]),
        })
        .collect()
}

/// `PAGEMAP_SCAN` with an argument that runs into memory that isn't there after `before` bytes.
pub fn ask_with_cut_argument(fd: &impl AsFd, before: usize) -> Result<i64> {
    let trap = Trap::small()?;
    trap.reset(0)?;
    let at = trap.edge() - before.min(super::memory::PAGE);
    // SAFETY: all zeroes isn't a valid argument (its size is 0), so the kernel reads it, refuses it
    // and writes nothing.
    let answer = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), PAGEMAP_SCAN as _, at) };
    Errno::result(answer).map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_number_that_the_kernel_knows() {
        assert_eq!(PAGEMAP_SCAN, 0xc060_6610);
        assert_eq!(size_of::<Argument>(), 96);
    }

    #[test]
    fn regions_are_three_words() {
        let bytes: Vec<u8> = [1_u64, 2, 3, 4, 5, 6]
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        let regions = decode(&bytes);
        assert_eq!(regions.len(), 2);
        assert_eq!(regions[1].end, 5);
    }
}
