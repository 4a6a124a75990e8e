// SPDX-License-Identifier: GPL-2.0

//! What has been done with each file of ours, for `/proc/fs/rustproc/counters`.

use super::entry::ENTRIES;
use crate::sys::{
    percpu::Counter,
    seq::Observer, //
};
use kernel::prelude::*;

/// An event that is counted for each file.
#[derive(Clone, Copy)]
pub(super) enum Event {
    /// Successful `open(2)`s.
    Opens,
    /// `read(2)`s, failed ones too.
    Reads,
    /// Bytes that reads returned.
    Bytes,
    /// Page-table entries looked at.
    Entries,
}

/// All events, in the order of the columns.
pub(super) const EVENTS: [(&str, Event); 4] = [
    ("opens", Event::Opens),
    ("reads", Event::Reads),
    ("bytes", Event::Bytes),
    ("entries", Event::Entries),
];

/// The counter of `event` for the file of the name that stands at `row` of the table of entries.
pub(super) const fn counter(row: usize, event: Event) -> Option<Counter> {
    // CAST: The discriminant of a small enum.
    Counter::new(row * EVENTS.len() + event as usize)
}

// Each file has its counters.
static_assert!(ENTRIES.len() * EVENTS.len() <= crate::sys::percpu::COUNTERS);

/// A file whose events are counted.
pub(super) trait Counted {
    /// Name of the file.
    const NAME: &'static str;
}

/// The row of `name` in the table of entries.
const fn row(name: &str) -> usize {
    let mut row = 0;

    while row < ENTRIES.len() {
        if same(ENTRIES[row].name.as_bytes(), name.as_bytes()) {
            return row;
        }
        row += 1;
    }
    ENTRIES.len()
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;

    if a.len() != b.len() {
        return false;
    }
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Adds to a counter of the file `T`.
fn add<T: Counted>(event: Event, value: u64) {
    if let Some(counter) = counter(const { row(T::NAME) }, event) {
        counter.add(value);
    }
}

/// Counts page-table entries that were looked at for the file `T`.
pub(super) fn entries<T: Counted>(count: u64) {
    add::<T>(Event::Entries, count);
}

impl<T: Counted> Observer for T {
    fn opened() {
        add::<T>(Event::Opens, 1);
    }

    fn read(bytes: usize) {
        add::<T>(Event::Reads, 1);
        if bytes > 0 {
            // CAST: A count of bytes.
            add::<T>(Event::Bytes, bytes as u64);
        }
    }
}
