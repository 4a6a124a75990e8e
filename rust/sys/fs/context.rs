// SPDX-License-Identifier: GPL-2.0

//! Mounting: from a request and its options to a super block.
//!
//! C header: [`include/linux/fs_context.h`](srctree/include/linux/fs_context.h)

use super::{
    inode::{
        self,
        SuperBlock,
        SuperData, //
    },
    ops,
    FileSystem,
    NewMount, //
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

/// Where messages to whoever mounts go; the kernel's log if nobody asked for them.
#[derive(Clone, Copy)]
pub(crate) struct Log<'a> {
    raw: *mut own::fc_log,
    _lifetime: PhantomData<&'a own::fc_log>,
}

impl Log<'_> {
    /// # Safety
    ///
    /// `context` must be a file-system context that this context uses until the value is dropped.
    unsafe fn of(context: *mut own::fs_context) -> Self {
        Self {
            // SAFETY: By the function's condition.
            raw: unsafe { (*context).log.log },
            _lifetime: PhantomData,
        }
    }

    pub(super) fn as_ptr(self) -> *mut own::fc_log {
        self.raw
    }
}

/// A mount option, as it was given.
///
/// # Invariants
///
/// The parameter is valid, and this context's to take things out of.
pub(crate) struct Parameter<'a> {
    raw: *mut bindings::fs_parameter,
    _lifetime: PhantomData<&'a mut bindings::fs_parameter>,
}

impl Parameter<'_> {
    pub(super) fn as_ptr(&mut self) -> *mut bindings::fs_parameter {
        self.raw
    }
}

struct Table<T>(PhantomData<T>);

impl<T: FileSystem> Table<T> {
    const OPERATIONS: own::fs_context_operations = own::fs_context_operations {
        free: Some(free::<T>),
        parse_param: Some(parse_param::<T>),
        get_tree: Some(get_tree::<T>),
        reconfigure: Some(reconfigure::<T>),
        ..pin_init::zeroed()
    };
}

/// The request that `init()` has stored.
///
/// # Safety
///
/// `context` must be one that `init()` has filled in, and used by one call at a time.
unsafe fn request_of<'a, T: FileSystem>(context: *mut own::fs_context) -> &'a mut T::Request {
    // SAFETY: By the function's condition.
    unsafe { &mut *(*context).fs_private.cast() }
}

/// Makes the super block one of the user namespace that the request names.
///
/// # Safety
///
/// `context` must be this context's to change.
unsafe fn adopt_owner<T: FileSystem>(context: *mut own::fs_context, request: &T::Request) {
    // SAFETY: By the function's condition; both namespaces are referenced.
    unsafe {
        let owner = own::rustproc_get_user_ns(T::owner(request).as_ptr());
        own::rustproc_put_user_ns((*context).user_ns);
        (*context).user_ns = owner;
    }
}

/// # Safety
///
/// Called by the VFS with a context that is being made: with the root of a super block of `T` if that
/// is to be changed.
pub(super) unsafe extern "C" fn init<T: FileSystem>(raw: *mut bindings::fs_context) -> c_int {
    from_result(|| {
        let context = raw.cast::<own::fs_context>();
        // SAFETY: By the function's condition.
        let changed = unsafe {
            let root = (*context).root;
            (!root.is_null()).then(|| SuperBlock::<T>::from_raw((*root).d_sb).fs())
        };
        let request = KBox::new(T::request(changed)?, GFP_KERNEL)?;

        // SAFETY: The context is ours to fill in; `free()` takes the request back.
        unsafe {
            adopt_owner::<T>(context, &request);
            (*context).fs_private = KBox::into_raw(request).cast();
            (*context).ops = &Table::<T>::OPERATIONS;
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
/// Called by the VFS with a context that `init()` has filled in and an option.
unsafe extern "C" fn parse_param<T: FileSystem>(
    context: *mut own::fs_context,
    parameter: *mut bindings::fs_parameter,
) -> c_int {
    // SAFETY: By the function's condition.
    from_result(|| unsafe {
        let request = request_of::<T>(context);
        // INVARIANT: By the function's condition.
        let mut parameter = Parameter {
            raw: parameter,
            _lifetime: PhantomData,
        };
        T::parse(request, &mut parameter, Log::of(context))?;
        adopt_owner::<T>(context, request);
        Ok(0)
    })
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
/// Called by the VFS with a context that `init()` has filled in for a super block to be changed.
unsafe extern "C" fn reconfigure<T: FileSystem>(context: *mut own::fs_context) -> c_int {
    // SAFETY: By the function's condition.
    from_result(|| unsafe {
        T::reconfigure(request_of::<T>(context), Log::of(context))?;
        Ok(0)
    })
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
        // SAFETY: By the function's condition.
        let mounted = unsafe { T::mount(request_of::<T>(context), Log::of(context)) };
        let NewMount {
            fs,
            root,
            restricted,
        } = mounted?;
        let data = KBox::pin_init(SuperData::new(fs), GFP_KERNEL)?;

        // SAFETY: The super block is new and ours to fill in.
        unsafe {
            let data = Pin::into_inner_unchecked(data);
            (*sb).s_fs_info = KBox::into_raw(data).cast();
            (*sb).s_iflags |= own::RUSTPROC_CONST_SB_I_NOEXEC | own::RUSTPROC_CONST_SB_I_NODEV;
            if restricted {
                (*sb).s_iflags |= own::RUSTPROC_CONST_SB_I_RESTRICTED_VARIANT;
            }
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
