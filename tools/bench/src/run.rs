// SPDX-License-Identifier: GPL-2.0

//! What calls cost the caller.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use clap::Args;
use rustproc_compare::machine::Setting;
use rustproc_compare::target::adopt_orphans;

use crate::case::{self, Case, Wanted};
use crate::measure::{measure, Manner, Measured};
use crate::plot;
use crate::row::{Report, Row, Unit};
use crate::workload::{Workload, World};
use crate::Trees;

/// What `run` takes.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    trees: Trees,
    /// The clock counts instructions: the guest of "scripts/vm --icount"
    #[arg(long)]
    instructions: bool,
    /// How many pairs to measure [default: 5 of instructions, 31 of nanoseconds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Only these: FILE, FILE/OPERATION or FILE/OPERATION/WORKLOAD; nothing or * for any
    #[arg(long, value_name = "CASE,...", value_delimiter = ',')]
    only: Vec<Wanted>,
    /// Say what there is, and leave
    #[arg(long)]
    list: bool,
    /// Write the rows to a file, for machines
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the ratios
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Arguments {
    fn cases(&self) -> Vec<Case> {
        let wanted = |case: &Case| self.only.is_empty() || self.only.iter().any(|w| w.has(case));
        case::all().into_iter().filter(wanted).collect()
    }

    fn manner(&self) -> Manner {
        let (unit, rounds) = match self.instructions {
            true => (Unit::Instructions, 5),
            false => (Unit::Nanoseconds, 31),
        };
        Manner {
            unit,
            rounds: self.rounds.map_or(rounds, usize::from),
        }
    }
}

/// Measures; true if both trees have answered alike.
pub fn run(arguments: &Arguments) -> Result<bool> {
    let cases = arguments.cases();
    if arguments.list {
        for case in cases {
            println!("{case}");
        }
        return Ok(true);
    }
    ensure!(nix::unistd::geteuid().is_root(), "needs root");
    adopt_orphans()?;
    let _settings = prepare_machine();
    let trees = &arguments.trees;
    let mut world = World::start(&workloads(&cases), &trees.stock);
    let workloads = world.describe(&trees.stock);
    let (rows, alike) = measure_all(arguments, &cases, &mut world);
    let kernel = nix::sys::utsname::uname()?;
    let report = Report {
        kernel: kernel.release().to_string_lossy().into(),
        workloads,
        rows,
    };
    println!("{}", report.text());
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(path, text + "\n").with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &arguments.svg {
        plot::draw(&report, path)?;
    }
    Ok(alike)
}

/// Measures all cases; says whether both trees have answered alike.
fn measure_all(arguments: &Arguments, cases: &[Case], world: &mut World) -> (Vec<Row>, bool) {
    let mut rows = Vec::new();
    let mut alike = true;
    for case in cases {
        match measure(case, &arguments.trees, world, arguments.manner()) {
            Ok(Measured::Row(row)) => rows.push(row),
            Ok(Measured::Neither(reason)) => println!("# no {case}: {reason}"),
            Err(error) => {
                println!("not ok {case}: {error:#}");
                alike = false;
            }
        }
    }
    (rows, alike)
}

/// Shows again what a run has written.
pub fn show(json: &Path, svg: Option<&Path>) -> Result<()> {
    let text = fs::read(json).with_context(|| json.display().to_string())?;
    let report: Report = serde_json::from_slice(&text).context("no rows of a run")?;
    println!("{}", report.text());
    svg.map_or(Ok(()), |path| plot::draw(&report, path))
}

/// The workloads that cases need.
fn workloads(cases: &[Case]) -> Vec<Workload> {
    let needed = |workload: &Workload| cases.iter().any(|case| case.workload == *workload);
    Workload::ALL.into_iter().filter(needed).collect()
}

/// Nobody but the workloads themselves is to change their memory. Put back when dropped.
fn prepare_machine() -> Vec<Setting> {
    let settings = [
        ("/proc/sys/kernel/numa_balancing", "0"),
        ("/sys/kernel/mm/ksm/run", "0"),
        (
            "/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
            "3600000",
        ),
    ];
    let change = |(path, value)| Setting::change(path, value).ok();
    settings.into_iter().filter_map(change).collect()
}
