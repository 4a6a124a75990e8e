// SPDX-License-Identifier: GPL-2.0

//! The entries of a walk, and the locks on what they map.

use super::{
    entry::{
        Entry,
        HugetlbPte,
        PmdGlimpse,
        PmdLeaf,
        Pte, //
    },
    frame::FrameMap,
};
use crate::{
    bindings as own,
    sys::vma::Vma, //
};
use core::{
    marker::PhantomData,
    ops::Range,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    page::PAGE_SIZE,
    types::NotThreadSafe, //
};

/// A locked page-table lock; a spinlock, so its holder may not sleep.
///
/// # Invariants
///
/// The lock is held by this context.
struct TableLock {
    raw: NonNull<bindings::spinlock_t>,
    _not_send: NotThreadSafe,
}

impl TableLock {
    /// `None` for null.
    ///
    /// # Safety
    ///
    /// `raw` must be null or a lock that this context holds and gives up.
    unsafe fn from_held(raw: *mut bindings::spinlock_t) -> Option<Self> {
        // INVARIANT: By the function's condition.
        NonNull::new(raw).map(|raw| Self {
            raw,
            _not_send: NotThreadSafe,
        })
    }
}

impl Drop for TableLock {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the lock is held.
        unsafe { bindings::spin_unlock(self.raw.as_ptr()) };
    }
}

/// An entry of a PMD: it maps a table of page-table entries, or a huge page.
///
/// # Invariants
///
/// The entry belongs to the address space of `vma`, and is kept by the walk, whose lock is `L`; it
/// maps `range`, which lies in `vma`.
pub(crate) struct Pmd<'w, L> {
    pub(super) raw: NonNull<bindings::pmd_t>,
    range: Range<usize>,
    vma: Vma<'w>,
    _mode: PhantomData<L>,
}

/// What a [`Pmd`] maps, locked.
pub(crate) enum PmdGuard<'p, L> {
    /// A huge page, or what stands for one.
    Huge(HugePmd<'p, L>),
    /// A table of entries.
    Table(PteTable<'p, L>),
    /// Neither any more: the walk shall look again.
    Changed,
}

impl<'w, L> Pmd<'w, L> {
    /// # Safety
    ///
    /// `raw` must be an entry as the type's invariants want it, for `'w`.
    pub(super) unsafe fn new(raw: *mut bindings::pmd_t, range: Range<usize>, vma: Vma<'w>) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            // SAFETY: By the function's condition the pointer is to an entry.
            raw: unsafe { NonNull::new_unchecked(raw) },
            range,
            vma,
            _mode: PhantomData,
        }
    }

    /// `None` if the entry, or the table that it would lie in, is empty.
    ///
    /// # Safety
    ///
    /// `raw` must be null, or else as [`new()`](Self::new) wants it.
    pub(super) unsafe fn find(
        raw: *mut bindings::pmd_t,
        range: Range<usize>,
        vma: Vma<'w>,
    ) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        // SAFETY: By the function's condition.
        let pmd = unsafe { Self::new(raw, range, vma) };
        (!pmd.glimpse().is_none()).then_some(pmd)
    }

    /// The VMA that the entry lies in.
    pub(crate) fn vma(&self) -> Vma<'w> {
        self.vma
    }

    /// The part of the entry that is walked, as addresses in bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The entry as it is now.
    #[inline]
    fn glimpse(&self) -> PmdGlimpse {
        // SAFETY: The entry is kept by the type invariant, and has the size of a word.
        PmdGlimpse(unsafe { self.raw.read_volatile() })
    }

    /// Locks what the entry maps.
    #[inline(always)]
    pub(crate) fn lock(&self) -> PmdGuard<'_, L> {
        match self.lock_huge() {
            Some(huge) => PmdGuard::Huge(huge),
            None => self.lock_table().map_or(PmdGuard::Changed, PmdGuard::Table),
        }
    }

    /// Locks the huge page that the entry maps; `None` if it maps none. Mirrors
    /// `pmd_trans_huge_lock()`.
    pub(crate) fn lock_huge(&self) -> Option<HugePmd<'_, L>> {
        if self.glimpse().is_table() {
            return None;
        }
        // SAFETY: The entry is kept by the type invariant; what the helper returns is locked.
        let lock = unsafe {
            TableLock::from_held(own::rustproc_pmd_trans_huge_lock(
                self.raw.as_ptr(),
                self.vma.raw(),
            ))
        }?;

        // INVARIANT: The lock is the one that guards the entry.
        Some(HugePmd {
            pmd: self,
            _lock: lock,
        })
    }

    /// Locks the table that the entry maps; `None` if it maps none. Mirrors
    /// `pte_offset_map_lock()`.
    pub(crate) fn lock_table(&self) -> Option<PteTable<'_, L>> {
        let mut lock = core::ptr::null_mut();

        // SAFETY: The entry is kept by the type invariant; with a table the function sets `lock`.
        let first = NonNull::new(unsafe {
            own::pte_offset_map_lock(
                self.vma.mm_ptr(),
                self.raw.as_ptr(),
                self.range.start,
                &mut lock,
            )
        })?;

        // INVARIANT: Just mapped and locked; the range lies within one table.
        Some(PteTable {
            first,
            lock,
            pmd: self,
            frames: FrameMap::new(),
            _not_send: NotThreadSafe,
        })
    }
}

/// A huge page's entry of a PMD, with its lock held.
///
/// # Invariants
///
/// `_lock` guards the entry of `pmd`.
pub(crate) struct HugePmd<'p, L> {
    pub(super) pmd: &'p Pmd<'p, L>,
    _lock: TableLock,
}

impl<L> HugePmd<'_, L> {
    /// The entry.
    pub(crate) fn entry(&self) -> PmdLeaf<'_> {
        // SAFETY: The entry is kept and locked by the type invariant.
        unsafe { PmdLeaf::new(self.pmd.glimpse().0, self.pmd.range.start, self.pmd.vma) }
    }
}

/// A table of page-table entries, with its lock held.
///
/// # Invariants
///
/// The entries that map the range of `pmd` start at `first`, in one table that is mapped and whose
/// lock `lock` is held.
pub(crate) struct PteTable<'p, L> {
    first: NonNull<bindings::pte_t>,
    lock: *mut bindings::spinlock_t,
    pmd: &'p Pmd<'p, L>,
    frames: FrameMap,
    _not_send: NotThreadSafe,
}

impl<'p, L> PteTable<'p, L> {
    /// The VMA that the entries lie in.
    pub(super) fn vma(&self) -> Vma<'p> {
        self.pmd.vma
    }

    /// What the entries map, as addresses in bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.pmd.range.clone()
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.pmd.range.len() / PAGE_SIZE
    }

    /// The entries, from the lowest address.
    #[inline]
    pub(crate) fn entries(&self) -> Entries<'_> {
        // INVARIANT: By the type invariant so many entries start at `first`, mapped and locked.
        Entries {
            next: self.first,
            left: self.len(),
            address: self.pmd.range.start,
            vma: self.pmd.vma,
            frames: self.frames,
        }
    }

    /// The entries with their places, from the lowest address.
    #[inline]
    pub(crate) fn slots(&self) -> Slots<'_, L> {
        Slots {
            entries: self.entries(),
            _mode: PhantomData,
        }
    }

    /// The entries that map `range`, addresses in bytes of which the table maps the first, or what of it
    /// the table maps.
    #[inline]
    pub(crate) fn slots_in(&self, range: Range<usize>) -> Slots<'_, L> {
        let mut slots = self.slots();
        let before = range.start.saturating_sub(slots.entries.address) / PAGE_SIZE;

        slots.entries.skip_entries(before);
        // INVARIANT: There are no more than before.
        slots.entries.left = slots.entries.left.min(range.len() / PAGE_SIZE);
        slots
    }
}

/// The entries of a locked table, one after the other.
///
/// # Invariants
///
/// `left` entries start at `next`, of which the first maps `address` of `vma`, in a table that stays
/// mapped and locked for `'t`.
#[derive(Clone)]
pub(crate) struct Entries<'t> {
    next: NonNull<bindings::pte_t>,
    left: usize,
    address: usize,
    vma: Vma<'t>,
    frames: FrameMap,
}

impl<'t> Entries<'t> {
    /// How many there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.left
    }

    /// That with `index` others before it.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<Pte<'t>> {
        if index >= self.left {
            return None;
        }
        // SAFETY: By the type invariant there is an entry, in a locked table. Another CPU may set bits
        // of it; it has the size of a word.
        unsafe {
            let raw = self.next.add(index).read_volatile();
            let address = self.address.wrapping_add(index.wrapping_mul(PAGE_SIZE));
            Some(Pte::new(raw, address, self.vma, self.frames))
        }
    }

    /// Goes on by `count` entries, or to the end.
    #[inline]
    pub(super) fn skip_entries(&mut self, count: usize) {
        let count = count.min(self.left);

        // SAFETY: By the type invariant the entries are there.
        // INVARIANT: As many less are left, and addresses go with entries.
        unsafe { self.next = self.next.add(count) };
        self.left -= count;
        self.address = self.address.wrapping_add(count * PAGE_SIZE);
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Pte<'t>;

    #[inline]
    fn next(&mut self) -> Option<Pte<'t>> {
        let entry = self.get(0)?;

        self.skip_entries(1);
        Some(entry)
    }
}

/// The entries of a locked table with their places, one after the other.
///
/// # Invariants
///
/// The table is one of a walk whose lock is `L`.
pub(crate) struct Slots<'t, L> {
    entries: Entries<'t>,
    _mode: PhantomData<L>,
}

impl<'t, L> Iterator for Slots<'t, L> {
    type Item = PteSlot<'t, L>;

    #[inline]
    fn next(&mut self) -> Option<PteSlot<'t, L>> {
        let raw = self.entries.next;

        // INVARIANT: The entry is read there, in a mapped and locked table by the type invariants.
        self.entries.next().map(|entry| PteSlot {
            raw,
            entry,
            _mode: PhantomData,
        })
    }
}

/// The place of an entry in a locked table. What may be done to it depends on the walk's lock.
///
/// # Invariants
///
/// `entry` was read at `raw`, in a table that stays mapped and locked for `'t` during a walk whose
/// lock is `L`.
pub(crate) struct PteSlot<'t, L> {
    pub(super) raw: NonNull<bindings::pte_t>,
    entry: Pte<'t>,
    _mode: PhantomData<L>,
}

impl<'t, L> PteSlot<'t, L> {
    /// The entry as it was when it was read.
    #[inline]
    pub(crate) fn entry(&self) -> Pte<'t> {
        self.entry
    }
}

impl<L> Drop for PteTable<'_, L> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the table is mapped and locked.
        unsafe { own::rustproc_pte_unmap_unlock(self.first.as_ptr(), self.lock) };
    }
}

/// The entry of a hugetlb page.
///
/// # Invariants
///
/// The entry belongs to the address space of `vma`, a hugetlb VMA, and is kept by the walk, whose
/// lock is `L`; it maps `range`.
pub(crate) struct HugetlbEntry<'w, L> {
    pub(super) raw: NonNull<bindings::pte_t>,
    range: Range<usize>,
    mask: usize,
    vma: Vma<'w>,
    _mode: PhantomData<L>,
}

impl<'w, L> HugetlbEntry<'w, L> {
    /// # Safety
    ///
    /// `raw` must be an entry as the type's invariants want it, for `'w`.
    pub(super) unsafe fn new(
        raw: *mut bindings::pte_t,
        range: Range<usize>,
        mask: usize,
        vma: Vma<'w>,
    ) -> Self {
        // INVARIANT: By the function's condition.
        Self {
            // SAFETY: By the function's condition the pointer is to an entry.
            raw: unsafe { NonNull::new_unchecked(raw) },
            range,
            mask,
            vma,
            _mode: PhantomData,
        }
    }

    /// The VMA that the entry lies in.
    pub(crate) fn vma(&self) -> Vma<'w> {
        self.vma
    }

    /// The part of the page that is walked, as addresses in bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Offset in bytes of the walked part in its page.
    pub(crate) fn offset(&self) -> usize {
        self.range.start & !self.mask
    }

    /// Size of the page, in bytes.
    pub(crate) fn page_size(&self) -> usize {
        // SAFETY: The VMA is a hugetlb VMA by the type invariant.
        unsafe { own::rustproc_huge_page_size(self.vma.raw()) }
    }

    /// Locks the entry. Mirrors `huge_pte_lock()`.
    pub(crate) fn lock(&self) -> HugetlbGuard<'_, L> {
        // SAFETY: The entry is kept by the type invariant, and its lock exists as long.
        let lock = unsafe {
            let raw = own::rustproc_huge_pte_lock(self.vma.raw(), self.raw.as_ptr());
            TableLock {
                raw: NonNull::new_unchecked(raw),
                _not_send: NotThreadSafe,
            }
        };

        // INVARIANT: The lock is the one that guards the entry.
        HugetlbGuard {
            entry: self,
            _lock: lock,
        }
    }
}

/// The entry of a hugetlb page, with its lock held.
///
/// # Invariants
///
/// `_lock` guards `entry`.
pub(crate) struct HugetlbGuard<'p, L> {
    entry: &'p HugetlbEntry<'p, L>,
    _lock: TableLock,
}

impl<'p, L> HugetlbGuard<'p, L> {
    /// Where the entry is.
    pub(super) fn place(&self) -> &'p HugetlbEntry<'p, L> {
        self.entry
    }

    /// The entry.
    pub(crate) fn entry(&self) -> HugetlbPte<'_> {
        let (raw, vma) = (self.entry.raw.as_ptr(), self.entry.vma);

        // SAFETY: The entry is kept and locked by the type invariants.
        unsafe {
            let start = self.entry.range.start;
            HugetlbPte::new(own::rustproc_huge_ptep_get(vma.raw(), start, raw))
        }
    }

    /// Whether another address space uses the same table. Mirrors `hugetlb_pmd_shared()`.
    pub(crate) fn table_is_shared(&self) -> bool {
        // SAFETY: The entry is kept by the type invariant.
        unsafe { own::rustproc_hugetlb_pmd_shared(self.entry.raw.as_ptr()) }
    }
}
