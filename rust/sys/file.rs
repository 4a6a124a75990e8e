// SPDX-License-Identifier: GPL-2.0

//! Files whose author reads and writes the user's memory himself.
//!
//! An author implements [`Raw`] and gets the file's operations from [`RawFile::OPERATIONS`]. For
//! text that is made record by record there is [`super::seq`].
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h)

use crate::sys::{
    fs::{
        FileOperations,
        FileSystem,
        Inode, //
    },
    seq::Observer,
    uaccess::UserBuffer, //
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::{
        from_result,
        VTABLE_DEFAULT_ERROR, //
    },
    ffi::{
        c_char,
        c_int,
        c_long,
        c_uint,
        c_ulong,
        c_void, //
    },
    prelude::*,
    types::Opaque,
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceReader, //
    },
};

/// An open file of the file system `T`.
///
/// # Invariants
///
/// The file is open, and its inode belongs to `T`.
#[repr(transparent)]
pub(crate) struct OpenFile<T>(Opaque<bindings::file>, PhantomData<fn(T)>);

impl<T: FileSystem> OpenFile<T> {
    /// # Safety
    ///
    /// `file` must be open for `'a`, with an inode that belongs to `T`.
    unsafe fn from_raw<'a>(file: *mut bindings::file) -> &'a Self {
        // INVARIANT: By the function's condition.
        // SAFETY: The same; the wrapper is transparent.
        unsafe { &*file.cast() }
    }

    /// The inode of the file.
    pub(crate) fn inode(&self) -> &Inode<T> {
        // SAFETY: By the type invariant; an open file pins its inode, and names it for good.
        unsafe { Inode::from_raw((*self.0.get()).f_inode) }
    }

    /// Whether whoever opened the file had `capability` (`CAP_*`) over the whole system.
    pub(crate) fn opener_is_capable(&self, capability: u32) -> bool {
        // SAFETY: The file is open by the type invariant, and pins its opener's credential; the
        // initial namespace never goes away.
        // CAST: A small number.
        unsafe {
            bindings::file_ns_capable(
                self.0.get(),
                &raw mut bindings::init_user_ns,
                capability as c_int,
            )
        }
    }
}

/// How `lseek(2)` moves the position of a file.
#[derive(Clone, Copy)]
pub(crate) enum Seek {
    /// It succeeds and does not. Mirrors `noop_llseek()`.
    Ignored,
    /// To any number, from the start or from where it is. Mirrors `mem_lseek()`.
    Anywhere,
}

/// A file whose author reads and writes the user's memory. A value is the state of one open file, which
/// keeps it where it has room for a pointer.
///
/// What an author leaves out the file does not support: `read(2)` and `write(2)` fail with
/// `EINVAL`, `ioctl(2)` with `ENOTTY`.
///
/// Threads that share the open file may call all of these at the same time.
#[vtable]
pub(crate) trait Raw: Observer + Send + Sync + Sized + 'static {
    /// File system that the file belongs to.
    type Fs: FileSystem;
    /// How `lseek(2)` moves its position.
    const SEEK: Seek;

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// What `open(2)` shall fail with.
    fn open(inode: &Inode<Self::Fs>) -> Result<Self>;

    /// Reads from `position`, which the author moves; answers how many bytes were read.
    ///
    /// # Errors
    ///
    /// What `read(2)` shall fail with.
    fn read(
        &self,
        _file: &OpenFile<Self::Fs>,
        _to: UserBuffer,
        _position: &mut i64,
    ) -> Result<usize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Writes at `position`, which the author moves; answers how many bytes were written.
    ///
    /// # Errors
    ///
    /// What `write(2)` shall fail with.
    fn write(
        &self,
        _file: &OpenFile<Self::Fs>,
        _from: UserSliceReader,
        _position: &mut i64,
    ) -> Result<usize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Does what `command` asks for. 32-bit programs arrive here too.
    ///
    /// # Errors
    ///
    /// `ENOIOCTLCMD` for an unknown command; what else `ioctl(2)` shall fail with.
    fn ioctl(&self, _file: &OpenFile<Self::Fs>, _command: u32, _argument: usize) -> Result<isize> {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// Binds a [`Raw`] to C.
pub(crate) struct RawFile<T>(PhantomData<T>);

impl<T: Raw> RawFile<T> {
    const TABLE: bindings::file_operations = bindings::file_operations {
        open: Some(Self::open),
        release: Some(Self::release),
        llseek: Some(match T::SEEK {
            Seek::Ignored => bindings::noop_llseek,
            Seek::Anywhere => seek_anywhere,
        }),
        read: if T::HAS_READ { Some(Self::read) } else { None },
        write: if T::HAS_WRITE {
            Some(Self::write)
        } else {
            None
        },
        unlocked_ioctl: if T::HAS_IOCTL {
            Some(Self::ioctl)
        } else {
            None
        },
        compat_ioctl: if T::HAS_IOCTL {
            Some(Self::ioctl)
        } else {
            None
        },
        ..pin_init::zeroed()
    };

    /// The file's operations.
    pub(crate) const OPERATIONS: FileOperations<T::Fs> = {
        // SAFETY: Every operation expects a file whose inode is one of `T::Fs`.
        unsafe { FileOperations::new(&Self::TABLE) }
    };

    /// Where an open file keeps its state.
    ///
    /// # Safety
    ///
    /// `file` must be valid.
    unsafe fn state(file: *mut bindings::file) -> *mut T {
        const { assert!(size_of::<T>() <= size_of::<*mut c_void>()) };
        const { assert!(align_of::<T>() <= align_of::<*mut c_void>()) };

        // SAFETY: By the function's condition.
        unsafe { (&raw mut (*file).private_data).cast() }
    }

    /// # Safety
    ///
    /// `file` must be one that `open()` has opened, and stay open for `'a`.
    unsafe fn opened<'a>(file: *mut bindings::file) -> (&'a T, &'a OpenFile<T::Fs>) {
        // SAFETY: `open()` stored the state, and nobody changes it until `release()`; the inode
        // belongs to `T::Fs`, as it did there.
        unsafe { (&*Self::state(file), OpenFile::from_raw(file)) }
    }

    /// # Safety
    ///
    /// Called by the VFS, with an inode of `T::Fs` and a file that is being opened.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        from_result(|| {
            // SAFETY: The inode belongs to `T::Fs` by the function's condition.
            let state = T::open(unsafe { Inode::from_raw(inode) })?;
            // SAFETY: The file is being opened, and its private pointer is ours.
            unsafe { Self::state(file).write(state) };
            T::opened();
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the VFS once, for a file that `open()` has opened.
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open()` stored the state; nobody uses the file any more.
        unsafe { Self::state(file).drop_in_place() };
        0
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
        // SAFETY: By the function's condition.
        let ((state, file), position) = unsafe { (Self::opened(file), &mut *position) };
        let to = UserBuffer::new(UserPtr::from_ptr(buffer.cast()), size);

        observed::<T>(state.read(file, to, position))
    }

    /// # Safety
    ///
    /// As for `read()`.
    unsafe extern "C" fn write(
        file: *mut bindings::file,
        buffer: *const c_char,
        size: usize,
        position: *mut bindings::loff_t,
    ) -> isize {
        // SAFETY: By the function's condition.
        let ((state, file), position) = unsafe { (Self::opened(file), &mut *position) };
        let from = UserSlice::new(UserPtr::from_ptr(buffer.cast_mut().cast()), size).reader();

        observed::<T>(state.write(file, from, position))
    }

    /// # Safety
    ///
    /// Called by the VFS with a file that `open()` has opened.
    unsafe extern "C" fn ioctl(
        file: *mut bindings::file,
        command: c_uint,
        argument: c_ulong,
    ) -> c_long {
        // SAFETY: By the function's condition.
        let (state, file) = unsafe { Self::opened(file) };

        from_result(|| state.ioctl(file, command, argument))
    }
}

/// Tells of a read or a write, and answers what the VFS expects of it.
fn observed<T: Observer>(result: Result<usize>) -> isize {
    T::read(result.unwrap_or(0));
    // CAST: The VFS cuts each read and write to fewer than 2^31 bytes.
    from_result(|| result.map(|bytes| bytes as isize))
}

/// Moves the position of a file. Mirrors `mem_lseek()`: a position above 2^63 is answered as it is,
/// which the VFS takes for a success if it is no errno.
///
/// # Safety
///
/// Called by the VFS with an open file, whose position it has locked.
unsafe extern "C" fn seek_anywhere(
    file: *mut bindings::file,
    offset: bindings::loff_t,
    whence: c_int,
) -> bindings::loff_t {
    // SAFETY: By the function's condition the position is ours to change.
    let position = unsafe { &mut (*file).f_pos };

    // CAST: Small numbers.
    match whence as u32 {
        bindings::SEEK_SET => *position = offset,
        bindings::SEEK_CUR => *position = position.wrapping_add(offset),
        _ => return EINVAL.to_errno().into(),
    }
    *position
}
