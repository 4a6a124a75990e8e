// SPDX-License-Identifier: GPL-2.0

//! `pagemap` over terabytes of nothing.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::uio::pread;

use super::held::ask;
use crate::compare::Comparer;
use crate::fact::{digest, Fact, Observation};
use crate::probe::areas;
use crate::probe::scan::{fact, Space};
use crate::row::Row;
use crate::sys;
use crate::target::Target;

/// The bytes of one read: the entries of 32 GiB.
const LENGTH: usize = 64 << 20;

/// Nobody waits longer than that for one, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Long reads in the longest hole, over the whole of 1 TiB without access, and scans of all.
pub fn check(comparer: &Comparer) -> Result<Vec<Row>> {
    let mut target = Target::start("reserved")?;
    target.ready()?;
    let pid = target.pid();
    let path = comparer.trees.stock.join(format!("{pid}/pagemap"));
    let areas = areas::beside(&path);
    let hole = areas::longest_hole(&areas).map_or(0, |(start, _)| start);
    let reserve = areas.iter().max_by_key(|area| area.pages());
    let reserve = reserve.map_or(0, |area| area.start);
    let rows = [("a hole", hole), ("an area without access", reserve)].map(|(name, start)| {
        ask(comparer, &format!("64 MiB of entries in {name}"), |root| {
            long_read(&root.join(format!("{pid}/pagemap")), start)
        })
    });
    let scan = ask(comparer, "a scan of the whole address space", |root| {
        scan_all(&root.join(format!("{pid}/pagemap")))
    });
    Ok(rows.into_iter().chain([scan]).collect())
}

fn long_read(path: &Path, start: u64) -> Observation {
    let mut seen = Observation::default();
    let fd = match open(path) {
        Ok(fd) => fd,
        Err(errno) => {
            seen.note("open", Fact::Failed(errno));
            return seen;
        }
    };
    let mut buffer = vec![1_u8; LENGTH];
    let began = Instant::now();
    let offset = start / sys::PAGE as u64 * 8;
    seen.note("pread", pread(&fd, &mut buffer, offset as i64));
    seen.say("in time", (began.elapsed() < PATIENCE).to_string());
    let page = [0_u8; sys::PAGE];
    let zero = buffer
        .chunks_exact(sys::PAGE)
        .take_while(|chunk| *chunk == page);
    let zero = zero.count() * sys::PAGE;
    seen.say("zeroes", format!("{zero} bytes at least"));
    seen.say("the rest", format!("{:016x}", digest(&buffer[zero..])));
    seen
}

fn scan_all(path: &Path) -> Observation {
    let mut seen = Observation::default();
    let areas = areas::beside(path);
    if let (Ok(fd), Some(space)) = (open(path), Space::of(&areas)) {
        let began = Instant::now();
        let mut scan = space.everything();
        scan.end = 0x7fff_ffff_f000;
        seen.note("scan", fact(&scan.ask(&fd)));
        seen.say("in time", (began.elapsed() < PATIENCE).to_string());
    }
    seen
}

fn open(path: &Path) -> nix::Result<OwnedFd> {
    sys::open(path, libc::O_RDONLY | libc::O_CLOEXEC)
}
