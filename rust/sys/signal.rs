// SPDX-License-Identifier: GPL-2.0

//! The signal state that the threads of a process share.
//!
//! C header: [`include/linux/sched/signal.h`](srctree/include/linux/sched/signal.h)
//!
//! Lock order: `siglock` is taken alone here; inside it only RCU, and the tty's `ctrl.lock` (by
//! `tty_get_pgrp()`).

use crate::{
    bindings as own,
    sys::pid::Pid, //
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    pid_namespace::PidNamespace,
    sync::{
        aref::ARef,
        rcu, //
    },
    task::Task,
    types::NotThreadSafe, //
};

/// Signals that are looked at together.
const TOGETHER: usize = 8;

/// What stands in the place of a handler where the default is done.
const SIG_DFL: usize = 0;

/// What stands there where the signal is ignored.
const SIG_IGN: usize = 1;

/// A task's `siglock`, held with interrupts off: its signal state stands still.
///
/// # Invariants
///
/// `lock_task_sighand()` succeeded for `task` with `flags`, so `task->signal` and `task->sighand`
/// are valid.
#[must_use = "the lock is let go of when the guard is dropped"]
pub(crate) struct SighandGuard<'a> {
    task: &'a Task,
    flags: usize,
    _not_send: NotThreadSafe,
}

/// Which signals a process ignores and which it catches; bit `n - 1` is signal `n`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Dispositions {
    /// Set to `SIG_IGN`.
    pub(crate) ignored: u64,
    /// Set to a handler.
    pub(crate) caught: u64,
}

/// The controlling terminal of a session.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    /// Device number, as `new_encode_dev()` encodes it.
    pub(crate) device: u32,
    /// Foreground process group.
    pub(crate) foreground: i32,
}

/// Locks the signal state of `task`; `None` once the task has been reaped.
///
/// Mirrors `lock_task_sighand()`. Interrupts stay off until the guard is dropped, so its holder
/// may not sleep.
pub(crate) fn lock(task: &Task) -> Option<SighandGuard<'_>> {
    let mut flags = 0;

    // SAFETY: `task` is valid and `flags` outlives the call.
    if !unsafe { own::rustproc_lock_task_sighand(task.as_ptr(), &mut flags) } {
        return None;
    }
    // INVARIANT: Just locked.
    Some(SighandGuard {
        task,
        flags,
        _not_send: NotThreadSafe,
    })
}

impl Drop for SighandGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the lock is held, and `flags` came from taking it.
        unsafe { own::rustproc_unlock_task_sighand(self.task.as_ptr(), &mut self.flags) };
    }
}

impl Dispositions {
    /// Adds what is done on the signals from bit `first` on.
    fn add(&mut self, first: usize, actions: &[bindings::k_sigaction; TOGETHER]) {
        for (number, action) in (first..).zip(actions) {
            match handler(action) {
                SIG_DFL => {}
                SIG_IGN => self.ignored |= 1 << number,
                _ => self.caught |= 1 << number,
            }
        }
    }
}

impl SighandGuard<'_> {
    fn signal(&self) -> &bindings::signal_struct {
        // SAFETY: By the type invariant `signal` is valid while the lock is held.
        unsafe { &*(*self.task.as_ptr()).signal }
    }

    /// Number of threads in the group.
    pub(crate) fn threads(&self) -> i32 {
        self.signal().nr_threads
    }

    /// The controlling terminal, its foreground group numbered in `ns`.
    pub(crate) fn terminal(&self, ns: &PidNamespace) -> Option<Terminal> {
        let tty = NonNull::new(self.signal().tty)?.as_ptr();

        // SAFETY: `signal->tty` is valid while `siglock` is held; the functions take what else
        // they need, and the pid that they return carries a reference.
        unsafe {
            let group =
                NonNull::new(own::tty_get_pgrp(tty)).map(|pid| ARef::<Pid>::from_raw(pid.cast()));
            Some(Terminal {
                device: own::rustproc_tty_devnum(tty),
                foreground: group.map_or(0, |group| group.nr_in(ns)),
            })
        }
    }

    /// What the process does on each signal. Mirrors `collect_sigign_sigcatch()`.
    ///
    /// Most signals have no handler, which is seen for several at once.
    pub(crate) fn dispositions(&self) -> Dispositions {
        let mut dispositions = Dispositions::default();
        // SAFETY: By the type invariant `sighand` is valid and locked.
        let mut actions = unsafe { &(*(*self.task.as_ptr()).sighand).action[..] };
        let mut first = 0;

        while let Some((group, rest)) = actions.split_first_chunk::<TOGETHER>() {
            if group.iter().fold(0, |bits, action| bits | handler(action)) != SIG_DFL {
                dispositions.add(first, group);
            }
            first += TOGETHER;
            actions = rest;
        }
        dispositions
    }

    /// The process's soft limit of `resource`, in the resource's unit.
    pub(crate) fn soft_limit(&self, resource: Resource) -> u64 {
        let limit = match resource {
            Resource::ResidentSet => bindings::RLIMIT_RSS,
            Resource::PendingSignals => bindings::RLIMIT_SIGPENDING,
        };

        // CAST: `limit` is one of the kernel's small resource numbers; its value has 64 bits.
        self.signal()
            .rlim
            .get(limit as usize)
            .map_or(0, |limit| limit.rlim_cur as u64)
    }

    /// The group's exit code, if the group is exiting or stopped.
    pub(crate) fn group_exit_code(&self) -> Option<i32> {
        let signal = self.signal();
        let ended = bindings::SIGNAL_GROUP_EXIT | bindings::SIGNAL_STOP_STOPPED;

        (signal.flags & ended != 0).then_some(signal.group_exit_code)
    }

    /// Signals pending for the whole group; bit `n - 1` is signal `n`.
    pub(crate) fn shared_pending(&self) -> u64 {
        // CAST: Both have 64 bits.
        self.signal().shared_pending.signal.sig[0] as u64
    }

    /// Signals queued for the task's user, against [`Resource::PendingSignals`].
    pub(crate) fn queued_signals(&self) -> u64 {
        let _rcu = rcu::read_lock();

        // SAFETY: RCU keeps the task's credential; the helper reads one counter.
        // CAST: The counter is not negative.
        unsafe { own::rustproc_sigpending_count(self.task.as_ptr()) as u64 }
    }
}

/// The address of the handler of `action`, or one of the numbers that stand for none.
fn handler(action: &bindings::k_sigaction) -> usize {
    action
        .sa
        .sa_handler
        .map_or(SIG_DFL, |handler| handler as usize)
}

/// A resource whose limit procfs shows.
#[derive(Clone, Copy)]
pub(crate) enum Resource {
    /// `RLIMIT_RSS`, in bytes.
    ResidentSet,
    /// `RLIMIT_SIGPENDING`, in signals.
    PendingSignals,
}
