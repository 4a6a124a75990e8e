// SPDX-License-Identifier: GPL-2.0

//! What a reader opens: the tree, who may look at what, and how each file is made.
//!
//! A file of ours is authorised here, collected by [`crate::collect`] and rendered by
//! [`crate::view`]. Every other name of stock procfs is passed through to a stock procfs that is
//! mounted, out of sight, for the same pid namespace; see [`stock`].
//!
//! C counterpart: [`fs/proc/base.c`](srctree/fs/proc/base.c) and
//! [`fs/proc/root.c`](srctree/fs/proc/root.c).

#![deny(unsafe_code)]

mod access;
mod counters;
mod directory;
mod entry;
mod file;
mod info;
mod names;
mod stock;
mod task;

pub(crate) use self::info::InfoDirectory;

use self::{
    names::TaskNames,
    task::TaskNode, //
};
use crate::sys::{
    cred::{
        Owner,
        UserNamespace, //
    },
    fs::{
        self as vfs,
        Directory,
        Emitter,
        FileSystem,
        Inode,
        Kind,
        Log,
        NewInode,
        NewMount,
        Parameter,
        RcuInode,
        Stat,
        StockPath,
        StockProc,
        StockRequest, //
    },
    seq::Seq,
};
use core::ffi::CStr;
use kernel::{
    pid_namespace::PidNamespace,
    prelude::*,
    sync::aref::ARef, //
};

/// The file system type `rustproc`, registered.
pub(crate) type Registration = vfs::Registration<Proc>;

/// `PROC_SUPER_MAGIC`: clients check that they look at a procfs.
const PROC_SUPER_MAGIC: usize = 0x9fa0;

/// The root directory's inode number, `PROCFS_ROOT_INO`.
const ROOT_INO: u64 = 1;

/// Positions that `.` and `..` take in a directory.
const DOTS: i64 = 2;

/// Directory type and permissions to read and search for everyone.
const DIRECTORY_MODE: u16 = 0o040555;

/// A mounted tree.
pub(crate) struct Proc {
    /// The pid namespace that it shows.
    ns: ARef<PidNamespace>,
    /// The stock procfs that has the mount's options, and that names are passed through to.
    stock: StockProc,
    /// The names in the directories of tasks.
    names: TaskNames,
}

/// What stands behind an inode of the tree.
pub(crate) enum Node {
    /// The root directory.
    Root,
    /// Something of a task.
    Task(TaskNode),
    /// A name that is passed through; its stock counterpart is the inode's backing.
    Passed,
}

impl FileSystem for Proc {
    const NAME: &'static CStr = c"rustproc";
    const MAGIC: usize = PROC_SUPER_MAGIC;
    type Request = StockRequest;
    type Node = Node;
    type Backing = StockPath;

    fn request(changed: Option<&Self>) -> Result<StockRequest> {
        match changed {
            Some(fs) => StockRequest::change(&fs.stock),
            None => StockRequest::new(),
        }
    }

    fn parse(request: &mut StockRequest, parameter: &mut Parameter<'_>, log: Log<'_>) -> Result {
        request.parse(parameter, log)
    }

    fn owner(request: &StockRequest) -> &UserNamespace {
        request.owner()
    }

    fn mount(request: &mut StockRequest, log: Log<'_>) -> Result<NewMount<Self>> {
        let stock = request.mount(log)?;

        Ok(NewMount {
            restricted: stock.is_restricted(),
            fs: Self {
                ns: stock.namespace(),
                stock,
                names: TaskNames::new()?,
            },
            root: NewInode {
                node: Node::Root,
                backing: None,
                kind: Kind::OpenDirectory,
                mode: DIRECTORY_MODE,
                ino: Some(ROOT_INO),
                nlink: 2,
                immutable: false,
                transient: false,
                owner: Owner::ROOT,
            },
        })
    }

    fn reconfigure(request: &mut StockRequest, log: Log<'_>) -> Result {
        request.reconfigure(log)
    }

    fn show_options(&self, seq: &mut Seq<'_>) -> Result {
        self.stock.show_options(seq)
    }

    #[inline]
    fn lookup(dir: &Inode<Self>, name: &[u8]) -> Result<ARef<Inode<Self>>> {
        match dir.node() {
            Node::Root => directory::lookup_in_root(dir, name),
            Node::Task(node) => task::lookup(dir, node, name),
            Node::Passed => stock::lookup(dir, dir.backing().ok_or(ENOENT)?, name),
        }
    }

    #[inline]
    fn revalidate_rcu(inode: RcuInode<'_, Self>) -> Result<bool> {
        match inode.node() {
            Node::Root => Ok(true),
            Node::Task(node) => Ok(node.revalidate(inode)),
            Node::Passed => inode.target().ok_or(ECHILD)?.is_current(),
        }
    }

    fn revalidate(inode: &Inode<Self>) -> bool {
        match inode.node() {
            Node::Root => true,
            Node::Task(node) => node.revalidate(inode.as_rcu()),
            Node::Passed => inode.backing().is_some_and(StockPath::is_current),
        }
    }

    #[inline]
    fn is_stale(inode: &Inode<Self>) -> bool {
        match inode.node() {
            Node::Root => false,
            Node::Task(node) => node.is_dead(),
            Node::Passed => inode.backing().is_none_or(StockPath::is_gone),
        }
    }

    #[inline]
    fn is_gone(inode: RcuInode<'_, Self>) -> bool {
        match inode.node() {
            Node::Task(node) => node.is_dead(),
            Node::Root | Node::Passed => false,
        }
    }

    #[inline]
    fn stat(inode: &Inode<Self>, stat: &mut Stat<'_>) -> Result {
        match inode.node() {
            Node::Root => stock::stat_root(inode, stat),
            Node::Task(node) => node.stat(inode, stat),
            Node::Passed => Err(ENOENT),
        }
    }

    #[inline]
    fn permission(inode: RcuInode<'_, Self>) -> Result {
        match inode.node() {
            Node::Task(node) => node.check_use(inode.fs()),
            Node::Root | Node::Passed => Ok(()),
        }
    }

    fn has_fixed_mode(inode: &Inode<Self>) -> bool {
        matches!(inode.node(), Node::Task(_))
    }

    fn target(inode: &Inode<Self>) -> Option<&StockPath> {
        match inode.node() {
            Node::Passed => inode.backing(),
            Node::Root | Node::Task(_) => None,
        }
    }

    fn forwarded(inode: &Inode<Self>) -> Option<&StockPath> {
        inode.backing()
    }

    fn read_dir(dir: &mut Directory<'_, Self>, entries: &mut Emitter<'_, Self>) -> Result {
        let inode = dir.inode();

        match inode.node() {
            Node::Root => directory::read_root(dir, entries),
            Node::Task(node) => task::read_dir(dir, node, entries),
            Node::Passed => stock::read_dir(dir, entries),
        }
    }
}
