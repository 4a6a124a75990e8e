// SPDX-License-Identifier: GPL-2.0

//! Build ids of mapped files: what a linker writes into a program to tell it from others.
//!
//! C header: [`include/linux/buildid.h`](srctree/include/linux/buildid.h)

use crate::bindings as own;
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::aref::AlwaysRefCounted,
    types::Opaque, //
};

/// A file that is, or was, mapped somewhere; its mapping may go while this is held.
///
/// # Invariants
///
/// All instances are valid `struct file`s with a reference held.
#[repr(transparent)]
pub(crate) struct BackingFile(Opaque<bindings::file>);

// SAFETY: A file is always reference-counted.
unsafe impl AlwaysRefCounted for BackingFile {
    fn inc_ref(&self) {
        // SAFETY: The shared reference proves that the count is not zero.
        unsafe { bindings::get_file(self.0.get()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller gives up one reference.
        unsafe { bindings::fput(obj.cast().as_ptr()) };
    }
}

impl BackingFile {
    /// # Safety
    ///
    /// `file` must be referenced for `'a`.
    pub(super) unsafe fn from_raw<'a>(file: *mut bindings::file) -> &'a Self {
        // INVARIANT: By the function's condition.
        // SAFETY: The same; the wrapper is transparent.
        unsafe { &*file.cast() }
    }

    /// The build id. May read the file, and so sleep. Mirrors `build_id_parse_file()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is none; `EFAULT` if the file cannot be read.
    pub(crate) fn build_id(&self) -> Result<BuildId> {
        let mut id = BuildId {
            bytes: [0; CAPACITY],
            length: 0,
        };

        // SAFETY: The file is valid by the type invariant, and the array as long as the function
        // expects.
        to_result(unsafe {
            own::build_id_parse_file(self.0.get(), id.bytes.as_mut_ptr(), &mut id.length)
        })?;
        Ok(id)
    }
}

/// Bytes that a build id has at most.
const CAPACITY: usize = bindings::BUILD_ID_SIZE_MAX as usize;

/// A build id.
pub(crate) struct BuildId {
    bytes: [u8; CAPACITY],
    length: u32,
}

impl BuildId {
    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // CAST: A small number.
        self.bytes
            .get(..self.length as usize)
            .unwrap_or(&self.bytes)
    }

    /// How many they are.
    pub(crate) fn len(&self) -> u32 {
        self.length
    }
}
