// SPDX-License-Identifier: GPL-2.0

//! `children`: the child processes of a thread. Everyone may read it.

use super::{
    super::{
        counters::Counted,
        Proc, //
    },
    pid_of, //
};
use crate::{
    collect::children as collect,
    sys::{
        fs::Inode,
        seq::{
            Records,
            Seq, //
        },
    },
    view, //
};
use kernel::{
    pid_namespace::PidNamespace,
    prelude::*, //
};

/// The file, opened.
pub(in crate::fs) struct Children;

/// Stands at a child.
pub(in crate::fs) struct Cursor<'a> {
    children: collect::Children<'a>,
    ns: &'a PidNamespace,
}

impl Counted for Children {
    const NAME: &'static str = "children";
}

impl Records for Children {
    type Fs = Proc;
    type Cursor<'a> = Cursor<'a>;
    const IS_SHORT: bool = true;

    fn open(_inode: &Inode<Proc>) -> Result<Self> {
        Ok(Self)
    }

    fn start<'a>(
        &'a self,
        inode: &'a Inode<Proc>,
        position: &mut i64,
    ) -> Result<Option<Cursor<'a>>> {
        let children = collect::Children::at(pid_of(inode)?, *position);

        Ok(children.map(|children| Cursor {
            children,
            ns: &inode.fs().ns,
        }))
    }

    fn next(cursor: &mut Cursor<'_>, position: &mut i64) -> Result<bool> {
        *position = position.wrapping_add(1);
        Ok(cursor.children.advance(*position))
    }

    fn show(cursor: &mut Cursor<'_>, seq: &mut Seq<'_>) -> Result {
        let child = cursor.children.collect(cursor.ns);

        seq.render(|text| view::children::render(&child, text));
        Ok(())
    }
}
