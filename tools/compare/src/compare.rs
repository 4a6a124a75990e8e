// SPDX-License-Identifier: GPL-2.0

//! Two trees and the cells that are compared in them.

use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use crate::fact::{Difference, Observation};
use crate::files::{Known, Selection};
use crate::probe::{self, names, Depth, PassThrough, Probe};
use crate::row::{Detail, Row, Verdict};
use crate::settle::{settle, Judgement, Patience};

/// The column of the directory itself.
pub const DIRECTORY: &str = ".";
/// The column of the names that are passed through.
pub const OTHERS: &str = "(others)";

/// The two roots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trees {
    /// The procfs to go by.
    pub stock: PathBuf,
    /// The tree under test.
    pub ours: PathBuf,
}

/// Compares cells, all in the same manner.
#[derive(Clone, Debug)]
pub struct Comparer {
    /// What with what.
    pub trees: Trees,
    /// Which files.
    pub files: Selection,
    /// How long a moving value is waited for.
    pub patience: Patience,
    /// How much is asked.
    pub depth: Depth,
    /// Whether names that are passed through are asked about.
    pub others: bool,
}

/// One directory that stands for a process or thread.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Form {
    /// Below the root.
    path: String,
    /// Whether it is a `task/<tid>` directory.
    task: bool,
    /// How much it is asked.
    depth: Depth,
}

impl Comparer {
    /// Every form of a process: its own directory, those of its threads, unlisted and listed.
    pub fn process(&self, target: &str, pid: Pid) -> Vec<Row> {
        if self.depth == Depth::Glance {
            return self.glance(target, pid);
        }
        let tasks = format!("{pid}/task");
        let threads = names(&self.trees.stock.join(&tasks));
        let mut rows = Vec::new();
        for form in forms(pid, &threads, self.depth) {
            rows.extend(self.form(target, &form));
        }
        rows.push(self.directory(target, &tasks, self.depth));
        if let Some(thread) = threads.iter().find(|thread| **thread != pid.to_string()) {
            // A thread's own directory has the tasks of the whole process too.
            rows.push(self.directory(target, &format!("{thread}/task"), self.depth));
            let form = Form {
                path: format!("{thread}/task/{pid}"),
                task: true,
                depth: Depth::Quick,
            };
            rows.extend(self.form(target, &form));
        }
        rows
    }

    /// Only what the files of a process say.
    fn glance(&self, target: &str, pid: Pid) -> Vec<Row> {
        let said = |known: &Known| {
            let probes = probe::of_file(*known);
            probes.iter().any(|probe| probe.depth == Depth::Glance)
        };
        let files = self.files.within(false).filter(said);
        files
            .map(|known| self.file(target, &pid.to_string(), known, self.depth))
            .collect()
    }

    /// The root: the directory itself, its listing, and what is passed through.
    pub fn root(&self) -> Vec<Row> {
        let mut rows = vec![self.directory("(root)", "", self.depth)];
        if self.others {
            rows.push(self.pass_through("(root)", "", PassThrough { root: true }));
        }
        // An empty form is a scenario's.
        for row in &mut rows {
            row.form = "/".into();
        }
        rows
    }

    /// Processes in stock's order, with a row for each that is listed on one side only.
    pub fn listed(&self) -> Vec<Pid> {
        let names = names(&self.trees.stock);
        names
            .iter()
            .filter_map(|name| name.parse().ok())
            .map(Pid::from_raw)
            .collect()
    }

    /// Whether stock still has a process.
    pub fn lives(&self, pid: Pid) -> bool {
        self.trees
            .stock
            .join(pid.to_string())
            .symlink_metadata()
            .is_ok()
    }

    /// The same, asking no more than that.
    pub fn at_most(&self, depth: Depth) -> Comparer {
        Comparer {
            depth: self.depth.min(depth),
            ..self.clone()
        }
    }

    fn form(&self, target: &str, form: &Form) -> Vec<Row> {
        let mut rows = vec![self.directory(target, &form.path, form.depth)];
        for known in self.files.within(form.task) {
            rows.push(self.file(target, &form.path, known, form.depth));
        }
        if self.others && (form.depth == Depth::Full || !form.task) {
            rows.push(self.pass_through(target, &form.path, PassThrough { root: false }));
        }
        rows
    }

    fn file(&self, target: &str, directory: &str, known: Known, depth: Depth) -> Row {
        let path = format!("{directory}/{}", known.name);
        let outcome = self.ask(&probe::of_file(known), &path, depth);
        row(target, directory, known.name, outcome)
    }

    fn directory(&self, target: &str, path: &str, depth: Depth) -> Row {
        row(
            target,
            path,
            DIRECTORY,
            self.ask(probe::DIRECTORY, path, depth),
        )
    }

    fn ask(&self, probes: &[Probe], path: &str, depth: Depth) -> Outcome {
        let (stock, ours) = self.both(path);
        let mut outcome = Outcome::default();
        for probe in probes.iter().filter(|probe| probe.depth <= depth) {
            let judgement = settle(
                self.patience,
                || probe.observe(&stock, depth),
                || probe.observe(&ours, depth),
            );
            outcome.add(probe.name, judgement);
        }
        outcome
    }

    fn pass_through(&self, target: &str, path: &str, others: PassThrough) -> Row {
        let (stock, ours) = self.both(path);
        let mut outcome = Outcome::default();
        for name in others.names(&stock, &ours, |name| self.files.contains(name)) {
            let judgement = settle(
                self.patience,
                || others.observe(&stock, &name),
                || others.observe(&ours, &name),
            );
            outcome.add(&name, judgement);
        }
        row(target, path, OTHERS, outcome)
    }

    fn both(&self, path: &str) -> (PathBuf, PathBuf) {
        let join = |root: &Path| {
            if path.is_empty() {
                root.into()
            } else {
                root.join(path)
            }
        };
        (join(&self.trees.stock), join(&self.trees.ours))
    }
}

/// The first thread's directories are asked as much as the process's; the others are like it and
/// are asked little.
fn forms(pid: Pid, threads: &[String], depth: Depth) -> Vec<Form> {
    let form = |path: String, task, depth| Form { path, task, depth };
    let own = pid.to_string();
    let mut forms = vec![form(own.clone(), false, depth)];
    let mut unlisted = depth;
    // All of a process have the same memory.
    let mut listed = match depth {
        Depth::Memory => Depth::Quick,
        depth => depth,
    };
    for thread in threads {
        if *thread != own {
            forms.push(form(
                thread.clone(),
                false,
                std::mem::replace(&mut unlisted, Depth::Quick),
            ));
        }
        let path = format!("{own}/task/{thread}");
        forms.push(form(
            path,
            true,
            std::mem::replace(&mut listed, Depth::Quick),
        ));
    }
    forms
}

/// What the probes of one cell came to.
#[derive(Debug)]
pub struct Outcome {
    verdict: Verdict,
    details: Vec<Detail>,
}

impl Default for Outcome {
    fn default() -> Self {
        Outcome {
            verdict: Verdict::Equal,
            details: Vec::new(),
        }
    }
}

impl Outcome {
    /// Adds what one probe came to.
    pub fn add(&mut self, probe: &str, judgement: Judgement) {
        let (verdict, found) = match judgement {
            Judgement::Equal => (Verdict::Equal, Vec::new()),
            Judgement::Differs(found) => (Verdict::Differs, found),
            Judgement::Unstable(found) => (Verdict::Unstable, found),
        };
        if verdict > self.verdict {
            // What merely moved is of no interest beside what differs.
            self.details.clear();
        }
        if verdict >= self.verdict {
            self.verdict = verdict;
            self.details.extend(
                found
                    .iter()
                    .map(|difference| Detail::new(probe, difference)),
            );
        }
    }

    /// Adds one round of observations, taken by a scenario that can't be repeated.
    pub fn add_once(
        &mut self,
        probe: &str,
        stock: &Observation,
        ours: &Observation,
        again: &Observation,
    ) {
        self.add(probe, crate::settle::judge(stock, ours, again));
    }

    /// Adds a condition that a scenario needs to mean anything.
    pub fn require(&mut self, what: &str, expected: &str, found: String) {
        if found != expected {
            let fact = |text: String| crate::fact::Fact::Text(text);
            let difference = Difference {
                what: what.into(),
                stock: fact(expected.into()),
                ours: fact(found),
            };
            self.add("scenario", Judgement::Differs(vec![difference]));
        }
    }
}

/// The row of a cell.
pub fn row(target: &str, form: &str, file: &str, outcome: Outcome) -> Row {
    Row {
        target: target.into(),
        form: form.into(),
        file: file.into(),
        verdict: outcome.verdict,
        reason: String::new(),
        details: outcome.details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;
    use crate::files::DEFAULT;

    fn comparer(stock: &Path, ours: &Path) -> Comparer {
        Comparer {
            trees: Trees {
                stock: stock.into(),
                ours: ours.into(),
            },
            files: Selection::of(DEFAULT).unwrap(),
            patience: Patience::LIVE,
            depth: Depth::Quick,
            others: true,
        }
    }

    /// A directory that looks like a process with number 7.
    fn tree(stat: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let task = root.path().join("7/task/7");
        std::fs::create_dir_all(&task).unwrap();
        for directory in [root.path().join("7"), task] {
            std::fs::write(directory.join("stat"), stat).unwrap();
            std::fs::write(directory.join("comm"), "same\n").unwrap();
        }
        root
    }

    fn verdict(rows: &[Row], form: &str, file: &str) -> Verdict {
        let found = rows.iter().find(|row| row.form == form && row.file == file);
        found.unwrap().verdict
    }

    #[test]
    fn altered_content_is_found_where_it_is() {
        let (stock, ours) = (tree("7 (a) S\n"), tree("7 (b) S\n"));
        let rows = comparer(stock.path(), ours.path()).process("t", Pid::from_raw(7));
        assert_eq!(verdict(&rows, "7", "stat"), Verdict::Differs);
        assert_eq!(verdict(&rows, "7/task/7", "stat"), Verdict::Differs);
        assert_eq!(verdict(&rows, "7", OTHERS), Verdict::Equal);
        assert_eq!(verdict(&rows, "7", "maps"), Verdict::Equal);
    }

    #[test]
    fn altered_mode_is_found() {
        use std::os::unix::fs::PermissionsExt;
        let (stock, ours) = (tree("same"), tree("same"));
        let altered = ours.path().join("7/comm");
        std::fs::set_permissions(altered, PermissionsExt::from_mode(0o600)).unwrap();
        let rows = comparer(stock.path(), ours.path()).process("t", Pid::from_raw(7));
        assert_eq!(verdict(&rows, "7", OTHERS), Verdict::Differs);
        assert_eq!(verdict(&rows, "7", "stat"), Verdict::Equal);
    }

    #[test]
    fn a_missing_file_is_found() {
        let (stock, ours) = (tree("same"), tree("same"));
        std::fs::remove_file(ours.path().join("7/stat")).unwrap();
        let rows = comparer(stock.path(), ours.path()).process("t", Pid::from_raw(7));
        assert_eq!(verdict(&rows, "7", "stat"), Verdict::Differs);
        assert_eq!(verdict(&rows, "7", DIRECTORY), Verdict::Differs);
    }

    #[test]
    fn every_thread_has_two_forms_and_the_leader_one() {
        let forms = forms(Pid::from_raw(7), &["7".into(), "9".into()], Depth::Full);
        let paths: Vec<_> = forms.iter().map(|form| form.path.as_str()).collect();
        assert_eq!(paths, ["7", "7/task/7", "9", "7/task/9"]);
        assert_eq!(forms[3].depth, Depth::Quick);
    }

    #[test]
    fn a_difference_replaces_what_moved() {
        let difference = |what: &str| Difference {
            what: what.into(),
            stock: Fact::Number(1),
            ours: Fact::Number(2),
        };
        let mut outcome = Outcome::default();
        outcome.add("a", Judgement::Unstable(vec![difference("moved")]));
        outcome.add("b", Judgement::Differs(vec![difference("differs")]));
        outcome.add("c", Judgement::Equal);
        let row = row("t", "f", "stat", outcome);
        assert_eq!(row.verdict, Verdict::Differs);
        assert_eq!(row.details.len(), 1);
        assert_eq!(row.details[0].what, "differs");
    }
}
