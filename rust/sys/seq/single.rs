// SPDX-License-Identifier: GPL-2.0

//! Files that are one record.
//!
//! Most are read from their start, by a reader with room for all of it. Their record is made on the
//! stack and copied to the reader from there: `seq_file` would allocate a page for it, which the
//! kernel clears. A reader who takes a part, or comes back for one, gets it from `seq_read()`, which
//! keeps the rest.

use super::{
    inode_of,
    operations,
    Seq,
    Single, //
};
use crate::sys::fs::FileOperations;
use core::{
    marker::PhantomData,
    mem::MaybeUninit,
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
    },
    prelude::*,
    types::NotThreadSafe,
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceWriter, //
    },
};

/// Bytes that there are on the stack for a record; a longer one is left to `seq_read()`.
const ROOM: usize = 2048;

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
        let to = UserSlice::new(UserPtr::from_ptr(buffer.cast()), size).writer();
        // SAFETY: By the function's condition.
        let result = unsafe {
            match Self::read_at_once(file, to, &mut *position) {
                // CAST: A record has at most `ROOM` bytes.
                Some(result) => from_result(|| result.map(|bytes| bytes as isize)),
                None => bindings::seq_read(file, buffer, size, position),
            }
        };

        T::read(usize::try_from(result).ok());
        result
    }

    /// Reads the whole record, or tells that it has been read; `None` if this is for `seq_read()`.
    ///
    /// # Safety
    ///
    /// As for `read()`.
    #[inline(never)] // so that `seq_read()` has the stack for itself
    unsafe fn read_at_once(
        file: *mut bindings::file,
        mut to: UserSliceWriter,
        position: &mut i64,
    ) -> Option<Result<usize>> {
        // SAFETY: `open()` stored a `seq_file`, which lives until the file is released.
        let mut reader = unsafe { Reader::lock((*file).private_data.cast()) };

        if to.is_empty() || reader.has_buffer() {
            return None;
        }
        if *position != 0 {
            return reader.has_ended(*position).then_some(Ok(0));
        }
        reader.restart();
        let mut room = [MaybeUninit::uninit(); ROOM];
        // SAFETY: The file belongs to `T::Fs`.
        let record = match unsafe { Self::render(file, &mut room) } {
            Ok(record) => record?,
            Err(error) => return Some(Err(error)),
        };
        if record.is_empty() || record.len() > to.len() || to.write_slice(record).is_err() {
            return None;
        }
        // CAST: At most `ROOM`.
        *position = record.len() as i64;
        reader.end(*position);
        Some(Ok(record.len()))
    }

    /// Renders the record; `None` if there is not enough room.
    ///
    /// # Safety
    ///
    /// `file` must be one that `open()` has opened.
    unsafe fn render(
        file: *mut bindings::file,
        room: &mut [MaybeUninit<u8>],
    ) -> Result<Option<&[u8]>> {
        let mut seq = bindings::seq_file {
            buf: room.as_mut_ptr().cast(),
            size: room.len(),
            file,
            ..pin_init::zeroed()
        };

        // SAFETY: The struct is ours, and nobody else shows it; the inode belongs to `T::Fs` by the
        // function's condition.
        unsafe { T::show(inode_of(&raw mut seq), &mut Seq::from_raw(&mut seq))? };
        if seq.count == seq.size {
            return Ok(None);
        }
        // SAFETY: So many bytes have been rendered.
        Ok(Some(unsafe {
            core::slice::from_raw_parts(seq.buf.cast(), seq.count)
        }))
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

/// The `seq_file` of an open file of one record, locked: where its reader stands.
///
/// # Invariants
///
/// The `seq_file` is valid and this context holds its lock.
struct Reader(*mut bindings::seq_file, NotThreadSafe);

impl Reader {
    /// # Safety
    ///
    /// `raw` must be valid until the value is dropped.
    unsafe fn lock(raw: *mut bindings::seq_file) -> Self {
        // SAFETY: By the function's condition.
        unsafe { bindings::mutex_lock(&raw mut (*raw).lock) };
        // INVARIANT: Just locked.
        Self(raw, NotThreadSafe)
    }

    /// Whether `seq_read()` has a buffer by now, in which a part of a record may be left.
    fn has_buffer(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { !(*self.0).buf.is_null() }
    }

    /// Whether the record has been read, up to `position`.
    fn has_ended(&self, position: i64) -> bool {
        // SAFETY: By the type invariant.
        unsafe { (*self.0).index != 0 && (*self.0).read_pos == position }
    }

    /// Goes to the record.
    fn restart(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { (*self.0).index = 0 };
    }

    /// Goes behind the record, which ends at `position`.
    fn end(&mut self, position: i64) {
        // SAFETY: By the type invariant.
        unsafe {
            (*self.0).index = 1;
            (*self.0).read_pos = position;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::mutex_unlock(&raw mut (*self.0).lock) };
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
