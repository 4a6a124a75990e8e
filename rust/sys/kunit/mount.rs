// SPDX-License-Identifier: GPL-2.0

//! File systems mounted where no path leads to, and their files.
//!
//! What a system call would do is called here below it, with the thread's own memory as the user's.

use super::process::Process;
use crate::{
    bindings as own,
    sys::vma::PathRef, //
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
    error::{
        from_err_ptr,
        to_result, //
    },
    ffi::{
        c_char,
        c_int,
        c_uint, //
    },
    prelude::*,
    types::NotThreadSafe, //
};

/// A mount option, and its value if it takes one.
pub(crate) type MountOption = (&'static CStr, Option<&'static CStr>);

/// A request to mount, or to change what is mounted.
///
/// # Invariants
///
/// The context is ours to use and to put.
struct Request(NonNull<own::fs_context>);

impl Request {
    fn to_mount(kind: &CStr) -> Result<Self> {
        // SAFETY: The name is a C string. The context takes its own reference to the type.
        let context = unsafe {
            let kind = bindings::get_fs_type(kind.as_char_ptr());
            if kind.is_null() {
                return Err(ENODEV);
            }
            let context = own::fs_context_for_mount(kind, 0);
            own::rustproc_module_put((*kind).owner);
            context
        };
        // INVARIANT: A new context.
        NonNull::new(from_err_ptr(context)?).map(Self).ok_or(ENOMEM)
    }

    fn to_change(root: *mut bindings::dentry) -> Result<Self> {
        // SAFETY: The caller has a mount, and that its root; the context takes references.
        let context = from_err_ptr(unsafe { own::fs_context_for_reconfigure(root, 0, 0) })?;
        // INVARIANT: A new context.
        NonNull::new(context).map(Self).ok_or(ENOMEM)
    }

    fn parse(&mut self, options: &[MountOption]) -> Result {
        for (name, value) in options {
            let value = value.map_or(ptr::null(), |value| value.as_char_ptr());
            // SAFETY: The context is ours by the type invariant; both are C strings, or null.
            to_result(unsafe {
                own::rustproc_vfs_parse_fs_string(self.0.as_ptr(), name.as_char_ptr(), value)
            })?;
        }
        Ok(())
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { own::put_fs_context(self.0.as_ptr()) };
    }
}

/// A mounted file system.
///
/// # Invariants
///
/// The mount is referenced.
pub(crate) struct Mount<'p> {
    raw: NonNull<bindings::vfsmount>,
    process: &'p Process,
}

impl<'p> Mount<'p> {
    /// Mounts a file system of the type `kind`.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no such type; its own.
    pub(crate) fn new(process: &'p Process, kind: &CStr, options: &[MountOption]) -> Result<Self> {
        let mut request = Request::to_mount(kind)?;

        request.parse(options)?;
        // SAFETY: The context is valid.
        let mount = unsafe { own::fc_mount(request.0.as_ptr()) };
        let raw = NonNull::new(from_err_ptr(mount)?).ok_or(ENOMEM)?;

        // INVARIANT: The reference is the one that the function gave us.
        Ok(Self { raw, process })
    }

    /// Changes its options.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(crate) fn change(&self, options: &[MountOption]) -> Result {
        let mut request = Request::to_change(self.root())?;

        request.parse(options)?;
        // SAFETY: The super block is mounted, and its lock held as the function wants.
        to_result(unsafe {
            let lock = &raw mut (*self.super_block()).s_umount;
            bindings::down_write(lock);
            let error = own::reconfigure_super(request.0.as_ptr());
            bindings::up_write(lock);
            error
        })
    }

    /// Its options, as `/proc/mounts` shows them.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; those of the file system.
    pub(crate) fn options(&self) -> Result<KVec<u8>> {
        let mut text = KVec::from_elem(0_u8, 4096, GFP_KERNEL)?;
        let mut seq = bindings::seq_file {
            buf: text.as_mut_ptr().cast(),
            size: text.len(),
            ..pin_init::zeroed()
        };

        // SAFETY: The file system is mounted; the buffer is as large as is said.
        to_result(unsafe { own::rustproc_show_options(&mut seq, self.root()) })?;
        text.truncate(seq.count);
        Ok(text)
    }

    /// Opens the file `name`, a path from the root.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(crate) fn open(&self, name: &CStr, way: Way) -> Result<File<'_>> {
        let path = bindings::path {
            mnt: self.raw.as_ptr(),
            dentry: self.root(),
        };
        // CAST: Small numbers.
        let flags = bindings::O_LARGEFILE as c_int
            | match way {
                Way::Read => bindings::O_RDONLY,
                Way::Write => bindings::O_WRONLY,
                Way::Create => bindings::O_WRONLY | bindings::O_CREAT,
            } as c_int;

        // SAFETY: The path is the root of a mount, which outlives the file; the name is a C string.
        let file = unsafe { bindings::file_open_root(&path, name.as_char_ptr(), flags, 0) };
        let raw = NonNull::new(from_err_ptr(file)?).ok_or(ENOENT)?;

        // INVARIANT: Just opened.
        Ok(File {
            raw,
            _mount: PhantomData,
            _not_send: NotThreadSafe,
        })
    }

    /// Forgets which names there are, so that they must be looked up again.
    pub(crate) fn forget_names(&self) {
        // SAFETY: The super block is mounted.
        unsafe { bindings::shrink_dcache_sb(self.super_block()) };
    }

    fn root(&self) -> *mut bindings::dentry {
        // SAFETY: By the type invariant; a mount has one root for life.
        unsafe { (*self.raw.as_ptr()).mnt_root }
    }

    fn super_block(&self) -> *mut bindings::super_block {
        // SAFETY: As in `root()`.
        unsafe { (*self.raw.as_ptr()).mnt_sb }
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        // SAFETY: The reference is given up.
        unsafe { own::mntput(self.raw.as_ptr()) };
        self.process.settle();
    }
}

/// What a file is opened for.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Writing; the file is made if there is none.
    Create,
}

/// An open file.
///
/// # Invariants
///
/// The file is open, and used by this thread only.
pub(crate) struct File<'m> {
    raw: NonNull<bindings::file>,
    _mount: PhantomData<&'m ()>,
    _not_send: NotThreadSafe,
}

impl File<'_> {
    fn operations(&self) -> &bindings::file_operations {
        // SAFETY: By the type invariant; an open file has operations, which don't change.
        unsafe { &*(*self.raw.as_ptr()).f_op }
    }

    /// Reads from where the file stands to the process's memory: `size` bytes at `address`.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(crate) fn read(&mut self, address: usize, size: usize) -> Result<usize> {
        let read = self.operations().read.ok_or(EINVAL)?;
        let to = ptr::without_provenance_mut::<c_char>(address);

        // SAFETY: The file is open, its position ours; the address may be any.
        length(unsafe {
            let position = &raw mut (*self.raw.as_ptr()).f_pos;
            read(self.raw.as_ptr(), to, size, position)
        })
    }

    /// Writes `size` bytes of the process's memory at `address`.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(crate) fn write(&mut self, address: usize, size: usize) -> Result<usize> {
        let write = self.operations().write.ok_or(EINVAL)?;
        let from = ptr::without_provenance::<c_char>(address);

        // SAFETY: As in `read()`.
        length(unsafe {
            let position = &raw mut (*self.raw.as_ptr()).f_pos;
            write(self.raw.as_ptr(), from, size, position)
        })
    }

    /// Moves to `position`, from the start.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(crate) fn seek(&mut self, position: i64) -> Result {
        // SAFETY: The file is open.
        let position = unsafe {
            bindings::vfs_llseek(self.raw.as_ptr(), position, bindings::SEEK_SET as c_int)
        };
        // CAST: An errno, or a position, which has 64 bits.
        length(position as isize).map(|_| ())
    }

    /// Does what `command` asks for, with the argument at `address` of the process's memory.
    ///
    /// # Errors
    ///
    /// `ENOTTY` if the file has no commands; its own.
    pub(crate) fn ioctl(&mut self, command: u32, address: usize) -> Result<usize> {
        let ioctl = self.operations().unlocked_ioctl.ok_or(ENOTTY)?;

        // SAFETY: The file is open; the argument may be any.
        length(unsafe { ioctl(self.raw.as_ptr(), command, address) })
    }

    /// Adds the names of the next entries to `names`, a line for each: `limit` at most, or as many as
    /// there is room for. Answers how many.
    ///
    /// # Errors
    ///
    /// Those of the directory.
    pub(crate) fn list(&mut self, names: &mut KVec<u8>, limit: usize) -> Result<usize> {
        let mut listing = Listing {
            context: bindings::dir_context {
                actor: Some(Listing::add),
                count: c_int::MAX,
                ..pin_init::zeroed()
            },
            names,
            count: 0,
            limit,
        };

        // SAFETY: The file is open; the actor expects what its context is the beginning of.
        to_result(unsafe {
            let context = (&raw mut listing).cast();
            bindings::iterate_dir(self.raw.as_ptr(), context)
        })?;
        Ok(listing.count)
    }

    /// Its path.
    pub(crate) fn path(&self) -> PathRef<'_> {
        // SAFETY: The file is open, and `self` borrowed meanwhile.
        unsafe { PathRef::of(self.raw.as_ptr()) }
    }

    /// Gives the file another name in its directory.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(crate) fn rename(&self, name: &CStr) -> Result {
        let entry = self.entry();

        // SAFETY: The entry is that of an open file, and nobody else renames it. What the first
        // function has locked and referenced the last one lets go of.
        to_result(unsafe {
            let mut names = bindings::renamedata {
                mnt_idmap: &raw mut bindings::nop_mnt_idmap,
                new_parent: (*entry).d_parent,
                ..pin_init::zeroed()
            };
            // CAST: A short name.
            let mut name = own::rustproc_qstr(name.as_char_ptr(), name.to_bytes().len() as u32);
            to_result(own::start_renaming_dentry(&mut names, 0, entry, &mut name))?;
            let error = bindings::vfs_rename(&mut names);
            own::end_renaming(&mut names);
            error
        })
    }

    /// Removes the file's name. The file stays open.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(crate) fn unlink(&self) -> Result {
        let entry = self.entry();

        // SAFETY: The entry is that of an open file, and nobody else removes or moves it. The function
        // wants its directory locked, and a reference besides that of the file.
        to_result(unsafe {
            own::rustproc_dget(entry);
            let directory = (*(*entry).d_parent).d_inode;
            own::rustproc_inode_lock(directory);
            let idmap = &raw mut bindings::nop_mnt_idmap;
            let error = bindings::vfs_unlink(idmap, directory, entry, ptr::null_mut());
            own::rustproc_inode_unlock(directory);
            bindings::dput(entry);
            error
        })
    }

    /// Its entry in its directory.
    fn entry(&self) -> *mut bindings::dentry {
        // SAFETY: An open file has a path.
        unsafe { (*self.path().as_ptr()).dentry }
    }
}

impl Drop for File<'_> {
    fn drop(&mut self) {
        // SAFETY: The file is open, and given up; no locks are held.
        unsafe { bindings::__fput_sync(self.raw.as_ptr()) };
    }
}

/// Entries of a directory, as they come.
#[repr(C)]
struct Listing<'a> {
    context: bindings::dir_context,
    names: &'a mut KVec<u8>,
    count: usize,
    limit: usize,
}

impl Listing<'_> {
    /// # Safety
    ///
    /// `context` must be the beginning of a value, and `name` have `length` bytes.
    unsafe extern "C" fn add(
        context: *mut bindings::dir_context,
        name: *const c_char,
        length: c_int,
        _position: bindings::loff_t,
        _inode: u64,
        _kind: c_uint,
    ) -> bool {
        // SAFETY: By the function's condition. CAST: A length is not negative.
        let (listing, name) = unsafe {
            (
                &mut *context.cast::<Self>(),
                core::slice::from_raw_parts(name.cast::<u8>(), length as usize),
            )
        };
        let room = listing.names.capacity() - listing.names.len();

        if listing.count == listing.limit || room <= name.len() {
            return false;
        }
        listing.count += 1;
        // There is room, so that nothing is allocated.
        let mut add = |bytes| listing.names.extend_from_slice(bytes, GFP_ATOMIC).is_ok();
        add(name) && add(b"\n")
    }
}

/// What a call answers: a length or a number, or an errno.
fn length(answer: isize) -> Result<usize> {
    // CAST: An errno is a small number.
    usize::try_from(answer).map_err(|_| Error::from_errno(answer as c_int))
}
