// SPDX-License-Identifier: GPL-2.0

//! Reads, writes and waits that are handed in and collected later.

use std::path::Path;

use io_uring::squeue::Flags;

use super::{fresh, held, is_ours};
use crate::fact::{Fact, Observation};
use crate::sys;
use crate::sys::ring::{Context, Order, Request, Ring};

/// Requests by both ways, if the machine allows them.
pub fn ask(path: &Path, seen: &mut Observation) {
    let (mut ring, context) = (Ring::new(), Context::new());
    for (way, flags) in [
        ("O_RDONLY", libc::O_RDONLY),
        ("O_RDWR", libc::O_RDWR),
        ("O_RDONLY|O_NONBLOCK", libc::O_RDONLY | libc::O_NONBLOCK),
    ] {
        let file = match sys::open(path, flags | libc::O_CLOEXEC) {
            Ok(file) => file,
            Err(errno) => {
                seen.note(format!("{way}: open"), Fact::Failed(errno));
                continue;
            }
        };
        match &mut ring {
            Err(errno) => seen.note("io_uring", Fact::Failed(*errno)),
            Ok(ring) => {
                for (name, flags) in [("", Flags::empty()), ("async ", Flags::ASYNC)] {
                    ask_all(path, seen, &format!("{way}: io_uring {name}"), |order| {
                        ring.ask(&file, order, flags)
                    });
                }
            }
        }
        match &context {
            Err(errno) => seen.note("io_setup", Fact::Failed(*errno)),
            Ok(context) => {
                for flags in [0, 8] {
                    ask_all(path, seen, &format!("{way}: aio {flags:#x} "), |order| {
                        context.ask(&file, order, flags)
                    });
                }
            }
        }
        let position = sys::lseek(&file, 0, libc::SEEK_CUR);
        seen.note(format!("{way}: position"), position);
    }
}

fn ask_all(
    path: &Path,
    seen: &mut Observation,
    way: &str,
    mut ask: impl FnMut(&Order<'_>) -> nix::Result<i64>,
) {
    let trap = fresh();
    let order = |request, before, count, offset| Order {
        request,
        trap: &trap,
        before,
        count,
        offset,
    };
    for (before, count) in [(64, 0), (64, 16), (8, 64), (4096, 0x7fff_ffff)] {
        for offset in [0, 3, -1, i64::MAX] {
            let _ = trap.reset(super::UNTOUCHED);
            let name = format!("{way}read {count} at {offset}, {before} there");
            let answer = ask(&order(Request::Read, before, count, offset));
            seen.note(name.clone(), answer);
            seen.note(format!("{name}: bytes"), held(&trap, before));
        }
    }
    // Something to write is what no file of ours takes; others are given nothing.
    trap.set(b"x");
    let (before, count) = (1, u32::from(is_ours(path)));
    for offset in [0, -1, 5] {
        let answer = ask(&order(Request::Write, before, count, offset));
        seen.note(format!("{way}write at {offset}"), answer);
    }
    seen.note(format!("{way}sync"), ask(&order(Request::Sync, 0, 0, 0)));
    // What is readable and writable at once answers at once.
    if is_ours(path) {
        let answer = ask(&order(Request::Poll(5), 0, 0, 0));
        seen.note(format!("{way}poll"), answer);
    }
}
