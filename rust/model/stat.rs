// SPDX-License-Identifier: GPL-2.0

//! What `stat` says about a thread or a process.
//!
//! The fields hold what was collected; the methods are what may be printed of it. Summing over
//! threads is not done here. C counterpart: `do_task_stat` of
//! [`fs/proc/array.c`](srctree/fs/proc/array.c).

use super::{
    access::Access,
    comm::Comm,
    scope::Scope,
    state::State,
    units::{
        Bytes,
        Nanoseconds,
        Pages,
        Ticks, //
    },
};

/// The bits of a signal set that `stat` shows: the ones that Linux 2.0 had, as a positive `int`.
const OLD_SIGNALS: u64 = 0x7fff_ffff;

/// One task's line, in the order in which it is printed.
///
/// Numbers summed over [`Stat::scope`] are marked "summed". Process numbers are those of the
/// mount's pid namespace.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// What the reader may see.
    pub access: Access,
    /// What the summed numbers are summed over.
    pub scope: Scope,
    /// Number of the task.
    pub pid: i32,
    /// Name of the task.
    pub comm: Comm,
    /// What the task is doing.
    pub state: State,
    /// What belongs to the process; [`None`] once the task has lost its signal handlers, that is
    /// when `lock_task_sighand` fails.
    pub signal: Option<StatSignal>,
    /// The task's `PF_*` flags.
    pub flags: u32,
    /// Minor faults, summed.
    pub min_flt: u64,
    /// Minor faults of children waited for.
    pub cmin_flt: u64,
    /// Major faults, summed.
    pub maj_flt: u64,
    /// Major faults of children waited for.
    pub cmaj_flt: u64,
    /// Time in user mode, summed and adjusted.
    pub utime: Nanoseconds,
    /// Time in kernel mode, summed and adjusted.
    pub stime: Nanoseconds,
    /// User time of children waited for.
    pub cutime: Nanoseconds,
    /// Kernel time of children waited for.
    pub cstime: Nanoseconds,
    /// The scheduler's priority: `task_prio`.
    pub priority: i32,
    /// The nice value, -20 to 19: `task_nice`.
    pub nice: i32,
    /// Start of the task since boot, in the reader's time namespace: `timens_add_boottime_ns`.
    pub start_time: Nanoseconds,
    /// The address space; [`None`] for kernel threads and tasks that have given theirs up.
    pub mm: Option<StatMm>,
    /// Stack and instruction pointer; [`Some`] only for a task that is exiting or dumping core.
    pub registers: Option<Registers>,
    /// Pending signals of this task: the first word of the set.
    pub pending: u64,
    /// Blocked signals of this task: the first word of the set.
    pub blocked: u64,
    /// Whether the task was running: `task_is_running`, which can differ from [`Stat::state`].
    pub running: bool,
    /// Signal sent to the parent on exit; -1 for a thread that is not a leader.
    pub exit_signal: i32,
    /// The processor that it runs on or ran on last: `task_cpu`.
    pub processor: u32,
    /// Real-time priority, 0 to 99.
    pub rt_priority: u32,
    /// Scheduling policy: a `SCHED_*` number.
    pub policy: u32,
    /// Time spent waiting for block I/O: `delayacct_blkio_ticks`.
    pub blkio: Ticks,
    /// Time spent running virtual processors, summed.
    pub gtime: Nanoseconds,
    /// Guest time of children waited for.
    pub cgtime: Nanoseconds,
    /// How the task itself ended, in the form of `wait`.
    pub exit_code: i32,
}

/// What a `stat` line takes from the process's `signal_struct`, under the signal handler lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatSignal {
    /// Number of the parent process.
    pub ppid: i32,
    /// Number of the process group.
    pub pgrp: i32,
    /// Number of the session.
    pub session: i32,
    /// Controlling terminal as `new_encode_dev` packs its device number; 0 for none.
    pub tty_nr: i32,
    /// Foreground process group of that terminal; -1 for none.
    pub tty_pgrp: i32,
    /// Number of threads.
    pub num_threads: i32,
    /// Soft limit of the resident set, in bytes: `RLIMIT_RSS`.
    pub rsslim: u64,
    /// Ignored signals: the first word of the set.
    pub sigign: u64,
    /// Caught signals: the first word of the set.
    pub sigcatch: u64,
    /// How the group as a whole ended or stopped; [`Some`] when the group has `SIGNAL_GROUP_EXIT`
    /// or `SIGNAL_STOP_STOPPED`.
    pub group_exit_code: Option<i32>,
}

impl StatSignal {
    /// What is shown of a task that has none of this any more.
    pub const GONE: StatSignal = StatSignal {
        ppid: 0,
        pgrp: -1,
        session: -1,
        tty_nr: 0,
        tty_pgrp: -1,
        num_threads: 0,
        rsslim: 0,
        sigign: 0,
        sigcatch: 0,
        group_exit_code: None,
    };
}

/// What a `stat` line takes from the address space: names of `struct mm_struct`, addresses in
/// bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatMm {
    /// Mapped pages.
    pub total_vm: Pages,
    /// Resident pages: `get_mm_rss`.
    pub rss: Pages,
    /// Start of the program text.
    pub start_code: u64,
    /// End of the program text.
    pub end_code: u64,
    /// Bottom of the stack.
    pub start_stack: u64,
    /// The addresses at the end of the line.
    pub layout: Layout,
}

/// The seven addresses that end a `stat` line before the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Start of the program's data.
    pub start_data: u64,
    /// End of the program's data.
    pub end_data: u64,
    /// Start of the heap.
    pub start_brk: u64,
    /// Start of the arguments.
    pub arg_start: u64,
    /// End of the arguments.
    pub arg_end: u64,
    /// Start of the environment.
    pub env_start: u64,
    /// End of the environment.
    pub env_end: u64,
}

/// Where a task left user mode: `KSTK_ESP` and `KSTK_EIP`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Stack pointer.
    pub esp: u64,
    /// Instruction pointer.
    pub eip: u64,
}

/// The text addresses as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownCode {
    /// Start of the program text, or its stand-in.
    pub start: u64,
    /// End of the program text, or its stand-in.
    pub end: u64,
}

impl Stat {
    /// The process's part, with stand-ins if the task has lost it.
    #[inline]
    pub fn shown_signal(&self) -> StatSignal {
        self.signal.unwrap_or(StatSignal::GONE)
    }

    /// Size of the address space; 0 without one.
    #[inline]
    pub fn vsize(&self) -> Bytes {
        self.mm.map_or(Bytes(0), |mm| mm.total_vm.to_bytes())
    }

    /// Resident pages; 0 without an address space.
    #[inline]
    pub fn rss(&self) -> Pages {
        self.mm.map_or(Pages(0), |mm| mm.rss)
    }

    /// Text addresses: 0 without an address space, 1 when redacted, so that readers can tell a
    /// kernel thread from a process that they may not look into.
    #[inline]
    pub fn shown_code(&self) -> ShownCode {
        match (self.mm, self.access) {
            (None, _) => ShownCode { start: 0, end: 0 },
            (Some(_), Access::Redacted) => ShownCode { start: 1, end: 1 },
            (Some(mm), Access::Full) => ShownCode {
                start: mm.start_code,
                end: mm.end_code,
            },
        }
    }

    /// Bottom of the stack; 0 when redacted or without an address space.
    #[inline]
    pub fn start_stack(&self) -> u64 {
        self.visible_mm().map_or(0, |mm| mm.start_stack)
    }

    /// Stack and instruction pointer; zero when redacted, without an address space, or while the
    /// task can still run, for then they could only be read racily.
    #[inline]
    pub fn shown_registers(&self) -> Registers {
        match (self.visible_mm(), self.registers) {
            (Some(_), Some(registers)) => registers,
            _ => Registers::default(),
        }
    }

    /// Pending signals, old ones only.
    #[inline]
    pub const fn old_pending(&self) -> u64 {
        self.pending & OLD_SIGNALS
    }

    /// Blocked signals, old ones only.
    #[inline]
    pub const fn old_blocked(&self) -> u64 {
        self.blocked & OLD_SIGNALS
    }

    /// Whether `wchan` would have something to say: 1 if the reader may look and the task waits, 0
    /// if not, and 0 for a process of several threads, which has no one place where it waits.
    #[inline]
    pub fn wchan(&self) -> u64 {
        let one_task = match self.scope {
            Scope::Thread => true,
            Scope::Process => self.shown_signal().num_threads < 2,
        };
        u64::from(self.access == Access::Full && one_task && !self.running)
    }

    /// The addresses that only a permitted reader sees; all zero when redacted or without an
    /// address space.
    #[inline]
    pub fn layout(&self) -> Layout {
        self.visible_mm().map_or(Layout::default(), |mm| mm.layout)
    }

    /// The exit code: the group's for a process that has ended or stopped as a whole, else the
    /// task's own; 0 when redacted.
    #[inline]
    pub fn shown_exit_code(&self) -> i32 {
        match (self.access, self.scope) {
            (Access::Redacted, _) => 0,
            (Access::Full, Scope::Thread) => self.exit_code,
            (Access::Full, Scope::Process) => self
                .shown_signal()
                .group_exit_code
                .unwrap_or(self.exit_code),
        }
    }

    /// The address space, if there is one and the reader may look into it.
    #[inline]
    fn visible_mm(&self) -> Option<StatMm> {
        match self.access {
            Access::Full => self.mm,
            Access::Redacted => None,
        }
    }
}

impl StatSignal {
    /// Ignored signals, old ones only.
    #[inline]
    pub const fn old_sigign(&self) -> u64 {
        self.sigign & OLD_SIGNALS
    }

    /// Caught signals, old ones only.
    #[inline]
    pub const fn old_sigcatch(&self) -> u64 {
        self.sigcatch & OLD_SIGNALS
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
pub(crate) mod testing {
    use super::*;

    /// A process whose every field differs from the others.
    pub(crate) fn sample() -> Stat {
        Stat {
            access: Access::Full,
            scope: Scope::Process,
            pid: 4711,
            comm: Comm::from_nul_terminated(b"a) (b\n"),
            state: State::Sleeping,
            signal: Some(StatSignal {
                ppid: 1,
                pgrp: 4700,
                session: 4600,
                tty_nr: 34_816,
                tty_pgrp: 4701,
                num_threads: 1,
                rsslim: u64::MAX,
                sigign: 0xffff_ffff_8000_1000,
                sigcatch: 0x1_8000_4a02,
                group_exit_code: None,
            }),
            flags: 0x40_4000,
            min_flt: 101,
            cmin_flt: 102,
            maj_flt: 103,
            cmaj_flt: 104,
            utime: Nanoseconds(2_019_999_999),
            stime: Nanoseconds(2_020_000_000),
            cutime: Nanoseconds(2_030_000_000),
            cstime: Nanoseconds(2_040_000_000),
            priority: 20,
            nice: -5,
            start_time: Nanoseconds(3_001_000_000_000),
            mm: Some(StatMm {
                total_vm: Pages(1000),
                rss: Pages(500),
                start_code: 0x1000,
                end_code: 0x2000,
                start_stack: 0x7ffd_0000_0000,
                layout: Layout {
                    start_data: 11,
                    end_data: 12,
                    start_brk: 13,
                    arg_start: 14,
                    arg_end: 15,
                    env_start: 16,
                    env_end: 17,
                },
            }),
            registers: None,
            pending: 0x1_0000_0004,
            blocked: 0x8001_0000,
            running: false,
            exit_signal: 17,
            processor: 3,
            rt_priority: 99,
            policy: 1,
            blkio: Ticks(77),
            gtime: Nanoseconds(880_000_000),
            cgtime: Nanoseconds(890_000_000),
            exit_code: 256,
        }
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_stat)
)]
mod tests {
    use super::{
        testing::sample,
        *, //
    };

    const REGISTERS: Registers = Registers { esp: 5, eip: 6 };

    #[test]
    fn code_is_real_one_or_zero() {
        let cases = [
            (Access::Full, true, (0x1000, 0x2000)),
            (Access::Redacted, true, (1, 1)),
            (Access::Full, false, (0, 0)),
            (Access::Redacted, false, (0, 0)),
        ];
        for (access, has_mm, (start, end)) in cases {
            let mut stat = Stat { access, ..sample() };
            if !has_mm {
                stat.mm = None;
            }
            assert_eq!(stat.shown_code(), ShownCode { start, end });
        }
    }

    #[test]
    fn addresses_need_access_and_memory() {
        let mut stat = Stat {
            registers: Some(REGISTERS),
            ..sample()
        };
        assert_eq!(stat.start_stack(), 0x7ffd_0000_0000);
        assert_eq!(stat.shown_registers(), REGISTERS);
        assert_eq!(stat.layout().env_end, 17);
        for (access, mm) in [(Access::Redacted, stat.mm), (Access::Full, None)] {
            stat.access = access;
            stat.mm = mm;
            assert_eq!(stat.start_stack(), 0);
            assert_eq!(stat.shown_registers(), Registers::default());
            assert_eq!(stat.layout(), Layout::default());
        }
    }

    #[test]
    fn registers_of_a_running_task_are_zero() {
        assert_eq!(sample().shown_registers(), Registers::default());
    }

    #[test]
    fn sizes_need_memory_only() {
        let redacted = Stat {
            access: Access::Redacted,
            ..sample()
        };
        assert_eq!(redacted.vsize(), Bytes(4_096_000));
        assert_eq!(redacted.rss(), Pages(500));
        let empty = Stat {
            mm: None,
            ..sample()
        };
        assert_eq!(empty.vsize(), Bytes(0));
        assert_eq!(empty.rss(), Pages(0));
    }

    #[test]
    fn wchan_needs_access_one_task_and_a_wait() {
        for (access, scope, num_threads, running, expected) in [
            (Access::Full, Scope::Process, 1, false, 1),
            (Access::Full, Scope::Process, 0, false, 1),
            (Access::Full, Scope::Process, 2, false, 0),
            (Access::Full, Scope::Process, 1, true, 0),
            (Access::Full, Scope::Thread, 2, false, 1),
            (Access::Full, Scope::Thread, 2, true, 0),
            (Access::Redacted, Scope::Process, 1, false, 0),
            (Access::Redacted, Scope::Thread, 1, false, 0),
        ] {
            let signal = StatSignal {
                num_threads,
                ..StatSignal::GONE
            };
            let stat = Stat {
                access,
                scope,
                running,
                signal: Some(signal),
                ..sample()
            };
            assert_eq!(stat.wchan(), expected);
        }
        // Without signal handlers no threads are counted, so a dead leader waits.
        let gone = Stat {
            signal: None,
            ..sample()
        };
        assert_eq!(gone.wchan(), 1);
    }

    #[test]
    fn exit_code_is_the_groups_for_a_process() {
        for (access, scope, group_exit_code, expected) in [
            (Access::Full, Scope::Process, None, 256),
            (Access::Full, Scope::Process, Some(9), 9),
            (Access::Full, Scope::Process, Some(0), 0),
            (Access::Full, Scope::Thread, Some(9), 256),
            (Access::Redacted, Scope::Process, Some(9), 0),
            (Access::Redacted, Scope::Thread, None, 0),
        ] {
            let signal = StatSignal {
                group_exit_code,
                ..StatSignal::GONE
            };
            let stat = Stat {
                access,
                scope,
                signal: Some(signal),
                ..sample()
            };
            assert_eq!(stat.shown_exit_code(), expected);
        }
        let gone = Stat {
            signal: None,
            ..sample()
        };
        assert_eq!(gone.shown_exit_code(), 256);
    }

    #[test]
    fn signal_sets_keep_31_bits() {
        let stat = Stat {
            pending: u64::MAX,
            blocked: 1 << 31,
            ..sample()
        };
        assert_eq!(stat.old_pending(), 0x7fff_ffff);
        assert_eq!(stat.old_blocked(), 0);
        let signal = stat.shown_signal();
        assert_eq!(signal.old_sigign(), 0x1000);
        assert_eq!(signal.old_sigcatch(), 0x4a02);
    }
}
