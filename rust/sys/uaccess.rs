// SPDX-License-Identifier: GPL-2.0

//! Structs that user space passes along with their size, so that later kernels may add to them; and
//! the memory that a read fills.
//!
//! Extends [`kernel::uaccess`]. C header:
//! [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use crate::{
    bindings as own,
    model::{
        page_scan::{
            PageRegion,
            ScanArguments, //
        },
        procmap_query::ProcmapQuery, //
    },
    sys::mm::MmExt, //
};
use core::{
    mem::offset_of,
    ptr, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    transmute::{
        AsBytes,
        FromBytes, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// Reads a struct of which the caller knows `size` bytes; the rest of it becomes zero. Mirrors
/// `copy_struct_from_user()`, which it calls for other sizes than ours.
///
/// # Errors
///
/// `E2BIG` if the caller knows more than we do and has set some of that; `EFAULT`.
pub(crate) fn read_struct<T: FromBytes>(from: UserPtr, size: usize, to: &mut T) -> Result {
    // Most callers know the same struct, whose size the compiler knows, too.
    if size == size_of::<T>() {
        *to = UserSlice::new(from, size).reader().read()?;
        return Ok(());
    }
    // SAFETY: There is room for the struct, and any bytes make a `T`; the address may be any.
    to_result(unsafe {
        own::rustproc_copy_struct_from_user(
            ptr::from_mut(to).cast(),
            size_of::<T>(),
            from.as_const_ptr(),
            size,
        )
    })
}

/// Writes what the caller knows of a struct, `size` bytes, and no more than there is.
///
/// # Errors
///
/// `EFAULT`.
pub(crate) fn write_struct<T: AsBytes>(to: UserPtr, value: &T, size: usize) -> Result {
    if size >= size_of::<T>() {
        return UserSlice::new(to, size).writer().write(value);
    }
    let bytes = value.as_bytes();

    write(to, bytes.get(..size).unwrap_or(bytes))
}

/// Writes `bytes`.
///
/// # Errors
///
/// `EFAULT`.
pub(crate) fn write(to: UserPtr, bytes: &[u8]) -> Result {
    UserSlice::new(to, bytes.len()).writer().write_slice(bytes)
}

/// Memory of user space that is filled from its start. May be at any address; what cannot be written is
/// found out when it is.
pub(crate) struct UserBuffer {
    next: UserPtr,
    left: usize,
}

impl UserBuffer {
    /// The `size` bytes at `start`.
    pub(crate) fn new(start: UserPtr, size: usize) -> Self {
        Self {
            next: start,
            left: size,
        }
    }

    /// Number of bytes that have not been filled.
    pub(crate) fn len(&self) -> usize {
        self.left
    }

    /// Writes `bytes`. Sleeps.
    ///
    /// # Errors
    ///
    /// `EFAULT`; some bytes may have been written even so.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result {
        if bytes.len() > self.left {
            return Err(EFAULT);
        }
        write(self.next, bytes)?;
        self.advance(bytes.len());
        Ok(())
    }

    /// Writes `count` numbers, of which each is the one before plus `step`, modulo 2^64. Sleeps.
    ///
    /// # Errors
    ///
    /// `EFAULT`; some numbers may have been written even so.
    pub(crate) fn write_series(&mut self, first: u64, step: u64, count: usize) -> Result {
        if count > self.left / size_of::<u64>() {
            return Err(EFAULT);
        }
        let to = self.next.as_mut_ptr().cast();
        // SAFETY: The address may be any.
        let written = unsafe {
            if step == 0 {
                own::rustproc_put_user_repeated(to, first, count)
            } else {
                own::rustproc_put_user_series(to, first, step, count)
            }
        };
        if !written {
            return Err(EFAULT);
        }
        self.advance(count * size_of::<u64>());
        Ok(())
    }

    fn advance(&mut self, size: usize) {
        self.next = self.next.wrapping_byte_add(size);
        self.left -= size;
    }
}

/// Takes the tag off an address of the current task. Mirrors `untagged_addr()`.
pub(crate) fn untag(address: u64) -> u64 {
    current!()
        .mm()
        .map_or(address, |mm| address & mm.untag_mask())
}

/// Whether `size` bytes at `address` may be user space's. Mirrors `access_ok()`.
pub(crate) fn is_user(address: u64, size: u64) -> bool {
    // CAST: Both have 64 bits.
    let (address, size) = (UserPtr::from_addr(address as usize), size as usize);

    // SAFETY: Takes numbers.
    unsafe { own::rustproc_access_ok(address.as_const_ptr(), size) }
}

// SAFETY: It consists of numbers.
unsafe impl FromBytes for ScanArguments {}

// SAFETY: It consists of numbers, without padding between them.
unsafe impl AsBytes for PageRegion {}

// SAFETY: It consists of numbers.
unsafe impl Zeroable for PageRegion {}

static_assert!(size_of::<ScanArguments>() == size_of::<bindings::pm_scan_arg>());
static_assert!(offset_of!(ScanArguments, walk_end) == offset_of!(bindings::pm_scan_arg, walk_end));
static_assert!(size_of::<PageRegion>() == size_of::<bindings::page_region>());

// SAFETY: It consists of numbers.
unsafe impl FromBytes for ProcmapQuery {}

// SAFETY: It consists of numbers, without padding between them.
unsafe impl AsBytes for ProcmapQuery {}

static_assert!(size_of::<ProcmapQuery>() == size_of::<bindings::procmap_query>());
static_assert!(
    offset_of!(ProcmapQuery, build_id_addr) == offset_of!(bindings::procmap_query, build_id_addr)
);
