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
    ffi::c_char,
    prelude::*,
    types::NotThreadSafe, //
};

/// Bytes of text that there is room for on the stack.
const ROOM: usize = 2048;

/// `read()` of a short file, observed.
///
/// `is_end` tells whether no record has the index that it gets; it may say no if it doesn't know. `render`
/// renders all records from the index that it gets on, and moves that behind the last one.
///
/// # Safety
///
/// As for `seq_read()`: the VFS calls it on a file opened by this module.
pub(super) unsafe fn read<T: Observer>(
    file: *mut bindings::file,
    buffer: *mut c_char,
    size: usize,
    position: *mut bindings::loff_t,
    is_end: impl FnOnce(i64) -> bool,
    render: impl FnOnce(&mut i64, &mut Seq<'_>) -> Result,
) -> isize {
    // SAFETY: By the function's condition.
    let at_once = unsafe {
        let reader = Reader::lock(file);
        match reader.index_at(*position) {
            Some(index) if is_end(index) => Some(0),
            Some(index) => reader.read_from(index, buffer, size, &mut *position, render),
            None => None,
        }
    };
    let result = match at_once {
        Some(result) => result,
        // SAFETY: By the function's condition.
        None => unsafe { bindings::seq_read(file, buffer, size, position) },
    };

    T::read(usize::try_from(result).unwrap_or(0));
    result
}

/// The reader of an open file, who stands where the file's `seq_file` says.
///
/// # Invariants
///
/// The file is open, `seq` is its own `seq_file`, and this context holds the lock of that.
struct Reader {
    file: *mut bindings::file,
    seq: *mut bindings::seq_file,
    _not_send: NotThreadSafe,
}

impl Reader {
    /// # Safety
    ///
    /// `file` must be open, with a `seq_file` of its own, until the value is dropped.
    unsafe fn lock(file: *mut bindings::file) -> Self {
        // SAFETY: By the function's condition.
        let seq = unsafe { (*file).private_data.cast::<bindings::seq_file>() };
        // SAFETY: The same.
        unsafe { bindings::mutex_lock(&raw mut (*seq).lock) };
        // INVARIANT: Just locked.
        Self {
            file,
            seq,
            _not_send: NotThreadSafe,
        }
    }

    /// Index of the record at `position`; `None` if that isn't known, or `seq_read()` has a buffer, in
    /// which a part of a record may be left.
    fn index_at(&self, position: i64) -> Option<i64> {
        // SAFETY: By the type invariant.
        let seq = unsafe { &*self.seq };

        if !seq.buf.is_null() {
            None
        } else if position == 0 {
            Some(0)
        } else {
            (position == seq.read_pos).then_some(seq.index)
        }
    }

    /// Reads from the record `index`, which begins at `position`, to the end of the file, into `room`
    /// bytes of user space. What `read(2)` returns; `None` if this is for `seq_read()`.
    #[inline(never)] // so that `seq_read()` has the stack for itself
    fn read_from(
        mut self,
        mut index: i64,
        buffer: *mut c_char,
        room: usize,
        position: &mut i64,
        render: impl FnOnce(&mut i64, &mut Seq<'_>) -> Result,
    ) -> Option<isize> {
        let mut text = [MaybeUninit::<u8>::uninit(); ROOM];
        let mut seq = bindings::seq_file {
            buf: text.as_mut_ptr().cast(),
            size: ROOM,
            file: self.file,
            ..pin_init::zeroed()
        };

        // SAFETY: The struct is ours, and nobody else shows it.
        let rendered = render(&mut index, &mut unsafe { Seq::from_raw(&mut seq) });
        match rendered {
            // CAST: An errno.
            Err(error) if seq.count == 0 && room > 0 => return Some(error.to_errno() as isize),
            Ok(()) if seq.count <= room.min(ROOM - 1) => {}
            _ => return None,
        }
        // SAFETY: So many bytes have been rendered. Where they go to is checked.
        if unsafe { bindings::copy_to_user(buffer.cast(), text.as_ptr().cast(), seq.count) } != 0 {
            return None;
        }
        // CAST: At most `ROOM`.
        *position += seq.count as i64;
        self.stand_at(index, *position);
        // CAST: The same.
        Some(seq.count as isize)
    }

    /// Goes to `position`, where the record `index` begins.
    fn stand_at(&mut self, index: i64, position: i64) {
        // SAFETY: By the type invariant.
        let seq = unsafe { &mut *self.seq };

        seq.index = index;
        seq.read_pos = position;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::mutex_unlock(&raw mut (*self.seq).lock) };
    }
}
