// SPDX-License-Identifier: GPL-2.0

//! System calls with arguments that no library lets through: counts without a buffer, addresses
//! where nobody has memory; from a 64-bit caller and from a 32-bit one.
//!
//! A [`Call`] says which of its arguments are addresses, and an address is always a [`Place`], so a
//! call can write nowhere but into a [`Trap`].

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::Result;

use super::compat;
use super::memory::{Mapping, PAGE};
use super::trap::Trap;

/// Who calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// A program of the kernel's own word size.
    Native,
    /// A 32-bit one.
    Compat,
}

/// Where a buffer is.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// At address 0.
    Null,
    /// In the kernel's half of the address space.
    Kernel,
    /// At an address that can't be.
    Nowhere,
    /// At the last bytes that a user may have.
    End,
    /// So many bytes before a trap.
    Before(&'a Trap, usize),
}

/// An argument.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// A number, or a descriptor.
    Number(i64),
    /// An offset of 64 bits, which is two arguments for a 32-bit caller.
    Offset(i64),
    /// A path or another name.
    Text(&'a CStr),
    /// A buffer, or what passes for one.
    At(Place<'a>),
    /// Some buffers (`struct iovec`), with the lengths that they are said to have.
    Parts(&'a [(Place<'a>, u64)]),
}

/// A descriptor as an argument.
pub fn fd(fd: &impl AsFd) -> Arg<'static> {
    Arg::Number(fd.as_fd().as_raw_fd().into())
}

/// A system call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// As the manual has it.
    pub name: &'static str,
    native: libc::c_long,
    /// The number that a 32-bit caller uses.
    compat: u32,
    /// A letter for each argument: a (n)umber, an (o)ffset, an offset in two (w)ords for any caller,
    /// a (t)ext, a (p)lace, (v)ectored buffers.
    shape: &'static str,
}

const fn call(name: &'static str, native: libc::c_long, compat: u32, shape: &'static str) -> Call {
    Call {
        name,
        native,
        compat,
        shape,
    }
}

/// The number of a call that 64-bit callers don't have.
const NONE: libc::c_long = -1;

#[allow(missing_docs)] // Each is the system call of its name.
impl Call {
    pub const READ: Call = call("read", libc::SYS_read, 3, "npn");
    pub const WRITE: Call = call("write", libc::SYS_write, 4, "npn");
    pub const PREAD: Call = call("pread", libc::SYS_pread64, 180, "npno");
    pub const PWRITE: Call = call("pwrite", libc::SYS_pwrite64, 181, "npno");
    pub const READV: Call = call("readv", libc::SYS_readv, 145, "nvn");
    pub const WRITEV: Call = call("writev", libc::SYS_writev, 146, "nvn");
    pub const PREADV: Call = call("preadv", libc::SYS_preadv, 333, "nvnw");
    pub const PREADV2: Call = call("preadv2", libc::SYS_preadv2, 378, "nvnwn");
    pub const LSEEK: Call = call("lseek", libc::SYS_lseek, 19, "nnn");
    pub const LLSEEK: Call = call("_llseek", NONE, 140, "nnnpn");
    pub const GETDENTS: Call = call("getdents", libc::SYS_getdents, 141, "npn");
    pub const GETDENTS64: Call = call("getdents64", libc::SYS_getdents64, 220, "npn");
    pub const IOCTL: Call = call("ioctl", libc::SYS_ioctl, 54, "nnp");
    pub const FCNTL: Call = call("fcntl", libc::SYS_fcntl, 221, "nnp");
    pub const FCNTL_NUMBER: Call = call("fcntl", libc::SYS_fcntl, 221, "nnn");
    pub const FLOCK: Call = call("flock", libc::SYS_flock, 143, "nn");
    pub const OPENAT: Call = call("openat", libc::SYS_openat, 295, "ntnn");
    pub const OPENAT2: Call = call("openat2", libc::SYS_openat2, 437, "ntpn");
    pub const OPEN_BY_HANDLE: Call =
        call("open_by_handle_at", libc::SYS_open_by_handle_at, 342, "npn");
    pub const NAME_TO_HANDLE: Call = call(
        "name_to_handle_at",
        libc::SYS_name_to_handle_at,
        341,
        "ntppn",
    );
    pub const STATX: Call = call("statx", libc::SYS_statx, 383, "ntnnp");
    pub const FACCESSAT2: Call = call("faccessat2", libc::SYS_faccessat2, 439, "ntnn");
    pub const READLINKAT: Call = call("readlinkat", libc::SYS_readlinkat, 305, "ntpn");
    pub const FCHMOD: Call = call("fchmod", libc::SYS_fchmod, 94, "nn");
    pub const FCHMODAT2: Call = call("fchmodat2", libc::SYS_fchmodat2, 452, "ntnn");
    pub const FCHOWNAT: Call = call("fchownat", libc::SYS_fchownat, 298, "ntnnn");
    pub const UTIMENSAT: Call = call("utimensat", libc::SYS_utimensat, 320, "ntpn");
    pub const TRUNCATE: Call = call("truncate", libc::SYS_truncate, 193, "to");
    pub const FTRUNCATE: Call = call("ftruncate", libc::SYS_ftruncate, 194, "no");
    pub const FALLOCATE: Call = call("fallocate", libc::SYS_fallocate, 324, "nnoo");
    pub const FADVISE: Call = call("fadvise64", libc::SYS_fadvise64, 272, "noon");
    pub const READAHEAD: Call = call("readahead", libc::SYS_readahead, 225, "non");
    pub const SYNC_FILE_RANGE: Call =
        call("sync_file_range", libc::SYS_sync_file_range, 314, "noon");
    pub const SYNCFS: Call = call("syncfs", libc::SYS_syncfs, 344, "n");
    pub const FSYNC: Call = call("fsync", libc::SYS_fsync, 118, "n");
    pub const FDATASYNC: Call = call("fdatasync", libc::SYS_fdatasync, 148, "n");
    pub const SETXATTR: Call = call("lsetxattr", libc::SYS_lsetxattr, 227, "ttpnn");
    pub const GETXATTR: Call = call("lgetxattr", libc::SYS_lgetxattr, 230, "ttpn");
    pub const LISTXATTR: Call = call("llistxattr", libc::SYS_llistxattr, 233, "tpn");
    pub const REMOVEXATTR: Call = call("lremovexattr", libc::SYS_lremovexattr, 236, "tt");
    pub const RENAMEAT2: Call = call("renameat2", libc::SYS_renameat2, 353, "ntntn");
    pub const LINKAT: Call = call("linkat", libc::SYS_linkat, 303, "ntntn");
    pub const UNLINKAT: Call = call("unlinkat", libc::SYS_unlinkat, 301, "ntn");
    pub const MKDIRAT: Call = call("mkdirat", libc::SYS_mkdirat, 296, "ntn");
    pub const MKNODAT: Call = call("mknodat", libc::SYS_mknodat, 297, "ntnn");
    pub const SYMLINKAT: Call = call("symlinkat", libc::SYS_symlinkat, 304, "tnt");
    pub const SPLICE: Call = call("splice", libc::SYS_splice, 313, "npnpnn");
    pub const TEE: Call = call("tee", libc::SYS_tee, 315, "nnnn");
    pub const VMSPLICE: Call = call("vmsplice", libc::SYS_vmsplice, 316, "nvnn");
    pub const SENDFILE: Call = call("sendfile", libc::SYS_sendfile, 239, "nnpn");
    pub const COPY_FILE_RANGE: Call =
        call("copy_file_range", libc::SYS_copy_file_range, 377, "npnpnn");
    pub const INOTIFY_ADD_WATCH: Call =
        call("inotify_add_watch", libc::SYS_inotify_add_watch, 292, "ntn");
    pub const INOTIFY_RM_WATCH: Call =
        call("inotify_rm_watch", libc::SYS_inotify_rm_watch, 293, "nn");
    pub const FANOTIFY_MARK: Call = call("fanotify_mark", libc::SYS_fanotify_mark, 339, "nnont");
    pub const FANOTIFY_INIT: Call = call("fanotify_init", libc::SYS_fanotify_init, 338, "nn");
    pub const FSTATFS64: Call = call("fstatfs64", NONE, 269, "nnp");
    pub const FSTAT64: Call = call("fstat64", NONE, 197, "np");
    pub const FSOPEN: Call = call("fsopen", libc::SYS_fsopen, 430, "tn");
    pub const FSCONFIG: Call = call("fsconfig", libc::SYS_fsconfig, 431, "nnttn");
    pub const FSMOUNT: Call = call("fsmount", libc::SYS_fsmount, 432, "nnn");
    pub const FSPICK: Call = call("fspick", libc::SYS_fspick, 433, "ntn");
    pub const MOVE_MOUNT: Call = call("move_mount", libc::SYS_move_mount, 429, "ntntn");
    pub const STATMOUNT: Call = call("statmount", 457, 457, "ppnn");

    /// Makes the call.
    ///
    /// # Panics
    ///
    /// If the arguments don't have the call's shape.
    pub fn by(&self, caller: Caller, arguments: &[Arg<'_>]) -> Result<i64> {
        let fits = |(letter, argument): (char, &Arg<'_>)| {
            matches!(
                (letter, argument),
                ('n', Arg::Number(_))
                    | ('o' | 'w', Arg::Offset(_))
                    | ('t', Arg::Text(_) | Arg::At(_))
                    | ('p', Arg::At(_))
                    | ('v', Arg::Parts(_) | Arg::At(_))
            )
        };
        let all = self.shape.len() == arguments.len();
        assert!(
            all && self.shape.chars().zip(arguments).all(fits),
            "{}: arguments of another shape",
            self.name
        );
        let mut given = Words::new(caller);
        for (letter, argument) in self.shape.chars().zip(arguments) {
            given.add(argument, letter == 'w');
        }
        let words = given.words;
        let answer = match caller {
            // SAFETY: where the kernel writes is a `Place` by the shape: memory of a trap, into
            // which no reference exists and beyond which the kernel can't write, or no memory at
            // all. What it reads are texts and buffers that outlive the call.
            Caller::Native => unsafe {
                libc::syscall(
                    self.native,
                    words[0],
                    words[1],
                    words[2],
                    words[3],
                    words[4],
                    words[5],
                )
            },
            Caller::Compat => {
                let words = words.map(|word| word as u32);
                // SAFETY: as above; all addresses are below 4 GiB, so none has been cut.
                return unsafe { compat::call(self.compat, words) };
            }
        };
        Errno::result(answer)
    }

    /// Makes the call, as a native one.
    pub fn ask(&self, arguments: &[Arg<'_>]) -> Result<i64> {
        self.by(Caller::Native, arguments)
    }

    /// Makes a call that answers with a new descriptor.
    pub fn open(&self, caller: Caller, arguments: &[Arg<'_>]) -> Result<OwnedFd> {
        let opens = [
            "openat",
            "openat2",
            "open_by_handle_at",
            "fanotify_init",
            "fsopen",
            "fsmount",
            "fspick",
        ];
        assert!(opens.contains(&self.name), "{} opens nothing", self.name);
        let fd = self.by(caller, arguments)?;
        // SAFETY: the call has just made it, and nobody else knows it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
    }
}

/// Arguments as they go to the kernel. Texts and vectors are copied to where any caller can name
/// them, until the next call.
struct Words {
    caller: Caller,
    words: [i64; 6],
    used: usize,
    /// How much of the copies is in use.
    filled: usize,
}

thread_local! {
    /// Room for copies.
    static COPIES: Mapping = Mapping::low(16 * PAGE).expect("sixteen pages of memory");
}

/// Makes the room for copies of arguments now, rather than for the first call that needs some.
pub fn prepare() {
    COPIES.with(|_| ());
}

impl Words {
    fn new(caller: Caller) -> Words {
        Words {
            caller,
            words: [0; 6],
            used: 0,
            filled: 0,
        }
    }

    fn add(&mut self, argument: &Arg<'_>, two_words: bool) {
        match argument {
            Arg::Number(number) => self.push(*number),
            Arg::Offset(offset) if self.caller == Caller::Compat => {
                self.push(*offset & 0xffff_ffff);
                self.push(*offset >> 32);
            }
            Arg::Offset(offset) => {
                self.push(*offset);
                if two_words {
                    self.push(0);
                }
            }
            Arg::Text(text) => {
                let at = self.copy(text.to_bytes_with_nul());
                self.push(at);
            }
            Arg::At(place) => self.push(self.address(*place)),
            Arg::Parts(parts) => {
                let bytes: Vec<u8> = parts.iter().flat_map(|part| self.vector(part)).collect();
                let at = self.copy(&bytes);
                self.push(at);
            }
        }
    }

    fn push(&mut self, word: i64) {
        self.words[self.used] = word;
        self.used += 1;
    }

    fn address(&self, place: Place<'_>) -> i64 {
        match (place, self.caller) {
            (Place::Null, _) => 0,
            (Place::Before(trap, before), _) => (trap.edge() - before.min(trap.room())) as i64,
            (_, Caller::Compat) => 0xffff_f000,
            (Place::Kernel, _) => 0xffff_8880_0000_0000_u64 as i64,
            (Place::Nowhere, _) => 0x0080_0000_0000_0000,
            (Place::End, _) => 0x7fff_ffff_eff8,
        }
    }

    /// A `struct iovec`, or that of a 32-bit caller.
    fn vector(&self, (place, length): &(Place<'_>, u64)) -> Vec<u8> {
        let address = self.address(*place) as u64;
        match self.caller {
            Caller::Native => [address.to_ne_bytes(), length.to_ne_bytes()].concat(),
            Caller::Compat => [
                (address as u32).to_ne_bytes(),
                (*length as u32).to_ne_bytes(),
            ]
            .concat(),
        }
    }

    fn copy(&mut self, bytes: &[u8]) -> i64 {
        let from = self.filled;
        self.filled += bytes.len().next_multiple_of(8);
        COPIES.with(|copies| {
            copies.write(from, bytes);
            (copies.start() + from) as i64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::BorrowedFd;

    fn zero() -> std::fs::File {
        std::fs::File::open("/dev/zero").unwrap()
    }

    #[test]
    fn a_count_may_be_more_than_the_buffer() {
        let trap = Trap::default();
        let at = Arg::At(Place::Before(&trap, 8));
        let answer = Call::READ.ask(&[fd(&zero()), at, Arg::Number(1 << 30)]);
        assert_eq!(answer, Ok(8));
        let answer = Call::READ.ask(&[fd(&zero()), Arg::At(Place::Kernel), Arg::Number(1)]);
        assert_eq!(answer, Err(Errno::EFAULT));
    }

    #[test]
    fn parts_are_filled_in_turn() {
        let trap = Trap::default();
        trap.reset(1).unwrap();
        let parts = [(Place::Before(&trap, 8), 2), (Place::Before(&trap, 4), 4)];
        let answer = Call::READV.ask(&[fd(&zero()), Arg::Parts(&parts), Arg::Number(2)]);
        assert_eq!(answer, Ok(6));
        assert_eq!(trap.bytes(8), [0, 0, 1, 1, 0, 0, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "another shape")]
    fn a_number_is_no_address() {
        let _ = Call::READ.ask(&[Arg::Number(0), Arg::Number(4096), Arg::Number(1)]);
    }

    #[test]
    fn a_new_descriptor_is_owned() {
        let path = Arg::Text(c"/dev/zero");
        let here = Arg::Number(libc::AT_FDCWD.into());
        let opened = Call::OPENAT.open(
            Caller::Native,
            &[here, path, Arg::Number(0), Arg::Number(0)],
        );
        let borrowed: BorrowedFd<'_> = opened.as_ref().unwrap().as_fd();
        assert!(borrowed.as_raw_fd() > 2);
    }
}
