// SPDX-License-Identifier: GPL-2.0

//! Processes that are alike to the last page, for what changes its target: it is done to one
//! through stock, to another through ours, to a third through stock again, and then stock says
//! what came of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{bail, Result};
use nix::unistd::Pid;

use crate::compare::{row, Comparer, Outcome};
use crate::fact::Observation;
use crate::row::{Row, Verdict};
use crate::target::{own_program, wait_for_rest, Subject, Target};

mod portrait;

/// So often three are started until they are alike.
const TRIES: usize = 4;

/// Three processes that started alike.
pub struct Twins {
    targets: [Target; 3],
    subjects: [Vec<Subject>; 3],
    /// They have touched nothing since they were started.
    fresh: bool,
}

/// What is done through a tree to a process, and what was answered.
type Act<'a> = &'a dyn Fn(&Path, Pid) -> Observation;

impl Twins {
    /// Starts specimens of a name, again if they aren't alike: the kernel hands out memory as it
    /// has it.
    fn start(comparer: &Comparer, name: &str) -> Result<Twins> {
        let mut unlike = None;
        for _ in 0..TRIES {
            let twins = Twins::once(comparer, name)?;
            unlike = twins.unlike(comparer);
            if unlike.is_none() {
                return Ok(twins);
            }
        }
        bail!("no three that are alike: {}", unlike.unwrap_or_default())
    }

    /// Goes through some steps with fresh processes, again if something differs or moved: a
    /// difference must show twice. An error becomes a skip with that reason.
    pub fn through(
        comparer: &Comparer,
        name: &str,
        steps: impl Fn(&mut Twins) -> Result<Vec<Row>>,
    ) -> Vec<Row> {
        let once = || {
            let done = Twins::start(comparer, name).and_then(|mut twins| steps(&mut twins));
            done.unwrap_or_else(|error| vec![Row::skipped(name, "", format!("{error:#}"))])
        };
        settled(TRIES, once)
    }

    fn once(comparer: &Comparer, name: &str) -> Result<Twins> {
        let program = own_copy()?;
        // One after the other: some need the machine for themselves.
        let start = || {
            let mut target = Target::start_in_order(&program, name)?;
            Ok((target.ready()?, target))
        };
        let all: [Result<_>; 3] = [start(), start(), start()];
        let [one, two, three] = all;
        let (one, two, three) = (one?, two?, three?);
        let subjects = [one.0, two.0, three.0];
        let targets = [one.1, two.1, three.1];
        let twins = Twins {
            targets,
            subjects,
            fresh: true,
        };
        twins.wait(comparer);
        Ok(twins)
    }

    /// The first one's number; the others' areas are at the same addresses.
    pub fn pid(&self) -> Pid {
        self.targets[0].pid()
    }

    fn wait(&self, comparer: &Comparer) {
        for subject in self.subjects.iter().flatten() {
            wait_for_rest(&comparer.trees.stock, Pid::from_raw(subject.pid));
        }
    }

    /// The first thing in which they aren't alike.
    fn unlike(&self, comparer: &Comparer) -> Option<String> {
        let [one, two, three] = self.portraits(comparer);
        let found = one
            .differences(&two)
            .into_iter()
            .chain(one.differences(&three))
            .next()?;
        let (one, other) = (found.stock.display(), found.ours.display());
        let changed = one
            .lines()
            .zip(other.lines())
            .find(|(one, other)| one != other);
        let (one, other) = changed.unwrap_or((&one, &other));
        Some(format!("{}: {one} / {other}", found.what))
    }

    /// How stock sees each of them, with all that they have forked. Which pages were referenced is
    /// told of the first process only, and as long as nobody has touched any: it depends on what
    /// else the kernel did with a page meanwhile.
    fn portraits(&self, comparer: &Comparer) -> [Observation; 3] {
        self.subjects.each_ref().map(|subjects| {
            let mut all = Observation::default();
            for subject in subjects {
                let referenced = self.fresh && subject.label.is_empty();
                let pid = Pid::from_raw(subject.pid);
                let own = portrait::of(&comparer.trees.stock, pid, referenced);
                all.append(&subject.label, own);
            }
            all
        })
    }

    /// Does something to each, compares the answers and what they are like then.
    pub fn act(&self, comparer: &Comparer, name: &str, act: Act<'_>) -> Row {
        let trees = [
            &comparer.trees.stock,
            &comparer.trees.ours,
            &comparer.trees.stock,
        ];
        let mut answers = [(); 3].map(|()| Observation::default());
        for (n, tree) in trees.into_iter().enumerate() {
            answers[n] = act(tree, self.targets[n].pid());
        }
        let mut outcome = Outcome::default();
        outcome.add_once("answers", &answers[0], &answers[1], &answers[2]);
        self.judge(comparer, name, outcome)
    }

    /// Has each touch some of its pages, and compares what they are like then.
    pub fn stir(&mut self, comparer: &Comparer, name: &str) -> Result<Row> {
        for target in &mut self.targets {
            target.step()?;
            target.ready()?;
        }
        self.wait(comparer);
        self.fresh = false;
        Ok(self.judge(comparer, name, Outcome::default()))
    }

    fn judge(&self, comparer: &Comparer, name: &str, mut outcome: Outcome) -> Row {
        let [one, two, three] = self.portraits(comparer);
        outcome.add_once("what stock sees", &one, &two, &three);
        row("", "", name, outcome)
    }
}

/// Runs until all is equal, or a row has differed twice; at most so often. What then has differed
/// once only is unstable.
fn settled(tries: usize, mut once: impl FnMut() -> Vec<Row>) -> Vec<Row> {
    let mut differed = BTreeSet::new();
    let mut rows = Vec::new();
    for _ in 0..tries {
        rows = once();
        let mut confirmed = false;
        for row in rows.iter().filter(|row| row.verdict == Verdict::Differs) {
            confirmed |= !differed.insert(row.file.clone());
        }
        let moved = |row: &Row| matches!(row.verdict, Verdict::Differs | Verdict::Unstable);
        if confirmed || !rows.iter().any(moved) {
            return rows;
        }
    }
    for row in rows
        .iter_mut()
        .filter(|row| row.verdict == Verdict::Differs)
    {
        row.verdict = Verdict::Unstable;
    }
    rows
}

/// A copy of this program in memory: from a file system that forgets a file's pages when somebody
/// opens it, the second to start would take pages from the first.
fn own_copy() -> Result<PathBuf> {
    let copy = std::env::temp_dir().join("program");
    if !copy.exists() {
        std::fs::copy(own_program()?, &copy)?;
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs in turn with rows of these verdicts; gives the last verdicts and the number of runs.
    fn run(runs: &[&[Verdict]]) -> (Vec<Verdict>, usize) {
        let mut count = 0;
        let rows = settled(runs.len(), || {
            count += 1;
            let named = runs[count - 1].iter().enumerate();
            let row = |(n, verdict): (usize, &Verdict)| Row {
                verdict: *verdict,
                ..Row::skipped("", &n.to_string(), "")
            };
            named.map(row).collect()
        });
        (rows.iter().map(|row| row.verdict).collect(), count)
    }

    use Verdict::{Differs, Equal, Unstable};

    #[test]
    fn what_is_equal_is_asked_once() {
        assert_eq!(
            run(&[&[Equal, Equal], &[Differs, Equal]]),
            (vec![Equal, Equal], 1)
        );
    }

    #[test]
    fn a_difference_counts_when_it_shows_again() {
        assert_eq!(run(&[&[Differs], &[Differs], &[Equal]]), (vec![Differs], 2));
        assert_eq!(run(&[&[Differs], &[Equal]]), (vec![Equal], 2));
    }

    #[test]
    fn what_never_rests_is_unstable() {
        assert_eq!(
            run(&[&[Unstable, Equal], &[Equal, Differs]]),
            (vec![Equal, Unstable], 2)
        );
    }
}
