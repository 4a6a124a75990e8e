// SPDX-License-Identifier: GPL-2.0

//! From kernel state to the plain structs of [`crate::model`], one file for each procfs file.
//!
//! This layer owns the scope of each lock: take it, copy out, let go. It renders nothing, but where
//! text must be made under a lock (the path of a mapped file) it hands the guarded value on.

#![deny(unsafe_code)]

pub(crate) mod children;
pub(crate) mod clear_refs;
pub(crate) mod maps;
#[cfg(CONFIG_NUMA)]
pub(crate) mod numa_maps;
pub(crate) mod page_scan;
pub(crate) mod pagemap;
pub(crate) mod procmap_query;
pub(crate) mod smaps;
pub(crate) mod smaps_rollup;
pub(crate) mod stat;
pub(crate) mod statm;
pub(crate) mod status;

use crate::{
    model::{
        code::CodeRange,
        comm::Comm,
        rss::Rss,
        state::State,
        units::Pages, //
    },
    sys::{
        mm::{
            MmExt,
            PageKind, //
        },
        task::TaskExt, //
    },
};
use kernel::{
    mm::MmWithUser,
    prelude::*,
    task::Task, //
};

/// The state of `task`. Its index is always one that the model knows; see [`State::from_index`].
fn state(task: &Task) -> State {
    // CAST: An index into a table of nine.
    State::from_index(task.state_index() as usize).unwrap_or(State::Running)
}

/// The name of `task`. Mirrors `proc_task_name()`.
fn comm(task: &Task) -> Comm {
    Comm::new(task.name())
}

/// The resident pages of `mm`, by kind.
fn rss(mm: &MmWithUser) -> Rss {
    Rss {
        anon: Pages(mm.pages(PageKind::Anon)),
        file: Pages(mm.pages(PageKind::File)),
        shmem: Pages(mm.pages(PageKind::Shmem)),
    }
}

/// Where the code of the program in `mm` lies.
fn code(mm: &MmWithUser) -> CodeRange {
    let code = mm.code();

    CodeRange {
        start: code.start,
        end: code.end,
    }
}

static_assert!(crate::model::units::PAGE_SHIFT as usize == kernel::page::PAGE_SHIFT);
static_assert!(crate::model::comm::CAPACITY == crate::sys::task::NAME_BUFFER);
