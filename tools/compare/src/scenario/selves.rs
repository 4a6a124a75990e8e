// SPDX-License-Identifier: GPL-2.0

//! The links that lead to whoever asks.

use std::path::Path;

use anyhow::Result;

use super::held::ask;
use crate::compare::Comparer;
use crate::fact::{Fact, Observation};
use crate::probe::read_whole;
use crate::row::Row;
use crate::sys;

/// From this thread, which is the first, and from another.
pub fn check(comparer: &Comparer) -> Result<Vec<Row>> {
    let mut rows = from_here(comparer, "the first thread");
    let others =
        std::thread::scope(|scope| scope.spawn(|| from_here(comparer, "another thread")).join());
    rows.extend(others.map_err(|_| anyhow::anyhow!("the thread panicked"))?);
    Ok(rows)
}

/// As seen from the calling thread.
pub fn from_here(comparer: &Comparer, place: &str) -> Vec<Row> {
    let link = |name: &'static str| {
        ask(comparer, &format!("{name} from {place}"), move |root| {
            observe(root, name)
        })
    };
    vec![link("self"), link("thread-self")]
}

fn observe(root: &Path, name: &str) -> Observation {
    let mut seen = Observation::default();
    let path = root.join(name);
    let stat = sys::statx(None, &path, libc::AT_SYMLINK_NOFOLLOW);
    seen.note("mode", stat.map(|s| i64::from(s.stx_mode)));
    seen.note("size", stat.map(|s| s.stx_size as i64));
    seen.note(
        "owner",
        stat.map(|s| (i64::from(s.stx_uid) << 32) | i64::from(s.stx_gid)),
    );
    for size in [1, 3, 4096] {
        seen.note(format!("readlink {size}"), sys::readlink(&path, size));
    }
    for flags in [libc::O_RDONLY, libc::O_NOFOLLOW, libc::O_DIRECTORY] {
        seen.note(
            format!("open {flags:#o}"),
            sys::open(&path, flags | libc::O_CLOEXEC).map(|_| 0_i64),
        );
    }
    seen.note(
        "directory",
        sys::statx(None, &path, 0).map(|s| i64::from(s.stx_mode)),
    );
    seen.note("numbers", numbers(&path.join("status")));
    seen.note("comm", read_whole(&path.join("comm")));
    seen
}

/// The lines of one's own `status` that stand still while it is read.
fn numbers(status: &Path) -> Fact {
    let text = match read_whole(status) {
        Ok(text) => text,
        Err(errno) => return Fact::Failed(errno),
    };
    let still = [
        "Name:", "Tgid:", "Pid:", "PPid:", "NStgid:", "NSpid:", "Uid:", "Threads:",
    ];
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text
        .lines()
        .filter(|line| still.iter().any(|key| line.starts_with(key)));
    Fact::Bytes(lines.collect::<Vec<_>>().join("\n").into_bytes())
}
