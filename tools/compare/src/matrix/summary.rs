// SPDX-License-Identifier: GPL-2.0

//! What a person sees of the matrix: a line for each reader, what differs, the number of cells.

use std::collections::BTreeSet;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::look::Heard;
use super::reader::Reader;
use super::Scene;
use crate::report::{self, Look};
use crate::row::{Row, Totals, Verdict};

/// A line for each reader, and one for all.
pub fn table(scene: &Scene, all: &[(Reader, Heard)]) -> String {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["reader", "cells", "granted", "refused", "≠", "~", "s"]);
    for (reader, heard) in all {
        let [granted, refused] = answers(heard);
        let count = |verdict| {
            heard
                .rows
                .iter()
                .filter(|row| row.verdict == verdict)
                .count()
        };
        table.add_row([
            reader.name.to_string(),
            grouped(heard.cells.len()),
            grouped(granted),
            grouped(refused),
            grouped(count(Verdict::Differs)),
            grouped(count(Verdict::Unstable)),
            format!("{:.1}", heard.time.as_secs_f64()),
        ]);
    }
    format!("{table}\n\n{}\n", sum(scene, all))
}

fn sum(scene: &Scene, all: &[(Reader, Heard)]) -> String {
    let cells: usize = all.iter().map(|(_, heard)| heard.cells.len()).sum();
    let names: BTreeSet<_> = scene
        .cast
        .members
        .iter()
        .flat_map(|member| scene.names(member))
        .map(|(_, name)| name.path)
        .collect();
    let core = names_of_all_sets(scene);
    let answers = all.iter().map(|(_, heard)| answers(heard));
    let [granted, refused] = answers.fold([0, 0], |sum, more| [sum[0] + more[0], sum[1] + more[1]]);
    format!(
        "matrix: {} cells: {} readers x {} targets x {} names x {} mount options \
         ({core} of the names with every option); {} answers granted, {} refused",
        grouped(cells),
        all.len(),
        scene.cast.members.len(),
        names.len(),
        scene.mounted.len(),
        grouped(granted),
        grouped(refused),
    )
}

fn names_of_all_sets(scene: &Scene) -> usize {
    let names = scene.choice.names.iter().chain(&scene.choice.root_names);
    let core: BTreeSet<_> = names
        .filter(|name| name.core)
        .map(|name| name.path)
        .collect();
    core.len()
}

/// How many answers were no errors, and how many were.
fn answers(heard: &Heard) -> [usize; 2] {
    heard.cells.iter().fold([0, 0], |sum, cell| {
        [
            sum[0] + usize::from(cell.granted),
            sum[1] + usize::from(cell.denied),
        ]
    })
}

/// How many cells are equal.
pub fn equal(all: &[(Reader, Heard)]) -> usize {
    let of = |(_, heard): &(Reader, Heard)| {
        let told = heard.rows.iter().filter(|row| !is_mount(row));
        heard.cells.len() - told.count()
    };
    all.iter().map(of).sum()
}

/// Whether it is about mounting, and no cell of a reader.
fn is_mount(row: &Row) -> bool {
    !row.target.contains(" asks ")
}

/// All of it: cells that are equal have no row.
pub fn totals(equal: usize, rows: &[Row]) -> Totals {
    let mut totals = Totals::of(rows);
    totals.passed += equal;
    totals
}

/// The whole report.
pub fn whole(table: &str, rows: &[Row], totals: Totals, look: Look) -> String {
    let (details, left_out) = (
        report::differences(rows, look),
        report::left_out(rows, look),
    );
    format!("{details}{left_out}\n{table}\n{totals}\n")
}

/// A number with a comma after each three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_threes() {
        let numbers = [0, 12, 123, 1234, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "12", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn equal_cells_without_rows_are_passed() {
        let rows = [Row::skipped("a asks b", "stat", "")];
        assert_eq!(
            totals(5, &rows).to_string(),
            "5 passed, 0 failed, 1 skipped"
        );
    }
}
