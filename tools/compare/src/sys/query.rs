// SPDX-License-Identifier: GPL-2.0

//! `PROCMAP_QUERY`, an `ioctl(2)` of `maps`.
//!
//! `<linux/fs.h>`; the C library's crate has nothing of it.

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::Result;

use super::call::{fd as descriptor, Arg, Call, Caller, Place};
use super::trap::Trap;

const PROCMAP_QUERY: u64 = nix::request_code_readwrite!(b'f', 17, size_of::<Argument>());

/// `PROCMAP_QUERY_COVERING_OR_NEXT_VMA`.
pub const OR_NEXT: u64 = 0x10;
/// `PROCMAP_QUERY_FILE_BACKED_VMA`.
pub const FILE_BACKED: u64 = 0x20;
/// Every flag that the kernel knows.
pub const ALL_FLAGS: u64 = 0x3f;

/// `struct procmap_query`.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C)]
struct Argument {
    size: u64,
    flags: u64,
    address: u64,
    start: u64,
    end: u64,
    vma_flags: u64,
    page_size: u64,
    offset: u64,
    inode: u64,
    major: u32,
    minor: u32,
    name_size: u32,
    build_id_size: u32,
    name: u64,
    build_id: u64,
}

/// The true size of the argument.
pub const SIZE: usize = size_of::<Argument>();

/// A buffer for a name or a build id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// None is asked for.
    None,
    /// So many bytes.
    For(u32),
    /// A size without a buffer.
    NullFor(u32),
    /// A buffer without a size.
    Empty,
    /// A size, and a buffer of which only the first so many bytes can be written to.
    Trapped(u32, u32),
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Query {
    /// `PROCMAP_QUERY_*`.
    pub flags: u64,
    /// The address that is asked about.
    pub address: u64,
    /// For the name.
    pub name: Room,
    /// For the build id.
    pub build_id: Room,
    /// What the size is said to be.
    pub size: u64,
    /// What every byte of the argument after the fields that the kernel knows is.
    pub tail: u8,
    /// How many bytes of the argument are there at all.
    pub present: usize,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The call's own answer.
    pub answer: Result<i64>,
    /// Every field, those that lead to our buffers as zero; as they were if nothing was written.
    pub fields: Vec<(&'static str, u64)>,
    /// The whole buffer of the name.
    pub name: Vec<u8>,
    /// The whole buffer of the build id.
    pub build_id: Vec<u8>,
}

impl Answer {
    /// That of a call that wasn't made.
    fn none(errno: Errno) -> Answer {
        Answer {
            answer: Err(errno),
            fields: Argument::default().fields(),
            name: Vec::new(),
            build_id: Vec::new(),
        }
    }
}

impl Query {
    /// Asks about an address, for everything.
    pub fn at(address: u64, flags: u64) -> Query {
        Query {
            flags,
            address,
            name: Room::For(256),
            build_id: Room::For(20),
            size: SIZE as u64,
            tail: 0,
            present: SIZE,
        }
    }

    /// Asks about an address, but not for the build id, which takes long.
    pub fn quick(address: u64, flags: u64) -> Query {
        Query {
            build_id: Room::None,
            ..Query::at(address, flags)
        }
    }

    /// Gets everything in place to ask it many times.
    pub fn prepare(self) -> Prepared {
        let room = |room| match room {
            Room::For(size) => vec![0; size as usize],
            _ => Vec::new(),
        };
        Prepared {
            asked: self,
            answer: Argument::default(),
            name: room(self.name),
            build_id: room(self.build_id),
        }
    }

    /// Asks, with the argument in a place of its own.
    pub fn ask(&self, fd: &impl AsFd, place: &Trap) -> Answer {
        self.by(Caller::Native, fd, place)
    }

    /// The same, for a caller. Without memory for the buffers the answer is `ENOMEM`.
    pub fn by(&self, caller: Caller, fd: &impl AsFd, place: &Trap) -> Answer {
        match (Buffer::new(self.name), Buffer::new(self.build_id)) {
            (Ok(name), Ok(build_id)) => self.with(caller, fd, place, name, build_id),
            (Err(errno), _) | (_, Err(errno)) => Answer::none(errno),
        }
    }

    fn with(
        &self,
        caller: Caller,
        fd: &impl AsFd,
        place: &Trap,
        mut name: Buffer,
        mut build_id: Buffer,
    ) -> Answer {
        let argument = Argument {
            size: self.size,
            flags: self.flags,
            address: self.address,
            name_size: name.size,
            build_id_size: build_id.size,
            name: name.address(),
            build_id: build_id.address(),
            ..Argument::default()
        };
        // The end of the argument is where memory ends, so that the kernel can't read more.
        let present = self.present.clamp(1, place.room());
        let at = place.edge() - present;
        let given = present.min(SIZE);
        place.set(&vec![self.tail; present]);
        // SAFETY: `given` bytes are there at `at`, before the trap's edge; `argument` has as many.
        unsafe {
            (&raw const argument)
                .cast::<u8>()
                .copy_to_nonoverlapping(at as *mut u8, given)
        };
        // The argument leads to our own buffers, with their sizes, or to where nobody has memory;
        // what the kernel writes into it is no longer than its size, nor beyond the edge.
        let argument = Arg::At(Place::Before(place, present));
        let request = Arg::Number(PROCMAP_QUERY as i64);
        let answer = Call::IOCTL.by(caller, &[descriptor(fd), request, argument]);
        let mut after = Argument::default();
        let bytes = place.bytes(present);
        // SAFETY: `given` bytes fit into `after`, for which any bytes are valid.
        unsafe {
            bytes
                .as_ptr()
                .copy_to_nonoverlapping((&raw mut after).cast::<u8>(), given.min(bytes.len()))
        };
        Answer {
            answer,
            fields: after.fields(),
            name: name.taken(),
            build_id: build_id.taken(),
        }
    }
}

impl Argument {
    fn fields(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("start", self.start),
            ("end", self.end),
            ("flags", self.vma_flags),
            ("page size", self.page_size),
            ("offset", self.offset),
            ("inode", self.inode),
            ("major", self.major.into()),
            ("minor", self.minor.into()),
            ("name size", self.name_size.into()),
            ("build id size", self.build_id_size.into()),
        ]
    }
}

/// A query that can be asked many times, where the call itself is what matters. It has the true size,
/// and a room is for so many bytes, or none.
#[derive(Debug)]
pub struct Prepared {
    asked: Query,
    answer: Argument,
    name: Vec<u8>,
    build_id: Vec<u8>,
}

impl Prepared {
    /// Asks about an address.
    pub fn ask(&mut self, fd: &impl AsFd, address: u64) -> Result<()> {
        self.answer = Argument {
            size: SIZE as u64,
            flags: self.asked.flags,
            address,
            name_size: self.name.len() as u32,
            build_id_size: self.build_id.len() as u32,
            name: place(&mut self.name),
            build_id: place(&mut self.build_id),
            ..Argument::default()
        };
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: the argument is the one of this request, and leads to buffers of ours, with their
        // sizes.
        let answer = unsafe { libc::ioctl(fd, PROCMAP_QUERY as _, &raw mut self.answer) };
        Errno::result(answer).map(drop)
    }

    /// Where the area ends that the last answer was about.
    pub fn end(&self) -> u64 {
        self.answer.end
    }

    /// All of the last answer, as text.
    pub fn answer(&self) -> String {
        let (name, build_id) = (&self.name, &self.build_id);
        format!("{:x?} {name:x?} {build_id:x?}", self.answer.fields())
    }
}

/// The address of a buffer; 0 of an empty one.
fn place(buffer: &mut [u8]) -> u64 {
    match buffer.len() {
        0 => 0,
        _ => buffer.as_mut_ptr() as u64,
    }
}

/// The memory of a [`Room`].
struct Buffer {
    room: Room,
    size: u32,
    bytes: Vec<u8>,
    trap: Option<Trap>,
}

impl Buffer {
    fn new(room: Room) -> Result<Buffer> {
        let (size, length) = match room {
            Room::None => (0, 0),
            Room::For(size) => (size, size as usize),
            Room::NullFor(size) | Room::Trapped(_, size) => (size, 0),
            Room::Empty => (0, 1),
        };
        let trap = match room {
            Room::Trapped(..) => Some(Trap::small()?),
            _ => None,
        };
        Ok(Buffer {
            room,
            size,
            bytes: vec![0; length],
            trap,
        })
    }

    fn address(&mut self) -> u64 {
        match (self.room, &self.trap) {
            (Room::Trapped(open, _), Some(trap)) => trap.edge() as u64 - u64::from(open),
            (Room::For(_) | Room::Empty, _) => self.bytes.as_mut_ptr() as u64,
            _ => 0,
        }
    }

    fn taken(self) -> Vec<u8> {
        match (self.room, self.trap) {
            (Room::Trapped(open, _), Some(trap)) => trap.bytes(open as usize),
            _ => self.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_number_that_the_kernel_knows() {
        assert_eq!(PROCMAP_QUERY, 0xc068_6611);
        assert_eq!(SIZE, 104);
    }
}
