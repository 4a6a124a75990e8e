// SPDX-License-Identifier: GPL-2.0

//! Where areas begin and end, and what is between them.

use std::path::Path;

use super::{around, open, Pages};
use crate::fact::Observation;
use crate::probe::areas;
use crate::probe::Depth;
use crate::sys::PAGE;

/// A hole that isn't longer than so many pages is read as a whole.
const HOLE: u64 = 2048;

/// Short reads around both ends of each area, and one read over each short hole.
pub fn ask(path: &Path, depth: Depth, seen: &mut Observation) {
    let Some(fd) = open(path, seen) else {
        return;
    };
    let all = areas::beside(path);
    let most = if depth == Depth::Memory { 60 } else { 12 };
    for area in areas::some(&all, most) {
        let title = area.title();
        seen.note(format!("start of {title}"), around(&fd, area, area.start));
        seen.note(format!("end of {title}"), around(&fd, area, area.end));
    }
    let page = PAGE as u64;
    let mut over = Pages::default();
    for pair in areas::some(&all, most).windows(2) {
        let (from, to) = (pair[0].end - page, pair[1].start + page);
        if pair[1].start >= pair[0].end && (to - from) / page <= HOLE {
            over.read(&fd, from, (to - from) / page);
        }
    }
    seen.note("over the holes", over);
}
