// SPDX-License-Identifier: GPL-2.0

//! What comes of the phases.

use serde::Serialize;

use super::call::Call;
use super::latency::Summary;
use super::plan::{File, Subject, Tree};
use super::target::Setting;
use crate::statistics;

/// What one phase gave.
#[derive(Clone, Debug)]
pub struct Phase {
    /// What was read.
    pub subject: Subject,
    /// How often it was read.
    pub reads: u64,
    /// How long calls of each kind took.
    pub calls: Vec<(Call, Summary)>,
}

/// What a run gave.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The target.
    pub target: Setting,
    /// The calls while nothing was read.
    pub nothing: Vec<Row<Times>>,
    /// What was read.
    pub files: Vec<FileOutcome>,
}

/// What happened while a file was read.
#[derive(Debug, Serialize)]
pub struct FileOutcome {
    /// The file.
    pub file: File,
    /// How often it was read, in all rounds.
    pub reads: Both<u64>,
    /// The calls meanwhile.
    pub calls: Vec<Row<Compared>>,
}

/// Something of stock and of rustproc.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Both<T> {
    /// Stock's.
    pub stock: T,
    /// rustproc's.
    pub rustproc: T,
}

/// What is to be known of one kind of call.
#[derive(Debug, Serialize)]
pub struct Row<T> {
    /// The kind.
    pub call: Call,
    /// What is known.
    #[serde(flatten)]
    pub times: T,
}

/// How long calls of one kind made wait, in nanoseconds: the median over the rounds of what was so in
/// each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Times {
    /// Number of calls made, in all rounds.
    pub made: u64,
    /// The median of a round.
    pub median: u64,
    /// What 99 percent of those of a round don't exceed.
    pub p99: u64,
    /// The longest of a round.
    pub max: u64,
    /// The longest of all rounds.
    pub longest: u64,
}

/// The times with either tree being read, and those with ours over those with stock's.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Compared {
    /// The times.
    #[serde(flatten)]
    pub times: Both<Times>,
    /// Of the medians.
    pub median_ratio: f64,
    /// Of the 99th percentiles.
    pub p99_ratio: f64,
    /// Of the longest.
    pub max_ratio: f64,
}

impl Outcome {
    /// Brings the phases of a run together.
    pub fn new(target: Setting, phases: &[Phase]) -> Outcome {
        let row = |call| {
            let times = times(phases, Subject::Nothing, call)?;
            Some(Row { call, times })
        };
        let mut files: Vec<_> = phases.iter().filter_map(Phase::file).collect();
        files.sort_unstable();
        files.dedup();
        Outcome {
            target,
            nothing: Call::ALL.into_iter().filter_map(row).collect(),
            files: files
                .into_iter()
                .map(|file| FileOutcome::new(file, phases))
                .collect(),
        }
    }
}

impl FileOutcome {
    fn new(file: File, phases: &[Phase]) -> FileOutcome {
        let (stock, ours) = [Tree::Stock, Tree::Ours]
            .map(|tree| Subject::File(file, tree))
            .into();
        let row = |call| {
            let times = Both {
                stock: times(phases, stock, call)?,
                rustproc: times(phases, ours, call)?,
            };
            Some(Row {
                call,
                times: Compared::new(times),
            })
        };
        FileOutcome {
            file,
            reads: Both {
                stock: reads(phases, stock),
                rustproc: reads(phases, ours),
            },
            calls: Call::ALL.into_iter().filter_map(row).collect(),
        }
    }
}

impl Compared {
    fn new(times: Both<Times>) -> Compared {
        let ratio = |of: fn(&Times) -> u64| of(&times.rustproc) as f64 / of(&times.stock) as f64;
        Compared {
            times,
            median_ratio: ratio(|times| times.median),
            p99_ratio: ratio(|times| times.p99),
            max_ratio: ratio(|times| times.max),
        }
    }
}

impl Phase {
    fn file(&self) -> Option<File> {
        match self.subject {
            Subject::Nothing => None,
            Subject::File(file, _) => Some(file),
        }
    }
}

/// The phases of all rounds in which that was read.
fn of(phases: &[Phase], subject: Subject) -> impl Iterator<Item = &Phase> {
    phases.iter().filter(move |phase| phase.subject == subject)
}

fn reads(phases: &[Phase], subject: Subject) -> u64 {
    of(phases, subject).map(|phase| phase.reads).sum()
}

/// The times of a kind of call while that was read; `None` if there was no such call.
fn times(phases: &[Phase], subject: Subject, call: Call) -> Option<Times> {
    let calls = of(phases, subject).flat_map(|phase| &phase.calls);
    let rounds: Vec<Summary> = calls
        .filter(|(kind, _)| *kind == call)
        .map(|(_, summary)| *summary)
        .collect();
    let typical = |of: fn(&Summary) -> u64| {
        let values: Vec<_> = rounds.iter().map(|round| of(round) as f64).collect();
        statistics::median(&values) as u64
    };
    Some(Times {
        made: rounds.iter().map(|round| round.made).sum(),
        median: typical(|round| round.median),
        p99: typical(|round| round.p99),
        max: typical(|round| round.max),
        longest: rounds.iter().map(|round| round.max).max()?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TARGET: Setting = Setting {
        megabytes: 8,
        interval: Duration::from_millis(1),
    };

    fn phase(subject: Subject, reads: u64, calls: u64, max: u64) -> Phase {
        let summary = Summary {
            made: calls,
            median: max / 4,
            p99: max / 2,
            max,
        };
        Phase {
            subject,
            reads,
            calls: vec![(Call::Munmap, summary)],
        }
    }

    #[test]
    fn a_run_is_typical_of_its_rounds() {
        let ours = Subject::File(File::Smaps, Tree::Ours);
        let stock = Subject::File(File::Smaps, Tree::Stock);
        let outcome = Outcome::new(
            TARGET,
            &[
                phase(Subject::Nothing, 0, 100, 8),
                phase(stock, 1, 1, 4000),
                phase(ours, 10, 50, 400),
                phase(ours, 20, 60, 100_000),
                phase(stock, 1, 2, 8000),
                phase(stock, 3, 2, 4000),
                phase(ours, 30, 70, 200),
            ],
        );
        assert_eq!(outcome.nothing.len(), 1);
        assert_eq!(outcome.nothing[0].times.max, 8);
        assert_eq!(outcome.files.len(), 1);
        let file = &outcome.files[0];
        assert_eq!((file.reads.stock, file.reads.rustproc), (5, 60));
        let row = &file.calls[0];
        assert_eq!(row.call, Call::Munmap);
        let times = Times {
            made: 180,
            median: 100,
            p99: 200,
            max: 400,
            longest: 100_000,
        };
        assert_eq!(row.times.times.rustproc, times);
        assert_eq!(row.times.times.stock.longest, 8000);
        assert_eq!(row.times.median_ratio, 0.1);
        assert_eq!(row.times.max_ratio, 0.1);
    }

    #[test]
    fn a_file_that_only_one_tree_was_asked_for_has_no_rows() {
        let stock = Subject::File(File::Pagemap, Tree::Stock);
        let outcome = Outcome::new(TARGET, &[phase(stock, 1, 1, 4000)]);
        assert!(outcome.nothing.is_empty());
        assert!(outcome.files[0].calls.is_empty());
    }

    #[test]
    fn machines_read_flat_rows() {
        let both = [Tree::Stock, Tree::Ours];
        let phases = both.map(|tree| phase(Subject::File(File::SmapsRollup, tree), 1, 1, 4000));
        let json = serde_json::to_value(Outcome::new(TARGET, &phases)).unwrap();
        let file = &json["files"][0];
        assert_eq!(file["file"], "smaps_rollup");
        assert_eq!(file["calls"][0]["call"], "munmap");
        assert_eq!(file["calls"][0]["stock"]["max"], 4000);
        assert_eq!(file["calls"][0]["max_ratio"], 1.0);
    }
}
