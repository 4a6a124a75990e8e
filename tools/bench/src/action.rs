// SPDX-License-Identifier: GPL-2.0

//! Operations on one tree: what is measured, ready to be done many times.

mod asking;
mod clearing;
mod listing;
mod paths;
mod reading;

use std::path::Path;

use anyhow::{bail, Result};
use nix::unistd::Pid;

use crate::case::{Case, Operation};

pub use paths::Place;

/// An operation on one tree.
pub trait Action {
    /// Does it once. Nothing but its system calls should take time here.
    fn act(&mut self) -> nix::Result<()>;

    /// What it has come to: equal in both trees.
    fn outcome(&self) -> Vec<u8>;

    /// Gets everything in place for the next measurement, which takes no part in it.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// How often it can be done before it has to be prepared again, if there is a limit.
    fn limit(&self) -> Option<u32> {
        None
    }

    /// Whether the workload has to write to all its pages before.
    fn wants_written_pages(&self) -> bool {
        false
    }
}

/// The action of a case in a tree, on a process.
pub fn begin(case: &Case, tree: &Path, pid: Pid) -> Result<Box<dyn Action>> {
    let (file, range) = (case.file, case.workload.range());
    let place = Place::of(tree, pid, file)?;
    Ok(match case.operation {
        Operation::Read if file == "pagemap" => {
            Box::new(reading::Reading::of_pages(&place, range)?)
        }
        Operation::Read => Box::new(reading::Reading::of_file(&place)?),
        Operation::OpenReadClose => Box::new(reading::Opening::new(place, true)),
        Operation::OpenClose => Box::new(reading::Opening::new(place, false)),
        Operation::Stat => Box::new(paths::Attributes::new(place)),
        Operation::Lookup => Box::new(paths::Lookup::new(place)),
        Operation::LookupMissing => Box::new(paths::Missing::new(place)?),
        Operation::LookupFresh => Box::new(paths::Fresh::new(place, file, pid)?),
        Operation::List => Box::new(listing::Listing::new(&place)?),
        Operation::Query => Box::new(asking::Query::covering(&place, range.start)?),
        Operation::QueryName => Box::new(asking::Query::named(&place, "librustproc-bench")?),
        Operation::QueryBuildId => Box::new(asking::Query::with_build_id(&place)?),
        Operation::QueryAll => Box::new(asking::AllQueries::new(&place)?),
        Operation::Scan => Box::new(asking::Scan::present(&place, range)?),
        Operation::ScanProtect => Box::new(asking::Scan::protecting(&place, range)?),
        Operation::Clear(what) => Box::new(clearing::Clearing::new(&place, what)?),
        Operation::MemoryOpen | Operation::MemoryRead | Operation::MemoryPeak => {
            bail!("that takes no time worth measuring")
        }
    })
}
