// SPDX-License-Identifier: GPL-2.0

//! Priorities, policies, affinity.

use anyhow::{Context, Result};
use nix::sched::{sched_setaffinity, CpuSet};
use nix::unistd::Pid;

use super::{specimen, Specimen, Stage};
use crate::sys::{self, Scheduling};

pub const SPECIMENS: &[Specimen] = &[
    specimen("nice-19", "nice 19", |_| Ok(sys::set_nice(19)?)),
    specimen("nice--20", "nice -20", |_| {
        sys::set_nice(-20).context("nice -20")
    }),
    specimen("fifo", "SCHED_FIFO, priority 42", |_| {
        policy(libc::SCHED_FIFO, 42)
    }),
    specimen("round-robin", "SCHED_RR, priority 99", |_| {
        policy(libc::SCHED_RR, 99)
    }),
    specimen("batch", "SCHED_BATCH", |_| policy(libc::SCHED_BATCH, 0)),
    specimen("idle-policy", "SCHED_IDLE", |_| policy(libc::SCHED_IDLE, 0)),
    specimen("deadline", "SCHED_DEADLINE", deadline),
    specimen("one-cpu", "bound to one CPU", one_cpu),
];

fn policy(policy: i32, priority: u32) -> Result<()> {
    sys::set_scheduling(Scheduling {
        policy: policy as u32,
        priority,
        ..Scheduling::default()
    })
    .context("sched_setattr")
}

fn deadline(_: &mut Stage) -> Result<()> {
    const MILLISECOND: u64 = 1_000_000;
    sys::set_scheduling(Scheduling {
        policy: libc::SCHED_DEADLINE as u32,
        runtime: 5 * MILLISECOND,
        deadline: 50 * MILLISECOND,
        period: 100 * MILLISECOND,
        ..Scheduling::default()
    })
    .context("sched_setattr SCHED_DEADLINE")
}

fn one_cpu(_: &mut Stage) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(0)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}
