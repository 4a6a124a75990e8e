// SPDX-License-Identifier: GPL-2.0

//! Collects `maps`: a walk from VMA to VMA.
//!
//! C counterpart: `m_start()`, `proc_get_vma()` and `show_map_vma()` in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    model::{
        maps::{
            Device,
            MapsRecord,
            VmaFlags, //
        },
        units::Pages, //
    },
    sys::{
        seq::Seq,
        vma::{
            flags,
            LockedVma,
            Vma,
            VmaWalk, //
        },
    },
};
use core::ffi::CStr;
use kernel::{
    mm::MmWithUser,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        },
    },
};

/// Where a reader of `maps` stands, as a file position.
///
/// A position above 0 is where the VMA ended that was shown last: the walk goes on there whatever
/// has been mapped and unmapped meanwhile, so that no address is shown twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// All has been shown.
    End,
    /// Before the gate VMA, which comes last.
    Gate,
    /// At this address.
    Address(usize),
}

impl Position {
    fn from_raw(raw: i64) -> Self {
        match raw {
            -1 => Self::End,
            -2 => Self::Gate,
            // CAST: Other positions are addresses that `into_raw()` made.
            address => Self::Address(address as usize),
        }
    }

    fn into_raw(self) -> i64 {
        match self {
            Self::End => -1,
            Self::Gate => -2,
            // CAST: Addresses of user space are below 2^63.
            Self::Address(address) => address as i64,
        }
    }
}

/// Whether `position` is the one after the last record.
pub(crate) fn is_end(position: i64) -> bool {
    Position::from_raw(position) == Position::End
}

/// Stands at a VMA, with it locked.
pub(crate) struct Maps<'a> {
    walk: VmaWalk,
    /// Where the VMA begins that is being shown.
    restart: &'a Atomic<i64>,
}

impl<'a> Maps<'a> {
    /// Goes to the VMA at `position`; `None` beyond the last. May sleep.
    ///
    /// `restart` is where the VMA begins that is being shown: a reader whose buffer was too small for
    /// it is sent back there.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn at(
        mm: ARef<MmWithUser>,
        position: &mut i64,
        restart: &'a Atomic<i64>,
    ) -> Result<Option<Self>> {
        if *position > 0 {
            *position = restart.load(Relaxed);
        }
        let start = Position::from_raw(*position);
        let address = match start {
            Position::Address(address) => address,
            Position::Gate | Position::End => 0,
        };
        let mut maps = Self {
            walk: VmaWalk::new(mm, address),
            restart,
        };
        let found = match start {
            Position::End => false,
            Position::Gate => maps.walk.go_to_gate(),
            Position::Address(_) => maps.step(position)?,
        };

        Ok(found.then_some(maps))
    }

    /// Goes to the next VMA; `false` beyond the last. May sleep.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn advance(&mut self, position: &mut i64) -> Result<bool> {
        if Position::from_raw(*position) == Position::Gate {
            *position = Position::End.into_raw();
            return Ok(false);
        }
        self.step(position)
    }

    fn step(&mut self, position: &mut i64) -> Result<bool> {
        // CAST: The position is an address here.
        let found = self.walk.advance(*position as usize)?;

        self.restart.store(*position, Relaxed);
        if let Some(vma) = found {
            *position = Position::Address(vma.end()).into_raw();
            return Ok(true);
        }
        *position = Position::Gate.into_raw();
        Ok(self.walk.go_to_gate())
    }

    /// Runs `look` on the VMA, free to sleep; `None` at the gate VMA.
    pub(crate) fn inspect<R>(&mut self, look: impl FnOnce(LockedVma<'_>) -> R) -> Option<R> {
        self.walk.inspect(look)
    }

    /// The VMA.
    pub(crate) fn current(&self) -> Option<Vma<'_>> {
        self.walk.current()
    }

    /// Writes the path of the VMA's file, if it maps one, with the characters of `escaped` escaped: the
    /// same ones each time.
    pub(crate) fn write_path(&self, escaped: &CStr, seq: &mut Seq<'_>) {
        self.walk.write_path(escaped, seq);
    }
}

/// What `maps` says of a VMA before its name.
pub(crate) fn record(vma: Vma<'_>) -> MapsRecord {
    let file = vma.file();

    MapsRecord {
        // CAST: Addresses have 64 bits.
        start: vma.start() as u64,
        end: vma.end() as u64,
        flags: permissions(vma),
        pgoff: file.map_or(0, |file| Pages(file.page_offset).to_bytes().0),
        dev: file.map_or(Device { major: 0, minor: 0 }, |file| Device {
            major: file.device.major,
            minor: file.device.minor,
        }),
        ino: file.map_or(0, |file| file.inode),
    }
}

/// What may be done with a VMA.
pub(super) fn permissions(vma: Vma<'_>) -> VmaFlags {
    let bits = vma.flags();

    VmaFlags {
        read: bits & flags::READ != 0,
        write: bits & flags::WRITE != 0,
        exec: bits & flags::EXEC != 0,
        mayshare: bits & flags::MAYSHARE != 0,
    }
}
