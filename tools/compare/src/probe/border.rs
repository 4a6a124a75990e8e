// SPDX-License-Identifier: GPL-2.0

//! What a careless or hostile caller asks: names, numbers, buffers and flags that nobody sane
//! would use, and every call that a file system can be asked for.
//!
//! The answers hardly depend on the process that is looked at, so a scenario asks this of a few
//! paths only.

use std::os::fd::OwnedFd;
use std::path::Path;

use crate::fact::{Fact, Observation};
use crate::sys::call::Caller;
use crate::sys::{self, Trap};

pub mod changes;
pub mod handles;
pub mod ioctls;
pub mod locks;
pub mod memory;
pub mod moves;
pub mod names;
pub mod narrow;
pub mod notices;
pub mod offsets;
pub mod opens;
pub mod resolve;
pub mod rings;
pub mod stats;

/// Opens for reading, or notes why not.
fn open(path: &Path, seen: &mut Observation) -> Option<OwnedFd> {
    match sys::open(path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC) {
        Ok(fd) => Some(fd),
        Err(errno) => {
            seen.note("open", Fact::Failed(errno));
            None
        }
    }
}

/// What a buffer holds, in short: what isn't as it was before.
fn held(trap: &Trap, before: usize) -> Fact {
    let bytes = trap.bytes(before);
    let used = bytes.iter().rposition(|&b| b != UNTOUCHED);
    let used = &bytes[..used.map_or(0, |last| last + 1)];
    match used.len() {
        0..=32 => Fact::Bytes(used.to_vec()),
        length => Fact::Text(format!(
            "{length} bytes (digest {:016x})",
            crate::fact::digest(used)
        )),
    }
}

/// What fills buffers that nobody has written to.
const UNTOUCHED: u8 = 0xee;

/// A buffer that nobody has written to.
fn fresh() -> Trap {
    let trap = Trap::for_caller(Caller::Compat);
    let _ = trap.reset(UNTOUCHED);
    trap
}

/// Whether a name is one of a file that rustproc makes itself.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    crate::files::KNOWN.iter().any(|known| *known.name == *name)
}
