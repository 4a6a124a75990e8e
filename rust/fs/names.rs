// SPDX-License-Identifier: GPL-2.0

//! The names in the directory of a task, in stock's order.
//!
//! They depend on the kernel alone, so that each mount asks stock once, when it first needs them:
//! whether there is a name, and who makes what is behind it, needn't be asked again.
//!
//! C counterpart: `tgid_base_stuff` and `tid_base_stuff` in
//! [`fs/proc/base.c`](srctree/fs/proc/base.c).

use super::{
    entry::{
        self,
        Entry, //
    },
    stock,
    Proc,
    DOTS, //
};
use crate::{
    model::scope::Scope,
    sys::{
        fs::FileOperations,
        pid::Pid, //
    },
};
use core::pin::Pin;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Mutex,
        SetOnce, //
    },
};

/// Name of the directory of threads.
const THREADS: &[u8] = b"task";

/// Who makes what is behind a name.
#[derive(Clone, Copy)]
pub(super) enum Maker {
    /// We: a file.
    File(&'static Entry, FileOperations<Proc>),
    /// We: the directory of threads.
    Threads,
    /// Stock.
    Stock,
}

impl Maker {
    fn of(name: &[u8], scope: Scope) -> Self {
        match entry::find(name, scope) {
            Some((entry, operations)) => Self::File(entry, operations),
            None if scope == Scope::Process && name == THREADS => Self::Threads,
            None => Self::Stock,
        }
    }
}

/// A name, and who makes what is behind it.
pub(super) struct Name {
    pub(super) text: KVec<u8>,
    pub(super) maker: Maker,
}

impl Name {
    fn new(text: &[u8], scope: Scope) -> Result<Self> {
        let mut copy = KVec::new();

        copy.extend_from_slice(text, GFP_KERNEL)?;
        Ok(Self {
            text: copy,
            maker: Maker::of(text, scope),
        })
    }
}

/// The directories of one kind.
pub(super) struct Names {
    names: KVec<Name>,
    /// Hard links that such a directory has. Mirrors `nlink_tgid` and `nlink_tid`.
    pub(super) links: u32,
}

impl Names {
    /// Asks stock, of the task that `pid` identifies. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the task has been reaped; `ENOMEM`.
    fn learn(fs: &Proc, pid: &Pid, scope: Scope) -> Result<Self> {
        let directory = stock::task_directory(fs, pid, scope)?;
        let mut names = KVec::new();
        let mut result = Ok(());

        directory.open_as_kernel()?.read_from(DOTS, |entry| {
            result = Name::new(entry.name, scope)
                .and_then(|name| names.push(name, GFP_KERNEL).map_err(Error::from));
            result.is_ok()
        })?;
        result.map(|()| Self {
            names,
            links: directory.nlink(),
        })
    }

    /// Who makes what is behind `name`; `None` if there is no such name.
    pub(super) fn find(&self, name: &[u8]) -> Option<Maker> {
        let found = self.names.iter().find(|known| *known.text == *name)?;

        Some(found.maker)
    }

    /// The names from the one on that stands at `position` of a directory.
    pub(super) fn from(&self, position: i64) -> &[Name] {
        // A position below the dots cannot be, and one too large is beyond the last name.
        let index = usize::try_from(position - DOTS).unwrap_or(usize::MAX);

        self.names.get(index..).unwrap_or_default()
    }
}

/// What a mount knows of the names in the directories of tasks.
pub(super) struct TaskNames {
    process: SetOnce<Names>,
    thread: SetOnce<Names>,
    /// Held while stock is asked.
    learning: Pin<KBox<Mutex<()>>>,
}

impl TaskNames {
    /// Nothing is known.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            process: SetOnce::new(),
            thread: SetOnce::new(),
            learning: KBox::pin_init(new_mutex!(()), GFP_KERNEL)?,
        })
    }

    fn of(&self, scope: Scope) -> &SetOnce<Names> {
        match scope {
            Scope::Process => &self.process,
            Scope::Thread => &self.thread,
        }
    }
}

impl Proc {
    /// The names in a directory of `scope`. Sleeps until they are known, of the task that `pid`
    /// identifies.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the task has been reaped; `ENOMEM`.
    pub(super) fn names(&self, pid: &Pid, scope: Scope) -> Result<&Names> {
        let known = self.names.of(scope);

        if let Some(names) = known.as_ref() {
            return Ok(names);
        }
        let _guard = self.names.learning.lock();
        if known.as_ref().is_none() {
            known.populate(Names::learn(self, pid, scope)?);
        }
        known.as_ref().ok_or(EIO)
    }
}
