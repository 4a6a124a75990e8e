// SPDX-License-Identifier: GPL-2.0

//! Results, for people and for machines.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::statistics::{median, minimum, spread};

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Instructions of the guest.
    Instructions,
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes of the kernel's memory.
    Bytes,
}

impl Unit {
    /// What it is called in text.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Instructions => "Instructions",
            Unit::Nanoseconds => "Nanoseconds",
            Unit::Bytes => "Bytes",
        }
    }
}

/// One thing that was measured in both trees.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The file, as in the cases.
    pub file: String,
    /// What was done with it.
    pub operation: String,
    /// Whose file it is.
    pub workload: String,
    /// What the next two count.
    pub unit: Unit,
    /// What it costs in stock's tree.
    pub stock: f64,
    /// What it costs in ours.
    pub rustproc: f64,
    /// Ours over stock's.
    pub ratio: f64,
    /// How far the middle half of the pairs lies apart, as a part of the ratio.
    pub spread: f64,
    /// What the ratio should be at most.
    pub goal: f64,
}

impl Row {
    /// What pairs of measurements come to.
    pub fn new(case: &Case, unit: Unit, stock: &[f64], ours: &[f64]) -> Row {
        let pairs = stock.iter().zip(ours);
        let ratios: Vec<f64> = pairs.map(|(stock, ours)| ours / stock).collect();
        let (stock, rustproc, ratio) = match unit {
            // What interrupts add can only be more.
            Unit::Instructions => {
                let (stock, ours) = (minimum(stock), minimum(ours));
                (stock, ours, ours / stock)
            }
            _ => (median(stock), median(ours), median(&ratios)),
        };
        Row {
            file: case.file.into(),
            operation: case.operation.name().into(),
            workload: case.workload.name().into(),
            unit,
            stock,
            rustproc,
            ratio,
            spread: spread(&ratios),
            goal: case.goal,
        }
    }

    /// Whether the ratio is what it should be, but for what no measurement can tell.
    pub fn met(&self) -> bool {
        self.ratio <= self.goal + 0.005
    }
}

/// All that was measured, and where.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The kernel's release.
    pub kernel: String,
    /// What the workloads have come to.
    pub workloads: Vec<String>,
    /// What was measured.
    pub rows: Vec<Row>,
}

impl Report {
    /// All of it, for people.
    pub fn text(&self) -> String {
        let workloads = self.workloads.iter().map(|line| format!("# {line}\n"));
        workloads.collect::<String>() + &table(&self.rows)
    }
}

/// A table of rows, and how many goals are met.
fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header([
        "file",
        "operation",
        "workload",
        "stock",
        "rustproc",
        "ratio",
        "spread",
        "goal",
        "",
    ]);
    for row in rows {
        table.add_row([
            row.file.clone(),
            row.operation.clone(),
            row.workload.clone(),
            grouped(row.stock),
            grouped(row.rustproc),
            format!("{:.2}", row.ratio),
            format!("{:.1} %", row.spread * 100.0),
            format!("{:.2}", row.goal),
            if row.met() { "met" } else { "MISSED" }.into(),
        ]);
    }
    for column in table.column_iter_mut().skip(3).take(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let met = rows.iter().filter(|row| row.met()).count();
    format!("{table}\n{met} of {} goals met", rows.len())
}

/// A number with a comma at every third digit.
fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn example() -> Row {
        Row {
            file: "smaps".into(),
            operation: "read".into(),
            workload: "shell".into(),
            unit: Unit::Instructions,
            stock: 1234567.0,
            rustproc: 308641.0,
            ratio: 0.25,
            spread: 0.001,
            goal: 0.25,
        }
    }

    #[test]
    fn instructions_are_the_least_and_times_the_middle() {
        let case = crate::case::all()[0];
        let (stock, ours) = ([10.0, 20.0, 40.0], [5.0, 20.0, 10.0]);
        let values = |row: Row| (row.stock, row.rustproc, row.ratio);
        let counted = Row::new(&case, Unit::Instructions, &stock, &ours);
        assert_eq!(values(counted), (10.0, 5.0, 0.5));
        let timed = Row::new(&case, Unit::Nanoseconds, &stock, &ours);
        assert_eq!(values(timed), (20.0, 10.0, 0.5));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0.4), "0");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(1000.0), "1,000");
        assert_eq!(grouped(1234567.8), "1,234,568");
    }

    #[test]
    fn rows_survive_their_way_through_json() {
        let report = Report {
            kernel: "7.3".into(),
            workloads: vec!["shell: 20 VMAs".into()],
            rows: vec![example()],
        };
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.contains(r#""unit":"instructions","stock":1234567.0"#));
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn tables_say_which_goals_are_met() {
        let missed = Row {
            goal: 0.2,
            ..example()
        };
        let text = table(&[example(), missed]);
        assert!(text.ends_with("1 of 2 goals met"), "{text}");
        assert_eq!(text.matches("MISSED").count(), 1);
        assert!(text.contains("1,234,567"));
    }
}
