// SPDX-License-Identifier: GPL-2.0

//! `pagemap`: what each page of a process is, as 64 bits.
//!
//! Whoever opens it must be allowed to trace the process, which must have an address space. Where in
//! memory pages are, only those see who had `CAP_SYS_ADMIN` over the whole system when they opened it.
//! What `ioctl(2)` answers is in [`page_scan`].

use super::{
    super::{
        counters::{
            self,
            Counted, //
        },
        Proc, //
    },
    page_scan,
    task_of, //
};
use crate::{
    collect::pagemap::{
        Part,
        Pieces, //
    },
    model::pagemap::{
        Frames,
        ENTRY_SIZE, //
    },
    sys::{
        cred,
        file::{
            OpenFile,
            Raw,
            Seek, //
        },
        fs::Inode,
        task::{
            AccessMode,
            TaskExt, //
        },
        uaccess::UserBuffer,
    },
};
use kernel::{mm::Mm, prelude::*, sync::aref::ARef, transmute::AsBytes, uaccess::UserPtr};

/// The file, opened.
pub(in crate::fs) struct Pagemap {
    /// The address space; its memory is pinned only while it is read.
    mm: ARef<Mm>,
}

impl Counted for Pagemap {
    const NAME: &'static str = "pagemap";
}

#[vtable]
impl Raw for Pagemap {
    type Fs = Proc;
    const SEEK: Seek = Seek::Anywhere;

    fn open(inode: &Inode<Proc>) -> Result<Self> {
        let (_, task) = task_of(inode)?;
        let mm = task.open_mm(AccessMode::READ_FSCREDS)?.ok_or(ESRCH)?;

        Ok(Self { mm })
    }

    /// As in stock, a read that fails half-way leaves the position alone, and says nothing of what it
    /// has read.
    fn read(&self, file: &OpenFile<Proc>, mut to: UserBuffer, position: &mut i64) -> Result<usize> {
        let Some(mm) = self.mm.mmget_not_zero() else {
            return Ok(0);
        };
        // CAST: The VFS refuses negative positions; a size has 64 bits.
        let (start, size) = (*position as u64, to.len() as u64);
        if start % ENTRY_SIZE != 0 || size % ENTRY_SIZE != 0 {
            return Err(EINVAL);
        }
        if size == 0 {
            return Ok(0);
        }
        let frames = if file.opener_is_capable(cred::CAP_SYS_ADMIN) {
            Frames::SHOWN
        } else {
            Frames::HIDDEN
        };
        let mut pieces = Pieces::new(&mm, start, size / ENTRY_SIZE, frames)?;
        let mut copied = 0;

        while let Some(part) = pieces.next()? {
            copied += hand_out(part, &mut to)?;
        }
        counters::entries::<Self>(pieces.looked_at());
        // CAST: The VFS cuts reads to fewer than 2^31 bytes.
        *position += copied as i64;
        Ok(copied)
    }

    /// As in stock, commands that it does not know are no different from wrong arguments.
    fn ioctl(&self, _file: &OpenFile<Proc>, command: u32, argument: usize) -> Result<isize> {
        match command {
            page_scan::COMMAND => {
                let answer = page_scan::answer(&self.mm, UserPtr::from_addr(argument))?;
                counters::entries::<Self>(answer.looked_at);
                // CAST: A number of regions.
                Ok(answer.regions as isize)
            }
            _ => Err(EINVAL),
        }
    }
}

/// Gives the reader entries; answers how many bytes they have.
///
/// A run that cannot be written whole is copied in small pieces, so that as many bytes arrive as in
/// stock.
fn hand_out(part: Part<'_>, to: &mut UserBuffer) -> Result<usize> {
    let before = to.len();

    match part {
        Part::Entries(entries) => to.write(AsBytes::as_bytes(entries))?,
        Part::Series { first, step, count } => {
            if to.write_series(first, step, count).is_err() {
                hand_out_singly(first, step, count, to)?;
            }
        }
    }
    Ok(before - to.len())
}

fn hand_out_singly(first: u64, step: u64, count: usize, to: &mut UserBuffer) -> Result {
    let mut bits = first;

    for _ in 0..count {
        to.write(AsBytes::as_bytes(&bits))?;
        bits = bits.wrapping_add(step);
    }
    Ok(())
}
