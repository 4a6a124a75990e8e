// SPDX-License-Identifier: GPL-2.0

//! A buffer whose end can't be written to, for calls that run into it.

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::Result;

use super::call::Caller;
use super::memory::{Mapping, PAGE};

/// Some pages that can be written to, and after them some that can't.
#[derive(Debug)]
pub struct Trap {
    mapping: Mapping,
    open: usize,
}

impl Trap {
    /// `open` bytes (whole pages) before the trap, and `closed` bytes of trap.
    pub fn new(open: usize, closed: usize) -> Result<Trap> {
        Trap::within(Mapping::anonymous(open + closed)?, open)
    }

    /// Two pages on either side.
    pub fn small() -> Result<Trap> {
        Trap::new(2 * PAGE, 2 * PAGE)
    }

    /// A small one where a caller can name it.
    pub fn for_caller(caller: Caller) -> Trap {
        Trap::try_for_caller(caller).expect("four pages of memory")
    }

    /// The same, if there is memory.
    pub fn try_for_caller(caller: Caller) -> Result<Trap> {
        match caller {
            Caller::Native => Trap::small(),
            Caller::Compat => Trap::within(Mapping::low(4 * PAGE)?, 2 * PAGE),
        }
    }

    fn within(mapping: Mapping, open: usize) -> Result<Trap> {
        mapping.protect(open, mapping.length() - open, libc::PROT_NONE)?;
        Ok(Trap { mapping, open })
    }

    /// From now on none of its bytes can be written to, though all before the edge can be read.
    pub fn seal(&self) -> Result<()> {
        self.mapping.protect(0, self.open, libc::PROT_READ)
    }

    /// The address of the first byte that can't be written to.
    pub fn edge(&self) -> usize {
        self.mapping.start() + self.open
    }

    /// How many bytes can be written to.
    pub fn room(&self) -> usize {
        self.open
    }

    /// Sets the last bytes that can be written.
    ///
    /// # Panics
    ///
    /// If there aren't as many.
    pub fn set(&self, bytes: &[u8]) {
        assert!(bytes.len() <= self.open);
        let at = (self.edge() - bytes.len()) as *mut u8;
        // SAFETY: within the writable part of our own mapping; `bytes` is elsewhere.
        unsafe { at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// `pread(2)` of `count` bytes to where only the first `before` can be written; offsets as the
    /// kernel takes them.
    ///
    /// # Errors
    ///
    /// `EINVAL` also if the buffer isn't that large.
    pub fn pread(&self, fd: &impl AsFd, before: usize, count: usize, offset: i64) -> Result<i64> {
        let from = self.open.checked_sub(before).ok_or(Errno::EINVAL)?;
        let (at, count) = self.mapping.part(from, count)?;
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: the buffer is within our own mapping, into which no reference exists.
        let n = unsafe { libc::pread(fd, at, count, offset) };
        Errno::result(n).map(|n| n as i64)
    }

    /// `read(2)`, in the same way.
    ///
    /// # Errors
    ///
    /// `EINVAL` also if the buffer isn't that large.
    pub fn read(&self, fd: &impl AsFd, before: usize, count: usize) -> Result<i64> {
        let from = self.open.checked_sub(before).ok_or(Errno::EINVAL)?;
        let (at, count) = self.mapping.part(from, count)?;
        // SAFETY: the buffer is within our own mapping, into which no reference exists.
        let n = unsafe { libc::read(fd.as_fd().as_raw_fd(), at, count) };
        Errno::result(n).map(|n| n as i64)
    }

    /// `write(2)` of `count` bytes from where only the first `before` can be read.
    ///
    /// # Errors
    ///
    /// `EINVAL` also if the buffer isn't that large.
    pub fn write(&self, fd: &impl AsFd, before: usize, count: usize) -> Result<i64> {
        let from = self.open.checked_sub(before).ok_or(Errno::EINVAL)?;
        let (at, count) = self.mapping.part(from, count)?;
        // SAFETY: the buffer is within our own mapping; the kernel only reads from it.
        let n = unsafe { libc::write(fd.as_fd().as_raw_fd(), at, count) };
        Errno::result(n).map(|n| n as i64)
    }

    /// Sets all bytes that can be written to a value.
    pub fn reset(&self, byte: u8) -> Result<()> {
        self.mapping.fill(0, self.open, byte)
    }

    /// A copy of the last `before` bytes that can be written.
    pub fn bytes(&self, before: usize) -> Vec<u8> {
        let before = before.min(self.open);
        let mut copy = vec![0_u8; before];
        let from = (self.edge() - before) as *const u8;
        // SAFETY: within the readable part of our own mapping; `copy` is as long, and elsewhere.
        unsafe { from.copy_to_nonoverlapping(copy.as_mut_ptr(), before) };
        copy
    }
}

/// A small one.
impl Default for Trap {
    fn default() -> Self {
        Trap::small().expect("four pages of memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_runs_into_it_says_so() {
        let trap = Trap::default();
        trap.reset(0xee).unwrap();
        let zero = std::fs::File::open("/dev/zero").unwrap();
        assert_eq!(trap.pread(&zero, 16, 16, 0), Ok(16));
        assert_eq!(trap.bytes(17), [vec![0xee], vec![0; 16]].concat());
        assert_eq!(trap.read(&zero, 0, 8), Err(Errno::EFAULT));
        assert_eq!(trap.pread(&zero, 3 * PAGE, 8, 0), Err(Errno::EINVAL));
    }
}
