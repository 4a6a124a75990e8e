// SPDX-License-Identifier: GPL-2.0

//! Names that aren't there, and names that look like numbers and aren't.

use std::path::Path;

use nix::sys::stat::lstat;

use crate::fact::Observation;
use crate::probe::Depth;

/// Asks a directory for names that nobody has.
pub fn ask(path: &Path, _: Depth, seen: &mut Observation) {
    let long = "x".repeat(255);
    let too_long = "x".repeat(256);
    let names = [
        ".",
        "..",
        "nonexistent",
        "0",
        "00",
        "01",
        "+1",
        " 1",
        "1 ",
        "-1",
        "1x",
        "0x1",
        "1.0",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "4294967297",
        "18446744073709551617",
        "99999999999999999999999",
        "Stat",
        "stat ",
        "stat\n",
        "stat/",
        "stat/below",
        "task/",
        "task/0",
        "task/01",
        "task/1x",
        "task/nonexistent",
        "children",
        "self",
        "thread-self",
        "./self",
        "..//.",
        "\u{fc}",
        "a:b",
        "a\\b",
    ];
    for name in names.into_iter().chain([long.as_str(), too_long.as_str()]) {
        let above = name.starts_with("..");
        // What is above a mount point is the mounter's choice, but it is a directory.
        let answer = lstat(&path.join(name)).map(|stat| match above {
            true => i64::from(stat.st_mode & libc::S_IFMT),
            false => i64::from(stat.st_mode),
        });
        let shown = if name.len() > 30 {
            format!("{} bytes", name.len())
        } else {
            format!("{name:?}")
        };
        seen.note(format!("lookup {shown}"), answer);
    }
}
