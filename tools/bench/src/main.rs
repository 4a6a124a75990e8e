// SPDX-License-Identifier: GPL-2.0

//! Measures what a rustproc tree costs, beside stock procfs: `rustproc-bench --help` says how.
//!
//! `run` counts what calls cost the caller, `stall` how long calls of the process that is looked at
//! wait.
//!
//! The way of a `run`: processes to look at (`workload`) are brought to rest; each operation (`case`)
//! is done in stock's tree and in ours by turns (`action`, `measure`, `clock`; `memory` for what has no time), which comes to a row
//! (`statistics`, `row`, `plot`).

#![deny(unsafe_code)]

mod action;
mod case;
mod clock;
mod measure;
mod memory;
mod plot;
mod row;
mod run;
mod stall;
mod statistics;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// Measures what a rustproc tree costs, beside stock procfs.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure what reading, opening, listing and asking cost
    Run(run::Arguments),
    /// Measure how long a process waits in its own calls while it is looked at
    Stall(stall::Arguments),
    /// Show again what a run has written
    Show {
        /// Rows, of "run --json"
        #[arg(value_name = "FILE")]
        json: PathBuf,
        /// Draw the ratios
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Be a target: not for people
    #[command(name = "__target", hide = true)]
    Target { name: String },
}

/// The two trees.
#[derive(Args, Clone, Debug)]
pub struct Trees {
    /// The procfs to go by
    #[arg(long, default_value = "/proc", value_name = "DIR")]
    pub stock: PathBuf,
    /// The tree that is measured beside it
    #[arg(long, default_value = "/proc/rustproc", value_name = "DIR")]
    pub ours: PathBuf,
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("rustproc-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command; true if both trees have answered alike.
fn dispatch(command: Command) -> Result<bool> {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Stall(arguments) => stall::stall(&arguments),
        Command::Show { json, svg } => run::show(&json, svg.as_deref()).map(|()| true),
        Command::Target { name } if name == stall::NAME => stall::be().map(|()| true),
        Command::Target { name } => workload::be(&name).map(|()| true),
    }
}
