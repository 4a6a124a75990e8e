// SPDX-License-Identifier: GPL-2.0

//! Whether stock could have shown these bytes: the form of each file, and what always holds.
//!
//! A target changes while it is looked at, so nothing is said about what values are: only about what
//! one record says about itself.

mod areas;
mod entries;
mod fields;
mod sizes;

use std::collections::BTreeSet;

pub use entries::{pagemap, regions};

/// What the files of this kernel look like, as stock shows them of this process.
#[derive(Debug, Default)]
pub struct Forms {
    /// The labels of `status`, in order.
    status: Vec<String>,
    /// The labels of `smaps`, in order.
    smaps: Vec<String>,
    /// The labels of `smaps_rollup`, in order.
    rollup: Vec<String>,
    /// How many fields `stat` has after the name.
    stat: usize,
}

impl Forms {
    /// Learns from stock.
    pub fn learn() -> std::io::Result<Forms> {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}"));
        let stat = read("stat")?;
        let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        Ok(Forms {
            status: labels(&read("status")?, 0),
            smaps: first_record(&labels(&read("smaps")?, 1)),
            rollup: labels(&read("smaps_rollup")?, 1),
            stat: after.split_whitespace().count(),
        })
    }
}

/// The words before the colons, from a line on.
fn labels(text: &str, skipped: usize) -> Vec<String> {
    let words = text.lines().skip(skipped);
    let words = words.filter_map(|line| line.split_once(':'));
    words.map(|(label, _)| label.to_string()).collect()
}

/// The labels before the first that comes again; headers of further records are none.
fn first_record(labels: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let new = labels
        .iter()
        .take_while(|label| seen.insert(label.as_str()));
    new.filter(|label| !label.contains('-') && !label.contains(' '))
        .cloned()
        .collect()
}

/// What is wrong, in words.
pub type Verdict = Result<u64, String>;

/// What was read of a file from its beginning on, and what it is the file of.
pub struct Reading<'a> {
    pub name: &'a str,
    /// The number of the task, if the path says so.
    pub pid: Option<i32>,
    pub bytes: &'a [u8],
    /// Whether the end was reached.
    pub complete: bool,
}

/// Judges it; answers how many lines.
pub fn text(forms: &Forms, reading: &Reading<'_>) -> Verdict {
    if let Some(at) = reading.bytes.iter().position(|&byte| foreign(byte)) {
        return Err(format!(
            "byte {:#04x} at {at} of {}: {}",
            reading.bytes[at],
            reading.name,
            near(reading.bytes, at)
        ));
    }
    let text = String::from_utf8_lossy(reading.bytes);
    let whole = match reading.name {
        // A single line without an end.
        "children" => return fields::children(&text, reading.complete),
        _ => whole_lines(&text, reading.complete)?,
    };
    match reading.name {
        // Names with newlines are shown as they are: who doesn't have it all can't tell which is the last.
        "stat" if !reading.complete => Ok(0),
        "stat" => fields::stat(forms.stat, whole, reading.pid),
        "statm" => fields::statm(whole),
        "status" => fields::status(&forms.status, whole, reading.pid),
        "maps" => areas::maps(whole),
        "numa_maps" => areas::numa_maps(whole),
        "smaps" => sizes::smaps(&forms.smaps, whole),
        "smaps_rollup" => sizes::rollup(&forms.rollup, whole),
        _ => Ok(0),
    }
}

/// Judges a piece from the middle of a text: its bytes only.
pub fn piece(bytes: &[u8]) -> Verdict {
    match bytes.iter().position(|&byte| foreign(byte)) {
        Some(at) => Err(format!(
            "byte {:#04x} at {at}: {}",
            bytes[at],
            near(bytes, at)
        )),
        None => Ok(0),
    }
}

/// What no text has: names that come from tasks are escaped or printable, or not ASCII.
fn foreign(byte: u8) -> bool {
    byte == 0x7f || byte < b' ' && byte != b'\n' && byte != b'\t'
}

/// The lines that are whole. At the end, all must be.
fn whole_lines(text: &str, complete: bool) -> Result<&str, String> {
    match text.rfind('\n') {
        Some(end) if end + 1 == text.len() || !complete => Ok(&text[..end + 1]),
        None if text.is_empty() || !complete => Ok(""),
        _ => Err(format!(
            "the last line has no end: {:?}",
            &text[text.rfind('\n').map_or(0, |end| end + 1)..]
        )),
    }
}

/// The bytes around a place, escaped.
fn near(bytes: &[u8], at: usize) -> String {
    let from = at.saturating_sub(80);
    let to = (at + 80).min(bytes.len());
    bytes[from..to].escape_ascii().to_string()
}

/// A hexadecimal number of at least so many digits, as procfs pads it.
fn hex(word: &str, least: usize) -> Result<u64, String> {
    let padded = word.len() == least || word.len() > least && !word.starts_with('0');
    match u64::from_str_radix(word, 16) {
        Ok(number) if padded && !word.contains('+') && word == word.to_lowercase() => Ok(number),
        _ => Err(format!(
            "{word:?} is no hexadecimal number of {least} digits"
        )),
    }
}

/// A decimal number without anything around it.
fn decimal(word: &str) -> Result<u64, String> {
    match word.parse() {
        Ok(number) if word.len() == 1 || !word.starts_with(['0', '+']) => Ok(number),
        _ => Err(format!("{word:?} is no decimal number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stock's own files must be such as stock could show.
    #[test]
    fn stock_passes() {
        let forms = Forms::learn().unwrap();
        let pid = std::process::id() as i32;
        for name in [
            "stat",
            "statm",
            "status",
            "maps",
            "smaps",
            "smaps_rollup",
            "numa_maps",
        ] {
            let Ok(bytes) = std::fs::read(format!("/proc/{pid}/{name}")) else {
                continue;
            };
            let reading = Reading {
                name,
                pid: Some(pid),
                bytes: &bytes,
                complete: true,
            };
            assert!(text(&forms, &reading).unwrap_or_else(|why| panic!("{name}: {why}")) > 0);
        }
    }

    #[test]
    fn a_part_of_stat_may_end_within_a_name() {
        let forms = Forms {
            stat: 3,
            ..Forms::default()
        };
        let judge = |bytes: &[u8], complete| {
            let name = "stat";
            let pid = Some(7);
            text(
                &forms,
                &Reading {
                    name,
                    pid,
                    bytes,
                    complete,
                },
            )
        };
        assert_eq!(judge(b"7 (a)\nb) S 1 2\n", true), Ok(1));
        assert_eq!(judge(b"7 (a)\nb", false), Ok(0));
        assert!(judge(b"7 (a)\n", true).is_err());
    }

    #[test]
    fn torn_and_foreign_bytes_are_told() {
        let forms = Forms::default();
        let judge = |bytes: &[u8], complete| {
            let name = "statm";
            text(
                &forms,
                &Reading {
                    name,
                    pid: None,
                    bytes,
                    complete,
                },
            )
        };
        assert_eq!(judge(b"9 5 4 3 0 1 0\n", true), Ok(1));
        assert_eq!(judge(b"9 5 4", false), Ok(0));
        assert!(judge(b"9 5 4 3 0 1 0", true)
            .unwrap_err()
            .contains("no end"));
        assert!(judge(b"9 5 \x004 3 0 1 0\n", true)
            .unwrap_err()
            .contains("0x00"));
        assert!(judge(b"9 5 6 3 0 1 0\n", true).is_err());
        assert!(judge(b"9 5 4 3 0 1\n", true).is_err());
    }
}
