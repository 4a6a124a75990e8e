// SPDX-License-Identifier: GPL-2.0

//! Collects `stat`.
//!
//! C counterpart: `do_task_stat()` in [`fs/proc/array.c`](srctree/fs/proc/array.c).
//!
//! Locks, none inside another but the first around all: `exec_update_lock` for reading, so that the
//! permission and what it uncovers are of one program; `siglock`; the group's `stats_lock`.

use crate::{
    collect,
    model::{
        access::Access,
        scope::Scope,
        stat::{
            Layout,
            Registers,
            Stat,
            StatMm,
            StatSignal, //
        },
        units::{
            Nanoseconds,
            Pages,
            Ticks, //
        },
    },
    sys::{
        mm::MmExt,
        pid::{
            Pid,
            PidNumbers, //
        },
        signal::{
            self,
            Resource, //
        },
        task::{
            AccessMode,
            ExecGuard,
            TaskExt, //
        },
    },
};
use kernel::{
    mm::MmWithUser,
    pid_namespace::PidNamespace,
    prelude::*,
    task::Task, //
};

/// The state of `task`, or of its whole process, as the current task may see it. Sleeps.
///
/// # Errors
///
/// `EINTR` when a fatal signal arrives while waiting for an exec to end.
pub(crate) fn collect(task: &Task, pid: &Pid, ns: &PidNamespace, scope: Scope) -> Result<Stat> {
    let exit_code = task.exit_code();
    let exec = ExecGuard::lock(task)?;
    let state = collect::state(task);
    let access = if task.may_access(AccessMode::READ_FSCREDS_NOAUDIT) {
        Access::Full
    } else {
        Access::Redacted
    };
    let mm = task.mm();
    let registers = match (&mm, access) {
        (Some(_), Access::Full) if task.has_stopped_running() => task.registers(),
        _ => None,
    };
    let signal = collect_signal(task, ns);
    let running = task.is_running();
    let (children, group) = task.accumulated(matches!(scope, Scope::Process));
    let (time, usage) = match scope {
        Scope::Process => (task.group_cpu_time(), group),
        Scope::Thread => (task.cpu_time(), task.usage()),
    };
    let scheduling = task.scheduling();

    let stat = Stat {
        access,
        scope,
        pid: pid.nr_in(ns),
        comm: collect::comm(task),
        state,
        signal,
        flags: task.flags(),
        min_flt: usage.minor_faults,
        cmin_flt: children.usage.minor_faults,
        maj_flt: usage.major_faults,
        cmaj_flt: children.usage.major_faults,
        utime: Nanoseconds(time.user_ns),
        stime: Nanoseconds(time.system_ns),
        cutime: Nanoseconds(children.user_ns),
        cstime: Nanoseconds(children.system_ns),
        priority: scheduling.priority,
        nice: scheduling.nice,
        start_time: Nanoseconds(task.start_boottime_ns()),
        mm: mm.as_deref().map(collect_mm),
        registers: registers.map(|registers| Registers {
            esp: registers.stack,
            eip: registers.instruction,
        }),
        pending: task.pending(),
        blocked: task.blocked(),
        running,
        exit_signal: task.exit_signal(),
        processor: scheduling.cpu,
        rt_priority: scheduling.rt_priority,
        policy: scheduling.policy,
        blkio: Ticks(task.blkio_ticks()),
        gtime: Nanoseconds(usage.guest_ns),
        cgtime: Nanoseconds(children.usage.guest_ns),
        exit_code,
    };

    // Before the address space is dropped, for dropping the last reference tears it down.
    drop(exec);
    Ok(stat)
}

/// What the process's signal state holds; `None` once the task has been reaped.
fn collect_signal(task: &Task, ns: &PidNamespace) -> Option<StatSignal> {
    let signal = signal::lock(task)?;
    let terminal = signal.terminal(ns);
    let dispositions = signal.dispositions();
    let numbers = PidNumbers::of(task, ns);

    Some(StatSignal {
        ppid: task.parent_in(ns),
        pgrp: numbers.pgid,
        session: numbers.sid,
        // CAST: Stock prints the device number as an `int`, too.
        tty_nr: terminal.map_or(0, |terminal| terminal.device as i32),
        tty_pgrp: terminal.map_or(-1, |terminal| terminal.foreground),
        num_threads: signal.threads(),
        rsslim: signal.soft_limit(Resource::ResidentSet),
        sigign: dispositions.ignored,
        sigcatch: dispositions.caught,
        group_exit_code: signal.group_exit_code(),
    })
}

fn collect_mm(mm: &MmWithUser) -> StatMm {
    let layout = mm.layout();

    StatMm {
        total_vm: Pages(mm.total_pages()),
        rss: Pages(mm.resident_estimate()),
        start_code: layout.start_code,
        end_code: layout.end_code,
        start_stack: layout.start_stack,
        layout: Layout {
            start_data: layout.start_data,
            end_data: layout.end_data,
            start_brk: layout.start_brk,
            arg_start: layout.arg_start,
            arg_end: layout.arg_end,
            env_start: layout.env_start,
            env_end: layout.env_end,
        },
    }
}
