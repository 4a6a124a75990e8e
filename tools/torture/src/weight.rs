// SPDX-License-Identifier: GPL-2.0

//! What weighs on everybody: caches dropped, memory that is short, processors that go, allocations
//! that fail.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustproc_compare::sys::{Mapping, PAGE};

use crate::actor::{errno, Actor, Turn};
use crate::board::Phase;
use crate::group;
use crate::kind::Kind;
use crate::{faults, sys};

/// Weighs until it's over, and lifts it all in the end.
pub fn run(actor: &mut Actor) {
    while actor.board.phase() != Phase::End {
        if !actor.step(&mut act) {
            actor.slot().beat();
        }
        sleep(Duration::from_millis(100));
    }
    let _ = processors(true);
    let _ = group::limit("max");
    faults::off();
}

fn act(turn: &mut Turn<'_>) -> nix::Result<i64> {
    match turn.kind {
        Kind::Caches => write("/proc/sys/vm/drop_caches", &turn.rng.u8(1..4).to_string()),
        Kind::Reclaim => reclaim(turn),
        Kind::Hog => hog(turn),
        Kind::Processors => processors(turn.rng.bool()),
        Kind::Faults => {
            faults::change(&mut turn.rng);
            Ok(0)
        }
        _ => Ok(0),
    }
}

fn write(path: &str, value: &str) -> nix::Result<i64> {
    fs::write(path, value)
        .map(|()| 0)
        .map_err(|error| errno(&error))
}

/// Pages of the targets, some of which must go now, and all above a limit.
fn reclaim(turn: &mut Turn<'_>) -> nix::Result<i64> {
    match turn.rng.u8(..4) {
        0 => group::limit(&format!("{}M", turn.rng.u32(64..160))),
        1 => group::limit("max"),
        _ => group::reclaim(&format!("{}M", turn.rng.u32(1..8))),
    }
    .map(|()| 0)
    .map_err(|error| errno(&error))
}

/// Part of what is free, for a moment. Nobody is to be killed for it.
fn hog(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let table = fs::read_to_string("/proc/meminfo").map_err(|error| errno(&error))?;
    let line = table.lines().find(|line| line.starts_with("MemAvailable"));
    let free = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    let bytes = (free.unwrap_or(0) << 10) / 100 * turn.rng.usize(10..50);
    let mapping = Mapping::anonymous(bytes.max(PAGE) & !(PAGE - 1))?;
    let began = sys::now();
    let piece = 1 << 20;
    for from in (0..mapping.length()).step_by(piece) {
        let length = piece.min(mapping.length() - from);
        mapping.advise_part(from, length, libc::MADV_POPULATE_WRITE)?;
        turn.beat();
        // Not all of it where memory is slow.
        if turn.actor.board.phase() == Phase::End || sys::now() - began > 1000 {
            break;
        }
    }
    Ok(bytes as i64)
}

/// All processors but the first come or go.
fn processors(come: bool) -> nix::Result<i64> {
    let mut changed = 0;
    for number in 1..64 {
        let path = format!("/sys/devices/system/cpu/cpu{number}/online");
        if !Path::new(&path).exists() {
            break;
        }
        // Two stay.
        if come || number > 1 {
            write(&path, if come { "1" } else { "0" })?;
            changed += 1;
        }
    }
    Ok(changed)
}
