// SPDX-License-Identifier: GPL-2.0

//! Prints what the `procfs` crate makes of a tree: everything that it can tell of the machine and
//! of each process, a line for each thing. Two trees that say the same give the same text.

#![forbid(unsafe_code)]

mod machine;
mod page;
mod pages;
mod process;
mod task;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::{id, ExitCode};

use page::Page;
use procfs::process::{all_processes_with_root, Process};
use procfs::ProcResult;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(root), None) = (arguments.next(), arguments.next()) else {
        eprintln!("Usage: rustproc-clients ROOT");
        return ExitCode::from(2);
    };
    match print(root.into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rustproc-clients: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(root: PathBuf) -> io::Result<()> {
    let mut page = Page::new(&root, BufWriter::new(io::stdout().lock()));
    machine::print(&root, &mut page)?;
    let mut processes: Vec<Process> = all_processes_with_root(&root)
        .and_then(Iterator::collect::<ProcResult<_>>)
        .map_err(io::Error::other)?;
    processes.sort_by_key(Process::pid);
    // This one is in motion.
    processes.retain(|process| process.pid() != id() as i32);
    for process in &processes {
        process::print(process, &mut page)?;
    }
    page.into_inner().flush()
}
