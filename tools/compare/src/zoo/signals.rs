// SPDX-License-Identifier: GPL-2.0

//! Signals: blocked, ignored, caught, pending, queued.

use anyhow::Result;
use nix::unistd::Pid;

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "dispositions",
        "blocks, ignores and catches signals, real-time ones too",
        dispositions,
    ),
    specimen(
        "pending",
        "signals pending for the process and for a thread, some queued",
        pending,
    ),
];

const REAL_TIME: i32 = 34;

fn dispositions(_: &mut Stage) -> Result<()> {
    sys::block_signals(&[libc::SIGUSR1, libc::SIGCHLD, REAL_TIME + 5, 64])?;
    for signal in [libc::SIGHUP, libc::SIGQUIT, REAL_TIME + 2, 63] {
        sys::set_disposition(signal, true)?;
    }
    for signal in [libc::SIGTERM, libc::SIGWINCH, REAL_TIME, 62] {
        sys::set_disposition(signal, false)?;
    }
    Ok(())
}

fn pending(stage: &mut Stage) -> Result<()> {
    sys::block_signals(&[
        libc::SIGUSR1,
        libc::SIGUSR2,
        REAL_TIME + 1,
        REAL_TIME + 3,
        64,
    ])?;
    let own = Pid::this();
    sys::queue_signal(own, libc::SIGUSR1)?;
    for _ in 0..5 {
        sys::queue_signal(own, REAL_TIME + 1)?;
        sys::queue_signal(own, 64)?;
    }
    stage.thread(c"own pending", || {
        sys::signal_thread(sys::gettid(), libc::SIGUSR2)?;
        Ok(sys::signal_thread(sys::gettid(), REAL_TIME + 3)?)
    })
}
