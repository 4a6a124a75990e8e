// SPDX-License-Identifier: GPL-2.0

//! Compares a rustproc tree with stock procfs: `rustproc-compare --help` says how.
//!
//! The way of one run: a target is brought to rest (`target`, `zoo`), each of its files is asked
//! the same questions in both trees (`probe`), stock before and after ours (`settle`), which gives
//! rows (`compare`, `row`), which are shown (`report`). Scenarios (`scenario`) are what can't be
//! asked of a process that stays as it is.

#![deny(unsafe_code)]

mod compare;
mod fact;
mod files;
mod hold;
mod matrix;
mod probe;
mod report;
mod row;
mod run;
mod scenario;
mod settle;
mod zoo;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use rustproc_compare::{machine, sys, target};

/// Compares a rustproc tree with stock procfs, file by file and system call by system call.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Spawn a zoo of processes in every state and compare all their files; then the scenarios
    Zoo {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        wanted: run::Wanted,
        /// Say which targets and scenarios there are, and leave
        #[arg(long)]
        list: bool,
    },
    /// Compare all files of these processes
    Pid {
        #[command(flatten)]
        options: Options,
        /// Process or thread numbers
        #[arg(required = true, value_name = "PID")]
        pids: Vec<i32>,
        /// Ask everything, not just what is quick
        #[arg(long)]
        full: bool,
    },
    /// Compare every process that stock lists, and the listing itself
    All {
        #[command(flatten)]
        options: Options,
    },
    /// Compare what each of many readers may see of each of many processes, with each mount option
    Matrix {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        wanted: matrix::Wanted,
        /// Say who takes part, and leave
        #[arg(long)]
        list: bool,
    },
    /// Keep targets of the zoo as they are until standard input ends, for others to look at
    Hold {
        /// Targets, as "zoo --list" names them
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// List the files that can be compared
    Files,
    /// Be a target: not for people
    #[command(name = "__target", hide = true)]
    Target { name: String },
    /// Compare from elsewhere: not for people
    #[command(name = "__elsewhere", hide = true)]
    Elsewhere {
        place: String,
        arguments: Vec<String>,
    },
}

/// What all comparisons take.
#[derive(Args, Clone)]
pub struct Options {
    /// The procfs to go by
    #[arg(long, default_value = "/proc", value_name = "DIR")]
    pub stock: PathBuf,
    /// The tree under test
    #[arg(long, default_value = "/proc/rustproc", value_name = "DIR")]
    pub ours: PathBuf,
    /// Write the rows to a file, for machines ("-" for standard output, and nothing else there)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The files to compare, instead of those that the module says it implements
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub files: Vec<String>,
    /// Leave out the names that are passed through to stock
    #[arg(long)]
    pub no_others: bool,
    /// Show every difference, and how long each target took
    #[arg(short, long)]
    pub verbose: bool,
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("rustproc-compare: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command; true if nothing differs.
fn dispatch(command: Command) -> Result<bool> {
    match command {
        Command::Zoo { list: true, .. } => run::list(),
        Command::Zoo {
            options, wanted, ..
        } => run::zoo(&options, &wanted),
        Command::Pid {
            options,
            pids,
            full,
        } => run::pids(&options, &pids, full),
        Command::All { options } => run::all(&options),
        Command::Matrix { list: true, .. } => matrix::list(),
        Command::Matrix {
            options, wanted, ..
        } => matrix::run(&options, &wanted),
        Command::Hold { names } => hold::hold(&names).map(|()| true),
        Command::Files => run::files(),
        Command::Target { name } => scenario::or_specimen(&name).map(|()| true),
        Command::Elsewhere { place, arguments } => {
            scenario::elsewhere::run(&place, &arguments).map(|()| true)
        }
    }
}
