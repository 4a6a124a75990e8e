// SPDX-License-Identifier: GPL-2.0

//! `smaps`: the mappings of a process, and what their pages are.
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
        Cursor,
        Maps, //
    },
};
use crate::{
    collect::smaps as collect,
    sys::{
        fs::Inode,
        seq::{
            Records,
            Seq, //
        },
    },
    view::smaps as view, //
};
use kernel::prelude::*;

/// The file, opened: the same state as that of `maps`.
pub(in crate::fs) struct Smaps(Maps);

impl Counted for Smaps {
    const NAME: &'static str = "smaps";
}

impl Records for Smaps {
    type Fs = Proc;
    type Cursor<'a> = Cursor<'a>;

    fn open(inode: &Inode<Proc>) -> Result<Self> {
        Maps::open(inode).map(Self)
    }

    fn start<'a>(
        &'a self,
        inode: &'a Inode<Proc>,
        position: &mut i64,
    ) -> Result<Option<Cursor<'a>>> {
        self.0.start(inode, position)
    }

    fn next(cursor: &mut Cursor<'_>, position: &mut i64) -> Result<bool> {
        Maps::next(cursor, position)
    }

    fn show(cursor: &mut Cursor<'_>, seq: &mut Seq<'_>) -> Result {
        // No page is looked at for a record that can't fit, as the last one in most buffers.
        if !seq.has_room(view::SHORTEST) {
            return Ok(());
        }
        let mut sums = collect::Sums::default();
        // The gate VMA has no pages that count.
        let walked = cursor.inspect(|area| collect::collect(&area, &mut sums));
        walked.transpose()?;
        let vma = cursor.current().ok_or(EINVAL)?;
        let (sizes, eligible) = (collect::area(vma), vma.is_thp_eligible());
        let (flags, key) = (vma.flags(), vma.protection_key());

        counters::entries::<Self>(sums.entries);
        maps::show(cursor, seq)?;
        seq.render(|text| {
            view::area(&sizes, text);
            view::sizes(&sums.sizes, text);
            view::thp_eligible(eligible, text);
            if let Some(key) = key {
                view::protection_key(key, text);
            }
            view::vm_flags(flags, collect::MNEMONICS, text);
        });
        Ok(())
    }
}
