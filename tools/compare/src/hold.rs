// SPDX-License-Identifier: GPL-2.0

//! `hold`: keeps targets as they are while somebody else looks at them.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use nix::unistd::Pid;

use crate::target::{adopt_orphans, wait_for_rest, Report, Target};
use crate::zoo;

/// Starts the targets of these names, waits until each is at rest, says on a line each which they
/// are, and holds them until standard input ends.
///
/// A line is the name, the process's number or `-` if it can't be had, and its part in the target
/// or the reason, with tabs between; the last line is empty.
pub fn hold(names: &[String]) -> Result<()> {
    // Whatever the targets leave in the file system goes with this directory.
    let scratch = tempfile::Builder::new()
        .prefix("rustproc-compare.")
        .tempdir()?;
    std::env::set_var("TMPDIR", scratch.path());
    adopt_orphans()?;

    let mut held = Vec::new();
    let mut out = io::stdout().lock();
    for name in names {
        let specimen = zoo::all().find(|specimen| specimen.name == name);
        let specimen = specimen.with_context(|| format!("no target is named {name:?}"))?;
        let mut target = Target::start(specimen.name)?;
        match target.report()? {
            Report::Ready(subjects) => {
                for subject in subjects {
                    wait_for_rest(Path::new("/proc"), Pid::from_raw(subject.pid));
                    writeln!(out, "{name}\t{}\t{}", subject.pid, subject.label)?;
                }
            }
            Report::Skip(reason) => writeln!(out, "{name}\t-\t{reason}")?,
        }
        // Even if it can't be had: whoever drops one ends all.
        held.push(target);
    }
    writeln!(out)?;
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
