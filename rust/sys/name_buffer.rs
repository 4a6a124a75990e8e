// SPDX-License-Identifier: GPL-2.0

//! Names that are made under a lock and outlive it.

use crate::{
    sys::vma::PathRef,
    view::text::Text, //
};
use core::mem::MaybeUninit;
use kernel::{
    bindings,
    error::from_err_ptr,
    ffi::c_int,
    prelude::*, //
};

/// Bytes that there are for a name before memory is allocated.
const NEAR: usize = 256;

/// Memory for a name with a NUL behind it. Most names are short; a longer one gets memory of its own.
pub(crate) struct NameBuffer {
    near: [MaybeUninit<u8>; NEAR],
    far: Option<KVec<u8>>,
}

impl NameBuffer {
    /// Memory with no name in it.
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            near: [MaybeUninit::uninit(); NEAR],
            far: None,
        }
    }

    /// The path as the reader sees it, unescaped, and its NUL: `size` bytes at most. Mirrors
    /// `d_path()`.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` if it does not fit, `ENOMEM`.
    pub(crate) fn path(&mut self, path: PathRef<'_>, size: usize) -> Result<&[u8]> {
        self.make(size, |room| path_in(room, path))
    }

    /// What `view` renders, and a NUL: `size` bytes at most.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` if it does not fit, `ENOMEM`.
    pub(crate) fn render(&mut self, view: impl Fn(&mut Text<'_>), size: usize) -> Result<&[u8]> {
        self.make(size, |room| text_in(room, &view))
    }

    /// What `name` makes in `size` bytes of memory, or in fewer if that is enough.
    fn make(
        &mut self,
        size: usize,
        name: impl Fn(&mut [MaybeUninit<u8>]) -> Result<&[u8]>,
    ) -> Result<&[u8]> {
        let near = self.near.get_mut(..size.min(NEAR)).ok_or(ENOMEM)?;

        match name(near) {
            Err(error) if error == too_long() && size > NEAR => {}
            made => return made,
        }
        let far = self.far.insert(KVec::with_capacity(size, GFP_KERNEL)?);
        name(far.spare_capacity_mut().get_mut(..size).ok_or(ENOMEM)?)
    }
}

/// A path and its NUL, at the end of `room`.
fn path_in<'r>(room: &'r mut [MaybeUninit<u8>], path: PathRef<'_>) -> Result<&'r [u8]> {
    let (start, size) = (room.as_mut_ptr(), room.len());
    // SAFETY: The path is valid by its type, and there are `size` bytes of memory.
    // CAST: A size of memory for a name.
    let name = unsafe { bindings::d_path(path.as_ptr(), start.cast(), size as c_int) };
    let name = from_err_ptr(name)?;

    // SAFETY: The function writes the name up to the end of the memory, and answers where it starts.
    Ok(unsafe {
        let length = size - name.addr().wrapping_sub(start.addr());
        core::slice::from_raw_parts(name.cast(), length)
    })
}

/// What `view` renders and a NUL, at the start of `room`.
fn text_in<'r>(room: &'r mut [MaybeUninit<u8>], view: &impl Fn(&mut Text<'_>)) -> Result<&'r [u8]> {
    let start = room.as_ptr();
    let mut text = Text::new(room);

    view(&mut text);
    text.byte(0);
    // A view that put another `Text` in the place of this one has written nothing here.
    if text.overflowed() || text.end() != start.wrapping_add(text.len()) {
        return Err(too_long());
    }
    // SAFETY: `Text` has initialised `len()` bytes.
    Ok(unsafe { core::slice::from_raw_parts(start.cast(), text.len()) })
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
            let mut buffer = NameBuffer::new();
            let name = buffer.render(|text| text.bytes(NAME), size);
            if size > NAME.len() {
                equal("name", name?, b"[a name]\0")?;
            } else {
                equal("error", name.err(), Some(too_long()))?;
            }
        }
        Ok(())
    }

    #[test]
    fn a_long_name_needs_as_much_room_as_a_short_one() -> Result {
        let long = [b'x'; 2 * NEAR];

        for length in [NEAR - 1, NEAR, NEAR + 1, long.len()] {
            for size in [NEAR, NEAR + 1, length, length + 1, 2 * length] {
                let mut buffer = NameBuffer::new();
                let name = buffer.render(|text| text.bytes(&long[..length]), size);
                if size > length {
                    equal("length", name?.len(), length + 1)?;
                } else {
                    equal("error", name.err(), Some(too_long()))?;
                }
            }
        }
        Ok(())
    }

    #[test]
    fn an_empty_name_is_a_nul() -> Result {
        equal("name", NameBuffer::new().render(|_| {}, 1)?, b"\0")
    }
}
