// SPDX-License-Identifier: GPL-2.0

//! Entries in stock procfs: a mount point, a directory, and text files in it.
//!
//! A text file keeps the module loaded while it is open; without that `rmmod` would cut readers off
//! and go ahead.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)

use crate::{
    bindings as own,
    sys::{
        seq::Seq,
        OWNER, //
    },
};
use core::{
    ffi::CStr,
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*, //
};

/// An entry of procfs and all below it; removed when dropped.
///
/// # Invariants
///
/// The entry is registered, and not removed by anyone else.
struct Registered(NonNull<bindings::proc_dir_entry>);

// SAFETY: An entry may be removed from any thread.
unsafe impl Send for Registered {}

// SAFETY: Nothing of it can be reached through a shared reference.
unsafe impl Sync for Registered {}

impl Registered {
    fn new(entry: *mut bindings::proc_dir_entry) -> Result<Self> {
        // procfs reports neither why it failed; a taken name is the only cause but memory.
        NonNull::new(entry).map(Self).ok_or(EEXIST)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: By the type invariant. Waits for calls into the module that are under way.
        unsafe { own::proc_remove(self.0.as_ptr()) };
    }
}

/// An empty directory to mount a file system on; removed when dropped.
pub(crate) struct MountPoint(#[expect(dead_code)] Registered);

impl MountPoint {
    /// Makes the directory `name` at the top of procfs.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the name is taken or memory is short.
    pub(crate) fn new(name: &CStr) -> Result<Self> {
        // SAFETY: The name is a C string.
        let entry = unsafe { own::proc_create_mount_point(name.as_char_ptr()) };

        Registered::new(entry).map(Self)
    }
}

/// What a text file says.
pub(crate) trait TextFile: 'static {
    /// Renders the file. May sleep.
    ///
    /// # Errors
    ///
    /// What `read(2)` shall fail with.
    fn show(seq: &mut Seq<'_>) -> Result;
}

/// A directory with text files; removed when dropped.
pub(crate) struct TextDirectory(Registered);

impl TextDirectory {
    /// Makes the directory `path`, whose parent must exist.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the name is taken or memory is short.
    pub(crate) fn new(path: &CStr) -> Result<Self> {
        // SAFETY: The path is a C string.
        let entry = unsafe { own::proc_mkdir(path.as_char_ptr(), ptr::null_mut()) };

        Registered::new(entry).map(Self)
    }

    /// Adds a file that everyone may read.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the name is taken or memory is short.
    pub(crate) fn add<T: TextFile>(&self, name: &CStr) -> Result {
        // SAFETY: The name is a C string, the parent registered, and the operations static.
        let entry = unsafe {
            own::proc_create_data(
                name.as_char_ptr(),
                0o444,
                self.0 .0.as_ptr(),
                &Table::<T>::OPERATIONS,
                ptr::null_mut(),
            )
        };

        if entry.is_null() {
            return Err(EEXIST);
        }
        Ok(())
    }
}

struct Table<T>(PhantomData<T>);

impl<T: TextFile> Table<T> {
    const OPERATIONS: own::proc_ops = own::proc_ops {
        proc_open: Some(open::<T>),
        proc_read: Some(bindings::seq_read),
        proc_lseek: Some(bindings::seq_lseek),
        proc_release: Some(release),
        ..pin_init::zeroed()
    };
}

/// # Safety
///
/// Called by procfs, which keeps the module from going meanwhile, with a file that is being opened.
unsafe extern "C" fn open<T: TextFile>(
    _inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: By the function's condition; a reference that is not kept is put.
    unsafe {
        if !bindings::try_module_get(OWNER) {
            return ENODEV.to_errno();
        }
        let error = bindings::single_open(file, Some(show::<T>), ptr::null_mut());
        if error != 0 {
            own::rustproc_module_put(OWNER);
        }
        error
    }
}

/// # Safety
///
/// Called by procfs once, for a file that `open()` has opened.
unsafe extern "C" fn release(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
    // SAFETY: By the function's condition; `open()` took the reference to the module.
    unsafe {
        let error = bindings::single_release(inode, file);
        own::rustproc_module_put(OWNER);
        error
    }
}

/// # Safety
///
/// Called by `seq_read()` on a file that `open()` has opened.
unsafe extern "C" fn show<T: TextFile>(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
    // SAFETY: The file is shown by this context until we return.
    let mut seq = unsafe { Seq::from_raw(seq) };

    kernel::error::from_result(|| T::show(&mut seq).map(|()| 0))
}
