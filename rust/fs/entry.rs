// SPDX-License-Identifier: GPL-2.0

//! The table of the files that we make ourselves.
//!
//! Everything else in a task's directory is stock's; a file becomes ours with a row here.
//!
//! C counterpart: `tgid_base_stuff` and `tid_base_stuff` in
//! [`fs/proc/base.c`](srctree/fs/proc/base.c).

use super::{
    file::{
        Children,
        ClearRefs,
        Maps,
        NumaMaps,
        Pagemap,
        ProcessStat,
        Smaps,
        SmapsRollup,
        Statm,
        Status,
        ThreadStat, //
    },
    Proc, //
};
use crate::{
    model::scope::Scope,
    sys::{
        file::RawFile,
        fs::FileOperations,
        seq::{
            RecordFile,
            SingleFile, //
        },
    },
};

/// Regular file that everyone may read.
const READ_ALL: u16 = 0o100444;

/// Regular file that its owner may read.
const READ_OWNER: u16 = 0o100400;

/// Regular file that its owner may write to.
const WRITE_OWNER: u16 = 0o100200;

/// A file of ours.
pub(super) struct Entry {
    /// Its name.
    pub(super) name: &'static str,
    /// Its type and permissions.
    pub(super) mode: u16,
    /// What is opened in the directory of a process.
    process: Option<FileOperations<Proc>>,
    /// What is opened in the directory of a thread.
    thread: Option<FileOperations<Proc>>,
}

impl Entry {
    /// A file that both directories have.
    const fn both(name: &'static str, mode: u16, operations: FileOperations<Proc>) -> Self {
        Self {
            name,
            mode,
            process: Some(operations),
            thread: Some(operations),
        }
    }

    /// What is opened in a directory of `scope`; `None` where stock has no such file.
    pub(super) fn operations(&self, scope: Scope) -> Option<FileOperations<Proc>> {
        match scope {
            Scope::Process => self.process,
            Scope::Thread => self.thread,
        }
    }
}

/// The files of ours, in the order of the reports in `/proc/fs/rustproc`.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "stat",
        mode: READ_ALL,
        process: Some(SingleFile::<ProcessStat>::OPERATIONS),
        thread: Some(SingleFile::<ThreadStat>::OPERATIONS),
    },
    Entry::both("statm", READ_ALL, SingleFile::<Statm>::OPERATIONS),
    Entry::both("status", READ_ALL, SingleFile::<Status>::OPERATIONS),
    Entry::both("maps", READ_ALL, RecordFile::<Maps>::OPERATIONS_WITH_IOCTL),
    #[cfg(CONFIG_PROC_PAGE_MONITOR)]
    Entry::both("smaps", READ_ALL, RecordFile::<Smaps>::OPERATIONS),
    #[cfg(CONFIG_PROC_PAGE_MONITOR)]
    Entry::both(
        "smaps_rollup",
        READ_ALL,
        RecordFile::<SmapsRollup>::OPERATIONS,
    ),
    #[cfg(CONFIG_NUMA)]
    Entry::both("numa_maps", READ_ALL, RecordFile::<NumaMaps>::OPERATIONS),
    #[cfg(CONFIG_PROC_PAGE_MONITOR)]
    Entry::both("pagemap", READ_OWNER, RawFile::<Pagemap>::OPERATIONS),
    #[cfg(CONFIG_PROC_PAGE_MONITOR)]
    Entry::both("clear_refs", WRITE_OWNER, RawFile::<ClearRefs>::OPERATIONS),
    #[cfg(CONFIG_PROC_CHILDREN)]
    Entry {
        name: "children",
        mode: READ_ALL,
        process: None,
        thread: Some(RecordFile::<Children>::OPERATIONS),
    },
];

/// The file `name` in a directory of `scope`, if it is ours.
pub(super) fn find(name: &[u8], scope: Scope) -> Option<(&'static Entry, FileOperations<Proc>)> {
    let entry = ENTRIES.iter().find(|entry| entry.name.as_bytes() == name)?;

    Some((entry, entry.operations(scope)?))
}
