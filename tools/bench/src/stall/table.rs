// SPDX-License-Identifier: GPL-2.0

//! What people see of a run.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::outcome::{Compared, FileOutcome, Outcome, Row, Times};

/// The whole: a table for nothing being read, and one for each file.
pub fn whole(outcome: &Outcome) -> String {
    let mut shown = format!(
        "{} MB, calls due each {:?}; each time is the median over the rounds\n\n\
         while nothing is read\n{}\n",
        outcome.target.megabytes,
        outcome.target.interval,
        alone(&outcome.nothing),
    );
    for file in &outcome.files {
        shown.push_str(&format!(
            "\nwhile {} is read ({} times stock's, {} times ours)\n{}\n",
            file.file.name(),
            file.reads.stock,
            file.reads.rustproc,
            beside(file),
        ));
    }
    shown
}

fn alone(rows: &[Row<Times>]) -> Table {
    let mut table = table(["call", "made", "median", "p99", "max"]);
    for row in rows {
        let times = &row.times;
        table.add_row([
            row.call.name().to_string(),
            times.made.to_string(),
            time(times.median),
            time(times.p99),
            time(times.max),
        ]);
    }
    align(&mut table);
    table
}

fn beside(file: &FileOutcome) -> Table {
    let mut table = table([
        "call", "made", "ours", "median", "ours", "ratio", "p99", "ours", "ratio", "max", "ours",
        "ratio",
    ]);
    for row in &file.calls {
        let Compared {
            times,
            median_ratio,
            p99_ratio,
            max_ratio,
        } = row.times;
        let (stock, ours) = (times.stock, times.rustproc);
        table.add_row([
            row.call.name().to_string(),
            stock.made.to_string(),
            ours.made.to_string(),
            time(stock.median),
            time(ours.median),
            ratio(median_ratio),
            time(stock.p99),
            time(ours.p99),
            ratio(p99_ratio),
            time(stock.max),
            time(ours.max),
            ratio(max_ratio),
        ]);
    }
    align(&mut table);
    table
}

fn table<const COLUMNS: usize>(head: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head.map(Cell::new));
    table
}

/// Numbers to the right.
fn align(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

/// A time with three digits and the unit that suits it.
fn time(nanoseconds: u64) -> String {
    let value = nanoseconds as f64;
    let (value, unit) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (value / 1e3, "us"),
        1_000_000..1_000_000_000 => (value / 1e6, "ms"),
        _ => (value / 1e9, "s"),
    };
    let decimals = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

fn ratio(ratio: f64) -> String {
    let decimals = if ratio < 0.1 { 4 } else { 2 };
    format!("{ratio:.decimals$}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::call::Call;
    use super::super::outcome::Both;
    use super::super::plan::File;
    use super::super::target::Setting;
    use super::*;

    #[test]
    fn times_have_three_digits() {
        assert_eq!(time(0), "0 ns");
        assert_eq!(time(999), "999 ns");
        assert_eq!(time(1_000), "1.00 us");
        assert_eq!(time(12_340), "12.3 us");
        assert_eq!(time(123_400_000), "123 ms");
        assert_eq!(time(2_500_000_000), "2.50 s");
    }

    #[test]
    fn small_ratios_keep_their_digits() {
        assert_eq!(ratio(1.234), "1.23");
        assert_eq!(ratio(0.00123), "0.0012");
    }

    #[test]
    fn stock_stands_beside_ours() {
        let times = |max| Times {
            made: 3,
            median: max / 2,
            p99: max,
            max,
            longest: max,
        };
        let compared = Compared {
            times: Both {
                stock: times(4_000_000),
                rustproc: times(40_000),
            },
            median_ratio: 0.01,
            p99_ratio: 0.01,
            max_ratio: 0.01,
        };
        let outcome = Outcome {
            target: Setting {
                megabytes: 1024,
                interval: Duration::from_millis(1),
            },
            nothing: vec![Row {
                call: Call::Mmap,
                times: times(1000),
            }],
            files: vec![FileOutcome {
                file: File::Smaps,
                reads: Both {
                    stock: 3,
                    rustproc: 9,
                },
                calls: vec![Row {
                    call: Call::Mmap,
                    times: compared,
                }],
            }],
        };
        let shown = whole(&outcome);
        assert!(shown.contains("while smaps is read (3 times stock's, 9 times ours)"));
        assert!(shown.contains("4.00 ms"));
        assert!(shown.contains("0.0100"));
    }
}
