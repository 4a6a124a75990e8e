// SPDX-License-Identifier: GPL-2.0

//! `stat`, `statm`, `status`, `children`.

use super::{decimal, Verdict};

/// One line: the number, the name in parentheses, the state, and so many fields with that.
pub fn stat(fields: usize, text: &str, pid: Option<i32>) -> Verdict {
    if text.is_empty() {
        return Ok(0);
    }
    // The name is shown as it is, with newlines and all.
    let parts = text.strip_suffix('\n').and_then(|line| {
        let (first, rest) = line.split_once(" (")?;
        Some((first, rest.rsplit_once(") ")?.1))
    });
    let (first, rest) = parts.ok_or_else(|| format!("no line of stat: {text:?}"))?;
    own_number(first, pid)?;
    let words: Vec<_> = rest.split(' ').collect();
    if words.len() != fields {
        return Err(format!("{} fields, not {fields}: {text:?}", words.len()));
    }
    if !matches!(
        words[0],
        "R" | "S" | "D" | "T" | "t" | "X" | "Z" | "P" | "I"
    ) {
        return Err(format!("no state {:?}: {text:?}", words[0]));
    }
    for word in &words[1..] {
        decimal(word.strip_prefix('-').unwrap_or(word))?;
    }
    Ok(1)
}

/// Seven numbers, the third no more than the second, two of them always zero.
pub fn statm(text: &str) -> Verdict {
    if text.is_empty() {
        return Ok(0);
    }
    let numbers: Result<Vec<_>, _> = text
        .trim_end_matches('\n')
        .split(' ')
        .map(decimal)
        .collect();
    match numbers?[..] {
        [_, resident, shared, _, 0, _, 0] if shared <= resident => Ok(1),
        _ => Err(format!("no line of statm: {text:?}")),
    }
}

/// Numbers, each with a space behind it.
pub fn children(text: &str, complete: bool) -> Verdict {
    let whole = text.rfind(' ').map_or("", |end| &text[..end + 1]);
    if complete && whole.len() != text.len() {
        return Err(format!("the last number has no end: {text:?}"));
    }
    let numbers = whole.split_terminator(' ').map(decimal);
    numbers
        .collect::<Result<Vec<_>, _>>()
        .map(|all| all.len() as u64)
}

/// Lines with labels, in the order of those that are known; what the numbers say of each other.
pub fn status(known: &[String], text: &str, pid: Option<i32>) -> Verdict {
    let mut known = known.iter();
    let mut sizes = std::collections::BTreeMap::new();
    for line in text.lines() {
        let (label, value) = line
            .split_once(":\t")
            .or_else(|| line.split_once(':'))
            .ok_or_else(|| format!("no line of status: {line:?}"))?;
        if !known.any(|known| known == label) {
            return Err(format!("{label:?} isn't known, or not there: {text:?}"));
        }
        if label == "Pid" {
            own_number(value, pid)?;
        }
        if let Some(size) = value.trim_start().strip_suffix(" kB") {
            sizes.insert(label.to_string(), decimal(size)?);
        }
    }
    let size = |label: &str| sizes.get(label).copied();
    let parts = ["RssAnon", "RssFile", "RssShmem"].map(size);
    if let (Some(rss), [Some(anon), Some(file), Some(shmem)]) = (size("VmRSS"), parts) {
        if rss != anon + file + shmem {
            return Err(format!("VmRSS {rss} isn't {anon} + {file} + {shmem}"));
        }
    }
    for (most, value) in [("VmPeak", "VmSize"), ("VmHWM", "VmRSS")] {
        if let (Some(most), Some(value)) = (size(most), size(value)) {
            if most < value {
                return Err(format!("{value} of a most of {most}: {text:?}"));
            }
        }
    }
    Ok(text.lines().count() as u64)
}

fn own_number(word: &str, pid: Option<i32>) -> Result<(), String> {
    let number = decimal(word)?;
    match pid {
        Some(pid) if number != pid as u64 => Err(format!("{number} in the file of {pid}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        assert_eq!(stat(3, "7 (a) b\n (c) S 1 -2\n", Some(7)), Ok(1));
        assert!(stat(3, "7 (a) S 1 -2\n", Some(8)).is_err());
        assert!(stat(3, "7 (a) S 1 -2 3\n", Some(7)).is_err());
        assert!(stat(3, "7 (a) S 1 x\n", Some(7)).is_err());
    }

    #[test]
    fn children_are_numbers() {
        assert_eq!(children("1 22 ", true), Ok(2));
        assert_eq!(children("1 22", false), Ok(1));
        assert!(children("1 22", true).is_err());
        assert!(children("1 x ", true).is_err());
    }

    #[test]
    fn labels_keep_their_order() {
        let known = ["Name", "Pid", "VmRSS", "RssAnon", "RssFile", "RssShmem"].map(String::from);
        assert_eq!(status(&known, "Name:\ta\nPid:\t4\n", Some(4)), Ok(2));
        assert!(status(&known, "Pid:\t4\nName:\ta\n", Some(4)).is_err());
        let sums = |rss| {
            let rest = "RssAnon:\t 4 kB\nRssFile:\t 8 kB\nRssShmem:\t 0 kB\n";
            status(&known, &format!("VmRSS:\t {rss} kB\n{rest}"), None)
        };
        assert_eq!(sums(12), Ok(4));
        assert!(sums(16).is_err());
    }
}
