// SPDX-License-Identifier: GPL-2.0

//! Swap areas.

use std::path::Path;

use nix::errno::Errno;
use nix::Result;

use super::file::c_path;

/// `swapon(2)`.
pub fn start(path: &Path) -> Result<()> {
    let path = c_path(path)?;
    // SAFETY: a C string.
    Errno::result(unsafe { libc::swapon(path.as_ptr(), 0) }).map(drop)
}

/// `swapoff(2)`.
pub fn stop(path: &Path) -> Result<()> {
    let path = c_path(path)?;
    // SAFETY: a C string.
    Errno::result(unsafe { libc::swapoff(path.as_ptr()) }).map(drop)
}
