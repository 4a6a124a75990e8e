// SPDX-License-Identifier: GPL-2.0

//! Where a reader goes on after a short read, a seek, or a change of what is read.
//!
//! A mount of ours and one of stock show the test's own process. Both are read by the same calls; all
//! must answer the same, errno by errno and byte by byte. The test reads so that each record is once
//! the last of a read, and then changes its own mappings before both go on. The texts don't move
//! meanwhile, or are read again until one is found that didn't: nobody else uses the address space,
//! but the kernel's threads age its pages, and are the children that `children` shows.

use super::{
    trees::{
        map_layout,
        pages,
        with_trees,
        Trees,
        LAYOUT, //
    },
    *, //
};
use crate::sys::kunit::{
    diagnose,
    equal,
    equal_text,
    mount::Way,
    process::Protection, //
};
use core::ffi::CStr;

/// How often something is tried that others may disturb.
const ROUNDS: usize = 20;

/// A file in both trees.
struct Both<'m> {
    process: &'m Process,
    ours: File<'m>,
    stock: File<'m>,
}

/// What a call has answered.
type Answer = Result<KVec<u8>>;

impl<'m> Both<'m> {
    fn open(trees: &'m Trees<'_>, name: &CStr) -> Result<Self> {
        Ok(Self {
            process: trees.process,
            ours: trees.ours.open(name, Way::Read)?,
            stock: trees.stock.open(name, Way::Read)?,
        })
    }

    /// Reads once from both; `None` if they differ.
    fn read(&mut self, size: usize) -> Result<Option<KVec<u8>>> {
        let read_one = |file: &mut File<'_>| -> Answer {
            let mut text = KVec::new();
            read(self.process, file, size, &mut text)?;
            Ok(text)
        };
        let ours = read_one(&mut self.ours)?;
        let stock = read_one(&mut self.stock)?;

        Ok((*ours == *stock).then_some(ours))
    }

    /// Reads both to their ends with reads of `size` bytes; `None` if one of them differs.
    fn rest(&mut self, size: usize) -> Result<Option<KVec<u8>>> {
        let mut text = KVec::new();

        loop {
            match self.read(size)? {
                None => return Ok(None),
                Some(part) if part.is_empty() => return Ok(Some(text)),
                Some(part) => text.extend_from_slice(&part, GFP_KERNEL)?,
            }
        }
    }

    /// Moves both; `None` if they answer differently, else whether they moved.
    fn seek(&mut self, position: i64) -> Option<bool> {
        let (ours, stock) = (self.ours.seek(position), self.stock.seek(position));

        (ours == stock).then_some(ours.is_ok())
    }
}

/// Runs `check`, which is given the whole text and answers whether all was as it should be, until it
/// is. Fails if it isn't although the text hasn't changed meanwhile, or changes all the time.
fn at_rest(
    what: &str,
    trees: &Trees<'_>,
    name: &CStr,
    mut check: impl FnMut(&[u8]) -> Result<bool>,
) -> Result {
    for _ in 0..ROUNDS {
        let before = whole(trees, &trees.stock, name)?;
        if check(&before)? {
            return Ok(());
        }
        let after = whole(trees, &trees.stock, name)?;
        if *before == *after {
            equal_text(what, &whole(trees, &trees.ours, name)?, &after)?;
            diagnose(fmt!("{what}: the two differ"));
            return Err(EINVAL);
        }
    }
    diagnose(fmt!("{what}: does not rest"));
    Err(EAGAIN)
}

/// The whole text of a file.
fn whole(trees: &Trees<'_>, mount: &Mount<'_>, name: &CStr) -> Result<KVec<u8>> {
    let mut file = mount.open(name, Way::Read)?;
    let mut text = KVec::new();

    while read(trees.process, &mut file, BUFFER.len(), &mut text)? != 0 {}
    Ok(text)
}

/// Sizes of reads: small ones, those that end with a record or beside its end, and others here and
/// there.
fn sizes(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    const TINY: usize = 7;
    const STEP: usize = 97;

    (1..text.len() + 2).filter(|size| match *size {
        TINY => true,
        0..TINY => text.len() < STEP,
        _ => size % STEP == 0 || (size - 1..size + 2).any(|size| is_end(text, size)),
    })
}

/// Whether a record ends at `at`. Those of a single line end with a space.
fn is_end(text: &[u8], at: usize) -> bool {
    let (record, next) = text.split_at(at.min(text.len()));

    match record.last() {
        Some(b'\n') => next.is_empty() || is_address(next),
        Some(b' ') => !text.contains(&b'\n'),
        _ => false,
    }
}

/// Reads a file in pieces of each size.
fn every_size(trees: &Trees<'_>, name: &CStr, what: &str) -> Result {
    at_rest(what, trees, name, |text| {
        let mut both = Both::open(trees, name)?;
        for size in sizes(text) {
            let found = both.rest(size)?;
            if found.is_none_or(|found| *found != *text) || both.seek(0) != Some(true) {
                diagnose(fmt!("{what}: reads of {size} bytes"));
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Seeks to each position of a file, and beyond, and reads from there.
fn every_position(trees: &Trees<'_>, name: &CStr, what: &str) -> Result {
    at_rest(what, trees, name, |text| {
        let mut both = Both::open(trees, name)?;
        let mut leads_to = |position: usize| -> Result<bool> {
            // CAST: Positions are below 2^63.
            let moved = both.seek(position as i64);
            let expected = text.get(position..).unwrap_or_default();
            let found = both.rest(BUFFER.len())?;
            if moved.is_none() || found.is_none_or(|found| *found != *expected) {
                diagnose(fmt!("{what}: a seek to {position}"));
                return Ok(false);
            }
            Ok(true)
        };

        for position in sizes(text) {
            if !leads_to(position)? {
                return Ok(false);
            }
        }
        for position in [text.len() + 100, 1 << 40, usize::MAX / 2, 0] {
            if !leads_to(position)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Lists a directory from `position`, `limit` entries at a time.
fn list(mount: &Mount<'_>, name: &CStr, position: i64, limit: usize) -> Result<KVec<u8>> {
    let mut directory = mount.open(name, Way::Read)?;
    let mut names = KVec::with_capacity(1 << 15, GFP_KERNEL)?;

    directory.seek(position)?;
    while directory.list(&mut names, limit)? != 0 {}
    Ok(names)
}

/// Lists a directory of ours from `position`, so many entries at a time; it must have what stock's
/// has, if that has the same before and after.
fn lists_like_stock(trees: &Trees<'_>, name: &CStr, position: i64, limit: usize) -> Result {
    for _ in 0..ROUNDS {
        let before = list(&trees.stock, name, position, usize::MAX)?;
        let ours = list(&trees.ours, name, position, limit)?;
        let after = list(&trees.stock, name, position, usize::MAX)?;
        if *before == *after {
            let result = equal_text("entries", &ours, &after);
            if result.is_err() {
                diagnose(fmt!("{name} from {position}, {limit} at a time"));
            }
            return result;
        }
    }
    diagnose(fmt!("{name}: does not rest"));
    Err(EAGAIN)
}

/// A change of the layout.
type Change = (&'static str, fn(&Process) -> Result);

const CHANGES: &[Change] = &[
    ("none", |_| Ok(())),
    ("the first vanishes", |process| process.unmap(pages(2, 4))),
    ("the second vanishes", |process| process.unmap(pages(4, 8))),
    ("the last vanishes", |process| process.unmap(pages(20, 24))),
    ("all vanish", |process| process.unmap(LAYOUT)),
    ("one appears below all", |process| {
        process.map(pages(0, 1), Memory::Private)
    }),
    ("one appears in the hole", |process| {
        process.map(pages(11, 12), Memory::Shared)
    }),
    ("one appears above all", |process| {
        process.map(pages(30, 31), Memory::Shared)
    }),
    ("three merge", |process| {
        process.protect(pages(4, 8), Protection::Write)
    }),
    ("the first splits", |process| {
        process.protect(pages(3, 4), Protection::None)
    }),
    ("the second splits", |process| {
        process.protect(pages(5, 6), Protection::None)
    }),
    ("the second's beginning vanishes", |process| {
        process.unmap(pages(4, 5))
    }),
    ("the second's end vanishes", |process| {
        process.unmap(pages(7, 8))
    }),
    ("the last grows", |process| {
        process.map(pages(24, 26), Memory::Private)
    }),
];

/// Reads up to the end of each record, changes the layout, and reads on; with each change. What
/// differs is tried `rounds` times.
fn every_change(trees: &Trees<'_>, file: &str, rounds: usize) -> Result {
    let name = own_file(trees.process, file)?;

    for (change, make) in CHANGES {
        for records in 0.. {
            let mut end = End::Differs;
            for _ in 0..rounds {
                end = one_change(trees, &name, records, *make)?;
                if end != End::Differs {
                    break;
                }
            }
            match end {
                End::Same => {}
                End::Last => break,
                End::Differs => {
                    diagnose(fmt!("{file}: after {records} records, {change}"));
                    return Err(EINVAL);
                }
            }
        }
    }
    Ok(())
}

/// How both went on after a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// In the same way.
    Same,
    /// The same, and there are no more records after which to change something.
    Last,
    /// Not in the same way.
    Differs,
}

/// Reads `records` records of both, makes a change, and reads on; then the layout is as before.
fn one_change(
    trees: &Trees<'_>,
    name: &CStr,
    records: usize,
    make: fn(&Process) -> Result,
) -> Result<End> {
    let text = whole(trees, &trees.stock, name)?;
    let end = end_of(&text, records);
    let mut both = Both::open(trees, name)?;

    let before = end == 0 || both.read(end)?.is_some();
    make(trees.process)?;
    let behind = both.rest(BUFFER.len())?;
    trees.process.unmap(LAYOUT)?;
    map_layout(trees.process)?;
    Ok(if !before || behind.is_none() {
        End::Differs
    } else if end == text.len() {
        End::Last
    } else {
        End::Same
    })
}

/// Where the first `records` records of a text end.
fn end_of(text: &[u8], records: usize) -> usize {
    let mut starts = 0;
    let mut at = 0;

    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if is_address(line) {
            starts += 1;
            if starts > records {
                return at;
            }
        }
        at += line.len();
    }
    at
}

/// Whether a line begins with an address, as those do that begin a mapping.
fn is_address(line: &[u8]) -> bool {
    line.first()
        .is_some_and(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

#[kunit_tests(rustproc_kunit_positions)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;

    /// Files that tell of mappings.
    const FILES: &[&str] = &["maps", "smaps", "numa_maps", "smaps_rollup", "statm"];

    /// The children of the thread that makes all kernel threads.
    const CHILDREN: &CStr = c"2/task/2/children";

    #[test]
    fn reads_of_every_size_go_on_where_the_last_ended() -> Result {
        with_trees(|trees| {
            for file in FILES {
                every_size(trees, &own_file(trees.process, file)?, file)?;
            }
            every_size(trees, CHILDREN, "children")
        })
    }

    #[test]
    fn seeks_lead_to_every_position_and_beyond() -> Result {
        with_trees(|trees| {
            for file in FILES {
                every_position(trees, &own_file(trees.process, file)?, file)?;
            }
            every_position(trees, CHILDREN, "children")
        })
    }

    /// A directory of each kind: the root, a process's, that of its threads, a thread's, and one that
    /// is passed through.
    fn directories(process: &Process) -> Result<[CString; 5]> {
        let (pid, own) = (process.pid(), |name| own_file(process, name));

        Ok([
            CString::try_from_fmt(fmt!("."))?,
            own(".")?,
            own("task")?,
            CString::try_from_fmt(fmt!("{pid}/task/{pid}"))?,
            own("ns")?,
        ])
    }

    #[test]
    fn directories_go_on_at_the_entry_that_did_not_fit() -> Result {
        with_trees(|trees| {
            for name in &directories(trees.process)? {
                for limit in [1, 2, 3, 7, usize::MAX] {
                    lists_like_stock(trees, name, 0, limit)?;
                }
            }
            Ok(())
        })
    }

    #[test]
    fn directories_are_listed_from_every_position() -> Result {
        with_trees(|trees| {
            for name in &directories(trees.process)? {
                for position in [
                    1,
                    2,
                    3,
                    4,
                    5,
                    20,
                    70,
                    255,
                    256,
                    257,
                    258,
                    259,
                    260,
                    300,
                    1 << 30,
                ] {
                    lists_like_stock(trees, name, position, 5)?;
                }
            }
            Ok(())
        })
    }

    #[test]
    fn negative_seeks_are_refused() -> Result {
        with_trees(|trees| {
            for file in FILES {
                let mut both = Both::open(trees, &own_file(trees.process, file)?)?;
                equal(file, both.seek(-1), Some(false))?;
            }
            Ok(())
        })
    }

    /// Stock lets a killed reader finish a walk; nobody can tell the difference.
    #[test]
    fn a_killed_reader_waits_for_no_walk() -> Result {
        with_trees(|trees| {
            for file in FILES {
                let mut both = Both::open(trees, &own_file(trees.process, file)?)?;
                let (ours, stock) = trees.process.killed(|| {
                    let ours = both.ours.read(BUFFER.start, BUFFER.len());
                    (ours, both.stock.read(BUFFER.start, BUFFER.len()))
                });
                let walks = ["smaps", "smaps_rollup", "numa_maps"].contains(file);
                equal(file, ours, if walks { Err(EINTR) } else { stock })?;
            }
            Ok(())
        })
    }

    #[test]
    fn maps_goes_on_after_each_change() -> Result {
        with_trees(|trees| every_change(trees, "maps", 1))
    }

    #[test]
    fn smaps_goes_on_after_each_change() -> Result {
        with_trees(|trees| every_change(trees, "smaps", 1))
    }

    #[test]
    fn numa_maps_goes_on_after_each_change() -> Result {
        with_trees(|trees| every_change(trees, "numa_maps", ROUNDS))
    }
}
