// SPDX-License-Identifier: GPL-2.0

//! `ioctl(PAGEMAP_SCAN)` on `pagemap`: which pages are of certain categories.
//!
//! What has been found goes to the caller whenever a buffer is full, with no lock held.
//!
//! C counterpart: `do_pagemap_scan()` in [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    collect::page_scan::{
        self as collect,
        Scan, //
    },
    model::{
        page_scan::{
            PageRegion,
            Refusal,
            Request,
            ScanArguments, //
        },
        units::{
            Bytes,
            PAGE_SIZE, //
        },
    },
    sys::{
        self,
        task,
        uaccess,
        walk::{
            Walked,
            PMD_SIZE, //
        },
        zeroed::zeroed, //
    },
};
use core::{
    mem::offset_of,
    ops::Range, //
};
use kernel::{
    ioctl::_IOWR,
    mm::{
        Mm,
        MmWithUser, //
    },
    prelude::*,
    transmute::AsBytes,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// The command.
pub(super) const COMMAND: u32 = _IOWR::<ScanArguments>(b'f' as u32, 16);

/// The largest number of regions that are collected before the caller gets them.
const BUFFER: u64 = PMD_SIZE as u64 / PAGE_SIZE;

/// The number of regions that the caller gets first, if there are more: a buffer for these is on the stack.
/// The larger one is made of pages that are cleared, which takes longer than most scans.
const FEW: usize = 16;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid => EINVAL,
            Refusal::Fault => EFAULT,
        }
    }
}

/// What has been done.
#[derive(Default)]
pub(super) struct Answer {
    /// Number of regions that the caller got.
    pub(super) regions: usize,
    /// Number of page-table entries that were looked at.
    pub(super) looked_at: u64,
}

/// Does what the arguments at `argument` ask for in the address space `mm`.
///
/// # Errors
///
/// `ESRCH` if the address space is gone; `EFAULT`; `EINVAL` for arguments that make no sense;
/// `EPERM` at an area that cannot be protected asynchronously, if that is asked for; `ENOMEM`;
/// `EINTR` on a fatal signal. Regions may have been written even so.
pub(super) fn answer(mm: &Mm, argument: UserPtr) -> Result<Answer> {
    let mm = mm.mmget_not_zero();
    // Series 7.2 finds nothing in an address space that is gone.
    if sys::SINCE_7_3 && mm.is_none() {
        return Err(ESRCH);
    }
    let arguments = UserSlice::new(argument, size_of::<ScanArguments>());
    let arguments = arguments.reader().read()?;
    let request = Request::new(&arguments, collect::KNOWN, uaccess::untag, uaccess::is_user)?;
    // There are no more regions than pages.
    let pages = Bytes(
        request
            .addresses
            .end
            .saturating_sub(request.addresses.start),
    )
    .to_pages();
    // CAST: A small number.
    let room = request.vec_len.min(BUFFER).min(pages.0) as usize;
    let mut few = [PageRegion::default(); FEW];
    let mut many;
    let mut rounds = Rounds::new(&request, few.get_mut(..room.min(FEW)).unwrap_or_default());

    let mut more = rounds.next(mm.as_deref());
    if room > FEW && matches!(more, Ok(true)) {
        many = zeroed(room)?;
        rounds.widen(&mut many);
    }
    while matches!(more, Ok(true)) {
        more = rounds.next(mm.as_deref());
    }
    let walk_end = match rounds.scan.regions.walk_end() {
        0 => request.addresses.end,
        walk_end => walk_end,
    };
    uaccess::write(
        argument.wrapping_byte_add(offset_of!(ScanArguments, walk_end)),
        AsBytes::as_bytes(&walk_end),
    )?;
    more.map(|_| rounds.answer)
}

/// A scan, until all has been looked at, or there is no more room for regions.
struct Rounds<'a> {
    request: &'a Request,
    scan: Scan<'a>,
    /// The addresses that have not been looked at.
    rest: Range<u64>,
    answer: Answer,
}

impl<'a> Rounds<'a> {
    fn new(request: &'a Request, buffer: &'a mut [PageRegion]) -> Self {
        Self {
            request,
            scan: Scan::new(request, buffer),
            rest: request.addresses.clone(),
            answer: Answer::default(),
        }
    }

    /// Scans until the buffer is full, and gives the caller what has been found; whether there is more to do.
    fn next(&mut self, mm: Option<&MmWithUser>) -> Result<bool> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        if task::fatal_signal_pending() {
            return Err(EINTR);
        }
        let walked = match mm {
            Some(mm) => self.scan.run(mm, self.rest.clone()),
            None => Ok(Walked::Whole),
        };
        let (request, done) = (self.request, self.answer.regions);
        self.answer.regions += hand_out(&mut self.scan, request, done)?;
        self.answer.looked_at = self.scan.looked_at;
        self.rest.start = self.scan.regions.walk_end();
        // CAST: A number of regions.
        Ok(walked? == Walked::Stopped
            && self.answer.regions as u64 != request.vec_len
            && !self.scan.regions.is_complete())
    }

    /// Goes on with a larger buffer. It is first used for as many regions as it has more, so that the walk
    /// stops where it would if there had been this buffer only: the caller is told of that.
    fn widen(&mut self, buffer: &'a mut [PageRegion]) {
        let limit = buffer.len().saturating_sub(self.answer.regions);

        self.scan.regions.go_on_in(buffer, limit);
    }
}

/// Gives the caller the regions that have been found, behind the `done` that it has got; answers how
/// many there were.
fn hand_out(scan: &mut Scan<'_>, request: &Request, done: usize) -> Result<usize> {
    let regions = scan.regions.filled();
    let count = regions.len();

    if count == 0 {
        return Ok(0);
    }
    // CAST: Addresses have 64 bits.
    let to =
        UserPtr::from_addr(request.vec as usize).wrapping_byte_add(done * size_of::<PageRegion>());
    uaccess::write(to, AsBytes::as_bytes(regions))?;
    // CAST: There was room for them.
    let left = request.vec_len as usize - done - count;
    scan.regions.restart(left);
    Ok(count)
}
