// SPDX-License-Identifier: GPL-2.0

//! Process identifiers: `struct pid` and the pid-namespace views of it.
//!
//! C header: [`include/linux/pid.h`](srctree/include/linux/pid.h)

use crate::bindings as own;
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    pid_namespace::PidNamespace,
    prelude::*,
    sync::{
        aref::{
            ARef,
            AlwaysRefCounted, //
        },
        rcu, //
    },
    task::Task,
    types::Opaque, //
};

/// Largest pid that the kernel can hand out, plus one (`PID_MAX_LIMIT` on 64-bit kernels).
pub(crate) const PID_MAX_LIMIT: i64 = 4 * 1024 * 1024;

/// Index of what a pid is to one task, among what it may be to several; the first, so that the links of a
/// task begin with that one.
const TASK: usize = bindings::pid_type_PIDTYPE_PID as usize;

static_assert!(TASK == 0);

/// What a task's pids are to it.
const TASK_LINKS: usize = bindings::pid_type_PIDTYPE_MAX as usize;

/// Wraps the kernel's `struct pid`: the identity of a task, which outlives the task.
///
/// # Invariants
///
/// All instances are valid `struct pid`s whose reference count is not zero.
#[repr(transparent)]
pub(crate) struct Pid(Opaque<bindings::pid>);

// SAFETY: `put_pid()` may be called from any thread.
unsafe impl Send for Pid {}

// SAFETY: What the methods read is constant or synchronised by the C code.
unsafe impl Sync for Pid {}

// SAFETY: A `struct pid` is always reference-counted.
unsafe impl AlwaysRefCounted for Pid {
    fn inc_ref(&self) {
        // SAFETY: The shared reference proves that the count is not zero.
        unsafe { own::rustproc_get_pid(self.as_ptr()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller gives up one reference.
        unsafe { bindings::put_pid(obj.cast().as_ptr()) };
    }
}

impl Pid {
    fn as_ptr(&self) -> *mut bindings::pid {
        self.0.get()
    }

    /// # Safety
    ///
    /// `ptr` must point at a `struct pid` that stays valid for `'a`.
    pub(crate) unsafe fn from_ptr<'a>(ptr: *mut bindings::pid) -> &'a Self {
        // SAFETY: The caller promises validity; the wrapper is transparent.
        unsafe { &*ptr.cast() }
    }

    /// The pid of `task`; `None` once it has been reaped. Mirrors `get_task_pid()`.
    pub(crate) fn of_task(task: &Task) -> Option<ARef<Self>> {
        // SAFETY: `task` is a valid task; the function takes a reference for us.
        let pid = unsafe { bindings::get_task_pid(task.as_ptr(), bindings::pid_type_PIDTYPE_PID) };

        // SAFETY: A pointer that is not null carries a reference, which the `ARef` takes over.
        NonNull::new(pid).map(|pid| unsafe { ARef::from_raw(pid.cast()) })
    }

    /// The task that this identifies; `None` once it has been reaped. Mirrors `get_pid_task()`.
    pub(crate) fn task(&self) -> Option<ARef<Task>> {
        self.task_of_type(bindings::pid_type_PIDTYPE_PID)
    }

    fn task_of_type(&self, kind: bindings::pid_type) -> Option<ARef<Task>> {
        // SAFETY: `self` is a valid pid; the function takes a reference to the task for us.
        let task = unsafe { bindings::get_pid_task(self.as_ptr(), kind) };

        // SAFETY: A pointer that is not null carries a reference, which the `ARef` takes over.
        NonNull::new(task).map(|task| unsafe { ARef::from_raw(task.cast()) })
    }

    /// The task that this identifies, borrowed under RCU. Mirrors `pid_task()`.
    #[inline]
    pub(crate) fn task_rcu<'a>(&self, _rcu: &'a rcu::Guard) -> Option<&'a Task> {
        let link = self.task_link();

        if link.is_null() {
            return None;
        }
        // SAFETY: A link in the list of tasks is a member of one; RCU is held, so that this cannot be
        // freed before the guard is dropped. `Task` is a transparent wrapper of the C struct.
        unsafe {
            let links = link.cast::<[bindings::hlist_node; TASK_LINKS]>();
            let task = kernel::container_of!(links, bindings::task_struct, pid_links);
            Some(&*task.cast::<Task>())
        }
    }

    /// The link in the task that this identifies; null once it has been reaped. Any context.
    #[inline]
    fn task_link(&self) -> *mut bindings::hlist_node {
        // SAFETY: `self` is a valid pid, and the pointer a word that may change at any time.
        unsafe {
            let tasks = &raw const (*self.as_ptr()).tasks[TASK];
            ptr::read_volatile(&raw const (*tasks).first)
        }
    }

    /// Whether no task has this pid any more. Any context.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        self.task_link().is_null()
    }

    /// The number in `ns`, 0 if it has none there. Mirrors `pid_nr_ns()`.
    pub(crate) fn nr_in(&self, ns: &PidNamespace) -> i32 {
        // SAFETY: Both are valid; the numbers of a pid never change, and there are `level + 1`.
        unsafe {
            let (pid, level) = (self.as_ptr(), (*ns.as_ptr()).level);
            if level > (*pid).level {
                return 0;
            }
            // CAST: A namespace level is at most `MAX_PID_NS_LEVEL`.
            let number = (*pid).numbers.as_ptr().add(level as usize);
            if (*number).ns == ns.as_ptr() {
                (*number).nr
            } else {
                0
            }
        }
    }

    /// The namespaces in which this has a number, from `ns` down to its own.
    pub(crate) fn namespaces_from<'a>(
        &'a self,
        ns: &PidNamespace,
    ) -> impl Iterator<Item = &'a PidNamespace> + Clone {
        // SAFETY: `self` and `ns` are valid and the levels never change.
        let (first, last) = unsafe { ((*ns.as_ptr()).level, (*self.as_ptr()).level) };

        (first..=last).map(move |level| {
            // SAFETY: A pid has `level + 1` numbers, and pins the namespace of each.
            unsafe {
                let numbers = (*self.as_ptr()).numbers.as_ptr();
                // CAST: A namespace level is at most `MAX_PID_NS_LEVEL`.
                PidNamespace::from_ptr((*numbers.add(level as usize)).ns)
            }
        })
    }
}

/// A task and what identifies it.
pub(crate) struct FoundTask {
    /// The pid by whose number the task was found.
    pub(crate) pid: ARef<Pid>,
    /// The task.
    pub(crate) task: ARef<Task>,
}

/// The task with number `nr` in `ns`. Mirrors `find_task_by_pid_ns()`.
pub(crate) fn find_task(nr: i32, ns: &PidNamespace) -> Option<FoundTask> {
    let rcu = rcu::read_lock();
    // SAFETY: RCU is held and `ns` is valid.
    let pid = unsafe { bindings::find_pid_ns(nr, ns.as_ptr()) };

    if pid.is_null() {
        return None;
    }
    // SAFETY: RCU keeps the pid from being freed while `rcu` lives.
    let pid = unsafe { Pid::from_ptr(pid) };
    let task = pid.task_rcu(&rcu)?;
    Some(FoundTask {
        pid: ARef::from(pid),
        task: ARef::from(task),
    })
}

/// A thread-group leader and its number in the namespace that was asked.
pub(crate) struct NumberedTask {
    /// The number in that namespace.
    pub(crate) nr: i32,
    /// The task.
    pub(crate) task: ARef<Task>,
}

/// The thread group with the smallest number in `ns` that is `nr` or above.
///
/// Mirrors the search of `proc_pid_readdir()`. Takes and drops RCU; bounded by the pids that are
/// no thread group's between two that are.
pub(crate) fn next_process(nr: i32, ns: &PidNamespace) -> Option<NumberedTask> {
    let _rcu = rcu::read_lock();
    let mut nr = nr;

    loop {
        // SAFETY: RCU is held and `ns` is valid.
        let found = unsafe { own::find_ge_pid(nr, ns.as_ptr()) };
        if found.is_null() {
            return None;
        }
        // SAFETY: RCU keeps the pid from being freed while `_rcu` lives.
        let pid = unsafe { Pid::from_ptr(found) };
        nr = pid.nr_in(ns);
        if let Some(task) = pid.task_of_type(bindings::pid_type_PIDTYPE_TGID) {
            return Some(NumberedTask { nr, task });
        }
        nr = nr.checked_add(1)?;
    }
}

/// The child of `parent` that comes after `previous`, or else the one at `index`.
///
/// Mirrors `get_children_pid()`: while `previous` is still a child, its successor is the answer;
/// otherwise the list is counted from its start. Holds `tasklist_lock` for reading meanwhile.
pub(crate) fn child_of(parent: &Pid, previous: Option<&Pid>, index: i64) -> Option<ARef<Pid>> {
    let children = TasklistGuard::new().children(parent)?;
    let child = match previous.and_then(|pid| children.after(pid)) {
        Some(successor) => successor?,
        None => children.at(index)?,
    };
    // SAFETY: `child` is a linked task, so `children`'s lock keeps its pid attached; the helper
    // takes a reference, which the `ARef` takes over.
    unsafe {
        let pid = own::rustproc_get_pid(own::rustproc_task_pid(child.as_ptr()));
        NonNull::new(pid).map(|pid| ARef::from_raw(pid.cast()))
    }
}

/// `tasklist_lock` held for reading: the process tree stands still.
struct TasklistGuard(kernel::types::NotThreadSafe);

impl TasklistGuard {
    fn new() -> Self {
        // SAFETY: The lock may be taken for reading in any context, nested too.
        unsafe { own::rustproc_tasklist_read_lock() };
        Self(kernel::types::NotThreadSafe)
    }

    fn children(self, parent: &Pid) -> Option<Children> {
        // SAFETY: The lock is held, which pins the task that is attached to the pid.
        let parent = unsafe { bindings::pid_task(parent.as_ptr(), bindings::pid_type_PIDTYPE_PID) };

        NonNull::new(parent).map(|parent| Children {
            _lock: self,
            parent,
        })
    }
}

impl Drop for TasklistGuard {
    fn drop(&mut self) {
        // SAFETY: `new()` took the lock in this context, which the guard cannot leave.
        unsafe { own::rustproc_tasklist_read_unlock() };
    }
}

/// The children of a task.
///
/// # Invariants
///
/// `parent` is a linked task, and stays one while the lock is held.
struct Children {
    _lock: TasklistGuard,
    parent: NonNull<bindings::task_struct>,
}

impl Children {
    fn head(&self) -> *mut bindings::list_head {
        // SAFETY: By the type invariant `parent` is valid.
        unsafe { &raw mut (*self.parent.as_ptr()).children }
    }

    /// The task whose `sibling` node is `node`; `None` for the head of the list.
    fn entry(&self, node: *mut bindings::list_head) -> Option<NonNull<bindings::task_struct>> {
        if node == self.head() {
            return None;
        }
        // SAFETY: Every other node of the list is the `sibling` member of a child.
        NonNull::new(unsafe { kernel::container_of!(node, bindings::task_struct, sibling) })
    }

    /// The successor of `previous`: `None` if that is no child any more, `Some(None)` at the end.
    fn after(&self, previous: &Pid) -> Option<Option<NonNull<bindings::task_struct>>> {
        // SAFETY: The lock is held, which pins the task that is attached to the pid.
        let task = unsafe { bindings::pid_task(previous.as_ptr(), bindings::pid_type_PIDTYPE_PID) };

        if task.is_null() {
            return None;
        }
        // SAFETY: `task` is linked, so its fields are valid and its list is locked.
        let (parent, node, next) = unsafe {
            let node = &raw mut (*task).sibling;
            ((*task).real_parent, node, (*node).next)
        };
        if parent != self.parent.as_ptr() || next == node {
            return None;
        }
        Some(self.entry(next))
    }

    fn at(&self, index: i64) -> Option<NonNull<bindings::task_struct>> {
        let mut left = index;
        // SAFETY: The list is locked, so the links of its members are valid.
        let mut child = self.entry(unsafe { (*self.head()).next })?;

        while left != 0 {
            left = left.wrapping_sub(1);
            // SAFETY: As above.
            child = self.entry(unsafe { (*child.as_ptr()).sibling.next })?;
        }
        Some(child)
    }
}

/// The numbers of a task in one pid namespace; 0 where it has none there.
#[derive(Clone, Copy)]
pub(crate) struct PidNumbers {
    /// Of its thread group.
    pub(crate) tgid: i32,
    /// Its own.
    pub(crate) pid: i32,
    /// Of its process group.
    pub(crate) pgid: i32,
    /// Of its session.
    pub(crate) sid: i32,
}

impl PidNumbers {
    /// Reads the numbers of `task` in `ns`. Mirrors `task_tgid_nr_ns()` and its siblings.
    pub(crate) fn of(task: &Task, ns: &PidNamespace) -> Self {
        let rcu = rcu::read_lock();
        let task = task.as_ptr();
        // CAST: A small number.
        let of_group = |kind: bindings::pid_type| {
            // SAFETY: A task keeps its `signal_struct` until the last reference to it is dropped.
            unsafe { number_in(&raw const (*(*task).signal).pids[kind as usize], ns, &rcu) }
        };

        Self {
            tgid: of_group(bindings::pid_type_PIDTYPE_TGID),
            // SAFETY: The task is valid.
            pid: unsafe { number_in(&raw const (*task).thread_pid, ns, &rcu) },
            pgid: of_group(bindings::pid_type_PIDTYPE_PGID),
            sid: of_group(bindings::pid_type_PIDTYPE_SID),
        }
    }
}

/// The number in `ns` of the pid that `attached` points at, 0 if that is null or has none there.
///
/// # Safety
///
/// `attached` must be valid for reads, and point at null or at a pid that is freed under RCU.
unsafe fn number_in(
    attached: *const *mut bindings::pid,
    ns: &PidNamespace,
    _rcu: &rcu::Guard,
) -> i32 {
    // SAFETY: By the function's condition; RCU is held, so that a pid stays what it is.
    unsafe {
        let pid = ptr::read_volatile(attached);
        if pid.is_null() {
            0
        } else {
            Pid::from_ptr(pid).nr_in(ns)
        }
    }
}
