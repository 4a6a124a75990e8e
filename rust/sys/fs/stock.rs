// SPDX-License-Identifier: GPL-2.0

//! A stock procfs that no path leads to: its mount options, and what it makes of them.
//!
//! Each mount of ours keeps one. Stock reads, checks, applies and shows the options, so that each
//! means here what it means there; what we need of them is read where stock keeps it.
//!
//! C counterpart: [`fs/proc/root.c`](srctree/fs/proc/root.c),
//! [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h) (`struct proc_fs_info`)

use super::{
    context::{
        Log,
        Parameter, //
    },
    path::StockPath, //
};
use crate::{
    bindings as own,
    sys::{
        cred::{
            Group,
            UserNamespace, //
        },
        seq::Seq, //
    },
};
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    pid_namespace::PidNamespace,
    prelude::*,
    sync::aref::ARef, //
};

/// What a mount hides from those who may not trace a process (`hidepid=`), from least to most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HidePid {
    /// Nothing.
    Off,
    /// What is in its directory.
    NoAccess,
    /// That there is such a process, too.
    Invisible,
    /// The same, and no group is exempt.
    NotPtraceable,
}

/// A stock procfs that is being made or changed.
///
/// # Invariants
///
/// The context is one of procfs, ours to use and to put, and has no log between calls.
pub(crate) struct StockRequest(NonNull<own::fs_context>);

// SAFETY: A context may be used from any thread, one at a time.
unsafe impl Send for StockRequest {}

impl StockRequest {
    /// Prepares to mount one with its defaults, for the pid namespace of the current task.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no procfs, `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: The name is a C string. The context takes its own reference to the type.
        let context = unsafe {
            let kind = bindings::get_fs_type(c"proc".as_char_ptr());
            if kind.is_null() {
                return Err(ENODEV);
            }
            let context = own::fs_context_for_mount(kind, 0);
            own::rustproc_module_put((*kind).owner);
            context
        };
        // INVARIANT: A new context.
        NonNull::new(from_err_ptr(context)?).map(Self).ok_or(ENOMEM)
    }

    /// Prepares to change the options of `stock`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn change(stock: &StockProc) -> Result<Self> {
        let root = stock.root.dentry();
        // SAFETY: By its invariant the root is a dentry of procfs; the context takes references.
        let context = from_err_ptr(unsafe { own::fs_context_for_reconfigure(root, 0, 0) })?;
        // INVARIANT: A new context.
        NonNull::new(context).map(Self).ok_or(ENOMEM)
    }

    /// Calls into procfs, which tells `log` what is wrong.
    fn logged<R>(&mut self, log: Log<'_>, call: impl FnOnce(*mut own::fs_context) -> R) -> R {
        let context = self.0.as_ptr();

        // INVARIANT: The log is taken away before it can go.
        // SAFETY: By the type invariant the context is ours.
        unsafe { (*context).log.log = log.as_ptr() };
        let result = call(context);
        // SAFETY: As above.
        unsafe { (*context).log.log = ptr::null_mut() };
        result
    }

    /// The user namespace that the super block will belong to.
    pub(crate) fn owner(&self) -> &UserNamespace {
        // SAFETY: A context keeps its namespace until it is given another, for which it must be
        // borrowed mutably.
        unsafe { UserNamespace::from_ptr((*self.0.as_ptr()).user_ns) }
    }

    /// Takes an option.
    ///
    /// # Errors
    ///
    /// Stock's own; `ENOPARAM` if it knows no such option.
    pub(crate) fn parse(&mut self, parameter: &mut Parameter<'_>, log: Log<'_>) -> Result {
        // SAFETY: Both are valid.
        to_result(self.logged(log, |context| unsafe {
            own::rustproc_fs_context_parse_param(context, parameter.as_ptr())
        }))
    }

    /// Mounts it where no path leads to.
    ///
    /// # Errors
    ///
    /// Stock's own.
    pub(crate) fn mount(&mut self, log: Log<'_>) -> Result<StockProc> {
        // SAFETY: By the type invariant.
        let mount = self.logged(log, |context| unsafe { own::fc_mount_longterm(context) });
        let mount = NonNull::new(from_err_ptr(mount)?).ok_or(ENOMEM)?;

        // SAFETY: The mount is valid and pins its root, to which the path gets a reference.
        let root = unsafe {
            let dentry = own::rustproc_dget((*mount.as_ptr()).mnt_root);
            StockPath::new(mount.as_ptr(), dentry)
        };
        // INVARIANT: The root of a procfs. The function's reference is the mount's.
        Ok(StockProc {
            root,
            _mount: LongTerm(mount),
        })
    }

    /// Changes the options to those that were taken.
    ///
    /// # Errors
    ///
    /// Stock's own.
    pub(crate) fn reconfigure(&mut self, log: Log<'_>) -> Result {
        // SAFETY: By the type invariant; a context that changes a super block keeps its root. The
        // lock is held as the function wants.
        to_result(self.logged(log, |context| unsafe {
            let lock = &raw mut (*(*(*context).root).d_sb).s_umount;
            bindings::down_write(lock);
            let error = own::reconfigure_super(context);
            bindings::up_write(lock);
            error
        }))
    }
}

impl Drop for StockRequest {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { own::put_fs_context(self.0.as_ptr()) };
    }
}

/// A mounted stock procfs.
///
/// # Invariants
///
/// The path is the root directory of a procfs.
pub(crate) struct StockProc {
    root: StockPath,
    _mount: LongTerm,
}

/// A mount that stays for long: references to it are given up without looking whether one is the last.
///
/// # Invariants
///
/// The mount is a long-term one, and this has a reference to it.
struct LongTerm(NonNull<bindings::vfsmount>);

// SAFETY: It may be given up from any thread that may sleep.
unsafe impl Send for LongTerm {}

// SAFETY: Nothing of it can be reached through a shared reference.
unsafe impl Sync for LongTerm {}

impl Drop for LongTerm {
    fn drop(&mut self) {
        // SAFETY: By the type invariant. Other references may be left; the last one ends the mount.
        unsafe { own::kern_unmount_array(&mut self.0.as_ptr(), 1) };
    }
}

impl StockProc {
    /// The directory at its top.
    pub(crate) fn root(&self) -> &StockPath {
        &self.root
    }

    fn super_block(&self) -> *mut bindings::super_block {
        // SAFETY: By the type invariant; a dentry's super block never changes.
        unsafe { (*self.root.dentry()).d_sb }
    }

    fn info(&self) -> *mut own::proc_fs_info {
        // SAFETY: By the type invariant; procfs keeps this struct there until the last mount is gone.
        unsafe { (*self.super_block()).s_fs_info.cast() }
    }

    /// The pid namespace that it shows.
    pub(crate) fn namespace(&self) -> ARef<PidNamespace> {
        // SAFETY: The super block keeps its namespace, and never gets another.
        unsafe { PidNamespace::from_ptr((*self.info()).pid_ns) }.into()
    }

    /// What it hides. Any context.
    pub(crate) fn hide_pid(&self) -> HidePid {
        // SAFETY: The struct is valid; a remount may change the word at any time.
        match unsafe { ptr::read_volatile(&raw const (*self.info()).hide_pid) } {
            own::proc_hidepid_HIDEPID_OFF => HidePid::Off,
            own::proc_hidepid_HIDEPID_NO_ACCESS => HidePid::NoAccess,
            own::proc_hidepid_HIDEPID_INVISIBLE => HidePid::Invisible,
            _ => HidePid::NotPtraceable,
        }
    }

    /// The group that it hides nothing from. Any context.
    pub(crate) fn group(&self) -> Group {
        // SAFETY: As above.
        Group::from_raw(unsafe { ptr::read_volatile(&raw const (*self.info()).pid_gid) })
    }

    /// Whether it shows less than a procfs has, so that whoever may mount one may mount it even where
    /// no other is in sight.
    pub(crate) fn is_restricted(&self) -> bool {
        // SAFETY: The super block is valid; the flag is set before it can be seen.
        unsafe { (*self.super_block()).s_iflags & own::RUSTPROC_CONST_SB_I_RESTRICTED_VARIANT != 0 }
    }

    /// Writes its options as `/proc/mounts` shows them.
    ///
    /// # Errors
    ///
    /// Stock's own.
    pub(crate) fn show_options(&self, seq: &mut Seq<'_>) -> Result {
        // SAFETY: Both are valid, and the caller holds what guards the buffer.
        to_result(unsafe { own::rustproc_show_options(seq.as_ptr(), self.root.dentry()) })
    }
}
