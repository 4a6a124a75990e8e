// SPDX-License-Identifier: GPL-2.0

//! Reading directories.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h) (`struct dir_context`)

use super::{
    inode::Inode,
    path::{
        hashed,
        number_and_type,
        DirectoryStream,
        StockPath, //
    },
    FileSystem, //
};
use crate::bindings as own;
use core::{
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    alloc::flags::GFP_KERNEL_ACCOUNT,
    bindings,
    error::from_err_ptr,
    ffi::c_int,
    prelude::*,
    sync::aref::ARef, //
};

/// An entry of a directory.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// Its name.
    pub(crate) name: &'a [u8],
    /// Position of the directory at which the entry is found again.
    pub(crate) position: i64,
    /// Inode number.
    pub(crate) ino: u64,
    /// Type, `DT_*`.
    pub(crate) kind: u32,
}

/// What an open directory keeps.
#[derive(Default)]
struct State {
    /// The directory that it passes through to, once opened.
    stream: Option<DirectoryStream>,
    /// The directory that it has names from, once they were asked for.
    counterpart: Option<StockPath>,
    /// The author's mark of where reading stopped; 0 after a seek.
    cookie: i32,
}

/// An open directory of `T` that is being read.
///
/// # Invariants
///
/// The file is an open directory of `T` whose position lock this context holds. Its private pointer
/// is null or that of a `KBox<State>`.
pub(crate) struct Directory<'a, T: FileSystem> {
    file: *mut bindings::file,
    _lifetime: PhantomData<&'a mut Inode<T>>,
}

impl<'a, T: FileSystem> Directory<'a, T> {
    /// # Safety
    ///
    /// `file` must be an open directory of `T`, and its operations be serialised for `'a`.
    unsafe fn from_raw(file: *mut bindings::file) -> Self {
        // INVARIANT: By the function's condition; only `state()` sets the private pointer.
        Self {
            file,
            _lifetime: PhantomData,
        }
    }

    /// The directory's inode.
    pub(crate) fn inode(&self) -> &'a Inode<T> {
        // SAFETY: By the type invariant; an open file pins its inode.
        unsafe { Inode::from_raw((*self.file).f_inode) }
    }

    fn existing_state(&mut self) -> Option<&mut State> {
        // SAFETY: By the type invariant.
        unsafe { (*self.file).private_data.cast::<State>().as_mut() }
    }

    fn state(&mut self) -> Result<&mut State> {
        // SAFETY: By the type invariant.
        unsafe {
            if (*self.file).private_data.is_null() {
                let state = KBox::new(State::default(), GFP_KERNEL_ACCOUNT)?;
                // INVARIANT: A `KBox<State>`.
                (*self.file).private_data = KBox::into_raw(state).cast();
            }
        }
        self.existing_state().ok_or(ENOMEM)
    }

    /// Takes the author's mark of where reading stopped.
    pub(crate) fn take_cookie(&mut self) -> i32 {
        self.existing_state()
            .map_or(0, |state| core::mem::take(&mut state.cookie))
    }

    /// Sets the mark.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn set_cookie(&mut self, cookie: i32) -> Result {
        self.state()?.cookie = cookie;
        Ok(())
    }

    /// The directory that this one passes through to: `path()`, opened at the first call.
    ///
    /// # Errors
    ///
    /// Those of `path()`, those of opening it, and `ENOMEM`.
    pub(crate) fn stream(
        &mut self,
        path: impl FnOnce() -> Result<StockPath>,
    ) -> Result<&mut DirectoryStream> {
        let file = self.file;
        let state = self.state()?;

        if state.stream.is_none() {
            // SAFETY: By the type invariant.
            state.stream = Some(unsafe { path()?.open_directory(file) }?);
        }
        state.stream.as_mut().ok_or(EIO)
    }

    /// The directory that this one has names from: `path()`, called once.
    ///
    /// # Errors
    ///
    /// Those of `path()`, and `ENOMEM`.
    pub(crate) fn counterpart(
        &mut self,
        path: impl FnOnce() -> Result<StockPath>,
    ) -> Result<&StockPath> {
        let state = self.state()?;

        if state.counterpart.is_none() {
            state.counterpart = Some(path()?);
        }
        state.counterpart.as_ref().ok_or(EIO)
    }
}

/// Where the entries of a directory go.
///
/// # Invariants
///
/// The file is an open directory of `T` that is being read into the context, with the directory's
/// inode locked.
pub(crate) struct Emitter<'a, T: FileSystem> {
    file: *mut bindings::file,
    context: *mut bindings::dir_context,
    _lifetime: PhantomData<&'a mut Inode<T>>,
}

impl<T: FileSystem> Emitter<'_, T> {
    /// Where reading goes on.
    pub(crate) fn position(&self) -> i64 {
        // SAFETY: By the type invariant.
        unsafe { (*self.context).pos }
    }

    /// Sets where reading goes on.
    pub(crate) fn set_position(&mut self, position: i64) {
        // SAFETY: By the type invariant.
        unsafe { (*self.context).pos = position };
    }

    /// Emits `.` and `..` at the positions 0 and 1; `false` when the reader has enough.
    #[must_use]
    pub(crate) fn dots(&mut self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { own::rustproc_dir_emit_dots(self.file, self.context) }
    }

    /// Emits an entry; `false` when the reader has enough.
    #[must_use]
    pub(crate) fn emit(&mut self, name: &[u8], ino: u64, kind: u32) -> bool {
        // SAFETY: By the type invariant, and the name has the length that is passed.
        // CAST: A name has at most `NAME_MAX` bytes.
        unsafe {
            own::rustproc_dir_emit(
                self.context,
                name.as_ptr().cast(),
                name.len() as c_int,
                ino,
                kind,
            )
        }
    }

    /// Emits `name` with the number and type of its inode, which `make` creates unless a cached name
    /// has it; `false` when the reader has enough.
    ///
    /// Numbers are handed out when inodes are made, so that this is how they agree with `stat(2)`.
    /// If `make` fails the entry is emitted all the same, with type unknown. Mirrors
    /// `proc_fill_cache()`.
    #[must_use]
    pub(crate) fn emit_inode(
        &mut self,
        name: &[u8],
        make: impl FnOnce() -> Result<ARef<Inode<T>>>,
    ) -> bool {
        match self.number_and_type(name, make) {
            Ok((ino, kind)) => self.emit(name, ino, kind),
            Err(_) => self.emit(name, 1, bindings::DT_UNKNOWN),
        }
    }

    /// Emits `name` with the number and type that it has in `directory`; `false` when the reader has
    /// enough. If that can't be told the entry is emitted all the same, with type unknown.
    #[must_use]
    pub(crate) fn emit_counterpart(&mut self, name: &[u8], directory: &StockPath) -> bool {
        match directory.number_and_type(name) {
            Ok((ino, kind)) => self.emit(name, ino, kind),
            Err(_) => self.emit(name, 1, bindings::DT_UNKNOWN),
        }
    }

    fn number_and_type(
        &mut self,
        name: &[u8],
        make: impl FnOnce() -> Result<ARef<Inode<T>>>,
    ) -> Result<(u64, u32)> {
        // SAFETY: By the type invariant the file is open.
        let parent = unsafe { (*self.file).__bindgen_anon_1.f_path.dentry };
        // SAFETY: By the type invariant the directory is locked. Names are those of processes, or
        // stock's.
        let dentry = unsafe { find_or_add(parent, name, make) }?;

        // SAFETY: The dentry is referenced and positive.
        unsafe {
            let result = number_and_type((*dentry.as_ptr()).d_inode);
            bindings::dput(dentry.as_ptr());
            Ok(result)
        }
    }
}

/// The cached dentry of `name`, or a new one with the inode that `make` creates; referenced and
/// positive.
///
/// # Safety
///
/// `parent` must be a directory of `T` whose inode is locked, and `name` be one that a file may have.
unsafe fn find_or_add<T: FileSystem>(
    parent: *mut bindings::dentry,
    name: &[u8],
    make: impl FnOnce() -> Result<ARef<Inode<T>>>,
) -> Result<NonNull<bindings::dentry>> {
    // SAFETY: By the function's condition; each dentry that is not returned is put.
    unsafe {
        let name = hashed(parent, name);
        if let Some(found) = NonNull::new(bindings::d_lookup(parent, &name)) {
            return Ok(found);
        }
        let child = from_err_ptr(own::rustproc_d_alloc_parallel(parent, &name))?;
        if !own::rustproc_d_in_lookup(child) {
            return NonNull::new(child).ok_or(ENOENT);
        }
        let other = match make() {
            Ok(inode) => bindings::d_splice_alias(ARef::into_raw(inode).as_ptr().cast(), child),
            Err(error) => error.to_ptr(),
        };
        own::rustproc_d_lookup_done(child);
        if other.is_null() {
            return NonNull::new(child).ok_or(ENOENT);
        }
        bindings::dput(child);
        NonNull::new(from_err_ptr(other)?).ok_or(ENOENT)
    }
}

/// # Safety
///
/// Called by the VFS with an open directory of `T`, whose inode it has locked.
pub(super) unsafe extern "C" fn iterate<T: FileSystem>(
    file: *mut bindings::file,
    context: *mut bindings::dir_context,
) -> c_int {
    // SAFETY: By the function's condition.
    let mut directory = unsafe { Directory::<T>::from_raw(file) };
    // INVARIANT: By the function's condition.
    let mut entries = Emitter {
        file,
        context,
        _lifetime: PhantomData,
    };

    kernel::error::from_result(|| T::read_dir(&mut directory, &mut entries).map(|()| 0))
}

/// # Safety
///
/// Called by the VFS with an open directory of `T`, whose position it has locked.
pub(super) unsafe extern "C" fn seek<T: FileSystem>(
    file: *mut bindings::file,
    offset: bindings::loff_t,
    whence: c_int,
) -> bindings::loff_t {
    // SAFETY: By the function's condition.
    unsafe {
        let mut directory = Directory::<T>::from_raw(file);
        let before = (*file).f_pos;
        if let Some(target) = T::target(directory.inode()) {
            return match seek_through(&mut directory, target, before, offset, whence) {
                Ok(position) => {
                    (*file).f_pos = position;
                    position
                }
                Err(error) => error.to_errno().into(),
            };
        }
        let result = bindings::generic_file_llseek(file, offset, whence);
        if (*file).f_pos != before {
            directory.take_cookie();
        }
        result
    }
}

fn seek_through<T: FileSystem>(
    directory: &mut Directory<'_, T>,
    target: &StockPath,
    position: i64,
    offset: i64,
    whence: c_int,
) -> Result<i64> {
    directory
        .stream(|| Ok(target.clone()))?
        .seek(position, offset, whence)
}

/// # Safety
///
/// Called by the VFS once, when nobody uses the open directory any more.
pub(super) unsafe extern "C" fn release<T: FileSystem>(
    _inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: The private pointer is null or that of a `KBox<State>`, see `Directory`.
    unsafe {
        let state = (*file).private_data.cast::<State>();
        if !state.is_null() {
            drop(KBox::from_raw(state));
            (*file).private_data = ptr::null_mut();
        }
    }
    0
}
