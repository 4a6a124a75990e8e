// SPDX-License-Identifier: GPL-2.0

//! How long calls made wait.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::call::Call;
use crate::statistics;

/// So many calls of a kind are noted without asking for memory.
const ROOM: usize = 1 << 14;

/// How long the calls of one thread made it wait.
///
/// Their memory is there, and touched, before the first call is noted: to ask for some in between is
/// a call of the kind that is measured.
#[derive(Debug)]
pub struct Latencies([OfKind; Call::ALL.len()]);

/// Those of one kind.
#[derive(Debug)]
struct OfKind {
    made: u64,
    /// In nanoseconds, also of calls that were due and couldn't be made.
    waits: Vec<u64>,
}

impl Latencies {
    /// None yet.
    pub fn new() -> Latencies {
        Latencies(std::array::from_fn(|_| {
            let mut waits = vec![u64::MAX; ROOM];
            waits.clear();
            OfKind { made: 0, waits }
        }))
    }

    /// Makes a call, and notes how long it took.
    pub fn time<T>(&mut self, call: Call, make: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = make();
        let time = start.elapsed();

        self.0[call as usize].made += 1;
        self.note(call, time);
        result
    }

    /// Notes a call that was due so long ago, and not made, for the thread was waiting in another.
    pub fn miss(&mut self, call: Call, since: Duration) {
        self.note(call, since);
    }

    fn note(&mut self, call: Call, wait: Duration) {
        let nanoseconds = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.0[call as usize].waits.push(nanoseconds);
    }

    /// Adds those of another thread.
    pub fn add(&mut self, other: Latencies) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            own.made += other.made;
            own.waits.extend(other.waits);
        }
    }

    /// What is to be known of each kind of call that was due.
    pub fn summarise(self) -> Vec<(Call, Summary)> {
        let summaries = self.0.into_iter().map(OfKind::summarise);
        let kinds = Call::ALL.into_iter().zip(summaries);
        kinds
            .filter_map(|(call, summary)| Some((call, summary?)))
            .collect()
    }
}

/// What is to be known of one kind of call, with times in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// How many were made.
    pub made: u64,
    /// Half of those that were due waited no longer.
    pub median: u64,
    /// Of a hundred, ninety-nine waited no longer.
    pub p99: u64,
    /// The longest wait.
    pub max: u64,
}

impl OfKind {
    /// `None` if none was due.
    fn summarise(self) -> Option<Summary> {
        let max = *self.waits.iter().max()?;
        let waits: Vec<_> = self.waits.iter().map(|wait| *wait as f64).collect();

        Some(Summary {
            made: self.made,
            median: statistics::median(&waits) as u64,
            p99: statistics::quantile(&waits, 0.99) as u64,
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_of_all_threads_and_of_calls_that_were_due() {
        let mut one = Latencies::new();
        let mut other = Latencies::new();
        one.time(Call::Mmap, || ());
        other.miss(Call::Mmap, Duration::from_secs(3));
        other.miss(Call::Mmap, Duration::from_secs(2));
        other.miss(Call::Munmap, Duration::from_nanos(5));
        one.add(other);

        let of_mmap = Summary {
            made: 1,
            median: 2_000_000_000,
            p99: 2_980_000_000,
            max: 3_000_000_000,
        };
        let of_munmap = Summary {
            made: 0,
            median: 5,
            p99: 5,
            max: 5,
        };
        assert_eq!(
            one.summarise(),
            [(Call::Mmap, of_mmap), (Call::Munmap, of_munmap)]
        );
    }

    #[test]
    fn what_a_timed_call_returns_is_passed_on() {
        let mut latencies = Latencies::new();
        assert_eq!(latencies.time(Call::Fault, || 7), 7);
    }
}
