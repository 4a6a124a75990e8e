// SPDX-License-Identifier: GPL-2.0

//! Everything that the crate tells of a process.

use std::collections::BTreeMap;
use std::io::{self, Write};

use procfs::process::{ClearRefs, Process};
use procfs::ProcResult;

use crate::page::Page;
use crate::{pages, task};

/// Prints it, and after it what it tells of each thread.
pub fn print(process: &Process, page: &mut Page<impl Write>) -> io::Result<()> {
    page.turn_to(process.pid().to_string());
    // The same for each that comes to look: the peak becomes what there is.
    page.show("clear_refs", process.clear_refs(ClearRefs::PeakRSS))?;
    state(process, page)?;
    memory(process, page)?;
    surroundings(process, page)?;

    let mut tasks: Vec<_> = match process.tasks().and_then(Iterator::collect::<ProcResult<_>>) {
        Ok(tasks) => tasks,
        Err(error) => return page.debug("tasks", Err::<(), _>(error)),
    };
    tasks.sort_by_key(|task: &procfs::process::Task| task.tid);
    for task in &tasks {
        task::print(task, page)?;
    }
    Ok(())
}

fn state(process: &Process, page: &mut Page<impl Write>) -> io::Result<()> {
    page.show("is_alive", Ok(process.is_alive()))?;
    page.show("uid", process.uid())?;
    page.show("stat", process.stat())?;
    page.show("status", process.status())?;
    page.show("cmdline", process.cmdline())?;
    page.show("schedstat", process.schedstat())?;
    page.show("syscall", process.syscall())?;
    page.show("wchan", process.wchan())?;
    page.show("io", process.io())?;
    page.show("limits", process.limits())?;
    page.show("loginuid", process.loginuid())?;
    page.show("autogroup", process.autogroup())?;
    page.show("oom_score", process.oom_score())?;
    page.show("oom_score_adj", process.oom_score_adj())
}

fn memory(process: &Process, page: &mut Page<impl Write>) -> io::Result<()> {
    page.show("statm", process.statm())?;
    page.show("maps", process.maps())?;
    page.show("smaps", process.smaps())?;
    page.show(
        "smaps_rollup",
        process.smaps_rollup().map(|all| all.memory_map_rollup),
    )?;
    page.show("coredump_filter", process.coredump_filter())?;
    page.show("auxv", process.auxv().map(BTreeMap::from_iter))?;
    pages::print(process, page)
}

fn surroundings(process: &Process, page: &mut Page<impl Write>) -> io::Result<()> {
    page.debug("cwd", process.cwd())?;
    page.debug("root", process.root())?;
    page.debug("exe", process.exe())?;
    page.debug("environ", process.environ().map(BTreeMap::from_iter))?;
    page.debug(
        "namespaces",
        process.namespaces().map(|all| BTreeMap::from_iter(all.0)),
    )?;
    page.show("cgroups", process.cgroups())?;
    page.show("mountinfo", process.mountinfo().map(|all| all.0))?;
    page.show("mountstats", process.mountstats())?;
    page.show("fd_count", process.fd_count())?;
    page.show(
        "fd",
        process
            .fd()
            .and_then(Iterator::collect::<ProcResult<Vec<_>>>),
    )
}
