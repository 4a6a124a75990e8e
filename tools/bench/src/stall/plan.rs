// SPDX-License-Identifier: GPL-2.0

//! Which phases there are, and in which order.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// A file that takes long to read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum File {
    /// Sums over the address space.
    SmapsRollup,
    /// Sums for each mapping.
    Smaps,
    /// Counts for each mapping.
    NumaMaps,
    /// An entry for each page.
    Pagemap,
}

impl File {
    /// Its name in the directory of a process.
    pub fn name(self) -> &'static str {
        match self {
            File::SmapsRollup => "smaps_rollup",
            File::Smaps => "smaps",
            File::NumaMaps => "numa_maps",
            File::Pagemap => "pagemap",
        }
    }
}

/// One of the trees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tree {
    /// Stock's.
    Stock,
    /// rustproc's.
    Ours,
}

/// What is read during a phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Nothing: how long calls take by themselves.
    Nothing,
    /// A file of the target.
    File(File, Tree),
}

impl fmt::Display for Subject {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Nothing => write!(to, "nothing"),
            Subject::File(file, Tree::Stock) => write!(to, "stock's {}", file.name()),
            Subject::File(file, Tree::Ours) => write!(to, "our {}", file.name()),
        }
    }
}

/// The phases of a run: in each round nothing, then of each file both trees, of which one round
/// begins with the one and the next with the other. Without `files`: all.
pub fn order(files: &[File], rounds: u8) -> Vec<Subject> {
    let files = match files {
        [] => File::value_variants(),
        some => some,
    };
    let round = |number| {
        let trees = match number % 2 {
            0 => [Tree::Stock, Tree::Ours],
            _ => [Tree::Ours, Tree::Stock],
        };
        let of_file = move |file| trees.map(|tree| Subject::File(file, tree));
        let of_files = files.iter().copied().flat_map(of_file);
        std::iter::once(Subject::Nothing).chain(of_files)
    };
    (0..rounds).flat_map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_take_turns_to_be_first() {
        use Subject::{File as Read, Nothing};
        use Tree::{Ours, Stock};
        let smaps = |tree| Read(File::Smaps, tree);
        let pagemap = |tree| Read(File::Pagemap, tree);

        assert_eq!(
            order(&[File::Smaps, File::Pagemap], 2),
            [
                Nothing,
                smaps(Stock),
                smaps(Ours),
                pagemap(Stock),
                pagemap(Ours),
                Nothing,
                smaps(Ours),
                smaps(Stock),
                pagemap(Ours),
                pagemap(Stock),
            ]
        );
    }

    #[test]
    fn without_files_all_are_read() {
        assert_eq!(order(&[], 1).len(), 1 + 2 * 4);
        assert_eq!(order(&[], 3).len(), 3 * (1 + 2 * 4));
    }

    #[test]
    fn arguments_are_named_as_the_files_are() {
        for file in File::value_variants() {
            let value = file.to_possible_value().unwrap();
            assert_eq!(value.get_name(), file.name());
        }
    }
}
