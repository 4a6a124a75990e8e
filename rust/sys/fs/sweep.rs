// SPDX-License-Identifier: GPL-2.0

//! Letting go of cached names whose objects have gone without a word.
//!
//! Stock procfs hears of each task that exits and drops its names. Nobody tells us, and hooking exit
//! would cost every exit something. So whoever makes a new transient inode looks at a few old ones,
//! in turn, and drops the stale: what is left over is bounded by what is made, and memory pressure
//! takes the rest as it takes any unused name.
//!
//! Lock order: the list's spinlock, inside it an inode's `i_lock`.

use super::{
    inode::Inode,
    FileSystem, //
};
use crate::bindings as own;
use core::{
    cell::UnsafeCell,
    ptr::NonNull, //
};
use kernel::{
    bindings, new_spinlock,
    prelude::*,
    sync::{
        aref::ARef,
        SpinLock, //
    },
};

/// Old inodes that are looked at for each new one: more than one, so that the stale grow fewer.
const AT_ONCE: usize = 2;

/// A link in the list of transient inodes; an inode that is not in it is linked to itself.
#[repr(transparent)]
pub(super) struct Link(UnsafeCell<bindings::list_head>);

impl Link {
    /// Makes a link at `slot` that is in no list.
    ///
    /// # Safety
    ///
    /// `slot` must be valid for writes, and stay where it is.
    pub(super) unsafe fn init(slot: *mut Self) {
        // SAFETY: By the function's condition; the wrapper is transparent.
        unsafe { own::rustproc_init_list_head(slot.cast()) };
    }
}

/// The transient inodes of a super block, the one that was looked at longest ago first.
///
/// # Invariants
///
/// The list has links of inodes of `T` that have not been destroyed; lock held, it may be followed.
#[pin_data]
pub(super) struct Transient {
    #[pin]
    lock: SpinLock<()>,
    #[pin]
    head: Link,
}

// SAFETY: The list is only touched with the lock held.
unsafe impl Send for Transient {}

// SAFETY: As above.
unsafe impl Sync for Transient {}

impl Transient {
    /// An empty list.
    pub(super) fn new() -> impl PinInit<Self> {
        // SAFETY: The initialiser fills in the link, which stays in place.
        let head = unsafe {
            pin_init::pin_init_from_closure(|slot: *mut Link| {
                Link::init(slot);
                Ok::<(), core::convert::Infallible>(())
            })
        };

        pin_init!(Self {
            lock <- new_spinlock!(()),
            head <- head,
        })
    }

    /// Adds an inode.
    ///
    /// # Safety
    ///
    /// `link` must be that of an inode of the list's super block, and in no list.
    pub(super) unsafe fn add(&self, link: &Link) {
        let _guard = self.lock.lock();
        // INVARIANT: By the function's condition.
        // SAFETY: The lock is held.
        unsafe { own::rustproc_list_add_tail(link.0.get(), self.head.0.get()) };
    }

    /// Takes an inode out, if it is in.
    ///
    /// # Safety
    ///
    /// `link` must be that of an inode of the list's super block.
    pub(super) unsafe fn remove(&self, link: &Link) {
        let _guard = self.lock.lock();
        // SAFETY: The lock is held; a link in no list is linked to itself, and stays so.
        unsafe { own::rustproc_list_del_init(link.0.get()) };
    }

    /// Looks at a few inodes and drops the names of the stale. Sleeps.
    ///
    /// # Safety
    ///
    /// The list must be that of a super block of `T`.
    pub(super) unsafe fn sweep<T: FileSystem>(&self) {
        for _ in 0..AT_ONCE {
            // SAFETY: By the function's condition.
            let Some(inode) = (unsafe { self.rotate::<T>() }) else {
                return;
            };
            if T::is_stale(&inode) {
                forget(&inode);
            }
        }
    }

    /// Moves the first inode to the end, and returns it unless it is on its way out.
    ///
    /// # Safety
    ///
    /// The list must be that of a super block of `T`.
    unsafe fn rotate<T: FileSystem>(&self) -> Option<ARef<Inode<T>>> {
        let _guard = self.lock.lock();
        let head = self.head.0.get();

        // SAFETY: The lock is held, so the list may be followed; an inode in it is not destroyed
        // before it has been taken out, which wants the lock.
        unsafe {
            let first = (*head).next;
            if first == head {
                return None;
            }
            own::rustproc_list_move_tail(first, head);
            let inode = bindings::igrab(Inode::<T>::from_link(first.cast()));
            NonNull::new(inode).map(|inode| ARef::from_raw(inode.cast()))
        }
    }
}

/// Drops the cached name of `inode` and all below it.
fn forget<T: FileSystem>(inode: &Inode<T>) {
    // SAFETY: The inode is referenced; so is the dentry that is found, until it is put.
    unsafe {
        let dentry = bindings::d_find_any_alias(inode.as_ptr());
        if !dentry.is_null() {
            bindings::d_invalidate(dentry);
            bindings::dput(dentry);
        }
    }
}
