// SPDX-License-Identifier: GPL-2.0

//! What procfs reads of a task.
//!
//! Extends [`kernel::task::Task`] with the fields that other tasks may read. Fields that the kernel
//! changes without a lock are read once, as stock does: each is a snapshot.
//!
//! C header: [`include/linux/sched.h`](srctree/include/linux/sched.h)

use crate::{
    bindings as own,
    sys::{
        pid::Pid,
        read_long, //
    },
};
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    mm::{
        Mm,
        MmWithUser, //
    },
    pid_namespace::PidNamespace,
    prelude::*,
    sync::{
        aref::ARef,
        rcu, //
    },
    task::Task,
    types::NotThreadSafe, //
};

/// Size of the buffer that a name is formatted into, in bytes; as in `proc_task_name()`.
pub(crate) const NAME_BUFFER: usize = 64;

/// What a reader wants of another task, and with which of its credentials.
#[derive(Clone, Copy)]
pub(crate) struct AccessMode(u32);

impl AccessMode {
    /// To read, checked with the credentials for file-system access.
    pub(crate) const READ_FSCREDS: Self = Self(bindings::PTRACE_MODE_READ_FSCREDS);
    /// The same, and a refusal is no event for the audit log.
    pub(crate) const READ_FSCREDS_NOAUDIT: Self =
        Self(bindings::PTRACE_MODE_READ_FSCREDS | bindings::PTRACE_MODE_NOAUDIT);
}

/// Page-fault counts and times of a thread or, summed, of a whole group.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Faults served without I/O.
    pub(crate) minor_faults: u64,
    /// Faults that needed I/O.
    pub(crate) major_faults: u64,
    /// Time running a guest, in nanoseconds.
    pub(crate) guest_ns: u64,
}

/// What a process has accumulated of the children that it waited for.
#[derive(Clone, Copy, Default)]
pub(crate) struct ChildUsage {
    /// Faults and guest time.
    pub(crate) usage: Usage,
    /// User time, in nanoseconds.
    pub(crate) user_ns: u64,
    /// System time, in nanoseconds.
    pub(crate) system_ns: u64,
}

/// User and system time, scaled so that their sum is what the scheduler measured.
#[derive(Clone, Copy, Default)]
pub(crate) struct CpuTime {
    /// In nanoseconds.
    pub(crate) user_ns: u64,
    /// In nanoseconds.
    pub(crate) system_ns: u64,
}

/// How a task is scheduled.
#[derive(Clone, Copy)]
pub(crate) struct Scheduling {
    /// Priority on the scale that `ps` knows, see `task_prio()`.
    pub(crate) priority: i32,
    /// Nice value, -20 to 19.
    pub(crate) nice: i32,
    /// CPU that the task ran on last.
    pub(crate) cpu: u32,
    /// Real-time priority, 0 for others.
    pub(crate) rt_priority: u32,
    /// Policy number, as `sched_setscheduler(2)` has it.
    pub(crate) policy: u32,
}

/// Instruction and stack pointer of a task that no longer runs user code.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    /// User instruction pointer.
    pub(crate) instruction: u64,
    /// User stack pointer.
    pub(crate) stack: u64,
}

/// A process's `exec_update_lock`, held for reading: its credentials and mm cannot change by exec.
#[must_use = "the lock is let go of when the guard is dropped"]
pub(crate) struct ExecGuard<'a> {
    task: &'a Task,
    _not_send: NotThreadSafe,
}

impl<'a> ExecGuard<'a> {
    /// Waits for the lock of `task`. Sleeps.
    ///
    /// # Errors
    ///
    /// `EINTR` when a fatal signal arrives first.
    pub(crate) fn lock(task: &'a Task) -> Result<Self> {
        // SAFETY: A task keeps its `signal_struct` until the last reference to it is dropped.
        to_result(unsafe {
            bindings::down_read_killable(&raw mut (*(*task.as_ptr()).signal).exec_update_lock)
        })?;
        Ok(Self {
            task,
            _not_send: NotThreadSafe,
        })
    }
}

impl Drop for ExecGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: `lock()` took the lock in this context.
        unsafe { bindings::up_read(&raw mut (*(*self.task.as_ptr()).signal).exec_update_lock) };
    }
}

/// What procfs reads of a [`Task`].
pub(crate) trait TaskExt {
    /// The C struct, for this layer.
    fn raw(&self) -> *mut bindings::task_struct;

    /// `PF_*` flags.
    fn flags(&self) -> u32 {
        // SAFETY: A task outlives references to it; the field is one word, changed by its task.
        unsafe { ptr::read_volatile(&raw const (*self.raw()).flags) }
    }

    /// Whether this is a kernel thread.
    fn is_kernel_thread(&self) -> bool {
        self.flags() & bindings::PF_KTHREAD != 0
    }

    /// Whether the task has left user mode for good: it exits, or waits while its core is dumped.
    fn has_stopped_running(&self) -> bool {
        let gone = bindings::PF_EXITING | bindings::PF_DUMPCORE | bindings::PF_POSTCOREDUMP;

        self.flags() & gone != 0
    }

    /// Index of the state in the order that procfs reports. Mirrors `task_state_index()`.
    fn state_index(&self) -> u32 {
        // SAFETY: The task is valid; the helper reads two words.
        unsafe { own::rustproc_task_state_index(self.raw()) }
    }

    /// Whether the task is runnable.
    fn is_running(&self) -> bool {
        // SAFETY: The task is valid; the helper reads one word.
        unsafe { own::rustproc_task_is_running(self.raw()) }
    }

    /// The name that procfs shows, with a kernel thread's full name and a worker's work queue.
    ///
    /// NUL-terminated. Mirrors `proc_task_name()`. May sleep.
    fn name(&self) -> [u8; NAME_BUFFER] {
        let mut name = [0; NAME_BUFFER];
        let flags = self.flags();
        let buffer = name.as_mut_ptr().cast();

        // SAFETY: The buffer has the length that is passed, or (in the last case) holds more than
        // `TASK_COMM_LEN` bytes; each function leaves it NUL-terminated.
        unsafe {
            if flags & bindings::PF_WQ_WORKER != 0 {
                bindings::wq_worker_comm(buffer, NAME_BUFFER, self.raw());
            } else if flags & bindings::PF_KTHREAD != 0 {
                own::get_kthread_comm(buffer, NAME_BUFFER, self.raw());
            } else {
                own::rustproc_get_task_comm(buffer, self.raw());
            }
        }
        name
    }

    /// Whether the current task may access this one. Mirrors `ptrace_may_access()`, LSMs included.
    fn may_access(&self, mode: AccessMode) -> bool {
        // SAFETY: The task is valid; the function takes the task's lock itself.
        unsafe { bindings::ptrace_may_access(self.raw(), mode.0) }
    }

    /// The address space, pinned with its memory; `None` for kernel threads and exited tasks.
    ///
    /// Mirrors `get_task_mm()`. Dropping the reference may sleep.
    fn mm(&self) -> Option<ARef<MmWithUser>> {
        // SAFETY: The task is valid; what is returned carries an `mm_users` reference.
        unsafe {
            NonNull::new(bindings::get_task_mm(self.raw())).map(|mm| ARef::from_raw(mm.cast()))
        }
    }

    /// The address space as an opened file keeps it: the struct is pinned, its memory is not.
    ///
    /// `Ok(None)` if the task has none. Mirrors `proc_mem_open()`: the check and the address space
    /// belong together, for exec changes both. Sleeps.
    ///
    /// # Errors
    ///
    /// `EACCES` when the current task may not access this one, `EINTR` on a fatal signal.
    fn open_mm(&self, mode: AccessMode) -> Result<Option<ARef<Mm>>> {
        // SAFETY: The task is valid.
        let mm = unsafe { bindings::mm_access(self.raw(), mode.0) };

        let mm = match kernel::error::from_err_ptr(mm) {
            // SAFETY: A pointer that is neither null nor an error carries an `mm_users` reference.
            Ok(mm) => NonNull::new(mm).map(|mm| unsafe { ARef::from_raw(mm.cast()) }),
            Err(ESRCH) => None,
            Err(error) => return Err(error),
        };
        Ok(mm.map(|mm: ARef<MmWithUser>| ARef::from(&**mm)))
    }

    /// Exit code of the task itself, as `wait(2)` encodes it.
    fn exit_code(&self) -> i32 {
        // SAFETY: A task outlives references to it.
        unsafe { ptr::read_volatile(&raw const (*self.raw()).exit_code) }
    }

    /// Signal sent to the parent on exit, -1 for a thread that is no leader.
    fn exit_signal(&self) -> i32 {
        // SAFETY: As above.
        unsafe { ptr::read_volatile(&raw const (*self.raw()).exit_signal) }
    }

    /// Signals pending for this thread alone; bit `n - 1` is signal `n`.
    fn pending(&self) -> u64 {
        // SAFETY: As above.
        unsafe { read_long(&raw const (*self.raw()).pending.signal.sig[0]) }
    }

    /// Signals that this thread blocks; bit `n - 1` is signal `n`.
    fn blocked(&self) -> u64 {
        // SAFETY: As above.
        unsafe { read_long(&raw const (*self.raw()).blocked.sig[0]) }
    }

    /// How the task is scheduled.
    fn scheduling(&self) -> Scheduling {
        let task = self.raw();

        // SAFETY: The task is valid; each value is one word that the scheduler may change.
        unsafe {
            Scheduling {
                priority: bindings::task_prio(task),
                nice: own::rustproc_task_nice(task),
                cpu: own::rustproc_task_cpu(task),
                rt_priority: ptr::read_volatile(&raw const (*task).rt_priority),
                policy: ptr::read_volatile(&raw const (*task).policy),
            }
        }
    }

    /// Voluntary and involuntary context switches.
    fn context_switches(&self) -> (u64, u64) {
        let task = self.raw();

        // SAFETY: A task outlives references to it.
        unsafe {
            (
                read_long(&raw const (*task).nvcsw),
                read_long(&raw const (*task).nivcsw),
            )
        }
    }

    /// When the task started, in nanoseconds since boot in the reader's time namespace.
    fn start_boottime_ns(&self) -> u64 {
        // SAFETY: The field is set once; the helper reads the current task's namespace.
        unsafe { own::rustproc_timens_add_boottime_ns((*self.raw()).start_boottime) }
    }

    /// Time spent waiting for block I/O, in clock ticks.
    fn blkio_ticks(&self) -> u64 {
        // SAFETY: The task is valid.
        unsafe { own::rustproc_delayacct_blkio_ticks(self.raw()) }
    }

    /// Faults and guest time of this thread.
    fn usage(&self) -> Usage {
        let task = self.raw();

        // SAFETY: A task outlives references to it.
        unsafe {
            Usage {
                minor_faults: read_long(&raw const (*task).min_flt),
                major_faults: read_long(&raw const (*task).maj_flt),
                guest_ns: own::rustproc_task_gtime(task),
            }
        }
    }

    /// Scaled CPU time of this thread. Mirrors `task_cputime_adjusted()`.
    fn cpu_time(&self) -> CpuTime {
        let mut time = CpuTime::default();

        // SAFETY: The task is valid and the results outlive the call.
        unsafe {
            own::task_cputime_adjusted(self.raw(), &mut time.user_ns, &mut time.system_ns);
        }
        time
    }

    /// Scaled CPU time of the whole group. Mirrors `thread_group_cputime_adjusted()`.
    fn group_cpu_time(&self) -> CpuTime {
        let mut time = CpuTime::default();

        // SAFETY: The task is valid and the results outlive the call.
        unsafe {
            own::thread_group_cputime_adjusted(self.raw(), &mut time.user_ns, &mut time.system_ns);
        }
        time
    }

    /// What the process accumulated of its children and, if `threads`, of all its threads.
    ///
    /// One consistent state of the process's `stats_lock`; without `threads` the second value is
    /// zero.
    fn accumulated(&self, threads: bool) -> (ChildUsage, Usage) {
        let _rcu = rcu::read_lock();
        // SAFETY: A task keeps its `signal_struct` until the last reference to it is dropped.
        let signal = unsafe { (*self.raw()).signal };

        // SAFETY: `signal` is valid as shown and RCU is held; the closure only reads.
        unsafe {
            read_stats(signal, || {
                (
                    child_usage(signal),
                    if threads {
                        group_usage(signal)
                    } else {
                        Usage::default()
                    },
                )
            })
        }
    }

    /// Registers of a task that has stopped running; `None` if its stack is gone already.
    fn registers(&self) -> Option<Registers> {
        let task = self.raw();

        // SAFETY: The stack is pinned while it is read.
        // CAST: Registers have 64 bits.
        unsafe {
            if !own::rustproc_try_get_task_stack(task) {
                return None;
            }
            let registers = Registers {
                instruction: own::rustproc_kstk_eip(task) as u64,
                stack: own::rustproc_kstk_esp(task) as u64,
            };
            own::put_task_stack(task);
            Some(registers)
        }
    }

    /// Number of the process that traces this task in `ns`, 0 if there is none.
    fn tracer_in(&self, ns: &PidNamespace) -> i32 {
        let _rcu = rcu::read_lock();

        // SAFETY: RCU keeps the tracer from being freed while it is asked for its number.
        unsafe {
            let tracer = own::rustproc_ptrace_parent(self.raw());
            if tracer.is_null() {
                0
            } else {
                own::rustproc_task_pid_nr_ns(tracer, ns.as_ptr())
            }
        }
    }

    /// Number of the parent process in `ns`, 0 if it has none there.
    fn parent_in(&self, ns: &PidNamespace) -> i32 {
        // SAFETY: Both are valid; the helper takes RCU itself.
        unsafe { own::rustproc_task_ppid_nr_ns(self.raw(), ns.as_ptr()) }
    }

    /// NUMA group id, 0 without one.
    fn numa_group(&self) -> i32 {
        let _rcu = rcu::read_lock();

        // SAFETY: The task is valid and RCU is held.
        unsafe { own::rustproc_task_numa_group_id(self.raw()) }
    }

    /// File-creation mask; `None` once the task has given up its file-system context.
    fn umask(&self) -> Option<i32> {
        // SAFETY: `self` is a valid task and outlives the guard.
        let lock = unsafe { TaskLock::new(self.raw()) };

        // SAFETY: The task's lock is held, which keeps `fs` from being freed.
        unsafe {
            let fs = own::rustproc_task_fs(lock.0);
            (!fs.is_null()).then(|| own::rustproc_fs_umask(fs))
        }
    }

    /// Slots in the table of open files, 0 once the task has given it up.
    fn file_slots(&self) -> u32 {
        let _rcu = rcu::read_lock();
        // SAFETY: `self` is a valid task and outlives the guard.
        let lock = unsafe { TaskLock::new(self.raw()) };

        // SAFETY: The task's lock keeps `files` from being freed, RCU its table.
        unsafe {
            let files = (*lock.0).files;
            if files.is_null() {
                0
            } else {
                own::rustproc_files_max_fds(files)
            }
        }
    }

    /// Whether the process's core is being dumped.
    fn is_dumping_core(&self) -> bool {
        // SAFETY: A task keeps its `signal_struct`; the pointer is only compared.
        unsafe { !ptr::read_volatile(&raw const (*(*self.raw()).signal).core_state).is_null() }
    }

    /// Whether `PR_SET_NO_NEW_PRIVS` is set.
    fn no_new_privs(&self) -> bool {
        // SAFETY: The task is valid; the helper tests one bit.
        unsafe { own::rustproc_task_no_new_privs(self.raw()) }
    }

    /// Seccomp mode and number of filters.
    fn seccomp(&self) -> (i32, i32) {
        // SAFETY: The task is valid; both are one word.
        unsafe {
            (
                ptr::read_volatile(&raw const (*self.raw()).seccomp.mode),
                own::rustproc_seccomp_filter_count(self.raw()),
            )
        }
    }

    /// State of the speculation misfeature `which`, as `PR_GET_SPECULATION_CTRL` returns it.
    fn speculation(&self, which: Speculation) -> i32 {
        let which = match which {
            Speculation::StoreBypass => own::PR_SPEC_STORE_BYPASS,
            Speculation::IndirectBranch => own::PR_SPEC_INDIRECT_BRANCH,
        };

        // SAFETY: The task is valid.
        unsafe { own::arch_prctl_spec_ctrl_get(self.raw(), which as kernel::ffi::c_ulong) }
    }

    /// CPUs that the task may run on, one bit each.
    fn cpus_allowed(&self) -> &[u64] {
        // SAFETY: The mask is part of the task; its words change one at a time, and a torn mask
        // is what stock may print, too.
        unsafe { as_words(&(*self.raw()).cpus_mask.bits) }
    }

    /// Memory nodes that the task may allocate from, one bit each.
    fn mems_allowed(&self) -> &[u64] {
        // SAFETY: As in `cpus_allowed()`.
        unsafe { as_words(&(*self.raw()).mems_allowed.bits) }
    }

    /// x86 thread features that are on, and those that are locked (`ARCH_SHSTK_*` bits); `None` on
    /// kernels without user shadow stacks.
    #[cfg(CONFIG_X86_USER_SHADOW_STACK)]
    fn shadow_stack_features(&self) -> Option<(u64, u64)> {
        // SAFETY: A task outlives references to it.
        unsafe {
            let thread = &raw const (*self.raw()).thread;
            Some((
                read_long(&raw const (*thread).features),
                read_long(&raw const (*thread).features_locked),
            ))
        }
    }

    /// None: this kernel has no user shadow stacks.
    #[cfg(not(CONFIG_X86_USER_SHADOW_STACK))]
    fn shadow_stack_features(&self) -> Option<(u64, u64)> {
        None
    }

    /// Number of threads in the group. A snapshot.
    fn threads(&self) -> i32 {
        // SAFETY: A task keeps its `signal_struct`.
        unsafe { own::rustproc_get_nr_threads(self.raw()) }
    }

    /// Whether both belong to one thread group.
    fn same_group(&self, other: &Task) -> bool {
        // SAFETY: Both are valid; the pointers are only compared.
        unsafe { own::rustproc_same_thread_group(self.raw(), other.as_ptr()) }
    }

    /// The thread that comes after this one in its group. Mirrors `next_tid()` of procfs.
    fn next_thread(&self) -> Option<ARef<Task>> {
        let _rcu = rcu::read_lock();

        // SAFETY: RCU is held, so the list may be followed from a task that is still on it, and
        // the task found may be referenced.
        unsafe {
            if !own::rustproc_pid_alive(self.raw()) {
                return None;
            }
            let next = own::rustproc_next_thread(self.raw()).cast::<Task>();
            next.as_ref().map(ARef::from)
        }
    }
}

/// A bit mask of the kernel's, as words of 64 bits.
fn as_words(mask: &[kernel::ffi::c_ulong]) -> &[u64] {
    static_assert!(core::mem::size_of::<kernel::ffi::c_ulong>() == core::mem::size_of::<u64>());

    // SAFETY: Both types are integers of the same size and alignment.
    unsafe { core::slice::from_raw_parts(mask.as_ptr().cast(), mask.len()) }
}

/// Lets others run, if it is time; may sleep.
pub(crate) fn cond_resched() {
    // SAFETY: Callers are in process context; with a lock held the debug kernel says so.
    unsafe { own::rustproc_cond_resched() };
}

/// Whether the current task is being killed. Mirrors `fatal_signal_pending()`.
pub(crate) fn fatal_signal_pending() -> bool {
    // SAFETY: Takes nothing.
    unsafe { own::rustproc_fatal_signal_pending() }
}

/// Bits of [`TaskExt::cpus_allowed`] that are printed. Mirrors `cpumask_pr_args()`.
pub(crate) fn cpu_bits() -> usize {
    // SAFETY: Set at boot.
    // CAST: A number of CPUs.
    unsafe { bindings::nr_cpu_ids as usize }
}

/// Bits of [`TaskExt::mems_allowed`] that are printed. Mirrors `nodemask_pr_args()`, which takes all
/// that a kernel may have in series 7.2, and all that this machine may have from 7.3 on.
pub(crate) fn node_bits() -> usize {
    // SAFETY: The helper reads a number that is set at boot.
    // CAST: A number of nodes.
    unsafe { own::rustproc_nodemask_pr_numnodes() as usize }
}

/// A speculation misfeature that a task may control.
#[derive(Clone, Copy)]
pub(crate) enum Speculation {
    /// Speculative store bypass.
    StoreBypass,
    /// Indirect branch speculation.
    IndirectBranch,
}

impl TaskExt for Task {
    fn raw(&self) -> *mut bindings::task_struct {
        self.as_ptr()
    }
}

/// The thread of `pid`'s group to list first. Mirrors `first_tid()` of procfs.
///
/// That is the thread numbered `tid` in `ns` if it still belongs to the group, otherwise the one
/// at `index`; `tid` 0 means that none is known.
pub(crate) fn first_thread(
    pid: &Pid,
    tid: i32,
    index: usize,
    ns: &PidNamespace,
) -> Option<ARef<Task>> {
    let rcu = rcu::read_lock();
    let leader = pid.task_rcu(&rcu)?;

    if tid != 0 && index != 0 {
        if let Some(found) = super::pid::find_task(tid, ns) {
            if found.task.same_group(leader) {
                return Some(found.task);
            }
        }
    }
    if index >= usize::try_from(leader.threads()).unwrap_or(0) {
        return None;
    }
    // SAFETY: RCU is held, so the list of threads may be followed; the leader is on it or the
    // list is empty, and the task found may be referenced.
    unsafe {
        let mut thread = own::rustproc_first_thread((*leader.as_ptr()).signal);
        for _ in 0..index {
            if thread.is_null() {
                return None;
            }
            thread = own::rustproc_next_thread(thread);
        }
        thread.cast::<Task>().as_ref().map(ARef::from)
    }
}

/// A task's `alloc_lock`, a spinlock: the task keeps its `fs` and `files` meanwhile.
///
/// # Invariants
///
/// The task is valid and its lock is held by this context.
struct TaskLock(*mut bindings::task_struct, NotThreadSafe);

impl TaskLock {
    /// # Safety
    ///
    /// `task` must be valid for as long as the guard lives.
    unsafe fn new(task: *mut bindings::task_struct) -> Self {
        // SAFETY: By the function's condition.
        unsafe { own::rustproc_task_lock(task) };
        Self(task, NotThreadSafe)
    }
}

impl Drop for TaskLock {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { own::rustproc_task_unlock(self.0) };
    }
}

/// Runs `read` so that it sees one consistent state of the group's statistics.
///
/// First without the lock; if a writer came in between, once more with it, so that it ends.
///
/// # Safety
///
/// `signal` must be valid, and `read` must be fit to run with interrupts off.
unsafe fn read_stats<T>(signal: *mut bindings::signal_struct, read: impl Fn() -> T) -> T {
    // SAFETY: `signal` is valid by the function's condition; each lock is paired with its release.
    unsafe {
        let lock = &raw mut (*signal).stats_lock;
        let sequence = own::rustproc_read_seqbegin(lock);
        let value = read();
        if !own::rustproc_read_seqretry(lock, sequence) {
            return value;
        }
        let flags = own::rustproc_read_seqlock_excl_irqsave(lock);
        let value = read();
        own::rustproc_read_sequnlock_excl_irqrestore(lock, flags);
        value
    }
}

/// # Safety
///
/// `signal` must be valid.
unsafe fn child_usage(signal: *const bindings::signal_struct) -> ChildUsage {
    // SAFETY: By the function's condition.
    unsafe {
        ChildUsage {
            usage: Usage {
                minor_faults: read_long(&raw const (*signal).cmin_flt),
                major_faults: read_long(&raw const (*signal).cmaj_flt),
                guest_ns: ptr::read_volatile(&raw const (*signal).cgtime),
            },
            user_ns: ptr::read_volatile(&raw const (*signal).cutime),
            system_ns: ptr::read_volatile(&raw const (*signal).cstime),
        }
    }
}

/// Sums the dead threads' share and that of each living one.
///
/// # Safety
///
/// `signal` must be valid and RCU held.
unsafe fn group_usage(signal: *mut bindings::signal_struct) -> Usage {
    // SAFETY: By the function's conditions the list of threads may be followed.
    unsafe {
        let mut sum = Usage {
            minor_faults: read_long(&raw const (*signal).min_flt),
            major_faults: read_long(&raw const (*signal).maj_flt),
            guest_ns: ptr::read_volatile(&raw const (*signal).gtime),
        };
        let mut thread = own::rustproc_first_thread(signal);
        while let Some(task) = thread.cast::<Task>().as_ref() {
            let usage = task.usage();
            sum.minor_faults = sum.minor_faults.wrapping_add(usage.minor_faults);
            sum.major_faults = sum.major_faults.wrapping_add(usage.major_faults);
            sum.guest_ns = sum.guest_ns.wrapping_add(usage.guest_ns);
            thread = own::rustproc_next_thread(thread);
        }
        sum
    }
}
