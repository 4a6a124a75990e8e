// SPDX-License-Identifier: GPL-2.0

//! What all processes of the chamber see and write: who does what, since when, and what came of it.

use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering::Relaxed};

use nix::errno::Errno;

use crate::kind::{Kind, KINDS};
use crate::sys;

/// How many actors there can be.
pub const SLOTS: usize = 64;
/// How many processes can be on show for readers.
pub const SHOWN: usize = 256;
/// How many places to mount at there are, the one in `/proc` being the first.
pub const PLACES: usize = 8;
/// How many operations of an actor are remembered.
const RECENT: usize = 6;
/// Errnos are below this; 0 stands for those that must never reach a user.
const ERRNOS: usize = 134;

/// What the world is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Phase {
    /// The module is there, and the tree mounted somewhere.
    Present,
    /// The module is about to go, or gone: let go of everything.
    Absent,
    /// It's over.
    End,
}

/// All that is shared.
pub struct Board {
    phase: AtomicU32,
    /// Each place's state: 1 while something of ours is mounted there.
    places: [AtomicU32; PLACES],
    /// Processes to look at; 0 is none.
    shown: [AtomicI32; SHOWN],
    /// For each actor.
    pub slots: [Slot; SLOTS],
    tallies: [Tally; KINDS],
    /// For each of [`Count`].
    counts: [AtomicU64; Count::Last as usize],
}

/// Something to be counted.
#[derive(Clone, Copy, Debug)]
pub enum Count {
    /// Bytes read.
    Bytes,
    /// Lines and entries judged.
    Lines,
    /// Comparisons of a process at rest that were equal.
    Equal,
    /// Comparisons that were given up, for stock itself didn't rest.
    Unstable,
    /// The failures that `fail-nth` reports as injected.
    Nth,
    /// Milliseconds that the module took to go, and to come.
    Going,
    Coming,
    /// Findings.
    Findings,
    /// Not a count.
    Last,
}

/// What one actor does.
pub struct Slot {
    /// Its process.
    pub pid: AtomicI32,
    /// When it last began or ended an operation.
    pub beat: AtomicU64,
    /// How many operations it has begun.
    pub operation: AtomicU64,
    recent: [Recent; RECENT],
}

/// An operation, to be shown if something goes wrong.
struct Recent {
    operation: AtomicU64,
    kind: AtomicU64,
    /// The seed of the operation's own choices.
    seed: AtomicU64,
    /// 1 while it goes on.
    under_way: AtomicU64,
    /// What it is about: 96 bytes of text.
    text: [AtomicU64; 12],
}

struct Tally {
    succeeded: AtomicU64,
    failed: [AtomicU64; ERRNOS],
}

impl Board {
    pub fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::Present,
            1 => Phase::Absent,
            _ => Phase::End,
        }
    }

    /// Once it's over, it stays so.
    pub fn set_phase(&self, phase: Phase) {
        let _ = self.phase.fetch_update(Relaxed, Relaxed, |now| {
            (now != Phase::End as u32).then_some(phase as u32)
        });
    }

    pub fn set_place(&self, place: usize, mounted: bool) {
        self.places[place].store(mounted.into(), Relaxed);
    }

    pub fn is_mounted(&self, place: usize) -> bool {
        self.places[place].load(Relaxed) != 0
    }

    /// Shows a process, or none, at a place of its own.
    pub fn show(&self, place: usize, pid: i32) {
        self.shown[place % SHOWN].store(pid, Relaxed);
    }

    /// The processes on show.
    pub fn shown(&self) -> Vec<i32> {
        let all = self.shown.iter().map(|pid| pid.load(Relaxed));
        all.filter(|&pid| pid > 0).collect()
    }

    pub fn add(&self, count: Count, many: u64) {
        self.counts[count as usize].fetch_add(many, Relaxed);
    }

    pub fn count(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Relaxed)
    }

    pub fn tally(&self, kind: Kind, result: &Result<i64, Errno>) {
        let tally = &self.tallies[kind as usize];
        match result {
            Ok(_) => &tally.succeeded,
            Err(errno) => &tally.failed[(*errno as usize).min(ERRNOS - 1)],
        }
        .fetch_add(1, Relaxed);
    }

    /// How often a kind succeeded, and the errnos with which it failed, each with how often.
    pub fn results(&self, kind: Kind) -> (u64, Vec<(Errno, u64)>) {
        let tally = &self.tallies[kind as usize];
        let failed = tally.failed.iter().enumerate();
        let failed =
            failed.map(|(errno, many)| (Errno::from_raw(errno as i32), many.load(Relaxed)));
        (
            tally.succeeded.load(Relaxed),
            failed.filter(|(_, many)| *many > 0).collect(),
        )
    }

    /// How many operations there have been.
    pub fn operations(&self) -> u64 {
        self.slots
            .iter()
            .map(|slot| slot.operation.load(Relaxed))
            .sum()
    }
}

impl Slot {
    /// Says that the actor is alive.
    pub fn beat(&self) {
        self.beat.store(sys::now(), Relaxed);
    }

    /// Notes that an operation begins; answers its number.
    pub fn begin(&self, kind: Kind, seed: u64) -> u64 {
        self.beat();
        let operation = self.operation.fetch_add(1, Relaxed);
        let recent = self.recent(operation);
        recent.operation.store(operation, Relaxed);
        recent.kind.store(kind as u64, Relaxed);
        recent.seed.store(seed, Relaxed);
        recent.under_way.store(1, Relaxed);
        recent.set_text("");
        operation
    }

    /// Says what an operation is about.
    pub fn about(&self, operation: u64, text: &str) {
        self.recent(operation).set_text(text);
    }

    /// Notes that an operation has ended.
    pub fn end(&self, operation: u64) {
        self.recent(operation).under_way.store(0, Relaxed);
        self.beat();
    }

    fn recent(&self, operation: u64) -> &Recent {
        &self.recent[operation as usize % RECENT]
    }

    /// The last operations, the newest last, in words.
    pub fn story(&self) -> Vec<String> {
        let next = self.operation.load(Relaxed);
        let numbers = next.saturating_sub(RECENT as u64)..next;
        numbers.map(|number| self.recent(number).line()).collect()
    }
}

impl Recent {
    fn set_text(&self, text: &str) {
        let mut bytes = text.bytes();
        for word in &self.text {
            let word_bytes = [(); 8].map(|()| bytes.next().unwrap_or(0));
            word.store(u64::from_ne_bytes(word_bytes), Relaxed);
        }
    }

    fn line(&self) -> String {
        let words = self
            .text
            .iter()
            .map(|word| word.load(Relaxed).to_ne_bytes());
        let bytes: Vec<u8> = words.flatten().take_while(|&byte| byte != 0).collect();
        let kind = Kind::from_number(self.kind.load(Relaxed));
        format!(
            "{}{} {} seed {:#x} {}",
            if self.under_way.load(Relaxed) == 0 {
                ""
            } else {
                "* "
            },
            self.operation.load(Relaxed),
            kind.map_or_else(String::new, Kind::name),
            self.seed.load(Relaxed),
            String::from_utf8_lossy(&bytes),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_once_and_for_all() {
        let board: &Board = sys::share().unwrap();
        assert_eq!(board.phase(), Phase::Present);
        board.set_phase(Phase::Absent);
        assert_eq!(board.phase(), Phase::Absent);
        board.set_phase(Phase::End);
        board.set_phase(Phase::Present);
        assert_eq!(board.phase(), Phase::End);
    }

    #[test]
    fn the_last_operations_are_remembered() {
        let board: &Board = sys::share().unwrap();
        let slot = &board.slots[0];
        for seed in 0..10 {
            let operation = slot.begin(Kind::Pread, seed);
            slot.about(operation, "status");
            slot.end(operation);
        }
        slot.begin(Kind::Read, 77);
        let story = slot.story();
        assert_eq!(story.len(), RECENT);
        assert_eq!(story[4], "9 pread seed 0x9 status");
        assert_eq!(story[5], "* 10 read seed 0x4d ");
    }

    #[test]
    fn results_are_told_by_errno() {
        let board: &Board = sys::share().unwrap();
        board.tally(Kind::Read, &Ok(1));
        board.tally(Kind::Read, &Err(Errno::ESRCH));
        board.tally(Kind::Read, &Err(Errno::ESRCH));
        assert_eq!(board.results(Kind::Read), (1, vec![(Errno::ESRCH, 2)]));
    }
}
