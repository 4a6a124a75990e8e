// SPDX-License-Identifier: GPL-2.0

//! Mounting: from a request to a super block.
//!
//! No option is known, so the VFS refuses each with a message of its own and `EINVAL`.
//!
//! C header: [`include/linux/fs_context.h`](srctree/include/linux/fs_context.h)

use super::{
    inode::{
        self,
        SuperBlock,
        SuperData, //
    },
    ops,
    FileSystem, //
};
use crate::bindings as own;
use core::{
    marker::PhantomData,
    pin::Pin, //
};
use kernel::{
    alloc::flags::GFP_KERNEL,
    bindings,
    error::from_result,
    ffi::c_int,
    prelude::*,
    sync::aref::ARef, //
};

struct Table<T>(PhantomData<T>);

impl<T: FileSystem> Table<T> {
    const OPERATIONS: own::fs_context_operations = own::fs_context_operations {
        free: Some(free::<T>),
        get_tree: Some(get_tree::<T>),
        ..pin_init::zeroed()
    };
}

/// # Safety
///
/// Called by the VFS with a context that is being made. The super block will belong to the user
/// namespace of the pid namespace that it shows, as procfs's.
pub(super) unsafe extern "C" fn init<T: FileSystem>(raw: *mut bindings::fs_context) -> c_int {
    from_result(|| {
        let request = KBox::new(T::request()?, GFP_KERNEL)?;
        let context = raw.cast::<own::fs_context>();

        // SAFETY: The context is ours to fill in; `free()` takes the request back.
        unsafe {
            (*context).fs_private = KBox::into_raw(request).cast();
            (*context).ops = &Table::<T>::OPERATIONS;
            let owner = own::rustproc_get_user_ns(
                (*bindings::task_active_pid_ns(bindings::get_current())).user_ns,
            );
            own::rustproc_put_user_ns((*context).user_ns);
            (*context).user_ns = owner;
        }
        Ok(0)
    })
}

/// # Safety
///
/// Called by the VFS with a context that `init()` has filled in, once.
unsafe extern "C" fn free<T: FileSystem>(context: *mut own::fs_context) {
    // SAFETY: `init()` stored the pointer.
    unsafe {
        if !(*context).fs_private.is_null() {
            drop(KBox::<T::Request>::from_raw((*context).fs_private.cast()));
        }
    }
}

/// # Safety
///
/// Called by the VFS with a context that `init()` has filled in.
unsafe extern "C" fn get_tree<T: FileSystem>(context: *mut own::fs_context) -> c_int {
    // SAFETY: By the function's condition.
    unsafe { own::get_tree_nodev(context, Some(fill_super::<T>)) }
}

/// # Safety
///
/// Called by the VFS with a new super block and a context that `init()` has filled in. If it fails,
/// `kill_super()` cleans up.
unsafe extern "C" fn fill_super<T: FileSystem>(
    sb: *mut bindings::super_block,
    context: *mut own::fs_context,
) -> c_int {
    from_result(|| {
        // SAFETY: `init()` stored the pointer, and the VFS uses a context one call at a time.
        let request = unsafe { &mut *(*context).fs_private.cast::<T::Request>() };
        let (fs, root) = T::mount(request)?;
        let data = KBox::pin_init(SuperData::new(fs), GFP_KERNEL)?;

        // SAFETY: The super block is new and ours to fill in.
        unsafe {
            let data = Pin::into_inner_unchecked(data);
            (*sb).s_fs_info = KBox::into_raw(data).cast();
            (*sb).s_iflags |= own::RUSTPROC_CONST_SB_I_NOEXEC | own::RUSTPROC_CONST_SB_I_NODEV;
            (*sb).s_flags |= own::RUSTPROC_CONST_SB_NODIRATIME
                | own::RUSTPROC_CONST_SB_NOSUID
                | own::RUSTPROC_CONST_SB_NOEXEC;
            (*sb).s_blocksize = 1024;
            (*sb).s_blocksize_bits = 10;
            (*sb).s_magic = T::MAGIC;
            (*sb).s_op = inode::super_operations::<T>();
            (*sb).s_time_gran = 1;
            (*sb).s_stack_depth = bindings::FILESYSTEM_MAX_STACK_DEPTH as c_int;
            // Names and inodes are made without I/O, so they may go early.
            (*(*sb).s_shrink).seeks = 0;
            bindings::set_default_d_op(sb, ops::dentry_operations::<T>());
        }
        // SAFETY: Filled in just now; it lives while it has a root.
        let root = unsafe { SuperBlock::<T>::from_raw(sb) }.new_inode(root)?;
        // SAFETY: `d_make_root()` takes over the reference to the inode, also when it fails.
        unsafe {
            (*sb).s_root = bindings::d_make_root(ARef::into_raw(root).as_ptr().cast());
            if (*sb).s_root.is_null() {
                return Err(ENOMEM);
            }
        }
        Ok(0)
    })
}
