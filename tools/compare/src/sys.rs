// SPDX-License-Identifier: GPL-2.0

//! The system calls that no crate offers safely, each behind a safe function; the only place with
//! `unsafe`.
//!
//! Everything here answers with the errno as it came.

pub mod call;
pub mod compat;
pub mod devices;
mod file;
mod memory;
pub mod policy;
mod process;
pub mod query;
pub mod ring;
pub mod scan;
pub mod swap;
mod trap;
pub mod userfault;

pub use file::{
    c_path, getdents, getdents_into, getxattr, ioctl, is_mount_point, listxattr, lseek, memfd,
    mmap_file, open, openat, parse_entries, readlink, statfs, statx, write_byte, Entry,
};
pub use memory::{attach_shared_memory, forget_translations, Heap, Mapping, HUGE, PAGE};
pub use process::{
    allow_all_filter, block_signals, die_with_parent, exit_thread, fork, fork_and_hang, gettid,
    prctl, queue_signal, set_disposition, set_fs_ids, set_nice, set_personality, set_scheduling,
    set_thread_uids, signal_thread, take_descriptor, Scheduling,
};
pub use trap::Trap;
