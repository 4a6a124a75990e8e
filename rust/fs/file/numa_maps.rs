// SPDX-License-Identifier: GPL-2.0

//! `numa_maps`: the mappings of a process, and on which NUMA nodes their pages are.
//!
//! Whoever opens it must be allowed to trace the process, as for `maps`.

use super::{
    super::{
        counters::{
            self,
            Counted, //
        },
        Proc, //
    },
    maps::{
        self,
        Maps, //
    },
};
use crate::{
    collect::numa_maps::Counts,
    model::{
        numa_maps::{
            NumaStatistics,
            PageKind, //
        },
        units::Bytes, //
    },
    sys::{
        fs::Inode,
        mempolicy::{
            self,
            PolicyText, //
        },
        seq::{
            Records,
            Seq, //
        },
    },
    view::numa_maps as view, //
};
use core::cell::Cell;
use kernel::prelude::*;

/// The file, opened.
pub(in crate::fs) struct NumaMaps {
    maps: Maps,
    /// Room to count in, while no VMA is counted.
    counts: Cell<Counts>,
}

/// Stands at a VMA.
pub(in crate::fs) struct Cursor<'a> {
    maps: maps::Cursor<'a>,
    /// The policy of the task, for VMAs without one of their own.
    policy: PolicyText,
    counts: &'a Cell<Counts>,
}

impl Counted for NumaMaps {
    const NAME: &'static str = "numa_maps";
}

impl Records for NumaMaps {
    type Fs = Proc;
    type Cursor<'a> = Cursor<'a>;

    fn open(inode: &Inode<Proc>) -> Result<Self> {
        Ok(Self {
            counts: Cell::new(Counts::new()?),
            maps: Maps::open(inode)?,
        })
    }

    fn start<'a>(
        &'a self,
        inode: &'a Inode<Proc>,
        position: &mut i64,
    ) -> Result<Option<Cursor<'a>>> {
        let Some(maps) = self.maps.start(inode, position)? else {
            return Ok(None);
        };

        Ok(Some(Cursor {
            policy: mempolicy::of_task(maps.task()),
            maps,
            counts: &self.counts,
        }))
    }

    fn next(cursor: &mut Cursor<'_>, position: &mut i64) -> Result<bool> {
        Maps::next(&mut cursor.maps, position)
    }

    fn show(cursor: &mut Cursor<'_>, seq: &mut Seq<'_>) -> Result {
        let mut counts = cursor.counts.take();
        let collected = cursor.maps.inspect(|area| counts.collect(&area));

        // The gate VMA is the kernel's: it has no policy, and its pages are on no list.
        let shown = collected.map_or(Ok(()), |collected| {
            collected?;
            show(&cursor.maps, &cursor.policy, &counts, seq)
        });
        cursor.counts.set(counts);
        shown
    }
}

/// Renders a VMA. The path of its file is rendered under its lock.
fn show(
    maps: &maps::Cursor<'_>,
    of_task: &PolicyText,
    counts: &Counts,
    seq: &mut Seq<'_>,
) -> Result {
    let vma = maps.current().ok_or(EINVAL)?;
    let of_vma = mempolicy::of_vma(vma);
    let policy = of_vma.as_ref().unwrap_or(of_task).bytes();
    let kind = if vma.is_hugetlb() {
        PageKind::Hugetlb
    } else {
        PageKind::Normal
    };

    counters::entries::<NumaMaps>(counts.entries);
    // CAST: An address has 64 bits.
    seq.render(|text| view::start(vma.start() as u64, policy, text));
    if vma.has_file() {
        seq.render(view::file);
        maps.write_path(c"\n\t= ", seq);
    } else if vma.is_heap() {
        seq.render(view::heap);
    } else if vma.is_stack() {
        seq.render(view::stack);
    }
    seq.render(|text| {
        if kind == PageKind::Hugetlb {
            view::huge(text);
        }
        let statistics = NumaStatistics {
            kind,
            counts: counts.counts,
            nodes: counts.nodes(),
            // CAST: A size has 64 bits.
            kernel_page_size: Bytes(vma.kernel_page_size() as u64),
        };
        view::statistics(statistics, text);
        view::end(text);
    });
    Ok(())
}
