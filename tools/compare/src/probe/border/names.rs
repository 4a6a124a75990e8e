// SPDX-License-Identifier: GPL-2.0

//! Names that are almost those of something.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::unistd::read;

use crate::fact::{escape_line, Observation};
use crate::sys;

/// Written around, before or after a number.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("0", ""),
    ("00", ""),
    ("+", ""),
    ("-", ""),
    (" ", ""),
    ("\n", ""),
    ("0x", ""),
    ("0b", ""),
    ("1", ""),
    ("\u{200b}", ""),
    ("", " "),
    ("", "\n"),
    ("", "x"),
    ("", ","),
    ("", ".0"),
    ("", "e0"),
    ("", "\u{661}"),
    ("", "/"),
    ("", "//"),
    ("", "/."),
    ("", "/.."),
    ("", "/./."),
    ("", "/../."),
    ("", "/..."),
    ("./", ""),
    (".//./", "/"),
];

/// A number may be so much more than one that is there.
const BEYOND: &[u128] = &[
    1 << 15,
    1 << 22,
    1 << 31,
    1 << 32,
    (1 << 32) - 1,
    1 << 63,
    1 << 64,
    1 << 65,
    10_000_000_000,
];

/// Numbers that nobody has.
const EDGES: &[&str] = &[
    "0",
    "-0",
    "4194303",
    "4194304",
    "2147483647",
    "2147483648",
    "4294967294",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "\u{ff11}",
    "\u{661}",
    "\u{b9}",
    "1\u{0301}",
];

const WORDS: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    "./",
    "../.",
    ".//",
    "stat",
    "stat/",
    "stat/.",
    "stat/..",
    "stat//",
    "STAT",
    "stat ",
    " stat",
    "stat\n",
    "\nstat",
    "stat\r",
    "sta",
    "stats",
    "stat\u{0301}",
    "pagemap/",
    "clear_refs/",
    "clear_refs/x",
    "children",
    "children/",
    "task",
    "task/",
    "task/.",
    "task/..",
    "task/../task",
    "task/../../.",
    "task/stat",
    "task/self",
    "fd",
    "fd/",
    "fd/00",
    "fd/-1",
    "fd/0/",
    "fd/4294967296",
    "exe/",
    "exe/.",
    "cwd/",
    "cwd/..",
    "root/",
    "root/.",
    "ns/",
    "ns/pid/",
    "ns/nothing",
    "map_files/",
    "map_files/0-1",
    "net/",
    "net/..",
    "self",
    "self/",
    "self/.",
    "self/..",
    "self/task",
    "self/stat/",
    "thread-self",
    "thread-self/",
    "thread-self/..",
    "Self",
    "sys/",
    "sys/kernel/",
    "sys/kernel/ostype/",
    "sys/kernel/..",
    "sys/nothing",
    "mounts",
    "mounts/",
    "version/",
    "version/.",
    "\u{fc}",
    "\u{1f600}",
    "a\tb",
    "a\\b",
    "a\u{7f}b",
    "%s%n",
    "*",
];

/// Asks a directory. The numbers are those of tasks that are there.
pub fn ask(directory: &Path, numbers: &[i32], seen: &mut Observation) {
    for number in numbers {
        for (before, after) in AROUND {
            note(directory, format!("{before}{number}{after}"), seen);
        }
        for beyond in BEYOND {
            note(directory, (beyond + *number as u128).to_string(), seen);
            note(directory, format!("-{}", beyond - *number as u128), seen);
        }
    }
    for name in EDGES.iter().chain(WORDS) {
        note(directory, name.to_string(), seen);
    }
    for byte in [1_u8, 0x7f, 0x80, 0xc0, 0xfe, 0xff] {
        note(directory, OsString::from_vec(vec![byte]), seen);
    }
    for digit in ["x", "0", "1", "9"] {
        for length in [10, 19, 20, 21, 39, 254, 255, 256, 4095, 4096] {
            note(directory, digit.repeat(length), seen);
        }
    }
    // As long as a path may be, and longer.
    for length in [4095, 4096, 5000] {
        let there = directory.as_os_str().len() + 1;
        let dots = "./".repeat((length - there) / 2);
        note(directory, dots, seen);
    }
}

fn note(directory: &Path, name: impl Into<OsString>, seen: &mut Observation) {
    let name = name.into();
    let shown = shown(&name);
    let path =
        OsString::from_vec([directory.as_os_str().as_bytes(), &b"/"[..], name.as_bytes()].concat());
    let path = Path::new(&path);
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    let above = name.as_bytes().windows(2).any(|pair| pair == b"..");
    let stat = sys::statx(None, path, flags).map(|stat| match above {
        // What is above a mount point is the mounter's choice, but it is a directory.
        true => i64::from(u32::from(stat.stx_mode) & libc::S_IFMT),
        false => i64::from(stat.stx_mode),
    });
    let there = stat.is_ok();
    seen.note(format!("lookup {shown}"), stat);
    let opened = sys::open(path, libc::O_PATH | libc::O_CLOEXEC);
    seen.note(format!("open {shown}"), opened.map(|_| 0_i64));
    if there && !above {
        seen.note(format!("task at {shown}"), task(path));
    }
}

/// Whose directory it is: the first word of its `stat`.
fn task(path: &Path) -> nix::Result<Vec<u8>> {
    let fd = sys::open(&path.join("stat"), libc::O_RDONLY | libc::O_CLOEXEC)?;
    let mut start = [0_u8; 24];
    let length = read(&fd, &mut start)?;
    let word = start[..length].split(|&b| b == b' ').next();
    Ok(word.unwrap_or_default().to_vec())
}

fn shown(name: &OsStr) -> String {
    match name.as_bytes() {
        long if long.len() > 48 => {
            format!("{} bytes of {:?}", long.len(), escape_line(&long[..1]))
        }
        short => format!("\"{}\"", escape_line(short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;
    use nix::errno::Errno;

    #[test]
    fn a_number_with_a_leading_zero_is_no_process() {
        let own = std::process::id() as i32;
        let mut seen = Observation::default();
        ask(Path::new("/proc"), &[own], &mut seen);
        let asked = |name: String| seen.get(&name);
        assert!(matches!(
            asked(format!("lookup \"{own}\"")),
            Some(Fact::Number(_))
        ));
        assert_eq!(
            asked(format!("lookup \"0{own}\"")),
            Some(&Fact::Failed(Errno::ENOENT))
        );
    }
}
