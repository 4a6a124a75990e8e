// SPDX-License-Identifier: GPL-2.0

//! `PAGEMAP_SCAN` that protects what it finds against writing.

use std::path::Path;

use anyhow::{Context, Result};
use nix::unistd::Pid;

use super::twins::Twins;
use crate::compare::Comparer;
use crate::fact::{Fact, Observation};
use crate::probe::areas::{self, Area};
use crate::probe::scan::{fact, name_of, protecting, Space};
use crate::row::Row;
use crate::sys::{self, scan::Scan};

/// Whoever notes writes asynchronously can be protected so.
const SPECIMENS: &[&str] = &["wp-async", "swapped-watched", "userfault-wp", "small-pages"];

/// One scan after another on the same three processes; every few scans some pages are touched.
pub fn check(comparer: &Comparer) -> Result<Vec<Row>> {
    let all = SPECIMENS
        .iter()
        .flat_map(|name| (0..ROUNDS).map(move |round| (name, round)));
    let rows = all.flat_map(|(name, round)| {
        Twins::through(comparer, name, |twins| {
            check_round(twins, comparer, name, round)
        })
    });
    Ok(rows.collect())
}

/// So often fresh processes are taken.
const ROUNDS: u64 = 3;

fn check_round(twins: &mut Twins, comparer: &Comparer, name: &str, round: u64) -> Result<Vec<Row>> {
    let path = comparer
        .trees
        .stock
        .join(format!("{}/pagemap", twins.pid()));
    let areas: Vec<_> = areas::beside(&path).into_iter().filter(is_large).collect();
    let space = Space::of(&areas).context("no area to protect")?;
    let mut rows = Vec::new();
    for (n, scan) in protecting(&space, round).into_iter().enumerate() {
        let title = format!("{name} {round}.{n}, {}", name_of(&scan));
        rows.push(twins.act(comparer, &title, &|tree, pid| {
            let mut seen = Observation::default();
            seen.note("scan", ask(tree, pid, &scan));
            seen
        }));
        if n % 3 == 2 {
            rows.push(twins.stir(comparer, &format!("{title}, pages touched"))?);
        }
    }
    Ok(rows)
}

/// Memory of the specimen's own making, not of the program.
fn is_large(area: &Area) -> bool {
    area.flags.starts_with("rw") && area.pages() >= 64 && !area.name.starts_with('[')
}

fn ask(tree: &Path, pid: Pid, scan: &Scan) -> Fact {
    let path = tree.join(format!("{pid}/pagemap"));
    match sys::open(&path, libc::O_RDONLY | libc::O_CLOEXEC) {
        Ok(fd) => fact(&scan.ask(&fd)),
        Err(errno) => Fact::Failed(errno),
    }
}
