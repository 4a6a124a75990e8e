// SPDX-License-Identifier: GPL-2.0

//! What a person sees: a table, then what differs, then why something was left out, then one line
//! of totals.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};

use crate::row::{Detail, Row, Totals, Verdict};

mod diff;

/// How reports are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// With colours.
    pub colour: bool,
    /// Columns to fill; `None` where nobody counts them.
    pub width: Option<u16>,
    /// Every difference and every moving value, not just the first few.
    pub verbose: bool,
}

/// So many differences of one cell are shown unless all are asked for.
const SHOWN: usize = 6;

/// So many groups of cells are shown unless all are asked for.
const GROUPS: usize = 20;

/// The whole report.
pub fn whole(rows: &[Row], columns: &[&str], look: Look) -> String {
    let (checks, cells): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_check());
    let mut out = String::new();
    if !cells.is_empty() {
        out.push_str(&grid(&cells, columns, look));
    }
    if !checks.is_empty() {
        out.push_str(&check_list(&checks, look));
    }
    out.push_str(&differences(rows, look));
    out.push_str(&left_out(rows, look));
    out.push_str(&format!("\n{}\n", Totals::of(rows)));
    out
}

/// Targets down, files across. A mark stands for all forms of the target's directory, with their
/// number.
fn grid(rows: &[&Row], columns: &[&str], look: Look) -> String {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    let paint = |style: Style, text: String| painted(style, &text, look.colour);
    let head = |text: &str| Cell::new(paint(Style::new().bold(), text.into()));
    let named: Vec<_> = columns.iter().map(|column| head(column)).collect();
    table.set_header(std::iter::once(head("target")).chain(named));
    for target in in_order(rows.iter().map(|row| row.target.as_str())) {
        let of_target: Vec<_> = rows
            .iter()
            .filter(|row| row.target == target)
            .copied()
            .collect();
        let cells = columns.iter().map(|column| {
            let (style, text) = mark(of_target.iter().filter(|row| row.file == *column));
            Cell::new(paint(style, text))
        });
        table.add_row(std::iter::once(Cell::new(target)).chain(cells));
    }
    table.to_string() + "\n"
}

/// Scenarios with the number of their checks.
fn check_list(checks: &[&Row], look: Look) -> String {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(
            ["scenario", "checks"].map(|text| painted(Style::new().bold(), text, look.colour)),
        );
    for name in in_order(checks.iter().map(|row| row.target.as_str())) {
        let (style, text) = mark(checks.iter().filter(|row| row.target == name));
        table.add_row([name.to_string(), painted(style, &text, look.colour)]);
    }
    format!("\n{table}\n")
}

fn mark<'a, 'b: 'a>(cells: impl Iterator<Item = &'a &'b Row>) -> (Style, String) {
    let verdicts: Vec<_> = cells.map(|row| row.verdict).collect();
    let Some(worst) = verdicts.iter().max() else {
        return (Style::new().dimmed(), "-".into());
    };
    let count = verdicts.iter().filter(|verdict| *verdict == worst).count();
    let (style, sign) = match worst {
        Verdict::Equal => (colour(AnsiColor::Green), "="),
        Verdict::Differs => (colour(AnsiColor::Red).bold(), "≠"),
        Verdict::Unstable => (colour(AnsiColor::Yellow), "~"),
        Verdict::Skipped => (Style::new().dimmed(), "-"),
    };
    let text = match (count, verdicts.len()) {
        (_, 1) => sign.to_string(),
        (some, all) if some == all => format!("{sign} {all}"),
        (some, all) => format!("{sign} {some}/{all}"),
    };
    (style, text)
}

/// What differs: cells that differ in the same way are told of together.
pub fn differences(rows: &[Row], look: Look) -> String {
    let mut groups: Vec<(Vec<Detail>, Vec<&Row>)> = Vec::new();
    for row in rows.iter().filter(|row| row.verdict == Verdict::Differs) {
        let essence = essence(row);
        match groups.iter_mut().find(|(known, _)| *known == essence) {
            Some((_, group)) => group.push(row),
            None => groups.push((essence, vec![row])),
        }
    }
    let limit = if look.verbose { usize::MAX } else { GROUPS };
    let shown = groups.iter().take(limit);
    let mut out: String = shown.map(|(_, group)| difference(group, look)).collect();
    if groups.len() > limit {
        let left: usize = groups[limit..].iter().map(|(_, group)| group.len()).sum();
        out.push_str(&format!(
            "\n... and {left} more cells that differ (-v shows all)\n"
        ));
    }
    out
}

/// What makes a difference the same as another cell's: of contents, the lines that differ.
fn essence(row: &Row) -> Vec<Detail> {
    let reduced = |detail: &Detail| {
        let (stock, ours) = changed_lines(&detail.stock, &detail.ours);
        Detail {
            stock,
            ours,
            ..detail.clone()
        }
    };
    leading(row).into_iter().map(reduced).collect()
}

fn changed_lines(stock: &str, ours: &str) -> (String, String) {
    let (stock, ours): (Vec<_>, Vec<_>) = (stock.lines().collect(), ours.lines().collect());
    if stock.len() != ours.len() {
        return (stock.join("\n"), ours.join("\n"));
    }
    let changed: Vec<_> = stock
        .into_iter()
        .zip(ours)
        .filter(|(a, b)| a != b)
        .collect();
    let (stock, ours): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
    (stock.join("\n"), ours.join("\n"))
}

/// The probes whose answers are other whenever the content is.
const FOLLOW_FROM_CONTENT: &[&str] = &["reads", "offsets", "seeks", "dup", "operations"];

/// What to show of a cell: if the content differs, not what follows from that.
fn leading(row: &Row) -> Vec<&Detail> {
    let content = row.details.iter().any(|detail| detail.probe == "content");
    let follows = |detail: &&Detail| FOLLOW_FROM_CONTENT.contains(&detail.probe.as_str());
    row.details
        .iter()
        .filter(|detail| !(content && follows(detail)))
        .collect()
}

/// What differs in some cells alike.
fn difference(group: &[&Row], look: Look) -> String {
    let shown = if look.verbose { usize::MAX } else { 3 };
    let names: Vec<_> = group.iter().take(shown).map(|row| name(row)).collect();
    let mut title = names.join(", ");
    if group.len() > names.len() {
        title.push_str(&format!(" and {} more", group.len() - names.len()));
    }
    let details = leading(group[0]);
    let style = colour(AnsiColor::Red).bold();
    let mut out = format!("\n{}\n", painted(style, &format!("≠ {title}"), look.colour));
    let limit = if look.verbose { usize::MAX } else { SHOWN };
    for detail in details.iter().take(limit) {
        out.push_str(&one(detail, look));
    }
    if details.len() > limit {
        out.push_str(&format!(
            "  ... and {} more (-v shows all)\n",
            details.len() - limit
        ));
    }
    let following = group[0].details.len() - details.len();
    if following > 0 {
        out.push_str(&format!(
            "  and {following} more answers that follow from the content\n"
        ));
    }
    out
}

/// A cell in words.
fn name(row: &Row) -> String {
    match (row.form.as_str(), row.file.as_str()) {
        ("", "") => row.target.clone(),
        ("", file) => format!("{}: {file}", row.target),
        ("/", file) => format!("{} /{file}", row.target),
        (form, file) => format!("{} /{form}/{file}", row.target),
    }
}

fn one(detail: &Detail, look: Look) -> String {
    let what = format!("  {}: {}", detail.probe, detail.what);
    let lines = detail.stock.contains('\n') || detail.ours.contains('\n');
    let long = lines || detail.stock.len() + detail.ours.len() > 100;
    if detail.content && long {
        let sides = diff::side_by_side(&detail.stock, &detail.ours, look);
        return format!("{what}\n{sides}");
    }
    let stock = painted(colour(AnsiColor::Green), &detail.stock, look.colour);
    let ours = painted(colour(AnsiColor::Red), &detail.ours, look.colour);
    if long {
        format!("{what}\n    stock {stock}\n    ours  {ours}\n")
    } else {
        format!("{what}: stock {stock}, ours {ours}\n")
    }
}

/// What was skipped or unstable, and why; one line for each.
pub fn left_out(rows: &[Row], look: Look) -> String {
    let mut out = String::new();
    for row in rows {
        let line = match row.verdict {
            Verdict::Skipped => format!("- {}: {}", name(row), row.reason),
            Verdict::Unstable => format!("~ {}: {}", name(row), moved(row, look)),
            Verdict::Equal | Verdict::Differs => continue,
        };
        out.push('\n');
        out.push_str(&painted(colour(AnsiColor::Yellow), &line, look.colour));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Which values of an unstable cell moved: the first line that did, for each.
fn moved(row: &Row, look: Look) -> String {
    let limit = if look.verbose { usize::MAX } else { 2 };
    let told: Vec<_> = row.details.iter().take(limit).map(first_change).collect();
    let more = row.details.len().saturating_sub(limit);
    let rest = if more > 0 {
        format!(", and {more} more")
    } else {
        String::new()
    };
    format!("moves between stock readings: {}{rest}", told.join("; "))
}

fn first_change(detail: &Detail) -> String {
    let mut pairs = detail.stock.lines().zip(detail.ours.lines());
    let (one, two) = pairs
        .find(|(a, b)| a != b)
        .unwrap_or((&detail.stock, &detail.ours));
    let short = |text: &str| -> String {
        let text = text.replace('\n', "\\n");
        match text.char_indices().nth(60) {
            Some((at, _)) => format!("{}...", &text[..at]),
            None => text,
        }
    };
    format!(
        "{} {}: {} / {}",
        detail.probe,
        detail.what,
        short(one),
        short(two)
    )
}

fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

fn painted(style: Style, text: &str, colour: bool) -> String {
    if colour {
        format!("{style}{text}{style:#}")
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        colour: false,
        width: None,
        verbose: false,
    };

    fn row(target: &str, file: &str, verdict: Verdict) -> Row {
        Row {
            verdict,
            form: "7".into(),
            ..Row::skipped(target, file, "")
        }
    }

    #[test]
    fn a_table_has_a_mark_for_each_cell() {
        let rows = [
            row("sleeper", "stat", Verdict::Equal),
            row("sleeper", "maps", Verdict::Differs),
            row("worker", "stat", Verdict::Unstable),
        ];
        let text = grid(&rows.each_ref(), &["stat", "maps"], PLAIN);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(lines[0], ["target", "stat", "maps"]);
        assert_eq!(lines[1], ["sleeper", "=", "≠"]);
        assert_eq!(lines[2], ["worker", "~", "-"]);
    }

    #[test]
    fn forms_are_counted_and_the_worst_shows() {
        let rows = [
            row("t", "stat", Verdict::Equal),
            row("t", "stat", Verdict::Differs),
        ];
        assert!(grid(&rows.each_ref(), &["stat"], PLAIN).contains("≠ 1/2"));
    }

    #[test]
    fn the_last_line_is_the_totals() {
        let rows = [
            row("t", "stat", Verdict::Equal),
            Row::skipped("u", "stat", "no root"),
        ];
        let text = whole(&rows, &["stat"], PLAIN);
        assert_eq!(text.lines().last(), Some("1 passed, 0 failed, 1 skipped"));
        assert!(text.contains("- u: stat: no root"));
    }

    fn content(target: &str, stock: &str, ours: &str) -> Row {
        let detail = |probe: &str| Detail {
            probe: probe.into(),
            what: "content".into(),
            stock: stock.into(),
            ours: ours.into(),
            content: true,
        };
        Row {
            details: vec![detail("content"), detail("reads")],
            ..row(target, "status", Verdict::Differs)
        }
    }

    #[test]
    fn cells_that_differ_in_the_same_lines_are_told_together() {
        let rows = [
            content("one", "Pid: 1\nMask: 1\n", "Pid: 1\nMask: 01\n"),
            content("two", "Pid: 2\nMask: 1\n", "Pid: 2\nMask: 01\n"),
        ];
        let text = differences(&rows, PLAIN);
        assert!(text.contains("≠ one /7/status, two /7/status"));
        assert_eq!(text.matches('≠').count(), 1);
        assert!(text.contains("1 more answers that follow"));
    }

    #[test]
    fn cells_that_differ_otherwise_are_told_apart() {
        let rows = [
            content("one", "a\nb\n", "a\nc\n"),
            content("two", "a\nb\n", "a\nd\n"),
        ];
        assert_eq!(differences(&rows, PLAIN).matches('≠').count(), 2);
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let mut bad = row("t", "stat", Verdict::Differs);
        bad.details.push(Detail {
            probe: "attributes".into(),
            what: "lstat mode".into(),
            stock: "100444".into(),
            ours: "100400".into(),
            content: false,
        });
        let text = whole(&[bad], &["stat"], PLAIN);
        assert!(text.contains("attributes: lstat mode: stock 100444, ours 100400"));
    }
}
