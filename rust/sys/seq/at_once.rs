// SPDX-License-Identifier: GPL-2.0

//! Reading a short file with one call.
//!
//! Most files are read from their start by a reader with room for all there is, and then once more, to
//! find that there is nothing else. `seq_read()` allocates a page for that, which the kernel clears. Here
//! the text is made on the stack, and copied to the reader from there. A reader who takes a part, or
//! comes back for one, gets it from `seq_read()`, which keeps the rest.

use super::{
    Observer,
    Seq, //
};
use core::mem::MaybeUninit;
use kernel::{
    bindings,
    error::from_result,
    ffi::c_char,
    prelude::*,
    types::NotThreadSafe,
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceWriter, //
    },
};

/// Bytes of text that there is room for on the stack.
const ROOM: usize = 2048;

/// `read()` of a short file, observed.
///
/// `render` renders all records from the index that it gets on, and moves that behind the last one.
///
/// # Safety
///
/// As for `seq_read()`: the VFS calls it on a file opened by this module.
pub(super) unsafe fn read<T: Observer>(
    file: *mut bindings::file,
    buffer: *mut c_char,
    size: usize,
    position: *mut bindings::loff_t,
    render: impl FnOnce(&mut i64, &mut Seq<'_>) -> Result,
) -> isize {
    let to = UserSlice::new(UserPtr::from_ptr(buffer.cast()), size).writer();
    // SAFETY: By the function's condition.
    let result = unsafe {
        match read_at_once(file, to, &mut *position, render) {
            // CAST: At most `ROOM`.
            Some(result) => from_result(|| result.map(|bytes| bytes as isize)),
            None => bindings::seq_read(file, buffer, size, position),
        }
    };

    T::read(usize::try_from(result).ok());
    result
}

/// Reads from `position`, where the reader of `file` stands, to the end of the file; `None` if this is
/// for `seq_read()`.
///
/// # Safety
///
/// `file` must be open, with a `seq_file` of its own.
#[inline(never)] // so that `seq_read()` has the stack for itself
unsafe fn read_at_once(
    file: *mut bindings::file,
    mut to: UserSliceWriter,
    position: &mut i64,
    render: impl FnOnce(&mut i64, &mut Seq<'_>) -> Result,
) -> Option<Result<usize>> {
    // SAFETY: By the function's condition.
    let mut reader = unsafe { Reader::lock((*file).private_data.cast()) };
    let mut index = reader.index_at(*position)?;
    let mut room = [MaybeUninit::<u8>::uninit(); ROOM];
    let mut seq = bindings::seq_file {
        buf: room.as_mut_ptr().cast(),
        size: ROOM,
        file,
        ..pin_init::zeroed()
    };

    if to.is_empty() {
        return None;
    }
    // SAFETY: The struct is ours, and nobody else shows it.
    let rendered = render(&mut index, &mut unsafe { Seq::from_raw(&mut seq) });
    match rendered {
        Err(error) if seq.count == 0 => return Some(Err(error)),
        Ok(()) if seq.count < ROOM && seq.count <= to.len() => {}
        _ => return None,
    }
    // SAFETY: So many bytes have been rendered.
    let text = unsafe { core::slice::from_raw_parts(seq.buf.cast::<u8>(), seq.count) };
    if !text.is_empty() {
        to.write_slice(text).ok()?;
    }
    // CAST: At most `ROOM`.
    *position += text.len() as i64;
    reader.stand_at(index, *position);
    Some(Ok(text.len()))
}

/// Where the reader of an open file stands, by its `seq_file`, which is locked.
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

    /// Index of the record at `position`; `None` if that isn't known, or `seq_read()` has a buffer, in
    /// which a part of a record may be left.
    fn index_at(&self, position: i64) -> Option<i64> {
        // SAFETY: By the type invariant.
        let seq = unsafe { &*self.0 };

        if !seq.buf.is_null() {
            None
        } else if position == 0 {
            Some(0)
        } else {
            (position == seq.read_pos).then_some(seq.index)
        }
    }

    /// Goes to `position`, where the record `index` begins.
    fn stand_at(&mut self, index: i64, position: i64) {
        // SAFETY: By the type invariant.
        let seq = unsafe { &mut *self.0 };

        seq.index = index;
        seq.read_pos = position;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::mutex_unlock(&raw mut (*self.0).lock) };
    }
}
