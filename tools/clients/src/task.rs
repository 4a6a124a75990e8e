// SPDX-License-Identifier: GPL-2.0

//! Everything that the crate tells of a thread.

use std::io::{self, Write};

use procfs::process::Task;

use crate::page::Page;

/// Prints it.
pub fn print(task: &Task, page: &mut Page<impl Write>) -> io::Result<()> {
    page.turn_to(format!("{}/{}", task.pid, task.tid));
    page.show("stat", task.stat())?;
    page.show("status", task.status())?;
    page.show("io", task.io())?;
    page.show("schedstat", task.schedstat())?;
    page.show("syscall", task.syscall())?;
    page.show("children", task.children())
}
