// SPDX-License-Identifier: GPL-2.0

//! Safe Rust over the parts of the kernel that rustproc needs and the `kernel` crate lacks.
//!
//! One module per kernel subsystem. This is the only layer with `unsafe` in it: each block argues
//! from a type invariant or from a condition of the C function that it calls. Nothing here decides
//! what a procfs file shows.

pub(crate) mod build_id;
pub(crate) mod cred;
pub(crate) mod file;
pub(crate) mod fs;
#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
pub(crate) mod kunit;
mod last_path;
#[cfg(CONFIG_NUMA)]
pub(crate) mod mempolicy;
pub(crate) mod mm;
pub(crate) mod mmu_notifier;
pub(crate) mod name_buffer;
#[cfg(CONFIG_NUMA)]
pub(crate) mod node;
pub(crate) mod percpu;
pub(crate) mod pid;
pub(crate) mod proc_fs;
pub(crate) mod seq;
pub(crate) mod signal;
pub(crate) mod symbols;
pub(crate) mod task;
pub(crate) mod uaccess;
pub(crate) mod vma;
pub(crate) mod walk;
pub(crate) mod zeroed;

/// The module, as the kernel's structs name their owner.
///
/// `kernel` has it too, under names that differ from series to series.
const OWNER: *mut kernel::bindings::module = {
    extern "C" {
        static mut __this_module: core::ffi::c_void;
    }

    // modpost defines the variable for each module; only its address is taken.
    (&raw mut __this_module).cast()
};

/// Whether the kernel that the module is built for is of series 7.3, or newer.
pub(crate) const SINCE_7_3: bool =
    crate::bindings::RUSTPROC_CONST_LINUX_VERSION_CODE >= (7 << 16) + (3 << 8);

/// Reads a word that others may change at any time.
///
/// # Safety
///
/// `word` must be valid for reads.
unsafe fn read_long(word: *const kernel::ffi::c_ulong) -> u64 {
    // SAFETY: By the function's condition.
    // CAST: Both have 64 bits on the architectures that rustproc supports.
    unsafe { core::ptr::read_volatile(word) as u64 }
}
