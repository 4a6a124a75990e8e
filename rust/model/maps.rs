// SPDX-License-Identifier: GPL-2.0

//! What `maps` says about one virtual memory area (VMA).
//!
//! A file's path is not part of it: that is printed while the area is still locked.
//! C counterpart: `show_map_vma` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

/// The columns before the name; a snapshot of an area that was locked when it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapsRecord {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// What may be done with it.
    pub flags: VmaFlags,
    /// Offset into the file, in bytes; 0 without a file.
    pub pgoff: u64,
    /// The file's device; 0:0 without a file.
    pub dev: Device,
    /// The file's inode number; 0 without a file.
    pub ino: u64,
}

impl MapsRecord {
    /// Whether any column says something of a file.
    #[inline(always)]
    pub const fn is_of_file(&self) -> bool {
        self.pgoff | self.ino | self.dev.major as u64 | self.dev.minor as u64 != 0
    }
}

/// The permissions of a VMA that `maps` shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VmaFlags {
    /// `VM_READ`.
    pub read: bool,
    /// `VM_WRITE`.
    pub write: bool,
    /// `VM_EXEC`.
    pub exec: bool,
    /// `VM_MAYSHARE`.
    pub mayshare: bool,
}

impl VmaFlags {
    /// Everything.
    pub const ALL: Self = Self {
        read: true,
        write: true,
        exec: true,
        mayshare: true,
    };

    /// Three letters or dashes, then `s` for shared or `p` for private.
    #[inline]
    pub const fn letters(self) -> [u8; 4] {
        [
            if self.read { b'r' } else { b'-' },
            if self.write { b'w' } else { b'-' },
            if self.exec { b'x' } else { b'-' },
            if self.mayshare { b's' } else { b'p' },
        ]
    }
}

/// A device number, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// `MAJOR` of the number.
    pub major: u32,
    /// `MINOR` of the number.
    pub minor: u32,
}

/// The name of an area that is not a file's path.
///
/// Which of them applies is decided as `get_vma_name` of
/// [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c) does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// A name printed as it is, with its brackets if it has any: `[heap]`, `[vdso]`.
    Special(&'a [u8]),
    /// The name that the process gave to private anonymous memory.
    Anon(&'a [u8]),
    /// The name that the process gave to shared anonymous memory.
    AnonShmem(&'a [u8]),
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_maps)
)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_has_its_letter() {
        for bits in 0..16u8 {
            let flags = VmaFlags {
                read: bits & 1 != 0,
                write: bits & 2 != 0,
                exec: bits & 4 != 0,
                mayshare: bits & 8 != 0,
            };
            let expected = [
                [b'-', b'r'][usize::from(flags.read)],
                [b'-', b'w'][usize::from(flags.write)],
                [b'-', b'x'][usize::from(flags.exec)],
                [b'p', b's'][usize::from(flags.mayshare)],
            ];
            assert_eq!(flags.letters(), expected);
        }
        assert_eq!(&VmaFlags::default().letters(), b"---p");
    }
}
