// SPDX-License-Identifier: GPL-2.0

//! Page-table entries, copied out of a locked table.
//!
//! The bits that the architecture defines are tested here; what the kernel keeps in entries that are
//! not present ([`Leaf`]) is left to its own functions.
//!
//! C headers: [`arch/x86/include/asm/pgtable.h`](srctree/arch/x86/include/asm/pgtable.h),
//! [`include/linux/leafops.h`](srctree/include/linux/leafops.h)

use super::{
    folio::Page,
    frame::FrameMap, //
};
use crate::{
    bindings as own,
    sys::vma::Vma, //
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    page::PAGE_SHIFT, //
};

/// Bits of a page-table entry, all names and meanings the architecture's.
mod bits {
    pub(super) use crate::bindings::{
        RUSTPROC_CONST_PMD_HUGE as PMD_HUGE,
        RUSTPROC_CONST_PMD_PRESENT as PMD_PRESENT,
        RUSTPROC_CONST_PTE_ACCESSED as ACCESSED,
        RUSTPROC_CONST_PTE_CPU_DIRTY as CPU_DIRTY,
        RUSTPROC_CONST_PTE_DIRTY as DIRTY,
        RUSTPROC_CONST_PTE_IGNORED as IGNORED,
        RUSTPROC_CONST_PTE_PRESENT as PRESENT,
        RUSTPROC_CONST_PTE_SOFT_DIRTY as SOFT_DIRTY,
        RUSTPROC_CONST_PTE_SPECIAL as SPECIAL,
        RUSTPROC_CONST_PTE_SWP_SOFT_DIRTY as SWP_SOFT_DIRTY,
        RUSTPROC_CONST_PTE_SWP_UFFD as SWP_UFFD,
        RUSTPROC_CONST_PTE_UFFD as UFFD,
        RUSTPROC_CONST_PTE_VALID as VALID,       //
        RUSTPROC_CONST_PTE_WRITABLE as WRITABLE, //
    };
}

/// What the architecture says in an entry of whatever size.
pub(crate) trait Entry {
    /// The bits of which at least one is set in an entry that maps something.
    const PRESENT: usize;

    /// All bits.
    fn value(&self) -> usize;

    /// Whether one of `bits` is set.
    #[inline]
    fn has(&self, bits: usize) -> bool {
        self.value() & bits != 0
    }

    /// Maps nothing. Mirrors `pte_none()`.
    #[inline]
    fn is_none(&self) -> bool {
        !self.has(!bits::IGNORED)
    }

    /// Maps memory. Mirrors `pte_present()`.
    #[inline]
    fn is_present(&self) -> bool {
        self.has(Self::PRESENT)
    }

    /// The memory has been used. For a present entry.
    #[inline]
    fn is_young(&self) -> bool {
        self.has(bits::ACCESSED)
    }

    /// The memory has been written to. For a present entry.
    #[inline]
    fn is_dirty(&self) -> bool {
        self.has(bits::DIRTY)
    }

    /// Written to since soft-dirty bits were cleared.
    #[inline]
    fn is_soft_dirty(&self) -> bool {
        if self.is_present() {
            self.has(bits::SOFT_DIRTY)
        } else {
            self.has(bits::SWP_SOFT_DIRTY)
        }
    }

    /// Watched by userfaultfd.
    #[inline]
    fn is_uffd(&self) -> bool {
        if self.is_present() {
            self.has(bits::UFFD)
        } else {
            self.has(bits::SWP_UFFD)
        }
    }
}

/// Whether an entry is present, and if so, whether it is soft-dirty and watched by userfaultfd.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks(usize);

/// An entry of a page table.
///
/// # Invariants
///
/// `raw` was read at `address` of `vma` from a table that stays locked for `'t`.
#[derive(Clone, Copy)]
pub(crate) struct Pte<'t> {
    raw: bindings::pte_t,
    address: usize,
    vma: Vma<'t>,
    frames: FrameMap,
}

impl Entry for Pte<'_> {
    const PRESENT: usize = bits::PRESENT;

    #[inline]
    fn value(&self) -> usize {
        self.raw.pte
    }
}

impl<'t> Pte<'t> {
    /// # Safety
    ///
    /// `raw` must have been read at `address` of `vma` from a table that stays locked for `'t`.
    #[inline]
    pub(super) unsafe fn new(
        raw: bindings::pte_t,
        address: usize,
        vma: Vma<'t>,
        frames: FrameMap,
    ) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            raw,
            address,
            vma,
            frames,
        }
    }

    /// The entry in C.
    #[inline]
    pub(super) fn raw(&self) -> bindings::pte_t {
        self.raw
    }

    /// The VMA that it lies in.
    pub(super) fn vma(&self) -> Vma<'t> {
        self.vma
    }

    /// The address in bytes that it maps.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// The bits that tell how the page of a present entry has been used.
    pub(super) const USE: usize = bits::ACCESSED | bits::DIRTY;

    /// The bits of which [`marks()`](Self::marks) are made.
    pub(super) const MARKS: usize = bits::PRESENT | bits::SOFT_DIRTY | bits::UFFD;

    /// Whether the pages of both present entries have been used alike, as far as the entries know.
    #[inline]
    pub(super) fn is_used_as(&self, other: &Self) -> bool {
        (self.raw.pte ^ other.raw.pte) & Self::USE == 0
    }

    /// Whether it maps the page that is `distance` pages behind that of `first`, and is equal to it in the
    /// bits `alike`. `false` where only the kernel can tell, and for pages that the CPU shall not use.
    #[inline]
    pub(super) fn follows(&self, first: &Self, distance: usize, alike: usize) -> bool {
        let expected = first.raw.pte.wrapping_add(distance << PAGE_SHIFT);
        let alike = alike | bits::PRESENT | bits::SPECIAL;

        first.has(bits::VALID)
            && self.frames.mask().is_some_and(|mask| {
                // CAST: An entry has 64 bits.
                (self.raw.pte ^ expected) & (mask as usize | alike) == 0
            })
    }

    /// The page may be written to. For a present entry. Mirrors `pte_write()`.
    #[inline]
    pub(crate) fn is_writable(&self) -> bool {
        if self.has(bits::WRITABLE) {
            return true;
        }
        // Dirty without that right is a shadow stack, which the CPU writes to, if there are any.
        // SAFETY: Takes a number.
        self.has(bits::CPU_DIRTY) && unsafe { own::rustproc_pte_write(self.raw) }
    }

    /// Watched by userfaultfd, be it by a mark in place of a page. Mirrors `pte_uffd()` and
    /// `pte_swp_uffd_any()`.
    #[inline]
    pub(crate) fn is_uffd_any(&self) -> bool {
        if self.is_present() {
            self.has(bits::UFFD)
        } else {
            self.has(bits::SWP_UFFD) || !self.is_none() && self.leaf().is_uffd_wp_marker()
        }
    }

    /// What the entry says if it is present, apart from the page and its use.
    #[inline]
    pub(crate) fn marks(&self) -> Marks {
        Marks(self.raw.pte & Self::MARKS)
    }

    /// Maps the page of zeros that everybody shares. For a present entry. Mirrors `is_zero_pfn()`.
    pub(crate) fn is_zero_page(&self) -> bool {
        // SAFETY: Set at boot. CAST: It has 64 bits.
        self.pfn() == unsafe { own::zero_page_pfn } as u64
    }

    /// Page frame number of a present entry. Mirrors `pte_pfn()`.
    #[inline]
    pub(crate) fn pfn(&self) -> u64 {
        // One that the CPU shall not use has its frame inverted.
        self.frames
            .frame(self.raw, !self.has(bits::VALID))
            // SAFETY: Takes a number. CAST: It has 64 bits.
            .unwrap_or_else(|| unsafe { own::rustproc_pte_pfn(self.raw) as u64 })
    }

    /// What a present entry maps, if it is memory that belongs to the VMA. Mirrors
    /// `vm_normal_page()`.
    #[inline]
    pub(crate) fn page(&self) -> Option<Page<'t>> {
        if let Some((_, page)) = self.ordinary() {
            return Some(page);
        }
        // SAFETY: The entry is present in a locked table of the VMA by the type invariant; what it
        // maps it keeps.
        unsafe { Page::from_raw(own::vm_normal_page(self.vma.raw(), self.address, self.raw)) }
    }

    /// [`Pte::pfn`] and [`Pte::page`] of an entry that the CPU uses and that nobody has marked as special.
    /// `None` for others, present or not, and where only the kernel can tell.
    #[inline]
    pub(crate) fn ordinary(&self) -> Option<(u64, Page<'t>)> {
        self.ordinary_like(self, 0)
    }

    /// [`Pte::ordinary`], if the entry is also equal to `other` in the bits `alike`.
    #[inline(always)]
    pub(super) fn ordinary_like(&self, other: &Self, alike: usize) -> Option<(u64, Page<'t>)> {
        let expected = other.raw.pte & alike | bits::VALID;

        if self.raw.pte & (alike | bits::VALID | bits::SPECIAL) != expected {
            return None;
        }
        let (frame, page) = self.frames.page(self.raw)?;
        // SAFETY: A frame in range that an ordinary entry maps has a page struct, which the entry
        // keeps; by the type invariant its table is locked.
        Some((frame, unsafe { Page::new(page) }))
    }

    /// What an entry says that is neither present nor empty.
    pub(crate) fn leaf(&self) -> Leaf<'t> {
        // SAFETY: Takes a number.
        // INVARIANT: The entry stays as it is while its table is locked.
        unsafe { Leaf::new(own::rustproc_softleaf_from_pte(self.raw)) }
    }
}

/// An entry of a PMD as it was when it was read. Nothing keeps it, nor what it maps.
#[derive(Clone, Copy)]
pub(super) struct PmdGlimpse(pub(super) bindings::pmd_t);

impl Entry for PmdGlimpse {
    const PRESENT: usize = bits::PMD_PRESENT;

    #[inline]
    fn value(&self) -> usize {
        self.0.pmd
    }
}

impl PmdGlimpse {
    /// Mapped a table. Mirrors `pmd_is_huge()`, which is false then, and where the entry is empty.
    #[inline]
    pub(super) fn is_table(&self) -> bool {
        self.is_present() && !self.has(bits::PMD_HUGE)
    }
}

/// An entry of a PMD that stands for a huge page.
///
/// # Invariants
///
/// `raw` was read at `address` of `vma` from an entry that stays locked for `'t`.
#[derive(Clone, Copy)]
pub(crate) struct PmdLeaf<'t> {
    raw: bindings::pmd_t,
    address: usize,
    vma: Vma<'t>,
}

impl Entry for PmdLeaf<'_> {
    const PRESENT: usize = bits::PMD_PRESENT;

    #[inline]
    fn value(&self) -> usize {
        self.raw.pmd
    }
}

impl<'t> PmdLeaf<'t> {
    /// # Safety
    ///
    /// `raw` must have been read at `address` of `vma` from an entry that stays locked for `'t`.
    pub(super) unsafe fn new(raw: bindings::pmd_t, address: usize, vma: Vma<'t>) -> Self {
        // INVARIANT: By the function's condition.
        Self { raw, address, vma }
    }

    /// The entry in C.
    pub(super) fn raw(&self) -> bindings::pmd_t {
        self.raw
    }

    /// The page may be written to. For a present entry. Mirrors `pmd_write()`.
    pub(crate) fn is_writable(&self) -> bool {
        // SAFETY: Takes a number.
        unsafe { own::rustproc_pmd_write(self.raw) }
    }

    /// Page frame number of the first page, of a present entry.
    pub(crate) fn pfn(&self) -> u64 {
        // SAFETY: Takes a number. CAST: It has 64 bits.
        unsafe { own::rustproc_pmd_pfn(self.raw) as u64 }
    }

    /// The first page that a present entry maps, whatever it belongs to. Mirrors `pmd_page()`.
    pub(crate) fn first_page(&self) -> Option<Page<'t>> {
        if !self.is_present() {
            return None;
        }
        // SAFETY: Walks keep out of VMAs whose memory may lack page structs. The entry is locked by
        // the type invariant; what it maps it keeps.
        unsafe { Page::from_raw(own::rustproc_pmd_page(self.raw)) }
    }

    /// Maps the huge page of zeros that everybody shares. Mirrors `is_huge_zero_pmd()`.
    pub(crate) fn is_zero_page(&self) -> bool {
        // SAFETY: Takes a number.
        unsafe { own::rustproc_is_huge_zero_pmd(self.raw) }
    }

    /// What a present entry maps, if it is memory that belongs to the VMA: the first page, or the
    /// one at the walked address. Mirrors `vm_normal_page_pmd()`.
    pub(crate) fn page(&self) -> Option<Page<'t>> {
        // SAFETY: The entry is present and locked by the type invariant; what it maps it keeps.
        unsafe {
            let page = own::vm_normal_page_pmd(self.vma.raw(), self.address, self.raw);
            Page::from_raw(page)
        }
    }

    /// What an entry says that is neither present nor empty.
    pub(crate) fn leaf(&self) -> Leaf<'t> {
        // SAFETY: Takes a number.
        // INVARIANT: The entry stays as it is while it is locked.
        unsafe { Leaf::new(own::rustproc_softleaf_from_pmd(self.raw)) }
    }
}

/// An entry that stands for a hugetlb page.
///
/// # Invariants
///
/// `raw` was read from an entry of a hugetlb VMA that stays locked for `'t`.
#[derive(Clone, Copy)]
pub(crate) struct HugetlbPte<'t> {
    raw: bindings::pte_t,
    _table: PhantomData<&'t ()>,
}

impl Entry for HugetlbPte<'_> {
    const PRESENT: usize = bits::PRESENT;

    #[inline]
    fn value(&self) -> usize {
        self.raw.pte
    }
}

impl<'t> HugetlbPte<'t> {
    /// # Safety
    ///
    /// `raw` must have been read from an entry of a hugetlb VMA that stays locked for `'t`.
    pub(super) unsafe fn new(raw: bindings::pte_t) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            raw,
            _table: PhantomData,
        }
    }

    /// The entry in C.
    pub(super) fn raw(&self) -> bindings::pte_t {
        self.raw
    }

    /// Watched by userfaultfd, be it by a mark in place of a page. Mirrors `huge_pte_uffd()` and
    /// `pte_swp_uffd_any()`.
    pub(crate) fn is_uffd_any(&self) -> bool {
        if self.is_present() {
            self.has(bits::UFFD)
        } else {
            self.has(bits::SWP_UFFD) || (!self.is_none() && self.leaf().is_uffd_wp_marker())
        }
    }

    /// Page frame number of the first page, of a present entry.
    pub(crate) fn pfn(&self) -> u64 {
        // SAFETY: Takes a number. CAST: It has 64 bits.
        unsafe { own::rustproc_pte_pfn(self.raw) as u64 }
    }

    /// The first page that a present entry maps.
    pub(crate) fn page(&self) -> Option<Page<'t>> {
        if !self.is_present() {
            return None;
        }
        // SAFETY: A present hugetlb entry maps memory with page structs, and keeps it.
        unsafe { Page::from_raw(own::rustproc_pte_page(self.raw)) }
    }

    /// What an entry says that is neither present nor empty.
    pub(crate) fn leaf(&self) -> Leaf<'t> {
        // SAFETY: Takes a number.
        // INVARIANT: The entry stays as it is while it is locked.
        unsafe { Leaf::new(own::rustproc_softleaf_from_pte(self.raw)) }
    }
}

/// What the kernel keeps in an entry that is neither present nor empty: where a page has gone, or a
/// mark.
///
/// # Invariants
///
/// `raw` is of an entry that stays locked for `'t`.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'t> {
    raw: bindings::softleaf_t,
    _table: PhantomData<&'t ()>,
}

impl<'t> Leaf<'t> {
    /// # Safety
    ///
    /// `raw` must be of an entry that stays locked for `'t`.
    unsafe fn new(raw: bindings::softleaf_t) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            raw,
            _table: PhantomData,
        }
    }

    /// The page is in swap. Mirrors `softleaf_is_swap()`.
    pub(crate) fn is_swap(&self) -> bool {
        self.raw.val != 0 && self.kind() < own::RUSTPROC_CONST_MAX_SWAPFILES
    }

    /// The page is being moved.
    pub(crate) fn is_migration(&self) -> bool {
        // SAFETY: Takes a number.
        unsafe { own::rustproc_softleaf_is_migration(self.raw) }
    }

    /// The page is in the memory of a device that the CPU cannot reach.
    pub(crate) fn is_device_private(&self) -> bool {
        // SAFETY: Takes a number.
        unsafe { own::rustproc_softleaf_is_device_private(self.raw) }
    }

    /// Nobody may touch the page.
    pub(crate) fn is_guard(&self) -> bool {
        // SAFETY: Takes a number.
        unsafe { own::rustproc_softleaf_is_guard_marker(self.raw) }
    }

    /// Watched by userfaultfd, although no page is there.
    pub(crate) fn is_uffd_wp_marker(&self) -> bool {
        // SAFETY: Takes a number.
        unsafe { own::rustproc_softleaf_is_uffd_wp_marker(self.raw) }
    }

    /// Number of entries of all processes that name the same place in swap. For
    /// [`Leaf::is_swap`].
    pub(crate) fn swap_count(&self) -> u64 {
        // SAFETY: The locked entry keeps its place in swap.
        // CAST: A count is not negative.
        unsafe { own::swp_swapcount(self.raw) as u64 }
    }

    /// Frame number of the page that the entry will map again, if it is one that is somewhere in
    /// memory.
    pub(crate) fn pfn(&self) -> Option<u64> {
        // SAFETY: Both take a number; the second is asked only if there is a frame number.
        // CAST: It has 64 bits.
        unsafe {
            own::rustproc_softleaf_has_pfn(self.raw)
                .then(|| own::rustproc_softleaf_to_pfn(self.raw) as u64)
        }
    }

    /// The page of [`Leaf::pfn`].
    pub(crate) fn page(&self) -> Option<Page<'t>> {
        // SAFETY: Both take a number; the second is asked only if there is a page, which the locked
        // entry keeps.
        unsafe {
            if !own::rustproc_softleaf_has_pfn(self.raw) {
                return None;
            }
            Page::from_raw(own::rustproc_softleaf_to_page(self.raw))
        }
    }

    /// The kind of entry, or the number of the swap device. Mirrors `swp_type()`.
    pub(crate) fn kind(&self) -> u64 {
        // CAST: It has 64 bits.
        self.raw.val as u64 >> own::RUSTPROC_CONST_SWP_TYPE_SHIFT
    }

    /// What the kind needs to find the page, such as its place on the swap device. Mirrors
    /// `swp_offset()`.
    pub(crate) fn offset(&self) -> u64 {
        // CAST: It has 64 bits.
        self.raw.val as u64 & own::RUSTPROC_CONST_SWP_OFFSET_MASK
    }
}
