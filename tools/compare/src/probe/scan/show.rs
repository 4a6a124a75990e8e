// SPDX-License-Identifier: GPL-2.0

//! Regions in words.

use std::fmt::Write as _;

use super::errno_of;
use crate::sys::scan::CATEGORIES;
use crate::sys::PAGE;

/// An answer, where the walk ended, and the regions.
pub fn scanned(words: &[u64]) -> String {
    let mut out = String::new();
    let [answer, walk_end, regions @ ..] = words else {
        return out;
    };
    match errno_of(*answer) {
        Some(errno) => out.push_str(&format!("{errno:?}")),
        None => out.push_str(&format!("{answer} regions")),
    }
    if *walk_end == u64::MAX {
        out.push_str(", no end written\n");
    } else {
        let _ = writeln!(out, ", walked to {walk_end:x}");
    }
    for region in regions.chunks_exact(3) {
        let _ = writeln!(out, "{}", line(region[0], region[1], region[2]));
    }
    out
}

/// Several of them, each after its length.
pub fn in_pieces(mut words: &[u64]) -> String {
    let mut out = String::new();
    while let [length, rest @ ..] = words {
        let length = (*length as usize).min(rest.len());
        out.push_str(&scanned(&rest[..length]));
        words = &rest[length..];
    }
    out
}

fn line(start: u64, end: u64, categories: u64) -> String {
    let pages = end.wrapping_sub(start) / PAGE as u64;
    format!("{start:x}-{end:x} {pages:>4} {}", words_for(categories))
}

/// The categories of a mask.
pub fn words_for(mask: u64) -> String {
    let known = CATEGORIES
        .iter()
        .enumerate()
        .filter(|(bit, _)| (mask >> bit) & 1 != 0)
        .map(|(_, word)| word.to_string());
    let unknown = (mask >> CATEGORIES.len()) << CATEGORIES.len();
    let unknown = (unknown != 0).then(|| format!("{unknown:#x}"));
    let words: Vec<_> = known.chain(unknown).collect();
    if words.is_empty() {
        "-".into()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_a_line_each() {
        let text = scanned(&[1, 0x9000, 0x1000, 0x3000, 0b1010]);
        assert_eq!(
            text,
            "1 regions, walked to 9000\n1000-3000    2 written present\n"
        );
    }

    #[test]
    fn a_refusal_is_told() {
        let refused = -14_i64 as u64;
        assert_eq!(scanned(&[refused, u64::MAX]), "EFAULT, no end written\n");
    }

    #[test]
    fn pieces_follow_each_other_and_a_cut_one_is_no_panic() {
        assert_eq!(in_pieces(&[2, 0, 5, 2, 0, 6]).lines().count(), 2);
        assert_eq!(in_pieces(&[9, 0, 5]), "0 regions, walked to 5\n");
    }

    #[test]
    fn categories_that_nobody_knows_are_told() {
        assert_eq!(words_for(1 << 12), "0x1000");
        assert_eq!(words_for(0), "-");
    }
}
