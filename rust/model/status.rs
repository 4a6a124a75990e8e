// SPDX-License-Identifier: GPL-2.0

//! What `status` says about a task, section by section.
//!
//! [`Status`] holds the sections in printed order. A [`None`] is a line that the task or the kernel's
//! configuration does not have. Lists of any length are iterators, for nothing is allocated to
//! hold them. C counterpart: `proc_pid_status` of [`fs/proc/array.c`](srctree/fs/proc/array.c).

use super::{
    bitmap::Bitmap,
    code::CodeRange,
    comm::Comm,
    rss::Rss,
    speculation::{
        IndirectBranch,
        StoreBypass, //
    },
    state::State,
    units::{
        Bytes,
        Kib,
        Pages, //
    },
};

/// Everything that `status` prints. `Groups` iterates over `u32`s, `Levels` over [`NsIds`].
#[derive(Clone, Copy, Debug)]
pub struct Status<'a, Groups, Levels> {
    /// Name, numbers and owner.
    pub identity: Identity,
    /// Supplementary groups, as the reader's user namespace numbers them.
    pub groups: Groups,
    /// Numbers per pid namespace, the mount's first; [`None`] without `CONFIG_PID_NS`.
    pub ns_ids: Option<Levels>,
    /// Whether it is a kernel thread: `PF_KTHREAD`.
    pub kthread: bool,
    /// The address space; [`None`] for kernel threads and tasks that have given theirs up.
    pub memory: Option<Memory>,
    /// Threads and signals.
    pub signals: Signals,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Seccomp and speculation.
    pub seccomp: Seccomp,
    /// Where the task may run and get memory from.
    pub masks: Masks<'a>,
    /// Context switches.
    pub switches: Switches,
    /// Shadow stacks; [`None`] without `CONFIG_X86_USER_SHADOW_STACK`.
    pub thread_features: Option<ThreadFeatures>,
}

/// From `Name` to `FDSize`. Process numbers are those of the mount's pid namespace, and 0 if there
/// is none; owners are numbered as the reader's user namespace does (`from_kuid_munged`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the task.
    pub name: Comm,
    /// Mode bits that new files don't get; [`None`] once the task has no `fs_struct`.
    pub umask: Option<u32>,
    /// What the task is doing.
    pub state: State,
    /// Number of the process.
    pub tgid: i32,
    /// Number of the NUMA balancing group; 0 for none.
    pub ngid: i32,
    /// Number of the task.
    pub pid: i32,
    /// Number of the parent process.
    pub ppid: i32,
    /// Number of the tracer; 0 for none.
    pub tracer_pid: i32,
    /// User numbers.
    pub uid: Owner,
    /// Group numbers.
    pub gid: Owner,
    /// Slots in the table of open files; 0 once the task has none.
    pub fd_size: u32,
}

/// The four users, or the four groups, that a task acts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Who the task is.
    pub real: u32,
    /// Whose rights it has.
    pub effective: u32,
    /// Whose rights it may take again.
    pub saved: u32,
    /// Whose rights it has on files.
    pub fs: u32,
}

/// A task's numbers in one pid namespace; 0 for what has no number there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NsIds {
    /// Number of the process.
    pub tgid: i32,
    /// Number of the task.
    pub pid: i32,
    /// Number of the process group.
    pub pgid: i32,
    /// Number of the session.
    pub sid: i32,
}

/// From `VmPeak` to `untag_mask`: the address space, read without a lock.
///
/// The fields are the counters of `struct mm_struct`, the methods the printed sizes, in printed
/// order. C counterpart: `task_mem` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Highest `total_vm` noted so far.
    pub hiwater_vm: Pages,
    /// Mapped pages.
    pub total_vm: Pages,
    /// Pages locked with `mlock`.
    pub locked_vm: Pages,
    /// Pages pinned for devices.
    pub pinned_vm: Pages,
    /// Highest resident set noted so far.
    pub hiwater_rss: Pages,
    /// Resident pages: `get_mm_counter_sum` of each kind.
    pub rss: Rss,
    /// Private writable pages.
    pub data_vm: Pages,
    /// Stack pages.
    pub stack_vm: Pages,
    /// Executable pages that are not writable, program text and libraries alike.
    pub exec_vm: Pages,
    /// Where the program text lies.
    pub code: CodeRange,
    /// Page tables: `mm_pgtables_bytes`.
    pub pgtables: Bytes,
    /// Swapped-out pages: `get_mm_counter_sum` of `MM_SWAPENTS`.
    pub swap: Pages,
    /// Huge pages of hugetlbfs, in base pages: `hugetlb_usage`; [`None`] without
    /// `CONFIG_HUGETLB_PAGE`.
    pub hugetlb: Option<Pages>,
    /// Whether the process is dumping core.
    pub core_dumping: bool,
    /// Whether the process may get transparent huge pages (THP).
    pub thp_enabled: bool,
    /// The address bits that count: `mm_untag_mask`.
    pub untag_mask: u64,
}

impl Memory {
    /// Peak of the mapped pages. The mark is raised only when the size is about to fall, so the
    /// current size can be above it.
    #[inline]
    pub fn vm_peak(&self) -> Kib {
        self.hiwater_vm.max(self.total_vm).to_kib()
    }

    /// Peak of the resident pages, by the same rule.
    #[inline]
    pub fn vm_hwm(&self) -> Kib {
        self.hiwater_rss.max(self.rss.total()).to_kib()
    }

    /// All resident pages.
    #[inline]
    pub const fn vm_rss(&self) -> Kib {
        self.rss.total().to_kib()
    }

    /// Program text, no more than is executable.
    #[inline]
    pub fn vm_exe(&self) -> Kib {
        self.text().to_kib()
    }

    /// What is executable beside the program text.
    #[inline]
    pub fn vm_lib(&self) -> Kib {
        self.exec_vm.to_bytes().wrapping_sub(self.text()).to_kib()
    }

    /// Page tables.
    #[inline]
    pub const fn vm_pte(&self) -> Kib {
        self.pgtables.to_kib()
    }

    /// Program text in bytes.
    #[inline]
    fn text(&self) -> Bytes {
        self.code.span().min(self.exec_vm.to_bytes())
    }
}

/// From `Threads` to `SigCgt`; all zero ([`Default`]) once the task has lost its signal handlers,
/// that is when `lock_task_sighand` fails.
///
/// Signal n is bit n - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// Number of threads.
    pub threads: i32,
    /// Queued signals of the task's user.
    pub queued: u32,
    /// How many may be queued: `RLIMIT_SIGPENDING`.
    pub queue_limit: u64,
    /// Pending for the task.
    pub pending: u64,
    /// Pending for the process.
    pub shared_pending: u64,
    /// Blocked by the task.
    pub blocked: u64,
    /// Ignored by the process.
    pub ignored: u64,
    /// Caught by the process.
    pub caught: u64,
}

/// From `CapInh` to `CapAmb`; capability n is bit n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Inheritable.
    pub inheritable: u64,
    /// Permitted.
    pub permitted: u64,
    /// Effective.
    pub effective: u64,
    /// Bounding set.
    pub bounding: u64,
    /// Ambient.
    pub ambient: u64,
}

/// From `NoNewPrivs` to `SpeculationIndirectBranch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seccomp {
    /// Whether the task has given up gaining privileges.
    pub no_new_privs: bool,
    /// Seccomp mode; [`None`] without `CONFIG_SECCOMP`.
    pub mode: Option<i32>,
    /// Number of filters; [`None`] without `CONFIG_SECCOMP_FILTER`.
    pub filters: Option<i32>,
    /// Speculative store bypass.
    pub store_bypass: StoreBypass,
    /// Speculation of indirect branches.
    pub indirect_branch: IndirectBranch,
}

/// From `Cpus_allowed` to `Mems_allowed_list`.
#[derive(Clone, Copy, Debug)]
pub struct Masks<'a> {
    /// Processors that the task may run on: `nr_cpu_ids` bits of `cpus_mask`.
    pub cpus_allowed: Bitmap<'a>,
    /// Nodes that it may get memory from: `MAX_NUMNODES` bits; [`None`] without `CONFIG_CPUSETS`.
    pub mems_allowed: Option<Bitmap<'a>>,
}

/// How often the task left the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Of its own will.
    pub voluntary: u64,
    /// Against it.
    pub nonvoluntary: u64,
}

/// User shadow stack features of x86, as the bits of `ARCH_SHSTK_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadFeatures {
    /// In use.
    pub features: u64,
    /// Locked as they are.
    pub locked: u64,
}

impl ThreadFeatures {
    /// `ARCH_SHSTK_SHSTK`: there is a shadow stack.
    pub const SHSTK: u64 = 1 << 0;
    /// `ARCH_SHSTK_WRSS`: the task may write to it.
    pub const WRSS: u64 = 1 << 1;
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_status)
)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_at_least_the_current_sizes() {
        let rss = Rss {
            anon: Pages(1),
            file: Pages(2),
            shmem: Pages(3),
        };
        for (mark, total_vm, peak, hwm) in [
            (0, 10, 40, 24),
            (6, 10, 40, 24),
            (10, 10, 40, 40),
            (11, 10, 44, 44),
        ] {
            let memory = Memory {
                hiwater_vm: Pages(mark),
                total_vm: Pages(total_vm),
                hiwater_rss: Pages(mark),
                rss,
                ..Memory::default()
            };
            assert_eq!(memory.vm_peak(), Kib(peak));
            assert_eq!(memory.vm_hwm(), Kib(hwm));
            assert_eq!(memory.vm_rss(), Kib(24));
        }
    }

    #[test]
    fn executable_pages_are_split_between_text_and_libraries() {
        for (start, end, exec_vm, exe, lib) in [
            (0, 0, 0, 0, 0),
            (0, 0, 5, 0, 20),
            (0x1000, 0x3001, 10, 12, 28),
            (0x1000, 0x3001, 3, 12, 0),
            (0x1000, 0x3001, 1, 4, 0),
            // A range that is upside down wraps to a huge size, which the executable pages cap.
            (0x3000, 0x1000, 2, 8, 0),
        ] {
            let memory = Memory {
                exec_vm: Pages(exec_vm),
                code: CodeRange { start, end },
                ..Memory::default()
            };
            assert_eq!(memory.vm_exe(), Kib(exe));
            assert_eq!(memory.vm_lib(), Kib(lib));
        }
    }

    #[test]
    fn page_tables_are_rounded_down() {
        for (bytes, kib) in [(0, 0), (1023, 0), (4096, 4)] {
            let memory = Memory {
                pgtables: Bytes(bytes),
                ..Memory::default()
            };
            assert_eq!(memory.vm_pte(), Kib(kib));
        }
    }
}
