// SPDX-License-Identifier: GPL-2.0

//! The kinds of operations, and who does which.

use clap::ValueEnum;

use crate::actor::Role;

/// A kind of operation; `--only` and `--without` take these names.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    // Readers.
    /// A whole file in pieces of any size, judged
    Read,
    /// A piece of a file at any offset
    Pread,
    /// Into several buffers, some of which are not there
    Readv,
    /// Into a pipe
    Splice,
    /// Into another file
    Sendfile,
    /// By io_uring and by its elder
    Ring,
    /// Any offset from anywhere
    Seek,
    /// Mapping a file, which must fail
    Map,
    /// Requests that nobody knows
    Ioctl,
    /// PROCMAP_QUERY, right and wrong
    Query,
    /// PAGEMAP_SCAN, right and wrong
    Scan,
    /// Commands for clear_refs, and garbage
    Clear,
    /// Waiting for a file
    Poll,
    /// Two descriptors of one open file
    Dup,
    /// A descriptor sent to another reader
    Send,
    /// A descriptor from another reader, and its use
    Receive,
    /// A child that goes on with what is open
    Inherit,
    /// Opening and keeping
    Hold,
    /// Using what was kept, whatever its task has become
    Held,
    /// Closing what was kept, in any order
    Release,
    /// Listing a directory with small buffers, and seeking in it
    List,
    /// Attributes
    Statx,
    /// Opening with any flags
    Open,
    /// Opening with RESOLVE_ flags
    Openat2,
    /// Following links
    Readlink,
    /// Through self and thread-self
    Selves,
    /// From within the directory of a task
    Enter,
    /// What is passed through to stock
    Passed,
    /// Names that don't exist, and names that can't be changed
    Nonsense,
    /// As a user without rights
    Powerless,
    // Targets.
    /// Mapping memory of any sort
    Mmap,
    /// Unmapping parts
    Munmap,
    /// Moving
    Mremap,
    /// Changing what is allowed
    Mprotect,
    /// Each kind of advice
    Madvise,
    /// Having pages come
    Fault,
    /// Locking and unlocking
    Mlock,
    /// Memory policies
    Policy,
    /// Registering userfaultfd, and protecting
    Userfault,
    /// Huge pages made, split and collapsed
    Huge,
    /// To swap and back
    Swap,
    /// Guard regions
    Guard,
    /// Protection keys
    Pkey,
    /// Names of areas
    Naming,
    /// Pages shared with a child, in any state
    Fork,
    /// A parent that waits for its child
    Vfork,
    /// Another program, or the same again
    Exec,
    /// Threads, with and without their leader
    Threads,
    /// Children that nobody waits for, for some time
    Zombie,
    /// A child traced, stepped and let go
    Ptrace,
    /// Other users, groups and capabilities
    Creds,
    /// New namespaces
    Unshare,
    /// Other names of the task
    Comm,
    /// Stopping and going on
    Stop,
    /// A stack that grows, memory that is sealed, System V shared memory: in a child
    Stack,
    /// The end of the whole process
    Exit,
    // The world.
    /// Mounting with any options
    Mount,
    /// Remounting with any options
    Remount,
    /// The tree bound elsewhere
    Bind,
    /// Moving a mount
    Move,
    /// Unmounting, lazily or not
    Unmount,
    /// A mount in namespaces of its own, and a reader there
    Namespace,
    /// Inserting the module
    Load,
    /// Removing the module, once nothing holds it
    Unload,
    /// Removing the module while it is in use, which must fail
    UnloadInUse,
    // What weighs on all.
    /// Dropping caches
    Caches,
    /// Little memory for targets
    Reclaim,
    /// Much memory for nobody
    Hog,
    /// Processors that come and go
    Processors,
    /// Allocations that fail
    Faults,
    // The frozen ones.
    /// A process at rest, through stock and through ours
    Compare,
}

impl Kind {
    /// All of them, in the order of the results.
    pub fn all() -> &'static [Kind] {
        Kind::value_variants()
    }

    /// As it is named on the command line.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().into())
    }

    /// The kind of that number.
    pub fn from_number(number: u64) -> Option<Kind> {
        Kind::all().get(number as usize).copied()
    }

    /// Who does it.
    pub fn role(self) -> Role {
        match self as u8 {
            kind if kind < Kind::Mmap as u8 => Role::Reader,
            kind if kind < Kind::Mount as u8 => Role::Target,
            kind if kind < Kind::Caches as u8 => Role::World,
            kind if kind < Kind::Compare as u8 => Role::Weight,
            _ => Role::Still,
        }
    }
}

/// How many kinds there are at most.
pub const KINDS: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_number() {
        assert!(Kind::all().len() <= KINDS);
        for (number, &kind) in Kind::all().iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(Kind::from_number(number as u64), Some(kind));
        }
    }
}
