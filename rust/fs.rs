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

mod counters;
mod directory;
mod entry;
mod file;
mod info;
mod stock;
mod task;

pub(crate) use self::info::InfoDirectory;

use self::task::TaskNode;
use crate::sys::{
    cred::Owner,
    fs::{
        self as vfs,
        Directory,
        Emitter,
        FileSystem,
        Inode,
        Kind,
        Mount,
        MountRequest,
        NewInode,
        RcuInode,
        Stat,
        StockPath, //
    },
    pid,
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
    /// The top of the stock procfs that names are passed through to.
    stock: StockPath,
    /// Hard links of the directories, as that procfs counts them.
    links: Links,
    /// Keeps the stock procfs; dropped last.
    _mount: Mount,
}

/// Hard links of the directories of tasks.
#[derive(Clone, Copy)]
struct Links {
    process: u32,
    thread: u32,
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

/// A mount that is being prepared.
pub(crate) struct Request {
    ns: ARef<PidNamespace>,
    stock: MountRequest,
}

impl FileSystem for Proc {
    const NAME: &'static CStr = c"rustproc";
    const MAGIC: usize = PROC_SUPER_MAGIC;
    type Request = Request;
    type Node = Node;
    type Backing = StockPath;

    fn request() -> Result<Request> {
        Ok(Request {
            ns: pid::current_namespace(),
            stock: MountRequest::new(c"proc")?,
        })
    }

    fn mount(request: &mut Request) -> Result<(Self, NewInode<Self>)> {
        let mount = request.stock.mount()?;
        let stock = mount.root();
        let fs = Self {
            ns: request.ns.clone(),
            links: stock::directory_links(&stock, &request.ns)?,
            stock,
            _mount: mount,
        };

        Ok((
            fs,
            NewInode {
                node: Node::Root,
                backing: None,
                kind: Kind::Directory,
                mode: DIRECTORY_MODE,
                ino: Some(ROOT_INO),
                nlink: 2,
                immutable: false,
                transient: false,
                owner: Owner::ROOT,
            },
        ))
    }

    fn lookup(dir: &Inode<Self>, name: &[u8]) -> Result<ARef<Inode<Self>>> {
        match dir.node() {
            Node::Root => directory::lookup_in_root(dir, name),
            Node::Task(node) => task::lookup(dir, node, name),
            Node::Passed => stock::lookup(dir, dir.backing().ok_or(ENOENT)?, name),
        }
    }

    fn revalidate_rcu(inode: RcuInode<'_, Self>) -> Result<bool> {
        match inode.node() {
            Node::Root => Ok(true),
            Node::Task(node) => Ok(node.revalidate(inode)),
            Node::Passed => Err(ECHILD),
        }
    }

    fn revalidate(inode: &Inode<Self>) -> bool {
        match inode.node() {
            Node::Root => true,
            Node::Task(node) => node.revalidate(inode.as_rcu()),
            Node::Passed => inode.backing().is_some_and(StockPath::is_current),
        }
    }

    fn is_stale(inode: &Inode<Self>) -> bool {
        match inode.node() {
            Node::Root => false,
            Node::Task(node) => node.is_dead(),
            Node::Passed => inode.backing().is_none_or(StockPath::is_gone),
        }
    }

    fn stat(inode: &Inode<Self>, stat: &mut Stat<'_>) -> Result {
        match inode.node() {
            Node::Root => stock::stat_root(&inode.fs().stock, stat),
            Node::Task(node) => {
                node.stat(inode.mode(), stat);
                Ok(())
            }
            Node::Passed => inode.backing().ok_or(ENOENT)?.stat(stat),
        }
    }

    fn permission_rcu(inode: RcuInode<'_, Self>, _mask: i32) -> Result<bool> {
        match inode.node() {
            Node::Root => Ok(true),
            Node::Task(node) => node.check_alive().map(|()| true),
            Node::Passed => Err(ECHILD),
        }
    }

    fn permission(inode: &Inode<Self>, mask: i32) -> Result<bool> {
        match inode.backing() {
            Some(path) => path.permission(mask).map(|()| false),
            None => Self::permission_rcu(inode.as_rcu(), mask),
        }
    }

    fn has_fixed_mode(inode: &Inode<Self>) -> bool {
        matches!(inode.node(), Node::Task(_))
    }

    fn target(inode: &Inode<Self>) -> Option<&StockPath> {
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
