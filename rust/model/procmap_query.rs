// SPDX-License-Identifier: GPL-2.0

//! What `ioctl(PROCMAP_QUERY)` on `maps` is asked, and what it answers.
//!
//! The two share one struct, [`ProcmapQuery`]: the caller fills in a part of it, the answer another.
//! C header: [`include/uapi/linux/fs.h`](srctree/include/uapi/linux/fs.h); C counterpart:
//! `do_procmap_query` and `query_matching_vma` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    maps::{
        MapsRecord,
        VmaFlags, //
    },
    units::PAGE_SIZE,
};
use core::mem::offset_of;

/// `PROCMAP_QUERY_*`: what the VMA must be like, in a question; in an answer, what it is like.
pub mod flags {
    /// It can be read.
    pub const READABLE: u64 = 0x01;
    /// It can be written.
    pub const WRITABLE: u64 = 0x02;
    /// It can be executed.
    pub const EXECUTABLE: u64 = 0x04;
    /// It is shared.
    pub const SHARED: u64 = 0x08;
    /// Not only the VMA at the address will do, but the next that fits. In questions only.
    pub const COVERING_OR_NEXT: u64 = 0x10;
    /// It maps a file. In questions only.
    pub const FILE_BACKED: u64 = 0x20;

    /// All that a question may ask for.
    pub(super) const VALID: u64 =
        READABLE | WRITABLE | EXECUTABLE | SHARED | COVERING_OR_NEXT | FILE_BACKED;
}

/// The longest name that is answered, its NUL included: `PATH_MAX`.
const NAME_CAPACITY: u32 = 4096;

/// `struct procmap_query`, laid out as user space passes it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcmapQuery {
    /// Bytes of the struct that the caller knows. Asked.
    pub size: u64,
    /// [`flags`]. Asked.
    pub query_flags: u64,
    /// Address to look at. Asked.
    pub query_addr: u64,
    /// First address of the VMA. Answered.
    pub vma_start: u64,
    /// One past its last address. Answered.
    pub vma_end: u64,
    /// [`flags`], permissions only. Answered.
    pub vma_flags: u64,
    /// Bytes in the pages that the kernel maps it by. Answered.
    pub vma_page_size: u64,
    /// Offset into the file, in bytes; 0 without a file. Answered.
    pub vma_offset: u64,
    /// The file's inode number; 0 without a file. Answered.
    pub inode: u64,
    /// The file's device; 0:0 without a file. Answered.
    pub dev_major: u32,
    /// See `dev_major`.
    pub dev_minor: u32,
    /// Room for the name, 0 if it is not wanted; answered with its length, NUL included.
    pub vma_name_size: u32,
    /// Room for the build id, 0 if it is not wanted; answered with its length.
    pub build_id_size: u32,
    /// Where the name goes. Asked.
    pub vma_name_addr: u64,
    /// Where the build id goes. Asked.
    pub build_id_addr: u64,
}

/// Why a question is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The struct is larger than any will ever be: `E2BIG`.
    TooBig,
    /// It makes no sense: `EINVAL`.
    Invalid,
    /// There is no room for a part of the answer: `ENAMETOOLONG`.
    NoRoom,
}

/// What a VMA is to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The one that is asked for.
    Match,
    /// Not that one; the next may be.
    Next,
    /// Not that one, and no other is.
    NoMatch,
}

/// How much of a struct of `size` bytes there is to read.
///
/// # Errors
///
/// [`Refusal::TooBig`] above one page, [`Refusal::Invalid`] if flags and address are not in it.
pub fn check_size(size: u64) -> Result<usize, Refusal> {
    const SMALLEST: usize = offset_of!(ProcmapQuery, vma_start);

    if size > PAGE_SIZE {
        return Err(Refusal::TooBig);
    }
    // CAST: At most a page.
    match size as usize {
        0..SMALLEST => Err(Refusal::Invalid),
        size => Ok(size),
    }
}

impl ProcmapQuery {
    /// Whether it makes sense.
    ///
    /// # Errors
    ///
    /// [`Refusal::Invalid`] for flags that do not exist, and for a buffer with an address or a size
    /// but not both.
    pub fn check(&self) -> Result<(), Refusal> {
        let half_name = (self.vma_name_size == 0) != (self.vma_name_addr == 0);
        let half_build_id = (self.build_id_size == 0) != (self.build_id_addr == 0);

        if self.query_flags & !flags::VALID != 0 || half_name || half_build_id {
            return Err(Refusal::Invalid);
        }
        Ok(())
    }

    fn asks_for(&self, flag: u64) -> bool {
        self.query_flags & flag != 0
    }

    /// What the first VMA that ends above the address is to this question, or one after it.
    pub fn judge(&self, start: u64, permissions: VmaFlags, has_file: bool) -> Verdict {
        let has = mask(permissions);
        let wanted = self.query_flags & mask(VmaFlags::ALL);
        let fits = has & wanted == wanted && (has_file || !self.asks_for(flags::FILE_BACKED));
        let or_next = self.asks_for(flags::COVERING_OR_NEXT);

        if fits && (or_next || start <= self.query_addr) {
            Verdict::Match
        } else if or_next {
            Verdict::Next
        } else {
            Verdict::NoMatch
        }
    }

    /// Answers what the VMA is.
    pub fn describe(&mut self, vma: &MapsRecord, page_size: u64) {
        self.vma_start = vma.start;
        self.vma_end = vma.end;
        self.vma_flags = mask(vma.flags);
        self.vma_page_size = page_size;
        self.vma_offset = vma.pgoff;
        self.inode = vma.ino;
        self.dev_major = vma.dev.major;
        self.dev_minor = vma.dev.minor;
    }

    /// Bytes to make for the name, its NUL included; [`None`] if it is not wanted.
    pub fn name_capacity(&self) -> Option<usize> {
        // CAST: At most a page.
        (self.vma_name_size != 0).then(|| self.vma_name_size.min(NAME_CAPACITY) as usize)
    }

    /// Answers how long the name is, its NUL included; 0 if there is none.
    pub fn set_name_size(&mut self, size: usize) {
        // CAST: No longer than the capacity.
        self.vma_name_size = size as u32;
    }

    /// Whether the build id is wanted.
    pub fn wants_build_id(&self) -> bool {
        self.build_id_size != 0
    }

    /// Answers how long the build id is; 0 if there is none.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoRoom`] if it is longer than the caller's buffer.
    pub fn set_build_id_size(&mut self, size: u32) -> Result<(), Refusal> {
        if size > self.build_id_size {
            return Err(Refusal::NoRoom);
        }
        self.build_id_size = size;
        Ok(())
    }
}

/// The permissions as [`flags`].
fn mask(permissions: VmaFlags) -> u64 {
    let flag = |has, flag| if has { flag } else { 0 };

    flag(permissions.read, flags::READABLE)
        | flag(permissions.write, flags::WRITABLE)
        | flag(permissions.exec, flags::EXECUTABLE)
        | flag(permissions.mayshare, flags::SHARED)
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_procmap_query)
)]
mod tests {
    use super::*;
    use crate::{
        model::maps::Device,
        testing::same, //
    };

    const READ_ONLY: VmaFlags = VmaFlags {
        read: true,
        write: false,
        exec: false,
        mayshare: false,
    };

    fn at(query_addr: u64, query_flags: u64) -> ProcmapQuery {
        ProcmapQuery {
            query_addr,
            query_flags,
            ..ProcmapQuery::default()
        }
    }

    #[test]
    fn layout_is_that_of_the_header() {
        assert_eq!(size_of::<ProcmapQuery>(), 104);
        assert_eq!(offset_of!(ProcmapQuery, query_flags), 8);
        assert_eq!(offset_of!(ProcmapQuery, query_addr), 16);
        assert_eq!(offset_of!(ProcmapQuery, vma_start), 24);
        assert_eq!(offset_of!(ProcmapQuery, vma_flags), 40);
        assert_eq!(offset_of!(ProcmapQuery, vma_page_size), 48);
        assert_eq!(offset_of!(ProcmapQuery, vma_offset), 56);
        assert_eq!(offset_of!(ProcmapQuery, inode), 64);
        assert_eq!(offset_of!(ProcmapQuery, dev_major), 72);
        assert_eq!(offset_of!(ProcmapQuery, dev_minor), 76);
        assert_eq!(offset_of!(ProcmapQuery, vma_name_size), 80);
        assert_eq!(offset_of!(ProcmapQuery, build_id_size), 84);
        assert_eq!(offset_of!(ProcmapQuery, vma_name_addr), 88);
        assert_eq!(offset_of!(ProcmapQuery, build_id_addr), 96);
    }

    #[test]
    fn permissions_are_the_flags_of_the_header() {
        for bits in 0..16 {
            let permissions = VmaFlags {
                read: bits & 1 != 0,
                write: bits & 2 != 0,
                exec: bits & 4 != 0,
                mayshare: bits & 8 != 0,
            };
            assert_eq!(mask(permissions), bits);
        }
        assert_eq!(flags::COVERING_OR_NEXT, 16);
        assert_eq!(flags::FILE_BACKED, 32);
    }

    #[test]
    fn sizes_at_the_bounds() {
        for (size, expected) in [
            (0, Err(Refusal::Invalid)),
            (23, Err(Refusal::Invalid)),
            (24, Ok(24)),
            (104, Ok(104)),
            (4096, Ok(4096)),
            (4097, Err(Refusal::TooBig)),
            (u64::MAX, Err(Refusal::TooBig)),
        ] {
            same(check_size(size), expected, size);
        }
    }

    #[test]
    fn only_known_flags_are_valid() {
        for bit in 0..64 {
            let expected = if bit < 6 {
                Ok(())
            } else {
                Err(Refusal::Invalid)
            };
            same(at(0, 1 << bit).check(), expected, bit);
        }
    }

    #[test]
    fn a_buffer_needs_both_address_and_size() {
        for (addr, size, valid) in [(0, 0, true), (1, 0, false), (0, 1, false), (1, 1, true)] {
            let name = ProcmapQuery {
                vma_name_addr: addr,
                vma_name_size: size,
                ..ProcmapQuery::default()
            };
            let build_id = ProcmapQuery {
                build_id_addr: addr,
                build_id_size: size,
                ..ProcmapQuery::default()
            };
            same(name.check().is_ok(), valid, name);
            same(build_id.check().is_ok(), valid, build_id);
        }
    }

    #[test]
    fn the_vma_must_cover_the_address() {
        assert_eq!(at(10, 0).judge(9, READ_ONLY, false), Verdict::Match);
        assert_eq!(at(10, 0).judge(10, READ_ONLY, false), Verdict::Match);
        assert_eq!(at(10, 0).judge(11, READ_ONLY, false), Verdict::NoMatch);
    }

    #[test]
    fn or_be_the_next() {
        let query = at(10, flags::COVERING_OR_NEXT);

        assert_eq!(query.judge(10, READ_ONLY, false), Verdict::Match);
        assert_eq!(query.judge(11, READ_ONLY, false), Verdict::Match);
    }

    #[test]
    fn every_filter_is_asked_of_every_vma() {
        for bits in 0..32 {
            let has_file = bits & 16 != 0;
            let vma = VmaFlags {
                read: bits & 1 != 0,
                write: bits & 2 != 0,
                exec: bits & 4 != 0,
                mayshare: bits & 8 != 0,
            };
            for wanted in 0..32 {
                let file = if wanted & 16 == 0 {
                    0
                } else {
                    flags::FILE_BACKED
                };
                let query_flags = (wanted & 15) | file;
                let (verdict, or_next) = match bits & wanted == wanted {
                    true => (Verdict::Match, Verdict::Match),
                    false => (Verdict::NoMatch, Verdict::Next),
                };
                let query = at(0, query_flags);
                same(query.judge(0, vma, has_file), verdict, (vma, query_flags));
                let query = at(0, query_flags | flags::COVERING_OR_NEXT);
                same(query.judge(0, vma, has_file), or_next, (vma, query_flags));
            }
        }
    }

    #[test]
    fn description_leaves_the_question_alone() {
        let mut query = at(7, flags::COVERING_OR_NEXT);
        query.describe(
            &MapsRecord {
                start: 1,
                end: 2,
                flags: READ_ONLY,
                pgoff: 3,
                dev: Device { major: 4, minor: 5 },
                ino: 6,
            },
            4096,
        );
        assert_eq!(
            query,
            ProcmapQuery {
                query_flags: flags::COVERING_OR_NEXT,
                query_addr: 7,
                vma_start: 1,
                vma_end: 2,
                vma_flags: flags::READABLE,
                vma_page_size: 4096,
                vma_offset: 3,
                inode: 6,
                dev_major: 4,
                dev_minor: 5,
                ..ProcmapQuery::default()
            }
        );
    }

    #[test]
    fn names_are_cut_at_path_max() {
        for (size, expected) in [
            (0, None),
            (1, Some(1)),
            (4096, Some(4096)),
            (4097, Some(4096)),
            (u32::MAX, Some(4096)),
        ] {
            let query = ProcmapQuery {
                vma_name_size: size,
                ..ProcmapQuery::default()
            };
            same(query.name_capacity(), expected, size);
        }
    }

    #[test]
    fn answered_sizes_take_the_place_of_the_room() {
        let mut query = ProcmapQuery {
            vma_name_size: 4096,
            build_id_size: 20,
            ..ProcmapQuery::default()
        };
        assert!(query.wants_build_id());
        query.set_name_size(17);
        assert_eq!((query.vma_name_size, query.build_id_size), (17, 20));
        assert_eq!(query.set_build_id_size(0), Ok(()));
        assert_eq!((query.vma_name_size, query.build_id_size), (17, 0));
        assert!(!query.wants_build_id());
    }

    #[test]
    fn a_build_id_must_fit() {
        for (room, size, expected) in [
            (20, 20, Ok(())),
            (19, 20, Err(Refusal::NoRoom)),
            (1, 0, Ok(())),
        ] {
            let mut query = ProcmapQuery {
                build_id_size: room,
                ..ProcmapQuery::default()
            };
            same(query.set_build_id_size(size), expected, (room, size));
            if expected.is_ok() {
                assert_eq!(query.build_id_size, size);
            }
        }
    }
}
