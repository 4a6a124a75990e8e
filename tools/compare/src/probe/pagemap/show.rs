// SPDX-License-Identifier: GPL-2.0

//! Entries of `pagemap` in words: a line for each run of pages that are alike.

use std::fmt::Write as _;

use nix::errno::Errno;

use crate::sys::PAGE;

const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
/// What a frame number or a place in swap takes.
pub const FRAME: u64 = (1 << 55) - 1;
/// How many low bits of a place in swap are the area's number.
const SWAP_TYPE: u32 = 5;

const FLAGS: [(u32, &str); 7] = [
    (63, "present"),
    (62, "swapped"),
    (61, "file"),
    (58, "guard"),
    (57, "userfault"),
    (56, "exclusive"),
    (55, "soft-dirty"),
];

/// Some reads, each an address, an answer and the entries.
pub fn reads(mut words: &[u64]) -> String {
    let mut out = String::new();
    while let [address, answer, rest @ ..] = words {
        let count = answer_in_words(*address, *answer, &mut out).min(rest.len());
        runs(*address, &rest[..count], &mut out);
        words = &rest[count..];
    }
    out
}

/// A read that didn't give whole entries is told; answers how many there are.
fn answer_in_words(address: u64, answer: u64, out: &mut String) -> usize {
    match answer as i64 {
        0 => {
            let _ = writeln!(out, "{address:x}: nothing");
            0
        }
        n if n > 0 => n as usize / 8,
        errno => {
            let errno = Errno::from_raw(-errno as i32);
            let _ = writeln!(out, "{address:x}: {errno:?}");
            0
        }
    }
}

fn runs(address: u64, entries: &[u64], out: &mut String) {
    let mut from = 0;
    while from < entries.len() {
        let length = run(&entries[from..]);
        let at = address.wrapping_add((from * PAGE) as u64);
        let _ = writeln!(out, "{at:x} {length:>4} {}", entry(entries[from], length));
        from += length;
    }
}

/// How many entries from the first on are alike but for a number that grows with the page.
fn run(entries: &[u64]) -> usize {
    let first = entries[0];
    let step = match first {
        _ if first & FRAME == 0 => 0,
        _ if first & PRESENT != 0 => 1,
        _ => 1 << SWAP_TYPE,
    };
    let expected = |n: usize| first.wrapping_add(step * n as u64);
    let alike = entries
        .iter()
        .enumerate()
        .take_while(|&(n, &entry)| entry == expected(n));
    alike.count()
}

fn entry(entry: u64, length: usize) -> String {
    let mut words: Vec<String> = FLAGS
        .iter()
        .filter(|(bit, _)| (entry >> bit) & 1 != 0)
        .map(|(_, word)| word.to_string())
        .collect();
    let unknown = entry & ((1 << 60) | (1 << 59));
    if unknown != 0 {
        words.push(format!("unknown {unknown:#x}"));
    }
    let frame = entry & FRAME;
    let more = if length > 1 { ".." } else { "" };
    if entry & PRESENT != 0 && frame != 0 {
        words.push(format!("frame {frame:#x}{more}"));
    } else if entry & SWAPPED != 0 && frame != 0 {
        let (kind, offset) = (frame & ((1 << SWAP_TYPE) - 1), frame >> SWAP_TYPE);
        words.push(format!("type {kind} offset {offset:#x}{more}"));
    } else if frame != 0 {
        words.push(format!("number {frame:#x}{more}"));
    }
    if words.is_empty() {
        words.push("-".into());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: u64, entries: &[u64]) -> String {
        let mut words = vec![address, entries.len() as u64 * 8];
        words.extend(entries);
        reads(&words)
    }

    #[test]
    fn frames_in_a_row_are_one_run() {
        let flags = PRESENT | (1 << 55);
        let text = shown(0x1000, &[flags | 7, flags | 8, flags | 4, 0, 0]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "1000    2 present soft-dirty frame 0x7..",
                "3000    1 present soft-dirty frame 0x4",
                "4000    2 -",
            ]
        );
    }

    #[test]
    fn a_place_in_swap_has_two_parts() {
        let text = shown(0, &[SWAPPED | (3 << 5) | 1, SWAPPED | (4 << 5) | 1]);
        assert_eq!(text, "0    2 swapped type 1 offset 0x3..\n");
    }

    #[test]
    fn bits_that_nobody_knows_are_told() {
        assert!(shown(0, &[1 << 60]).contains("unknown 0x1000000000000000"));
        assert!(shown(0, &[5]).contains("number 0x5"));
    }

    #[test]
    fn answers_without_entries_are_told() {
        let refused = -i64::from(Errno::EINVAL as i32) as u64;
        assert_eq!(
            reads(&[0x1000, refused, 0x2000, 0]),
            "1000: EINVAL\n2000: nothing\n"
        );
        // A list that was cut off doesn't make it panic.
        assert_eq!(reads(&[0x1000, 80, 0]), "1000    1 -\n");
        assert_eq!(reads(&[0x1000]), "");
    }
}
