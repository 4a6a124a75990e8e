// SPDX-License-Identifier: GPL-2.0

//! What `lstat`, `fstat` and `statfs` say. Inode and device numbers are a file system's own and not
//! compared.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::fact::Observation;
use crate::probe::Depth;
use crate::sys;

/// By path and by descriptor.
pub fn ask(path: &Path, _: Depth, seen: &mut Observation) {
    let by_path = sys::statx(None, path, libc::AT_SYMLINK_NOFOLLOW);
    note(seen, "lstat", by_path);
    let flags = libc::O_PATH | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    match sys::open(path, flags) {
        Ok(fd) => {
            use std::os::fd::AsFd;
            let by_fd = sys::statx(Some(fd.as_fd()), Path::new(""), libc::AT_EMPTY_PATH);
            note(seen, "fstat", by_fd);
        }
        Err(errno) => seen.note("open O_PATH", Err::<i64, _>(errno)),
    }
}

fn note(seen: &mut Observation, call: &str, result: nix::Result<libc::statx>) {
    let stat = match result {
        Ok(stat) => stat,
        Err(errno) => return seen.note(call, Err::<i64, _>(errno)),
    };
    seen.say(format!("{call} mode"), format!("{:o}", stat.stx_mode));
    let numbers: [(&str, i64); 9] = [
        ("uid", stat.stx_uid.into()),
        ("gid", stat.stx_gid.into()),
        ("nlink", stat.stx_nlink.into()),
        ("size", stat.stx_size as i64),
        ("blksize", stat.stx_blksize.into()),
        ("blocks", stat.stx_blocks as i64),
        (
            "rdev",
            (i64::from(stat.stx_rdev_major) << 32) | i64::from(stat.stx_rdev_minor),
        ),
        (
            "attributes",
            (stat.stx_attributes & stat.stx_attributes_mask) as i64,
        ),
        ("mask", stat.stx_mask.into()),
    ];
    for (name, value) in numbers {
        seen.note(
            format!("{call} {name}"),
            Ok::<i64, nix::errno::Errno>(value),
        );
    }
    seen.say(format!("{call} times"), times(&stat));
}

/// An inode's times are those of its making, in either tree at another moment; so only what must
/// hold of them. The access time moves with some ways of reading, and anybody may have read or
/// truncated before.
fn times(stat: &libc::statx) -> String {
    let moment = |t: &libc::statx_timestamp| (t.tv_sec, t.tv_nsec);
    let made = moment(&stat.stx_ctime);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    if made.0 == 0 || made.0 > now.as_secs() as i64 {
        "out of range".into()
    } else if moment(&stat.stx_mtime) != made {
        "mtime is not ctime".into()
    } else {
        "one moment in the past".into()
    }
}

/// The file system that answers. Mount flags belong to whoever mounted and are compared where we
/// mount both.
pub fn ask_statfs(path: &Path, _: Depth, seen: &mut Observation) {
    match sys::statfs(path) {
        Err(errno) => seen.note("statfs", Err::<i64, _>(errno)),
        Ok(s) => {
            seen.say("f_type", format!("{:#x}", s.f_type));
            seen.say(
                "sizes",
                format!(
                    "bsize {} frsize {} namelen {}",
                    s.f_bsize, s.f_frsize, s.f_namelen
                ),
            );
            seen.say(
                "counts",
                format!(
                    "{} {} {} {} {}",
                    s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree
                ),
            );
        }
    }
}
