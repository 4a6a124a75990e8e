// SPDX-License-Identifier: GPL-2.0

//! The end of a run: what is left, and what has been done.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;

use crate::actor::Role;
use crate::board::{Board, Count};
use crate::kind::Kind;
use crate::supervise::Run;
use crate::{faults, world};

const LEAKS: &str = "/sys/kernel/debug/kmemleak";
/// Objects younger than five seconds are no leaks yet.
const AGE: Duration = Duration::from_secs(6);

/// How often a kind must have been tried, with the tree there, to say that it never works.
const ENOUGH: u64 = 50;

/// Checks at the end, each a line.
#[derive(Default)]
pub struct Checks {
    passed: u64,
    failed: u64,
}

impl Checks {
    fn check(&mut self, right: bool, what: &str) {
        if right {
            self.passed += 1;
            println!("ok {what}");
        } else {
            self.failed += 1;
            println!("not ok {what}");
        }
    }

    /// True if all passed; says how many did.
    pub fn sum(&self, findings: u64) -> bool {
        let failed = self.failed + findings;
        println!("{} passed, {failed} failed", self.passed);
        failed == 0
    }
}

/// Looks at everything.
pub fn judge(run: &Run, checks: &mut Checks) {
    let gone = take_away(run);
    results(run.board);
    let board = run.board;
    let (lines, bytes) = (board.count(Count::Lines), board.count(Count::Bytes));
    let wants = |kind| run.setting.kinds.contains(&kind);
    checks.check(
        lines > 0 || !wants(Kind::Read),
        &format!("bytes: {lines} lines and entries judged, {bytes} bytes read"),
    );
    let equal = board.count(Count::Equal);
    checks.check(
        equal > 0 || !wants(Kind::Compare),
        &format!(
            "frozen comparisons: {equal}, given up {}",
            board.count(Count::Unstable)
        ),
    );
    checks.check(run.stuck == 0, &format!("tasks: {} stuck", run.stuck));
    checks.check(
        run.reports == 0,
        &format!("kernel: {} reports", run.reports),
    );
    if run.module.is_some() {
        let (unloads, _) = board.results(Kind::Unload);
        let mean = |count| board.count(count) / unloads.max(1);
        // A short run on a slow machine gets to no more than the last time.
        println!(
            "# before the end: unloaded {unloads} times, in {} ms on average, loaded and mounted in {} ms",
            mean(Count::Going),
            mean(Count::Coming)
        );
        checks.check(
            gone.is_ok(),
            &format!(
                "unload: {}",
                gone.err().unwrap_or("nothing is left in the end".into())
            ),
        );
    }
    leaks(checks);
    injected(run, checks);
    never(run, checks);
}

/// Unmounts everything and removes the module; what is left in words.
fn take_away(run: &Run) -> Result<(), String> {
    faults::off();
    world::unmount_all();
    if run.module.is_none() || !world::is_loaded() {
        return Ok(());
    }
    let mut last = Ok(());
    for _ in 0..300 {
        last = world::remove();
        if last.is_ok() {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    last.map_err(|errno| format!("the module stays: {errno:?}, {}", world::holders()))?;
    match world::slabs() {
        left if left.is_empty() => Ok(()),
        left => Err(format!("slab caches stay: {left:?}")),
    }
}

/// A line for each kind that has been done.
fn results(board: &Board) {
    for &kind in Kind::all() {
        let (succeeded, failed) = board.results(kind);
        let failures: u64 = failed.iter().map(|(_, many)| many).sum();
        if succeeded + failures == 0 {
            continue;
        }
        let words: Vec<_> = failed
            .iter()
            .map(|(errno, many)| format!("{errno:?} {many}"))
            .collect();
        println!(
            "# {:14} {:>8} tried, {succeeded} succeeded; {}",
            kind.name(),
            succeeded + failures,
            words.join(", ")
        );
    }
}

/// Has the kernel look for memory that nobody knows any more.
fn leaks(checks: &mut Checks) {
    if fs::write(LEAKS, "scan").is_err() {
        println!("# no kmemleak here: leaks aren't looked for");
        return;
    }
    sleep(AGE);
    let _ = fs::write(LEAKS, "scan");
    let found = fs::read_to_string(LEAKS).unwrap_or_default();
    for line in found.lines() {
        println!("# {line}");
    }
    let (many, booted) = unreferenced(&found);
    checks.check(
        many == 0,
        &format!(
            "leaks: kmemleak found {many} (and {booted} that the kernel made while it booted)"
        ),
    );
}

/// How many objects a report is about: those that a task made, and those of the kernel's own start.
fn unreferenced(report: &str) -> (usize, usize) {
    let objects = report.split("unreferenced object").skip(1);
    let (booted, made): (Vec<_>, Vec<_>) =
        objects.partition(|object| object.contains("comm \"swapper/"));
    (made.len(), booted.len())
}

fn injected(run: &Run, checks: &mut Checks) {
    if !run.setting.faults {
        return;
    }
    let nth = run.board.count(Count::Nth);
    let mut counts = vec![("by number", nth)];
    counts.extend(faults::counts());
    let words: Vec<_> = counts
        .iter()
        .map(|(site, many)| format!("{site} {many}"))
        .collect();
    let wanted = run.setting.kinds.contains(&Kind::Faults);
    let total: u64 = counts.iter().map(|(_, many)| many).sum();
    let lost = run.lost;
    checks.check(
        total > 0 || !wanted,
        &format!(
            "faults injected: {total} ({}; {lost} readers died of them)",
            words.join(", ")
        ),
    );
}

/// Kinds that were wanted and never worked, though the kernel offers them.
fn never(run: &Run, checks: &mut Checks) {
    let mut never = Vec::new();
    for &kind in &run.setting.kinds {
        if kind == Kind::Load || kind == Kind::Unload && run.module.is_none() {
            continue;
        }
        let (succeeded, failed) = run.board.results(kind);
        if succeeded > 0 {
            continue;
        }
        let there = failed.iter().filter(|(errno, _)| *errno != Errno::ENOENT);
        let tried: u64 = there.map(|(_, many)| many).sum();
        if tried < ENOUGH {
            println!("# {}: tried {tried} times, without success", kind.name());
            continue;
        }
        let lacks = [
            Errno::ENOSYS,
            Errno::EOPNOTSUPP,
            Errno::ENOENT,
            Errno::EINVAL,
        ];
        let lacking = matches!(failed[..], [(errno, _)] if lacks.contains(&errno));
        if lacking && kind.role() != Role::Reader {
            println!(
                "# {}: the kernel or the machine doesn't offer it",
                kind.name()
            );
        } else {
            never.push(kind.name());
        }
    }
    let all = run.setting.kinds.len();
    match never.is_empty() {
        true => checks.check(true, &format!("operations: each of {all} kinds succeeded")),
        false => checks.check(
            false,
            &format!("operations: never succeeded: {}", never.join(", ")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaks_are_told_from_those_of_the_boot() {
        let object = |comm: &str| {
            format!("unreferenced object 0xff (size 8):\n  comm \"{comm}\", pid 0, jiffies 1\n")
        };
        let report = [object("swapper/0"), object("insmod"), object("cat")].concat();
        assert_eq!(unreferenced(&report), (2, 1));
        assert_eq!(unreferenced(""), (0, 0));
    }
}
