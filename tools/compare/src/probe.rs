// SPDX-License-Identifier: GPL-2.0

//! The questions that one path can be asked.
//!
//! A probe takes a path and says what it observed; that it is a path in stock or in ours, it
//! doesn't know. The tables below are all there is to register.

use std::path::Path;

use crate::fact::Observation;
use crate::files::{Kind, Known};

pub mod areas;
mod attributes;
pub mod border;
mod content;
mod directory;
mod lookup;
mod opens;
mod operations;
pub mod pagemap;
mod passthrough;
mod query;
mod reads;
pub mod scan;
mod seeks;

pub use content::{drain, read_whole};
pub use directory::names;
pub use passthrough::PassThrough;

/// How much is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// The content only, and of the process's own directory only: for what takes long.
    Glance,
    /// What any process bears: content, attributes, a few reads.
    Quick,
    /// That, and everything that its memory may answer to.
    Memory,
    /// Everything that a process may answer to; less about its memory, unless that is special.
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

const CONTENT: Probe = probe("content", Depth::Glance, content::ask);
const ATTRIBUTES: Probe = probe("attributes", Depth::Quick, attributes::ask);
const READS: Probe = probe("reads", Depth::Quick, reads::ask);
const OFFSETS: Probe = probe("offsets", Depth::Quick, seeks::ask_pread);
const SEEKS: Probe = probe("seeks", Depth::Full, seeks::ask_lseek);
const SHARED: Probe = probe("dup", Depth::Full, seeks::ask_dup);
const OPENS: Probe = probe("opens", Depth::Full, opens::ask);
const OPERATIONS: Probe = probe("operations", Depth::Full, operations::ask);

const PAGES: Probe = probe("pages", Depth::Glance, pagemap::ask);
const EDGES: Probe = probe("edges", Depth::Memory, pagemap::ask_edges);
const ODD_READS: Probe = probe("odd reads", Depth::Memory, pagemap::ask_odd);
const PAGE_SEEKS: Probe = probe("seeks", Depth::Full, pagemap::ask_seeks);
const SCANS: Probe = probe("scans", Depth::Quick, scan::ask);
const QUERIES: Probe = probe("queries", Depth::Quick, query::ask);

const LISTING: Probe = probe("listing", Depth::Quick, directory::ask_listing);
const SMALL_BUFFERS: Probe = probe("small buffers", Depth::Full, directory::ask_small_buffers);
const DIRECTORY_SEEKS: Probe = probe("directory seeks", Depth::Full, directory::ask_seeks);
const LOOKUPS: Probe = probe("lookups", Depth::Quick, lookup::ask);
const FILESYSTEM: Probe = probe("statfs", Depth::Full, attributes::ask_statfs);

/// What a file is asked.
pub fn of_file(known: Known) -> Vec<Probe> {
    let mut probes = match known.kind {
        Kind::Text => vec![
            CONTENT, ATTRIBUTES, READS, OFFSETS, SEEKS, SHARED, OPENS, OPERATIONS, FILESYSTEM,
        ],
        Kind::Binary => vec![
            PAGES, SCANS, EDGES, ODD_READS, ATTRIBUTES, PAGE_SEEKS, OPENS, OPERATIONS, FILESYSTEM,
        ],
        Kind::Command => vec![ATTRIBUTES, OPENS, OPERATIONS, FILESYSTEM],
    };
    if known.name == "maps" {
        probes.push(QUERIES);
    }
    probes
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
