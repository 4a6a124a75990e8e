// SPDX-License-Identifier: GPL-2.0

//! Does everything with every file of a rustproc tree, while tasks, mounts, memory and the module
//! itself come and go: `rustproc-torture --help` says how.
//!
//! Actors (`actor`) are processes: readers (`reader`), targets (`target`), the one who mounts and
//! removes (`world`), the one who makes everything scarce (`weight`), the one who compares what is at
//! rest (`still`). Each does one operation after the other (`kind`), whose results are judged
//! (`judge`, `errnos`) and counted in memory that all share (`board`). `supervise` looks after them,
//! `verdict` says in the end what came of it.

#![deny(unsafe_code)]

mod actor;
mod board;
mod errnos;
mod faults;
mod group;
mod judge;
mod kind;
mod log;
mod reader;
mod still;
mod supervise;
#[allow(unsafe_code)] // The one place for it: see there.
mod sys;
mod target;
mod tree;
mod verdict;
mod weight;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{ensure, Result};
use clap::Parser;
use rustproc_compare::machine::{Machine, Setting as MachineSetting};

use actor::Setting;
use board::{Board, Count};
use judge::Forms;
use kind::Kind;
use supervise::Run;

/// Does everything with every file of a rustproc tree, while tasks, mounts, memory and the module
/// itself come and go.
///
/// For a machine that is made for it: the VM of scripts/torture. Needs root.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    /// For how long
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What every choice derives from (decimal, or hexadecimal after 0x) [default: random]
    #[arg(long, value_parser = number)]
    seed: Option<u64>,
    /// The module, to be removed and inserted again and again; without it the tree stays
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// How many processes read
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=24))]
    readers: u8,
    /// How many processes are looked at
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=24))]
    targets: u8,
    /// Only these kinds of operations
    #[arg(long, value_name = "KIND,...", value_delimiter = ',')]
    only: Vec<Kind>,
    /// Not these kinds
    #[arg(long, value_name = "KIND,...", value_delimiter = ',')]
    without: Vec<Kind>,
}

fn number(text: &str) -> Result<u64, std::num::ParseIntError> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    }
}

impl Cli {
    /// The kinds that are wanted.
    fn kinds(&self, faults: bool) -> Vec<Kind> {
        let offered = |kind: &Kind| *kind != Kind::Faults || faults;
        let chosen = |kind: &Kind| self.only.is_empty() || self.only.contains(kind);
        let wanted = |kind: &Kind| offered(kind) && chosen(kind);
        let kinds = Kind::all().iter().copied();
        let kinds = kinds.filter(|kind| wanted(kind) && !self.without.contains(kind));
        // Without the module nobody can bring it back.
        let module = [Kind::Load, Kind::Unload, Kind::UnloadInUse];
        kinds
            .filter(|kind| self.module.is_some() || !module.contains(kind))
            .collect()
    }
}

fn main() -> ExitCode {
    // What targets become: it has no options, and no time to parse any.
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some("__rest") {
        let milliseconds = words.next().and_then(|word| word.parse().ok());
        std::thread::sleep(Duration::from_millis(milliseconds.unwrap_or(0)));
        return ExitCode::SUCCESS;
    }
    match torture(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("rustproc-torture: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs; true if nothing was found.
fn torture(cli: &Cli) -> Result<bool> {
    ensure!(nix::unistd::geteuid().is_root(), "needs root");
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("# seed {seed:#x}");
    let _machine = Machine::prepare();
    let _settings = prepare_machine();
    let missing = faults::missing();
    faults::prepare();
    if !missing.is_empty() {
        println!("# the kernel can't fail on request: {}", missing.join(", "));
    }
    let board: &Board = sys::share()?;
    let kinds = cli.kinds(!faults::offered().is_empty());
    let setting = Arc::new(Setting {
        seed,
        forms: Forms::learn()?,
        faults: kinds.contains(&Kind::Faults),
        kinds,
        readers: cli.readers.into(),
        targets: cli.targets.into(),
    });
    group::prepare()?;
    world::begin(board, cli.module.as_ref())?;
    let mut run = Run::new(board, setting, cli.module.clone())?;
    run.go(cli.seconds)?;
    let mut checks = verdict::Checks::default();
    verdict::judge(&run, &mut checks);
    group::remove();
    Ok(checks.sum(board.count(Count::Findings)))
}

/// What torture needs beyond what comparisons do; put back when dropped.
fn prepare_machine() -> Vec<MachineSetting> {
    let settings = [
        ("/sys/kernel/mm/ksm/run", "1"),
        ("/sys/kernel/mm/ksm/sleep_millisecs", "500"),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "madvise"),
        (
            "/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
            "2000",
        ),
        // Children crash on purpose.
        ("/proc/sys/kernel/core_pattern", "|/bin/false"),
    ];
    let change = |(path, value)| MachineSetting::change(path, value).ok();
    settings.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers() {
        assert_eq!(number("0x1f"), Ok(31));
        assert_eq!(number("31"), Ok(31));
        assert!(number("x").is_err());
    }

    #[test]
    fn kinds_can_be_chosen() {
        let kinds = |words: &[&str]| {
            Cli::try_parse_from(words)
                .map(|cli| cli.kinds(true))
                .unwrap()
        };
        assert_eq!(
            kinds(&["", "--only", "read,pread"]),
            [Kind::Read, Kind::Pread]
        );
        assert!(!kinds(&["", "--without", "read"]).contains(&Kind::Read));
        assert!(!kinds(&[""]).contains(&Kind::Unload));
        assert!(kinds(&["", "--module", "x"]).contains(&Kind::Unload));
    }
}
