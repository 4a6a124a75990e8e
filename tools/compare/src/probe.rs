// SPDX-License-Identifier: GPL-2.0

//! The questions that one path can be asked.
//!
//! A probe takes a path and says what it observed; that it is a path in stock or in ours, it
//! doesn't know. The tables below are all there is to register.

use std::path::Path;

use crate::fact::Observation;
use crate::files::Kind;

mod attributes;
mod content;
mod directory;
mod lookup;
mod opens;
mod operations;
mod passthrough;
mod reads;
mod seeks;

pub use content::read_whole;
pub use directory::names;
pub use passthrough::PassThrough;

/// How much is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// What any process bears: content, attributes, a few reads.
    Quick,
    /// Everything.
    Full,
}

/// One set of questions.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Named in reports.
    pub name: &'static str,
    /// Asked at this depth and deeper.
    pub depth: Depth,
    /// Asks.
    pub ask: fn(&Path, Depth, &mut Observation),
}

impl Probe {
    /// Asks, and says what came of it.
    pub fn observe(&self, path: &Path, depth: Depth) -> Observation {
        let mut seen = Observation::default();
        (self.ask)(path, depth, &mut seen);
        seen
    }
}

const fn probe(name: &'static str, depth: Depth, ask: fn(&Path, Depth, &mut Observation)) -> Probe {
    Probe { name, depth, ask }
}

const CONTENT: Probe = probe("content", Depth::Quick, content::ask);
const ATTRIBUTES: Probe = probe("attributes", Depth::Quick, attributes::ask);
const READS: Probe = probe("reads", Depth::Quick, reads::ask);
const OFFSETS: Probe = probe("offsets", Depth::Quick, seeks::ask_pread);
const SEEKS: Probe = probe("seeks", Depth::Full, seeks::ask_lseek);
const SHARED: Probe = probe("dup", Depth::Full, seeks::ask_dup);
const OPENS: Probe = probe("opens", Depth::Full, opens::ask);
const OPERATIONS: Probe = probe("operations", Depth::Full, operations::ask);

const LISTING: Probe = probe("listing", Depth::Quick, directory::ask_listing);
const SMALL_BUFFERS: Probe = probe("small buffers", Depth::Full, directory::ask_small_buffers);
const DIRECTORY_SEEKS: Probe = probe("directory seeks", Depth::Full, directory::ask_seeks);
const LOOKUPS: Probe = probe("lookups", Depth::Quick, lookup::ask);
const FILESYSTEM: Probe = probe("statfs", Depth::Full, attributes::ask_statfs);

/// What a file of a kind is asked.
pub fn of_file(kind: Kind) -> &'static [Probe] {
    match kind {
        Kind::Text => &[
            CONTENT, ATTRIBUTES, READS, OFFSETS, SEEKS, SHARED, OPENS, OPERATIONS, FILESYSTEM,
        ],
        Kind::Binary => &[ATTRIBUTES, OFFSETS, SEEKS, OPENS, FILESYSTEM],
        Kind::Command => &[ATTRIBUTES, OPENS, FILESYSTEM],
    }
}

/// What a directory is asked.
pub const DIRECTORY: &[Probe] = &[
    ATTRIBUTES,
    LISTING,
    SMALL_BUFFERS,
    DIRECTORY_SEEKS,
    LOOKUPS,
    OPENS,
    OPERATIONS,
    FILESYSTEM,
];
