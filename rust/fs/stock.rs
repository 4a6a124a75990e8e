// SPDX-License-Identifier: GPL-2.0

//! Names that are passed through to stock procfs.
//!
//! - A directory is mirrored: ours, with stock's entries, attributes and permission checks.
//! - A symbolic link is mirrored: its text and where it leads are stock's.
//! - A file looks like stock's, and opening it opens stock's own too, to which it hands on all calls.
//!
//! A mirrored name is checked against stock at each use, so that one that has gone is gone here, too.

use super::{
    Node,
    Proc,
    DOTS, //
};
use crate::{
    model::{
        pid_name::PidName,
        scope::Scope, //
    },
    sys::{
        cred::AsKernel,
        fs::{
            Directory,
            Emitter,
            Inode,
            Kind,
            NewInode,
            Stat,
            StockPath, //
        },
        pid::Pid,
    },
};
use kernel::{
    prelude::*,
    sync::aref::ARef, //
};

/// File types of a mode.
const TYPE_MASK: u16 = 0o170000;
const TYPE_DIRECTORY: u16 = 0o040000;
const TYPE_LINK: u16 = 0o120000;

/// Looks `name` up in the stock directory `parent` and mirrors what is there.
///
/// # Errors
///
/// Stock's own, `ENOENT` among them; `ENOMEM`.
pub(super) fn lookup(
    dir: &Inode<Proc>,
    parent: &StockPath,
    name: &[u8],
) -> Result<ARef<Inode<Proc>>> {
    mirror(dir, parent.child(name)?)
}

/// Makes the inode of a name that stands for `path`.
///
/// # Errors
///
/// `ENOMEM`.
pub(super) fn mirror(dir: &Inode<Proc>, path: StockPath) -> Result<ARef<Inode<Proc>>> {
    let mode = path.mode();

    dir.super_block().new_inode(NewInode {
        node: Node::Passed,
        kind: match mode & TYPE_MASK {
            TYPE_DIRECTORY if path.is_empty_directory() => Kind::Empty,
            TYPE_DIRECTORY => Kind::Directory,
            TYPE_LINK => Kind::Link,
            _ => Kind::Forward,
        },
        mode,
        ino: Some(path.ino()),
        nlink: path.nlink(),
        immutable: false,
        transient: false,
        owner: path.owner(),
        backing: Some(path),
    })
}

/// Reads a mirrored directory. Its dots are ours, for they have the numbers of our directories; but it
/// has them only where stock has (`net` of a zombie has nothing at all).
///
/// # Errors
///
/// Stock's own; `ENOMEM`.
pub(super) fn read_dir(dir: &mut Directory<'_, Proc>, entries: &mut Emitter<'_, Proc>) -> Result {
    let path = dir.inode().backing().ok_or(ENOENT)?;
    let stream = dir.stream(|| Ok(path.clone()))?;

    let end = stream.read_from(entries.position(), |entry| {
        if entry.position < DOTS {
            return entries.position() >= DOTS || entries.dots();
        }
        entries.set_position(entry.position);
        entries.emit(entry.name, entry.ino, entry.kind)
    })?;
    entries.set_position(end.max(entries.position()));
    Ok(())
}

/// Answers `stat(2)` of the root: stock counts its own links and the processes.
///
/// # Errors
///
/// Stock's own.
pub(super) fn stat_root(root: &Inode<Proc>, stat: &mut Stat<'_>) -> Result {
    root.fs().stock.root().stat(stat)?;
    let links = stat.nlink();
    stat.fill(root);
    stat.set_nlink(links);
    Ok(())
}

/// The stock directory of the task that `pid` identifies.
///
/// Whoever gets here has got into our directory, and may have been handed it by someone who may see
/// more; so what the mount hides isn't asked about again.
///
/// # Errors
///
/// `ENOENT` if there is no such task any more; `ENOMEM`.
pub(super) fn task_directory(fs: &Proc, pid: &Pid, scope: Scope) -> Result<StockPath> {
    // A number that is not positive means that the pid is not in the namespace.
    let number = u32::try_from(pid.nr_in(&fs.ns)).map_err(|_| ENOENT)?;
    let name = PidName::new(number);
    let _kernel = AsKernel::new();
    let process = fs.stock.root().child(name.as_bytes())?;

    match scope {
        Scope::Process => Ok(process),
        Scope::Thread => process.child(b"task")?.child(name.as_bytes()),
    }
}
