// SPDX-License-Identifier: GPL-2.0

//! The system calls that no crate offers safely, each behind a safe function; the only file with
//! `unsafe`.
//!
//! Everything here answers with the errno as it came.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::Pid;
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

/// An entry as `getdents64(2)` gives it; the inode number is left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
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
    // SAFETY: `buffer` is writable for `size` bytes.
    let filled = Errno::result(unsafe {
        libc::syscall(
            libc::SYS_getdents64,
            fd.as_fd().as_raw_fd(),
            buffer.as_mut_ptr(),
            size,
        )
    })? as usize;
    Ok(parse_entries(&buffer[..filled]))
}

fn parse_entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    // ino u64, off i64, reclen u16, type u8, then the name with a NUL.
    while let Some((head, _)) = bytes.split_at_checked(19) {
        let length = usize::from(u16::from_ne_bytes([head[16], head[17]]));
        let Some((record, rest)) = bytes.split_at_checked(length.max(19)) else {
            break;
        };
        let name = record[19..].split(|&b| b == 0).next().unwrap_or_default();
        entries.push(Entry {
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

/// A mapping of our own making, gone when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: usize,
    length: usize,
}

impl Mapping {
    /// `mmap(2)` at a hint (0: anywhere). Never on top of something else: `MAP_FIXED` becomes
    /// `MAP_FIXED_NOREPLACE`.
    pub fn new(
        hint: usize,
        length: usize,
        prot: i32,
        flags: i32,
        file: Option<&dyn AsRawFd>,
    ) -> Result<Mapping> {
        let mut flags = flags;
        if flags & libc::MAP_FIXED != 0 {
            flags = (flags & !libc::MAP_FIXED) | libc::MAP_FIXED_NOREPLACE;
        }
        let fd = file.map_or(-1, |file| file.as_raw_fd());
        // SAFETY: without `MAP_FIXED` the kernel takes addresses that nobody uses.
        let at = unsafe { libc::mmap(hint as *mut _, length, prot, flags, fd, 0) };
        if at == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        Ok(Mapping {
            start: at as usize,
            length,
        })
    }

    /// Anonymous private memory for reading and writing.
    pub fn anonymous(length: usize) -> Result<Mapping> {
        Mapping::new(
            0,
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            None,
        )
    }

    /// Reads, or rewrites as it is, the first byte of each page from `from` on, for `length` bytes.
    /// The mapping must allow it.
    pub fn touch(&self, from: usize, length: usize, write: bool) {
        let end = (from + length).min(self.length);
        for offset in (from..end).step_by(4096) {
            let at = (self.start + offset) as *mut u8;
            // SAFETY: inside the mapping, which belongs to `self`; no reference into it exists.
            let byte = unsafe { at.read_volatile() };
            if write {
                // SAFETY: as above.
                unsafe { at.write_volatile(byte | 1) };
            }
        }
    }

    /// `mprotect(2)` on a part.
    pub fn protect(&self, from: usize, length: usize, prot: i32) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: a part of our own mapping, into which no reference exists.
        Errno::result(unsafe { libc::mprotect(at, length, prot) }).map(drop)
    }

    /// `munmap(2)` of a part; touching it afterwards would fault.
    pub fn punch(&self, from: usize, length: usize) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: a part of our own mapping, into which no reference exists.
        Errno::result(unsafe { libc::munmap(at, length) }).map(drop)
    }

    /// `madvise(2)` on all of it.
    pub fn advise(&self, advice: i32) -> Result<()> {
        // SAFETY: our own mapping; at worst its content is lost, and nobody relies on that.
        Errno::result(unsafe { libc::madvise(self.start as *mut _, self.length, advice) }).map(drop)
    }

    /// `mlock2(2)` of all of it.
    pub fn lock(&self, flags: u32) -> Result<()> {
        // SAFETY: locks our own memory; the content stays.
        Errno::result(unsafe { libc::mlock2(self.start as *const _, self.length, flags as _) })
            .map(drop)
    }

    /// Gives the mapping a name (`PR_SET_VMA_ANON_NAME`).
    pub fn name(&self, name: &CStr) -> Result<()> {
        // SAFETY: our own mapping and a C string.
        Errno::result(unsafe {
            libc::prctl(
                libc::PR_SET_VMA,
                libc::PR_SET_VMA_ANON_NAME as libc::c_ulong,
                self.start,
                self.length,
                name.as_ptr(),
            )
        })
        .map(drop)
    }

    fn part(&self, from: usize, length: usize) -> Result<(*mut libc::c_void, usize)> {
        match from.checked_add(length) {
            Some(end) if end <= self.length => Ok(((self.start + from) as *mut _, length)),
            _ => Err(Errno::EINVAL),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: our own mapping, into which no reference exists.
        unsafe { libc::munmap(self.start as *mut _, self.length) };
    }
}

/// Makes the heap (`brk`) larger and leaves it so.
pub fn grow_heap(bytes: isize) -> Result<()> {
    // SAFETY: growing moves nothing; the allocator copes with a break that others have moved.
    let before = unsafe { libc::sbrk(bytes) };
    if before as isize == -1 {
        return Err(Errno::last());
    }
    Ok(())
}

/// A System V shared memory segment, attached, marked for removal with its last detach.
pub fn attach_shared_memory(bytes: usize) -> Result<()> {
    // SAFETY: no pointers.
    let id = Errno::result(unsafe { libc::shmget(libc::IPC_PRIVATE, bytes, 0o600) })?;
    // SAFETY: attached where the kernel likes, and never dereferenced.
    let at = unsafe { libc::shmat(id, std::ptr::null(), 0) };
    let attached = if at as isize == -1 {
        Err(Errno::last())
    } else {
        Ok(())
    };
    // SAFETY: `IPC_RMID` takes no argument.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    attached
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

/// Forks a child that does `then` and leaves with what it returns. The caller must have one thread
/// only.
///
/// # Errors
///
/// `EDEADLK` if the process has more threads: the child could inherit a lock that nobody releases.
pub fn fork(then: impl FnOnce() -> i32) -> Result<Pid> {
    clone(libc::SIGCHLD, then)
}

/// Like [`fork`], and the parent waits in the kernel until the child is gone (`CLONE_VFORK`);
/// memory isn't shared.
pub fn fork_and_hang(then: impl FnOnce() -> i32) -> Result<Pid> {
    clone(libc::CLONE_VFORK | libc::SIGCHLD, then)
}

fn clone(flags: i32, then: impl FnOnce() -> i32) -> Result<Pid> {
    if std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count) > 1 {
        return Err(Errno::EDEADLK);
    }
    // SAFETY: one thread, as just checked, so the child's copy of every lock is free; no memory is
    // shared, so parent and child can't disturb each other. All pointers are null.
    let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    if pid != 0 {
        return Ok(Pid::from_raw(pid as i32));
    }
    let code = then();
    // SAFETY: leaves at once, without the parent's exit handlers.
    unsafe { libc::_exit(code) }
}

/// Ends the calling thread only, without unwinding: from the main thread this leaves a dead leader
/// behind.
pub fn exit_thread() -> ! {
    // SAFETY: the thread's stack stays allocated, and no destructor is owed to anyone: the process
    // is killed in the end.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("SYS_exit returned")
}

/// The calling thread's number.
pub fn gettid() -> Pid {
    nix::unistd::gettid()
}

/// Queues a signal with a value.
pub fn queue_signal(pid: Pid, signal: i32) -> Result<()> {
    let value = libc::sigval {
        sival_ptr: std::ptr::null_mut(),
    };
    // SAFETY: the value is only handed over.
    Errno::result(unsafe { libc::sigqueue(pid.as_raw(), signal, value) }).map(drop)
}

/// Sends a signal to one thread of this process.
pub fn signal_thread(thread: Pid, signal: i32) -> Result<()> {
    // SAFETY: no pointers.
    let r = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.as_raw(), signal) };
    Errno::result(r).map(drop)
}

/// Sets what a signal does: `SIG_IGN`, or a handler that does nothing.
pub fn set_disposition(signal: i32, ignored: bool) -> Result<()> {
    extern "C" fn nothing(_: i32) {}
    let handler = if ignored {
        libc::SIG_IGN
    } else {
        nothing as extern "C" fn(i32) as libc::sighandler_t
    };
    // SAFETY: the handler does nothing, which is safe in any context.
    let previous = unsafe { libc::signal(signal, handler) };
    if previous == libc::SIG_ERR {
        return Err(Errno::last());
    }
    Ok(())
}

/// Blocks signals, real-time ones too, in the calling thread.
pub fn block_signals(signals: &[i32]) -> Result<()> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the set, `sigaddset` only touches it, and the old set isn't
    // asked for.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for &signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        Errno::result(libc::sigprocmask(
            libc::SIG_BLOCK,
            set.as_ptr(),
            std::ptr::null_mut(),
        ))
        .map(drop)
    }
}

/// The scheduling attributes of the calling thread, as `sched_setattr(2)` takes them.
#[derive(Default, Debug)]
#[repr(C)]
pub struct Scheduling {
    /// Of this struct; filled in by [`set_scheduling`].
    pub size: u32,
    /// `SCHED_*`.
    pub policy: u32,
    /// `SCHED_FLAG_*`.
    pub flags: u64,
    /// For the fair policies.
    pub nice: i32,
    /// For the real-time policies.
    pub priority: u32,
    /// For `SCHED_DEADLINE`, nanoseconds.
    pub runtime: u64,
    /// For `SCHED_DEADLINE`, nanoseconds.
    pub deadline: u64,
    /// For `SCHED_DEADLINE`, nanoseconds.
    pub period: u64,
}

/// `sched_setattr(2)` on the calling thread.
pub fn set_scheduling(mut wanted: Scheduling) -> Result<()> {
    wanted.size = std::mem::size_of::<Scheduling>() as u32;
    // SAFETY: the struct is as long as it says, and readable.
    Errno::result(unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wanted, 0) })
        .map(drop)
}

/// `setpriority(2)` on the calling thread.
pub fn set_nice(nice: i32) -> Result<()> {
    // SAFETY: no pointers.
    Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) }).map(drop)
}

/// `prctl(2)` with plain numbers only.
///
/// # Errors
///
/// `EINVAL` for an operation that isn't listed here: others take pointers.
pub fn prctl(operation: i32, first: usize, second: usize) -> Result<()> {
    const BY_VALUE: &[i32] = &[
        libc::PR_SET_SPECULATION_CTRL,
        libc::PR_SET_SECCOMP,
        libc::PR_SET_DUMPABLE,
        libc::PR_SET_KEEPCAPS,
        libc::PR_SET_SECUREBITS,
        libc::PR_SET_THP_DISABLE,
        libc::PR_SET_TSC,
        libc::PR_SET_MDWE,
    ];
    if !BY_VALUE.contains(&operation) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: these operations take their arguments by value.
    Errno::result(unsafe { libc::prctl(operation, first, second, 0_usize, 0_usize) }).map(drop)
}

/// Installs a seccomp filter that lets everything through.
pub fn allow_all_filter() -> Result<()> {
    let mut code = [libc::sock_filter {
        code: (libc::BPF_RET | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k: libc::SECCOMP_RET_ALLOW,
    }];
    let program = libc::sock_fprog {
        len: 1,
        filter: code.as_mut_ptr(),
    };
    // SAFETY: the program has one instruction, readable during the call; the kernel takes a copy.
    Errno::result(unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER as libc::c_ulong,
            &raw const program,
        )
    })
    .map(drop)
}

/// Sets the calling thread's user ids only (the C library would set those of all threads).
pub fn set_thread_uids(real: u32, effective: u32, saved: u32) -> Result<()> {
    // SAFETY: no pointers.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresuid, real, effective, saved) }).map(drop)
}

/// Sets the calling thread's file system user and group id.
pub fn set_fs_ids(uid: u32, gid: u32) {
    // SAFETY: no pointers. Neither call reports failure.
    unsafe {
        libc::setfsgid(gid);
        libc::setfsuid(uid);
    }
}

/// Asks the kernel to end this process when its parent goes away.
pub fn die_with_parent() {
    // SAFETY: no pointers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
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

    #[test]
    fn unknown_prctl_operations_are_refused() {
        assert_eq!(prctl(libc::PR_SET_NAME, 0, 0), Err(Errno::EINVAL));
    }

    #[test]
    fn a_mapping_guards_its_bounds() {
        let mapping = Mapping::anonymous(8192).unwrap();
        mapping.touch(0, 8192, true);
        assert_eq!(mapping.punch(4096, 8192), Err(Errno::EINVAL));
        assert_eq!(mapping.protect(4096, 4096, libc::PROT_NONE), Ok(()));
    }
}
