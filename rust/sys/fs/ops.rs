// SPDX-License-Identifier: GPL-2.0

//! The operations that the VFS calls, one table for each [`Kind`] of inode.

use super::{
    dir,
    forward,
    inode::{
        Inode,
        Kind,
        RcuInode,
        Stat, //
    },
    FileSystem, //
};
use crate::bindings as own;
use core::{
    marker::PhantomData,
    ptr, //
};
use kernel::{
    bindings,
    error::{
        from_result,
        to_result, //
    },
    ffi::{
        c_char,
        c_int,
        c_uint, //
    },
    prelude::*,
    sync::aref::ARef, //
};

struct Table<T>(PhantomData<T>);

impl<T: FileSystem> Table<T> {
    const DENTRY: bindings::dentry_operations = bindings::dentry_operations {
        d_revalidate: Some(revalidate::<T>),
        d_delete: Some(delete::<T>),
        ..pin_init::zeroed()
    };

    const DIRECTORY: bindings::inode_operations = bindings::inode_operations {
        lookup: Some(lookup::<T>),
        getattr: Some(getattr::<T>),
        permission: Some(permission::<T>),
        setattr: Some(setattr::<T>),
        ..pin_init::zeroed()
    };

    const OPEN_DIRECTORY: bindings::inode_operations = bindings::inode_operations {
        permission: None,
        ..Self::DIRECTORY
    };

    const FILE: bindings::inode_operations = bindings::inode_operations {
        setattr: Some(setattr::<T>),
        ..pin_init::zeroed()
    };

    const LINK: bindings::inode_operations = bindings::inode_operations {
        get_link: Some(get_link::<T>),
        readlink: Some(readlink::<T>),
        getattr: Some(getattr::<T>),
        setattr: Some(setattr::<T>),
        ..pin_init::zeroed()
    };

    const FORWARD: bindings::inode_operations = bindings::inode_operations {
        getattr: Some(getattr::<T>),
        permission: Some(permission::<T>),
        setattr: Some(setattr::<T>),
        ..pin_init::zeroed()
    };

    const DIRECTORY_FILE: bindings::file_operations = bindings::file_operations {
        read: Some(bindings::generic_read_dir),
        iterate_shared: Some(dir::iterate::<T>),
        llseek: Some(dir::seek::<T>),
        release: Some(dir::release::<T>),
        ..pin_init::zeroed()
    };
}

pub(super) fn dentry_operations<T: FileSystem>() -> &'static bindings::dentry_operations {
    &Table::<T>::DENTRY
}

/// Gives an inode the operations of its kind.
///
/// # Safety
///
/// `inode` must be an unpublished inode of `T`.
#[inline]
pub(super) unsafe fn install<T: FileSystem>(inode: *mut bindings::inode, kind: Kind<T>) {
    // SAFETY: By the function's condition.
    unsafe {
        match kind {
            Kind::Directory => {
                (*inode).i_op = &Table::<T>::DIRECTORY;
                (*inode).__bindgen_anon_3.i_fop = &Table::<T>::DIRECTORY_FILE;
            }
            Kind::OpenDirectory => {
                (*inode).i_op = &Table::<T>::OPEN_DIRECTORY;
                (*inode).__bindgen_anon_3.i_fop = &Table::<T>::DIRECTORY_FILE;
            }
            Kind::Empty => own::make_empty_dir_inode(inode),
            Kind::File(operations) => {
                (*inode).i_op = &Table::<T>::FILE;
                operations.install(inode);
            }
            Kind::Link => (*inode).i_op = &Table::<T>::LINK,
            Kind::Forward => {
                let this = Inode::<T>::from_raw(inode);
                (*inode).i_op = match T::target(this) {
                    Some(_) => &Table::<T>::FORWARD,
                    None => &Table::<T>::FILE,
                };
                if let Some(file) = T::forwarded(this) {
                    (*inode).i_size = file.size();
                    (*inode).__bindgen_anon_3.i_fop = forward::operations::<T>(file);
                }
            }
        }
    }
}

/// # Safety
///
/// Called by the VFS with a locked directory of `T` and a dentry that is being looked up.
unsafe extern "C" fn lookup<T: FileSystem>(
    dir: *mut bindings::inode,
    dentry: *mut bindings::dentry,
    _flags: c_uint,
) -> *mut bindings::dentry {
    // SAFETY: The directory is referenced, and the name of a dentry in lookup does not change.
    let (dir, name) = unsafe {
        let name = own::rustproc_d_name(dentry);
        let length = name.__bindgen_anon_1.__bindgen_anon_1.len;
        (
            Inode::<T>::from_raw(dir),
            core::slice::from_raw_parts(name.name, length as usize),
        )
    };

    match T::lookup(dir, name) {
        // SAFETY: `d_splice_alias()` takes over the reference to the inode.
        Ok(inode) => unsafe {
            bindings::d_splice_alias(ARef::into_raw(inode).as_ptr().cast(), dentry)
        },
        Err(error) => error.to_ptr(),
    }
}

/// # Safety
///
/// Called by the VFS with a dentry of `T`: referenced, or under RCU if the flags say so.
unsafe extern "C" fn revalidate<T: FileSystem>(
    _dir: *mut bindings::inode,
    _name: *const bindings::qstr,
    dentry: *mut bindings::dentry,
    flags: c_uint,
) -> c_int {
    // SAFETY: By the function's condition; under RCU the inode may be gone already.
    unsafe {
        let inode = ptr::read_volatile(&(*dentry).d_inode);
        if inode.is_null() {
            return 0;
        }
        if flags & own::RUSTPROC_CONST_LOOKUP_RCU == 0 {
            return T::revalidate(Inode::<T>::from_raw(inode)).into();
        }
        match T::revalidate_rcu(RcuInode::<T>::from_raw(inode)) {
            Ok(valid) => valid.into(),
            Err(error) => error.to_errno(),
        }
    }
}

/// # Safety
///
/// Called by the VFS with a positive dentry of `T` whose lock it holds.
unsafe extern "C" fn delete<T: FileSystem>(dentry: *const bindings::dentry) -> c_int {
    // SAFETY: By the function's condition; a positive dentry references its inode.
    unsafe { T::is_stale(Inode::<T>::from_raw((*dentry).d_inode)).into() }
}

/// # Safety
///
/// Called by the VFS with a path of `T` and a result to fill in.
unsafe extern "C" fn getattr<T: FileSystem>(
    _idmap: *mut bindings::mnt_idmap,
    path: *const bindings::path,
    stat: *mut bindings::kstat,
    mask: u32,
    flags: c_uint,
) -> c_int {
    // SAFETY: By the function's condition.
    let (inode, raw) = unsafe { (Inode::<T>::from_raw((*(*path).dentry).d_inode), &mut *stat) };
    let mut stat = Stat { raw, mask, flags };

    from_result(|| {
        match T::target(inode) {
            Some(target) => {
                target.stat(&mut stat)?;
                stat.pass_on(inode);
            }
            None => T::stat(inode, &mut stat)?,
        }
        Ok(0)
    })
}

/// # Safety
///
/// Called by the VFS with an inode of `T`: referenced, or under RCU if the mask says so.
unsafe extern "C" fn permission<T: FileSystem>(
    _idmap: *mut bindings::mnt_idmap,
    raw: *mut bindings::inode,
    mask: c_int,
) -> c_int {
    // SAFETY: By the function's condition; a reference is stronger than RCU.
    let inode = unsafe { RcuInode::<T>::from_raw(raw) };

    if let Some(target) = inode.target() {
        return target.permission(mask);
    }
    match T::permission(inode) {
        // SAFETY: By the function's condition.
        Ok(()) => unsafe {
            bindings::generic_permission(&raw mut bindings::nop_mnt_idmap, raw, mask)
        },
        Err(error) => error.to_errno(),
    }
}

/// Changes attributes, but never the mode of a file that belongs to a task. Mirrors
/// `proc_nochmod_setattr()`.
///
/// # Safety
///
/// Called by the VFS with a referenced dentry of `T` whose inode it has locked.
unsafe extern "C" fn setattr<T: FileSystem>(
    _idmap: *mut bindings::mnt_idmap,
    dentry: *mut bindings::dentry,
    attributes: *mut bindings::iattr,
) -> c_int {
    // SAFETY: By the function's condition.
    from_result(|| unsafe {
        let raw = (*dentry).d_inode;
        let inode = Inode::<T>::from_raw(raw);
        if let Some(target) = T::target(inode) {
            target.set_attributes(&mut *attributes)?;
            return Ok(0);
        }
        if (*attributes).ia_valid & own::RUSTPROC_CONST_ATTR_MODE != 0 && T::has_fixed_mode(inode) {
            return Err(EPERM);
        }
        to_result(bindings::setattr_prepare(
            &raw mut bindings::nop_mnt_idmap,
            dentry,
            attributes,
        ))?;
        bindings::setattr_copy(&raw mut bindings::nop_mnt_idmap, raw, attributes);
        Ok(0)
    })
}

/// # Safety
///
/// Called by the VFS while it walks a path, with a link of `T`; without a dentry under RCU.
unsafe extern "C" fn get_link<T: FileSystem>(
    dentry: *mut bindings::dentry,
    inode: *mut bindings::inode,
    done: *mut bindings::delayed_call,
) -> *const c_char {
    // SAFETY: By the function's condition.
    unsafe {
        if dentry.is_null() {
            let target = RcuInode::<T>::from_raw(inode).target();
            return target.map_or(ECHILD.to_ptr(), |target| target.follow(done));
        }
        match T::target(Inode::<T>::from_raw(inode)) {
            Some(target) => target.follow(done),
            None => ENOENT.to_ptr(),
        }
    }
}

/// # Safety
///
/// Called by the VFS with a referenced link of `T` and a user buffer.
unsafe extern "C" fn readlink<T: FileSystem>(
    dentry: *mut bindings::dentry,
    buffer: *mut c_char,
    length: c_int,
) -> c_int {
    // SAFETY: By the function's condition.
    unsafe {
        match T::target(Inode::<T>::from_raw((*dentry).d_inode)) {
            Some(target) => target.read_link(buffer, length),
            None => ENOENT.to_errno(),
        }
    }
}
