// SPDX-License-Identifier: GPL-2.0

//! Targets: processes that change all the time, and have children that do.

mod areas;
mod children;
mod lives;

use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;

pub use areas::Areas;
use areas::{APART, AREAS, BASE};

use crate::actor::{Actor, Turn};
use crate::board::Phase;
use crate::kind::Kind;
use crate::{reader, sys};
use children::Children;

/// Changes until it's over.
pub fn run(actor: &mut Actor) {
    let mut areas = Areas::default();
    let mut children = Children::new(actor.board, actor.index);
    while actor.board.phase() != Phase::End {
        if !actor.step(&mut |turn| act(turn, &mut areas, &mut children)) {
            actor.slot().beat();
        }
        // Readers need something that stands still for a moment, too.
        sleep(Duration::from_millis(if actor.kinds().is_empty() {
            100
        } else {
            2
        }));
    }
    children.end_all();
}

fn act(turn: &mut Turn<'_>, areas: &mut Areas, children: &mut Children) -> nix::Result<i64> {
    use Kind::*;

    match turn.kind {
        Comm => {
            sys::set_name(&any_name(&mut turn.rng));
            Ok(0)
        }
        Exit => {
            // Not each time: the memory of a target takes time to become interesting.
            if turn.rng.u8(..6) == 0 {
                children.end_all();
                std::process::exit(0);
            }
            Ok(0)
        }
        Fork | Vfork | Exec | Threads | Zombie | Ptrace | Creds | Unshare | Stop | Stack => {
            children.act(turn, areas)
        }
        Userfault => {
            areas.act(Userfault, &mut turn.rng)?;
            match areas.any_watched(&mut turn.rng) {
                Some((start, length)) => reader::protect(turn, start, length),
                None => Ok(0),
            }
        }
        kind => areas.act(kind, &mut turn.rng),
    }
}

/// An address that an area of a target may have, near its beginning.
pub fn any_address(rng: &mut Rng) -> usize {
    let length = if rng.bool() { 64 << 10 } else { 8 << 20 };
    BASE + rng.usize(..AREAS) * APART + rng.usize(..length)
}

/// A name that a careless writer trips over, of bytes that are shown as they are or escaped.
fn any_name(rng: &mut Rng) -> std::ffi::CString {
    let length = rng.usize(..16);
    let bytes = (0..length).map(|_| {
        let odd = *rng.choice(b" )(\n\\\t:\xff\x80%").unwrap_or(&b' ');
        if rng.u8(..3) == 0 {
            odd
        } else {
            rng.u8(b'!'..b'~')
        }
    });
    std::ffi::CString::new(bytes.collect::<Vec<_>>()).unwrap_or_default()
}
