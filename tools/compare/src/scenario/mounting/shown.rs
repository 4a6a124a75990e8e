// SPDX-License-Identifier: GPL-2.0

//! What the kernel says of a mount: its line in the tables, and `statmount(2)`.

use std::path::Path;

use crate::sys;
use crate::sys::call::{Arg, Call, Place};
use crate::sys::Trap;

/// The options that both tables and `statmount(2)` show.
pub fn options(at: &Path) -> String {
    format!(
        "mounts {}; mountinfo {}; statmount {}",
        in_mounts(at),
        in_mountinfo(at),
        by_statmount(at)
    )
}

/// The options column of `/proc/self/mounts`.
pub fn in_mounts(at: &Path) -> String {
    let table = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let line = table
        .lines()
        .rfind(|line| line.split(' ').nth(1).map(Path::new) == Some(at));
    line.and_then(|line| line.split(' ').nth(3))
        .unwrap_or("(no line)")
        .to_string()
}

/// Those of the mount, and those of the file system.
fn in_mountinfo(at: &Path) -> String {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let line = table
        .lines()
        .rfind(|line| line.split(' ').nth(4).map(Path::new) == Some(at));
    let Some(line) = line else {
        return "(no line)".into();
    };
    let of_mount = line.split(' ').nth(5).unwrap_or_default();
    let of_system = line.rsplit(' ').next().unwrap_or_default();
    format!("{of_mount} {of_system}")
}

/// `struct statmount` up to its strings.
const HEAD: usize = 512;

/// Flags of the file system and of the mount, and the options.
fn by_statmount(at: &Path) -> String {
    const STATX_MNT_ID_UNIQUE: u32 = 0x4000;
    /// `STATMOUNT_SB_BASIC`, `STATMOUNT_MNT_BASIC`, `STATMOUNT_MNT_OPTS`, `STATMOUNT_OPT_ARRAY`.
    const WANTED: u64 = 1 | 2 | 0x80 | 0x400;
    let Ok(stat) = sys::statx(None, at, 0) else {
        return "(no number)".into();
    };
    if stat.stx_mask & STATX_MNT_ID_UNIQUE == 0 {
        return "(no number)".into();
    }
    let (request, answer) = (Trap::default(), Trap::default());
    let _ = answer.reset(0);
    // `struct mnt_id_req`, as long as its first version.
    let words = [24_u64, stat.stx_mnt_id, WANTED];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    request.set(&bytes);
    let room = 4096;
    let called = Call::STATMOUNT.ask(&[
        Arg::At(Place::Before(&request, bytes.len())),
        Arg::At(Place::Before(&answer, room)),
        Arg::Number(room as i64),
        Arg::Number(0),
    ]);
    if let Err(errno) = called {
        return format!("{errno:?}");
    }
    let bytes = answer.bytes(room);
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap_or_default());
    let text = |at: u32| {
        let from = bytes.get(HEAD + at as usize..).unwrap_or_default();
        let text = from.split(|&b| b == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    };
    // `sb_magic`, `sb_flags`, `mnt_attr` and the options.
    format!(
        "{:#x} {:#x} {:#x} {:?}",
        word(24),
        word(32),
        word(64),
        text(word(4))
    )
}
