// SPDX-License-Identifier: GPL-2.0

//! Names that are made under a lock and outlive it.

use crate::{
    sys::vma::PathRef,
    view::text::Text, //
};
use core::ops::Range;
use kernel::{
    bindings,
    error::from_err_ptr,
    ffi::c_int,
    prelude::*, //
};

/// A name with a NUL behind it, somewhere in memory of its own.
///
/// # Invariants
///
/// The bytes of `memory` at `name` are initialised, and within its capacity.
pub(crate) struct NameBuffer {
    memory: KVec<u8>,
    name: Range<usize>,
}

impl NameBuffer {
    /// The path as the reader sees it, unescaped, in memory of `size` bytes. Mirrors `d_path()`.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` if it does not fit with its NUL, `ENOMEM`.
    pub(crate) fn from_path(path: PathRef<'_>, size: usize) -> Result<Self> {
        let mut memory = KVec::<u8>::with_capacity(size, GFP_KERNEL)?;
        let start = memory.as_mut_ptr();
        // SAFETY: The path is valid by its type, and there are `size` bytes of memory.
        // CAST: A size of memory for a name.
        let name = unsafe { bindings::d_path(path.as_ptr(), start.cast(), size as c_int) };
        let name = from_err_ptr(name)?;

        // INVARIANT: The function writes the name to the end of the buffer, and answers where it
        // starts.
        Ok(Self {
            name: name.addr().wrapping_sub(start.addr())..size,
            memory,
        })
    }

    /// What `view` renders, in memory of `size` bytes.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` if it does not fit with its NUL, `ENOMEM`.
    pub(crate) fn render(view: impl FnOnce(&mut Text<'_>), size: usize) -> Result<Self> {
        let mut memory = KVec::<u8>::with_capacity(size, GFP_KERNEL)?;
        let buffer = memory.spare_capacity_mut();
        let buffer = buffer.get_mut(..size).ok_or(ENOMEM)?;
        let start = buffer.as_ptr();
        let mut text = Text::new(buffer);

        view(&mut text);
        text.byte(0);
        // A view that put another `Text` in the place of this one has written nothing here.
        if text.overflowed() || text.end() != start.wrapping_add(text.len()) {
            return Err(too_long());
        }
        // INVARIANT: `Text` has initialised `len()` bytes.
        let name = 0..text.len();
        Ok(Self { memory, name })
    }

    /// The name and its NUL.
    pub(crate) fn as_bytes_with_nul(&self) -> &[u8] {
        // SAFETY: By the type invariant.
        unsafe {
            core::slice::from_raw_parts(self.memory.as_ptr().add(self.name.start), self.name.len())
        }
    }
}

/// `ENAMETOOLONG`, which the `kernel` crate of series 7.2 does not name.
pub(crate) fn too_long() -> Error {
    // CAST: A small number.
    Error::from_errno(-(bindings::ENAMETOOLONG as c_int))
}

#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
#[kunit_tests(rustproc_sys_name_buffer)]
mod tests {
    use super::*;
    use crate::sys::kunit::equal;

    const NAME: &[u8] = b"[a name]";

    #[test]
    fn a_name_needs_room_for_its_nul() -> Result {
        for size in 0..NAME.len() + 4 {
            let name = NameBuffer::render(|text| text.bytes(NAME), size);
            if size > NAME.len() {
                equal("name", name?.as_bytes_with_nul(), b"[a name]\0")?;
            } else {
                equal("error", name.err(), Some(too_long()))?;
            }
        }
        Ok(())
    }

    #[test]
    fn an_empty_name_is_a_nul() -> Result {
        let name = NameBuffer::render(|_| {}, 1)?;

        equal("name", name.as_bytes_with_nul(), b"\0")
    }
}
