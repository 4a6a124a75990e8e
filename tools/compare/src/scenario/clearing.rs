// SPDX-License-Identifier: GPL-2.0

//! `clear_refs`: what a write does, and which writes are refused.

use std::path::Path;

use anyhow::Result;
use nix::sys::uio::{pwrite, writev};
use nix::sys::wait::{waitid, Id, WaitPidFlag};
use nix::unistd::{write, Pid};

use super::held::ask;
use super::twins::Twins;
use crate::compare::Comparer;
use crate::fact::{Fact, Observation};
use crate::row::Row;
use crate::sys::{self, Trap, PAGE};
use crate::target::Target;

/// Memory in the states that make a difference here.
const SPECIMENS: &[&str] = &[
    "small-pages",
    "zero-pages",
    "shrunk",
    "heap",
    "sparse",
    "huge-whole",
    "huge-parts",
    "middle-folios",
    "referenced",
    "soft-dirty",
    "lazily-freed",
    "guarded",
    "droppable",
    "private-file",
    "copied",
    "copied-huge",
    "shared-ranges",
    "huge-memfd",
    "huge-pages",
    "shared-huge-pages",
    "physical-memory",
    "userfault-wp",
    "userfault-wp-huge",
    "wp-async",
    "userfault-rwp",
    "swapped",
    "swapped-huge",
    "swapped-shmem",
    "swapped-watched",
];

/// Every kind of write, to memory in every state; each time some pages are touched afterwards.
pub fn effects(comparer: &Comparer) -> Result<Vec<Row>> {
    let rows = SPECIMENS
        .iter()
        .flat_map(|name| Twins::through(comparer, name, |twins| effects_on(twins, comparer, name)));
    Ok(rows.collect())
}

fn effects_on(twins: &mut Twins, comparer: &Comparer, name: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for what in ["2", "3", "1", "4", "5"] {
        let title = format!("{name}, {what} written");
        rows.push(twins.act(comparer, &title, &|tree, pid| clear(tree, pid, what)));
        // Before that, which pages were referenced would no longer be known exactly.
        if what >= "4" || what == "1" {
            rows.push(twins.stir(comparer, &format!("{title}, pages touched"))?);
        }
    }
    // Through the directory of a thread the same happens.
    let title = format!("{name}, 4 written by thread");
    rows.push(twins.act(comparer, &title, &|tree, pid| {
        let thread = tree.join(format!("{pid}/task/{pid}/clear_refs"));
        let mut seen = Observation::default();
        seen.note("write", write_to(&thread, b"4"));
        seen
    }));
    Ok(rows)
}

fn clear(tree: &Path, pid: Pid, what: &str) -> Observation {
    let mut seen = Observation::default();
    let path = tree.join(format!("{pid}/clear_refs"));
    seen.note("write", write_to(&path, what.as_bytes()));
    seen
}

fn write_to(path: &Path, bytes: &[u8]) -> nix::Result<usize> {
    let fd = sys::open(path, libc::O_WRONLY | libc::O_CLOEXEC)?;
    write(&fd, bytes)
}

/// What may be written, and what not.
const TEXTS: &[&str] = &[
    "",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "1 ",
    " 1",
    " 1\n",
    "\t1\n",
    "1\n",
    "\n1",
    "1\n\n",
    "1 2",
    "1x",
    "x",
    "X1",
    "-1",
    "+1",
    "--1",
    "01",
    "0x1",
    "0001",
    "000000000001",
    "0000000000001",
    "            1",
    "           1",
    "1            ",
    "5 trailing",
    "5trailing",
    "5\0",
    "5\0x",
    "\0",
    "\0\u{35}",
    "2147483647",
    "2147483648",
    "4294967297",
    "-2147483649",
    "99999999999",
    "12345678901234567890",
    "123456789012",
    "١",
    " ",
    "\n",
    "1.0",
    "1\r\n",
    "1\x0b",
    "1\u{a0}",
];

/// The answers to texts, long writes, bad buffers, positions; by root, of a process, of a thread, of
/// the dead and of the kernel's own.
pub fn inputs(comparer: &Comparer) -> Result<Vec<Row>> {
    let mut target = Target::start("threads")?;
    target.ready()?;
    let mut dead = Target::start("actor-exit")?;
    dead.ready()?;
    dead.step()?;
    waitid(
        Id::Pid(dead.pid()),
        WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT,
    )?;
    let pid = target.pid();
    let threads = crate::probe::names(&comparer.trees.stock.join(format!("{pid}/task")));
    let thread = threads.last().cloned().unwrap_or_default();
    let rows = [
        ("a process", format!("{pid}")),
        ("its first thread", format!("{pid}/task/{pid}")),
        ("another thread", format!("{pid}/task/{thread}")),
        ("another thread, unlisted", thread.clone()),
        ("a zombie", format!("{}", dead.pid())),
        ("a kernel thread", "2".into()),
    ]
    .map(|(name, directory)| {
        ask(comparer, name, |root| {
            let mut seen = Observation::default();
            answers(&root.join(&directory).join("clear_refs"), &mut seen);
            seen
        })
    });
    Ok(rows.into())
}

/// What writes to one `clear_refs` answer.
pub fn answers(path: &Path, seen: &mut Observation) {
    for text in TEXTS {
        seen.note(format!("{text:?}"), write_to(path, text.as_bytes()));
    }
    let fd = match sys::open(path, libc::O_RDWR | libc::O_CLOEXEC) {
        Ok(fd) => fd,
        Err(errno) => return seen.note("open for both", Fact::Failed(errno)),
    };
    for length in [12, 13, 14, 100, 4096, 1 << 20] {
        let mut text = vec![b' '; length];
        text[0] = b'5';
        seen.note(format!("5 and spaces, {length}"), write(&fd, &text));
        text.rotate_left(1);
        seen.note(format!("spaces and 5, {length}"), write(&fd, &text));
    }
    let trap = Trap::default();
    let _ = trap.reset(b'5');
    for (before, count) in [(0, 1), (1, 1), (1, 2), (11, 12), (12, 13), (12, PAGE)] {
        let answer = trap.write(&fd, before, count);
        seen.note(format!("{count} of which {before} can be read"), answer);
    }
    for place in [0, 1, 1 << 40, i64::MAX, -1] {
        let answer = pwrite(&fd, b"5", place);
        seen.note(format!("at {place}"), answer);
        seen.note(
            format!("seek to {place}"),
            sys::lseek(&fd, place, libc::SEEK_SET),
        );
    }
    let parts = [b"5", b" ", b"x"].map(|part| std::io::IoSlice::new(part));
    seen.note("writev", writev(&fd, &parts));
    seen.note("position", sys::lseek(&fd, 0, libc::SEEK_CUR));
    seen.note("seek to the end", sys::lseek(&fd, 0, libc::SEEK_END));
    let read = nix::unistd::read(&fd, &mut [0; 8]);
    seen.note("read", read);
}
