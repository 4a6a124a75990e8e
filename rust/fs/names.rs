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
        cred::AsKernel,
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
    task::Task, //
};

/// Names may be shorter than that; the few that are longer take longer to find.
const LENGTHS: usize = 32;

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

/// What tells most names apart: length, first and last byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u32);

impl Key {
    fn of(name: &[u8]) -> Self {
        let byte = |byte: Option<&u8>| byte.map_or(0, |byte| u32::from(*byte));

        // CAST: A name has at most `NAME_MAX` bytes.
        Self((name.len() as u32) << 16 | byte(name.first()) << 8 | byte(name.last()))
    }

    fn length(self) -> usize {
        // CAST: What `of()` has shifted.
        (self.0 >> 16) as usize
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
    /// In stock's order.
    names: KVec<Name>,
    /// In the order of their keys: where in `names` each stands.
    sorted: KVec<(Key, usize)>,
    /// Where in `sorted` the names of each length begin.
    starts: [usize; LENGTHS],
    /// Hard links that such a directory has. Mirrors `nlink_tgid` and `nlink_tid`.
    pub(super) links: u32,
}

impl Names {
    /// Asks stock what is in the directory of `task`. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the task has been reaped; `ENOMEM`.
    fn learn(fs: &Proc, task: &Task, scope: Scope) -> Result<Self> {
        // Who happens to be the first may be one who mustn't list this directory.
        let _kernel = AsKernel::new();
        let pid = Pid::of_task(task).ok_or(ENOENT)?;
        let directory = stock::task_directory(fs, &pid, scope)?;
        let mut names = Self {
            names: KVec::new(),
            sorted: KVec::new(),
            starts: [0; LENGTHS],
            links: directory.nlink(),
        };
        let mut result = Ok(());

        directory.open_as_kernel()?.read_from(DOTS, |entry| {
            result = names.add(entry.name, scope);
            result.is_ok()
        })?;
        result.map(|()| names.index())
    }

    /// Adds a name behind the others; [`Names::index`] before it is looked for.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    fn add(&mut self, text: &[u8], scope: Scope) -> Result {
        let key = (Key::of(text), self.names.len());
        let place = self.sorted.partition_point(|other| *other < key);

        self.sorted.reserve(1, GFP_KERNEL)?;
        self.sorted.insert_within_capacity(place, key)?;
        Ok(self.names.push(Name::new(text, scope)?, GFP_KERNEL)?)
    }

    /// Makes the names ready to be looked for.
    fn index(mut self) -> Self {
        for (length, start) in self.starts.iter_mut().enumerate() {
            *start = self
                .sorted
                .partition_point(|(key, _)| key.length() < length);
        }
        self
    }

    /// Who makes what is behind `name`; `None` if there is no such name.
    pub(super) fn find(&self, name: &[u8]) -> Option<Maker> {
        let key = Key::of(name);
        let start = self.starts[name.len().min(LENGTHS - 1)];
        let alike = self.sorted.get(start..)?.iter();
        let alike = alike.skip_while(|(known, _)| *known < key);
        let alike = alike.take_while(|(known, _)| *known == key);
        let mut alike = alike.filter_map(|(_, index)| self.names.get(*index));

        alike
            .find(|known| *known.text == *name)
            .map(|known| known.maker)
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
    /// The names in a directory of `scope`. The first time it sleeps until they are known, from the
    /// directory of `task`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the task has been reaped; `ENOMEM`.
    #[inline]
    pub(super) fn names(&self, task: &Task, scope: Scope) -> Result<&Names> {
        match self.names.of(scope).as_ref() {
            Some(names) => Ok(names),
            None => self.learn_names(task, scope),
        }
    }

    #[cold]
    fn learn_names(&self, task: &Task, scope: Scope) -> Result<&Names> {
        let known = self.names.of(scope);
        let _guard = self.names.learning.lock();

        if known.as_ref().is_none() {
            known.populate(Names::learn(self, task, scope)?);
        }
        known.as_ref().ok_or(EIO)
    }
}

#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
#[kunit_tests(rustproc_fs_names)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;
    use crate::sys::kunit::equal;

    /// Some are alike but for what is in the middle.
    const NAMES: [&[u8]; 8] = [
        b"task",
        b"stat",
        b"oom_adj",
        b"ab",
        b"slot",
        b"children",
        b"s",
        b"axb",
    ];

    fn names(scope: Scope) -> Result<Names> {
        let mut names = Names {
            names: KVec::new(),
            sorted: KVec::new(),
            starts: [0; LENGTHS],
            links: 2,
        };

        for name in NAMES {
            names.add(name, scope)?;
        }
        Ok(names.index())
    }

    fn maker(names: &Names, name: &[u8]) -> Option<&'static str> {
        names.find(name).map(|maker| match maker {
            Maker::File(entry, _) => entry.name,
            Maker::Threads => "threads",
            Maker::Stock => "stock",
        })
    }

    #[test]
    fn each_name_has_its_maker() -> Result {
        let (process, thread) = (names(Scope::Process)?, names(Scope::Thread)?);

        for name in [&b"oom_adj"[..], b"ab", b"axb", b"slot", b"s"] {
            equal("stock's", maker(&process, name), Some("stock"))?;
        }
        equal("ours", maker(&process, b"stat"), Some("stat"))?;
        equal("task", maker(&process, b"task"), Some("threads"))?;
        equal("task of a thread", maker(&thread, b"task"), Some("stock"))?;
        equal("of a process", maker(&process, b"children"), Some("stock"))?;
        equal("of a thread", maker(&thread, b"children"), Some("children"))
    }

    #[test]
    fn other_names_are_not_there() -> Result {
        let names = names(Scope::Process)?;

        // `status` is ours, but stock hasn't got it here; `sxat` looks like `stat`.
        for name in [
            &b""[..],
            b"status",
            b"sxat",
            b"sta",
            b"stat ",
            b"\xff",
            &[b's'; 255],
        ] {
            equal("a name that isn't there", maker(&names, name), None)?;
        }
        Ok(())
    }

    #[test]
    fn a_listing_goes_on_where_it_stood() -> Result {
        let names = names(Scope::Process)?;
        let from = |position| names.from(position).len();

        equal("from the first", from(DOTS), NAMES.len())?;
        equal("from the last", from(DOTS + 7), 1)?;
        equal("behind the last", from(DOTS + 8), 0)?;
        equal("from nowhere", from(i64::MAX), 0)?;
        equal(
            "the second",
            names.from(DOTS + 1).first().map(|name| &*name.text),
            Some(&b"stat"[..]),
        )
    }
}
