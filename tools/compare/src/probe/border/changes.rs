// SPDX-License-Identifier: GPL-2.0

//! Changes, which procfs refuses for the most part. What it may grant is asked for as it already is.

use std::os::fd::AsFd;
use std::path::Path;

use crate::fact::{Fact, Observation};
use crate::sys::call::{fd, Arg, Call, Caller, Place};
use crate::sys::{self, Trap};

/// By path and by descriptors of each kind, for one caller.
pub fn ask(path: &Path, caller: Caller, seen: &mut Observation) {
    let (Ok(name), Ok(stat)) = (sys::c_path(path), sys::statx(None, path, 0)) else {
        return seen.note("stat", sys::statx(None, path, 0).map(|_| 0_i64));
    };
    let here = Arg::Number(libc::AT_FDCWD.into());
    // What is mounted on, or a root, can be changed, and is no file of procfs's own.
    if !sys::is_mount_point(path) {
        ask_inode("path", here, Arg::Text(&name), &stat, caller, seen);
    }
    for (kind, flags) in [
        ("path only", libc::O_PATH),
        ("opened", libc::O_RDONLY | libc::O_NONBLOCK),
        ("for writing", libc::O_WRONLY | libc::O_NONBLOCK),
    ] {
        match sys::open(path, flags | libc::O_CLOEXEC) {
            Err(errno) => seen.note(kind, Fact::Failed(errno)),
            Ok(file) => {
                if !sys::is_mount_point(path) {
                    ask_inode(kind, fd(&file), Arg::Text(c""), &stat, caller, seen);
                    let mode = Arg::Number((stat.stx_mode & 0o7777).into());
                    let answer = Call::FCHMOD.by(caller, &[fd(&file), mode]);
                    seen.note(format!("{kind}: fchmod"), answer);
                }
                ask_extent(kind, &file, caller, seen);
            }
        }
    }
    for length in [0, 1, -1, i64::MAX] {
        let answer = Call::TRUNCATE.by(caller, &[Arg::Text(&name), Arg::Offset(length)]);
        seen.note(format!("truncate to {length}"), answer);
    }
    ask_attributes(path, caller, seen);
    ask_entries(path, caller, seen);
}

/// Mode, owner and times, as they are; and what nobody can have.
fn ask_inode(
    kind: &str,
    from: Arg<'_>,
    name: Arg<'_>,
    stat: &libc::statx,
    caller: Caller,
    seen: &mut Observation,
) {
    let mode = i64::from(stat.stx_mode & 0o7777);
    for flags in [0, 0x100, 0x1000, 0x1100, 0x800] {
        let shown = format!("flags {flags:#x}");
        let flags = Arg::Number(flags);
        let arguments = [from, name, Arg::Number(mode), flags];
        let answer = Call::FCHMODAT2.by(caller, &arguments);
        seen.note(format!("{kind}: chmod, {shown}"), answer);
        let (uid, gid) = (stat.stx_uid.into(), stat.stx_gid.into());
        for (uid, gid) in [(-1, -1), (uid, -1), (-1, gid), (uid, gid)] {
            let owner = [Arg::Number(uid), Arg::Number(gid)];
            let arguments = [from, name, owner[0], owner[1], flags];
            let answer = Call::FCHOWNAT.by(caller, &arguments);
            seen.note(format!("{kind}: chown {uid} {gid}, {shown}"), answer);
        }
    }
    // Both times to be left alone, one of them not valid, no times (which means now).
    const OMIT: i64 = 0x3fff_fffe;
    for (times, [access, change]) in [
        ("none", [OMIT, OMIT]),
        ("bad", [OMIT, 2_000_000_000]),
        ("negative", [-1, OMIT]),
    ] {
        let trap = Trap::for_caller(Caller::Compat);
        trap.set(&times_of(caller, access, change));
        for flags in [0, 0x100, 0x1000, 0x800] {
            let length = trap_length(caller);
            let at = Arg::At(Place::Before(&trap, length));
            let answer = Call::UTIMENSAT.by(caller, &[from, name, at, Arg::Number(flags)]);
            seen.note(format!("{kind}: times {times}, flags {flags:#x}"), answer);
        }
    }
    let arguments = [from, name, Arg::At(Place::Kernel), Arg::Number(0)];
    let answer = Call::UTIMENSAT.by(caller, &arguments);
    seen.note(format!("{kind}: times nowhere"), answer);
}

/// Two `struct timespec` of which only the nanoseconds are set.
fn times_of(caller: Caller, access: i64, change: i64) -> Vec<u8> {
    let words = [0, access, 0, change];
    match caller {
        Caller::Native => words.iter().flat_map(|word| word.to_ne_bytes()).collect(),
        Caller::Compat => words
            .iter()
            .flat_map(|word| (*word as i32).to_ne_bytes())
            .collect(),
    }
}

fn trap_length(caller: Caller) -> usize {
    match caller {
        Caller::Native => 32,
        Caller::Compat => 16,
    }
}

/// What makes a file longer, shorter, or its content safe.
fn ask_extent(kind: &str, file: &impl AsFd, caller: Caller, seen: &mut Observation) {
    let file = fd(file);
    for length in [0, 1, -1, i64::MAX] {
        let answer = Call::FTRUNCATE.by(caller, &[file, Arg::Offset(length)]);
        seen.note(format!("{kind}: ftruncate to {length}"), answer);
    }
    let extents = [(0, 0), (0, 1), (-1, 1), (0, -1), (i64::MAX, 1)];
    for (offset, length) in extents {
        let (from, count) = (Arg::Offset(offset), Arg::Offset(length));
        for mode in [0, 1, 3, 8, 0x10, 0x20, 0x80] {
            let answer = Call::FALLOCATE.by(caller, &[file, Arg::Number(mode), from, count]);
            seen.note(
                format!("{kind}: fallocate {mode:#x} {offset} {length}"),
                answer,
            );
        }
        for advice in [0, 3, 4, 6] {
            let answer = Call::FADVISE.by(caller, &[file, from, count, Arg::Number(advice)]);
            seen.note(
                format!("{kind}: fadvise {advice} {offset} {length}"),
                answer,
            );
        }
        for flags in [0, 2, 7, 8] {
            let arguments = [file, from, count, Arg::Number(flags)];
            let answer = Call::SYNC_FILE_RANGE.by(caller, &arguments);
            seen.note(format!("{kind}: sync {flags} {offset} {length}"), answer);
        }
        let answer = Call::READAHEAD.by(caller, &[file, from, Arg::Number(length)]);
        seen.note(format!("{kind}: readahead {offset} {length}"), answer);
    }
    for call in [Call::FSYNC, Call::FDATASYNC, Call::SYNCFS] {
        seen.note(format!("{kind}: {}", call.name), call.by(caller, &[file]));
    }
}

/// Extended attributes.
fn ask_attributes(path: &Path, caller: Caller, seen: &mut Observation) {
    let Ok(path) = sys::c_path(path) else {
        return;
    };
    let path = Arg::Text(&path);
    let trap = Trap::for_caller(Caller::Compat);
    let value = Arg::At(Place::Before(&trap, 64));
    for name in [
        c"user.rustproc",
        c"trusted.rustproc",
        c"security.rustproc",
        c"security.capability",
        c"security.selinux",
        c"system.posix_acl_access",
        c"system.posix_acl_default",
        c"system.rustproc",
        c"rustproc",
        c"",
        c"user.",
    ] {
        let text = Arg::Text(name);
        for size in [0, 64, 65537] {
            let what = format!("{} of {size}", name.to_string_lossy());
            let size = Arg::Number(size);
            seen.note(
                format!("getxattr {what}"),
                Call::GETXATTR.by(caller, &[path, text, value, size]),
            );
            // `XATTR_REPLACE`: nothing is there to be replaced, if it is not refused before.
            for flags in [2, 4] {
                let arguments = [path, text, value, size, Arg::Number(flags)];
                let answer = Call::SETXATTR.by(caller, &arguments);
                seen.note(format!("setxattr {what}, flags {flags}"), answer);
            }
        }
        let answer = Call::REMOVEXATTR.by(caller, &[path, text]);
        seen.note(format!("removexattr {name:?}"), answer);
    }
    for size in [0, 1, 4096, 65536, 65537, -1] {
        let answer = Call::LISTXATTR.by(caller, &[path, value, Arg::Number(size)]);
        seen.note(format!("listxattr {size}"), answer);
    }
}

/// New names in it, other names for it, no name for it.
fn ask_entries(path: &Path, caller: Caller, seen: &mut Observation) {
    let here = Arg::Number(libc::AT_FDCWD.into());
    let (mut below, mut beside) = (path.to_owned(), path.to_owned());
    below.push("rustproc-compare-new");
    beside.set_file_name("rustproc-compare-new");
    let (Ok(name), Ok(below), Ok(beside)) =
        (sys::c_path(path), sys::c_path(&below), sys::c_path(&beside))
    else {
        return;
    };
    let (name, below, beside) = (Arg::Text(&name), Arg::Text(&below), Arg::Text(&beside));
    let mut places = vec![("below", below)];
    if !sys::is_mount_point(path) {
        // Beside a root is another file system, whose business it isn't.
        places.push(("beside", beside));
        places.push(("itself", name));
        for flags in [0, 0x200, 0x400] {
            let answer = Call::UNLINKAT.by(caller, &[here, name, Arg::Number(flags)]);
            seen.note(format!("unlink, flags {flags:#x}"), answer);
        }
    }
    for (place, new) in places {
        for flags in [0, 1, 2, 4, 3, 8] {
            let arguments = [here, name, here, new, Arg::Number(flags)];
            let answer = Call::RENAMEAT2.by(caller, &arguments);
            seen.note(format!("rename {place}, flags {flags}"), answer);
        }
        for flags in [0, 0x400, 0x1000] {
            let arguments = [here, name, here, new, Arg::Number(flags)];
            let answer = Call::LINKAT.by(caller, &arguments);
            seen.note(format!("link {place}, flags {flags:#x}"), answer);
        }
        let answer = Call::MKDIRAT.by(caller, &[here, new, Arg::Number(0o700)]);
        seen.note(format!("mkdir {place}"), answer);
        let kinds = [
            libc::S_IFREG,
            libc::S_IFIFO,
            libc::S_IFSOCK,
            libc::S_IFCHR,
            libc::S_IFBLK,
            libc::S_IFDIR,
            0,
        ];
        for kind in kinds {
            let arguments = [here, new, Arg::Number(kind.into()), Arg::Number(0)];
            let answer = Call::MKNODAT.by(caller, &arguments);
            seen.note(format!("mknod {kind:o} {place}"), answer);
        }
        let answer = Call::SYMLINKAT.by(caller, &[Arg::Text(c"target"), here, new]);
        seen.note(format!("symlink {place}"), answer);
    }
}
