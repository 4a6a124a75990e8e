// SPDX-License-Identifier: GPL-2.0

//! Another file system's tree, for names that are passed through to it.
//!
//! C header: [`include/linux/path.h`](srctree/include/linux/path.h),
//! [`include/linux/namei.h`](srctree/include/linux/namei.h)

use super::{
    dir::Entry,
    inode::Stat, //
};
use crate::{
    bindings as own,
    sys::cred::Owner, //
};
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*, //
};

/// A file or directory of another file system.
///
/// # Invariants
///
/// Mount and dentry are referenced, and the dentry has an inode.
pub(crate) struct StockPath(bindings::path);

// SAFETY: `path_put()` may be called from any thread that may sleep.
unsafe impl Send for StockPath {}

// SAFETY: What the methods read never changes while the dentry is referenced, or is synchronised
// by the functions that they call.
unsafe impl Sync for StockPath {}

impl Drop for StockPath {
    fn drop(&mut self) {
        // SAFETY: By the type invariant; the references are given up.
        unsafe { own::path_put(&self.0) };
    }
}

impl Clone for StockPath {
    fn clone(&self) -> Self {
        // SAFETY: By the type invariant there are references to copy.
        unsafe { own::path_get(&self.0) };
        // INVARIANT: Just referenced.
        Self(self.0)
    }
}

impl StockPath {
    /// Takes a new reference to the mount, and over the caller's to the dentry.
    ///
    /// # Safety
    ///
    /// `mount` must be valid, and `dentry` be a referenced dentry of it with an inode.
    pub(super) unsafe fn new(
        mount: *mut bindings::vfsmount,
        dentry: *mut bindings::dentry,
    ) -> Self {
        // SAFETY: `mount` is valid by the function's condition.
        let mnt = unsafe { own::mntget(mount) };

        // INVARIANT: Both are referenced, and the dentry has an inode by the function's condition.
        Self(bindings::path { mnt, dentry })
    }

    pub(super) fn dentry(&self) -> *mut bindings::dentry {
        self.0.dentry
    }

    fn inode(&self) -> *mut bindings::inode {
        // SAFETY: By the type invariant; a referenced dentry keeps its inode.
        unsafe { (*self.0.dentry).d_inode }
    }

    /// The entry `name` of this directory. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none; what else the lookup answers.
    pub(crate) fn child(&self, name: &[u8]) -> Result<Self> {
        let dentry = lookup(self.0.dentry, name)?;

        // SAFETY: The dentry is referenced. Without an inode it stands for no file.
        unsafe {
            if own::rustproc_d_is_negative(dentry.as_ptr()) {
                bindings::dput(dentry.as_ptr());
                return Err(ENOENT);
            }
            Ok(Self::new(self.0.mnt, dentry.as_ptr()))
        }
    }

    /// Number and type (`DT_*`) of the entry `name` of this directory, as listings show them. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none; what else the lookup answers.
    pub(super) fn number_and_type(&self, name: &[u8]) -> Result<(u64, u32)> {
        // SAFETY: By the type invariant; the dentry that is found is referenced until it is put.
        unsafe {
            let dentry = bindings::d_lookup(self.0.dentry, &hashed(self.0.dentry, name));
            if dentry.is_null() {
                let child = self.child(name)?;
                return Ok(number_and_type(child.inode()));
            }
            let inode = (*dentry).d_inode;
            let found = (!inode.is_null()).then(|| number_and_type(inode));
            bindings::dput(dentry);
            found.ok_or(ENOENT)
        }
    }

    /// Whether a lookup of its name would find this very object again. Sleeps.
    pub(crate) fn is_current(&self) -> bool {
        // SAFETY: A referenced dentry has a parent, which `dget_parent()` references, and procfs
        // does not rename.
        unsafe {
            let dentry = self.0.dentry;
            if let Ok(true) = is_cached(dentry, 0) {
                return true;
            }
            let parent = bindings::dget_parent(dentry);
            let mut name = own::rustproc_d_name(dentry);
            let found = own::lookup_noperm_unlocked(&mut name, parent);
            bindings::dput(parent);
            match from_err_ptr(found) {
                Ok(found) => {
                    bindings::dput(found);
                    ptr::eq(found, dentry)
                }
                Err(_) => false,
            }
        }
    }

    /// Whether it has been removed from its directory. Any context.
    pub(crate) fn is_gone(&self) -> bool {
        // SAFETY: By the type invariant.
        unsafe { own::rustproc_d_unhashed(self.0.dentry) }
    }

    /// Whether it is a regular file of which the inode itself tells all that `stat(2)` answers and who may
    /// open it.
    pub(crate) fn is_plain_file(&self) -> bool {
        // SAFETY: The inode is valid; operations are set before it can be seen.
        let operations = unsafe { &*(*self.inode()).i_op };

        u32::from(self.mode()) & bindings::S_IFMT == bindings::S_IFREG
            && operations.getattr.is_none()
            && operations.permission.is_none()
    }

    /// Whether it is a directory in which nothing can ever be.
    pub(crate) fn is_empty_directory(&self) -> bool {
        // SAFETY: The inode is valid.
        unsafe { own::is_empty_dir_inode(self.inode()) }
    }

    /// Type and permissions, `S_IF*` included.
    pub(crate) fn mode(&self) -> u16 {
        // SAFETY: The inode is valid; the mode is one word.
        unsafe { ptr::read_volatile(&raw const (*self.inode()).i_mode) }
    }

    /// Inode number.
    pub(crate) fn ino(&self) -> u64 {
        // SAFETY: The inode is valid, and its number constant.
        unsafe { (*self.inode()).i_ino }
    }

    /// Size in bytes, as the inode has it.
    pub(super) fn size(&self) -> i64 {
        // SAFETY: The inode is valid; the size is one word.
        unsafe { ptr::read_volatile(&raw const (*self.inode()).i_size) }
    }

    /// Hard links, as the inode has them.
    pub(crate) fn nlink(&self) -> u32 {
        // SAFETY: The inode is valid; the count is one word.
        unsafe { (*self.inode()).__bindgen_anon_1.i_nlink }
    }

    /// Who owns it.
    pub(crate) fn owner(&self) -> Owner {
        // SAFETY: The inode is valid; the ids are one word each.
        unsafe {
            Owner {
                uid: (*self.inode()).i_uid,
                gid: (*self.inode()).i_gid,
            }
        }
    }

    /// Fills in what this would answer to `stat(2)`, as `vfs_getattr()` asks for it. Sleeps.
    ///
    /// # Errors
    ///
    /// What the file system answers.
    pub(crate) fn stat(&self, stat: &mut Stat<'_>) -> Result {
        // SAFETY: By the type invariant; operations are set before an inode can be seen. The mount has
        // no mapping of ids.
        unsafe {
            let inode = self.inode();
            let idmap = &raw mut bindings::nop_mnt_idmap;

            match (*(*inode).i_op).getattr {
                Some(getattr) => {
                    to_result(getattr(idmap, &self.0, stat.raw, stat.mask, stat.flags))
                }
                None => {
                    bindings::generic_fillattr(idmap, stat.mask, inode, stat.raw);
                    Ok(())
                }
            }
        }
    }

    /// Changes attributes as `attributes` says. Sleeps.
    ///
    /// # Errors
    ///
    /// What the file system answers.
    pub(super) fn set_attributes(&self, attributes: &mut bindings::iattr) -> Result {
        let inode = self.inode();

        // The open file that this is asked through is none of that file system.
        attributes.ia_valid &= !own::RUSTPROC_CONST_ATTR_FILE;
        // SAFETY: The inode is valid and locked meanwhile.
        unsafe {
            own::rustproc_inode_lock(inode);
            let error = bindings::notify_change(
                &raw mut bindings::nop_mnt_idmap,
                self.0.dentry,
                attributes,
                ptr::null_mut(),
            );
            own::rustproc_inode_unlock(inode);
            to_result(error)
        }
    }

    /// What may be looked at without references.
    pub(super) fn as_rcu(&self) -> RcuPath {
        // INVARIANT: The references are stronger than RCU.
        RcuPath {
            dentry: self.0.dentry,
            inode: self.inode(),
        }
    }

    /// Follows the symbolic link that this is. Sleeps.
    ///
    /// # Safety
    ///
    /// The arguments must be those of a `get_link()` operation that has references.
    pub(super) unsafe fn follow(
        &self,
        done: *mut bindings::delayed_call,
    ) -> *const kernel::ffi::c_char {
        // SAFETY: By the function's condition and the type invariant.
        unsafe { follow(self.0.dentry, self.inode(), done) }
    }

    /// Copies the text of the symbolic link that this is to user space.
    ///
    /// # Safety
    ///
    /// The arguments must be those of the `readlink()` operation.
    pub(super) unsafe fn read_link(
        &self,
        buffer: *mut kernel::ffi::c_char,
        length: kernel::ffi::c_int,
    ) -> kernel::ffi::c_int {
        // SAFETY: By the function's condition and the type invariant.
        unsafe { own::vfs_readlink(self.0.dentry, buffer, length) }
    }

    /// The operations of an open file of it.
    pub(super) fn file_operations(&self) -> &bindings::file_operations {
        // SAFETY: The inode is valid, and has had its operations before it could be seen.
        unsafe { &*(*self.inode()).__bindgen_anon_3.i_fop }
    }

    /// Opens it in the place of `user`, an open file that stands for it: with that one's flags and
    /// credentials. Permissions are the caller's to check. Sleeps.
    ///
    /// # Errors
    ///
    /// What the file system answers.
    ///
    /// # Safety
    ///
    /// `user` must be an open file, or one that is being opened. The reference to the new file is the
    /// caller's to give up.
    pub(super) unsafe fn open_for(&self, user: *mut bindings::file) -> Result<*mut bindings::file> {
        // SAFETY: By the type invariant and the function's condition.
        // CAST: The flags are low bits.
        from_err_ptr(unsafe {
            let (flags, credentials) = ((*user).f_flags as c_int, (*user).f_cred);
            match self.file_operations().mmap {
                // A mapping shows the path of the user's file.
                Some(_) => own::backing_file_open(user, flags, &self.0, credentials),
                None => bindings::kernel_file_open(&self.0, flags, credentials),
            }
        })
    }

    /// Opens the directory that this is in the place of `user`, as [`StockPath::open_for`].
    ///
    /// # Errors
    ///
    /// What the file system answers.
    ///
    /// # Safety
    ///
    /// `user` must be an open directory that stands for this.
    pub(super) unsafe fn open_directory(
        &self,
        user: *mut bindings::file,
    ) -> Result<DirectoryStream> {
        // SAFETY: By the function's condition.
        let file = unsafe { self.open_for(user) }?;

        // INVARIANT: The reference to the file is the caller's.
        NonNull::new(file).map(DirectoryStream).ok_or(ENOMEM)
    }

    /// Opens the directory that this is for the kernel itself. Sleeps.
    ///
    /// # Errors
    ///
    /// What the file system answers.
    pub(crate) fn open_as_kernel(&self) -> Result<DirectoryStream> {
        // SAFETY: By the type invariant; the kernel's credentials live for ever.
        // CAST: The flags are low bits.
        let file = from_err_ptr(unsafe {
            bindings::kernel_file_open(
                &self.0,
                (bindings::O_RDONLY | bindings::O_DIRECTORY) as c_int,
                own::rustproc_kernel_cred(),
            )
        })?;

        // INVARIANT: The reference to the file is the caller's.
        NonNull::new(file).map(DirectoryStream).ok_or(ENOMEM)
    }
}

/// A file or directory of another file system as a path walk under RCU sees it: it may be on its way
/// out.
///
/// # Invariants
///
/// Dentry and inode belong together; references to them, or RCU, keep their memory.
pub(crate) struct RcuPath {
    dentry: *mut bindings::dentry,
    inode: *mut bindings::inode,
}

impl RcuPath {
    /// Whether a lookup of its name would find this very object again.
    ///
    /// # Errors
    ///
    /// `ECHILD` if that can't be told now, or isn't so; what else the file system answers.
    pub(crate) fn is_current(&self) -> Result<bool> {
        // SAFETY: By the type invariant.
        match unsafe { is_cached(self.dentry, own::RUSTPROC_CONST_LOOKUP_RCU) } {
            Ok(false) => Err(ECHILD),
            result => result,
        }
    }

    /// Whether the current task may use it as `mask` (`MAY_*`) says: 0, or what the file system answers.
    /// Sleeps, but with `MAY_NOT_BLOCK`: then that may be `ECHILD`.
    pub(super) fn permission(&self, mask: c_int) -> c_int {
        // SAFETY: By the type invariant.
        unsafe { bindings::inode_permission(&raw mut bindings::nop_mnt_idmap, self.inode, mask) }
    }

    /// Follows the symbolic link that this is, or answers `ECHILD` if that may sleep.
    ///
    /// # Safety
    ///
    /// The arguments must be those of a `get_link()` operation under RCU.
    pub(super) unsafe fn follow(
        &self,
        done: *mut bindings::delayed_call,
    ) -> *const kernel::ffi::c_char {
        // SAFETY: By the function's condition and the type invariant.
        unsafe { follow(ptr::null_mut(), self.inode, done) }
    }
}

/// Whether a lookup would find `dentry` in the cache and keep it: it is there under its name, and its
/// file system says that it still stands for the same. Sleeps, unless `flags` (`LOOKUP_*`) say that it
/// may not.
///
/// # Errors
///
/// What the file system answers.
///
/// # Safety
///
/// `dentry` must be a dentry of procfs whose memory stays, and referenced unless `flags` have
/// `LOOKUP_RCU`.
unsafe fn is_cached(dentry: *mut bindings::dentry, flags: c_uint) -> Result<bool> {
    // SAFETY: By the function's condition. The parent of a dentry stays in memory like itself, and
    // procfs does not rename. Operations never change.
    unsafe {
        if own::rustproc_d_unhashed(dentry) {
            return Ok(false);
        }
        let operations = (*dentry).d_op.as_ref();
        let Some(revalidate) = operations.and_then(|operations| operations.d_revalidate) else {
            return Ok(true);
        };
        let parent = ptr::read_volatile(&raw const (*dentry).d_parent);
        let directory = ptr::read_volatile(&raw const (*parent).d_inode);
        if directory.is_null() {
            return Ok(false);
        }
        let name = own::rustproc_d_name(dentry);
        match revalidate(directory, &name, dentry, flags) {
            0 => Ok(false),
            result => to_result(result).map(|()| true),
        }
    }
}

/// Calls a `get_link()` operation, as the VFS does: without a dentry under RCU.
///
/// # Safety
///
/// `inode` must be valid, and `dentry` null or a referenced dentry of it.
unsafe fn follow(
    dentry: *mut bindings::dentry,
    inode: *mut bindings::inode,
    done: *mut bindings::delayed_call,
) -> *const kernel::ffi::c_char {
    // SAFETY: By the function's condition; operations are set before an inode can be seen.
    unsafe {
        match (*(*inode).i_op).get_link {
            Some(get_link) => get_link(dentry, inode, done),
            None => EINVAL.to_ptr(),
        }
    }
}

/// Number and type (`DT_*`) of an inode.
///
/// # Safety
///
/// `inode` must be valid.
pub(super) unsafe fn number_and_type(inode: *const bindings::inode) -> (u64, u32) {
    // SAFETY: By the function's condition; the number is constant, and the type in the mode.
    unsafe { ((*inode).i_ino, u32::from((*inode).i_mode) >> 12) }
}

/// The name `name` with its hash in the directory `parent`; it must not be used for longer than `name`.
pub(super) fn hashed(parent: *const bindings::dentry, name: &[u8]) -> bindings::qstr {
    // SAFETY: The name has the length that is passed. The directory's address only salts the hash.
    // CAST: A name has at most `NAME_MAX` bytes.
    unsafe {
        let mut name = own::rustproc_qstr(name.as_ptr().cast(), name.len() as u32);
        let parts = &mut name.__bindgen_anon_1.__bindgen_anon_1;
        parts.hash = bindings::full_name_hash(parent.cast(), name.name.cast(), parts.len);
        name
    }
}

/// Looks `name` up in the directory `parent`; the result is referenced and may be negative.
fn lookup(parent: *mut bindings::dentry, name: &[u8]) -> Result<NonNull<bindings::dentry>> {
    // SAFETY: The parent is a referenced directory, and the name outlives the calls.
    // CAST: The VFS hands out names of at most `NAME_MAX` bytes.
    let dentry = from_err_ptr(unsafe {
        let mut name = own::rustproc_qstr(name.as_ptr().cast(), name.len() as u32);
        own::lookup_noperm_unlocked(&mut name, parent)
    })?;
    NonNull::new(dentry).ok_or(ENOENT)
}

/// An open directory of another file system, read from a position on.
///
/// # Invariants
///
/// The file is referenced, and nobody else uses it.
pub(crate) struct DirectoryStream(NonNull<bindings::file>);

// SAFETY: A file may be used and put from any thread.
unsafe impl Send for DirectoryStream {}

impl Drop for DirectoryStream {
    fn drop(&mut self) {
        // SAFETY: By the type invariant; the reference is given up, where one may sleep.
        unsafe { bindings::__fput_sync(self.0.as_ptr()) };
    }
}

/// A `dir_context` whose actor is a closure. The C struct comes first.
#[repr(C)]
struct Visitor<F> {
    context: bindings::dir_context,
    visit: F,
}

impl DirectoryStream {
    /// Shows `visit` the entries from `position` on until it answers `false`; returns the position
    /// to go on from. Sleeps.
    ///
    /// # Errors
    ///
    /// What the file system answers.
    pub(crate) fn read_from<F: FnMut(Entry<'_>) -> bool>(
        &mut self,
        position: i64,
        visit: F,
    ) -> Result<i64> {
        let mut visitor = Visitor {
            context: bindings::dir_context {
                actor: Some(actor::<F>),
                ..pin_init::zeroed()
            },
            visit,
        };

        // SAFETY: The file is ours alone by the type invariant; `actor()` gets its visitor back.
        unsafe {
            let file = self.0.as_ptr();
            (*file).f_pos = position;
            to_result(bindings::iterate_dir(file, &mut visitor.context))?;
            Ok((*file).f_pos)
        }
    }

    /// Moves the position as `lseek(2)` would; returns where it is then.
    ///
    /// # Errors
    ///
    /// What the file system answers.
    pub(crate) fn seek(&mut self, position: i64, offset: i64, whence: i32) -> Result<i64> {
        // SAFETY: The file is ours alone by the type invariant.
        let result = unsafe {
            let file = self.0.as_ptr();
            (*file).f_pos = position;
            bindings::vfs_llseek(file, offset, whence)
        };

        if result < 0 {
            // CAST: An errno fits.
            return Err(Error::from_errno(result as i32));
        }
        Ok(result)
    }
}

/// # Safety
///
/// Called by `iterate_dir()` with the context of a [`Visitor`].
unsafe extern "C" fn actor<F: FnMut(Entry<'_>) -> bool>(
    context: *mut bindings::dir_context,
    name: *const kernel::ffi::c_char,
    length: kernel::ffi::c_int,
    position: bindings::loff_t,
    ino: u64,
    kind: kernel::ffi::c_uint,
) -> bool {
    // SAFETY: The context is the first member of a visitor, and the name has `length` bytes.
    // CAST: The length of a name is not negative.
    unsafe {
        let visitor = &mut *context.cast::<Visitor<F>>();
        let name = core::slice::from_raw_parts(name.cast::<u8>(), length as usize);
        (visitor.visit)(Entry {
            name,
            position,
            ino,
            kind,
        })
    }
}
