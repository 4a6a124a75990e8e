// SPDX-License-Identifier: GPL-2.0

//! Files that hand each call on to a file of another file system.
//!
//! Opening one opens the other as its backing file, with the opener's credentials and flags; the VFS
//! has checked ours, the mount that the path leads over included. Whether a file has an operation decides what the VFS
//! itself answers (`EINVAL`, `ENODEV`, `EPERM`), so that ours have those of the other, see [`Shape`].
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h) (`struct file_operations`)

use super::{
    inode::Inode,
    path::StockPath,
    FileSystem, //
};
use crate::bindings as own;
use core::{
    marker::PhantomData,
    ptr, //
};
use kernel::{
    bindings,
    error::from_result,
    ffi::{
        c_char,
        c_int,
        c_long,
        c_uint,
        c_ulong, //
    },
    prelude::*, //
};

/// How a file reads or writes.
#[derive(Clone, Copy)]
enum Way {
    /// Not at all.
    No,
    /// One buffer at a time (`read`, `write`).
    Buffer,
    /// Through an iterator, and splicing (`read_iter`, `splice_read` and their like).
    Iterator,
}

impl Way {
    const ALL: [Self; 3] = [Self::No, Self::Buffer, Self::Iterator];

    fn new(iterator: bool, buffer: bool) -> Self {
        match (iterator, buffer) {
            (true, _) => Self::Iterator,
            (false, true) => Self::Buffer,
            (false, false) => Self::No,
        }
    }
}

/// Which operations a file has; `llseek`, `ioctl` and `release` go without saying.
#[derive(Clone, Copy)]
struct Shape {
    read: Way,
    write: Way,
    poll: bool,
    mmap: bool,
    unsigned_offset: bool,
}

impl Shape {
    /// How many there are.
    const COUNT: usize = Way::ALL.len() * Way::ALL.len() * 8;

    fn of(table: &bindings::file_operations) -> Self {
        Self {
            read: Way::new(table.read_iter.is_some(), table.read.is_some()),
            write: Way::new(table.write_iter.is_some(), table.write.is_some()),
            poll: table.poll.is_some(),
            mmap: table.mmap.is_some() && table.get_unmapped_area.is_some(),
            unsigned_offset: table.fop_flags & bindings::FOP_UNSIGNED_OFFSET != 0,
        }
    }

    /// The shape that has this [`Shape::index`].
    const fn nth(index: usize) -> Self {
        let ways = index / 8;

        Self {
            read: Way::ALL[ways / Way::ALL.len()],
            write: Way::ALL[ways % Way::ALL.len()],
            poll: index & 4 != 0,
            mmap: index & 2 != 0,
            unsigned_offset: index & 1 != 0,
        }
    }

    fn index(self) -> usize {
        // CAST: Discriminants of a small enum, and bits.
        let ways = self.read as usize * Way::ALL.len() + self.write as usize;
        let bits = usize::from(self.poll) << 2
            | usize::from(self.mmap) << 1
            | usize::from(self.unsigned_offset);

        ways * 8 + bits
    }
}

struct Table<T>(PhantomData<T>);

impl<T: FileSystem> Table<T> {
    const TABLES: [bindings::file_operations; Shape::COUNT] = {
        let mut tables = [Self::table(Shape::nth(0)); Shape::COUNT];
        let mut index = 1;

        while index < Shape::COUNT {
            tables[index] = Self::table(Shape::nth(index));
            index += 1;
        }
        tables
    };

    const fn table(shape: Shape) -> bindings::file_operations {
        let mut table = bindings::file_operations {
            open: Some(open::<T>),
            release: Some(release),
            llseek: Some(llseek),
            unlocked_ioctl: Some(ioctl),
            compat_ioctl: Some(compat_ioctl),
            ..pin_init::zeroed()
        };

        match shape.read {
            Way::No => {}
            Way::Buffer => table.read = Some(read),
            Way::Iterator => {
                table.read_iter = Some(read_iter);
                table.splice_read = Some(splice_read);
            }
        }
        match shape.write {
            Way::No => {}
            Way::Buffer => table.write = Some(write),
            Way::Iterator => {
                table.write_iter = Some(write_iter);
                table.splice_write = Some(splice_write);
            }
        }
        if shape.poll {
            table.poll = Some(poll);
        }
        if shape.mmap {
            table.mmap = Some(mmap);
            table.get_unmapped_area = Some(get_unmapped_area);
        }
        if shape.unsigned_offset {
            table.fop_flags = bindings::FOP_UNSIGNED_OFFSET;
        }
        table
    }
}

/// The operations of a file that stands for `other`: inodes of `T` only may have them, and only those
/// that are forwarded to it.
pub(super) fn operations<T: FileSystem>(other: &StockPath) -> &'static bindings::file_operations {
    &(&Table::<T>::TABLES)[Shape::of(other.file_operations()).index()]
}

/// What the VFS finds out about a file when it is opened, and ours must have in common with the other.
const MODE: bindings::fmode_t = own::RUSTPROC_CONST_FMODE_LSEEK
    | own::RUSTPROC_CONST_FMODE_PREAD
    | own::RUSTPROC_CONST_FMODE_PWRITE
    | own::RUSTPROC_CONST_FMODE_ATOMIC_POS
    | own::RUSTPROC_CONST_FMODE_STREAM
    | own::RUSTPROC_CONST_FMODE_NOWAIT;

/// What `fcntl(2)` may change about an open file, and operations look at.
const FLAGS: c_uint = bindings::O_NONBLOCK | bindings::O_APPEND | bindings::O_NOATIME;

/// The other file of an open file of ours, and its operations.
///
/// # Invariants
///
/// The file is referenced by ours, which is open.
struct Other {
    file: *mut bindings::file,
    operations: &'static bindings::file_operations,
}

impl Other {
    /// # Safety
    ///
    /// `file` must be one that [`open`] has opened, and stay open while the value is used.
    unsafe fn of(file: *mut bindings::file) -> Self {
        // SAFETY: `open()` stored the pointer. Both flags are words that may change at any time.
        // INVARIANT: The reference goes in `release()`; operations last while a file is open.
        unsafe {
            let other = (*file).private_data.cast::<bindings::file>();
            let flags = ptr::read_volatile(&raw const (*file).f_flags) & FLAGS;
            let before = ptr::read_volatile(&raw const (*other).f_flags);
            if before & FLAGS != flags {
                ptr::write_volatile(&raw mut (*other).f_flags, before & !FLAGS | flags);
            }
            Self {
                file: other,
                operations: &*(*other).f_op,
            }
        }
    }
}

/// # Safety
///
/// Called by the VFS with an inode of `T` and a file of it that is being opened.
unsafe extern "C" fn open<T: FileSystem>(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: By the function's condition; `release()` takes the reference back.
    from_result(|| unsafe {
        let path = T::forwarded(Inode::<T>::from_raw(inode)).ok_or(ENOENT)?;
        let other = path.open_for(file)?;
        (*file).private_data = other.cast();
        (*file).f_mode = (*file).f_mode & !MODE | (*other).f_mode & MODE;
        Ok(0)
    })
}

/// # Safety
///
/// Called by the VFS with a file that [`open`] has opened, once, when nobody uses it any more.
unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
    // SAFETY: `open()` stored the pointer with a reference, which is given up.
    unsafe { bindings::__fput_sync((*file).private_data.cast()) };
    0
}

/// # Safety
///
/// Called by the VFS with a file that [`open`] has opened, whose position it has locked.
unsafe extern "C" fn llseek(
    file: *mut bindings::file,
    offset: bindings::loff_t,
    whence: c_int,
) -> bindings::loff_t {
    // SAFETY: By the function's condition; the position of the other goes with ours.
    unsafe {
        let other = Other::of(file).file;
        (*other).f_pos = (*file).f_pos;
        let result = bindings::vfs_llseek(other, offset, whence);
        (*file).f_pos = (*other).f_pos;
        result
    }
}

/// # Safety
///
/// Called by the VFS with a file that [`open`] has opened.
unsafe extern "C" fn read(
    file: *mut bindings::file,
    buffer: *mut c_char,
    length: usize,
    position: *mut bindings::loff_t,
) -> isize {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.read {
            Some(read) => read(other.file, buffer, length, position),
            None => EINVAL.to_errno() as isize,
        }
    }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn write(
    file: *mut bindings::file,
    buffer: *const c_char,
    length: usize,
    position: *mut bindings::loff_t,
) -> isize {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.write {
            Some(write) => write(other.file, buffer, length, position),
            None => EINVAL.to_errno() as isize,
        }
    }
}

type IteratorOperation =
    unsafe extern "C" fn(*mut bindings::kiocb, *mut bindings::iov_iter) -> isize;

/// Hands a call on with a control block of its own, to be completed when the call returns.
///
/// # Safety
///
/// The arguments must be those of `read_iter()` or `write_iter()` on a file that [`open`] has opened.
unsafe fn iterate(
    kiocb: *mut bindings::kiocb,
    iterator: *mut bindings::iov_iter,
    choose: impl FnOnce(&bindings::file_operations) -> Option<IteratorOperation>,
) -> isize {
    // SAFETY: By the function's condition. Without a function to complete it with, nobody keeps the
    // block.
    unsafe {
        let other = Other::of((*kiocb).ki_filp);
        let Some(operation) = choose(other.operations) else {
            return EINVAL.to_errno() as isize;
        };
        let mut block = *kiocb;
        block.ki_filp = other.file;
        block.ki_complete = None;
        let result = operation(&mut block, iterator);
        (*kiocb).ki_pos = block.ki_pos;
        result
    }
}

/// # Safety
///
/// Called by the VFS for a file that [`open`] has opened.
unsafe extern "C" fn read_iter(
    kiocb: *mut bindings::kiocb,
    iterator: *mut bindings::iov_iter,
) -> isize {
    // SAFETY: By the function's condition.
    unsafe { iterate(kiocb, iterator, |operations| operations.read_iter) }
}

/// # Safety
///
/// As for [`read_iter`].
unsafe extern "C" fn write_iter(
    kiocb: *mut bindings::kiocb,
    iterator: *mut bindings::iov_iter,
) -> isize {
    // SAFETY: By the function's condition.
    unsafe { iterate(kiocb, iterator, |operations| operations.write_iter) }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn splice_read(
    file: *mut bindings::file,
    position: *mut bindings::loff_t,
    pipe: *mut bindings::pipe_inode_info,
    length: usize,
    flags: c_uint,
) -> isize {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.splice_read {
            Some(splice) => splice(other.file, position, pipe, length, flags),
            None => EINVAL.to_errno() as isize,
        }
    }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn splice_write(
    pipe: *mut bindings::pipe_inode_info,
    file: *mut bindings::file,
    position: *mut bindings::loff_t,
    length: usize,
    flags: c_uint,
) -> isize {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.splice_write {
            Some(splice) => splice(pipe, other.file, position, length, flags),
            None => EINVAL.to_errno() as isize,
        }
    }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn poll(
    file: *mut bindings::file,
    table: *mut bindings::poll_table_struct,
) -> bindings::__poll_t {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.poll {
            Some(poll) => poll(other.file, table),
            None => bindings::POLLERR,
        }
    }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn ioctl(
    file: *mut bindings::file,
    command: c_uint,
    argument: c_ulong,
) -> c_long {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.unlocked_ioctl {
            Some(ioctl) => ioctl(other.file, command, argument),
            None => ENOTTY.to_errno() as c_long,
        }
    }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn compat_ioctl(
    file: *mut bindings::file,
    command: c_uint,
    argument: c_ulong,
) -> c_long {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.compat_ioctl {
            Some(ioctl) => ioctl(other.file, command, argument),
            None => ENOTTY.to_errno() as c_long,
        }
    }
}

/// # Safety
///
/// Called by the VFS with a file that [`open`] has opened and a mapping of it that is being made.
unsafe extern "C" fn mmap(file: *mut bindings::file, vma: *mut bindings::vm_area_struct) -> c_int {
    // SAFETY: By the function's condition. The mapping becomes one of the other file, as its faults
    // go there; the VFS puts whichever file it has then if this fails.
    unsafe {
        let other = Other::of(file);
        let Some(mmap) = other.operations.mmap else {
            return ENODEV.to_errno();
        };
        bindings::vma_set_file(vma, other.file);
        mmap(other.file, vma)
    }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn get_unmapped_area(
    file: *mut bindings::file,
    address: c_ulong,
    length: c_ulong,
    page_offset: c_ulong,
    flags: c_ulong,
) -> c_ulong {
    // SAFETY: The arguments are passed on.
    unsafe {
        let other = Other::of(file);
        match other.operations.get_unmapped_area {
            Some(get) => get(other.file, address, length, page_offset, flags),
            // CAST: An errno is told as an address near the end of the address space.
            None => ENODEV.to_errno() as c_ulong,
        }
    }
}
