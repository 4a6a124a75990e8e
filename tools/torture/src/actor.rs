// SPDX-License-Identifier: GPL-2.0

//! An actor: a process that does one operation after the other, each chosen by its random stream.
//!
//! The stream derives from the seed, the role and the index, and gives the kind and a seed for each
//! operation, which the operation's own choices derive from. So the sequence replays, whatever the
//! outcomes are.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use fastrand::Rng;
use nix::errno::Errno;

use crate::board::{Board, Count, Slot};
use crate::errnos;
use crate::judge::Forms;
use crate::kind::Kind;

/// What an actor is there for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Reads the tree.
    Reader,
    /// Is looked at.
    Target,
    /// Mounts, and inserts the module.
    World,
    /// Makes memory and processors scarce.
    Weight,
    /// Compares processes at rest.
    Still,
}

impl Role {
    /// As findings name it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Target => "target",
            Role::World => "world",
            Role::Weight => "weight",
            Role::Still => "still",
        }
    }
}

/// What all actors know.
#[derive(Debug)]
pub struct Setting {
    /// What everything derives from.
    pub seed: u64,
    /// The kinds that are wanted.
    pub kinds: Vec<Kind>,
    /// What text looks like here.
    pub forms: Forms,
    /// Whether allocations can be made to fail.
    pub faults: bool,
    /// How many readers there are.
    pub readers: usize,
    /// How many targets there are.
    pub targets: usize,
}

/// One actor, within its own process.
pub struct Actor {
    pub board: &'static Board,
    pub setting: Arc<Setting>,
    pub role: Role,
    pub index: usize,
    /// How many died before this one, of the same role and index.
    incarnation: u64,
    slot: usize,
    stream: Rng,
    kinds: Vec<Kind>,
    findings: Arc<File>,
    /// For those that are to meet failing allocations.
    marks: Marks,
}

/// What says which of the calling process's allocations may fail, where it may be set.
#[derive(Default)]
struct Marks {
    /// `/proc/self/make-it-fail`: those that are chosen at random.
    random: Option<File>,
    /// `/proc/self/fail-nth`: one, by its number.
    nth: Option<File>,
}

impl Marks {
    fn of(role: Role) -> Marks {
        let open = |name| OpenOptions::new().read(true).write(true).open(name).ok();
        let random = (role == Role::Reader).then(|| open("/proc/self/make-it-fail"));
        let nth = matches!(role, Role::Reader | Role::World).then(|| open("/proc/self/fail-nth"));
        Marks {
            random: random.flatten(),
            nth: nth.flatten(),
        }
    }

    /// Allocations may fail from now on, and the `nth` does; true if that was to be had.
    fn set(&self, nth: Option<u32>) -> bool {
        if let Some(random) = &self.random {
            let _ = random.write_at(b"1", 0);
        }
        match (&self.nth, nth) {
            (Some(file), Some(nth)) => file.write_at(nth.to_string().as_bytes(), 0).is_ok(),
            _ => false,
        }
    }

    /// No allocation fails any more; true if the `nth`, which `was_set`, did.
    fn clear(&self, was_set: bool) -> bool {
        let nth = self.nth.as_ref().filter(|_| was_set);
        let failed = nth.is_some_and(has_failed);
        // Whether it works is up to chance until it has.
        for file in nth.into_iter().chain(&self.random) {
            while file.write_at(b"0", 0).is_err() {}
        }
        failed
    }
}

/// Whether nothing is left of the number in a `fail-nth`.
fn has_failed(nth: &File) -> bool {
    let mut left = [0; 16];
    let mut reads = (0..3).filter_map(|_| nth.read_at(&mut left, 0).ok());
    let length = reads.next();
    length.is_some_and(|length| left[..length].trim_ascii() == b"0")
}

/// Where an actor belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub role: Role,
    pub index: usize,
    pub slot: usize,
    pub incarnation: u64,
}

impl Actor {
    /// Takes the place, in a new process.
    pub fn new(
        board: &'static Board,
        setting: Arc<Setting>,
        place: Place,
        findings: Arc<File>,
    ) -> Actor {
        let key = ((place.role as u64) << 48) | ((place.index as u64) << 32) | place.incarnation;
        let seed = setting.seed ^ key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let kinds = setting.kinds.iter().copied();
        // The module goes and comes in its own time.
        let timed = [Kind::Load, Kind::Unload];
        let kinds = kinds
            .filter(|kind| kind.role() == place.role && !timed.contains(kind))
            .collect();
        let mut actor = Actor {
            board,
            role: place.role,
            index: place.index,
            incarnation: place.incarnation,
            slot: place.slot,
            stream: Rng::with_seed(seed),
            kinds,
            findings,
            marks: Marks::default(),
            setting,
        };
        if actor.setting.faults {
            actor.marks = Marks::of(actor.role);
        }
        actor
    }

    pub fn slot(&self) -> &'static Slot {
        &self.board.slots[self.slot]
    }

    /// The kinds that this actor may do.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Chooses a kind of operation, and does it. True if it did anything.
    pub fn step(&mut self, act: &mut dyn FnMut(&mut Turn<'_>) -> nix::Result<i64>) -> bool {
        match self.stream.choice(self.kinds.clone()) {
            Some(kind) => {
                // What came of it has been judged and counted.
                let _ = self.perform(kind, act);
                true
            }
            None => false,
        }
    }

    /// Does an operation of a kind.
    pub fn perform(
        &mut self,
        kind: Kind,
        act: &mut dyn FnMut(&mut Turn<'_>) -> nix::Result<i64>,
    ) -> nix::Result<i64> {
        let seed = self.stream.u64(..);
        let operation = self.slot().begin(kind, seed);
        let mut rng = Rng::with_seed(seed);
        let nth = (rng.u8(..4) == 0).then(|| rng.u32(1..24));
        let mut turn = Turn {
            kind,
            rng,
            operation,
            seed,
            what: String::new(),
            actor: self,
        };
        // The operation alone may meet failures: what is around it must work.
        let set = turn.actor.marks.set(nth);
        let result = act(&mut turn);
        let failed = turn.actor.marks.clear(set);
        turn.add(Count::Nth, failed.into());
        turn.check(&result);
        turn.actor.slot().end(operation);
        self.board.tally(kind, &result);
        result
    }
}

/// One operation under way.
pub struct Turn<'a> {
    pub kind: Kind,
    /// For all that the operation chooses.
    pub rng: Rng,
    pub actor: &'a mut Actor,
    operation: u64,
    seed: u64,
    what: String,
}

impl Turn<'_> {
    /// Says what the operation is about.
    pub fn about(&mut self, what: impl Into<String>) {
        self.what = what.into();
        self.actor.slot().about(self.operation, &self.what);
    }

    /// Says that it goes on.
    pub fn beat(&self) {
        self.actor.slot().beat();
    }

    /// Adds to a count.
    pub fn add(&self, count: Count, many: u64) {
        self.actor.board.add(count, many);
    }

    /// Reports something that must not be.
    pub fn finding(&self, what: &str) {
        let actor = &self.actor;
        actor.board.add(Count::Findings, 1);
        let line = format!(
            "not ok {}: {} (seed {:#x}, {} {}.{}, operation {}, its seed {:#x}, {})\n",
            self.kind.name(),
            what.replace('\n', "\\n"),
            actor.setting.seed,
            actor.role.name(),
            actor.index,
            actor.incarnation,
            self.operation,
            self.seed,
            self.what,
        );
        // One write, so that lines of several actors don't mix.
        let bytes = &line.as_bytes()[..line.len().min(4000)];
        for _ in 0..5 {
            if (&*actor.findings).write_all(bytes).is_ok() {
                break;
            }
        }
    }

    fn check(&self, result: &nix::Result<i64>) {
        if let Err(errno) = result {
            if !errnos::permitted(self.kind, *errno, self.actor.setting.faults) {
                self.finding(&format!("{errno:?}, which it can't give"));
            }
        }
    }
}

/// How many bytes, as operations answer.
pub fn count(n: nix::Result<usize>) -> nix::Result<i64> {
    n.map(|n| n as i64)
}

/// The errno of an error of the standard library.
pub fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}
