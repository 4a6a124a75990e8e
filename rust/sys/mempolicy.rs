// SPDX-License-Identifier: GPL-2.0

//! Memory policies: on which NUMA nodes memory shall be.
//!
//! C header: [`include/linux/mempolicy.h`](srctree/include/linux/mempolicy.h)

use crate::{
    bindings as own,
    sys::vma::Vma, //
};
use core::{
    ffi::CStr,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    task::Task, //
};

/// Size of the buffer that stock gives to `mpol_to_str()`.
const TEXT_SIZE: usize = 64;

/// A policy as text, such as `prefer:1`.
pub(crate) struct PolicyText([u8; TEXT_SIZE]);

impl PolicyText {
    /// # Safety
    ///
    /// `policy` must be valid.
    unsafe fn of(policy: *mut bindings::mempolicy) -> Self {
        let mut text = Self([0; TEXT_SIZE]);

        // SAFETY: The policy is valid by the function's condition, and the buffer has this size.
        // CAST: A small number.
        unsafe { own::mpol_to_str(text.0.as_mut_ptr(), TEXT_SIZE as i32, policy) };
        text
    }

    /// The characters.
    pub(crate) fn bytes(&self) -> &[u8] {
        CStr::from_bytes_until_nul(&self.0).map_or(&[], CStr::to_bytes)
    }
}

/// The policy of `task`, for memory without one of its own. Mirrors `get_task_policy()`.
pub(crate) fn of_task(task: &Task) -> PolicyText {
    // SAFETY: The task is valid. Its policy is kept by the lock until it has a reference, which is put.
    unsafe {
        own::rustproc_task_lock(task.as_ptr());
        let policy = own::get_task_policy(task.as_ptr());
        own::rustproc_mpol_get(policy);
        own::rustproc_task_unlock(task.as_ptr());
        let text = PolicyText::of(policy);
        own::rustproc_mpol_put(policy);
        text
    }
}

/// The policy of `vma` at its start; `None` if it has none of its own. Mirrors
/// `__get_vma_policy()`.
pub(crate) fn of_vma(vma: Vma<'_>) -> Option<PolicyText> {
    let mut index = 0;

    // SAFETY: The VMA is locked and belongs to an address space; what has a reference loses it.
    unsafe {
        let policy = NonNull::new(own::__get_vma_policy(vma.raw(), vma.start(), &mut index))?;
        let text = PolicyText::of(policy.as_ptr());
        own::rustproc_mpol_cond_put(policy.as_ptr());
        Some(text)
    }
}
