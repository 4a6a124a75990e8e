// SPDX-License-Identifier: GPL-2.0

//! A task's name.
//!
//! The bytes are arbitrary: any but NUL may occur, in any encoding. Escaping is up to the view.

/// The longest name that procfs handles, in bytes: the size of the buffer in `proc_task_name` of
/// [`fs/proc/array.c`](srctree/fs/proc/array.c).
pub const CAPACITY: usize = 64;

/// A task's name as procfs shows it; a snapshot, as the task can be renamed at any time.
///
/// # Invariants
///
/// `len` is at most [`CAPACITY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comm {
    bytes: [u8; CAPACITY],
    len: u8,
}

impl Comm {
    /// Takes a buffer that holds a NUL-terminated name; without a NUL all of it is the name.
    #[inline]
    pub fn new(bytes: [u8; CAPACITY]) -> Self {
        let len = bytes.iter().take_while(|&&byte| byte != 0).count();
        Self {
            bytes,
            // INVARIANT: an array of `CAPACITY` elements has no more than that before its first
            // NUL.
            // CAST: `CAPACITY` fits in `u8`.
            len: len as u8,
        }
    }

    /// Copies a name up to its first NUL, its end, or [`CAPACITY`] bytes, whichever comes first.
    pub fn from_nul_terminated(name: &[u8]) -> Self {
        let mut bytes = [0; CAPACITY];
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = *from;
        }
        Self::new(bytes)
    }

    /// The name, without a terminator.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.len))
            .unwrap_or(&self.bytes)
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_comm)
)]
mod tests {
    use super::*;

    #[test]
    fn name_ends_at_the_first_nul() {
        assert_eq!(Comm::from_nul_terminated(b"").as_bytes(), b"");
        assert_eq!(Comm::from_nul_terminated(b"\0rest").as_bytes(), b"");
        assert_eq!(Comm::from_nul_terminated(b"cat\0rest").as_bytes(), b"cat");
        assert_eq!(
            Comm::from_nul_terminated(b"a\xff \n").as_bytes(),
            b"a\xff \n"
        );
    }

    #[test]
    fn name_without_nul_fills_the_buffer() {
        assert_eq!(Comm::new([b'x'; 64]).as_bytes(), [b'x'; 64]);
        assert_eq!(
            Comm::from_nul_terminated(&[b'y'; 63]).as_bytes(),
            [b'y'; 63]
        );
        assert_eq!(
            Comm::from_nul_terminated(&[b'z'; 65]).as_bytes(),
            [b'z'; 64]
        );
    }
}
