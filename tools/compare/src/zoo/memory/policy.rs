// SPDX-License-Identifier: GPL-2.0

//! Where memory is to come from (`numa_maps`).

use super::*;
use crate::sys::memfd;
use crate::sys::policy::{set_policy, Policy};

pub const SPECIMENS: &[Specimen] = &[
    specimen("area-policies", "an area with each memory policy", areas),
    specimen("task-policies", "processes with each memory policy", tasks),
    specimen(
        "thread-policies",
        "threads with memory policies of their own",
        threads,
    ),
    specimen(
        "shared-policies",
        "policies of parts of shared memory, seen by a child too",
        shared,
    ),
    specimen("two-nodes", "memory from two nodes", two_nodes),
];

const DEFAULT: i32 = 0;
const PREFERRED: i32 = 1;
const BIND: i32 = 2;
const INTERLEAVE: i32 = 3;
const LOCAL: i32 = 4;
const PREFERRED_MANY: i32 = 5;
const WEIGHTED_INTERLEAVE: i32 = 6;
const STATIC_NODES: i32 = 1 << 15;
const RELATIVE_NODES: i32 = 1 << 14;
const BALANCING: i32 = 1 << 13;

/// Every mode with every flag that goes with it.
const POLICIES: &[(&str, i32)] = &[
    ("preferred", PREFERRED),
    ("preferred static", PREFERRED | STATIC_NODES),
    ("preferred relative", PREFERRED | RELATIVE_NODES),
    ("bind", BIND),
    ("bind static", BIND | STATIC_NODES),
    ("bind relative", BIND | RELATIVE_NODES),
    ("bind balancing", BIND | BALANCING),
    ("bind static balancing", BIND | BALANCING | STATIC_NODES),
    ("interleave", INTERLEAVE),
    ("interleave static", INTERLEAVE | STATIC_NODES),
    ("interleave relative", INTERLEAVE | RELATIVE_NODES),
    ("preferred many", PREFERRED_MANY),
    ("preferred many static", PREFERRED_MANY | STATIC_NODES),
    ("weighted interleave", WEIGHTED_INTERLEAVE),
    (
        "weighted interleave static",
        WEIGHTED_INTERLEAVE | STATIC_NODES,
    ),
];

/// The policies that take no nodes.
const WITHOUT_NODES: &[(&str, i32)] = &[("default", DEFAULT), ("local", LOCAL)];

/// The nodes that have memory, as a mask.
fn nodes() -> Result<u64> {
    let list = std::fs::read_to_string("/sys/devices/system/node/has_memory").context("no NUMA")?;
    let mut mask = 0;
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        for node in first.parse::<u32>()?..=last.parse()? {
            mask |= 1_u64.checked_shl(node).unwrap_or(0);
        }
    }
    Ok(mask)
}

fn all() -> Result<Vec<(&'static str, Policy)>> {
    let nodes = nodes()?;
    let with = POLICIES
        .iter()
        .map(|&(name, mode)| (name, Policy { mode, nodes }));
    let none = |&(name, mode)| (name, Policy { mode, nodes: 0 });
    Ok(with.chain(WITHOUT_NODES.iter().map(none)).collect())
}

fn areas(stage: &mut Stage) -> Result<()> {
    for (name, policy) in all()? {
        let mapping = small(64 * KIB)?;
        // Not every mode takes every flag.
        if mapping.bind(0, 64 * KIB, policy).is_err() {
            ensure!(policy.mode >= BALANCING, "mbind: {name} is refused");
            continue;
        }
        if policy.mode & 0xff == BIND || policy.mode & 0xff == PREFERRED_MANY {
            let _ = mapping.set_home_node(0);
        }
        mapping.touch(0, 32 * KIB, true);
        stage.keep(mapping);
    }
    let nodes = nodes()?;
    let part = small(256 * KIB)?;
    let interleaved = Policy {
        mode: INTERLEAVE,
        nodes,
    };
    part.bind(64 * KIB, 64 * KIB, interleaved)?;
    part.touch(0, 256 * KIB, true);
    let huge = huge(2 * HUGE)?;
    huge.bind(0, HUGE, Policy { mode: BIND, nodes })?;
    huge.touch_each(0, 2 * HUGE, HUGE, true);
    stage.keep((part, huge));
    Ok(())
}

fn tasks(stage: &mut Stage) -> Result<()> {
    for (name, policy) in all()? {
        let done = stage.fork(name, move || {
            set_policy(policy)?;
            let mapping = small(64 * KIB)?;
            mapping.touch(0, 32 * KIB, true);
            std::mem::forget(mapping);
            Ok(())
        });
        ensure!(
            done.is_ok() || policy.mode >= BALANCING,
            "set_mempolicy: {name} is refused"
        );
    }
    Ok(())
}

fn threads(stage: &mut Stage) -> Result<()> {
    let nodes = nodes()?;
    let mapping = small(64 * KIB)?;
    mapping.touch(0, 64 * KIB, true);
    for (name, mode) in [(c"binds", BIND), (c"interleaves", INTERLEAVE)] {
        stage.thread(name, move || Ok(set_policy(Policy { mode, nodes })?))?;
    }
    stage.keep(mapping);
    Ok(())
}

fn shared(stage: &mut Stage) -> Result<()> {
    let nodes = nodes()?;
    let file = memfd(c"policies", libc::MFD_CLOEXEC, MIB as i64)?;
    let mapping = Mapping::of_file(&file, 0, MIB, READ | WRITE, libc::MAP_SHARED)?;
    for (from, mode) in [
        (0, BIND),
        (128 * KIB, INTERLEAVE | STATIC_NODES),
        (512 * KIB, PREFERRED),
    ] {
        mapping.bind(from, 64 * KIB, Policy { mode, nodes })?;
    }
    mapping.touch(0, 768 * KIB, true);
    let other = Mapping::of_file(&file, 64 * KIB, 512 * KIB, READ, libc::MAP_SHARED)?;
    other.touch(0, 512 * KIB, false);
    stage.fork("child", || Ok(()))?;
    stage.keep((file, mapping, other));
    Ok(())
}

fn two_nodes(stage: &mut Stage) -> Result<()> {
    let nodes = nodes()?;
    ensure!(nodes.count_ones() > 1, "there is one node only");
    let first = 1 << nodes.trailing_zeros();
    let second = nodes & !first & (nodes & !first).wrapping_neg();
    for nodes in [first, second, first | second] {
        for mode in [BIND, INTERLEAVE, PREFERRED] {
            let mapping = small(256 * KIB)?;
            mapping.bind(0, 256 * KIB, Policy { mode, nodes })?;
            mapping.touch(0, 128 * KIB, true);
            stage.keep(mapping);
        }
        let huge = huge(HUGE)?;
        huge.bind(0, HUGE, Policy { mode: BIND, nodes })?;
        huge.touch(0, PAGE, true);
        let (file, shared) = shared_file(c"nodes", 256 * KIB)?;
        shared.bind(0, 256 * KIB, Policy { mode: BIND, nodes })?;
        shared.touch(0, 256 * KIB, true);
        stage.keep((huge, file, shared));
    }
    let halves = small(64 * KIB)?;
    // Both halves then have the same past, and can become one again.
    halves.touch(0, PAGE, true);
    halves.bind(
        0,
        32 * KIB,
        Policy {
            mode: BIND,
            nodes: first,
        },
    )?;
    halves.bind(
        32 * KIB,
        32 * KIB,
        Policy {
            mode: BIND,
            nodes: second,
        },
    )?;
    halves.touch(0, 64 * KIB, true);
    // One area again, with pages of both nodes.
    halves.bind(
        0,
        64 * KIB,
        Policy {
            mode: DEFAULT,
            nodes: 0,
        },
    )?;
    stage.fork("child", || Ok(()))?;
    stage.keep(halves);
    Ok(())
}
