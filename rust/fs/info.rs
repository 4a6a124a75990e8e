// SPDX-License-Identifier: GPL-2.0

//! `/proc/fs/rustproc`: what the module is and what it has done.

use super::{
    counters::{
        self,
        EVENTS, //
    },
    entry::ENTRIES, //
};
use crate::{
    sys::{
        proc_fs::{
            TextDirectory,
            TextFile, //
        },
        seq::Seq,
        symbols::KERNEL_RELEASE, //
    },
    VERSION,
};
use kernel::prelude::*;

/// The directory, registered.
pub(crate) struct InfoDirectory(#[expect(dead_code)] TextDirectory);

impl InfoDirectory {
    /// Makes the directory and its files.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the name is taken or memory is short.
    pub(crate) fn new() -> Result<Self> {
        let directory = TextDirectory::new(c"fs/rustproc")?;

        directory.add::<Version>(c"version")?;
        directory.add::<Counters>(c"counters")?;
        Ok(Self(directory))
    }
}

/// `version`: a `key: value` a line.
struct Version;

impl TextFile for Version {
    fn show(seq: &mut Seq<'_>) -> Result {
        seq.render(|text| {
            text.str("version: ");
            text.str(VERSION);
            text.str("\nkernel: ");
            text.bytes(KERNEL_RELEASE.to_bytes());
            text.str("\nfiles:");
            for entry in ENTRIES {
                text.byte(b' ');
                text.str(entry.name);
            }
            text.byte(b'\n');
        });
        Ok(())
    }
}

/// `counters`: a heading, then a file a line.
struct Counters;

impl TextFile for Counters {
    fn show(seq: &mut Seq<'_>) -> Result {
        seq.render(|text| {
            text.str("file");
            for (label, _) in EVENTS {
                text.byte(b' ');
                text.str(label);
            }
            text.byte(b'\n');
            for (row, entry) in ENTRIES.iter().enumerate() {
                text.str(entry.name);
                for (_, event) in EVENTS {
                    let sum = counters::counter(row, event).map_or(0, |counter| counter.sum());
                    text.line(|line| line.field_u64(sum));
                }
                text.byte(b'\n');
            }
        });
        Ok(())
    }
}
