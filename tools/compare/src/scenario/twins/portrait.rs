// SPDX-License-Identifier: GPL-2.0

//! What a process's memory is like, without what is another process's by rights: frame numbers,
//! inodes, names of temporary files, and the pages of the program's own files, which the kernel
//! maps as it happens to have them.

use std::path::Path;

use nix::unistd::Pid;

use crate::fact::{Fact, Observation};
use crate::probe::areas::{self, Area};
use crate::probe::{pagemap, read_whole};

/// The lines of `status` that tell of memory other than the program's.
const OF_STATUS: &[&str] = &[
    "VmSize",
    "VmLck",
    "VmSwap",
    "RssAnon",
    "RssShmem",
    "HugetlbPages",
];

/// What a tree says of a process; which pages were referenced only if that is asked for.
pub fn of(tree: &Path, pid: Pid, referenced: bool) -> Observation {
    let directory = tree.join(pid.to_string());
    let mut seen = Observation::default();
    let status = read_whole(&directory.join("status")).unwrap_or_default();
    seen.note("status", Fact::Bytes(memory_lines(&status)));
    // The kernel's counters are exact to some pages only, and the program's pages vary.
    let above = kib(&status, "VmHWM").saturating_sub(kib(&status, "VmRSS"));
    seen.say(
        "peak above what is there",
        format!("{} MiB", (above + 512) / 1024),
    );
    let path = directory.join("pagemap");
    let own: Vec<_> = areas::beside(&path).into_iter().filter(is_own).collect();
    let smaps = read_whole(&directory.join("smaps")).unwrap_or_default();
    let mut smaps = String::from_utf8_lossy(&smaps).into_owned();
    if !referenced {
        let kept = smaps
            .lines()
            .filter(|line| !line.starts_with("Referenced:"));
        smaps = kept.collect::<Vec<_>>().join("\n");
    }
    for (title, text) in records(&smaps, &own) {
        seen.note(title, Fact::Bytes(text.into_bytes()));
    }
    pagemap::ask_marks(&path, &own, &mut seen);
    seen
}

/// Neither the program nor a library. Files of a target's own are deleted or devices.
fn is_own(area: &Area) -> bool {
    !area.name.starts_with('/')
        || area.name.ends_with("(deleted)")
        || area.name.starts_with("/dev/")
}

fn memory_lines(status: &[u8]) -> Vec<u8> {
    let status = String::from_utf8_lossy(status);
    let lines = status.lines();
    let kept: Vec<_> = lines
        .filter(|line| OF_STATUS.iter().any(|head| line.starts_with(head)))
        .collect();
    kept.join("\n").into_bytes()
}

/// A line's number, 0 if there is none.
fn kib(status: &[u8], name: &str) -> u64 {
    let status = String::from_utf8_lossy(status);
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What `smaps` says of these areas: for each the range, and the lines that follow it.
fn records(smaps: &str, areas: &[Area]) -> Vec<(String, String)> {
    let mut records: Vec<(String, String)> = Vec::new();
    let mut wanted = false;
    for line in smaps.lines() {
        if let Some(range) = range(line) {
            wanted = areas
                .iter()
                .any(|area| format!("{:x}-{:x}", area.start, area.end) == range);
            if wanted {
                records.push((format!("smaps {range}"), String::new()));
            }
        }
        if let (true, Some((_, text))) = (wanted, records.last_mut()) {
            text.push_str(&nameless(line));
            text.push('\n');
        }
    }
    records
}

/// The range that begins the first line of a record.
fn range(line: &str) -> Option<&str> {
    let first = line.split(' ').next()?;
    (first.contains('-') && !first.ends_with(':')).then_some(first)
}

/// The first line of a record without device, inode and file; any other as it is.
fn nameless(line: &str) -> String {
    let words: Vec<_> = line.split_whitespace().collect();
    match words[..] {
        [_, flags, offset, device, ..] if range(line).is_some() && device.contains(':') => {
            format!("{flags} {offset}")
        }
        _ => line.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(start: u64, name: &str) -> Area {
        Area {
            start,
            end: start + 0x1000,
            flags: "rw-p".into(),
            name: name.into(),
        }
    }

    #[test]
    fn what_is_anothers_by_rights_is_left_out() {
        let smaps = "1000-2000 rw-s 00003000 00:01 77     /memfd:a b (deleted)\nRss:    4 kB\n\
                     2000-3000 r--p 00000000 00:01 78     /lib/libc.so.6\nRss:    4 kB\n";
        let found = records(smaps, &[area(0x1000, "")]);
        let expected = (
            "smaps 1000-2000".into(),
            "rw-s 00003000\nRss:    4 kB\n".into(),
        );
        assert_eq!(found, [expected]);
    }

    #[test]
    fn the_programs_files_are_not_its_own_memory() {
        assert!(is_own(&area(0, "[heap]")));
        assert!(is_own(&area(0, "/memfd:x (deleted)")));
        assert!(!is_own(&area(0, "/usr/lib/libc.so.6")));
    }

    #[test]
    fn of_status_only_memory_is_told() {
        let status = b"Name:\tx\nVmHWM:\t 4 kB\nThreads:\t1\nRssAnon:\t 4 kB\n";
        assert_eq!(memory_lines(status), b"RssAnon:\t 4 kB");
        assert_eq!(kib(status, "VmHWM"), 4);
        assert_eq!(kib(status, "VmRSS"), 0);
    }
}
