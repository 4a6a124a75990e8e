// SPDX-License-Identifier: GPL-2.0

//! How entries name page frames, and where the page structs of frames are.

use crate::bindings as own;
#[cfg(CONFIG_SPARSEMEM_VMEMMAP)]
use crate::sys::read_long;
use core::{
    hint::assert_unchecked,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    page::{
        PAGE_MASK,
        PAGE_SHIFT, //
    },
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

/// The bits of an entry that are the address of the frame; 0 where only the kernel can tell, as in a
/// paravirtualised guest of Xen, whose entries name the frames of the host.
static FRAME_MASK: Atomic<u64> = Atomic::new(0);

/// Finds out how entries name frames; before this the kernel is asked for each.
pub(crate) fn init() {
    #[cfg(CONFIG_DYNAMIC_PHYSICAL_MASK)]
    // SAFETY: Set at boot.
    let mask = unsafe { bindings::physical_mask };
    #[cfg(not(CONFIG_DYNAMIC_PHYSICAL_MASK))]
    let mask = own::RUSTPROC_CONST_PHYSICAL_MASK;

    // SAFETY: Was found out at boot.
    if !unsafe { own::rustproc_is_xen_pv() } {
        // CAST: Both have 64 bits.
        FRAME_MASK.store(mask & PAGE_MASK as u64, Relaxed);
    }
}

/// What finds the frames and pages of entries without asking the kernel; looked up once for a table.
///
/// # Invariants
///
/// `pages` is the start of an array that has an element for each frame with a page struct whose number
/// is below `end`.
#[derive(Clone, Copy)]
pub(super) struct FrameMap {
    /// The bits of an entry that are the address of the frame; 0 if only the kernel can tell.
    mask: u64,
    /// 0 if only the kernel can find pages.
    end: u64,
    pages: *mut bindings::page,
}

impl FrameMap {
    /// How it is now; memory may come and go.
    #[cfg(CONFIG_SPARSEMEM_VMEMMAP)]
    pub(super) fn new() -> Self {
        let mask = FRAME_MASK.load(Relaxed);
        // SAFETY: Both variables are words, set at boot; memory hotplug sets the first anew.
        let (highest, pages) = unsafe {
            (
                read_long(own::rustproc_highest_memmap_pfn),
                bindings::vmemmap_base,
            )
        };

        // INVARIANT: That is what the two variables say. CAST: An address.
        Self {
            mask,
            end: if mask == 0 { 0 } else { highest + 1 },
            pages: pages as *mut bindings::page,
        }
    }

    /// Without such an array the kernel finds all pages.
    #[cfg(not(CONFIG_SPARSEMEM_VMEMMAP))]
    pub(super) fn new() -> Self {
        // INVARIANT: No number is below 0.
        Self {
            mask: FRAME_MASK.load(Relaxed),
            end: 0,
            pages: core::ptr::null_mut(),
        }
    }

    /// The bits of an entry that are the address of the frame; `None` if only the kernel can tell.
    #[inline]
    pub(super) fn mask(&self) -> Option<u64> {
        (self.mask != 0).then_some(self.mask)
    }

    /// Frame number in an entry that is present; `inverted` if the CPU shall not use it. `None` if only
    /// the kernel can tell.
    #[inline]
    pub(super) fn frame(&self, entry: bindings::pte_t, inverted: bool) -> Option<u64> {
        let invert = if inverted { !0 } else { 0 };

        // CAST: An entry has 64 bits.
        self.mask()
            .map(|mask| ((entry.pte ^ invert) as u64 & mask) >> PAGE_SHIFT)
    }

    /// The frame and the page that an entry maps which the CPU uses, if the entry is an ordinary one;
    /// `None` if only the kernel can tell.
    ///
    /// The frame of an ordinary entry has a page struct, unless the entry is damaged.
    #[inline]
    pub(super) fn page(&self, entry: bindings::pte_t) -> Option<(u64, NonNull<bindings::page>)> {
        // CAST: An entry has 64 bits.
        let frame = (entry.pte as u64 & self.mask) >> PAGE_SHIFT;

        if frame >= self.end {
            return None;
        }
        // CAST: A frame number fits an index.
        let page = self.pages.wrapping_add(frame as usize);
        // SAFETY: By the type invariant the array has this element, which is not at null.
        unsafe {
            assert_unchecked(!page.is_null());
            Some((frame, NonNull::new_unchecked(page)))
        }
    }
}
