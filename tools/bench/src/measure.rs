// SPDX-License-Identifier: GPL-2.0

//! Measures one case: an action on stock and on ours, alternately.

use std::path::Path;

use anyhow::{bail, Context, Result};
use nix::unistd::Pid;

use crate::action::{begin, Action};
use crate::case::Case;
use crate::clock::{now, own_cost};
use crate::memory;
use crate::row::{Row, Unit};
use crate::workload::World;
use crate::Trees;

/// How it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// What the clock counts.
    pub unit: Unit,
    /// How many pairs are measured.
    pub rounds: usize,
}

/// How long the clock is to run at least, so that what is done now and then has its part in it.
const WORTH: u64 = 50_000;
/// And how often an action is done in that time at most.
const MOST: u64 = 100;

/// An action on each of the trees.
struct Pair<'a> {
    case: &'a Case,
    world: &'a mut World,
    stock: Box<dyn Action>,
    ours: Box<dyn Action>,
}

/// What came of a case.
#[derive(Debug)]
pub enum Measured {
    /// What it costs.
    Row(Row),
    /// Neither tree has it, and why.
    Neither(String),
}

/// Measures a case.
///
/// # Errors
///
/// When an action fails in one tree, or comes to something else there than in the other.
pub fn measure(case: &Case, trees: &Trees, world: &mut World, manner: Manner) -> Result<Measured> {
    let pid = match world.pid(case.workload) {
        Ok(pid) => pid,
        Err(reason) => return Ok(Measured::Neither(reason.to_string())),
    };
    if let Some(row) = memory::measure(case, trees, pid)? {
        return Ok(Measured::Row(row));
    }
    let (stock, ours) = match (
        ready(case, &trees.stock, pid),
        ready(case, &trees.ours, pid),
    ) {
        (Err(stock), Err(ours)) if stock.to_string() == ours.to_string() => {
            return Ok(Measured::Neither(stock.to_string()));
        }
        (stock, ours) => (stock.context("stock")?, ours.context("rustproc")?),
    };
    let mut pair = Pair {
        case,
        world,
        stock,
        ours,
    };
    pair.check()?;
    let times = pair.times()?;
    let cost = own_cost();
    let mut stock = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..manner.rounds {
        stock.push(each(pair.time(false, times)?, cost, times));
        ours.push(each(pair.time(true, times)?, cost, times));
    }
    Ok(Measured::Row(Row::new(case, manner.unit, &stock, &ours)))
}

/// A case's action in a tree, which has been done once.
fn ready(case: &Case, tree: &Path, pid: Pid) -> Result<Box<dyn Action>> {
    let mut action = begin(case, tree, pid)?;
    action.act()?;
    Ok(action)
}

/// What one action cost, of so many.
fn each(time: u64, clock: u64, times: u32) -> f64 {
    time.saturating_sub(clock) as f64 / f64::from(times)
}

impl Pair<'_> {
    /// Whether both come to the same. Others may change something between the two: then they are asked
    /// again.
    fn check(&mut self) -> Result<()> {
        for _ in 0..5 {
            self.time(false, 1)?;
            self.time(true, 1)?;
            if self.case.is_volatile() || self.stock.outcome() == self.ours.outcome() {
                return Ok(());
            }
        }
        bail!("the trees differ")
    }

    /// How often to act for one measurement.
    fn times(&mut self) -> Result<u32> {
        let once = self.time(false, 1)?.max(1);
        let wanted = (WORTH / once).clamp(1, MOST) as u32;
        Ok(self.stock.limit().map_or(wanted, |limit| match limit {
            1 => 1,
            // What was done before is no longer new.
            limit => limit,
        }))
    }

    /// How long so many actions take on one of the trees.
    fn time(&mut self, ours: bool, times: u32) -> Result<u64> {
        let (name, action) = match ours {
            true => ("rustproc", &mut self.ours),
            false => ("stock", &mut self.stock),
        };
        if action.wants_written_pages() {
            self.world.rewrite(self.case.workload)?;
        }
        action.prepare()?;
        let before = now();
        for _ in 0..times {
            action.act().context(name)?;
        }
        Ok(now() - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_not_counted() {
        assert_eq!(each(1100, 100, 10), 100.0);
        assert_eq!(each(50, 100, 1), 0.0);
    }
}
