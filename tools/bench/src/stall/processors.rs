// SPDX-License-Identifier: GPL-2.0

//! Who runs where: the reader has a processor of its own.
//!
//! So the target's calls wait for what the reader does in the kernel, and not for the processor on
//! which it does that.

use anyhow::Result;
use nix::sched::{sched_getaffinity, sched_setaffinity, CpuSet};
use nix::unistd::Pid;

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The process that is looked at.
    Target,
    /// The one that reads.
    Reader,
}

/// The processors, divided.
#[derive(Debug)]
pub struct Processors {
    target: CpuSet,
    reader: CpuSet,
}

impl Processors {
    /// Of those that this process may use the reader gets the last one, the target the others; if
    /// there is but one, both have it.
    pub fn divide() -> Result<Processors> {
        divide(&sched_getaffinity(Pid::from_raw(0))?)
    }

    /// Has the calling thread, and who is started by it from now on, run on those of one side.
    pub fn enter(&self, side: Side) -> Result<()> {
        let processors = match side {
            Side::Target => &self.target,
            Side::Reader => &self.reader,
        };
        Ok(sched_setaffinity(Pid::from_raw(0), processors)?)
    }
}

fn divide(all: &CpuSet) -> Result<Processors> {
    let usable = |number: &usize| all.is_set(*number).unwrap_or(false);
    let mut numbers: Vec<_> = (0..CpuSet::count()).filter(usable).collect();
    let reader = match numbers[..] {
        [_, .., last] => {
            numbers.pop();
            set(&[last])?
        }
        _ => set(&numbers)?,
    };
    Ok(Processors {
        target: set(&numbers)?,
        reader,
    })
}

fn set(numbers: &[usize]) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for number in numbers {
        set.set(*number)?;
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_has_the_last_one_if_there_are_several() {
        let of = |numbers: &[usize]| {
            let divided = divide(&set(numbers).unwrap()).unwrap();
            (divided.target, divided.reader)
        };
        let set = |numbers: &[usize]| set(numbers).unwrap();
        assert_eq!(of(&[3]), (set(&[3]), set(&[3])));
        assert_eq!(of(&[0, 1]), (set(&[0]), set(&[1])));
        assert_eq!(of(&[0, 2, 5]), (set(&[0, 2]), set(&[5])));
    }
}
