// SPDX-License-Identifier: GPL-2.0

//! Two contents side by side, changed lines only with a line of context.

use std::fmt::Write as _;

use anstyle::AnsiColor;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, Color, ContentArrangement, Table};
use similar::{ChangeTag, DiffTag, TextDiff};

use super::{colour, painted, Look};

/// So many lines of a diff are shown unless all are asked for.
const LINES: usize = 40;

/// How wide a diff is where there is no terminal to fill.
const WIDTH: u16 = 140;

/// Stock on the left, ours on the right.
pub fn side_by_side(stock: &str, ours: &str, look: Look) -> String {
    let (stock, ours) = if stock.lines().count().max(ours.lines().count()) <= 1 {
        // One long line of words: each gets a line of its own.
        (words(stock), words(ours))
    } else {
        (stock.to_string(), ours.to_string())
    };
    let diff = TextDiff::from_lines(stock.as_str(), ours.as_str());
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(look.width.unwrap_or(WIDTH));
    if look.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(["", "stock", "ours"]);
    let mut lines = 0;
    let limit = if look.verbose { usize::MAX } else { LINES };
    for group in diff.grouped_ops(1) {
        for op in group {
            for line in aligned(&diff, &op) {
                lines += 1;
                if lines <= limit {
                    table.add_row(line.cells());
                }
            }
        }
    }
    let mut out = table.to_string() + "\n";
    if lines > limit {
        let more = format!("... and {} lines more (-v shows all)", lines - limit);
        out.push_str(&painted(colour(AnsiColor::Yellow), &more, look.colour));
        out.push('\n');
    }
    out
}

fn words(text: &str) -> String {
    let mut out = String::new();
    for (i, word) in text.split(' ').enumerate() {
        let _ = writeln!(out, "{:>3} {}", i + 1, word.trim_end());
    }
    out
}

/// One line of the table.
struct Line {
    number: Option<usize>,
    left: String,
    right: String,
    changed: bool,
}

impl Line {
    fn cells(&self) -> [Cell; 3] {
        let number = self.number.map(|n| (n + 1).to_string()).unwrap_or_default();
        let paint = |text: &str, colour| {
            let cell = Cell::new(text);
            if self.changed {
                cell.fg(colour)
            } else {
                cell
            }
        };
        [
            Cell::new(number),
            paint(&self.left, Color::Green),
            paint(&self.right, Color::Red),
        ]
    }
}

/// The lines of one step of the diff, what was deleted beside what came instead.
fn aligned(diff: &TextDiff<'_, '_, str>, op: &similar::DiffOp) -> Vec<Line> {
    let text = |tag: ChangeTag| -> Vec<String> {
        let changes = diff.iter_changes(op).filter(|change| change.tag() == tag);
        changes
            .map(|change| change.value().trim_end_matches('\n').to_string())
            .collect()
    };
    let changed = op.tag() != DiffTag::Equal;
    let (left, right) = if changed {
        (text(ChangeTag::Delete), text(ChangeTag::Insert))
    } else {
        (text(ChangeTag::Equal), text(ChangeTag::Equal))
    };
    let first = op.old_range().start;
    (0..left.len().max(right.len()))
        .map(|i| Line {
            number: (i < left.len()).then_some(first + i),
            left: left.get(i).cloned().unwrap_or_default(),
            right: right.get(i).cloned().unwrap_or_default(),
            changed,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        colour: false,
        width: Some(100),
        verbose: false,
    };

    #[test]
    fn a_changed_line_stands_beside_its_other_side() {
        let text = side_by_side(
            "Name: a\nState: S\nTgid: 1\n",
            "Name: a\nState: R\nTgid: 1\n",
            PLAIN,
        );
        let line = text.lines().find(|line| line.contains("State: S")).unwrap();
        assert!(line.contains("State: R"));
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_single_long_line_is_compared_by_words() {
        let text = side_by_side("7 (a) S 1 2", "7 (a) S 1 3", PLAIN);
        let line = text.lines().find(|line| line.contains("5 2")).unwrap();
        assert!(line.contains("5 3"));
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let text = side_by_side(
            "a\n",
            "b\n",
            Look {
                colour: true,
                ..PLAIN
            },
        );
        assert!(text.contains('\u{1b}'));
    }

    #[test]
    fn a_line_only_one_side_has_is_shown() {
        let text = side_by_side("a\nb\n", "a\n", PLAIN);
        assert!(text.lines().any(|line| line.contains('b')));
    }
}
