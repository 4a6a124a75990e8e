// SPDX-License-Identifier: GPL-2.0

//! Processes, threads, signals and what they are set to.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::Pid;
use nix::Result;

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

/// Sets the calling thread's personality, which programs that it starts inherit; answers the one
/// before.
pub fn set_personality(persona: u32) -> Result<u32> {
    // SAFETY: no pointers.
    Errno::result(unsafe { libc::personality(persona.into()) }).map(|before| before as u32)
}

/// `pidfd_getfd(2)`: a copy of another process's descriptor.
pub fn take_descriptor(pid: Pid, number: i32) -> Result<OwnedFd> {
    // SAFETY: no pointers.
    let process = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })?;
    // SAFETY: the call has just made it, and nobody else knows it.
    let process = unsafe { OwnedFd::from_raw_fd(process as i32) };
    // SAFETY: no pointers.
    let taken = Errno::result(unsafe {
        libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), number, 0)
    })?;
    // SAFETY: the call has just made it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(taken as i32) })
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
    fn unknown_prctl_operations_are_refused() {
        assert_eq!(prctl(libc::PR_SET_NAME, 0, 0), Err(Errno::EINVAL));
    }
}
