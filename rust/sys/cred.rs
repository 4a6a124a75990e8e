// SPDX-License-Identifier: GPL-2.0

//! User and group ids, and the credentials of a task.
//!
//! C header: [`include/linux/cred.h`](srctree/include/linux/cred.h)

use crate::bindings as own;
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    cred::Credential,
    sync::aref::ARef,
    task::Task,
    types::{
        NotThreadSafe,
        Opaque, //
    },
};

/// The capability to do what an administrator does and no other capability names.
pub(crate) const CAP_SYS_ADMIN: u32 = bindings::CAP_SYS_ADMIN;

/// The id of nobody, which no namespace maps.
const INVALID_ID: u32 = u32::MAX;

/// Wraps the kernel's `struct user_namespace`.
///
/// # Invariants
///
/// All instances are valid `struct user_namespace`s.
#[repr(transparent)]
pub(crate) struct UserNamespace(Opaque<bindings::user_namespace>);

impl UserNamespace {
    /// # Safety
    ///
    /// `ptr` must point at a user namespace that stays valid for `'a`.
    pub(crate) unsafe fn from_ptr<'a>(ptr: *mut bindings::user_namespace) -> &'a Self {
        // SAFETY: The caller promises validity; the wrapper is transparent.
        unsafe { &*ptr.cast() }
    }

    pub(super) fn as_ptr(&self) -> *mut bindings::user_namespace {
        self.0.get()
    }

    /// Whether this is the initial namespace, which numbers all users as the kernel does.
    fn is_initial(&self) -> bool {
        ptr::eq(self.0.get(), &raw const bindings::init_user_ns)
    }

    /// Mirrors `from_kuid_munged()`.
    fn uid(&self, uid: bindings::kuid_t) -> u32 {
        if self.is_initial() && uid.val != INVALID_ID {
            return uid.val;
        }
        // SAFETY: `self` is a valid namespace; the map of a namespace is set once, atomically.
        unsafe { own::rustproc_from_kuid_munged(self.0.get(), uid) }
    }

    /// Mirrors `from_kgid_munged()`.
    fn gid(&self, gid: bindings::kgid_t) -> u32 {
        if self.is_initial() && gid.val != INVALID_ID {
            return gid.val;
        }
        // SAFETY: As in `uid()`.
        unsafe { own::rustproc_from_kgid_munged(self.0.get(), gid) }
    }
}

/// The owner that procfs gives to a file of a task.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(super) uid: bindings::kuid_t,
    pub(super) gid: bindings::kgid_t,
}

impl Owner {
    /// The global root user and group.
    pub(crate) const ROOT: Self = Self {
        uid: bindings::kuid_t { val: 0 },
        gid: bindings::kgid_t { val: 0 },
    };

    /// The owner of a file with `mode` of `task`. Mirrors `task_dump_owner()`, which it calls.
    #[inline]
    pub(crate) fn of_task(task: &Task, mode: u16) -> Self {
        let mut owner = Self::ROOT;

        // SAFETY: `task` is valid; the function takes RCU itself and writes both ids.
        unsafe {
            own::task_dump_owner(task.as_ptr(), mode, &mut owner.uid, &mut owner.gid);
        }
        owner
    }
}

/// A group of users.
#[derive(Clone, Copy)]
pub(crate) struct Group(bindings::kgid_t);

impl Group {
    pub(super) fn from_raw(gid: bindings::kgid_t) -> Self {
        Self(gid)
    }

    /// Whether the current task is in it, for access to files. Mirrors `in_group_p()`.
    pub(crate) fn has_current(self) -> bool {
        // SAFETY: Looks at the current task's own credentials.
        unsafe { bindings::in_group_p(self.0) != 0 }
    }
}

/// The kernel's credentials in the place of the current task's, until dropped.
pub(crate) struct AsKernel {
    saved: *const bindings::cred,
    _not_send: NotThreadSafe,
}

impl AsKernel {
    /// Overrides the credentials of the current task.
    pub(crate) fn new() -> Self {
        Self {
            // SAFETY: The kernel's credentials live for ever.
            saved: unsafe { own::rustproc_override_creds(own::rustproc_kernel_cred()) },
            _not_send: NotThreadSafe,
        }
    }
}

impl Drop for AsKernel {
    fn drop(&mut self) {
        // SAFETY: What `new()` took away from this very task; its reference is kept meanwhile.
        unsafe { own::rustproc_revert_creds(self.saved) };
    }
}

/// The four user or group ids of a credential, mapped into a user namespace.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    /// Real id.
    pub(crate) real: u32,
    /// Effective id.
    pub(crate) effective: u32,
    /// Saved id.
    pub(crate) saved: u32,
    /// File-system id.
    pub(crate) fs: u32,
}

/// The capability sets of a credential, as the kernel numbers the bits.
#[derive(Clone, Copy)]
pub(crate) struct CapabilitySets {
    /// Inheritable.
    pub(crate) inheritable: u64,
    /// Permitted.
    pub(crate) permitted: u64,
    /// Effective.
    pub(crate) effective: u64,
    /// Bounding.
    pub(crate) bounding: u64,
    /// Ambient.
    pub(crate) ambient: u64,
}

/// What rustproc reads of a [`Credential`].
pub(crate) trait CredentialExt {
    /// The user ids as `ns` sees them.
    fn uids_in(&self, ns: &UserNamespace) -> Ids;
    /// The group ids as `ns` sees them.
    fn gids_in(&self, ns: &UserNamespace) -> Ids;
    /// The supplementary groups as `ns` sees them, in the kernel's order.
    fn groups_in<'a>(&'a self, ns: &'a UserNamespace) -> impl Iterator<Item = u32> + Clone + 'a;
    /// The capability sets.
    fn capabilities(&self) -> CapabilitySets;
}

impl CredentialExt for Credential {
    fn uids_in(&self, ns: &UserNamespace) -> Ids {
        // SAFETY: The ids of a committed credential never change.
        let cred = unsafe { &*self.as_ptr() };

        Ids {
            real: ns.uid(cred.uid),
            effective: ns.uid(cred.euid),
            saved: ns.uid(cred.suid),
            fs: ns.uid(cred.fsuid),
        }
    }

    fn gids_in(&self, ns: &UserNamespace) -> Ids {
        // SAFETY: As in `uids_in()`.
        let cred = unsafe { &*self.as_ptr() };

        Ids {
            real: ns.gid(cred.gid),
            effective: ns.gid(cred.egid),
            saved: ns.gid(cred.sgid),
            fs: ns.gid(cred.fsgid),
        }
    }

    fn groups_in<'a>(&'a self, ns: &'a UserNamespace) -> impl Iterator<Item = u32> + Clone + 'a {
        // SAFETY: The group list of a committed credential never changes, lives as long as the
        // credential, and has `ngroups` elements.
        let groups = unsafe {
            let info = (*self.as_ptr()).group_info;
            // CAST: The count is not negative and at most `NGROUPS_MAX`.
            core::slice::from_raw_parts((*info).gid.as_ptr(), (*info).ngroups as usize)
        };

        groups.iter().map(move |gid| ns.gid(*gid))
    }

    fn capabilities(&self) -> CapabilitySets {
        // SAFETY: The sets of a committed credential never change.
        let cred = unsafe { &*self.as_ptr() };

        CapabilitySets {
            inheritable: cred.cap_inheritable.val,
            permitted: cred.cap_permitted.val,
            effective: cred.cap_effective.val,
            bounding: cred.cap_bset.val,
            ambient: cred.cap_ambient.val,
        }
    }
}

/// The objective credential of `task`. Mirrors `get_task_cred()`.
pub(crate) fn of_task(task: &Task) -> ARef<Credential> {
    // SAFETY: `task` is valid; the function takes a reference for us, and is never null.
    unsafe {
        let cred = bindings::get_task_cred(task.as_ptr());
        ARef::from_raw(NonNull::new_unchecked(cred.cast_mut().cast()))
    }
}
