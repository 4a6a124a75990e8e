// SPDX-License-Identifier: GPL-2.0

//! What torture needs of the system beyond what rustproc-compare has; the only place with `unsafe`.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::Result;

pub use rustproc_compare::sys::*;

/// What may lie in memory that processes share: all zeroes is a value, and each part can be changed
/// by several at a time.
///
/// # Safety
///
/// The type consists of atomics only.
pub unsafe trait Shareable {}

// SAFETY: see there: atomics only.
unsafe impl Shareable for crate::board::Board {}

/// A new value, all zeroes, that children share with their parents.
pub fn share<T: Shareable>() -> Result<&'static T> {
    let (prot, flags) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_SHARED | libc::MAP_ANONYMOUS,
    );
    // SAFETY: the kernel takes addresses that nobody uses.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), size_of::<T>(), prot, flags, -1, 0) };
    if at == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: the mapping is long enough, aligned to a page, zeroed, and never unmapped. All zeroes
    // is a value of `T`, whose parts may be changed from elsewhere (`Shareable`).
    Ok(unsafe { &*at.cast::<T>() })
}

/// A descriptor that a message has brought.
pub fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made it for us, and nobody else knows it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Names the calling thread (`PR_SET_NAME`).
pub fn set_name(name: &CStr) {
    // SAFETY: a C string.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// `migrate_pages(2)` of the calling process, from all nodes to one.
pub fn migrate(to: u64) -> Result<i64> {
    let (all, to) = (u64::MAX, to);
    // SAFETY: both masks have as many bits as their length, less one, says; they are only read.
    let left = unsafe {
        libc::syscall(
            libc::SYS_migrate_pages,
            0,
            65,
            &raw const all,
            &raw const to,
        )
    };
    Errno::result(left)
}

/// Milliseconds on the clock that never stops or jumps.
pub fn now() -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: room for the one value; all zeroes is one, too, should the call fail.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_MONOTONIC, time.as_mut_ptr());
        time.assume_init()
    };
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

/// Uses so much of the stack, page by page.
pub fn deepen(pages: usize) -> u8 {
    let page = std::hint::black_box([pages as u8; 4096]);
    match pages {
        0 => page[0],
        _ => page[1].wrapping_add(deepen(pages - 1)),
    }
}

/// Unmaps, below the caller's feet, a part of a mapping's pages and touches it: a child that does so
/// ends by a signal.
pub fn crash() -> ! {
    // SAFETY: address 0 isn't mapped: the process is killed, as asked.
    unsafe { std::ptr::null::<u8>().read_volatile() };
    std::process::abort()
}
