// SPDX-License-Identifier: GPL-2.0

//! Names (`comm`) that a careless reader or writer trips over.

use std::ffi::CStr;

use anyhow::Result;
use nix::sys::prctl::set_name;
use nix::unistd::pause;

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen("odd-names", "processes with odd names", processes),
    specimen("odd-thread-names", "threads with odd names", threads),
];

const NAMES: &[(&str, &CStr)] = &[
    ("space", c"a b  c "),
    ("newline", c"a\nb\n"),
    ("backslash", c"a\\b\\n"),
    ("parenthesis", c"a) R 1 (b"),
    ("tab", c"a\tb"),
    ("control", c"\x01\x1b[31m\x7f"),
    ("not UTF-8", c"\xff\xfe\x80a"),
    ("UTF-8", c"d\xc3\xa9j\xc3\xa0"),
    ("empty", c""),
    ("fifteen", c"123456789012345"),
    ("cut", c"1234567890123\xc3\xa9\xc3\xa9"),
    ("colon", c"kworker/0:1-x"),
    ("quotes", c"\"'`$#%s%n"),
];

fn processes(stage: &mut Stage) -> Result<()> {
    for &(label, name) in NAMES {
        let pid = sys::fork(|| {
            sys::die_with_parent();
            let _ = set_name(name);
            loop {
                pause();
            }
        })?;
        stage.also(label, pid);
    }
    stage.without_self();
    Ok(())
}

fn threads(stage: &mut Stage) -> Result<()> {
    for &(_, name) in NAMES {
        stage.thread(name, || Ok(()))?;
    }
    Ok(())
}
