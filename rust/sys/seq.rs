// SPDX-License-Identifier: GPL-2.0

//! Files whose text is made record by record, over `seq_file`.
//!
//! An author implements [`Single`] (the whole file is one record) or [`Records`] (a sequence of
//! records between which the reader may pause), and gets the file's operations from
//! [`SingleFile::OPERATIONS`] or [`RecordFile::OPERATIONS`]. A file of records may also answer
//! `ioctl(2)`, see [`Control`]. Writing to such files is not supported.
//!
//! Text is rendered straight into the `seq_file`'s buffer. A record that does not fit is rendered
//! anew into a larger one by `seq_read()`; authors need not care. A file of one record mostly does
//! without a buffer, see [`at_once`].
//!
//! C header: [`include/linux/seq_file.h`](srctree/include/linux/seq_file.h)

mod at_once;
mod single;

pub(crate) use self::single::SingleFile;

use crate::{
    bindings as own,
    sys::{
        cred::UserNamespace,
        fs::{
            FileOperations,
            FileSystem,
            Inode, //
        },
        vma::PathRef, //
    },
    view::text::Text,
};
use core::{
    ffi::CStr,
    marker::PhantomData,
    mem::MaybeUninit,
    ops::Range,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::from_err_ptr,
    ffi::{
        c_char,
        c_int,
        c_long,
        c_uint,
        c_ulong,
        c_void, //
    },
    prelude::*,
    types::NotThreadSafe, //
};

/// Bytes of a block that is copied at once.
const BLOCK: usize = 32;

/// The `seq_file` of one read, into which a record is rendered.
///
/// # Invariants
///
/// The pointer is to a `seq_file` whose lock this context holds, and whose buffer has `size` bytes
/// of which `count` are initialised. `start` of them are of earlier records.
pub(crate) struct Seq<'a> {
    raw: *mut bindings::seq_file,
    start: usize,
    _lifetime: PhantomData<&'a mut bindings::seq_file>,
    _not_send: NotThreadSafe,
}

impl<'a> Seq<'a> {
    /// # Safety
    ///
    /// `raw` must be a `seq_file` that is being shown by this context until the value is dropped.
    pub(super) unsafe fn from_raw(raw: *mut bindings::seq_file) -> Self {
        // INVARIANT: `seq_read()` holds the lock while it calls `show()`, and keeps the counts.
        Self {
            raw,
            // SAFETY: By the function's condition.
            start: unsafe { (*raw).count },
            _lifetime: PhantomData,
            _not_send: NotThreadSafe,
        }
    }

    pub(super) fn as_ptr(&mut self) -> *mut bindings::seq_file {
        self.raw
    }

    /// How many bytes have been written, and what is left of the buffer.
    #[inline(always)]
    fn spare(&mut self) -> (usize, &mut [MaybeUninit<u8>]) {
        // SAFETY: By the type invariant `count` is at most `size` and the buffer is ours alone;
        // `MaybeUninit` asks for no initialised bytes.
        unsafe {
            let (count, size) = ((*self.raw).count, (*self.raw).size);
            let start = (*self.raw).buf.add(count).cast::<MaybeUninit<u8>>();
            (count, core::slice::from_raw_parts_mut(start, size - count))
        }
    }

    /// Renders text at the end of what has been written.
    ///
    /// What does not fit marks the buffer as overflowed, and then nothing more is written to it.
    #[inline(always)]
    pub(crate) fn render(&mut self, view: impl FnOnce(&mut Text<'_>)) {
        let (count, spare) = self.spare();
        let (start, room) = (spare.as_ptr(), spare.len());
        let mut text = Text::new(spare);

        view(&mut text);
        // A view that put another `Text` in the place of this one has written nothing here.
        let fits =
            text.end() == start.wrapping_add(text.len()) && !text.overflowed() && text.len() < room;
        // INVARIANT: `Text` has initialised `len()` bytes; a count equal to the size is how
        // `seq_file` marks an overflow, whose bytes it never hands out.
        // SAFETY: By the type invariant the struct is ours to change.
        unsafe { (*self.raw).count = count + if fits { text.len() } else { room } };
    }

    /// Whether there is room for a record of `length` bytes. If not, marks the buffer as overflowed.
    pub(crate) fn has_room(&mut self, length: usize) -> bool {
        let (count, room) = (self.len(), self.spare().1.len());
        let has_room = length < room;

        if !has_room {
            // INVARIANT: As in `render()`.
            // SAFETY: The same.
            unsafe { (*self.raw).count = count + room };
        }
        has_room
    }

    /// Bytes that have been written, those of earlier records among them.
    pub(super) fn len(&self) -> usize {
        // SAFETY: By the type invariant.
        unsafe { (*self.raw).count }
    }

    /// What has been written from `start` on; `None` if it did not fit.
    pub(super) fn written_since(&self, start: usize) -> Option<&[u8]> {
        if self.has_overflowed() {
            return None;
        }
        // SAFETY: By the type invariant so many bytes are initialised, as they all fit.
        let text = unsafe { core::slice::from_raw_parts((*self.raw).buf.cast::<u8>(), self.len()) };

        text.get(start..)
    }

    /// Writes once more what stands in `range`; `false` if that isn't part of earlier records.
    pub(super) fn repeat(&mut self, range: Range<usize>) -> bool {
        if range.end > self.start {
            return false;
        }
        // SAFETY: By the type invariant the buffer is ours alone; `MaybeUninit` asks for no initialised
        // bytes.
        let (written, spare) = unsafe {
            let (count, size) = ((*self.raw).count, (*self.raw).size);
            core::slice::from_raw_parts_mut((*self.raw).buf.cast::<MaybeUninit<u8>>(), size)
                .split_at_mut(count)
        };
        let (length, room) = (range.len(), spare.len());
        let fits = length < room;

        if fits {
            copy(&written[range.start..], spare, length);
        }
        // INVARIANT: As in `render()`; what has been copied is part of earlier records, all of which is
        // initialised.
        // SAFETY: By the type invariant the struct is ours to change.
        unsafe { (*self.raw).count += if fits { length } else { room } };
        true
    }

    /// Whether what was rendered last did not fit.
    pub(super) fn has_overflowed(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { (*self.raw).count == (*self.raw).size }
    }

    /// Writes `path` as the reader sees it, with the characters of `escaped` escaped. Mirrors
    /// `seq_path()`.
    pub(crate) fn path(&mut self, path: PathRef<'_>, escaped: &CStr) {
        if self.plain_path(path, escaped.to_bytes()).is_none() {
            // SAFETY: The `seq_file` is valid by the type invariant, and the path by its type.
            unsafe { bindings::seq_path(self.raw, path.as_ptr(), escaped.as_char_ptr()) };
        }
    }

    /// Writes `path` if it fits and is [plain](is_plain), as nearly all; the kernel's function looks for
    /// `escaped` with one call for each character of the path.
    fn plain_path(&mut self, path: PathRef<'_>, escaped: &[u8]) -> Option<()> {
        let (count, spare) = self.spare();
        let start = spare.as_mut_ptr().cast::<u8>();
        let size = c_int::try_from(spare.len()).ok()?;
        if size == 0 {
            return None;
        }

        // SAFETY: The path is valid by its type, and there are `size` bytes of memory.
        let name = unsafe { bindings::d_path(path.as_ptr(), start.cast(), size) };
        let name = from_err_ptr(name).ok()?;
        let offset = name.addr().checked_sub(start.addr())?;
        // Everybody writes the name to the end of the buffer, and a NUL behind it; `seq_path()` would do
        // with less.
        let length = spare.len().checked_sub(offset + 1)?;
        // SAFETY: These bytes are in the buffer, and initialised if that is so.
        let bytes = unsafe { core::slice::from_raw_parts(name.cast::<u8>(), length) };
        if !is_plain(bytes, escaped) {
            return None;
        }
        // SAFETY: Both are in the buffer, and may overlap.
        // INVARIANT: `length` bytes have been initialised, fewer than are left.
        unsafe {
            ptr::copy(name.cast::<u8>(), start, length);
            (*self.raw).count = count + length;
        }
        Some(())
    }

    /// The user namespace of whoever opened the file.
    pub(crate) fn user_namespace(&self) -> &'a UserNamespace {
        // SAFETY: The opened file pins its credential, and that its user namespace.
        unsafe { UserNamespace::from_ptr(own::rustproc_seq_user_ns(self.raw)) }
    }
}

/// Whether a text has no NUL, control character or space, and none of `escaped`. One pass finds out, eight
/// bytes at a time, if nothing else is to be escaped, as in `maps`.
fn is_plain(text: &[u8], escaped: &[u8]) -> bool {
    const LANES: usize = size_of::<u64>();
    const BEHIND_SPACE: u64 = u64::from_ne_bytes([b' ' + 1; LANES]);
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; LANES]);

    let mut words = text.chunks_exact(LANES);
    // A byte that is too small borrows, and has no high bit itself.
    let no_space = |word: &[u8]| {
        word.try_into().is_ok_and(|bytes| {
            let word = u64::from_ne_bytes(bytes);
            word.wrapping_sub(BEHIND_SPACE) & !word & HIGH_BITS == 0
        })
    };
    words.by_ref().all(no_space)
        && words.remainder().iter().all(|byte| *byte > b' ')
        && escaped
            .iter()
            .all(|byte| *byte <= b' ' || !text.contains(byte))
}

/// Copies `length` bytes, in whole blocks where there is room for the last one: most texts are short.
fn copy(from: &[MaybeUninit<u8>], to: &mut [MaybeUninit<u8>], length: usize) {
    let whole = length.next_multiple_of(BLOCK);
    let (Some(from_blocks), Some(to_blocks)) = (from.get(..whole), to.get_mut(..whole)) else {
        return to[..length].copy_from_slice(&from[..length]);
    };
    let blocks = from_blocks.chunks_exact(BLOCK);

    for (from, to) in blocks.zip(to_blocks.chunks_exact_mut(BLOCK)) {
        if let (Some(from), Some(to)) = (from.first_chunk::<BLOCK>(), to.first_chunk_mut()) {
            *to = *from;
        }
    }
}

/// Told of what happens to a file, for statistics.
pub(crate) trait Observer {
    /// The file has been opened.
    fn opened();
    /// A read has returned so many bytes, none if it failed.
    fn read(bytes: usize);
}

/// A file that is one record, made anew at each read from its start.
pub(crate) trait Single: Observer + 'static {
    /// File system that the file belongs to.
    type Fs: FileSystem;

    /// Renders the file.
    ///
    /// # Errors
    ///
    /// What `read(2)` shall fail with.
    fn show(inode: &Inode<Self::Fs>, seq: &mut Seq<'_>) -> Result;
}

/// A file of many records. A value is the state of one open file.
///
/// While the reader is between two reads no [`Records::Cursor`] exists; the position (an `i64` that
/// the author chooses, 0 for the start) is all that is kept, and whatever the author keeps in `self`.
pub(crate) trait Records: Observer + Send + Sized + 'static {
    /// File system that the file belongs to.
    type Fs: FileSystem;
    /// Stands at a record, with whatever locks that takes; dropped before the read returns.
    type Cursor<'a>
    where
        Self: 'a;
    /// Whether most such files have few records, so that it is worth trying to do without a buffer.
    const IS_SHORT: bool = false;

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// What `open(2)` shall fail with.
    fn open(inode: &Inode<Self::Fs>) -> Result<Self>;

    /// Goes to the record at `position`; `None` at or beyond the end.
    ///
    /// # Errors
    ///
    /// What `read(2)` shall fail with.
    fn start<'a>(
        &'a self,
        inode: &'a Inode<Self::Fs>,
        position: &mut i64,
    ) -> Result<Option<Self::Cursor<'a>>>;

    /// Goes to the next record and changes `position`; `false` when there is none.
    ///
    /// # Errors
    ///
    /// What `read(2)` shall fail with, if no record has been read yet.
    fn next(cursor: &mut Self::Cursor<'_>, position: &mut i64) -> Result<bool>;

    /// Renders the record at which the cursor stands.
    ///
    /// # Errors
    ///
    /// What `read(2)` shall fail with.
    fn show(cursor: &mut Self::Cursor<'_>, seq: &mut Seq<'_>) -> Result;
}

/// A file of records that answers `ioctl(2)`, also while it is being read.
pub(crate) trait Control: Records + Sync {
    /// Does what `command` asks for. 32-bit programs arrive here too, with `argument` as a pointer.
    ///
    /// # Errors
    ///
    /// `ENOIOCTLCMD` for an unknown command; what else `ioctl(2)` shall fail with.
    fn ioctl(&self, command: u32, argument: usize) -> Result<isize>;
}

/// The operations shared by both kinds of file.
const fn operations() -> bindings::file_operations {
    bindings::file_operations {
        llseek: Some(bindings::seq_lseek),
        ..pin_init::zeroed()
    }
}

/// `read()` of a file of records: `seq_read()`, observed.
///
/// # Safety
///
/// As for `seq_read()`: the VFS calls it on a file opened by this module.
unsafe extern "C" fn read<T: Observer>(
    file: *mut bindings::file,
    buffer: *mut c_char,
    size: usize,
    position: *mut bindings::loff_t,
) -> isize {
    // SAFETY: By the function's condition.
    let result = unsafe { bindings::seq_read(file, buffer, size, position) };

    T::read(usize::try_from(result).unwrap_or(0));
    result
}

/// The inode of the file that `seq` reads.
///
/// # Safety
///
/// `seq` must belong to an open file of the file system `T`.
unsafe fn inode_of<'a, T: FileSystem>(seq: *mut bindings::seq_file) -> &'a Inode<T> {
    // SAFETY: An open file pins its inode, which belongs to `T` by the function's condition.
    unsafe { Inode::from_raw((*(*seq).file).f_inode) }
}

/// What a file of records keeps while it is open.
///
/// # Invariants
///
/// `cursor` borrows from `state` and from the inode of the file; it is `None` except between
/// `start()` and `stop()`, and belongs to whoever holds the lock of the `seq_file`.
struct Open<T: Records> {
    cursor: Option<T::Cursor<'static>>,
    state: T,
}

/// Binds a [`Records`] to C.
pub(crate) struct RecordFile<T>(PhantomData<T>);

impl<T: Records> RecordFile<T> {
    const TABLE: bindings::file_operations = bindings::file_operations {
        open: Some(Self::open),
        read: Some(if T::IS_SHORT {
            Self::read_at_once
        } else {
            read::<T>
        }),
        release: Some(Self::release),
        ..operations()
    };

    const SEQUENCE: bindings::seq_operations = bindings::seq_operations {
        start: Some(Self::start),
        next: Some(Self::next),
        stop: Some(Self::stop),
        show: Some(Self::show),
    };

    /// The file's operations.
    pub(crate) const OPERATIONS: FileOperations<T::Fs> = {
        // SAFETY: Every operation expects a file whose inode is one of `T::Fs`.
        unsafe { FileOperations::new(&Self::TABLE) }
    };

    /// The state, which others may look at too.
    ///
    /// # Safety
    ///
    /// `seq` must belong to a file that `open()` has opened, and that is not released during `'a`.
    unsafe fn state<'a>(seq: *mut bindings::seq_file) -> &'a T {
        // SAFETY: `open()` stored the pointer; nobody changes the state until `release()`.
        unsafe { &(*(*seq).private.cast::<Open<T>>()).state }
    }

    /// Where the reader stands.
    ///
    /// # Safety
    ///
    /// As for `state()`, and this context must hold the lock of `seq` during `'a`.
    unsafe fn cursor<'a>(seq: *mut bindings::seq_file) -> &'a mut Option<T::Cursor<'static>> {
        // SAFETY: `open()` stored the pointer; the lock makes the cursor ours alone.
        unsafe { &mut (*(*seq).private.cast::<Open<T>>()).cursor }
    }

    /// # Safety
    ///
    /// Called by the VFS, with an inode of `T::Fs` and a file that is being opened.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        kernel::error::from_result(|| {
            // SAFETY: The inode belongs to `T::Fs` by the function's condition.
            let state = T::open(unsafe { Inode::from_raw(inode) })?;
            const { assert!(align_of::<Open<T>>() <= align_of::<u64>()) };
            // SAFETY: The file is being opened. The memory is large enough for the value, and aligned
            // to a word at least.
            unsafe {
                // CAST: A few words.
                let size = size_of::<Open<T>>() as c_int;
                let open = bindings::__seq_open_private(file, &Self::SEQUENCE, size);
                let open = NonNull::new(open.cast::<Open<T>>()).ok_or(ENOMEM)?;
                open.write(Open {
                    cursor: None,
                    state,
                });
            }
            T::opened();
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the VFS once, for a file that `open()` has opened.
    unsafe extern "C" fn release(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open()` stored both pointers; nobody uses the file any more.
        unsafe {
            let seq = (*file).private_data.cast::<bindings::seq_file>();
            ptr::drop_in_place((*seq).private.cast::<Open<T>>());
            bindings::seq_release_private(inode, file)
        }
    }

    /// # Safety
    ///
    /// Called by the VFS with a file that `open()` has opened, and a position of this call's own.
    unsafe extern "C" fn read_at_once(
        file: *mut bindings::file,
        buffer: *mut c_char,
        size: usize,
        position: *mut bindings::loff_t,
    ) -> isize {
        // SAFETY: By the function's condition; an open file keeps both.
        unsafe {
            let state = Self::state((*file).private_data.cast());
            let inode = Inode::from_raw((*file).f_inode);
            at_once::read::<T>(
                file,
                buffer,
                size,
                position,
                |_| false,
                |index, seq| Self::render(state, inode, index, seq),
            )
        }
    }

    /// Renders the records from `index` on, unless there is no more room.
    fn render(state: &T, inode: &Inode<T::Fs>, index: &mut i64, seq: &mut Seq<'_>) -> Result {
        let Some(mut cursor) = T::start(state, inode, index)? else {
            return Ok(());
        };

        loop {
            T::show(&mut cursor, seq)?;
            if seq.has_overflowed() || !T::next(&mut cursor, index)? {
                return Ok(());
            }
        }
    }

    /// # Safety
    ///
    /// Called by `seq_file` on a file that `open()` has opened.
    unsafe extern "C" fn start(
        seq: *mut bindings::seq_file,
        position: *mut bindings::loff_t,
    ) -> *mut c_void {
        // SAFETY: By the function's condition; the state and the inode live until the file is
        // released, so the borrow that `start()` makes of them may be lengthened until `stop()`.
        let (cursor, state, inode, position) = unsafe {
            (
                Self::cursor(seq),
                Self::state(seq),
                inode_of::<T::Fs>(seq),
                &mut *position,
            )
        };

        match T::start(state, inode, position) {
            Ok(started) => {
                // INVARIANT: `stop()` takes the cursor away again.
                *cursor = started;
                Self::here(cursor)
            }
            Err(error) => error.to_ptr(),
        }
    }

    /// What `seq_file` takes for the record: not null if there is one.
    fn here(cursor: &mut Option<T::Cursor<'static>>) -> *mut c_void {
        match cursor {
            Some(cursor) => ptr::from_mut(cursor).cast(),
            None => ptr::null_mut(),
        }
    }

    /// # Safety
    ///
    /// As for `start()`.
    unsafe extern "C" fn next(
        seq: *mut bindings::seq_file,
        _: *mut c_void,
        position: *mut bindings::loff_t,
    ) -> *mut c_void {
        // SAFETY: By the condition of `start()`.
        let (cursor, position) = unsafe { (Self::cursor(seq), &mut *position) };
        let Some(standing) = cursor else {
            return ptr::null_mut();
        };

        match T::next(standing, position) {
            Ok(true) => Self::here(cursor),
            Ok(false) => ptr::null_mut(),
            Err(error) => error.to_ptr(),
        }
    }

    /// # Safety
    ///
    /// As for `start()`.
    unsafe extern "C" fn stop(seq: *mut bindings::seq_file, _: *mut c_void) {
        // SAFETY: By the condition of `start()`.
        unsafe { *Self::cursor(seq) = None };
    }

    /// # Safety
    ///
    /// As for `start()`.
    unsafe extern "C" fn show(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
        // SAFETY: By the condition of `start()`; the file is shown by this context until we return.
        let (cursor, mut seq) = unsafe { (Self::cursor(seq), Seq::from_raw(seq)) };

        kernel::error::from_result(|| match cursor {
            Some(cursor) => T::show(cursor, &mut seq).map(|()| 0),
            None => Err(EINVAL),
        })
    }
}

impl<T: Control> RecordFile<T> {
    const TABLE_WITH_IOCTL: bindings::file_operations = bindings::file_operations {
        unlocked_ioctl: Some(Self::ioctl),
        compat_ioctl: bindings::compat_ptr_ioctl,
        ..Self::TABLE
    };

    /// The file's operations, `ioctl(2)` among them.
    pub(crate) const OPERATIONS_WITH_IOCTL: FileOperations<T::Fs> = {
        // SAFETY: Every operation expects a file whose inode is one of `T::Fs`.
        unsafe { FileOperations::new(&Self::TABLE_WITH_IOCTL) }
    };

    /// # Safety
    ///
    /// Called by the VFS with a file that `open()` has opened.
    unsafe extern "C" fn ioctl(
        file: *mut bindings::file,
        command: c_uint,
        argument: c_ulong,
    ) -> c_long {
        // SAFETY: By the function's condition; the file stays open during the call.
        let state = unsafe { Self::state((*file).private_data.cast()) };

        kernel::error::from_result(|| state.ioctl(command, argument))
    }
}

#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
#[kunit_tests(rustproc_sys_seq)]
mod tests {
    use super::*;
    use crate::sys::kunit::equal;

    /// What is behind each buffer, and must stay so.
    const BEHIND: [u8; 16] = [0xa5; 16];

    /// Text of earlier records.
    const EARLIER: &[u8] =
        b"00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23";

    /// Runs `write` on a buffer of `size` bytes, which begins with `earlier` records. Answers the count
    /// that `seq_file` goes by, and what is in the buffer.
    fn written(
        earlier: &[u8],
        size: usize,
        write: impl FnOnce(&mut Seq<'_>) -> Result,
    ) -> Result<(usize, KVec<u8>)> {
        let mut buffer = KVec::with_capacity(size + BEHIND.len(), GFP_KERNEL)?;
        buffer.extend_from_slice(earlier, GFP_KERNEL)?;
        buffer.resize(size, 0, GFP_KERNEL)?;
        buffer.extend_from_slice(&BEHIND, GFP_KERNEL)?;
        let mut raw = bindings::seq_file {
            buf: buffer.as_mut_ptr().cast(),
            size,
            count: earlier.len(),
            ..pin_init::zeroed()
        };

        // SAFETY: The struct is ours, and shown by nobody else.
        write(&mut unsafe { Seq::from_raw(&mut raw) })?;
        equal("what is behind", buffer.get(size..), Some(&BEHIND[..]))?;
        buffer.truncate(size);
        Ok((raw.count, buffer))
    }

    /// Renders `parts` one after the other into a buffer of `size` bytes. Answers the count that
    /// `seq_file` goes by, and what has been written up to it, or to the end of the last part that fit.
    fn rendered(size: usize, parts: &[&[u8]]) -> Result<(usize, KVec<u8>)> {
        let (count, mut text) = written(&[], size, |seq| {
            for part in parts {
                seq.render(|text| text.bytes(part));
            }
            Ok(())
        })?;

        text.truncate(count.min(parts.iter().map(|part| part.len()).sum()));
        Ok((count, text))
    }

    #[test]
    fn a_record_fits_a_buffer_that_is_larger() -> Result {
        let record = b"a record\n";

        for size in 0..2 * record.len() {
            let (count, text) = rendered(size, &[record])?;
            if size > record.len() {
                equal("count", count, record.len())?;
                equal("text", &*text, record)?;
            } else {
                equal("count of one that is full", count, size)?;
            }
        }
        Ok(())
    }

    #[test]
    fn parts_of_a_record_follow_each_other() -> Result {
        let (count, text) = rendered(64, &[b"one ", b"", b"two ", b"three\n"])?;

        equal("count", count, 14)?;
        equal("text", &*text, b"one two three\n")
    }

    #[test]
    fn nothing_is_written_behind_what_did_not_fit() -> Result {
        for size in 1..12 {
            let (count, _) = rendered(size, &[b"four", b"and eight", b"x"])?;
            equal("count", count, size)?;
        }
        Ok(())
    }

    #[test]
    fn there_is_room_for_less_than_what_is_left() -> Result {
        let size = EARLIER.len() + 9;

        for length in 0..20 {
            let (count, _) = written(EARLIER, size, |seq| {
                equal("room", seq.has_room(length), length < 9)
            })?;
            let expected = if length < 9 { EARLIER.len() } else { size };
            equal("count", count, expected)?;
        }
        Ok(())
    }

    #[test]
    fn a_text_of_earlier_records_is_repeated_if_it_fits() -> Result {
        const START: usize = 7;

        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, EARLIER.len() - START] {
            let again = &EARLIER[START..START + length];
            for room in length..length + BLOCK + 2 {
                let size = EARLIER.len() + room;
                let (count, text) = written(EARLIER, size, |seq| {
                    equal("repeated", seq.repeat(START..START + length), true)
                })?;
                let end = EARLIER.len() + length;
                equal("earlier text", &text[..EARLIER.len()], EARLIER)?;
                if length < room {
                    equal("count", count, end)?;
                    equal("text", &text[EARLIER.len()..end], again)?;
                } else {
                    equal("count of one that is full", count, size)?;
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_text_that_is_not_of_earlier_records_is_not_repeated() -> Result {
        let start = EARLIER.len();
        let later = b"later";
        let end = start + later.len();

        let (count, text) = written(EARLIER, 2 * end, |seq| {
            seq.render(|text| text.bytes(later));
            for range in [0..start + 1, start - 1..end, start..end, end..end + 1] {
                equal("repeated", seq.repeat(range), false)?;
            }
            Ok(())
        })?;
        equal("count", count, end)?;
        equal("text", &text[start..end], &later[..])
    }
}
