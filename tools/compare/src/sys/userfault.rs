// SPDX-License-Identifier: GPL-2.0

//! `userfaultfd(2)`: areas whose faults someone wants to know of.
//!
//! `<linux/userfaultfd.h>`; the C library's crate has nothing of it.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::Result;

use super::memory::Mapping;
use request::*;

/// The requests and their arguments.
mod request {
    nix::ioctl_readwrite!(uffdio_api, 0xaa, 0x3f, Api);
    nix::ioctl_readwrite!(uffdio_register, 0xaa, 0x00, Register);
    nix::ioctl_readwrite!(uffdio_writeprotect, 0xaa, 0x06, Protect);
    nix::ioctl_readwrite!(uffdio_continue, 0xaa, 0x07, Filled);
    nix::ioctl_readwrite!(uffdio_poison, 0xaa, 0x08, Filled);
    nix::ioctl_readwrite!(uffdio_rwprotect, 0xaa, 0x09, Protect);

    #[repr(C)]
    pub struct Api {
        pub api: u64,
        pub features: u64,
        pub ioctls: u64,
    }

    #[repr(C)]
    pub struct Register {
        pub start: u64,
        pub length: u64,
        pub mode: u64,
        pub ioctls: u64,
    }

    #[repr(C)]
    pub struct Protect {
        pub start: u64,
        pub length: u64,
        pub mode: u64,
    }

    /// `struct uffdio_continue` and `struct uffdio_poison`: both say how much was done.
    #[repr(C)]
    pub struct Filled {
        pub start: u64,
        pub length: u64,
        pub mode: u64,
        pub done: i64,
    }
}

/// `UFFD_FEATURE_WP_HUGETLBFS_SHMEM`.
pub const WP_OF_FILES: u64 = 1 << 12;
/// `UFFD_FEATURE_WP_UNPOPULATED`.
pub const WP_UNPOPULATED: u64 = 1 << 13;
/// `UFFD_FEATURE_MINOR_SHMEM`.
pub const MINOR_SHMEM: u64 = 1 << 10;
/// `UFFD_FEATURE_POISON`.
pub const POISON: u64 = 1 << 14;
/// `UFFD_FEATURE_WP_ASYNC`.
pub const WP_ASYNC: u64 = 1 << 15;
/// `UFFD_FEATURE_RWP`.
pub const RWP: u64 = 1 << 17;
/// `UFFD_FEATURE_RWP_ASYNC`.
pub const RWP_ASYNC: u64 = 1 << 18;

/// `UFFDIO_REGISTER_MODE_MISSING`.
pub const MODE_MISSING: u64 = 1 << 0;
/// `UFFDIO_REGISTER_MODE_WP`.
pub const MODE_WP: u64 = 1 << 1;
/// `UFFDIO_REGISTER_MODE_MINOR`.
pub const MODE_MINOR: u64 = 1 << 2;
/// `UFFDIO_REGISTER_MODE_RWP`.
pub const MODE_RWP: u64 = 1 << 3;

/// One descriptor, with what is registered at it.
#[derive(Debug)]
pub struct Userfault(OwnedFd);

impl Userfault {
    /// Asks for a descriptor with these features.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the kernel lacks one.
    pub fn new(features: u64) -> Result<Userfault> {
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK;
        // SAFETY: no pointers.
        let fd = Errno::result(unsafe { libc::syscall(libc::SYS_userfaultfd, flags) })?;
        // SAFETY: the call has just made `fd`.
        let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        let mut api = Api {
            api: 0xaa,
            features,
            ioctls: 0,
        };
        // SAFETY: the struct is the one that this request reads and writes.
        unsafe { uffdio_api(fd.as_raw_fd(), &raw mut api) }?;
        Ok(Userfault(fd))
    }

    /// Registers a whole mapping.
    pub fn register(&self, mapping: &Mapping, mode: u64) -> Result<()> {
        let mut register = Register {
            start: mapping.start() as u64,
            length: mapping.length() as u64,
            mode,
            ioctls: 0,
        };
        // SAFETY: the struct is the one that this request reads and writes.
        unsafe { uffdio_register(self.0.as_raw_fd(), &raw mut register) }.map(drop)
    }

    /// Protects a part against writing, or takes the protection away.
    pub fn protect(
        &self,
        mapping: &Mapping,
        from: usize,
        length: usize,
        protected: bool,
    ) -> Result<()> {
        let mut protect = part(mapping, from, length, protected)?;
        // SAFETY: the struct is the one that this request reads and writes.
        unsafe { uffdio_writeprotect(self.0.as_raw_fd(), &raw mut protect) }.map(drop)
    }

    /// Protects a part against all access.
    pub fn protect_from_all(&self, mapping: &Mapping, from: usize, length: usize) -> Result<()> {
        let mut protect = part(mapping, from, length, true)?;
        // SAFETY: the struct is the one that this request reads and writes.
        unsafe { uffdio_rwprotect(self.0.as_raw_fd(), &raw mut protect) }.map(drop)
    }

    /// Maps pages that the file has already.
    pub fn resolve(&self, mapping: &Mapping, from: usize, length: usize) -> Result<()> {
        let mut filled = range(mapping, from, length)?;
        // SAFETY: the struct is the one that this request reads and writes.
        unsafe { uffdio_continue(self.0.as_raw_fd(), &raw mut filled) }.map(drop)
    }

    /// Marks pages as poisoned.
    pub fn poison(&self, mapping: &Mapping, from: usize, length: usize) -> Result<()> {
        let mut filled = range(mapping, from, length)?;
        // SAFETY: the struct is the one that this request reads and writes.
        unsafe { uffdio_poison(self.0.as_raw_fd(), &raw mut filled) }.map(drop)
    }
}

fn part(mapping: &Mapping, from: usize, length: usize, protected: bool) -> Result<Protect> {
    let (at, length) = mapping.part(from, length)?;
    Ok(Protect {
        start: at as u64,
        length: length as u64,
        mode: u64::from(protected),
    })
}

fn range(mapping: &Mapping, from: usize, length: usize) -> Result<Filled> {
    let (at, length) = mapping.part(from, length)?;
    Ok(Filled {
        start: at as u64,
        length: length as u64,
        mode: 0,
        done: 0,
    })
}
