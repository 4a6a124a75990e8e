// SPDX-License-Identifier: GPL-2.0

//! The line of `stat`.
//!
//! The numbers after the name are decimal, separated by single spaces; what each of them is, says
//! [`crate::model::stat`]. C counterpart: `do_task_stat` of
//! [`fs/proc/array.c`](srctree/fs/proc/array.c).

use super::{
    line::Line,
    text::Text, //
};
use crate::model::{
    stat::{
        Layout,
        Stat,
        StatSignal, //
    },
    units::{
        Nanoseconds,
        Ticks, //
    },
};

/// Prints the whole line.
pub fn render(stat: &Stat, out: &mut Text<'_>) {
    let signal = stat.shown_signal();
    task(stat, out);
    out.line(|out| {
        relations(&signal, out);
        faults(stat, out);
    });
    out.line(|out| {
        times(stat, out);
        scheduling(stat, &signal, out);
    });
    out.line(|out| memory(stat, &signal, out));
    out.line(|out| {
        signals(stat, &signal, out);
        placement(stat, out);
    });
    out.line(|out| {
        layout(&stat.layout(), out);
        out.field_i64(i64::from(stat.shown_exit_code()));
        out.byte(b'\n');
    });
}

/// Number, name and state. The name is not escaped: whoever parses it looks for the last `)`.
#[inline(always)]
fn task(stat: &Stat, out: &mut Text<'_>) {
    out.line(|out| {
        out.dec_int(stat.pid);
        out.array(*b" (");
    });
    out.bytes(stat.comm.as_bytes());
    out.array([b')', b' ', stat.state.letter()]);
}

/// Parent, group, session and terminal.
#[inline(always)]
fn relations(signal: &StatSignal, out: &mut Line<'_>) {
    out.field_i64(i64::from(signal.ppid));
    out.field_i64(i64::from(signal.pgrp));
    out.field_i64(i64::from(signal.session));
    out.field_i64(i64::from(signal.tty_nr));
    out.field_i64(i64::from(signal.tty_pgrp));
}

/// Task flags and page faults.
#[inline(always)]
fn faults(stat: &Stat, out: &mut Line<'_>) {
    out.field_u64(u64::from(stat.flags));
    out.field_u64(stat.min_flt);
    out.field_u64(stat.cmin_flt);
    out.field_u64(stat.maj_flt);
    out.field_u64(stat.cmaj_flt);
}

/// Processor time, own and children's.
#[inline(always)]
fn times(stat: &Stat, out: &mut Line<'_>) {
    duration(stat.utime, out);
    duration(stat.stime, out);
    duration(stat.cutime, out);
    duration(stat.cstime, out);
}

/// Priority, threads, the interval timer that is gone, and the start.
#[inline(always)]
fn scheduling(stat: &Stat, signal: &StatSignal, out: &mut Line<'_>) {
    out.field_i64(i64::from(stat.priority));
    out.field_i64(i64::from(stat.nice));
    out.field_i64(i64::from(signal.num_threads));
    out.array(*b" 0");
    duration(stat.start_time, out);
}

/// Sizes, and the addresses of text, stack and registers.
#[inline(always)]
fn memory(stat: &Stat, signal: &StatSignal, out: &mut Line<'_>) {
    let code = stat.shown_code();
    let registers = stat.shown_registers();
    out.field_u64(stat.vsize().0);
    out.field_u64(stat.rss().0);
    limit(signal.rsslim, out);
    out.field_u64(code.start);
    out.field_u64(code.end);
    out.field_u64(stat.start_stack());
    out.field_u64(registers.esp);
    out.field_u64(registers.eip);
}

/// The signal sets of old, and whether the task waits somewhere.
#[inline(always)]
fn signals(stat: &Stat, signal: &StatSignal, out: &mut Line<'_>) {
    out.field_u64(stat.old_pending());
    out.field_u64(stat.old_blocked());
    out.field_u64(signal.old_sigign());
    out.field_u64(signal.old_sigcatch());
    out.field_u64(stat.wchan());
}

/// The two swap counts that are gone, exit signal, processor, policy, block I/O and guest time.
#[inline(always)]
fn placement(stat: &Stat, out: &mut Line<'_>) {
    out.array(*b" 0 0");
    out.field_i64(i64::from(stat.exit_signal));
    out.field_i64(i64::from(stat.processor));
    out.field_u64(u64::from(stat.rt_priority));
    out.field_u64(u64::from(stat.policy));
    ticks(stat.blkio, out);
    duration(stat.gtime, out);
    duration(stat.cgtime, out);
}

/// Where data, heap, arguments and environment lie.
#[inline(always)]
fn layout(layout: &Layout, out: &mut Line<'_>) {
    out.field_u64(layout.start_data);
    out.field_u64(layout.end_data);
    out.field_u64(layout.start_brk);
    out.field_u64(layout.arg_start);
    out.field_u64(layout.arg_end);
    out.field_u64(layout.env_start);
    out.field_u64(layout.env_end);
}

/// A duration, in ticks.
#[inline(always)]
fn duration(time: Nanoseconds, out: &mut Line<'_>) {
    ticks(time.to_ticks(), out);
}

/// A limit, of which there mostly is none.
#[inline(always)]
fn limit(limit: u64, out: &mut Line<'_>) {
    match limit {
        u64::MAX => out.array(*b" 18446744073709551615"),
        limit => out.field_u64(limit),
    }
}

/// A number of ticks.
#[inline(always)]
fn ticks(ticks: Ticks, out: &mut Line<'_>) {
    out.field_u64(ticks.0);
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_stat)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::{
        model::{
            access::Access,
            comm::Comm,
            scope::Scope,
            stat::{
                testing::sample,
                Registers,
                StatMm, //
            },
            state::State,
            units::Pages, //
        },
        testing::text,
    };

    #[test]
    fn process_is_shown_in_full() {
        check(
            b"4711 (a) (b\n) S 1 4700 4600 34816 4701 4210688 101 102 103 104 201 202 203 204 \
              20 -5 1 0 300100 4096000 500 18446744073709551615 4096 8192 140724603453440 0 0 \
              4 65536 4096 18946 1 0 0 17 3 99 1 77 88 89 11 12 13 14 15 16 17 256\n",
            |out| render(&sample(), out),
        );
    }

    #[test]
    fn redacted_process_hides_addresses() {
        let stat = Stat {
            access: Access::Redacted,
            registers: Some(Registers { esp: 5, eip: 6 }),
            ..sample()
        };
        check(
            b"4711 (a) (b\n) S 1 4700 4600 34816 4701 4210688 101 102 103 104 201 202 203 204 \
              20 -5 1 0 300100 4096000 500 18446744073709551615 1 1 0 0 0 \
              4 65536 4096 18946 0 0 0 17 3 99 1 77 88 89 0 0 0 0 0 0 0 0\n",
            |out| render(&stat, out),
        );
    }

    #[test]
    fn dying_thread_shows_its_registers() {
        let stat = Stat {
            scope: Scope::Thread,
            state: State::Running,
            running: true,
            registers: Some(Registers {
                esp: 0x7ffd_1234,
                eip: 0x40_1000,
            }),
            exit_signal: -1,
            exit_code: -1,
            ..sample()
        };
        check(
            b"4711 (a) (b\n) R 1 4700 4600 34816 4701 4210688 101 102 103 104 201 202 203 204 \
              20 -5 1 0 300100 4096000 500 18446744073709551615 4096 8192 140724603453440 \
              2147291700 4198400 4 65536 4096 18946 0 0 0 -1 3 99 1 77 88 89 \
              11 12 13 14 15 16 17 -1\n",
            |out| render(&stat, out),
        );
    }

    #[test]
    fn reaped_task_has_stand_ins() {
        let stat = Stat {
            comm: Comm::from_nul_terminated(b"kworker/u8:1-events_unbound"),
            state: State::Dead,
            signal: None,
            mm: None,
            ..sample()
        };
        check(
            b"4711 (kworker/u8:1-events_unbound) X 0 -1 -1 0 -1 4210688 101 102 103 104 \
              201 202 203 204 20 -5 0 0 300100 0 0 0 0 0 0 0 0 4 65536 0 0 1 0 0 17 3 99 1 \
              77 88 89 0 0 0 0 0 0 0 256\n",
            |out| render(&stat, out),
        );
    }

    #[test]
    fn largest_numbers_fit() {
        let stat = Stat {
            pid: i32::MAX,
            min_flt: u64::MAX,
            flags: u32::MAX,
            utime: Nanoseconds(u64::MAX),
            priority: i32::MIN,
            processor: u32::MAX,
            blkio: Ticks(u64::MAX),
            ..sample()
        };
        check(
            b"2147483647 (a) (b\n) S 1 4700 4600 34816 4701 4294967295 18446744073709551615 \
              102 103 104 1844674407370 202 203 204 -2147483648 -5 1 0 300100 4096000 500 \
              18446744073709551615 4096 8192 140724603453440 0 0 4 65536 4096 18946 1 0 0 17 \
              4294967295 99 1 18446744073709551615 88 89 11 12 13 14 15 16 17 256\n",
            |out| render(&stat, out),
        );
    }

    #[test]
    fn widest_numbers_fit() {
        let widest = Stat {
            pid: -1,
            comm: Comm::from_nul_terminated(&[b'x'; 64]),
            signal: Some(StatSignal {
                ppid: i32::MIN,
                pgrp: i32::MIN,
                session: i32::MIN,
                tty_nr: i32::MIN,
                tty_pgrp: i32::MIN,
                num_threads: i32::MIN,
                rsslim: u64::MAX,
                sigign: u64::MAX,
                sigcatch: u64::MAX,
                group_exit_code: None,
            }),
            flags: u32::MAX,
            min_flt: u64::MAX,
            cmin_flt: u64::MAX,
            maj_flt: u64::MAX,
            cmaj_flt: u64::MAX,
            utime: Nanoseconds(u64::MAX),
            stime: Nanoseconds(u64::MAX),
            cutime: Nanoseconds(u64::MAX),
            cstime: Nanoseconds(u64::MAX),
            priority: i32::MIN,
            nice: i32::MIN,
            start_time: Nanoseconds(u64::MAX),
            mm: Some(StatMm {
                total_vm: Pages(u64::MAX >> 12),
                rss: Pages(u64::MAX),
                start_code: u64::MAX,
                end_code: u64::MAX,
                start_stack: u64::MAX,
                layout: Layout {
                    start_data: u64::MAX,
                    end_data: u64::MAX,
                    start_brk: u64::MAX,
                    arg_start: u64::MAX,
                    arg_end: u64::MAX,
                    env_start: u64::MAX,
                    env_end: u64::MAX,
                },
            }),
            registers: Some(Registers {
                esp: u64::MAX,
                eip: u64::MAX,
            }),
            pending: u64::MAX,
            blocked: u64::MAX,
            exit_signal: i32::MIN,
            processor: u32::MAX,
            rt_priority: u32::MAX,
            policy: u32::MAX,
            blkio: Ticks(u64::MAX),
            gtime: Nanoseconds(u64::MAX),
            cgtime: Nanoseconds(u64::MAX),
            exit_code: i32::MIN,
            ..sample()
        };
        const X: &str = "xxxxxxxxxxxxxxxx";
        let (int, long) = (i32::MIN, u64::MAX);
        let (tick, size) = (u64::MAX / 10_000_000, u64::MAX - 4095);
        let expected = text!(
            "{long} ({X}{X}{X}{X}) S {int} {int} {int} {int} {int} 4294967295 {long} {long} {long} \
             {long} {tick} {tick} {tick} {tick} {int} {int} {int} 0 {tick} {size} {long} {long} \
             {long} {long} {long} {long} {long} 2147483647 2147483647 2147483647 2147483647 1 0 0 \
             {int} 4294967295 4294967295 4294967295 {long} {tick} {tick} {long} {long} {long} {long} \
             {long} {long} {long} {int}\n"
        );
        check(&expected, |out| render(&widest, out));
    }
}
