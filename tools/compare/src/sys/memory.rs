// SPDX-License-Identifier: GPL-2.0

//! Memory of our own.

use std::ffi::{c_void, CStr};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::Result;

/// The size of a page.
pub const PAGE: usize = 4096;

/// The size of what one entry of a page middle directory maps: a transparent huge page, or the
/// usual one of hugetlb.
pub const HUGE: usize = 2 << 20;

/// A mapping of our own making, gone when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: usize,
    length: usize,
}

impl Mapping {
    /// `mmap(2)` at a hint (0: anywhere). Never on top of something else: `MAP_FIXED` becomes
    /// `MAP_FIXED_NOREPLACE`.
    pub fn new(
        hint: usize,
        length: usize,
        prot: i32,
        flags: i32,
        file: Option<&dyn AsRawFd>,
    ) -> Result<Mapping> {
        let fd = file.map_or(-1, |file| file.as_raw_fd());
        Mapping::map(hint, length, prot, flags, fd, 0)
    }

    /// A part of a file, from an offset on.
    pub fn of_file(
        file: &impl AsRawFd,
        offset: usize,
        length: usize,
        prot: i32,
        flags: i32,
    ) -> Result<Mapping> {
        Mapping::map(0, length, prot, flags, file.as_raw_fd(), offset)
    }

    fn map(
        hint: usize,
        length: usize,
        prot: i32,
        mut flags: i32,
        fd: i32,
        offset: usize,
    ) -> Result<Mapping> {
        if flags & libc::MAP_FIXED != 0 {
            flags = (flags & !libc::MAP_FIXED) | libc::MAP_FIXED_NOREPLACE;
        }
        let offset = offset as libc::off_t;
        // SAFETY: without `MAP_FIXED` the kernel takes addresses that nobody uses.
        let at = unsafe { libc::mmap(hint as *mut _, length, prot, flags, fd, offset) };
        if at == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        Ok(Mapping {
            start: at as usize,
            length,
        })
    }

    /// Anonymous private memory for reading and writing.
    pub fn anonymous(length: usize) -> Result<Mapping> {
        Mapping::new(
            0,
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            None,
        )
    }

    /// The same, where a 32-bit caller can name it.
    pub fn low(length: usize) -> Result<Mapping> {
        Mapping::new(
            0,
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT,
            None,
        )
    }

    /// The same, where huge pages fit: it begins at a multiple of [`HUGE`].
    pub fn aligned(length: usize) -> Result<Mapping> {
        let room = Mapping::new(
            0,
            length + HUGE,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            None,
        )?;
        let start = room.start.next_multiple_of(HUGE);
        drop(room);
        // Nobody else maps anything meanwhile, and if so, this fails.
        Mapping::new(
            start,
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
            None,
        )
    }

    /// A file at a multiple of [`HUGE`], so that its huge pages can be mapped as such.
    pub fn aligned_file(
        file: &impl AsRawFd,
        offset: usize,
        length: usize,
        prot: i32,
        flags: i32,
    ) -> Result<Mapping> {
        let start = Mapping::aligned(length)?.start;
        let flags = flags | libc::MAP_FIXED;
        Mapping::map(start, length, prot, flags, file.as_raw_fd(), offset)
    }

    /// Its first address.
    pub fn start(&self) -> usize {
        self.start
    }

    /// How long it is.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Reads, or rewrites as it is, the first byte of each page from `from` on, for `length` bytes.
    /// The mapping must allow it.
    pub fn touch(&self, from: usize, length: usize, write: bool) {
        self.touch_each(from, length, PAGE, write);
    }

    /// The same for a byte at every `step`.
    pub fn touch_each(&self, from: usize, length: usize, step: usize, write: bool) {
        let end = (from + length).min(self.length);
        for offset in (from..end).step_by(step) {
            let at = (self.start + offset) as *mut u8;
            // SAFETY: inside the mapping, which belongs to `self`; no reference into it exists.
            let byte = unsafe { at.read_volatile() };
            if write {
                // SAFETY: as above.
                unsafe { at.write_volatile(byte | 1) };
            }
        }
    }

    /// Fills a part with a byte. The mapping must allow it.
    pub fn fill(&self, from: usize, length: usize, byte: u8) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: inside the mapping, which belongs to `self`; no reference into it exists.
        unsafe { at.cast::<u8>().write_bytes(byte, length) };
        Ok(())
    }

    /// Writes bytes to a part. The mapping must allow it.
    ///
    /// # Panics
    ///
    /// If they don't fit.
    pub fn write(&self, from: usize, bytes: &[u8]) {
        let (at, length) = self.part(from, bytes.len()).expect("room for the bytes");
        // SAFETY: inside the mapping, which belongs to `self`; no reference into it exists, and
        // `bytes` is elsewhere.
        unsafe {
            at.cast::<u8>()
                .copy_from_nonoverlapping(bytes.as_ptr(), length)
        };
    }

    /// `mprotect(2)` on a part.
    pub fn protect(&self, from: usize, length: usize, prot: i32) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: a part of our own mapping, into which no reference exists.
        Errno::result(unsafe { libc::mprotect(at, length, prot) }).map(drop)
    }

    /// `pkey_mprotect(2)` on all of it, with a key of its own.
    pub fn protect_with_key(&self, prot: i32) -> Result<()> {
        // SAFETY: no pointers.
        let key = Errno::result(unsafe { libc::syscall(libc::SYS_pkey_alloc, 0, 0) })?;
        // SAFETY: our own mapping, into which no reference exists.
        Errno::result(unsafe {
            libc::syscall(
                libc::SYS_pkey_mprotect,
                self.start,
                self.length,
                prot,
                key as i32,
            )
        })
        .map(drop)
    }

    /// `munmap(2)` of a part; touching it afterwards would fault.
    pub fn punch(&self, from: usize, length: usize) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: a part of our own mapping, into which no reference exists.
        Errno::result(unsafe { libc::munmap(at, length) }).map(drop)
    }

    /// `madvise(2)` on all of it.
    pub fn advise(&self, advice: i32) -> Result<()> {
        self.advise_part(0, self.length, advice)
    }

    /// `madvise(2)` on a part.
    pub fn advise_part(&self, from: usize, length: usize, advice: i32) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: our own mapping; at worst its content is lost, and nobody relies on that.
        Errno::result(unsafe { libc::madvise(at, length, advice) }).map(drop)
    }

    /// `mlock2(2)` of all of it.
    pub fn lock(&self, flags: u32) -> Result<()> {
        self.lock_part(0, self.length, flags)
    }

    /// `mlock2(2)` of a part.
    pub fn lock_part(&self, from: usize, length: usize, flags: u32) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: locks our own memory; the content stays.
        Errno::result(unsafe { libc::mlock2(at, length, flags as _) }).map(drop)
    }

    /// `mseal(2)` on a part: from then on it stays as it is until the process ends.
    pub fn seal(&self, from: usize, length: usize) -> Result<()> {
        const SYS_MSEAL: libc::c_long = 462;
        let (at, length) = self.part(from, length)?;
        // SAFETY: our own mapping; that it can't be unmapped any more harms nobody.
        Errno::result(unsafe { libc::syscall(SYS_MSEAL, at, length, 0) }).map(drop)
    }

    /// `msync(2)` on a part.
    pub fn sync(&self, from: usize, length: usize) -> Result<()> {
        let (at, length) = self.part(from, length)?;
        // SAFETY: our own mapping; the content stays.
        Errno::result(unsafe { libc::msync(at, length, libc::MS_SYNC) }).map(drop)
    }

    /// `mremap(2)` to another place, of the same length.
    pub fn moved(self) -> Result<Mapping> {
        self.moved_to(0)
    }

    /// The same, to an address where nothing is yet (0: anywhere).
    pub fn moved_to(self, hint: usize) -> Result<Mapping> {
        let length = self.length;
        let place = Mapping::new(
            hint,
            length,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            None,
        )?;
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        let (from, to) = (self.start as *mut c_void, place.start as *mut c_void);
        // SAFETY: both are our own mappings of that length, into which no reference exists.
        let at = unsafe { libc::mremap(from, length, length, flags, to) };
        if at == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        // What was here is there now.
        std::mem::forget(self);
        Ok(place)
    }

    /// Gives the mapping a name (`PR_SET_VMA_ANON_NAME`).
    pub fn name(&self, name: &CStr) -> Result<()> {
        // SAFETY: our own mapping and a C string.
        Errno::result(unsafe {
            libc::prctl(
                libc::PR_SET_VMA,
                libc::PR_SET_VMA_ANON_NAME as libc::c_ulong,
                self.start,
                self.length,
                name.as_ptr(),
            )
        })
        .map(drop)
    }

    /// The address and length of a part.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it isn't within the mapping.
    pub(super) fn part(&self, from: usize, length: usize) -> Result<(*mut c_void, usize)> {
        match from.checked_add(length) {
            Some(end) if end <= self.length => Ok(((self.start + from) as *mut _, length)),
            _ => Err(Errno::EINVAL),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: our own mapping, into which no reference exists.
        unsafe { libc::munmap(self.start as *mut _, self.length) };
    }
}

/// Has the processor forget which pages it has seen, so that the next access to each is noted in the
/// page table: whoever clears the mark there doesn't see to that.
pub fn forget_translations() -> Result<()> {
    // More pages than are told one by one.
    let mapping = Mapping::anonymous(128 * PAGE)?;
    mapping.touch(0, 128 * PAGE, true);
    mapping.protect(0, 128 * PAGE, libc::PROT_READ)
}

/// Bytes at the end of the heap (`brk`), which stay there.
#[derive(Debug)]
pub struct Heap {
    start: usize,
    length: usize,
}

impl Heap {
    /// Makes the heap larger.
    pub fn grow(length: usize) -> Result<Heap> {
        // SAFETY: growing moves nothing; the allocator copes with a break that others have moved.
        let before = unsafe { libc::sbrk(length as isize) };
        if before as isize == -1 {
            return Err(Errno::last());
        }
        Ok(Heap {
            start: before as usize,
            length,
        })
    }

    /// Writes to the first byte of each page of a part.
    pub fn touch(&self, from: usize, length: usize) {
        let end = (from + length).min(self.length);
        for offset in (from..end).step_by(PAGE) {
            // SAFETY: within what the heap has grown by, which nobody else was given.
            unsafe { ((self.start + offset) as *mut u8).write_volatile(1) };
        }
    }
}

/// A System V shared memory segment, attached, marked for removal with its last detach.
pub fn attach_shared_memory(bytes: usize) -> Result<()> {
    // SAFETY: no pointers.
    let id = Errno::result(unsafe { libc::shmget(libc::IPC_PRIVATE, bytes, 0o600) })?;
    // SAFETY: attached where the kernel likes, and never dereferenced.
    let at = unsafe { libc::shmat(id, std::ptr::null(), 0) };
    let attached = if at as isize == -1 {
        Err(Errno::last())
    } else {
        Ok(())
    };
    // SAFETY: `IPC_RMID` takes no argument.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    attached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_guards_its_bounds() {
        let mapping = Mapping::anonymous(8192).unwrap();
        mapping.touch(0, 8192, true);
        assert_eq!(mapping.punch(4096, 8192), Err(Errno::EINVAL));
        assert_eq!(mapping.fill(8192, 1, 7), Err(Errno::EINVAL));
        assert_eq!(mapping.protect(4096, 4096, libc::PROT_NONE), Ok(()));
    }

    #[test]
    fn an_aligned_mapping_is_where_huge_pages_fit() {
        let mapping = Mapping::aligned(HUGE).unwrap();
        assert_eq!(mapping.start() % HUGE, 0);
        assert_eq!(mapping.length(), HUGE);
    }

    #[test]
    fn a_moved_mapping_keeps_its_length() {
        let mapping = Mapping::anonymous(8192).unwrap();
        let before = mapping.start();
        mapping.touch(0, 8192, true);
        let moved = mapping.moved().unwrap();
        moved.touch(0, 8192, false);
        assert_ne!(moved.start(), before);
    }
}
