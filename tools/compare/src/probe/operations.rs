// SPDX-License-Identifier: GPL-2.0

//! Everything else that can be done to an open file or a path: mostly refused, and refused with the
//! same errno.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{
    copy_file_range, fallocate, fcntl, posix_fadvise, splice, FallocateFlags, FcntlArg, OFlag,
    PosixFadviseAdvice, SpliceFFlags,
};
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use nix::sys::sendfile::sendfile;
use nix::sys::stat::{fchmodat, mkdirat, FchmodatFlags, Mode};
use nix::unistd::{fdatasync, fsync, ftruncate, linkat, mkfifo, pipe2, symlinkat, unlinkat};
use nix::unistd::{LinkatFlags, UnlinkatFlags};

use crate::fact::{digest, Fact, Observation};
use crate::probe::content::drain;
use crate::probe::Depth;
use crate::sys;

/// By descriptor, then by path.
pub fn ask(path: &Path, _: Depth, seen: &mut Observation) {
    match sys::open(path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC) {
        Err(errno) => seen.note("open", Fact::Failed(errno)),
        Ok(fd) => {
            ask_calls(&fd, seen);
            ask_control(&fd, seen);
            ask_moving(path, seen);
        }
    }
    ask_path(path, seen);
}

fn ask_calls(fd: &OwnedFd, seen: &mut Observation) {
    seen.note("write", sys::write_byte(fd));
    seen.note("mmap private", sys::mmap_file(fd, libc::MAP_PRIVATE));
    seen.note("mmap shared", sys::mmap_file(fd, libc::MAP_SHARED));
    seen.note("fsync", fsync(fd));
    seen.note("fdatasync", fdatasync(fd));
    seen.note("ftruncate", ftruncate(fd, 0));
    seen.note("fallocate", fallocate(fd, FallocateFlags::empty(), 0, 1));
    let advice = PosixFadviseAdvice::POSIX_FADV_WILLNEED;
    seen.note("fadvise", posix_fadvise(fd, 0, 0, advice));
    seen.note("poll", poll_events(fd));
    seen.note(
        "getdents64",
        sys::getdents(fd, 4096).map(|entries| i64::from(!entries.is_empty())),
    );
    let below = sys::openat(Some(fd.as_fd()), Path::new("below/it"), libc::O_RDONLY);
    seen.note("openat below", below.map(|_| 0_i64));
    let itself = sys::openat(
        Some(fd.as_fd()),
        Path::new("."),
        libc::O_RDONLY | libc::O_CLOEXEC,
    );
    seen.note("openat .", itself.map(|_| 0_i64));
}

fn poll_events(fd: &OwnedFd) -> Fact {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::all())];
    match poll(&mut fds, PollTimeout::ZERO) {
        Ok(_) => Fact::Text(format!("{:?}", fds[0].revents())),
        Err(errno) => Fact::Failed(errno),
    }
}

fn ask_control(fd: &OwnedFd, seen: &mut Observation) {
    // FIONREAD, TCGETS, FS_IOC_GETFLAGS, FS_IOC_FSGETXATTR, and one that nobody has.
    for request in [0x541b, 0x5401, 0x8008_6601, 0x801c_581f, 0xdead_beef] {
        seen.note(format!("ioctl {request:#x}"), sys::ioctl(fd, request));
    }
    let flag = |flag| fcntl(fd, FcntlArg::F_SETFL(flag)).map(i64::from);
    seen.note("F_SETFL O_NONBLOCK", flag(OFlag::O_NONBLOCK));
    seen.note("F_SETFL O_DIRECT", flag(OFlag::O_DIRECT));
    seen.note("F_SETFL O_ASYNC", flag(OFlag::O_ASYNC));
    seen.note("F_SETFL none", flag(OFlag::empty()));
    seen.note(
        "F_GETPIPE_SZ",
        fcntl(fd, FcntlArg::F_GETPIPE_SZ).map(i64::from),
    );
    seen.note(
        "F_GET_SEALS",
        fcntl(fd, FcntlArg::F_GET_SEALS).map(i64::from),
    );
}

/// Calls that move bytes without a buffer of ours. Each starts on a descriptor of its own, at 0.
fn ask_moving(path: &Path, seen: &mut Observation) {
    let fresh = || sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC);
    if let Ok(fd) = fresh() {
        seen.note(
            "sendfile",
            through_file(|out| sendfile(out, &fd, None, 65536)),
        );
        seen.note(
            "sendfile, again",
            through_file(|out| sendfile(out, &fd, None, 65536)),
        );
        seen.note("offset after sendfile", sys::lseek(&fd, 0, libc::SEEK_CUR));
    }
    if let Ok(fd) = fresh() {
        let mut at = 3;
        seen.note(
            "sendfile at 3",
            through_file(|out| sendfile(out, &fd, Some(&mut at), 16)),
        );
    }
    if let Ok(fd) = fresh() {
        seen.note(
            "splice",
            through_pipe(|into| splice(&fd, None, into, None, 65536, SpliceFFlags::empty())),
        );
        seen.note("offset after splice", sys::lseek(&fd, 0, libc::SEEK_CUR));
    }
    if let Ok(fd) = fresh() {
        seen.note(
            "copy_file_range",
            through_file(|out| copy_file_range(&fd, None, out, None, 4096)),
        );
    }
}

fn through_file(call: impl FnOnce(&OwnedFd) -> nix::Result<usize>) -> Fact {
    let file = match sys::memfd(c"compare", libc::MFD_CLOEXEC, 0) {
        Ok(file) => file,
        Err(errno) => return Fact::Text(format!("no memfd: {errno}")),
    };
    moved(call(&file), || {
        let _ = sys::lseek(&file, 0, libc::SEEK_SET);
        drain(&file, 65536).0
    })
}

fn through_pipe(call: impl FnOnce(&OwnedFd) -> nix::Result<usize>) -> Fact {
    let (out, into) = match pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK) {
        Ok(ends) => ends,
        Err(errno) => return Fact::Text(format!("no pipe: {errno}")),
    };
    moved(call(&into), || drain(&out, 65536).0)
}

fn moved(answer: nix::Result<usize>, bytes: impl FnOnce() -> Vec<u8>) -> Fact {
    match answer {
        Err(errno) => Fact::Failed(errno),
        Ok(n) => Fact::Text(format!("{n} bytes (digest {:016x})", digest(&bytes()))),
    }
}

/// Changes that procfs refuses. What could succeed is asked for as it already is.
fn ask_path(path: &Path, seen: &mut Observation) {
    let here = nix::fcntl::AT_FDCWD;
    if !sys::is_mount_point(path) {
        ask_moves(path, seen);
    }
    let below = path.join("rustproc-compare-new");
    seen.note("mkdir below", mkdirat(here, &below, Mode::S_IRWXU));
    seen.note("mkfifo below", mkfifo(&below, Mode::S_IRWXU));
    seen.note("symlink below", symlinkat("target", here, &below));
    let create = libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC;
    seen.note("create below", sys::open(&below, create).map(|_| 0_i64));
    seen.note("listxattr", sys::listxattr(path));
    seen.note("getxattr user", sys::getxattr(path, c"user.rustproc"));
    seen.note(
        "getxattr security",
        sys::getxattr(path, c"security.capability"),
    );
    seen.note(
        "getxattr acl",
        sys::getxattr(path, c"system.posix_acl_access"),
    );
    seen.note("readlink", sys::readlink(path, 256));
}

/// Changes to the inode, and to the directory that it stands in. A root's inode can be changed, and
/// above it is another file system: neither is ours to try.
fn ask_moves(path: &Path, seen: &mut Observation) {
    let here = nix::fcntl::AT_FDCWD;
    let mode = Mode::from_bits_truncate(0o444);
    seen.note(
        "chmod",
        fchmodat(here, path, mode, FchmodatFlags::FollowSymlink),
    );
    seen.note("unlink", unlinkat(here, path, UnlinkatFlags::NoRemoveDir));
    seen.note("rmdir", unlinkat(here, path, UnlinkatFlags::RemoveDir));
    seen.note(
        "rename onto itself",
        nix::fcntl::renameat(here, path, here, path),
    );
    let other = path.with_file_name("rustproc-compare-new");
    seen.note("rename", nix::fcntl::renameat(here, path, here, &other));
    seen.note(
        "link",
        linkat(here, path, here, &other, LinkatFlags::empty()),
    );
}
