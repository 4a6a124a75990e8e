// SPDX-License-Identifier: GPL-2.0

//! Protecting pages for userfaultfd, so that it learns of the next write to them.
//!
//! Whoever copied entries must have been told before: so only a walk of a [`ProtectionRound`] can do
//! it. TLBs are flushed here, before the lock of the table is let go of. Protecting pages of a VMA
//! that userfaultfd has not been asked to watch does no harm: the next write lifts it.
//!
//! Lock order: the mapping of a hugetlb VMA's file, then the lock of the page table.
//!
//! C counterparts: `make_uffd_wp_pte()`, its neighbours and `pagemap_scan_hugetlb_hole_wp()` in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    entry::Entry,
    table::{
        HugePmd,
        HugetlbEntry,
        HugetlbGuard,
        PteSlot,
        PteTable, //
    },
    walk_range,
    Hole,
    MmapReadProtect,
    PageWalk,
    Walked,
    PMD_SIZE, //
};
use crate::{
    bindings as own,
    sys::{
        mm::{
            MmExt,
            MmapReadLock, //
        },
        mmu_notifier::{
            Change,
            Notice, //
        },
        vma::Vma, //
    },
};
use core::{
    iter,
    ops::Range,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    page::{
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    prelude::*, //
};

/// The right to protect pages of a range, whose copied entries nobody uses meanwhile.
pub(crate) struct ProtectionRound<'a> {
    _notice: Notice<'a>,
    lock: &'a MmapReadLock<'a>,
    range: Range<usize>,
}

impl MmapReadLock<'_> {
    /// Prepares to protect pages of `range`, addresses in bytes. Sleeps.
    pub(crate) fn protection_round(&self, range: Range<usize>) -> ProtectionRound<'_> {
        ProtectionRound {
            _notice: Notice::new(self.mm(), Change::VmaProtection, range.clone()),
            lock: self,
            range,
        }
    }
}

impl ProtectionRound<'_> {
    /// Walks the range, holes and all. May sleep.
    ///
    /// # Errors
    ///
    /// What a callback fails with; `EINVAL` if the range is empty.
    pub(crate) fn walk<W: PageWalk<MmapReadProtect>>(&self, author: &mut W) -> Result<Walked> {
        // SAFETY: `mmap_lock` is held for reading by the invariant of the lock, which is borrowed.
        unsafe {
            walk_range::<W, MmapReadProtect>(self.lock.mm().raw(), self.range.clone(), author)
        }
    }
}

/// Flushes what TLBs have of `range`, addresses in bytes, in pages of `1 << shift` bytes.
fn flush(vma: Vma<'_>, range: Range<usize>, shift: usize) {
    // SAFETY: The address space of the VMA is valid. CAST: A small number.
    unsafe { own::flush_tlb_mm_range(vma.mm_ptr(), range.start, range.end, shift as u32, true) };
}

/// Protects pages of one table. What it has done takes effect when it is dropped.
#[must_use = "TLBs are flushed when the guard is dropped"]
pub(crate) struct Protector<'t> {
    table: &'t PteTable<'t, MmapReadProtect>,
    /// The pages that have been protected, and those between them, as addresses in bytes. They are
    /// protected from the lowest address on.
    changed: Range<usize>,
}

impl<L> PteTable<'_, L> {
    /// Ranges of entries that userfaultfd does not watch, addresses in bytes, from the lowest.
    #[inline]
    pub(crate) fn unwatched(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let end = self.range().end;
        let mut entries = self.entries();

        iter::from_fn(move || {
            let first = entries.find(|entry| !entry.is_uffd_any())?;
            let behind = entries.find(|entry| entry.is_uffd_any());
            Some(first.address()..behind.map_or(end, |entry| entry.address()))
        })
    }
}

impl<'p> PteTable<'p, MmapReadProtect> {
    /// Begins to protect pages of the table.
    pub(crate) fn protector<'t>(&'t self) -> Protector<'t>
    where
        'p: 't,
    {
        // SAFETY: May be called in any context; the guard calls the counterpart.
        unsafe { own::rustproc_lazy_mmu_mode_enable() };
        Protector {
            table: self,
            changed: 0..0,
        }
    }
}

impl Protector<'_> {
    /// Protects the pages of `range`, addresses in bytes of which the table maps all; where there are
    /// none, the next ones that will be there.
    #[inline]
    pub(crate) fn protect(&mut self, range: Range<usize>) {
        self.changes(&range);
        self.table.slots_in(range).for_each(|slot| slot.protect());
    }

    /// Protects all pages of the table that are not watched.
    pub(crate) fn protect_unwatched(&mut self) {
        for slot in self.table.slots() {
            let entry = slot.entry();
            if !entry.is_uffd_any() {
                self.changes(&(entry.address()..entry.address() + PAGE_SIZE));
                slot.protect();
            }
        }
    }

    #[inline]
    fn changes(&mut self, range: &Range<usize>) {
        if self.changed.is_empty() {
            self.changed.start = range.start;
        }
        self.changed.end = range.end;
    }
}

impl Drop for Protector<'_> {
    fn drop(&mut self) {
        if !self.changed.is_empty() {
            flush(self.table.vma(), self.changed.clone(), PAGE_SHIFT);
        }
        // SAFETY: The counterpart was called when the guard was made.
        unsafe { own::rustproc_lazy_mmu_mode_disable() };
    }
}

impl PteSlot<'_, MmapReadProtect> {
    /// Mirrors `make_uffd_wp_pte()`.
    #[inline]
    fn protect(&self) {
        if self.entry().is_present() {
            self.write_protect();
        } else {
            self.mark();
        }
    }

    #[inline]
    fn write_protect(&self) {
        let entry = self.entry();

        // SAFETY: The entry is present in a mapped and locked table by the type invariant. The helper
        // makes it empty for a moment, so that the CPU sets no bits; it maps the same page afterwards,
        // with fewer rights.
        unsafe {
            let mm = entry.vma().mm_ptr();
            own::rustproc_ptep_mkuffd(mm, entry.address(), self.raw.as_ptr());
        }
    }

    /// Notes in an entry that maps no page that the next page is protected.
    fn mark(&self) {
        let entry = self.entry();

        // SAFETY: The entry is not present, so nobody changes it while its table is locked, which it
        // is by the type invariant. An empty one gets a mark; otherwise a bit is set that says
        // nothing of where the page is.
        unsafe {
            let new = if entry.is_none() {
                own::rustproc_make_uffd_wp_marker()
            } else {
                own::rustproc_pte_swp_mkuffd(entry.raw())
            };
            let mm = entry.vma().mm_ptr();
            own::rustproc_set_pte_at(mm, entry.address(), self.raw.as_ptr(), new);
        }
    }
}

impl HugePmd<'_, MmapReadProtect> {
    /// Protects the huge page, all of it. Mirrors `make_uffd_wp_pmd()`.
    pub(crate) fn protect(&self) {
        let (vma, place) = (self.pmd.vma(), self.pmd.raw.as_ptr());
        let address = self.pmd.range().start / PMD_SIZE * PMD_SIZE;
        let entry = self.entry();

        // SAFETY: The entry is kept and locked by the type invariant. If it is present the CPU cannot
        // use it between the first and the last call, and it maps the same page afterwards, with
        // fewer rights. Nobody changes one of a page that is being moved; it gets a bit that says
        // nothing of the page.
        unsafe {
            let new = if entry.is_present() {
                own::rustproc_pmd_mkuffd(own::pmdp_invalidate_ad(vma.raw(), address, place))
            } else if !entry.is_none() && entry.leaf().is_migration() {
                own::rustproc_pmd_swp_mkuffd(entry.raw())
            } else {
                return;
            };
            own::rustproc_set_pmd_at(vma.mm_ptr(), address, place, new);
        }
        flush(vma, address..address + PMD_SIZE, PAGE_SHIFT);
    }

    /// Maps the huge page by a table of entries instead; no longer locked. Mirrors
    /// `split_huge_pmd()`.
    pub(crate) fn split(self) {
        let pmd = self.pmd;

        drop(self);
        // SAFETY: The entry is kept by the type invariant; the function takes the lock itself, and
        // does nothing if the entry has changed meanwhile.
        unsafe {
            own::rustproc_split_huge_pmd(pmd.vma().raw(), pmd.raw.as_ptr(), pmd.range().start);
        }
    }
}

/// The lock on who maps a file, held for writing.
///
/// # Invariants
///
/// The lock is held by this context; the mapping is kept for `'a`.
struct MappingLock<'a> {
    mapping: NonNull<bindings::address_space>,
    _vma: Vma<'a>,
}

impl<'a> MappingLock<'a> {
    /// Waits for the lock of the file that `vma` maps; `None` if it maps none. Sleeps.
    fn new(vma: Vma<'a>) -> Option<Self> {
        // SAFETY: The VMA is locked, so that its file is pinned, and that its mapping.
        let mapping = unsafe {
            let file = NonNull::new((*vma.raw()).vm_file)?;
            let mapping = NonNull::new((*file.as_ptr()).f_mapping)?;
            own::rustproc_i_mmap_lock_write(mapping.as_ptr());
            mapping
        };

        // INVARIANT: Just taken; the VMA keeps the mapping.
        Some(Self { mapping, _vma: vma })
    }
}

impl Drop for MappingLock<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the lock is held.
        unsafe { own::rustproc_i_mmap_unlock_write(self.mapping.as_ptr()) };
    }
}

/// The entry of a hugetlb page, locked so that the page can be protected.
///
/// Fields are dropped in order: the lock of the page table first.
pub(crate) struct HugetlbProtector<'p> {
    guard: HugetlbGuard<'p, MmapReadProtect>,
    _mapping: Option<MappingLock<'p>>,
}

impl HugetlbEntry<'_, MmapReadProtect> {
    /// Locks the entry to protect the page. Sleeps.
    pub(crate) fn lock_to_protect(&self) -> HugetlbProtector<'_> {
        let mapping = MappingLock::new(self.vma());

        HugetlbProtector {
            guard: self.lock(),
            _mapping: mapping,
        }
    }
}

impl<'p> HugetlbProtector<'p> {
    /// The entry, locked.
    pub(crate) fn guard(&self) -> &HugetlbGuard<'p, MmapReadProtect> {
        &self.guard
    }

    /// Protects the page, all of it; if there is none, the next one that will be there. Mirrors
    /// `make_uffd_wp_huge_pte()`.
    pub(crate) fn protect(&self) {
        let (entry, pte) = (self.guard.place(), self.guard.entry());
        let (vma, place) = (entry.vma(), entry.raw.as_ptr());
        let size = entry.page_size();
        let address = entry.range().start / size * size;

        // SAFETY: The entry is kept and locked by the type invariants. If it is present it is not
        // between the first and the last call, so that the CPU sets no bits, and maps the same page
        // afterwards, with fewer rights. Nobody changes one that is not present; it gets a mark, or
        // a bit that says nothing of the page.
        unsafe {
            if pte.is_none() {
                let mark = own::rustproc_make_uffd_wp_marker();
                own::rustproc_set_huge_pte_at(vma.mm_ptr(), address, place, mark, size);
                // No TLB has anything of an empty entry.
                return;
            }
            if pte.is_present() {
                let old = own::rustproc_huge_ptep_modify_prot_start(vma.raw(), address, place);
                let new = own::rustproc_huge_pte_mkuffd(old);
                own::rustproc_huge_ptep_modify_prot_commit(vma.raw(), address, place, old, new);
            } else if pte.leaf().is_migration() {
                let new = own::rustproc_pte_swp_mkuffd(pte.raw());
                own::rustproc_set_huge_pte_at(vma.mm_ptr(), address, place, new, size);
            }
        }
        // CAST: The base-two logarithm of a size.
        flush(vma, address..address + size, size.trailing_zeros() as usize);
    }
}

impl Hole<'_, MmapReadProtect> {
    /// Protects the pages that will be in the hole, below the address `end`. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM` if there is no memory for page tables; nothing outside of a VMA.
    pub(crate) fn protect(&self, end: usize) -> Result {
        let Some(vma) = self.vma() else {
            return Ok(());
        };
        let range = self.range().start..end.min(self.range().end);
        if range.is_empty() {
            return Ok(());
        }
        if vma.is_hugetlb() {
            return self.protect_hugetlb(vma, range);
        }
        // SAFETY: The VMA is locked, and the range lies in it. The function takes the locks of page
        // tables itself, none of which is held: a hole is told of outside of them.
        let pages = unsafe { own::rustproc_uffd_wp_range(vma.raw(), range.start, range.len()) };
        // CAST: A number of pages is of no interest, and an errno is small.
        to_result(pages.min(0) as kernel::ffi::c_int)
    }

    /// As `pagemap_scan_hugetlb_hole_wp()`: what protects other ranges takes a lock that the walk
    /// holds.
    fn protect_hugetlb(&self, vma: Vma<'_>, range: Range<usize>) -> Result {
        // SAFETY: The VMA is a hugetlb VMA.
        let size = unsafe { own::rustproc_huge_page_size(vma.raw()) };
        let first = range.start / size * size;

        for address in (first..range.end).step_by(size) {
            // SAFETY: The walk holds the lock that keeps hugetlb tables of the VMA, in which the
            // address lies.
            let entry = unsafe {
                let place = own::rustproc_huge_pte_alloc(vma.raw(), address, size);
                if place.is_null() {
                    return Err(ENOMEM);
                }
                HugetlbEntry::<MmapReadProtect>::new(
                    place,
                    address..address + size,
                    !(size - 1),
                    vma,
                )
            };
            entry.lock_to_protect().protect();
        }
        Ok(())
    }
}
