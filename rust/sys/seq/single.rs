// SPDX-License-Identifier: GPL-2.0

//! Files that are one record.

use super::{
    at_once,
    inode_of,
    operations,
    Seq,
    Single, //
};
use crate::sys::fs::{
    FileOperations,
    Inode, //
};
use core::{
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::from_result,
    ffi::{
        c_char,
        c_int,
        c_void, //
    }, //
};

/// Binds a [`Single`] to C.
pub(crate) struct SingleFile<T>(PhantomData<T>);

impl<T: Single> SingleFile<T> {
    const TABLE: bindings::file_operations = bindings::file_operations {
        open: Some(Self::open),
        read: Some(Self::read),
        release: Some(bindings::seq_release),
        ..operations()
    };

    const SEQUENCE: bindings::seq_operations = bindings::seq_operations {
        start: Some(start),
        next: Some(next),
        stop: Some(stop),
        show: Some(Self::show),
    };

    /// The file's operations.
    pub(crate) const OPERATIONS: FileOperations<T::Fs> = {
        // SAFETY: Every operation expects a file whose inode is one of `T::Fs`.
        unsafe { FileOperations::new(&Self::TABLE) }
    };

    /// # Safety
    ///
    /// Called by the VFS, with an inode of `T::Fs` and a file that is being opened.
    unsafe extern "C" fn open(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file is being opened, and `show()` finds its inode through it.
        let error = unsafe { bindings::seq_open(file, &Self::SEQUENCE) };

        if error == 0 {
            T::opened();
        }
        error
    }

    /// # Safety
    ///
    /// Called by the VFS with a file that `open()` has opened, and a position of this call's own.
    unsafe extern "C" fn read(
        file: *mut bindings::file,
        buffer: *mut c_char,
        size: usize,
        position: *mut bindings::loff_t,
    ) -> isize {
        // SAFETY: By the function's condition; the inode of an open file stays.
        unsafe {
            let inode = Inode::from_raw((*file).f_inode);
            at_once::read::<T>(
                file,
                buffer,
                size,
                position,
                |index| index != 0,
                |index, seq| {
                    *index = 1;
                    T::show(inode, seq)
                },
            )
        }
    }

    /// # Safety
    ///
    /// Called by `seq_file` on a file that `open()` has opened.
    unsafe extern "C" fn show(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
        // SAFETY: The file belongs to `T::Fs`, and is shown by this context until we return.
        let (inode, mut seq) = unsafe { (inode_of::<T::Fs>(seq), Seq::from_raw(seq)) };

        from_result(|| T::show(inode, &mut seq).map(|()| 0))
    }
}

/// # Safety
///
/// Called by `seq_file` with its position.
unsafe extern "C" fn start(
    _: *mut bindings::seq_file,
    position: *mut bindings::loff_t,
) -> *mut c_void {
    // SAFETY: By the function's condition.
    match unsafe { *position } {
        0 => NonNull::dangling().as_ptr(),
        _ => ptr::null_mut(),
    }
}

/// # Safety
///
/// As for [`start`].
unsafe extern "C" fn next(
    _: *mut bindings::seq_file,
    _: *mut c_void,
    position: *mut bindings::loff_t,
) -> *mut c_void {
    // SAFETY: By the function's condition.
    unsafe { *position += 1 };
    ptr::null_mut()
}

/// # Safety
///
/// As for [`start`].
unsafe extern "C" fn stop(_: *mut bindings::seq_file, _: *mut c_void) {}
