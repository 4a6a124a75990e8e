// SPDX-License-Identifier: GPL-2.0

//! Walking the VMAs (mappings) of an address space from address to address.
//!
//! Each VMA is locked by itself while it is looked at, so that the target may map and unmap
//! elsewhere; `mmap_lock` is taken only when a VMA's reference count is about to overflow.
//!
//! Lock order: RCU for the whole of a [`VmaWalk`], but for while it looks at the pages of more than a
//! little memory; inside it one VMA's lock at a time. When the walk falls back to `mmap_lock`, RCU is
//! let go of first and not taken again. A [`FoundVma`] holds the one lock without RCU, so that its
//! holder may sleep.
//!
//! C header: [`include/linux/mmap_lock.h`](srctree/include/linux/mmap_lock.h); mirrors
//! `proc_get_vma()` and `query_vma_find_by_addr()` and the functions around them in
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

pub(crate) mod flags;

use crate::{
    bindings as own,
    sys::{
        build_id::BackingFile,
        last_path::LastPath,
        mm::{
            MmExt,
            MmapWriteLock, //
        },
        read_long,
        seq::Seq, //
    },
};
use core::{
    ffi::CStr,
    iter,
    mem::MaybeUninit,
    ops::Range,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::from_err_ptr,
    mm::{
        virt::VmaRef,
        MmWithUser, //
    },
    prelude::*,
    sync::aref::ARef,
    types::NotThreadSafe, //
};

/// The VMA that a walk stands at.
#[derive(Clone, Copy)]
enum Place {
    /// One of the address space, locked by the walk.
    Mapping(NonNull<bindings::vm_area_struct>),
    /// The gate VMA, which belongs to the kernel and never goes away.
    Gate(NonNull<bindings::vm_area_struct>),
}

/// What keeps the VMAs from being freed.
enum Lock {
    /// RCU, and the lock of the VMA at which the walk stands.
    Vma(Option<NonNull<bindings::vm_area_struct>>),
    /// `mmap_lock`, held for reading.
    Mmap,
}

/// A walk over the VMAs of an address space.
///
/// # Invariants
///
/// - The lock that `lock` names is held by this context; for `Lock::Vma`, RCU and the VMA's lock.
/// - `iter` iterates over `mm`, and was set anew since RCU or `mmap_lock` was taken last.
/// - A `Place::Mapping` is the locked VMA, or any VMA of `mm` under `mmap_lock`.
#[must_use = "locks are let go of when the walk is dropped"]
pub(crate) struct VmaWalk {
    lock: Lock,
    iter: bindings::vma_iterator,
    place: Option<Place>,
    last_path: LastPath,
    mm: ARef<MmWithUser>,
    _not_send: NotThreadSafe,
}

impl VmaWalk {
    /// Starts a walk that will find the VMAs that end above `address`.
    pub(crate) fn new(mm: ARef<MmWithUser>, address: usize) -> Self {
        // SAFETY: RCU may be taken in any context.
        unsafe { bindings::rcu_read_lock() };
        // INVARIANT: RCU is held, no VMA is locked yet, and `iter` is fresh.
        Self {
            lock: Lock::Vma(None),
            iter: vma_iterator(&mm, address),
            place: None,
            last_path: LastPath::default(),
            mm,
            _not_send: NotThreadSafe,
        }
    }

    /// Goes to the next VMA; `None` when there is none at or above `address`.
    ///
    /// `address` is where the last VMA ended, or where the walk starts: no VMA below it is found,
    /// whatever happens to the address space meanwhile. May sleep for `mmap_lock`.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn advance(&mut self, address: usize) -> Result<Option<Vma<'_>>> {
        self.place = None;
        let vma = match self.next_vma(address) {
            Err(EAGAIN) if self.fall_back(address) => self.next_vma(address),
            found => found,
        }?;
        self.place = vma.map(Place::Mapping);
        Ok(self.current())
    }

    /// Goes to the gate VMA (vsyscall); `false` where there is none.
    pub(crate) fn go_to_gate(&mut self) -> bool {
        // SAFETY: The address space is valid.
        let gate = unsafe { own::rustproc_get_gate_vma(self.mm.raw()) };

        self.place = NonNull::new(gate).map(Place::Gate);
        self.place.is_some()
    }

    /// The VMA at which the walk stands.
    pub(crate) fn current(&self) -> Option<Vma<'_>> {
        let (Place::Mapping(raw) | Place::Gate(raw)) = self.place?;

        // SAFETY: By the type invariant the VMA is locked, or it is the gate VMA, which is never
        // freed or changed; `self` is borrowed meanwhile.
        Some(Vma(unsafe { VmaRef::from_raw(raw.as_ptr()) }))
    }

    /// Writes the path of the file that the VMA maps at which the walk stands, if it maps one, with the
    /// characters of `escaped` escaped: the same ones during all of a walk.
    pub(crate) fn write_path(&self, escaped: &CStr, seq: &mut Seq<'_>) {
        if let Some(path) = self.current().and_then(|vma| vma.path()) {
            self.last_path.write(&self.mm, path, escaped, seq);
        }
    }

    /// Runs `inspect` on the VMA at which the walk stands. `None` if the walk stands nowhere, or at the
    /// gate VMA.
    ///
    /// RCU is let go of, while the VMA stays locked, and then the walk has to find its place again. A
    /// little memory is not worth that: what walks it does not sleep.
    pub(crate) fn inspect<R>(&mut self, inspect: impl FnOnce(LockedVma<'_>) -> R) -> Option<R> {
        let Some(Place::Mapping(raw)) = self.place else {
            return None;
        };
        // SAFETY: By the type invariant the VMA is locked, and stays so until we return.
        let vma = Vma(unsafe { VmaRef::from_raw(raw.as_ptr()) });
        let held = match self.lock {
            Lock::Mmap => VmaLock::Mmap,
            // INVARIANT: Looked at now.
            Lock::Vma(_) if vma.is_little() => VmaLock::VmaAndRcu,
            Lock::Vma(_) => VmaLock::Vma,
        };
        if !matches!(held, VmaLock::Vma) {
            // INVARIANT: The locks are held by the type invariant.
            return Some(inspect(LockedVma { vma, held }));
        }

        // SAFETY: By the type invariant RCU is held. The VMA is kept by its lock.
        unsafe { bindings::rcu_read_unlock() };
        // INVARIANT: The VMA's lock is held by the type invariant.
        let result = inspect(LockedVma { vma, held });
        // SAFETY: Taken anew, and `iter` set anew. The range of a locked VMA does not change.
        unsafe {
            bindings::rcu_read_lock();
            own::rustproc_vma_iter_set(&mut self.iter, vma.end());
        }
        Some(result)
    }

    fn next_vma(&mut self, address: usize) -> Result<Option<NonNull<bindings::vm_area_struct>>> {
        match &mut self.lock {
            Lock::Mmap => {
                // SAFETY: `mmap_lock` is held and `iter` valid by the type invariants.
                Ok(NonNull::new(unsafe {
                    own::rustproc_vma_next(&mut self.iter)
                }))
            }
            Lock::Vma(locked) => {
                unlock_vma(locked.take());
                // SAFETY: RCU is held and `iter` valid by the type invariants; the function keeps
                // both so, even when it drops RCU meanwhile.
                let vma =
                    unsafe { bindings::lock_next_vma(self.mm.raw(), &mut self.iter, address) };
                // INVARIANT: What the function returns is locked.
                *locked = NonNull::new(from_err_ptr(vma)?);
                Ok(*locked)
            }
        }
    }

    /// Changes over to `mmap_lock`; `false` if it is held already.
    fn fall_back(&mut self, address: usize) -> bool {
        let Lock::Vma(locked) = &mut self.lock else {
            return false;
        };
        unlock_vma(locked.take());
        // SAFETY: RCU is held by the type invariant. `mmap_lock` is taken outside of it, and then
        // `iter` is set anew.
        unsafe {
            bindings::rcu_read_unlock();
            bindings::mmap_read_lock(self.mm.raw());
            own::rustproc_vma_iter_set(&mut self.iter, address);
        }
        // INVARIANT: Just taken.
        self.lock = Lock::Mmap;
        true
    }
}

impl Drop for VmaWalk {
    fn drop(&mut self) {
        match &mut self.lock {
            Lock::Vma(locked) => {
                unlock_vma(locked.take());
                // SAFETY: By the type invariant RCU is held.
                unsafe { bindings::rcu_read_unlock() };
            }
            // SAFETY: By the type invariant `mmap_lock` is held.
            Lock::Mmap => unsafe { bindings::mmap_read_unlock(self.mm.raw()) },
        }
    }
}

/// Lets go of a VMA's read lock.
fn unlock_vma(locked: Option<NonNull<bindings::vm_area_struct>>) {
    if let Some(vma) = locked {
        // SAFETY: Values of `Lock::Vma` are read-locked VMAs, and the caller gave this one up.
        unsafe { own::rustproc_vma_end_read(vma.as_ptr()) };
    }
}

/// What keeps a [`LockedVma`].
#[derive(Clone, Copy)]
pub(crate) enum VmaLock {
    /// `mmap_lock`, held for reading.
    Mmap,
    /// Its own lock.
    Vma,
    /// Its own lock, inside RCU: whoever holds it may not sleep.
    VmaAndRcu,
}

/// A VMA whose pages may be looked at.
///
/// # Invariants
///
/// The locks that `held` names are held, and none besides; with `VmaLock::VmaAndRcu` the VMA has no more
/// addresses than a table maps, does not map hugetlb pages, and if it maps shared memory, nothing of
/// that was in swap when the lock was taken.
pub(crate) struct LockedVma<'a> {
    vma: Vma<'a>,
    held: VmaLock,
}

impl<'a> LockedVma<'a> {
    /// The VMA.
    pub(crate) fn vma(&self) -> Vma<'a> {
        self.vma
    }

    /// What keeps the VMA.
    pub(crate) fn held(&self) -> VmaLock {
        self.held
    }

    /// The shared memory that it maps, which may be asked for what is in swap; `None` if it maps none, or
    /// such as had nothing in swap.
    pub(crate) fn shmem(&self) -> Option<Shmem<'a>> {
        match self.held {
            VmaLock::VmaAndRcu => None,
            VmaLock::Mmap | VmaLock::Vma => self.vma.shmem(),
        }
    }
}

/// How a [`FoundVma`] is locked.
#[derive(Clone, Copy)]
enum Held {
    /// By its own lock.
    Vma,
    /// By `mmap_lock`, held for reading.
    Mmap,
}

/// A VMA that has been looked up by address, locked. Its holder may sleep.
///
/// # Invariants
///
/// `vma` is a VMA of `mm`, and the lock that `held` names is held by this context.
#[must_use = "the lock is let go of when the value is dropped"]
pub(crate) struct FoundVma<'a> {
    vma: NonNull<bindings::vm_area_struct>,
    held: Held,
    mm: &'a MmWithUser,
    _not_send: NotThreadSafe,
}

impl<'a> FoundVma<'a> {
    /// Finds the first VMA that ends above `address`. May sleep for `mmap_lock`.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn find(mm: &'a MmWithUser, address: usize) -> Result<Option<Self>> {
        let mut iter = MaybeUninit::<bindings::vma_iterator>::uninit();

        // SAFETY: RCU may be taken in any context, and protects the lookup; the helper initialises
        // `iter` fully. `lock_next_vma()` returns with RCU held.
        let vma = unsafe {
            bindings::rcu_read_lock();
            own::rustproc_vma_iter_init(iter.as_mut_ptr(), mm.raw(), address);
            let vma = bindings::lock_next_vma(mm.raw(), iter.as_mut_ptr(), address);
            bindings::rcu_read_unlock();
            vma
        };

        match from_err_ptr(vma) {
            // SAFETY: What `lock_next_vma()` returns is locked.
            Ok(vma) => Ok(unsafe { Self::new(vma, Held::Vma, mm) }),
            Err(EAGAIN) => Ok(Self::find_slowly(mm, address)),
            Err(error) => Err(error),
        }
    }

    /// Does so under `mmap_lock`.
    fn find_slowly(mm: &'a MmWithUser, address: usize) -> Option<Self> {
        // SAFETY: The address space is valid; the lock is taken for the lookup, and kept if there
        // is a VMA.
        unsafe {
            bindings::mmap_read_lock(mm.raw());
            let found = Self::new(bindings::find_vma(mm.raw(), address), Held::Mmap, mm);
            if found.is_none() {
                bindings::mmap_read_unlock(mm.raw());
            }
            found
        }
    }

    /// `None` for null.
    ///
    /// # Safety
    ///
    /// `vma` must be null, or a VMA of `mm` that is locked as `held` says; the lock passes over to
    /// the value.
    unsafe fn new(
        vma: *mut bindings::vm_area_struct,
        held: Held,
        mm: &'a MmWithUser,
    ) -> Option<Self> {
        // INVARIANT: By the function's condition.
        NonNull::new(vma).map(|vma| Self {
            vma,
            held,
            mm,
            _not_send: NotThreadSafe,
        })
    }

    /// Finds the VMA after this one, of which it lets go first. May sleep for `mmap_lock`.
    ///
    /// # Errors
    ///
    /// `EINTR` on a fatal signal.
    pub(crate) fn next(mut self) -> Result<Option<Self>> {
        let (mm, end) = (self.mm, self.vma().end());

        match self.held {
            Held::Vma => {
                drop(self);
                Self::find(mm, end)
            }
            Held::Mmap => {
                // SAFETY: By the type invariant `mmap_lock` is held.
                let vma = NonNull::new(unsafe { bindings::find_vma(mm.raw(), end) });
                Ok(vma.map(|vma| {
                    // INVARIANT: `mmap_lock` protects this one too.
                    self.vma = vma;
                    self
                }))
            }
        }
    }

    /// The VMA.
    pub(crate) fn vma(&self) -> Vma<'_> {
        // SAFETY: By the type invariant the VMA is locked; `self` is borrowed meanwhile.
        Vma(unsafe { VmaRef::from_raw(self.vma.as_ptr()) })
    }

    /// The VMA, so that its pages may be looked at.
    pub(crate) fn locked(&self) -> LockedVma<'_> {
        // INVARIANT: By the type invariant that lock is held; RCU was let go of in `find()`.
        LockedVma {
            vma: self.vma(),
            held: match self.held {
                Held::Vma => VmaLock::Vma,
                Held::Mmap => VmaLock::Mmap,
            },
        }
    }
}

impl Drop for FoundVma<'_> {
    fn drop(&mut self) {
        match self.held {
            Held::Vma => unlock_vma(Some(self.vma)),
            // SAFETY: By the type invariant `mmap_lock` is held.
            Held::Mmap => unsafe { bindings::mmap_read_unlock(self.mm.raw()) },
        }
    }
}

/// A VMA that may be changed.
///
/// # Invariants
///
/// `mmap_lock` of its address space is held for writing for `'a`.
pub(crate) struct VmaMut<'a>(Vma<'a>);

impl<'a> VmaMut<'a> {
    /// The VMA.
    pub(crate) fn vma(&self) -> Vma<'a> {
        self.0
    }

    /// Forgets that all its pages count as written to, if they do.
    pub(crate) fn clear_soft_dirty(&self) {
        if self.0.flags() & flags::SOFTDIRTY == 0 {
            return;
        }
        // SAFETY: By the type invariant `mmap_lock` is held for writing, as both functions want it;
        // the first takes the VMA's own lock for writing, too.
        unsafe {
            own::rustproc_vm_flags_clear(self.0.raw(), flags::SOFTDIRTY);
            own::vma_set_page_prot(self.0.raw());
        }
    }
}

impl MmapWriteLock<'_> {
    /// All VMAs, from the lowest address.
    pub(crate) fn vmas(&self) -> impl Iterator<Item = VmaMut<'_>> {
        let mut vmas = vma_iterator(self.mm(), 0);

        iter::from_fn(move || {
            // SAFETY: `mmap_lock` is held by the type invariant, so that VMAs stay until the
            // borrow ends.
            let vma = unsafe {
                let vma = NonNull::new(own::rustproc_vma_next(&mut vmas))?;
                Vma(VmaRef::from_raw(vma.as_ptr()))
            };
            // INVARIANT: By the invariant of the lock, which is borrowed.
            Some(VmaMut(vma))
        })
    }
}

/// A C iterator over the VMAs of `mm` that end above `address`. It is to be used under a lock that
/// keeps them.
fn vma_iterator(mm: &MmWithUser, address: usize) -> bindings::vma_iterator {
    let mut iter = MaybeUninit::<bindings::vma_iterator>::uninit();

    // SAFETY: The helper initialises `iter` fully, and looks at no VMA.
    unsafe {
        own::rustproc_vma_iter_init(iter.as_mut_ptr(), mm.raw(), address);
        iter.assume_init()
    }
}

/// What names a VMA in `maps`.
pub(crate) enum VmaName<'a> {
    /// Nothing does.
    None,
    /// The path of the mapped file.
    Path(PathRef<'a>),
    /// A name of the kernel's, such as `[heap]`.
    Kernel(&'a [u8]),
    /// The user's name for anonymous memory.
    Anon(&'a [u8]),
    /// The user's name for shared anonymous memory.
    AnonShmem(&'a [u8]),
}

/// The path of an open file, valid while whoever holds that is, such as its VMA.
#[derive(Clone, Copy)]
pub(crate) struct PathRef<'a>(&'a bindings::path);

impl PathRef<'_> {
    /// The path of `file`, as the user opened it.
    ///
    /// # Safety
    ///
    /// `file` must be open as long as the value is there.
    pub(super) unsafe fn of(file: *const bindings::file) -> Self {
        // SAFETY: By the function's condition; an open file has a path, which doesn't change.
        Self(unsafe { &*own::rustproc_file_user_path(file) })
    }

    pub(super) fn as_ptr(&self) -> *const bindings::path {
        self.0
    }

    pub(super) fn as_non_null(&self) -> NonNull<bindings::path> {
        NonNull::from(self.0)
    }

    /// Whether the file has no name any more. Mirrors `d_unlinked()`.
    pub(super) fn is_unlinked(&self) -> bool {
        // SAFETY: The file is open, which pins its path.
        unsafe { own::rustproc_d_unlinked(self.0.dentry) }
    }

    /// Whether the file system makes a name each time that it is asked for.
    pub(super) fn is_made_up(&self) -> bool {
        // SAFETY: The file is open, which pins its path; the operations of a name never change.
        unsafe { (*self.0.dentry).d_op.as_ref() }.is_some_and(|names| names.d_dname.is_some())
    }
}

/// A device number.
#[derive(Clone, Copy)]
pub(crate) struct Device {
    /// Major part.
    pub(crate) major: u32,
    /// Minor part.
    pub(crate) minor: u32,
}

impl Device {
    /// Takes the kernel's own encoding apart; mirrors `MAJOR()` and `MINOR()`.
    fn from_kernel(number: bindings::dev_t) -> Self {
        const MINOR_BITS: u32 = 20;

        Self {
            major: number >> MINOR_BITS,
            minor: number & ((1 << MINOR_BITS) - 1),
        }
    }
}

/// The file behind a mapping, as `maps` identifies it.
#[derive(Clone, Copy)]
pub(crate) struct MappedFile {
    /// Device number of its file system.
    pub(crate) device: Device,
    /// Inode number.
    pub(crate) inode: u64,
    /// Offset of the mapping in the file, in pages.
    pub(crate) page_offset: u64,
}

/// A VMA that may be read.
#[derive(Clone, Copy)]
pub(crate) struct Vma<'a>(&'a VmaRef);

impl<'a> Vma<'a> {
    /// First address, in bytes.
    pub(crate) fn start(&self) -> usize {
        self.0.start()
    }

    /// Address after the last, in bytes.
    pub(crate) fn end(&self) -> usize {
        self.0.end()
    }

    /// All addresses, in bytes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start()..self.end()
    }

    /// Whether all of it lies between two neighbouring multiples of `size`, in bytes.
    pub(super) fn is_within(&self, size: usize) -> bool {
        self.start() / size == (self.end() - 1) / size
    }

    /// Whether somebody waits to change it, until all who read have let go of it.
    pub(crate) fn is_awaited(&self) -> bool {
        // SAFETY: The VMA is locked; the helper reads one word.
        unsafe { own::rustproc_vma_is_awaited(self.raw()) }
    }

    /// `VM_*` flags.
    pub(crate) fn flags(&self) -> usize {
        self.0.flags()
    }

    /// The VMA in C.
    pub(super) fn raw(&self) -> *mut bindings::vm_area_struct {
        self.0.as_ptr()
    }

    /// A VMA that its caller keeps locked for `'a`, or the gate VMA.
    pub(super) fn from_ref(vma: &'a VmaRef) -> Self {
        Self(vma)
    }

    /// The address space in C; null for the gate VMA.
    pub(super) fn mm_ptr(&self) -> *mut bindings::mm_struct {
        // SAFETY: The VMA is locked, and belongs to one address space for life.
        unsafe { (*self.raw()).vm_mm }
    }

    /// Size in bytes of the pages that the kernel keeps the memory in. Mirrors
    /// `vma_kernel_pagesize()`.
    pub(crate) fn kernel_page_size(&self) -> usize {
        // SAFETY: The VMA is locked, so its operations may be called.
        unsafe { own::rustproc_vma_kernel_pagesize(self.raw()) }
    }

    /// Size in bytes of the pages that the CPU sees. Mirrors `vma_mmu_pagesize()`.
    pub(crate) fn mmu_page_size(&self) -> usize {
        // SAFETY: The VMA is locked, so its operations may be called.
        unsafe { own::vma_mmu_pagesize(self.raw()) }
    }

    /// Whether large folios could be used, at one size at least. Mirrors
    /// `thp_vma_allowable_orders()` for `smaps`.
    pub(crate) fn is_thp_eligible(&self) -> bool {
        // SAFETY: The VMA is locked.
        unsafe { own::rustproc_thp_vma_allowable_orders(self.raw()) != 0 }
    }

    /// The protection key; `None` where the CPU has none. Mirrors `vma_pkey()`.
    pub(crate) fn protection_key(&self) -> Option<u32> {
        // SAFETY: The VMA is locked.
        // CAST: A key is a small number.
        unsafe {
            own::rustproc_arch_pkeys_enabled().then(|| own::rustproc_vma_pkey(self.raw()) as u32)
        }
    }

    /// Whether writers get pages of their own. Mirrors `vma_is_cow_mapping()`.
    pub(crate) fn is_cow(&self) -> bool {
        self.flags() & (flags::SHARED | flags::MAYWRITE) == flags::MAYWRITE
    }

    /// Whether userfaultfd lifts protections of the pages itself, and protects even pages that are not
    /// there yet.
    pub(crate) fn is_wp_async(&self) -> bool {
        // SAFETY: The VMA is locked, which pins its userfaultfd context.
        unsafe {
            own::rustproc_userfaultfd_wp_async(self.raw())
                && own::rustproc_userfaultfd_wp_use_markers(self.raw())
        }
    }

    /// Whether it maps hugetlb pages.
    pub(crate) fn is_hugetlb(&self) -> bool {
        self.flags() & flags::HUGETLB != 0
    }

    /// The shared memory that it maps, if it maps such.
    pub(crate) fn shmem(&self) -> Option<Shmem<'a>> {
        // SAFETY: The VMA is locked, so that its file is pinned.
        let is_shmem = unsafe {
            let file = NonNull::new((*self.raw()).vm_file)?;
            own::shmem_mapping((*file.as_ptr()).f_mapping)
        };
        is_shmem.then_some(Shmem(*self))
    }

    /// Whether it is anonymous memory that maps no file, not even `/dev/zero`.
    fn is_anonymous(&self) -> bool {
        // SAFETY: The VMA is locked, and the pointers are only compared.
        unsafe { (*self.raw()).vm_file.is_null() && (*self.raw()).vm_ops.is_null() }
    }

    /// Whether at most a few page tables map it, which say all that there is to say of its pages, so that
    /// nobody sleeps who looks at them.
    fn is_little(&self) -> bool {
        self.end() - self.start() <= own::RUSTPROC_CONST_PMD_SIZE
            && !self.is_hugetlb()
            && !self.shmem().is_some_and(|shmem| shmem.is_swapped())
    }

    /// Whether it is anonymous memory without any page but the page of zeros: none has ever been put
    /// there, so that nobody would know how to find who maps it. There may be marks.
    pub(crate) fn is_untouched(&self) -> bool {
        // SAFETY: The VMA is locked. The pointer is one word, which a page fault may set.
        let reverse_map = unsafe { (&raw const (*self.raw()).anon_vma).read_volatile() };

        self.is_anonymous() && reverse_map.is_null()
    }

    /// Whether it maps a file.
    pub(crate) fn has_file(&self) -> bool {
        // SAFETY: The VMA is locked, and the pointer is only compared.
        unsafe { !(*self.raw()).vm_file.is_null() }
    }

    /// The mapped file, if there is one.
    pub(crate) fn file(&self) -> Option<MappedFile> {
        // SAFETY: The VMA is locked, so that its file is pinned, and that its inode and both
        // their devices. CAST: An offset has 64 bits. For a stacked file the helper finds what the user opened.
        unsafe {
            let file = NonNull::new((*self.raw()).vm_file)?;
            let inode = own::rustproc_file_user_inode(file.as_ptr());
            Some(MappedFile {
                device: Device::from_kernel((*(*inode).i_sb).s_dev),
                inode: (*inode).i_ino,
                page_offset: (*self.raw()).vm_pgoff as u64,
            })
        }
    }

    /// The mapped file itself, to be used after the VMA has been let go of.
    pub(crate) fn backing_file(&self) -> Option<ARef<BackingFile>> {
        // SAFETY: The VMA is locked, so that its file is pinned.
        unsafe {
            let file = NonNull::new((*self.raw()).vm_file)?;
            Some(BackingFile::from_raw(file.as_ptr()).into())
        }
    }

    /// What names the VMA. Mirrors `get_vma_name()`.
    #[inline]
    pub(crate) fn name(&self) -> VmaName<'a> {
        if let Some(name) = self.file_name() {
            return name;
        }
        if let Some(name) = self.special_name() {
            return VmaName::Kernel(name);
        }
        if !self.has_mm() {
            return VmaName::Kernel(b"[vdso]");
        }
        if self.is_heap() {
            VmaName::Kernel(b"[heap]")
        } else if self.is_stack() {
            VmaName::Kernel(b"[stack]")
        } else {
            self.anon_name().map_or(VmaName::None, VmaName::Anon)
        }
    }

    /// Whether it is of the initial heap; not for the gate VMA. Mirrors
    /// `vma_is_initial_heap()`.
    pub(crate) fn is_heap(&self) -> bool {
        // SAFETY: The VMA is locked and has an address space, which each field is one word of.
        let (start, end) = unsafe {
            let fields = &raw const (*self.mm_ptr()).__bindgen_anon_1;
            (
                read_long(&raw const (*fields).start_brk),
                read_long(&raw const (*fields).brk),
            )
        };

        // CAST: Addresses have 64 bits.
        (self.start() as u64) < end && self.end() as u64 > start
    }

    /// Whether it is of the initial stack; not for the gate VMA. Mirrors
    /// `vma_is_initial_stack()`.
    pub(crate) fn is_stack(&self) -> bool {
        // SAFETY: As in `is_heap()`.
        let stack = unsafe { read_long(&raw const (*self.mm_ptr()).__bindgen_anon_1.start_stack) };

        // CAST: Addresses have 64 bits.
        self.start() as u64 <= stack && self.end() as u64 >= stack
    }

    /// The path of the mapped file, as the user opened it.
    pub(crate) fn path(&self) -> Option<PathRef<'a>> {
        // SAFETY: The VMA is locked, so that its file is pinned.
        unsafe {
            let file = NonNull::new((*self.raw()).vm_file)?;
            Some(PathRef::of(file.as_ptr()))
        }
    }

    /// Whether the VMA belongs to an address space; the gate VMA does not.
    fn has_mm(&self) -> bool {
        // SAFETY: The VMA is locked, and the pointer is only compared.
        unsafe { !(*self.raw()).vm_mm.is_null() }
    }

    fn file_name(&self) -> Option<VmaName<'a>> {
        let path = self.path()?;

        Some(match self.anon_name() {
            Some(name) => VmaName::AnonShmem(name),
            None => VmaName::Path(path),
        })
    }

    /// The name that the VMA's operations or the architecture give it.
    fn special_name(&self) -> Option<&'a [u8]> {
        let vma = self.raw();

        // SAFETY: The VMA is locked, so its operations may be called; both functions return null
        // or a string that lives as long as the VMA.
        unsafe {
            if let Some(operations) = (*vma).vm_ops.as_ref() {
                if let Some(name) = operations.name {
                    if let Some(name) = bytes(name(vma)) {
                        return Some(name);
                    }
                }
            }
            bytes(bindings::arch_vma_name(vma))
        }
    }

    fn anon_name(&self) -> Option<&'a [u8]> {
        if !self.has_mm() {
            return None;
        }
        // SAFETY: The VMA is locked, so that its name is pinned.
        unsafe { bytes(own::rustproc_anon_vma_name(self.raw())) }
    }
}

/// A VMA that maps shared memory (tmpfs, memfd, System V).
#[derive(Clone, Copy)]
pub(crate) struct Shmem<'a>(Vma<'a>);

impl Shmem<'_> {
    /// Whether anything of it is in swap, be it mapped or not.
    fn is_swapped(&self) -> bool {
        // SAFETY: The VMA is locked and maps shared memory.
        unsafe { own::rustproc_shmem_swapped(self.0.raw()) != 0 }
    }

    /// Bytes of the memory in swap: of what the VMA maps, or of all of it. Sleeps. Mirrors
    /// `shmem_swap_usage()`.
    pub(crate) fn swap_usage(&self) -> u64 {
        // SAFETY: The VMA is locked and maps shared memory. CAST: A size has 64 bits.
        unsafe { own::shmem_swap_usage(self.0.raw()) as u64 }
    }

    /// Bytes of the memory in swap that the VMA maps in `range`, addresses in bytes. Sleeps. Mirrors
    /// `shmem_partial_swap_usage()`.
    pub(crate) fn swap_usage_in(&self, range: Range<usize>) -> u64 {
        // SAFETY: The VMA is locked and maps shared memory, so it has a file. CAST: A size has 64
        // bits.
        unsafe {
            let vma = self.0.raw();
            own::shmem_partial_swap_usage(
                (*(*vma).vm_file).f_mapping,
                own::rustproc_linear_page_index(vma, range.start),
                own::rustproc_linear_page_index(vma, range.end),
            ) as u64
        }
    }
}

/// The bytes of a C string, without its end; `None` for null.
///
/// # Safety
///
/// `string` must be null or point at a NUL-terminated string that lives for `'a`.
unsafe fn bytes<'a>(string: *const kernel::ffi::c_char) -> Option<&'a [u8]> {
    // SAFETY: By the function's condition.
    (!string.is_null()).then(|| unsafe { CStr::from_char_ptr(string) }.to_bytes())
}
