// SPDX-License-Identifier: GPL-2.0

//! Letting go of cached names whose objects have gone without a word.
//!
//! Stock procfs hears of each task that exits and drops its names. Nobody tells us, and hooking exit
//! would cost every exit something. So who makes new transient inodes looks at some old ones now and
//! then, in turn, and drops the stale: what is left over is bounded by what is made, and memory pressure
//! takes the rest as it takes any unused name.
//!
//! Lock order: the list's spinlock, inside it an inode's `i_lock`.

use super::{
    inode::{
        Inode,
        RcuInode, //
    },
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

/// Each time that so many inodes have been made old ones are looked at.
const EVERY: usize = 8;

/// How many at a time: more than have been made, so that the stale grow fewer.
const AT_ONCE: usize = 2 * EVERY;

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
    /// Guards the list; how many inodes were added to it.
    #[pin]
    lock: SpinLock<usize>,
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
            lock <- new_spinlock!(0),
            head <- head,
        })
    }

    /// Adds an inode; now and then looks at a few others, and drops the names of the stale. Sleeps.
    ///
    /// # Safety
    ///
    /// The list must be that of a super block of `T`, and `link` that of an inode of it, in no list.
    pub(super) unsafe fn add<T: FileSystem>(&self, link: &Link) {
        // SAFETY: By the function's condition.
        unsafe {
            if self.insert(link) % EVERY == 0 {
                self.sweep::<T>();
            }
        }
    }

    /// Adds an inode; how many were added, with this one.
    ///
    /// # Safety
    ///
    /// As for [`Transient::add`].
    unsafe fn insert(&self, link: &Link) -> usize {
        let mut added = self.lock.lock();

        // INVARIANT: By the function's condition.
        // SAFETY: The lock is held.
        unsafe { own::rustproc_list_add_tail(link.0.get(), self.head.0.get()) };
        *added = added.wrapping_add(1);
        *added
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
    #[inline(never)]
    unsafe fn sweep<T: FileSystem>(&self) {
        let mut left = AT_ONCE;

        // SAFETY: By the function's condition.
        while let Some(inode) = unsafe { self.next_stale::<T>(&mut left) } {
            forget(&inode);
        }
    }

    /// Looks at the first inodes and moves them to the end, up to one that is stale and not on its way
    /// out; at `left` of them at most, which is lowered.
    ///
    /// # Safety
    ///
    /// The list must be that of a super block of `T`.
    unsafe fn next_stale<T: FileSystem>(&self, left: &mut usize) -> Option<ARef<Inode<T>>> {
        let mut stale = None;
        let head = self.head.0.get();
        let _guard = self.lock.lock();

        // SAFETY: The lock is held, so the list may be followed; an inode in it is not destroyed
        // before it has been taken out, which wants the lock.
        unsafe {
            let mut link = (*head).next;
            while *left > 0 && link != head && stale.is_none() {
                *left -= 1;
                let inode = Inode::<T>::from_link(link.cast());
                if T::is_gone(RcuInode::<T>::from_raw(inode)) {
                    stale = NonNull::new(bindings::igrab(inode))
                        .map(|inode| ARef::from_raw(inode.cast()));
                }
                link = (*link).next;
            }
            if link != head {
                own::rustproc_list_rotate_to_front(link, head);
            }
        }
        stale
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
