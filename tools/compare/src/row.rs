// SPDX-License-Identifier: GPL-2.0

//! The result of comparing one cell, as it is reported and as it goes from a helper process to the
//! one that reports.

use serde::{Deserialize, Serialize};

use crate::fact::{Difference, Fact};

/// What a cell came to. Ordered by how much it matters: of several, the greatest stands for all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every probe equal.
    Equal,
    /// Not compared, for a reason that is told.
    Skipped,
    /// Stock itself kept moving.
    Unstable,
    /// At least one probe differs.
    Differs,
}

/// One difference, in printable text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Detail {
    /// The probe that saw it.
    pub probe: String,
    /// The question within the probe.
    pub what: String,
    /// Stock's answer.
    pub stock: String,
    /// Our answer. For an unstable cell, what differed: stock's second answer comes first, ours
    /// isn't told.
    pub ours: String,
    /// Both are file contents, to be shown side by side.
    pub content: bool,
}

impl Detail {
    /// A difference that a probe found.
    pub fn new(probe: &str, difference: &Difference) -> Detail {
        let bytes = |fact: &Fact| matches!(fact, Fact::Bytes(_) | Fact::Words(_));
        Detail {
            probe: probe.into(),
            what: difference.what.clone(),
            stock: difference.stock.display(),
            ours: difference.ours.display(),
            content: bytes(&difference.stock) && bytes(&difference.ours),
        }
    }
}

/// One cell: a target, a form of its directory, a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The target or scenario.
    pub target: String,
    /// The directory, in words: `<pid>`, `<tid>`, `<pid>/task/<tid>`, with numbers.
    pub form: String,
    /// The file, `.` for the directory itself, `(others)` for the names passed through; for a
    /// scenario, the check.
    pub file: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Why it was skipped; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What differs, or what moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

impl Row {
    /// Whether it is a scenario's check, not a cell of a directory.
    pub fn is_check(&self) -> bool {
        self.form.is_empty() && self.verdict != Verdict::Skipped
    }

    /// A target or check that could not be had.
    pub fn skipped(target: &str, file: &str, reason: impl Into<String>) -> Row {
        Row {
            target: target.into(),
            form: String::new(),
            file: file.into(),
            verdict: Verdict::Skipped,
            reason: reason.into(),
            details: Vec::new(),
        }
    }
}

/// How many cells came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Equal.
    pub passed: usize,
    /// Different.
    pub failed: usize,
    /// Left out or unstable: no word on equality either way.
    pub skipped: usize,
}

impl Totals {
    /// Counts.
    pub fn of(rows: &[Row]) -> Totals {
        let mut totals = Totals::default();
        for row in rows {
            match row.verdict {
                Verdict::Equal => totals.passed += 1,
                Verdict::Differs => totals.failed += 1,
                Verdict::Skipped | Verdict::Unstable => totals.skipped += 1,
            }
        }
        totals
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: Verdict) -> Row {
        Row {
            verdict,
            ..Row::skipped("t", "stat", "")
        }
    }

    #[test]
    fn unstable_is_never_passed() {
        let totals = Totals::of(&[row(Verdict::Equal), row(Verdict::Unstable)]);
        assert_eq!(totals.to_string(), "1 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn nothing_skipped_is_not_told() {
        let totals = Totals::of(&[row(Verdict::Equal), row(Verdict::Differs)]);
        assert_eq!(totals.to_string(), "1 passed, 1 failed");
    }

    #[test]
    fn a_difference_outweighs_all() {
        let worst = [Verdict::Unstable, Verdict::Differs, Verdict::Equal]
            .into_iter()
            .max();
        assert_eq!(worst, Some(Verdict::Differs));
    }

    #[test]
    fn rows_survive_the_way_between_processes() {
        let row = row(Verdict::Skipped);
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
    }
}
