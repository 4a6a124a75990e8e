// SPDX-License-Identifier: GPL-2.0

//! `maps` and `numa_maps`: a line for each area.

use super::{decimal, hex, Verdict};

/// The addresses of an area.
pub struct Area {
    pub start: u64,
    pub end: u64,
}

/// A line as `maps` has it, and `smaps` at the head of each record.
pub fn area(line: &str) -> Result<Area, String> {
    let wrong = || format!("no line of maps: {line:?}");
    let mut words = line.splitn(5, ' ');
    let mut word = || words.next().ok_or_else(wrong);
    let (start, end) = word()?.split_once('-').ok_or_else(wrong)?;
    let (start, end) = (hex(start, 8)?, hex(end, 8)?);
    let flags = word()?.as_bytes();
    let flag = |at: usize, is: &[u8]| flags.get(at).is_some_and(|flag| is.contains(flag));
    let right = flags.len() == 4 && flag(0, b"r-") && flag(1, b"w-") && flag(2, b"x-");
    if !right || !flag(3, b"sp") || start >= end || start % 4096 != 0 || end % 4096 != 0 {
        return Err(wrong());
    }
    hex(word()?, 8)?;
    let (major, minor) = word()?.split_once(':').ok_or_else(wrong)?;
    hex(major, 2)?;
    hex(minor, 2)?;
    // Stock pads the name to a column; without one, a space ends the line.
    let rest = word()?;
    let (inode, name) = rest.split_once(' ').ok_or_else(wrong)?;
    decimal(inode)?;
    if !name.is_empty() && (name.trim_start().is_empty() || line.len() < 73) {
        return Err(wrong());
    }
    Ok(Area { start, end })
}

/// Lines whose areas end later and later. (One may begin before its predecessor: areas merge
/// between two reads.)
pub fn maps(text: &str) -> Verdict {
    let mut last = 0;
    for line in text.lines() {
        let area = area(line)?;
        if area.end <= last {
            return Err(format!("an area before {last:x}: {line:?}"));
        }
        last = area.end;
    }
    Ok(text.lines().count() as u64)
}

/// The words of `numa_maps` that stand for themselves, and those with a value.
const FLAGS: &[&str] = &["heap", "stack", "huge"];
const VALUES: &[&str] = &[
    "anon",
    "dirty",
    "mapped",
    "mapmax",
    "swapcache",
    "active",
    "writeback",
    "kernelpagesize_kB",
];

/// Names of policies, those first that begin as another one does.
const POLICIES: &[&str] = &[
    "default",
    "prefer (many)",
    "prefer",
    "bind",
    "weighted interleave",
    "interleave",
    "local",
];

/// A line for each area: where, the policy, and what is there.
pub fn numa_maps(text: &str) -> Verdict {
    for line in text.lines() {
        let (address, rest) = line.split_once(' ').unwrap_or((line, ""));
        hex(address, 8)?;
        let after = POLICIES.iter().find_map(|policy| rest.strip_prefix(policy));
        let after = after.ok_or_else(|| format!("no policy: {line:?}"))?;
        // What follows without a blank are the policy's nodes.
        for word in after.split(' ').skip(1) {
            numa_word(word).map_err(|why| format!("{why}: {line:?}"))?;
        }
    }
    Ok(text.lines().count() as u64)
}

fn numa_word(word: &str) -> Result<(), String> {
    match word.split_once('=') {
        None if FLAGS.contains(&word) => Ok(()),
        Some(("file", _)) => Ok(()),
        Some((key, number)) if VALUES.contains(&key) || is_node(key) => decimal(number).map(drop),
        _ => Err(format!("no word of numa_maps: {word:?}")),
    }
}

fn is_node(word: &str) -> bool {
    word.strip_prefix('N')
        .is_some_and(|node| decimal(node).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "7f0000000000-7f0000001000 rw-p 00000000 00:01 12                         /a b\n";

    #[test]
    fn lines_of_maps() {
        assert_eq!(maps(LINE), Ok(1));
        assert_eq!(
            maps("7f0000000000-7f0000001000 rw-p 00000000 00:01 0 \n"),
            Ok(1)
        );
        assert!(maps(&LINE.replace("rw-p", "rw-q")).is_err());
        assert!(maps(&LINE.replace("-7f0000001000", "-7f0000000000")).is_err());
        assert!(maps(&LINE.replace("00:01", "0:01")).is_err());
        assert!(maps(&LINE.repeat(2)).unwrap_err().contains("before"));
    }

    #[test]
    fn lines_of_numa_maps() {
        let line = "00400000 default file=/a mapped=3 mapmax=2 N0=3 kernelpagesize_kB=4\n";
        assert_eq!(numa_maps(line), Ok(1));
        for policy in [
            "weighted interleave=relative:0",
            "prefer (many):0-1",
            "local",
        ] {
            assert_eq!(numa_maps(&format!("00400000 {policy} dirty=1\n")), Ok(1));
        }
        assert!(numa_maps(&line.replace("N0", "N")).is_err());
        assert!(numa_maps(&line.replace("default", "defaut")).is_err());
    }
}
