// SPDX-License-Identifier: GPL-2.0

//! The lines of `status`, section by section.
//!
//! [`render`] composes the sections in the order in which they stand here. Each prints whole lines.
//! C counterpart: `proc_pid_status` of [`fs/proc/array.c`](srctree/fs/proc/array.c).

use super::{
    line::Line,
    text::Text, //
};
use crate::model::{
    bitmap::Bitmap,
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
    units::Kib, //
};

/// Bytes before a set.
const SET_LABEL: usize = 8;

/// Prints the whole file.
pub fn render<Groups, Levels>(status: &Status<'_, Groups, Levels>, out: &mut Text<'_>)
where
    Groups: Iterator<Item = u32> + Clone,
    Levels: Iterator<Item = NsIds> + Clone,
{
    identity(&status.identity, out);
    groups(status.groups.clone(), out);
    if let Some(levels) = &status.ns_ids {
        namespaces(levels, out);
    }
    kthread(status.kthread, out);
    if let Some(counters) = &status.memory {
        memory(counters, out);
    }
    signals(&status.signals, out);
    capabilities(&status.capabilities, out);
    seccomp(&status.seccomp, out);
    masks(&status.masks, out);
    switches(&status.switches, out);
    if let Some(features) = &status.thread_features {
        thread_features(features, out);
    }
}

/// Prints `Name` to `FDSize`.
fn identity(identity: &Identity, out: &mut Text<'_>) {
    out.array(*b"Name:\t");
    out.escaped(identity.name.as_bytes());
    if let Some(umask) = identity.umask {
        // The 0 is the mark of octal, and the first of four digits at least.
        out.line(|out| {
            out.array(*b"\nUmask:\t0");
            out.octal(u64::from(umask), 3);
        });
    }
    out.line(|out| {
        out.array(*b"\nState:\t");
        out.str(identity.state.text());
        out.array(*b"\nTgid:\t");
        out.dec_int(identity.tgid);
        out.array(*b"\nNgid:\t");
        out.dec_int(identity.ngid);
        out.array(*b"\nPid:\t");
        out.dec_int(identity.pid);
        out.array(*b"\nPPid:\t");
        out.dec_int(identity.ppid);
        out.array(*b"\nTracerPid:\t");
        out.dec_int(identity.tracer_pid);
    });
    out.line(|out| {
        out.array(*b"\nUid:\t");
        owner(&identity.uid, out);
        out.array(*b"\nGid:\t");
        owner(&identity.gid, out);
        out.array(*b"\nFDSize:\t");
        out.dec_u64(u64::from(identity.fd_size));
        out.byte(b'\n');
    });
}

/// Prints `Groups`: a space between groups, and one after the last or where none is.
fn groups(groups: impl Iterator<Item = u32>, out: &mut Text<'_>) {
    out.array(*b"Groups:\t");
    let mut empty = true;
    for group in groups {
        empty = false;
        out.line(|out| {
            out.dec_u64(u64::from(group));
            out.byte(b' ');
        });
    }
    out.bytes(if empty { b" \n" } else { b"\n" });
}

/// Prints `NStgid` to `NSsid`: a number per level, the mount's pid namespace first.
fn namespaces(levels: &(impl Iterator<Item = NsIds> + Clone), out: &mut Text<'_>) {
    per_level("NStgid:", levels.clone(), |ids| ids.tgid, out);
    per_level("NSpid:", levels.clone(), |ids| ids.pid, out);
    per_level("NSpgid:", levels.clone(), |ids| ids.pgid, out);
    per_level("NSsid:", levels.clone(), |ids| ids.sid, out);
}

/// Prints `Kthread`.
fn kthread(kthread: bool, out: &mut Text<'_>) {
    out.array(if kthread {
        *b"Kthread:\t1\n"
    } else {
        *b"Kthread:\t0\n"
    });
}

/// Prints `VmPeak` to `untag_mask`.
fn memory(memory: &Memory, out: &mut Text<'_>) {
    out.line(|out| {
        size(b"VmPeak:\t", memory.vm_peak(), out);
        size(b"VmSize:\t", memory.total_vm.to_kib(), out);
        size(b"VmLck:\t", memory.locked_vm.to_kib(), out);
        size(b"VmPin:\t", memory.pinned_vm.to_kib(), out);
        size(b"VmHWM:\t", memory.vm_hwm(), out);
        size(b"VmRSS:\t", memory.vm_rss(), out);
    });
    out.line(|out| {
        size(b"RssAnon:\t", memory.rss.anon.to_kib(), out);
        size(b"RssFile:\t", memory.rss.file.to_kib(), out);
        size(b"RssShmem:\t", memory.rss.shmem.to_kib(), out);
        size(b"VmData:\t", memory.data_vm.to_kib(), out);
        size(b"VmStk:\t", memory.stack_vm.to_kib(), out);
        size(b"VmExe:\t", memory.vm_exe(), out);
    });
    out.line(|out| {
        size(b"VmLib:\t", memory.vm_lib(), out);
        size(b"VmPTE:\t", memory.vm_pte(), out);
        size(b"VmSwap:\t", memory.swap.to_kib(), out);
        if let Some(hugetlb) = memory.hugetlb {
            size(b"HugetlbPages:\t", hugetlb.to_kib(), out);
        }
        out.array(*b"CoreDumping:\t");
        out.dec_u64(u64::from(memory.core_dumping));
        out.array(*b"\nTHP_enabled:\t");
        out.dec_u64(u64::from(memory.thp_enabled));
        out.array(*b"\nuntag_mask:\t0x");
        out.hex(memory.untag_mask, 0);
        out.byte(b'\n');
    });
}

/// Prints `Threads` to `SigCgt`.
fn signals(signals: &Signals, out: &mut Text<'_>) {
    out.line(|out| {
        out.array(*b"Threads:\t");
        out.dec_int(signals.threads);
        out.array(*b"\nSigQ:\t");
        out.dec_u64(u64::from(signals.queued));
        out.byte(b'/');
        out.dec_u64(signals.queue_limit);
        out.byte(b'\n');
        set(b"SigPnd:\t", signals.pending, out);
        set(b"ShdPnd:\t", signals.shared_pending, out);
        set(b"SigBlk:\t", signals.blocked, out);
        set(b"SigIgn:\t", signals.ignored, out);
        set(b"SigCgt:\t", signals.caught, out);
    });
}

/// Prints `CapInh` to `CapAmb`.
fn capabilities(capabilities: &Capabilities, out: &mut Text<'_>) {
    out.line(|out| {
        set(b"CapInh:\t", capabilities.inheritable, out);
        set(b"CapPrm:\t", capabilities.permitted, out);
        set(b"CapEff:\t", capabilities.effective, out);
        set(b"CapBnd:\t", capabilities.bounding, out);
        set(b"CapAmb:\t", capabilities.ambient, out);
    });
}

/// Prints `NoNewPrivs` to `SpeculationIndirectBranch`.
fn seccomp(seccomp: &Seccomp, out: &mut Text<'_>) {
    out.line(|out| {
        out.array(*b"NoNewPrivs:\t");
        out.dec_u64(u64::from(seccomp.no_new_privs));
        if let Some(mode) = seccomp.mode {
            out.array(*b"\nSeccomp:\t");
            out.dec_int(mode);
        }
        if let Some(filters) = seccomp.filters {
            out.array(*b"\nSeccomp_filters:\t");
            out.dec_int(filters);
        }
    });
    out.line(|out| {
        out.array(*b"\nSpeculation_Store_Bypass:\t");
        out.str(seccomp.store_bypass.text());
        out.array(*b"\nSpeculationIndirectBranch:\t");
        out.str(seccomp.indirect_branch.text());
        out.byte(b'\n');
    });
}

/// Prints `Cpus_allowed` to `Mems_allowed_list`.
fn masks(masks: &Masks<'_>, out: &mut Text<'_>) {
    mask("Cpus_allowed", masks.cpus_allowed, out);
    if let Some(mems_allowed) = masks.mems_allowed {
        mask("Mems_allowed", mems_allowed, out);
    }
}

/// Prints the two counts of context switches.
fn switches(switches: &Switches, out: &mut Text<'_>) {
    out.line(|out| {
        out.array(*b"voluntary_ctxt_switches:\t");
        out.dec_u64(switches.voluntary);
        out.array(*b"\nnonvoluntary_ctxt_switches:\t");
        out.dec_u64(switches.nonvoluntary);
        out.byte(b'\n');
    });
}

/// Prints the two lines of `arch_proc_pid_thread_features` of
/// [`arch/x86/kernel/cpu/proc.c`](srctree/arch/x86/kernel/cpu/proc.c).
fn thread_features(features: &ThreadFeatures, out: &mut Text<'_>) {
    out.str("x86_Thread_features:\t");
    feature_names(features.features, out);
    out.str("x86_Thread_features_locked:\t");
    feature_names(features.locked, out);
}

/// The four numbers after `Uid` or `Gid`.
#[inline(always)]
fn owner(owner: &Owner, out: &mut Line<'_>) {
    out.dec_u64(u64::from(owner.real));
    out.byte(b'\t');
    out.dec_u64(u64::from(owner.effective));
    out.byte(b'\t');
    out.dec_u64(u64::from(owner.saved));
    out.byte(b'\t');
    out.dec_u64(u64::from(owner.fs));
}

/// One line with one number of each level.
#[inline]
fn per_level(
    label: &str,
    levels: impl Iterator<Item = NsIds>,
    id: impl Fn(NsIds) -> i32,
    out: &mut Text<'_>,
) {
    out.str(label);
    for ids in levels {
        out.line(|out| {
            out.byte(b'\t');
            out.dec_int(id(ids));
        });
    }
    out.byte(b'\n');
}

/// One line with a size.
#[inline(always)]
fn size<const N: usize>(label: &[u8; N], size: Kib, out: &mut Line<'_>) {
    out.kb_line(label, size.0);
}

/// One line with a set of signals or capabilities.
#[inline(always)]
fn set(label: &[u8; SET_LABEL], set: u64, out: &mut Line<'_>) {
    out.array(*label);
    out.hex_word(set);
    out.byte(b'\n');
}

/// Two lines with a bitmap in either form.
#[inline]
fn mask(label: &str, mask: Bitmap<'_>, out: &mut Text<'_>) {
    out.str(label);
    out.array(*b":\t");
    out.bitmap_hex(mask.words, mask.bits);
    out.byte(b'\n');
    out.str(label);
    out.str("_list:\t");
    out.bitmap_list(mask.words, mask.bits);
    out.byte(b'\n');
}

/// The names of the features in a set, a space after each, and the end of the line.
#[inline]
fn feature_names(set: u64, out: &mut Text<'_>) {
    if set & ThreadFeatures::SHSTK != 0 {
        out.str("shstk ");
    }
    if set & ThreadFeatures::WRSS != 0 {
        out.str("wrss ");
    }
    out.byte(b'\n');
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_status)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::{
        model::{
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
                Pages, //
            },
        },
        testing::{
            rendered,
            text, //
        },
    };

    const LEVELS: [NsIds; 2] = [
        NsIds {
            tgid: 4711,
            pid: 4712,
            pgid: 4700,
            sid: 0,
        },
        NsIds {
            tgid: 7,
            pid: 8,
            pgid: 0,
            sid: 0,
        },
    ];

    fn sample_identity() -> Identity {
        Identity {
            name: Comm::from_nul_terminated(b"a b\n\\"),
            umask: Some(0o22),
            state: State::DiskSleep,
            tgid: 4711,
            ngid: 0,
            pid: 4712,
            ppid: 1,
            tracer_pid: 99,
            uid: Owner {
                real: 1000,
                effective: 0,
                saved: 1001,
                fs: 65_534,
            },
            gid: Owner {
                real: 10,
                effective: 11,
                saved: 12,
                fs: u32::MAX,
            },
            fd_size: 256,
        }
    }

    const NAME: &str = "Name:\ta b\\n\\\\\n";

    const IDENTITY: &str = "State:\tD (disk sleep)\nTgid:\t4711\nNgid:\t0\nPid:\t4712\nPPid:\t1\n\
        TracerPid:\t99\nUid:\t1000\t0\t1001\t65534\nGid:\t10\t11\t12\t4294967295\nFDSize:\t256\n";

    fn sample_memory() -> Memory {
        Memory {
            hiwater_vm: Pages(30),
            total_vm: Pages(20),
            locked_vm: Pages(1),
            pinned_vm: Pages(2),
            hiwater_rss: Pages(3),
            rss: Rss {
                anon: Pages(4),
                file: Pages(5),
                shmem: Pages(6),
            },
            data_vm: Pages(7),
            stack_vm: Pages(33),
            exec_vm: Pages(9),
            code: CodeRange {
                start: 0x1000,
                end: 0x3001,
            },
            pgtables: Bytes(45_056),
            swap: Pages(25_000_000),
            hugetlb: Some(Pages(512)),
            core_dumping: false,
            thp_enabled: true,
            untag_mask: u64::MAX,
        }
    }

    const MEMORY: &str = "VmPeak:\t     120 kB\nVmSize:\t      80 kB\nVmLck:\t       4 kB\n\
        VmPin:\t       8 kB\nVmHWM:\t      60 kB\nVmRSS:\t      60 kB\nRssAnon:\t      16 kB\n\
        RssFile:\t      20 kB\nRssShmem:\t      24 kB\nVmData:\t      28 kB\nVmStk:\t     132 kB\n\
        VmExe:\t      12 kB\nVmLib:\t      24 kB\nVmPTE:\t      44 kB\nVmSwap:\t100000000 kB\n";

    const MEMORY_STATE: &str = "HugetlbPages:\t    2048 kB\nCoreDumping:\t0\nTHP_enabled:\t1\n\
        untag_mask:\t0xffffffffffffffff\n";

    const SIGNALS: Signals = Signals {
        threads: 3,
        queued: 2,
        queue_limit: 31_387,
        pending: 1,
        shared_pending: 1 << 63,
        blocked: 0x10000,
        ignored: 0x1000,
        caught: 0x1_8000_4a02,
    };

    const SIGNALS_TEXT: &str = "Threads:\t3\nSigQ:\t2/31387\nSigPnd:\t0000000000000001\n\
        ShdPnd:\t8000000000000000\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000001000\n\
        SigCgt:\t0000000180004a02\n";

    const CAPABILITIES: Capabilities = Capabilities {
        inheritable: 0,
        permitted: 0x1ff_ffff_ffff,
        effective: 2,
        bounding: 3,
        ambient: 4,
    };

    const CAPABILITIES_TEXT: &str = "CapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\n\
        CapEff:\t0000000000000002\nCapBnd:\t0000000000000003\nCapAmb:\t0000000000000004\n";

    const SECCOMP: Seccomp = Seccomp {
        no_new_privs: true,
        mode: Some(2),
        filters: Some(17),
        store_bypass: StoreBypass::ThreadVulnerable,
        indirect_branch: IndirectBranch::ConditionalEnabled,
    };

    const SECCOMP_TEXT: &str = "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t17\n\
        Speculation_Store_Bypass:\tthread vulnerable\n\
        SpeculationIndirectBranch:\tconditional enabled\n";

    const CPUS: Bitmap<'static> = Bitmap {
        words: &[0b1011],
        bits: 4,
    };

    const MEMS: Bitmap<'static> = Bitmap {
        words: &[1],
        bits: 64,
    };

    const CPUS_TEXT: &str = "Cpus_allowed:\tb\nCpus_allowed_list:\t0-1,3\n";

    const MEMS_TEXT: &str = "Mems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n";

    const SWITCHES: Switches = Switches {
        voluntary: 150,
        nonvoluntary: 545,
    };

    const SWITCHES_TEXT: &str = "voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";

    #[test]
    fn sections_follow_each_other() {
        let memory = sample_memory();
        let status = Status {
            identity: sample_identity(),
            groups: [4, 24, 1000].into_iter(),
            ns_ids: Some(LEVELS.into_iter()),
            kthread: false,
            memory: Some(memory),
            signals: SIGNALS,
            capabilities: CAPABILITIES,
            seccomp: SECCOMP,
            masks: Masks {
                cpus_allowed: CPUS,
                mems_allowed: Some(MEMS),
            },
            switches: SWITCHES,
            thread_features: Some(ThreadFeatures::default()),
        };
        let expected = text!(
            "{NAME}Umask:\t0022\n{IDENTITY}Groups:\t4 24 1000 \n\
             NStgid:\t4711\t7\nNSpid:\t4712\t8\nNSpgid:\t4700\t0\nNSsid:\t0\t0\nKthread:\t0\n\
             {MEMORY}{MEMORY_STATE}{SIGNALS_TEXT}{CAPABILITIES_TEXT}{SECCOMP_TEXT}\
             {CPUS_TEXT}{MEMS_TEXT}{SWITCHES_TEXT}\
             x86_Thread_features:\t\nx86_Thread_features_locked:\t\n"
        );
        check(&expected, |out| render(&status, out));
    }

    #[test]
    fn kernel_thread_lacks_what_it_has_not() {
        let status = Status {
            identity: Identity {
                umask: None,
                ..sample_identity()
            },
            groups: [].into_iter(),
            ns_ids: None::<core::iter::Empty<NsIds>>,
            kthread: true,
            memory: None,
            signals: SIGNALS,
            capabilities: CAPABILITIES,
            seccomp: SECCOMP,
            masks: Masks {
                cpus_allowed: CPUS,
                mems_allowed: None,
            },
            switches: SWITCHES,
            thread_features: None,
        };
        let expected = text!(
            "{NAME}{IDENTITY}Groups:\t \nKthread:\t1\n\
             {SIGNALS_TEXT}{CAPABILITIES_TEXT}{SECCOMP_TEXT}{CPUS_TEXT}{SWITCHES_TEXT}"
        );
        check(&expected, |out| render(&status, out));
    }

    #[test]
    fn umask_is_octal_with_its_mark() {
        for (umask, expected) in [
            (0, "0000"),
            (0o2, "0002"),
            (0o22, "0022"),
            (0o777, "0777"),
            (0o7777, "07777"),
        ] {
            let given = Identity {
                umask: Some(umask),
                ..sample_identity()
            };
            let expected = text!("{NAME}Umask:\t{expected}\n{IDENTITY}");
            check(&expected, |out| identity(&given, out));
        }
    }

    #[test]
    fn groups_end_with_a_space() {
        check(b"Groups:\t \n", |out| groups([].into_iter(), out));
        check(b"Groups:\t0 \n", |out| groups([0].into_iter(), out));
        check(b"Groups:\t4 65534 4294967295 \n", |out| {
            groups([4, 65_534, u32::MAX].into_iter(), out)
        });
        let (bytes, overflowed) = rendered(1 << 20, |out| groups(100_000..165_536, out));
        assert_eq!(bytes.len(), 8 + 65_536 * 7 + 1);
        assert!(!overflowed);
    }

    #[test]
    fn memory_lines_match_their_counters() {
        let expected = text!("{MEMORY}{MEMORY_STATE}");
        check(&expected, |out| memory(&sample_memory(), out));
        let given = Memory {
            hugetlb: None,
            core_dumping: true,
            thp_enabled: false,
            untag_mask: 0x7fff_ffff_ffff,
            ..sample_memory()
        };
        let expected =
            text!("{MEMORY}CoreDumping:\t1\nTHP_enabled:\t0\nuntag_mask:\t0x7fffffffffff\n");
        check(&expected, |out| memory(&given, out));
    }

    #[test]
    fn seccomp_lines_depend_on_the_configuration() {
        let given = Seccomp {
            no_new_privs: false,
            mode: None,
            filters: None,
            store_bypass: StoreBypass::NotVulnerable,
            indirect_branch: IndirectBranch::AlwaysEnabled,
        };
        check(
            b"NoNewPrivs:\t0\nSpeculation_Store_Bypass:\tnot vulnerable\n\
              SpeculationIndirectBranch:\talways enabled\n",
            |out| seccomp(&given, out),
        );
    }

    #[test]
    fn signals_of_a_reaped_task_are_zero() {
        check(
            b"Threads:\t0\nSigQ:\t0/0\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n\
              SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n",
            |out| signals(&Signals::default(), out),
        );
    }

    #[test]
    fn empty_mask_has_an_empty_list() {
        let none = Bitmap {
            words: &[0],
            bits: 33,
        };
        let given = Masks {
            cpus_allowed: none,
            mems_allowed: None,
        };
        check(
            b"Cpus_allowed:\t0,00000000\nCpus_allowed_list:\t\n",
            |out| masks(&given, out),
        );
    }

    #[test]
    fn thread_features_end_with_a_space() {
        let both = ThreadFeatures::SHSTK | ThreadFeatures::WRSS;
        for (set, expected) in [
            (0, ""),
            (ThreadFeatures::SHSTK, "shstk "),
            (ThreadFeatures::WRSS, "wrss "),
            (both, "shstk wrss "),
            (u64::MAX, "shstk wrss "),
            (!both, ""),
        ] {
            let given = ThreadFeatures {
                features: set,
                locked: both,
            };
            let expected = text!(
                "x86_Thread_features:\t{expected}\nx86_Thread_features_locked:\tshstk wrss \n"
            );
            check(&expected, |out| thread_features(&given, out));
        }
    }

    #[test]
    fn widest_numbers_fit() {
        let widest = Memory {
            hiwater_vm: Pages(u64::MAX),
            total_vm: Pages(u64::MAX),
            locked_vm: Pages(u64::MAX),
            pinned_vm: Pages(u64::MAX),
            hiwater_rss: Pages(u64::MAX),
            rss: Rss {
                anon: Pages(u64::MAX),
                file: Pages(u64::MAX),
                shmem: Pages(u64::MAX),
            },
            data_vm: Pages(u64::MAX),
            stack_vm: Pages(u64::MAX),
            exec_vm: Pages(u64::MAX),
            pgtables: Bytes(u64::MAX),
            swap: Pages(u64::MAX),
            hugetlb: Some(Pages(u64::MAX)),
            ..sample_memory()
        };
        let (lib, pte) = (widest.vm_lib().0, widest.vm_pte().0);
        let long = u64::MAX - 3;
        let expected = text!(
            "VmPeak:\t{long} kB\nVmSize:\t{long} kB\nVmLck:\t{long} kB\nVmPin:\t{long} kB\n\
             VmHWM:\t{long} kB\nVmRSS:\t{} kB\nRssAnon:\t{long} kB\nRssFile:\t{long} kB\n\
             RssShmem:\t{long} kB\nVmData:\t{long} kB\nVmStk:\t{long} kB\nVmExe:\t      12 kB\n\
             VmLib:\t{lib} kB\nVmPTE:\t{pte} kB\nVmSwap:\t{long} kB\nHugetlbPages:\t{long} kB\n\
             CoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\n",
            long - 8
        );
        check(&expected, |out| memory(&widest, out));

        let widest = Signals {
            threads: i32::MIN,
            queued: u32::MAX,
            queue_limit: u64::MAX,
            pending: u64::MAX,
            ..Signals::default()
        };
        check(
            b"Threads:\t18446744071562067968\n\
              SigQ:\t4294967295/18446744073709551615\n\
              SigPnd:\tffffffffffffffff\n\
              ShdPnd:\t0000000000000000\n\
              SigBlk:\t0000000000000000\n\
              SigIgn:\t0000000000000000\n\
              SigCgt:\t0000000000000000\n",
            |out| signals(&widest, out),
        );
    }

    #[test]
    fn widest_names_and_numbers_of_a_task_fit() {
        let ids = Owner {
            real: u32::MAX,
            effective: u32::MAX,
            saved: u32::MAX,
            fs: u32::MAX,
        };
        let widest = Identity {
            name: Comm::from_nul_terminated(&[b'\n'; 64]),
            umask: Some(u32::MAX),
            state: State::TracingStop,
            tgid: -1,
            ngid: -1,
            pid: -1,
            ppid: -1,
            tracer_pid: -1,
            uid: ids,
            gid: ids,
            fd_size: u32::MAX,
        };
        let (id, long) = (u32::MAX, u64::MAX);
        const NAME: &str = r"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
        let expected = text!(
            "Name:\t{NAME}{NAME}{NAME}{NAME}\nUmask:\t037777777777\nState:\tt (tracing stop)\n\
             Tgid:\t{long}\nNgid:\t{long}\nPid:\t{long}\nPPid:\t{long}\nTracerPid:\t{long}\n\
             Uid:\t{id}\t{id}\t{id}\t{id}\nGid:\t{id}\t{id}\t{id}\t{id}\nFDSize:\t{id}\n"
        );
        check(&expected, |out| identity(&widest, out));
    }
}
