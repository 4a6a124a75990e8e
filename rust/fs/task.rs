// SPDX-License-Identifier: GPL-2.0

//! The directories of tasks, and the files in them.
//!
//! An inode keeps the `struct pid`, not the task: it costs a task that exits nothing, and each use
//! finds out whether the task is still there.
//!
//! C counterpart: `proc_pid_make_inode()`, `pid_revalidate()`, `proc_pident_*()` and `proc_task_*()`
//! in [`fs/proc/base.c`](srctree/fs/proc/base.c).

use super::{
    entry::Entry,
    names::Maker,
    stock,
    Node,
    Proc,
    DIRECTORY_MODE,
    DOTS, //
};
use crate::{
    model::{
        pid_name::{
            self,
            PidName, //
        },
        scope::Scope,
    },
    sys::{
        cred::Owner,
        fs::{
            Directory,
            Emitter,
            FileOperations,
            HidePid,
            Inode,
            Kind,
            NewInode,
            RcuInode,
            Stat,
            StockPath, //
        },
        pid::{
            self,
            Pid,
            PidNumbers, //
        },
        task::{
            first_thread,
            TaskExt, //
        },
    },
};
use kernel::{
    prelude::*,
    sync::{
        aref::ARef,
        rcu, //
    },
    task::Task, //
};

/// What of a task an inode stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `<pid>/`, of any task.
    Process,
    /// `<pid>/task/`.
    Threads,
    /// `<pid>/task/<tid>/`.
    Thread,
    /// A file in one of them.
    File,
}

/// An inode of a task.
pub(crate) struct TaskNode {
    pid: ARef<Pid>,
    place: Place,
}

impl TaskNode {
    /// The pid, which outlives the task.
    pub(super) fn pid(&self) -> &Pid {
        &self.pid
    }

    /// Whether the task has been reaped.
    #[inline]
    pub(super) fn is_dead(&self) -> bool {
        self.pid.is_dead()
    }

    /// Gives the inode to who owns the task now; `false` if there is no task any more.
    #[inline]
    pub(super) fn revalidate(&self, inode: RcuInode<'_, Proc>) -> bool {
        let rcu = rcu::read_lock();

        match self.pid.task_rcu(&rcu) {
            Some(task) => {
                inode.update_owner(task);
                true
            }
            None => false,
        }
    }

    /// Checks that the current task may use a directory, where stock asks that. Any context. Mirrors
    /// `proc_pid_permission()`.
    ///
    /// # Errors
    ///
    /// `ESRCH` once the task is gone; `ENOENT` or `EPERM` where the mount hides it.
    #[inline]
    pub(super) fn check_use(&self, fs: &Proc) -> Result {
        match self.place {
            Place::Process | Place::Threads => {
                let rcu = rcu::read_lock();
                fs.check_use(self.pid.task_rcu(&rcu).ok_or(ESRCH)?)
            }
            Place::Thread | Place::File => Ok(()),
        }
    }

    /// Answers `stat(2)` of a directory. Mirrors `pid_getattr()` and `proc_task_getattr()`.
    ///
    /// # Errors
    ///
    /// `ENOENT` where the mount makes the task invisible.
    #[inline]
    pub(super) fn stat(&self, inode: &Inode<Proc>, stat: &mut Stat<'_>) -> Result {
        let rcu = rcu::read_lock();
        let task = self.pid.task_rcu(&rcu);

        stat.fill(inode);
        if self.place == Place::Threads {
            let threads = task.map_or(0, TaskExt::threads);
            // CAST: A number of threads is not negative.
            stat.set_nlink(stat.nlink().wrapping_add(threads as u32));
            return Ok(());
        }
        if task.is_some_and(|task| !inode.fs().shows(task, HidePid::Invisible)) {
            return Err(ENOENT);
        }
        stat.set_owner(task.map_or(Owner::ROOT, |task| Owner::of_task(task, inode.mode())));
        Ok(())
    }
}

/// Makes the inode of a directory of `task`, which `pid` identifies or did.
///
/// # Errors
///
/// `ENOENT` if the task has been reaped; `ENOMEM`.
pub(super) fn new_directory(
    parent: &Inode<Proc>,
    pid: ARef<Pid>,
    task: &Task,
    place: Place,
) -> Result<ARef<Inode<Proc>>> {
    let (nlink, immutable) = match place {
        Place::Process => (parent.fs().names(task, Scope::Process)?.links, true),
        Place::Thread => (parent.fs().names(task, Scope::Thread)?.links, true),
        Place::Threads | Place::File => (2, false),
    };
    let kind = match place {
        Place::Process | Place::Threads => Kind::Directory,
        Place::Thread | Place::File => Kind::OpenDirectory,
    };

    new_inode(
        parent,
        pid,
        task,
        place,
        NewShape {
            kind,
            mode: DIRECTORY_MODE,
            nlink,
            immutable,
            backing: None,
        },
    )
}

/// What differs between the inodes of a task.
struct NewShape {
    kind: Kind<Proc>,
    mode: u16,
    nlink: u32,
    immutable: bool,
    /// What is handed on to; the inode has its number then.
    backing: Option<StockPath>,
}

/// Makes an inode of `task`, which `pid` identifies or did.
fn new_inode(
    parent: &Inode<Proc>,
    pid: ARef<Pid>,
    task: &Task,
    place: Place,
    shape: NewShape,
) -> Result<ARef<Inode<Proc>>> {
    let inode = parent.super_block().new_inode(NewInode {
        node: Node::Task(TaskNode { pid, place }),
        ino: shape.backing.as_ref().map(StockPath::ino),
        backing: shape.backing,
        kind: shape.kind,
        mode: shape.mode,
        nlink: shape.nlink,
        immutable: shape.immutable,
        transient: matches!(place, Place::Process | Place::Thread),
        owner: Owner::ROOT,
    })?;

    inode.as_rcu().update_owner(task);
    Ok(inode)
}

/// Looks `name` up in a directory of a task.
///
/// # Errors
///
/// `ENOENT` if there is no such name, or no such task any more; `ENOMEM`.
pub(super) fn lookup(dir: &Inode<Proc>, node: &TaskNode, name: &[u8]) -> Result<ARef<Inode<Proc>>> {
    let task = node.pid.task().ok_or(ENOENT)?;

    match node.place {
        Place::Process => lookup_entry(dir, node, &task, Scope::Process, name),
        Place::Thread => lookup_entry(dir, node, &task, Scope::Thread, name),
        Place::Threads => lookup_thread(dir, &task, name),
        Place::File => Err(ENOTDIR),
    }
}

fn lookup_entry(
    dir: &Inode<Proc>,
    node: &TaskNode,
    task: &Task,
    scope: Scope,
    name: &[u8],
) -> Result<ARef<Inode<Proc>>> {
    match dir.fs().names(task, scope)?.find(name).ok_or(ENOENT)? {
        Maker::File(entry, operations) => new_file(dir, node, task, entry, operations),
        Maker::Threads => new_directory(dir, node.pid.clone(), task, Place::Threads),
        Maker::Stock => {
            let path = stock::task_directory(dir.fs(), &node.pid, scope)?.child(name)?;
            if path.is_plain_file() {
                return new_forward(dir, node, task, path);
            }
            stock::mirror(dir, path)
        }
    }
}

/// Makes the inode of a file of ours in the directory of `node`.
fn new_file(
    dir: &Inode<Proc>,
    node: &TaskNode,
    task: &Task,
    entry: &Entry,
    operations: FileOperations<Proc>,
) -> Result<ARef<Inode<Proc>>> {
    new_inode(
        dir,
        node.pid.clone(),
        task,
        Place::File,
        NewShape {
            kind: Kind::File(operations),
            mode: entry.mode,
            nlink: 1,
            immutable: false,
            backing: None,
        },
    )
}

/// Makes the inode of a file that is handed on to stock's at `path`, of which no more than that needs to
/// be asked.
fn new_forward(
    dir: &Inode<Proc>,
    node: &TaskNode,
    task: &Task,
    path: StockPath,
) -> Result<ARef<Inode<Proc>>> {
    new_inode(
        dir,
        node.pid.clone(),
        task,
        Place::File,
        NewShape {
            kind: Kind::Forward,
            mode: path.mode(),
            nlink: 1,
            immutable: false,
            backing: Some(path),
        },
    )
}

fn lookup_thread(dir: &Inode<Proc>, leader: &Task, name: &[u8]) -> Result<ARef<Inode<Proc>>> {
    let number = pid_name::parse(name).and_then(|number| i32::try_from(number).ok());
    let found = number.and_then(|number| pid::find_task(number, &dir.fs().ns));
    let found = found.filter(|found| leader.same_group(&found.task));
    let found = found.ok_or(ENOENT)?;

    new_directory(dir, found.pid, &found.task, Place::Thread)
}

/// Reads a directory of a task.
///
/// # Errors
///
/// `ENOENT` once the task is gone; `ENOMEM`.
pub(super) fn read_dir(
    dir: &mut Directory<'_, Proc>,
    node: &TaskNode,
    entries: &mut Emitter<'_, Proc>,
) -> Result {
    match node.place {
        Place::Process => read_entries(dir, node, Scope::Process, entries),
        Place::Thread => read_entries(dir, node, Scope::Thread, entries),
        Place::Threads => read_threads(dir, node, entries),
        Place::File => Err(ENOTDIR),
    }
}

/// Reads the names in stock's order. What is stock's has stock's numbers.
fn read_entries(
    dir: &mut Directory<'_, Proc>,
    node: &TaskNode,
    scope: Scope,
    entries: &mut Emitter<'_, Proc>,
) -> Result {
    let inode = dir.inode();
    let task = node.pid.task().ok_or(ENOENT)?;
    let names = inode.fs().names(&task, scope)?;
    let stock = dir.counterpart(|| stock::task_directory(inode.fs(), &node.pid, scope))?;

    if !entries.dots() {
        return Ok(());
    }
    for name in names.from(entries.position()) {
        let text = &name.text;
        let fitted = match name.maker {
            Maker::File(entry, operations) => {
                entries.emit_inode(text, || new_file(inode, node, &task, entry, operations))
            }
            Maker::Threads => entries.emit_inode(text, || {
                new_directory(inode, node.pid.clone(), &task, Place::Threads)
            }),
            Maker::Stock => entries.emit_counterpart(text, stock),
        };
        if !fitted {
            break;
        }
        entries.set_position(entries.position() + 1);
    }
    Ok(())
}

/// Reads the threads; a reader that pauses goes on at the thread that did not fit.
fn read_threads(
    dir: &mut Directory<'_, Proc>,
    node: &TaskNode,
    entries: &mut Emitter<'_, Proc>,
) -> Result {
    let inode = dir.inode();
    let ns = &inode.fs().ns;

    if node.is_dead() {
        return Err(ENOENT);
    }
    if !entries.dots() {
        return Ok(());
    }
    let resume = dir.take_cookie();
    // A position below the dots cannot be, and one too large is beyond the last thread.
    let index = usize::try_from(entries.position() - DOTS).unwrap_or(usize::MAX);
    let mut next = first_thread(&node.pid, resume, index, ns);

    while let Some(task) = next {
        let number = PidNumbers::of(&task, ns).pid;
        if number != 0 {
            // CAST: A pid is not negative.
            let name = PidName::new(number as u32);
            if !entries.emit_inode(name.as_bytes(), || {
                let pid = Pid::of_task(&task).ok_or(ENOENT)?;
                new_directory(inode, pid, &task, Place::Thread)
            }) {
                return dir.set_cookie(number);
            }
        }
        next = task.next_thread();
        entries.set_position(entries.position() + 1);
    }
    Ok(())
}
