// SPDX-License-Identifier: GPL-2.0

//! Which errnos an operation can give.

use nix::errno::Errno;

use crate::actor::Role;
use crate::kind::Kind;

/// What may come of a path that leads to a task, and of a file that belongs to one.
const COMMON: &[Errno] = &[
    Errno::ENOENT,
    Errno::ESRCH,
    Errno::EACCES,
    Errno::EPERM,
    Errno::EINTR,
    Errno::EFAULT,
    Errno::EINVAL,
    Errno::EMFILE,
    // Opened for writing where the tree is read-only.
    Errno::EROFS,
];

/// What must not leave the kernel, or a file system that has no disk, from any operation.
const NEVER: &[Errno] = &[
    Errno::UnknownErrno,
    Errno::ECHILD,
    Errno::ESTALE,
    Errno::EUCLEAN,
];

/// Whether an operation of a kind can fail so. Where allocations are made to fail, it can lack
/// memory, or a file, which is what the kernel calls it when it has none for a pipe.
pub fn permitted(kind: Kind, errno: Errno, faults: bool) -> bool {
    if matches!(errno, Errno::ENOMEM | Errno::ENFILE) {
        return faults || kind.role() != Role::Reader;
    }
    if NEVER.contains(&errno) {
        // Waiting for a child that another has killed.
        return errno == Errno::ECHILD && kind.role() != Role::Reader;
    }
    match more(kind) {
        None => true,
        Some(more) => COMMON.contains(&errno) || more.contains(&errno),
    }
}

/// What a kind can fail with beyond what is common; `None` is anything.
fn more(kind: Kind) -> Option<&'static [Errno]> {
    use Errno::*;

    Some(match kind {
        Kind::Read | Kind::Pread | Kind::Readv | Kind::Dup | Kind::Hold => &[],
        Kind::Held | Kind::Release => &[EISDIR, EBADF],
        // Threads that io_uring makes keep a process from forking.
        Kind::Inherit => &[EISDIR, EBADF, EDEADLK],
        Kind::Splice | Kind::Sendfile => &[EAGAIN, EOVERFLOW],
        Kind::Ring => &[EAGAIN, EBADF, ECANCELED, EOPNOTSUPP],
        Kind::Seek => &[EOVERFLOW, ENXIO],
        Kind::Map => &[ENODEV, EBADF],
        Kind::Ioctl => &[ENOTTY, EBADF, EOPNOTSUPP, ENODATA],
        Kind::Query => &[ENOTTY, ENAMETOOLONG, E2BIG],
        Kind::Scan => &[ENOTTY],
        Kind::Clear => &[ERANGE],
        Kind::Poll => &[],
        Kind::Send => &[EAGAIN, ENOBUFS, ETOOMANYREFS, ECONNREFUSED],
        Kind::Receive => &[EAGAIN, EBADMSG, EISDIR, EBADF, ENOTTY],
        Kind::List => &[ENOTDIR],
        Kind::Statx => &[ENOTDIR, ELOOP],
        Kind::Openat2 => &[ENOTDIR, ELOOP, EXDEV, EAGAIN, EISDIR, EEXIST, ENXIO, E2BIG],
        Kind::Readlink => &[],
        Kind::Selves | Kind::Enter => &[ENOTDIR],
        Kind::Powerless => &[ENOTDIR, EDEADLK],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_under_rcu_never_shows() {
        assert!(!permitted(Kind::Read, Errno::ECHILD, true));
        assert!(!permitted(Kind::Passed, Errno::ECHILD, true));
        assert!(permitted(Kind::Zombie, Errno::ECHILD, true));
    }

    #[test]
    fn memory_lacks_only_where_it_is_made_to() {
        assert!(permitted(Kind::Read, Errno::ENOMEM, true));
        assert!(!permitted(Kind::Read, Errno::ENOMEM, false));
        assert!(!permitted(Kind::Read, Errno::EIO, true));
    }
}
