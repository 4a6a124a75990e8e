// SPDX-License-Identifier: GPL-2.0

//! Inodes that carry Rust data, and the super block they belong to.
//!
//! Lifetime: `alloc_inode()` makes an inode with its data uninitialised to the author;
//! [`SuperBlock::new_inode`] stores it before anyone else can see the inode. When the last reference
//! is gone, `destroy_inode()` drops the backing in process context, and after an RCU grace period
//! `free_inode()` drops the node and frees the memory.

use super::{
    ops,
    path::{
        RcuPath,
        StockPath, //
    },
    sweep::{
        Link,
        Transient, //
    },
    FileOperations,
    FileSystem, //
};
use crate::{
    bindings as own,
    sys::{
        cred::Owner,
        seq::Seq, //
    },
};
use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    pin::Pin,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::from_result,
    ffi::c_int,
    prelude::*,
    sync::{
        aref::{
            ARef,
            AlwaysRefCounted, //
        },
        atomic::{
            Atomic,
            Relaxed, //
        },
    },
    task::Task,
    types::Opaque, //
};

/// What an inode is to the VFS.
pub(crate) enum Kind<T: FileSystem> {
    /// A directory, with `lookup()` and `read_dir()`.
    Directory,
    /// The same, of which `permission()` isn't asked: the mode bits tell who may use it.
    OpenDirectory,
    /// A directory in which nothing can ever be; there to be mounted on. A mount that covers one hides
    /// nothing, which the VFS takes into account.
    Empty,
    /// A regular file.
    File(FileOperations<T>),
    /// A symbolic link, whose text is that of [`FileSystem::target`].
    Link,
    /// A regular file that hands each call on to [`FileSystem::forwarded`].
    Forward,
}

/// What a new inode shall be.
pub(crate) struct NewInode<T: FileSystem> {
    /// The author's data.
    pub(crate) node: T::Node,
    /// The author's data that needs process context to go.
    pub(crate) backing: Option<T::Backing>,
    /// What it is.
    pub(crate) kind: Kind<T>,
    /// Type and permissions, `S_IF*` included.
    pub(crate) mode: u16,
    /// Number; `None` takes the next from the counter that procfs uses.
    pub(crate) ino: Option<u64>,
    /// Hard links.
    pub(crate) nlink: u32,
    /// Whether nobody may change it, even root (`S_IMMUTABLE`).
    pub(crate) immutable: bool,
    /// Whether its object may go without the VFS being told; [`FileSystem::is_gone`] knows.
    pub(crate) transient: bool,
    /// Who owns it.
    pub(crate) owner: Owner,
}

/// An inode with its data. The C struct comes first, so that a pointer to one is one to the other.
#[repr(C)]
struct Container<T: FileSystem> {
    vfs: bindings::inode,
    node: Option<T::Node>,
    backing: UnsafeCell<Option<T::Backing>>,
    /// That of [`FileSystem::target`].
    target: Option<RcuPath>,
    transient: Link,
}

/// What `s_fs_info` points at.
#[pin_data]
pub(super) struct SuperData<T> {
    fs: T,
    #[pin]
    transient: Transient,
}

impl<T: FileSystem> SuperData<T> {
    /// Joins what the author keeps to what we keep.
    pub(super) fn new(fs: T) -> impl PinInit<Self> {
        pin_init!(Self {
            fs,
            transient <- Transient::new(),
        })
    }
}

/// An inode of `T`, with a reference held.
///
/// # Invariants
///
/// The inode is the first member of a `Container<T>` whose node is `Some`, and it is referenced.
#[repr(transparent)]
pub(crate) struct Inode<T>(Opaque<bindings::inode>, PhantomData<fn(T) -> T>);

// SAFETY: `iput()` may be called from any thread.
unsafe impl<T: FileSystem> Send for Inode<T> {}

// SAFETY: What the methods read is constant, or synchronised as their comments say.
unsafe impl<T: FileSystem> Sync for Inode<T> {}

// SAFETY: An inode is always reference-counted.
unsafe impl<T: FileSystem> AlwaysRefCounted for Inode<T> {
    fn inc_ref(&self) {
        // SAFETY: The shared reference proves that the count is not zero.
        unsafe { bindings::ihold(self.as_ptr()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller gives up one reference.
        unsafe { bindings::iput(obj.cast().as_ptr()) };
    }
}

impl<T: FileSystem> Inode<T> {
    /// The inode whose container has `link`.
    ///
    /// # Safety
    ///
    /// `link` must be that of a container of `T`.
    pub(super) unsafe fn from_link(link: *mut Link) -> *mut bindings::inode {
        // SAFETY: By the function's condition.
        unsafe { kernel::container_of!(link, Container<T>, transient) }.cast()
    }

    /// # Safety
    ///
    /// `raw` must be an inode of a super block of `T` that stays referenced for `'a`.
    pub(in crate::sys) unsafe fn from_raw<'a>(raw: *mut bindings::inode) -> &'a Self {
        // SAFETY: By the function's condition; `new_inode()` stored the node.
        unsafe { &*raw.cast() }
    }

    pub(super) fn as_ptr(&self) -> *mut bindings::inode {
        self.0.get()
    }

    fn container(&self) -> *mut Container<T> {
        self.as_ptr().cast()
    }

    /// The super block.
    pub(crate) fn super_block(&self) -> &SuperBlock<T> {
        // SAFETY: An inode pins its super block, and the pointer never changes.
        unsafe { SuperBlock::from_raw((*self.as_ptr()).i_sb) }
    }

    /// What the super block keeps.
    pub(crate) fn fs(&self) -> &T {
        self.super_block().fs()
    }

    /// The author's data.
    pub(crate) fn node(&self) -> &T::Node {
        self.as_rcu().node()
    }

    /// The author's data that needs a reference.
    pub(crate) fn backing(&self) -> Option<&T::Backing> {
        // SAFETY: Written before the inode was published and dropped after its last reference;
        // this one is held.
        unsafe { (*(*self.container()).backing.get()).as_ref() }
    }

    /// What may be looked at without a reference.
    pub(crate) fn as_rcu(&self) -> RcuInode<'_, T> {
        // INVARIANT: The reference is stronger than RCU.
        RcuInode {
            raw: self.as_ptr(),
            _lifetime: PhantomData,
        }
    }

    /// Type and permissions.
    pub(crate) fn mode(&self) -> u16 {
        // SAFETY: The inode is valid; the mode is one aligned word.
        unsafe { ptr::read_volatile(&raw const (*self.as_ptr()).i_mode) }
    }
}

/// An inode of `T` as a path walk under RCU sees it: it may be on its way out.
///
/// # Invariants
///
/// The inode is the first member of a `Container<T>` whose node is `Some`, and RCU (or a reference)
/// keeps its memory for `'a`.
pub(crate) struct RcuInode<'a, T: FileSystem> {
    raw: *mut bindings::inode,
    _lifetime: PhantomData<&'a Inode<T>>,
}

impl<T: FileSystem> Clone for RcuInode<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: FileSystem> Copy for RcuInode<'_, T> {}

impl<'a, T: FileSystem> RcuInode<'a, T> {
    /// # Safety
    ///
    /// `raw` must be an inode of a super block of `T` whose memory stays for `'a`.
    pub(super) unsafe fn from_raw(raw: *mut bindings::inode) -> Self {
        // INVARIANT: By the function's condition; `new_inode()` stored the node.
        Self {
            raw,
            _lifetime: PhantomData,
        }
    }

    /// What the super block keeps.
    #[inline]
    pub(crate) fn fs(self) -> &'a T {
        // SAFETY: The pointer to the super block never changes. What that keeps, and itself, goes
        // only after all who could find the inode under RCU have left, see `kill_super()`.
        unsafe { SuperBlock::from_raw((*self.raw).i_sb).fs() }
    }

    /// The author's data.
    #[inline]
    pub(crate) fn node(self) -> &'a T::Node {
        // SAFETY: By the type invariant; the node is not changed until the memory goes.
        unsafe {
            match &(*self.raw.cast::<Container<T>>()).node {
                Some(node) => node,
                None => core::hint::unreachable_unchecked(),
            }
        }
    }

    /// What may be looked at of [`FileSystem::target`].
    pub(crate) fn target(self) -> Option<&'a RcuPath> {
        // SAFETY: By the type invariant; written before the inode was published. The path that it
        // was made from is given up only after the inode has been taken away from all names, so that
        // who still sees it under RCU keeps the memory of what it led to, too.
        unsafe { (*self.raw.cast::<Container<T>>()).target.as_ref() }
    }

    /// Makes the inode one of `task`'s, whose owner it gets. Mirrors `pid_update_inode()`.
    ///
    /// The ids are single words that lookups may change at any time, as in stock procfs.
    #[inline]
    pub(crate) fn update_owner(self, task: &Task) {
        // SAFETY: By the type invariant the memory is there; both fields are aligned words which
        // all users read once.
        unsafe {
            let inode = self.raw;
            own::task_dump_owner(
                task.as_ptr(),
                (*inode).i_mode,
                &raw mut (*inode).i_uid,
                &raw mut (*inode).i_gid,
            );
            bindings::security_task_to_inode(task.as_ptr(), inode);
        }
    }
}

/// A super block of `T`.
///
/// # Invariants
///
/// `s_fs_info` is a pinned `KBox<SuperData<T>>`.
#[repr(transparent)]
pub(crate) struct SuperBlock<T>(Opaque<bindings::super_block>, PhantomData<fn(T) -> T>);

impl<T: FileSystem> SuperBlock<T> {
    /// # Safety
    ///
    /// `raw` must be a super block of `T` whose `s_fs_info` is set, and stay valid for `'a`.
    pub(super) unsafe fn from_raw<'a>(raw: *mut bindings::super_block) -> &'a Self {
        // SAFETY: By the function's condition.
        unsafe { &*raw.cast() }
    }

    /// What the super block keeps.
    pub(crate) fn fs(&self) -> &T {
        &self.data().fs
    }

    fn data(&self) -> &SuperData<T> {
        // SAFETY: By the type invariant.
        unsafe { &*(*self.0.get()).s_fs_info.cast() }
    }

    /// Makes an inode. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(always)]
    pub(crate) fn new_inode(&self, new: NewInode<T>) -> Result<ARef<Inode<T>>> {
        let NewInode {
            node,
            backing,
            kind,
            ino,
            mode,
            nlink,
            immutable,
            transient,
            owner,
        } = new;
        // SAFETY: The super block is valid.
        let inode = unsafe { bindings::new_inode(self.0.get()) };
        let inode = NonNull::new(inode).ok_or(ENOMEM)?;
        let raw = inode.as_ptr();

        // SAFETY: Nobody else knows the inode; `alloc_inode()` made it part of a container.
        unsafe {
            let container = raw.cast::<Container<T>>();
            // There is nothing to drop.
            (&raw mut (*container).node).write(Some(node));
            (*container).backing.get().write(backing);
            let target = T::target(Inode::from_raw(raw)).map(StockPath::as_rcu);
            (&raw mut (*container).target).write(target);
            (*raw).i_mode = mode;
            // CAST: The counter of procfs has 32 bits.
            (*raw).i_ino = ino.unwrap_or_else(|| u64::from(bindings::get_next_ino()));
            (*raw).i_uid = owner.uid;
            (*raw).i_gid = owner.gid;
            bindings::simple_inode_init_ts(raw);
            // A new inode has one link.
            if nlink != 1 {
                bindings::set_nlink(raw, nlink);
            }
            if immutable {
                (*raw).i_flags |= bindings::S_IMMUTABLE;
            }
            ops::install(raw, kind);
            if transient {
                self.data().transient.add::<T>(&(*container).transient);
            }
            // INVARIANT: The node is stored; the reference is the one that `new_inode()` gave.
            Ok(ARef::from_raw(inode.cast()))
        }
    }
}

impl<T: FileSystem> FileOperations<T> {
    /// Makes these the operations of files opened at `inode`.
    ///
    /// # Safety
    ///
    /// `inode` must be an unpublished inode of `T`.
    pub(super) unsafe fn install(&self, inode: *mut bindings::inode) {
        // SAFETY: By the function's condition.
        unsafe { (*inode).__bindgen_anon_3.i_fop = self.table };
    }
}

/// What `stat(2)` will answer.
pub(crate) struct Stat<'a> {
    pub(super) raw: &'a mut bindings::kstat,
    /// What is asked for, `STATX_*`.
    pub(super) mask: u32,
    /// How, `AT_STATX_*`.
    pub(super) flags: u32,
}

impl Stat<'_> {
    /// Fills in what `inode` has.
    pub(crate) fn fill<T: FileSystem>(&mut self, inode: &Inode<T>) {
        // SAFETY: The inode is valid.
        unsafe {
            bindings::generic_fillattr(
                &raw mut bindings::nop_mnt_idmap,
                self.mask,
                inode.as_ptr(),
                self.raw,
            );
        }
    }

    /// Sets the owner.
    pub(crate) fn set_owner(&mut self, owner: Owner) {
        self.raw.uid = owner.uid;
        self.raw.gid = owner.gid;
    }

    /// Number of hard links.
    pub(crate) fn nlink(&self) -> u32 {
        self.raw.nlink
    }

    /// Sets the number of hard links.
    pub(crate) fn set_nlink(&mut self, nlink: u32) {
        self.raw.nlink = nlink;
    }

    /// Makes it that of `inode`, which stands for the file that has filled it in.
    pub(super) fn pass_on<T: FileSystem>(&mut self, inode: &Inode<T>) {
        // SAFETY: The inode is valid; its number and the device of its super block are constant.
        unsafe {
            self.raw.ino = (*inode.as_ptr()).i_ino;
            self.raw.dev = (*(*inode.as_ptr()).i_sb).s_dev;
        }
    }
}

/// The slab cache of the inodes of `T`.
///
/// There is one per type, found through a static, because `alloc_inode()` gets nothing but the super
/// block.
pub(super) struct Cache<T>(NonNull<bindings::kmem_cache>, PhantomData<fn(T)>);

/// The cache of the registered type.
static CACHE: Atomic<usize> = Atomic::new(0);

impl<T: FileSystem> Cache<T> {
    /// Makes the cache.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EBUSY` if there is one already.
    pub(super) fn new() -> Result<Self> {
        if CACHE.load(Relaxed) != 0 {
            return Err(EBUSY);
        }
        // SAFETY: `construct()` initialises an object of the size that is passed.
        let cache = unsafe {
            own::rustproc_inode_cache_create(
                c"rustproc_inode".as_char_ptr(),
                // CAST: A container is a few hundred bytes.
                core::mem::size_of::<Container<T>>() as u32,
                Some(construct),
            )
        };
        let cache = NonNull::new(cache).ok_or(ENOMEM)?;
        CACHE.store(cache.as_ptr() as usize, Relaxed);
        Ok(Self(cache, PhantomData))
    }

    fn get() -> *mut bindings::kmem_cache {
        CACHE.load(Relaxed) as *mut bindings::kmem_cache
    }
}

impl<T> Drop for Cache<T> {
    fn drop(&mut self) {
        // SAFETY: May sleep. Inodes that wait for RCU still find the cache through the static.
        unsafe { bindings::rcu_barrier() };
        CACHE.store(0, Relaxed);
        // SAFETY: The type is not registered any more, so no inode is left, as those that waited
        // for RCU have been waited for.
        unsafe { bindings::kmem_cache_destroy(self.0.as_ptr()) };
    }
}

/// # Safety
///
/// Called by the slab allocator for each object, which begins with an inode.
unsafe extern "C" fn construct(object: *mut kernel::ffi::c_void) {
    // SAFETY: By the function's condition.
    unsafe { bindings::inode_init_once(object.cast()) };
}

struct Table<T>(PhantomData<T>);

impl<T: FileSystem> Table<T> {
    const OPERATIONS: bindings::super_operations = bindings::super_operations {
        alloc_inode: Some(alloc_inode::<T>),
        destroy_inode: Some(destroy_inode::<T>),
        free_inode: Some(free_inode::<T>),
        drop_inode: Some(bindings::inode_just_drop),
        statfs: Some(bindings::simple_statfs),
        show_options: Some(show_options::<T>),
        ..pin_init::zeroed()
    };
}

pub(super) fn super_operations<T: FileSystem>() -> &'static bindings::super_operations {
    &Table::<T>::OPERATIONS
}

/// # Safety
///
/// Called by the VFS with a super block of `T`.
unsafe extern "C" fn alloc_inode<T: FileSystem>(
    sb: *mut bindings::super_block,
) -> *mut bindings::inode {
    // SAFETY: The cache makes containers of `T`; the slab constructor has prepared the inode.
    unsafe {
        let container = own::rustproc_alloc_inode_sb(sb, Cache::<T>::get(), bindings::GFP_KERNEL)
            .cast::<Container<T>>();
        if !container.is_null() {
            (&raw mut (*container).node).write(None);
            (&raw mut (*container).backing).write(UnsafeCell::new(None));
            (&raw mut (*container).target).write(None);
            Link::init(&raw mut (*container).transient);
        }
        container.cast()
    }
}

/// # Safety
///
/// Called by the VFS in process context with an inode of `T` that has no reference left.
unsafe extern "C" fn destroy_inode<T: FileSystem>(inode: *mut bindings::inode) {
    // SAFETY: Path walks under RCU do not look at the backing, and nobody has a reference. The super
    // block of an inode with a node has been filled in.
    unsafe {
        let container = inode.cast::<Container<T>>();
        if (*container).node.is_some() {
            SuperBlock::<T>::from_raw((*inode).i_sb)
                .data()
                .transient
                .remove(&(*container).transient);
        }
        *(*container).backing.get() = None;
    }
}

/// # Safety
///
/// Called by RCU with an inode of `T` that nobody can see any more. May not sleep.
unsafe extern "C" fn free_inode<T: FileSystem>(inode: *mut bindings::inode) {
    // SAFETY: By the function's condition; the memory came from this cache.
    unsafe {
        (*inode.cast::<Container<T>>()).node = None;
        bindings::kmem_cache_free(Cache::<T>::get(), inode.cast());
    }
}

/// # Safety
///
/// Called by the VFS with a `seq_file` that is being shown and a dentry of a super block of `T`.
unsafe extern "C" fn show_options<T: FileSystem>(
    seq: *mut bindings::seq_file,
    root: *mut bindings::dentry,
) -> c_int {
    // SAFETY: By the function's condition; a super block with a root has been filled in.
    from_result(|| unsafe {
        let fs = SuperBlock::<T>::from_raw((*root).d_sb).fs();
        fs.show_options(&mut Seq::from_raw(seq)).map(|()| 0)
    })
}

/// # Safety
///
/// Called by the VFS once for each super block of `T`, filled in or not.
pub(super) unsafe extern "C" fn kill_super<T: FileSystem>(sb: *mut bindings::super_block) {
    // SAFETY: By the function's condition. After `kill_anon_super()` no inode is referenced, and after
    // a grace period no path walk under RCU sees one: nobody else gets at what the super block keeps.
    unsafe {
        let data = (*sb).s_fs_info.cast::<SuperData<T>>();
        bindings::kill_anon_super(sb);
        if !data.is_null() {
            bindings::synchronize_rcu_expedited();
            drop(Pin::new_unchecked(KBox::from_raw(data)));
        }
    }
}
