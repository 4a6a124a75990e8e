// SPDX-License-Identifier: GPL-2.0

//! Controlling terminals.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::unistd::{pause, setpgid, setsid, tcsetpgrp, Pid};

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[specimen(
    "terminal",
    "a session with a controlling terminal; foreground and background groups",
    terminal,
)];

fn terminal(stage: &mut Stage) -> Result<()> {
    setsid()?;
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).context("posix_openpt")?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname_r(&master)?;
    // Without O_NOCTTY, a session leader gets it as its controlling terminal.
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(0)
        .open(name)?;
    for (label, foreground) in [("background", false), ("foreground", true)] {
        let pid = sys::fork(|| {
            sys::die_with_parent();
            loop {
                pause();
            }
        })?;
        setpgid(pid, pid)?;
        if foreground {
            hand_over(&slave, pid)?;
        }
        stage.also(label, pid);
    }
    stage.keep((master, slave));
    Ok(())
}

fn hand_over(terminal: &std::fs::File, group: Pid) -> Result<()> {
    Ok(tcsetpgrp(terminal, group)?)
}
