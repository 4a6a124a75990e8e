// SPDX-License-Identifier: GPL-2.0

//! `ioctl(PROCMAP_QUERY)` on `maps`: what is mapped at an address, or next above it.
//!
//! Everything is checked and found out before anything is copied out. No lock is held while the
//! caller's memory is touched, nor while a build id is read from a file.
//!
//! C counterpart: `do_procmap_query()` in [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    collect::procmap_query as collect,
    model::{
        maps::Name,
        procmap_query::{
            self as model,
            ProcmapQuery,
            Refusal, //
        },
    },
    sys::{
        build_id::{
            BackingFile,
            BuildId, //
        },
        name_buffer::{
            self,
            NameBuffer, //
        },
        uaccess,
        vma::{
            Vma,
            VmaName, //
        },
    },
    view::maps as view,
};
use kernel::{
    ioctl::_IOWR,
    mm::{
        Mm,
        MmWithUser, //
    },
    prelude::*,
    sync::aref::ARef,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// The command.
pub(super) const COMMAND: u32 = _IOWR::<ProcmapQuery>(b'f' as u32, 17);

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooBig => E2BIG,
            Refusal::Invalid => EINVAL,
            Refusal::NoRoom => name_buffer::too_long(),
        }
    }
}

/// What is found about a VMA under its lock, and not in the [`ProcmapQuery`].
struct Found<'a> {
    name: Option<&'a [u8]>,
    file: Option<ARef<BackingFile>>,
}

/// Answers the question at `argument` about the address space `mm`.
///
/// # Errors
///
/// `EFAULT`; `E2BIG` and `EINVAL` for a question that makes no sense; `ESRCH` if the address space
/// is gone; `ENOENT` if there is no such VMA; `ENAMETOOLONG` if a buffer of the caller's is too
/// small; `ENOMEM`; `EINTR` on a fatal signal.
pub(super) fn answer(mm: Option<&Mm>, argument: UserPtr) -> Result {
    let size = UserSlice::new(argument, size_of::<u64>()).reader().read()?;
    let size = model::check_size(size)?;
    let mut query = ProcmapQuery::default();
    uaccess::read_struct(argument, size, &mut query)?;
    query.check()?;

    let mm = mm.and_then(Mm::mmget_not_zero).ok_or(ESRCH)?;
    let mut names = NameBuffer::new();
    let found = look_up(&mm, &mut query, &mut names)?;
    drop(mm);
    let build_id = read_build_id(found.file, &mut query)?;

    if let Some(name) = found.name {
        uaccess::write(user(query.vma_name_addr), name)?;
    }
    if let Some(build_id) = build_id {
        uaccess::write(user(query.build_id_addr), build_id.as_bytes())?;
    }
    uaccess::write_struct(argument, &query, size)
}

/// The address that a struct carries as a number.
fn user(address: u64) -> UserPtr {
    // CAST: Addresses have 64 bits.
    UserPtr::from_addr(address as usize)
}

/// Finds the VMA and answers what can be said of it under its lock.
fn look_up<'a>(
    mm: &MmWithUser,
    query: &mut ProcmapQuery,
    names: &'a mut NameBuffer,
) -> Result<Found<'a>> {
    let locked = collect::find(mm, query)?;
    let vma = locked.vma();

    collect::describe(vma, query);
    let name = match query.name_capacity() {
        Some(capacity) => name_of(vma, names, capacity)?,
        None => None,
    };
    query.set_name_size(name.map_or(0, <[u8]>::len));
    let file = query.wants_build_id().then(|| vma.backing_file()).flatten();

    Ok(Found { name, file })
}

/// The name of a VMA and its NUL, as `maps` shows it but for the escapes.
fn name_of<'a>(
    vma: Vma<'_>,
    names: &'a mut NameBuffer,
    capacity: usize,
) -> Result<Option<&'a [u8]>> {
    let name = match vma.name() {
        VmaName::None => return Ok(None),
        VmaName::Path(path) => return names.path(path, capacity).map(Some),
        VmaName::Kernel(name) => Name::Special(name),
        VmaName::Anon(name) => Name::Anon(name),
        VmaName::AnonShmem(name) => Name::AnonShmem(name),
    };

    names
        .render(|text| view::bare_name(name, text), capacity)
        .map(Some)
}

/// Answers how long the build id is, if it is wanted. A file without one is no error.
#[inline]
fn read_build_id(
    file: Option<ARef<BackingFile>>,
    query: &mut ProcmapQuery,
) -> Result<Option<BuildId>> {
    if !query.wants_build_id() {
        return Ok(None);
    }
    let build_id = file.and_then(|file| file.build_id().ok());

    query.set_build_id_size(build_id.as_ref().map_or(0, BuildId::len))?;
    Ok(build_id)
}
