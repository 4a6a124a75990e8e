// SPDX-License-Identifier: GPL-2.0

//! Files, directories and their attributes.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::Result;

/// A path as the kernel takes it. A name with a NUL in it can't be asked for.
pub fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)
}

/// `open(2)` with the flags as they are, unknown ones included.
pub fn open(path: &Path, flags: i32) -> Result<OwnedFd> {
    openat(None, path, flags)
}

/// `openat(2)` with the flags as they are.
pub fn openat(dir: Option<BorrowedFd<'_>>, path: &Path, flags: i32) -> Result<OwnedFd> {
    let path = c_path(path)?;
    let dir = dir.map_or(libc::AT_FDCWD, |fd| fd.as_raw_fd());
    // SAFETY: `path` is a C string that outlives the call.
    let fd = Errno::result(unsafe { libc::openat(dir, path.as_ptr(), flags, 0o600) })?;
    // SAFETY: the call has just made `fd`, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `lseek(2)` with any `whence`.
pub fn lseek(fd: &impl AsFd, offset: i64, whence: i32) -> Result<i64> {
    // SAFETY: no pointers.
    Errno::result(unsafe { libc::lseek(fd.as_fd().as_raw_fd(), offset, whence) })
}

/// `write(2)` of one byte.
pub fn write_byte(fd: &impl AsFd) -> Result<i64> {
    // SAFETY: one byte is readable at the pointer.
    let n = unsafe { libc::write(fd.as_fd().as_raw_fd(), c"x".as_ptr().cast(), 1) };
    Errno::result(n).map(|n| n as i64)
}

/// `statx(2)`; `flags` as it takes them, an empty path with `AT_EMPTY_PATH` for the descriptor
/// itself.
pub fn statx(dir: Option<BorrowedFd<'_>>, path: &Path, flags: i32) -> Result<libc::statx> {
    let path = c_path(path)?;
    let dir = dir.map_or(libc::AT_FDCWD, |fd| fd.as_raw_fd());
    let mut out = MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: `path` is a C string and `out` is writable, both for the whole call.
    let r = unsafe { libc::statx(dir, path.as_ptr(), flags, u32::MAX >> 1, out.as_mut_ptr()) };
    Errno::result(r)?;
    // SAFETY: it was zeroed, and all-zeroes is a valid `statx`; the kernel has filled it since.
    Ok(unsafe { out.assume_init() })
}

/// Whether something is mounted at a path.
pub fn is_mount_point(path: &Path) -> bool {
    statx(None, path, libc::AT_SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| stat.stx_attributes & libc::STATX_ATTR_MOUNT_ROOT as u64 != 0)
}

/// `statfs(2)`.
pub fn statfs(path: &Path) -> Result<libc::statfs> {
    let path = c_path(path)?;
    let mut out = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: `path` is a C string and `out` is writable, both for the whole call.
    Errno::result(unsafe { libc::statfs(path.as_ptr(), out.as_mut_ptr()) })?;
    // SAFETY: it was zeroed, and all-zeroes is a valid `statfs`; the kernel has filled it since.
    Ok(unsafe { out.assume_init() })
}

/// An entry as `getdents64(2)` gives it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Inode number.
    pub ino: u64,
    /// Where to seek to for the next one.
    pub next: i64,
    /// `DT_*`.
    pub kind: u8,
    /// The name, any bytes.
    pub name: Vec<u8>,
}

/// One `getdents64(2)` with a buffer of `size` bytes.
pub fn getdents(fd: &impl AsFd, size: usize) -> Result<Vec<Entry>> {
    let mut buffer = vec![0_u8; size];
    let filled = getdents_into(fd, &mut buffer)?;
    Ok(parse_entries(&buffer[..filled]))
}

/// One `getdents64(2)`: how many bytes of the buffer it has filled, for [`parse_entries`].
pub fn getdents_into(fd: &impl AsFd, buffer: &mut [u8]) -> Result<usize> {
    let (raw, at) = (fd.as_fd().as_raw_fd(), buffer.as_mut_ptr());
    // SAFETY: `buffer` is writable for its length.
    let filled = unsafe { libc::syscall(libc::SYS_getdents64, raw, at, buffer.len()) };
    Errno::result(filled).map(|filled| filled as usize)
}

/// The entries in what `getdents64(2)` has filled.
pub fn parse_entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    // ino u64, off i64, reclen u16, type u8, then the name with a NUL.
    while let Some((head, _)) = bytes.split_at_checked(19) {
        let length = usize::from(u16::from_ne_bytes([head[16], head[17]]));
        let Some((record, rest)) = bytes.split_at_checked(length.max(19)) else {
            break;
        };
        let name = record[19..].split(|&b| b == 0).next().unwrap_or_default();
        entries.push(Entry {
            ino: u64::from_ne_bytes(head[..8].try_into().unwrap_or_default()),
            next: i64::from_ne_bytes(head[8..16].try_into().unwrap_or_default()),
            kind: head[18],
            name: name.to_vec(),
        });
        bytes = rest;
    }
    entries
}

/// `readlink(2)` into a buffer of `size` bytes, so that truncation shows as well.
pub fn readlink(path: &Path, size: usize) -> Result<Vec<u8>> {
    let path = c_path(path)?;
    let mut buffer = vec![0_u8; size];
    // SAFETY: `path` is a C string and `buffer` is writable for `size` bytes.
    let n = unsafe { libc::readlink(path.as_ptr(), buffer.as_mut_ptr().cast(), size) };
    buffer.truncate(Errno::result(n)? as usize);
    Ok(buffer)
}

/// An `ioctl(2)` that, if it is known at all, answers with an `int` at most 256 bytes long.
pub fn ioctl(fd: &impl AsFd, request: u64) -> Result<i64> {
    let mut out = [0_u8; 256];
    // SAFETY: the requests used here (`FIONREAD`, `TCGETS`, `FS_IOC_*`) write less than `out`
    // holds.
    let r = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), request as _, out.as_mut_ptr()) };
    Errno::result(r).map(i64::from)
}

/// Tries to map the first page of a file for reading, privately, and unmaps it again.
pub fn mmap_file(fd: &impl AsFd, flags: i32) -> Result<()> {
    let (raw, none) = (fd.as_fd().as_raw_fd(), std::ptr::null_mut());
    // SAFETY: a new mapping where the kernel likes; nothing of ours is replaced.
    let at = unsafe { libc::mmap(none, 4096, libc::PROT_READ, flags, raw, 0) };
    if at == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: made above, and no reference into it exists.
    Errno::result(unsafe { libc::munmap(at, 4096) }).map(drop)
}

/// `listxattr(2)`: how many bytes of names there are.
pub fn listxattr(path: &Path) -> Result<i64> {
    let path = c_path(path)?;
    // SAFETY: `path` is a C string; a size of 0 makes the kernel write nothing.
    let n = unsafe { libc::llistxattr(path.as_ptr(), std::ptr::null_mut(), 0) };
    Errno::result(n).map(|n| n as i64)
}

/// `getxattr(2)`: how long the value is.
pub fn getxattr(path: &Path, name: &CStr) -> Result<i64> {
    let path = c_path(path)?;
    // SAFETY: both are C strings; a size of 0 makes the kernel write nothing.
    let n = unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) };
    Errno::result(n).map(|n| n as i64)
}

/// Creates a `memfd` of a size.
pub fn memfd(name: &CStr, flags: u32, bytes: i64) -> Result<OwnedFd> {
    // SAFETY: a C string.
    let fd = Errno::result(unsafe { libc::memfd_create(name.as_ptr(), flags) })?;
    // SAFETY: the call has just made `fd`.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    nix::unistd::ftruncate(&fd, bytes)?;
    Ok(fd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_entries_with_types() {
        let fd = open(Path::new("/proc/self"), libc::O_RDONLY).unwrap();
        let entries = getdents(&fd, 65536).unwrap();
        assert_eq!(entries[0].name, b".");
        assert!(entries
            .iter()
            .any(|e| e.name == b"stat" && e.kind == libc::DT_REG));
    }

    #[test]
    fn a_cut_record_is_left_out() {
        assert!(parse_entries(&[0; 18]).is_empty());
        let mut record = [0_u8; 24];
        record[16] = 32;
        assert!(parse_entries(&record).is_empty());
    }

    #[test]
    fn a_bad_whence_reaches_the_kernel() {
        let fd = open(Path::new("/proc/self/stat"), libc::O_RDONLY).unwrap();
        assert_eq!(lseek(&fd, 0, 99), Err(Errno::EINVAL));
    }
}
