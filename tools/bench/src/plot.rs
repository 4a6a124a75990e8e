// SPDX-License-Identifier: GPL-2.0

//! Draws ratios: a bar for each row, in groups, in two columns.
//!
//! What is counted in bytes is left out: one unit, one look.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{anyhow, Context, Result};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::row::{Report, Row, Unit};

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

const WIDTH: i32 = 1040;
/// Of the title, above the columns.
const TOP: i32 = 74;
const MARGIN: i32 = 16;
/// From one bar to the next.
const LINE: i32 = 15;
/// From the last bar of a group to its neighbour's first.
const GAP: i32 = 28;
/// Of the names beside the bars.
const NAMES: i32 = 190;
/// How long a bar for the ratio 1 is.
const ONE: f64 = 228.0;
/// How long the ratio is as a text.
const VALUE: i32 = 32;
/// Where longer bars are cut.
const MOST: f64 = 1.25;

// Readable on its own background, whatever is around it.
const PAPER: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(36, 41, 47);
const FAINT: RGBColor = RGBColor(110, 119, 129);
const CHEAPER: RGBColor = RGBColor(206, 92, 28);
const DEARER: RGBColor = RGBColor(110, 119, 129);

/// Rows that belong together.
struct Group<'a> {
    title: String,
    rows: Vec<&'a Row>,
}

impl Group<'_> {
    fn height(&self) -> i32 {
        self.rows.len() as i32 * LINE + GAP
    }

    /// What a row is called beside others of its group: by that in which they differ.
    fn label(&self, row: &Row) -> String {
        let parts: [fn(&Row) -> &str; 3] = [|r| &r.operation, |r| &r.file, |r| &r.workload];
        let differs = |part: &fn(&Row) -> &str| {
            let names: BTreeSet<&str> = self.rows.iter().map(|row| part(row)).collect();
            names.len() > 1
        };
        let names: Vec<&str> = parts
            .iter()
            .filter(|part| differs(part))
            .map(|part| part(row))
            .collect();
        match names.is_empty() {
            true => row.file.clone(),
            false => names.join("  "),
        }
    }
}

/// Draws a report into a file.
pub fn draw(report: &Report, path: &Path) -> Result<()> {
    let mut picture = String::from("<!-- SPDX-License-Identifier: GPL-2.0 -->\n");
    draw_into(report, &mut picture)?;
    fs::write(path, picture).with_context(|| path.display().to_string())
}

fn draw_into(report: &Report, picture: &mut String) -> Result<()> {
    let rows = report.rows.iter().filter(|row| row.unit != Unit::Bytes);
    let rows: Vec<&Row> = rows.collect();
    let columns = columns(groups(&rows));
    let height = |column: &Vec<Group<'_>>| column.iter().map(Group::height).sum::<i32>();
    let height = TOP + columns.iter().map(height).max().unwrap_or_default() + MARGIN;
    let area = SVGBackend::with_string(picture, (WIDTH as u32, height as u32)).into_drawing_area();
    drawn(area.fill(&PAPER))?;
    let unit = rows.first().map_or("", |row| row.unit.name());
    title(&area, unit, &report.kernel)?;
    for (number, column) in columns.iter().enumerate() {
        let left = MARGIN + number as i32 * WIDTH / 2;
        let mut top = TOP;
        for group in column {
            draw_group(&area, group, left, top)?;
            top += group.height();
        }
    }
    drawn(area.present())
}

fn drawn<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T> {
    result.map_err(|error| anyhow!("can't draw: {error}"))
}

/// The rows, by what is done.
fn groups<'a>(rows: &[&'a Row]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for row in rows {
        let title = group_title(row);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                title,
                rows: vec![row],
            }),
        }
    }
    groups
}

fn group_title(row: &Row) -> String {
    match row.operation.as_str() {
        "read" => format!("read, {}", row.workload),
        "open+read+close" | "open+close" => format!("{}, {}", row.operation, row.workload),
        "stat" | "lookup" | "lookup-fresh" | "lookup-missing" => "stat(2) and path lookup".into(),
        "readdir" => "readdir".into(),
        name if name.starts_with("query") => "ioctl PROCMAP_QUERY".into(),
        name if name.starts_with("scan") => "ioctl PAGEMAP_SCAN".into(),
        _ => "clear_refs".into(),
    }
}

/// Two columns of about the same height.
fn columns(groups: Vec<Group<'_>>) -> [Vec<Group<'_>>; 2] {
    let all: i32 = groups.iter().map(Group::height).sum();
    let mut columns = [Vec::new(), Vec::new()];
    let mut above = 0;
    for group in groups {
        let column = usize::from(above + group.height() / 2 > all / 2);
        above += group.height();
        columns[column].push(group);
    }
    columns
}

fn title(area: &Area<'_>, unit: &str, kernel: &str) -> Result<()> {
    let words = "What rustproc costs, as a part of what stock procfs costs";
    drawn(area.draw_text(words, &heading(19), (MARGIN, 22)))?;
    let words = format!(
        "{unit} on Linux {kernel}. Shorter is better; the line at 1 is stock, a tick is a goal below that."
    );
    drawn(area.draw_text(&words, &text(13, FAINT), (MARGIN, 46)))
}

fn draw_group(area: &Area<'_>, group: &Group<'_>, left: i32, top: i32) -> Result<()> {
    let bars = left + NAMES;
    drawn(area.draw_text(&group.title, &heading(13), (left, top + LINE / 2)))?;
    for (number, row) in group.rows.iter().enumerate() {
        let middle = top + LINE * (number as i32 + 1) + LINE / 2 + 2;
        let name = group.label(row);
        drawn(area.draw_text(&name, &ending(12), (bars - 6, middle)))?;
        draw_bar(area, row, bars, middle)?;
    }
    let bottom = top + LINE * (group.rows.len() as i32 + 1) + 3;
    let one = bars + ONE as i32;
    line(area, (one, top + LINE), (one, bottom), INK, 1)
}

fn draw_bar(area: &Area<'_>, row: &Row, left: i32, middle: i32) -> Result<()> {
    let x = |ratio: f64| left + (ratio.min(MOST) * ONE) as i32;
    let colour = if row.ratio <= 1.005 { CHEAPER } else { DEARER };
    let bar = [(left, middle - 5), (x(row.ratio), middle + 5)];
    drawn(area.draw(&Rectangle::new(bar, colour.filled())))?;
    let goal = x(row.goal);
    if row.goal < 1.0 {
        line(area, (goal, middle - 7), (goal, middle + 7), INK, 2)?;
    }
    let value = format!("{:.2}", row.ratio);
    // Not across a line.
    let mut end = x(row.ratio);
    for line in [goal, x(1.0)] {
        if (end..end + VALUE).contains(&line) {
            end = line;
        }
    }
    drawn(area.draw_text(&value, &text(11, INK), (end + 5, middle)))
}

fn line(
    area: &Area<'_>,
    from: (i32, i32),
    to: (i32, i32),
    colour: RGBColor,
    width: u32,
) -> Result<()> {
    drawn(area.draw(&PathElement::new([from, to], colour.stroke_width(width))))
}

/// Text that begins at a point.
fn text(size: i32, colour: RGBColor) -> TextStyle<'static> {
    let style = ("sans-serif", size).into_font().color(&colour);
    style.pos(Pos::new(HPos::Left, VPos::Center))
}

/// The same, with more weight.
fn heading(size: i32) -> TextStyle<'static> {
    let font = ("sans-serif", size, FontStyle::Bold).into_font();
    TextStyle {
        font,
        ..text(size, INK)
    }
}

/// Text that ends at a point.
fn ending(size: i32) -> TextStyle<'static> {
    text(size, INK).pos(Pos::new(HPos::Right, VPos::Center))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(file: &str, operation: &str, workload: &str) -> Row {
        Row {
            file: file.into(),
            operation: operation.into(),
            workload: workload.into(),
            unit: Unit::Instructions,
            stock: 4.0,
            rustproc: 1.0,
            ratio: 0.25,
            spread: 0.0,
            goal: 0.3,
        }
    }

    #[test]
    fn rows_are_named_by_what_differs() {
        let rows = [
            row("stat", "read", "shell"),
            row("maps", "read", "shell"),
            row("stat", "lookup", "shell"),
            row("stat", "lookup-fresh", "crowd"),
        ];
        let groups = groups(&rows.iter().collect::<Vec<_>>());
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].label(&rows[1]), "maps");
        assert_eq!(groups[1].label(&rows[3]), "lookup-fresh  crowd");
    }

    #[test]
    fn columns_are_about_as_high() {
        let names: Vec<String> = (0..10).map(|n| format!("w{n}")).collect();
        let rows: Vec<Row> = names.iter().map(|name| row("stat", "read", name)).collect();
        let columns = columns(groups(&rows.iter().collect::<Vec<_>>()));
        assert_eq!((columns[0].len(), columns[1].len()), (5, 5));
    }

    #[test]
    fn a_report_is_drawn() {
        let report = Report {
            kernel: "7.3".into(),
            workloads: Vec::new(),
            rows: vec![row("smaps", "read", "shell")],
        };
        let mut text = String::new();
        draw_into(&report, &mut text).unwrap();
        assert!(text.starts_with("<svg"));
        assert!(text.contains("smaps") && text.contains("0.25"));
    }
}
