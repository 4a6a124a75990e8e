// SPDX-License-Identifier: GPL-2.0

//! The path that a walk from VMA to VMA has written last.
//!
//! A library has four VMAs or more, one after the other, and `d_path()` would say the same of each. So the
//! text that stands in the buffer is repeated, as long as it is certain that `d_path()` would make it
//! again. That looks at the following, in series 7.2 as in 7.3, and at nothing else:
//!
//! - *The file*, which has one path for life. An equal pointer is the same file if the VMA that was
//!   shown before is still there, for a VMA holds its file. VMAs are removed and get their files under
//!   `mmap_lock`, held for writing, which changes the address space's sequence.
//! - *The names* of the file and the directories above it, and which directory each is in. They change
//!   under `rename_lock`, which is a sequence lock.
//! - *The mounts* above the file, and where they are mounted. They change under `mount_lock`, the same.
//! - *The root* of whoever reads, which changes under the lock of its file-system context, the same. It is
//!   the context of one task, for it is one call that reads.
//! - *Whether the file is unlinked*, of which no sequence tells. Only a text that was made without a word of
//!   that is repeated, and only if the file is not unlinked now.
//! - *The file system*, if it makes up names by itself. Such names are not repeated.
//!
//! The sequences are read before the text is made, so that they tell of a change while it was.
//!
//! C counterpart: `d_path()` in [`fs/d_path.c`](srctree/fs/d_path.c)

use super::{
    mm::MmExt,
    seq::Seq,
    vma::PathRef, //
};
use crate::bindings as own;
use core::{
    cell::Cell,
    ffi::CStr,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    mm::MmWithUser, //
};

/// How `d_path()` ends a path that is unlinked, but for the space, which may be escaped.
const UNLINKED: &[u8] = b"(deleted)";

/// The path that was written last of a VMA of one address space, if it may be repeated.
///
/// It lives while one buffer is filled. From that `seq_file` takes nothing away before it is done, or,
/// where it looks for a position, each record before the next.
#[derive(Default)]
pub(super) struct LastPath(Cell<Option<Written>>);

impl LastPath {
    /// Writes `path`, of a locked VMA of `mm`, as [`Seq::path`] does; each time for the same `mm`, and with
    /// the same characters to be escaped.
    pub(super) fn write(
        &self,
        mm: &MmWithUser,
        path: PathRef<'_>,
        escaped: &CStr,
        seq: &mut Seq<'_>,
    ) {
        let repeated = self.0.get().is_some_and(|last| last.repeat(mm, path, seq));

        if !repeated {
            self.0.set(Written::write(mm, path, escaped, seq));
        }
    }
}

/// A path in the buffer, and what it depends on.
///
/// # Invariants
///
/// When the sequences were what `sequences` says, `path` belonged to the file of a VMA, and since then
/// `d_path()` has made the text, of a file that was not unlinked.
#[derive(Clone, Copy)]
struct Written {
    /// Only to be compared.
    path: NonNull<bindings::path>,
    /// Where the text starts in the buffer.
    start: u32,
    /// Bytes of text.
    length: u32,
    sequences: Sequences,
}

impl Written {
    /// Writes a path. `None` if it may not be repeated.
    fn write(
        mm: &MmWithUser,
        path: PathRef<'_>,
        escaped: &CStr,
        seq: &mut Seq<'_>,
    ) -> Option<Self> {
        let sequences = Sequences::now(mm);
        let start = seq.len();

        seq.path(path, escaped);
        let text = seq.written_since(start)?;
        if path.is_made_up() || text.ends_with(UNLINKED) {
            return None;
        }
        // INVARIANT: Just made; the VMA is locked.
        Some(Self {
            path: path.as_non_null(),
            start: u32::try_from(start).ok()?,
            length: u32::try_from(text.len()).ok()?,
            sequences: sequences?,
        })
    }

    /// Writes the text again, if that is what `d_path()` would say of `path`; `false` if not.
    fn repeat(&self, mm: &MmWithUser, path: PathRef<'_>, seq: &mut Seq<'_>) -> bool {
        // CAST: Positions in a buffer.
        let (start, length) = (self.start as usize, self.length as usize);

        path.as_non_null() == self.path
            && !path.is_unlinked()
            && self.sequences.are_now(mm)
            && seq.repeat(start..start + length)
    }
}

/// Numbers that grow when somebody begins to change what a path depends on.
#[derive(Clone, Copy)]
struct Sequences {
    /// Of the VMAs of an address space.
    vmas: u32,
    /// Of all names.
    names: u32,
    /// Of all mounts.
    mounts: u32,
    /// Of the root of whoever reads.
    root: u32,
}

impl Sequences {
    /// The numbers at a time when nobody changes anything; `None` while somebody changes VMAs of `mm`.
    fn now(mm: &MmWithUser) -> Option<Self> {
        let mut vmas = 0;

        // SAFETY: The address space is valid, and so are the locks for ever, but for that of the root,
        // which is the current task's own.
        unsafe {
            own::rustproc_mmap_lock_speculate_try_begin(mm.raw(), &mut vmas).then(|| Self {
                vmas,
                names: own::rustproc_read_seqbegin(&raw const bindings::rename_lock),
                mounts: own::rustproc_read_seqbegin(own::rustproc_mount_lock),
                root: own::rustproc_read_seqbegin(own::rustproc_current_fs_seq()),
            })
        }
    }

    /// Whether the numbers are still the same.
    fn are_now(&self, mm: &MmWithUser) -> bool {
        // SAFETY: As in `now()`.
        unsafe {
            !(own::rustproc_mmap_lock_speculate_retry(mm.raw(), self.vmas)
                || own::rustproc_read_seqretry(&raw const bindings::rename_lock, self.names)
                || own::rustproc_read_seqretry(own::rustproc_mount_lock, self.mounts)
                || own::rustproc_read_seqretry(own::rustproc_current_fs_seq(), self.root))
        }
    }
}

#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
#[kernel::prelude::kunit_tests(rustproc_sys_last_path)]
mod tests {
    use super::*;
    use crate::sys::{
        kunit::{
            equal, equal_text,
            mount::{
                File,
                Mount,
                Way, //
            },
            process::{
                self,
                Memory,
                Process, //
            },
        },
        mm::MmapWriteLock, //
    };
    use kernel::{
        page::PAGE_SIZE,
        prelude::*,
        str::CString, //
    };

    /// Name of a file.
    const NAME: &CStr = c"name";

    /// What `d_path()` says of it.
    const PATH: &[u8] = b"/name";

    /// What a repetition of that says after [`Records::tamper`].
    const REPEATED: &[u8] = b"#####";

    /// A buffer in which each record is the path of a file that is held open, as a VMA would.
    struct Records<'p> {
        process: &'p Process,
        last: LastPath,
        buffer: KVec<u8>,
        count: usize,
    }

    impl<'p> Records<'p> {
        fn new(process: &'p Process) -> Result<Self> {
            Ok(Self {
                process,
                last: LastPath::default(),
                buffer: KVec::from_elem(0, PAGE_SIZE, GFP_KERNEL)?,
                count: 0,
            })
        }

        /// Writes the path of `file`; answers the text.
        fn add(&mut self, file: &File<'_>) -> &[u8] {
            let start = self.count;
            let mut raw = bindings::seq_file {
                buf: self.buffer.as_mut_ptr().cast(),
                size: self.buffer.len(),
                count: start,
                ..pin_init::zeroed()
            };

            // SAFETY: The struct is ours, and shown by nobody else.
            let mut seq = unsafe { Seq::from_raw(&mut raw) };
            self.last
                .write(self.process.mm(), file.path(), c"\n", &mut seq);
            self.count = raw.count;
            &self.buffer[start..self.count]
        }

        /// Writes the path of `file`, and checks that it is written as `text`.
        fn expect(&mut self, file: &File<'_>, text: &[u8]) -> Result {
            equal_text("path", self.add(file), text)
        }

        /// Overwrites all that has been written, so that a repetition is nothing that `d_path()` says.
        fn tamper(&mut self) {
            self.buffer[..self.count].fill(b'#');
        }

        /// Takes away all that has been written, as `seq_file` does to find a position.
        fn restart(&mut self) {
            self.count = 0;
        }
    }

    /// Runs `body` with a new file `name`, which lies in the root of a mount.
    fn with_file(
        name: &CStr,
        body: impl FnOnce(&mut Records<'_>, &Mount<'_>, &File<'_>) -> Result,
    ) -> Result {
        process::run(|process| {
            let mount = Mount::new(process, c"tmpfs", &[])?;
            let file = mount.open(name, Way::Create)?;

            body(&mut Records::new(process)?, &mount, &file)
        })
    }

    /// Writes a path, does `change`, and checks that the path is then written as `text`.
    fn expect_after(
        change: impl FnOnce(&mut Records<'_>, &File<'_>) -> Result,
        text: &[u8],
    ) -> Result {
        with_file(NAME, |records, _, file| {
            records.expect(file, PATH)?;
            records.tamper();
            change(records, file)?;
            records.expect(file, text)
        })
    }

    /// Takes `lock` as whoever changes what it guards, and lets go of it.
    ///
    /// # Safety
    ///
    /// `lock` must be valid, and not be held.
    unsafe fn lock_for_a_change(lock: *const bindings::seqlock_t) {
        // SAFETY: By the function's condition.
        unsafe {
            own::rustproc_write_seqlock(lock.cast_mut());
            own::rustproc_write_sequnlock(lock.cast_mut());
        }
    }

    #[test]
    fn a_path_is_repeated_while_nothing_changes() -> Result {
        const TIMES: usize = 16;

        with_file(NAME, |records, _, file| {
            records.expect(file, PATH)?;
            // Somebody else may rename or mount something meanwhile, but hardly each time.
            let repeated = (0..TIMES)
                .filter(|_| {
                    records.tamper();
                    records.add(file) == REPEATED
                })
                .count();
            equal("repeated", repeated > TIMES / 2, true)
        })
    }

    #[test]
    fn another_file_has_a_path_of_its_own() -> Result {
        with_file(NAME, |records, mount, file| {
            let other = mount.open(c"else", Way::Create)?;

            records.expect(file, PATH)?;
            records.tamper();
            records.expect(&other, b"/else")?;
            records.expect(file, PATH)
        })
    }

    #[test]
    fn nothing_is_repeated_after_mapping() -> Result {
        let memory = 0x1000_0000..0x1000_0000 + PAGE_SIZE;

        expect_after(
            |records, _| records.process.map(memory, Memory::Private),
            PATH,
        )
    }

    #[test]
    fn nothing_is_repeated_while_mappings_change() -> Result {
        with_file(NAME, |records, _, file| {
            let _lock = MmapWriteLock::killable(records.process.mm())?;

            records.expect(file, PATH)?;
            records.tamper();
            records.expect(file, PATH)
        })
    }

    #[test]
    fn nothing_is_repeated_after_renaming() -> Result {
        expect_after(|_, file| file.rename(c"another"), b"/another")
    }

    #[test]
    fn nothing_is_repeated_after_mounting() -> Result {
        // SAFETY: The lock is there for ever, and nobody holds it here.
        let change = || unsafe { lock_for_a_change(own::rustproc_mount_lock) };

        expect_after(
            |_, _| {
                change();
                Ok(())
            },
            PATH,
        )
    }

    #[test]
    fn nothing_is_repeated_after_a_change_of_root() -> Result {
        // SAFETY: The lock is that of the current task, which doesn't hold it here.
        let change = || unsafe { lock_for_a_change(own::rustproc_current_fs_seq()) };

        expect_after(
            |_, _| {
                change();
                Ok(())
            },
            PATH,
        )
    }

    #[test]
    fn a_path_that_is_unlinked_is_never_repeated() -> Result {
        const UNLINKED_PATH: &[u8] = b"/name (deleted)";

        expect_after(
            |records, file| {
                file.unlink()?;
                records.expect(file, UNLINKED_PATH)?;
                records.tamper();
                Ok(())
            },
            UNLINKED_PATH,
        )
    }

    #[test]
    fn a_path_that_looks_unlinked_is_never_repeated() -> Result {
        with_file(c"it (deleted)", |records, _, file| {
            records.expect(file, b"/it (deleted)")?;
            records.tamper();
            records.expect(file, b"/it (deleted)")
        })
    }

    #[test]
    fn a_name_that_is_made_up_is_never_repeated() -> Result {
        const MADE_UP: &[u8] = b"mnt:[";

        process::run(|process| {
            let proc = Mount::new(process, c"proc", &[])?;
            let name = CString::try_from_fmt(fmt!("{}/ns/mnt", process.pid()))?;
            let file = proc.open(&name, Way::Read)?;
            let mut records = Records::new(process)?;

            equal("made up", records.add(&file).starts_with(MADE_UP), true)?;
            records.tamper();
            equal("made up", records.add(&file).starts_with(MADE_UP), true)
        })
    }

    #[test]
    fn nothing_is_repeated_that_has_been_taken_away() -> Result {
        expect_after(
            |records, _| {
                records.restart();
                Ok(())
            },
            PATH,
        )
    }
}
