// SPDX-License-Identifier: GPL-2.0

//! A file system type without a device: super blocks, inodes, dentries, directories.
//!
//! An author implements [`FileSystem`] and keeps a [`Registration`]. What the VFS asks for goes
//! through the trampolines of [`ops`], each of which rebuilds the Rust values, calls the trait and
//! translates the result. Not supported: creating, removing and renaming, extended attributes,
//! writing back.
//!
//! # Two ways to walk
//!
//! The VFS first walks paths under RCU, without references (`LOOKUP_RCU`): then an inode may be on
//! its way out, nothing may sleep, and only [`FileSystem::Node`] may be looked at, and what RCU keeps
//! of [`FileSystem::target`]. An author who needs more answers `ECHILD`, and is asked again with
//! references held. The types keep the two apart: [`RcuInode`] gives these only, [`Inode`] also
//! [`FileSystem::Backing`], which is dropped in process context and may therefore hold dentries and
//! mounts.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h); see also
//! [`Documentation/filesystems/vfs.rst`](srctree/Documentation/filesystems/vfs.rst)

mod context;
mod dir;
mod forward;
mod inode;
mod ops;
mod path;
mod stock;
mod sweep;

pub(crate) use self::{
    context::{
        Log,
        Parameter, //
    },
    dir::{
        Directory,
        Emitter, //
    },
    inode::{
        Inode,
        Kind,
        NewInode,
        RcuInode,
        Stat, //
    },
    path::StockPath,
    stock::{
        HidePid,
        StockProc,
        StockRequest, //
    },
};

use crate::sys::{
    cred::UserNamespace,
    seq::Seq,
    OWNER, //
};
use core::{
    ffi::CStr,
    marker::{
        PhantomData,
        PhantomPinned, //
    },
    pin::Pin, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::aref::ARef,
    types::Opaque, //
};

/// A new mount, as its author makes it.
pub(crate) struct NewMount<T: FileSystem> {
    /// What the super block keeps.
    pub(crate) fs: T,
    /// The root directory.
    pub(crate) root: NewInode<T>,
    /// Whether it shows so little that nobody minds (`SB_I_RESTRICTED_VARIANT`): the root of a user
    /// namespace may mount it even where no other mount of the type is in full sight.
    pub(crate) restricted: bool,
}

/// A file system. A value is what one super block keeps (`s_fs_info`).
///
/// The root of a user namespace may mount it as it may mount procfs (`FS_USERNS_MOUNT`,
/// `FS_USERNS_MOUNT_RESTRICTED`).
pub(crate) trait FileSystem: Send + Sync + Sized + 'static {
    /// Name of the type, as `mount(8)` takes it after `-t`.
    const NAME: &'static CStr;
    /// What `statfs(2)` answers as the type.
    const MAGIC: usize;
    /// A mount that is being prepared, or changed.
    type Request: Send;
    /// What an inode keeps; may be looked at under RCU.
    type Node: Send + Sync;
    /// What an inode keeps that must be dropped in process context.
    type Backing: Send + Sync;

    /// Begins a mount, or a change of the mount `changed`, in the context of the task that asks for it.
    ///
    /// # Errors
    ///
    /// What `fsopen(2)`, `fspick(2)` or `mount(2)` shall fail with.
    fn request(changed: Option<&Self>) -> Result<Self::Request>;

    /// Takes an option.
    ///
    /// # Errors
    ///
    /// `ENOPARAM` if there is no such option, which the VFS puts into words; what else `fsconfig(2)`
    /// or `mount(2)` shall fail with.
    fn parse(request: &mut Self::Request, parameter: &mut Parameter<'_>, log: Log<'_>) -> Result;

    /// The user namespace that the mount will belong to; asked after each option.
    fn owner(request: &Self::Request) -> &UserNamespace;

    /// Makes what the super block keeps, and its root directory.
    ///
    /// # Errors
    ///
    /// What `mount(2)` shall fail with.
    fn mount(request: &mut Self::Request, log: Log<'_>) -> Result<NewMount<Self>>;

    /// Changes the options of a mount; the super block is locked.
    ///
    /// # Errors
    ///
    /// What `mount(2)` or `fsconfig(2)` shall fail with.
    fn reconfigure(request: &mut Self::Request, log: Log<'_>) -> Result;

    /// Writes the options as `/proc/mounts` shows them, each after a comma.
    ///
    /// # Errors
    ///
    /// What reading that file shall fail with.
    fn show_options(&self, seq: &mut Seq<'_>) -> Result;

    /// Makes the inode of `name` in the directory `dir`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such name; what else the system call shall fail with.
    fn lookup(dir: &Inode<Self>, name: &[u8]) -> Result<ARef<Inode<Self>>>;

    /// Whether a cached name still stands for the same object; brings its owner up to date.
    ///
    /// Under RCU; may not sleep.
    ///
    /// # Errors
    ///
    /// `ECHILD` to be asked through [`FileSystem::revalidate`] instead.
    fn revalidate_rcu(inode: RcuInode<'_, Self>) -> Result<bool>;

    /// The same, with references held; may sleep.
    fn revalidate(inode: &Inode<Self>) -> bool;

    /// Whether a name that nobody uses any more need not be kept. May not sleep.
    fn is_stale(inode: &Inode<Self>) -> bool;

    /// Whether what a transient inode stands for is no more. May not sleep.
    fn is_gone(inode: RcuInode<'_, Self>) -> bool;

    /// Answers `stat(2)` of a directory that has no [`FileSystem::target`].
    ///
    /// # Errors
    ///
    /// What `stat(2)` shall fail with.
    fn stat(inode: &Inode<Self>, stat: &mut Stat<'_>) -> Result;

    /// Whether the current task may use a [`Kind::Directory`] that has no [`FileSystem::target`], as far
    /// as the mode bits allow it. Any context.
    ///
    /// # Errors
    ///
    /// What the system call shall fail with.
    fn permission(inode: RcuInode<'_, Self>) -> Result;

    /// Whether nobody may change the mode of an inode that has no [`FileSystem::target`].
    fn has_fixed_mode(inode: &Inode<Self>) -> bool;

    /// The path behind an inode, which is asked for its attributes and permissions: that of a
    /// [`Kind::Link`], and of the files and directories that stand for others.
    fn target(inode: &Inode<Self>) -> Option<&StockPath>;

    /// The file that open files of a [`Kind::Forward`] hand each call on to.
    fn forwarded(inode: &Inode<Self>) -> Option<&StockPath>;

    /// The entries of a directory; called once for each open directory, at its first read.
    ///
    /// # Errors
    ///
    /// What `getdents(2)` shall fail with.
    fn read_dir(dir: &mut Directory<'_, Self>, entries: &mut Emitter<'_, Self>) -> Result;
}

/// The operations of an open file of `T`. They name no owner: an open file keeps its mount, that the
/// file system, and that the module.
///
/// # Invariants
///
/// They expect inodes of `T`.
pub(crate) struct FileOperations<T> {
    table: &'static bindings::file_operations,
    _type: PhantomData<fn(T)>,
}

// SAFETY: The table is constant.
unsafe impl<T> Send for FileOperations<T> {}

// SAFETY: As above.
unsafe impl<T> Sync for FileOperations<T> {}

impl<T> Clone for FileOperations<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FileOperations<T> {}

impl<T: FileSystem> FileOperations<T> {
    /// # Safety
    ///
    /// The operations must be sound on every inode of `T`.
    pub(super) const unsafe fn new(table: &'static bindings::file_operations) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            table,
            _type: PhantomData,
        }
    }
}

/// A registered file system type; unregistered when dropped.
///
/// The module cannot be removed while the type is mounted, for each super block holds a reference.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: FileSystem> {
    #[pin]
    raw: Opaque<bindings::file_system_type>,
    // Goes after the type has been unregistered, when no inode is left.
    _cache: inode::Cache<T>,
    #[pin]
    _pinned: PhantomPinned,
}

// SAFETY: Nothing of it can be reached through a shared reference.
unsafe impl<T: FileSystem> Sync for Registration<T> {}

// SAFETY: The type may be unregistered from any thread.
unsafe impl<T: FileSystem> Send for Registration<T> {}

impl<T: FileSystem> Registration<T> {
    /// Registers the type.
    ///
    /// # Errors
    ///
    /// `EBUSY` if the name is taken, `ENOMEM`.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _cache: inode::Cache::new()?,
            raw <- Opaque::try_ffi_init(|slot: *mut bindings::file_system_type| {
                // SAFETY: The slot may be written, and stays where it is until it is unregistered
                // by `drop()`.
                unsafe {
                    slot.write(pin_init::zeroed());
                    (*slot).name = T::NAME.as_char_ptr();
                    (*slot).owner = OWNER;
                    (*slot).init_fs_context = Some(context::init::<T>);
                    (*slot).kill_sb = Some(inode::kill_super::<T>);
                    // CAST: A few low bits.
                    (*slot).fs_flags = (bindings::FS_USERNS_MOUNT
                        | bindings::FS_USERNS_MOUNT_RESTRICTED
                        | bindings::FS_DISALLOW_NOTIFY_PERM)
                        as kernel::ffi::c_int;
                    to_result(bindings::register_filesystem(slot))
                }
            }),
            _pinned: PhantomPinned,
        })
    }
}

#[pinned_drop]
impl<T: FileSystem> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new()` registered the type, and it is not mounted, for then the module could
        // not go.
        unsafe { bindings::unregister_filesystem(self.raw.get()) };
    }
}
