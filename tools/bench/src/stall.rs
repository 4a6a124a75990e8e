// SPDX-License-Identifier: GPL-2.0

//! How long calls of a process wait while it is looked at.
//!
//! A target (`target`) maps, unmaps, protects and touches memory at a steady pace, and notes how long
//! each call (`call`) takes (`latency`). Meanwhile this process reads (`reader`) one of its files in
//! one of the trees, or nothing, in short phases that take turns (`plan`): what else the machine does
//! hits both trees alike. What comes of the phases (`outcome`) is shown as a table.

mod call;
mod latency;
mod outcome;
mod plan;
mod processors;
mod reader;
mod table;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::Trees;
use outcome::{Outcome, Phase};
use plan::{Subject, Tree};
use processors::{Processors, Side};
use reader::Reader;
use target::{Setting, Target};

pub use target::{be, NAME};

/// What `stall` takes.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    trees: Trees,
    /// How much memory the target maps, in megabytes
    #[arg(long, default_value_t = 1024, value_name = "MB", value_parser = clap::value_parser!(u32).range(8..))]
    size: u32,
    /// When each of its threads is due to make its calls again
    #[arg(long, default_value_t = 1000, value_name = "MICROSECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    interval: u32,
    /// How often each phase comes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// How long a phase lasts
    #[arg(long, default_value_t = 2000, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    phase: u32,
    /// Read only these files
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    files: Vec<plan::File>,
    /// Write the rows to a file, for machines
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures; what comes of it is no verdict.
pub fn stall(arguments: &Arguments) -> Result<bool> {
    let setting = Setting {
        megabytes: arguments.size as usize,
        interval: Duration::from_micros(arguments.interval.into()),
    };
    let processors = Processors::divide()?;
    processors.enter(Side::Target)?;
    let mut target = Target::start(&setting)?;
    processors.enter(Side::Reader)?;
    let mut phases = Vec::new();
    for subject in plan::order(&arguments.files, arguments.rounds) {
        let phase = measure(arguments, &mut target, subject);
        phases.push(phase.with_context(|| subject.to_string())?);
    }
    let outcome = Outcome::new(setting, &phases);
    print!("{}", table::whole(&outcome));
    if let Some(file) = &arguments.json {
        let json = serde_json::to_vec_pretty(&outcome)?;
        std::fs::write(file, json).with_context(|| file.display().to_string())?;
    }
    Ok(true)
}

/// One phase: the target makes its calls, while its file is read again and again.
fn measure(arguments: &Arguments, target: &mut Target, subject: Subject) -> Result<Phase> {
    let duration = Duration::from_millis(arguments.phase.into());
    let reader = match subject {
        Subject::Nothing => None,
        Subject::File(file, tree) => {
            let root = match tree {
                Tree::Stock => &arguments.trees.stock,
                Tree::Ours => &arguments.trees.ours,
            };
            Some(Reader::open(root, target, file)?)
        }
    };
    target.begin(duration)?;
    let reads = reader.map_or(Ok(0), |mut reader| reader.read_for(duration))?;
    Ok(Phase {
        subject,
        reads,
        calls: target.end()?,
    })
}
