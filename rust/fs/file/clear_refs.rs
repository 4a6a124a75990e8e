// SPDX-License-Identifier: GPL-2.0

//! `clear_refs`: a number that is written makes the kernel forget the use of a process's memory.
//!
//! Whoever may open it, by its mode and owner, may write; nothing else is checked.

use super::{
    super::{
        counters::{
            self,
            Counted, //
        },
        Proc, //
    },
    task_of, //
};
use crate::{
    collect::clear_refs as collect,
    model::clear_refs::{
        ParseError,
        Request,
        TEXT, //
    },
    sys::{
        file::{
            OpenFile,
            Raw,
            Seek, //
        },
        fs::Inode,
    },
};
use kernel::{
    prelude::*,
    uaccess::UserSliceReader, //
};

/// The file.
pub(in crate::fs) struct ClearRefs;

impl Counted for ClearRefs {
    const NAME: &'static str = "clear_refs";
}

#[vtable]
impl Raw for ClearRefs {
    type Fs = Proc;
    const SEEK: Seek = Seek::Ignored;

    fn open(_inode: &Inode<Proc>) -> Result<Self> {
        Ok(Self)
    }

    fn write(
        &self,
        file: &OpenFile<Proc>,
        mut from: UserSliceReader,
        _position: &mut i64,
    ) -> Result<usize> {
        let mut text = [0; TEXT];
        let size = from.read_slice_partial(&mut text, 0)?;
        let request = Request::parse(&text).map_err(|error| match error {
            ParseError::Invalid => EINVAL,
            ParseError::OutOfRange => ERANGE,
        })?;
        let (_, task) = task_of(file.inode())?;

        counters::entries::<Self>(collect::clear(&task, request)?);
        Ok(size)
    }
}
