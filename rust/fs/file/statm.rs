// SPDX-License-Identifier: GPL-2.0

//! `statm`: sizes of the address space, in pages. Everyone may read it.

use super::{
    super::{
        counters::Counted,
        Proc, //
    },
    pid_of, //
};
use crate::{
    collect,
    sys::{
        fs::Inode,
        seq::{
            Seq,
            Single, //
        },
    },
    view, //
};
use kernel::prelude::*;

/// The file.
pub(in crate::fs) struct Statm;

impl Counted for Statm {
    const NAME: &'static str = "statm";
}

impl Single for Statm {
    type Fs = Proc;

    #[inline(always)]
    fn show(inode: &Inode<Proc>, seq: &mut Seq<'_>) -> Result {
        let statm = collect::statm::collect(pid_of(inode)?)?;

        seq.render(|text| view::statm::render(&statm, text));
        Ok(())
    }
}
