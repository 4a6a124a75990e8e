// SPDX-License-Identifier: GPL-2.0

//! Collects `status`.
//!
//! The lists of any length (groups, pid namespaces) are collected as iterators over what the
//! credential and the pid pin, so that nothing is allocated. No lock is held from one part to the
//! next, in stock as here.
//!
//! C counterpart: `proc_pid_status()` in [`fs/proc/array.c`](srctree/fs/proc/array.c) and
//! `task_mem()` in [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use crate::{
    collect,
    model::{
        bitmap::Bitmap,
        speculation::{
            IndirectBranch,
            StoreBypass, //
        },
        status::{
            Capabilities,
            Identity,
            Masks,
            Memory,
            NsIds,
            Owner,
            Seccomp,
            Signals,
            Status,
            Switches,
            ThreadFeatures, //
        },
        units::{
            Bytes,
            Pages, //
        },
    },
    sys::{
        cred::{
            self,
            CredentialExt,
            Ids,
            UserNamespace, //
        },
        mm::{
            MmExt,
            PageKind, //
        },
        pid::{
            Pid,
            PidNumbers, //
        },
        signal::{
            self,
            Resource, //
        },
        task::{
            cpu_bits,
            node_bits,
            Speculation,
            TaskExt, //
        },
    },
};
use core::iter;
use kernel::{
    cred::Credential,
    pid_namespace::PidNamespace,
    sync::aref::ARef,
    task::Task, //
};

/// The objective credential of `task`, which the status of the task borrows.
pub(crate) fn credential(task: &Task) -> ARef<Credential> {
    cred::of_task(task)
}

/// The status of `task`, whose credential is `credential`, with ids as `users` sees them. May sleep.
pub(crate) fn collect<'a>(
    task: &'a Task,
    pid: &'a Pid,
    ns: &PidNamespace,
    users: &'a UserNamespace,
    credential: &'a Credential,
) -> Status<'a, impl Iterator<Item = u32> + Clone + 'a, impl Iterator<Item = NsIds> + Clone + 'a> {
    let numbers = PidNumbers::of(task, ns);

    Status {
        identity: identity(task, pid, ns, users, credential, numbers.tgid),
        groups: credential.groups_in(users),
        ns_ids: cfg!(CONFIG_PID_NS).then(|| namespaces(task, pid, ns, numbers)),
        kthread: task.is_kernel_thread(),
        memory: memory(task),
        signals: signals(task),
        capabilities: capabilities(credential),
        seccomp: seccomp(task),
        masks: masks(task),
        switches: switches(task),
        thread_features: thread_features(task),
    }
}

/// Who `task` is.
fn identity(
    task: &Task,
    pid: &Pid,
    ns: &PidNamespace,
    users: &UserNamespace,
    credential: &Credential,
    tgid: i32,
) -> Identity {
    Identity {
        name: collect::comm(task),
        // CAST: A mask has nine bits.
        umask: task.umask().map(|umask| umask as u32),
        state: collect::state(task),
        tgid,
        ngid: task.numa_group(),
        pid: pid.nr_in(ns),
        ppid: task.parent_in(ns),
        tracer_pid: task.tracer_in(ns),
        uid: owner(credential.uids_in(users)),
        gid: owner(credential.gids_in(users)),
        fd_size: task.file_slots(),
    }
}

fn owner(ids: Ids) -> Owner {
    Owner {
        real: ids.real,
        effective: ids.effective,
        saved: ids.saved,
        fs: ids.fs,
    }
}

/// The numbers of `task` in each namespace from `ns`, where they are `numbers`, down to its own.
fn namespaces<'a>(
    task: &'a Task,
    pid: &'a Pid,
    ns: &PidNamespace,
    numbers: PidNumbers,
) -> impl Iterator<Item = NsIds> + Clone + 'a {
    let first = iter::once(ns_ids(numbers));
    // `pid` was found in `ns`, so that there is a first one.
    let others = pid.namespaces_from(ns).skip(1);

    first.chain(others.map(|ns| ns_ids(PidNumbers::of(task, ns))))
}

fn ns_ids(numbers: PidNumbers) -> NsIds {
    NsIds {
        tgid: numbers.tgid,
        pid: numbers.pid,
        pgid: numbers.pgid,
        sid: numbers.sid,
    }
}

/// The sizes of `task`'s address space; `None` if it has none. May sleep.
fn memory(task: &Task) -> Option<Memory> {
    let mm = task.mm()?;
    let rss = collect::rss(&mm);
    let sizes = mm.sizes();
    let more = mm.more_sizes();

    Some(Memory {
        hiwater_vm: Pages(more.highest_total),
        total_vm: Pages(sizes.total),
        locked_vm: Pages(more.locked),
        pinned_vm: Pages(mm.pinned_pages()),
        hiwater_rss: Pages(more.highest_resident),
        rss,
        data_vm: Pages(sizes.data),
        stack_vm: Pages(sizes.stack),
        exec_vm: Pages(more.exec),
        code: collect::code(&mm),
        pgtables: Bytes(mm.page_table_bytes()),
        swap: Pages(mm.pages(PageKind::Swap)),
        hugetlb: cfg!(CONFIG_HUGETLB_PAGE).then(|| Pages(mm.hugetlb_pages())),
        core_dumping: task.is_dumping_core(),
        thp_enabled: cfg!(CONFIG_TRANSPARENT_HUGEPAGE) && !mm.thp_disabled(),
        untag_mask: mm.untag_mask(),
    })
}

/// The signal state of `task`; all zero once it has been reaped.
fn signals(task: &Task) -> Signals {
    let Some(signal) = signal::lock(task) else {
        return Signals::default();
    };
    let dispositions = signal.dispositions();

    Signals {
        threads: signal.threads(),
        // CAST: Stock keeps the count in an `unsigned int`, too.
        queued: signal.queued_signals() as u32,
        queue_limit: signal.soft_limit(Resource::PendingSignals),
        pending: task.pending(),
        shared_pending: signal.shared_pending(),
        blocked: task.blocked(),
        ignored: dispositions.ignored,
        caught: dispositions.caught,
    }
}

/// The capability sets of `credential`.
fn capabilities(credential: &Credential) -> Capabilities {
    let sets = credential.capabilities();

    Capabilities {
        inheritable: sets.inheritable,
        permitted: sets.permitted,
        effective: sets.effective,
        bounding: sets.bounding,
        ambient: sets.ambient,
    }
}

/// How `task` is confined, and which speculation it allows itself.
fn seccomp(task: &Task) -> Seccomp {
    let (mode, filters) = task.seccomp();

    Seccomp {
        no_new_privs: task.no_new_privs(),
        mode: cfg!(CONFIG_SECCOMP).then_some(mode),
        filters: cfg!(CONFIG_SECCOMP_FILTER).then_some(filters),
        store_bypass: StoreBypass::from_prctl(task.speculation(Speculation::StoreBypass).into()),
        indirect_branch: IndirectBranch::from_prctl(
            task.speculation(Speculation::IndirectBranch).into(),
        ),
    }
}

/// Where `task` may run and allocate.
fn masks(task: &Task) -> Masks<'_> {
    Masks {
        cpus_allowed: Bitmap {
            words: task.cpus_allowed(),
            bits: cpu_bits(),
        },
        mems_allowed: cfg!(CONFIG_CPUSETS).then(|| Bitmap {
            words: task.mems_allowed(),
            bits: node_bits(),
        }),
    }
}

/// How often `task` was switched away from.
fn switches(task: &Task) -> Switches {
    let (voluntary, nonvoluntary) = task.context_switches();

    Switches {
        voluntary,
        nonvoluntary,
    }
}

/// The x86 features of `task`; `None` where the kernel has no such lines.
fn thread_features(task: &Task) -> Option<ThreadFeatures> {
    task.shadow_stack_features()
        .map(|(features, locked)| ThreadFeatures { features, locked })
}
