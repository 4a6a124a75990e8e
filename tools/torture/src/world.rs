// SPDX-License-Identifier: GPL-2.0

//! Mounts and the module, which come and go.

mod module;
mod mounts;

use std::fs::File;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use crate::actor::{Actor, Turn};
use crate::board::{Count, Phase};
use crate::kind::Kind;
use crate::sys;

pub use module::{holders, is_loaded, remove, slabs};
pub use mounts::{prepare, unmount_all};

use mounts::Mounts;

/// For how long the module stays at least, and how much longer at most, in milliseconds.
const STAYS: u64 = 15_000;
const LONGER: u64 = 10_000;
/// How many times as long as it was away it stays at least.
const RATIO: u64 = 3;

/// Mounts, unmounts, removes and inserts until it's over. Without a `module` it stays in.
pub fn run(actor: &mut Actor, module: Option<&PathBuf>) {
    let mut mounts = Mounts::new(actor.board);
    let churned = module.filter(|_| actor.setting.kinds.contains(&Kind::Unload));
    let mut lengths = fastrand::Rng::with_seed(actor.setting.seed);
    let mut goes = sys::now() + STAYS + lengths.u64(..LONGER);
    while actor.board.phase() != Phase::End {
        if let (Some(module), true) = (churned, sys::now() > goes) {
            let began = sys::now();
            if !replace(actor, &mut mounts, module) {
                break;
            }
            let stays = STAYS.max(RATIO * (sys::now() - began));
            goes = sys::now() + stays + lengths.u64(..LONGER);
        }
        if !actor.step(&mut |turn| act(turn, &mut mounts)) {
            actor.slot().beat();
        }
        sleep(Duration::from_millis(30));
    }
    mounts.end_namespaces();
}

fn act(turn: &mut Turn<'_>, mounts: &mut Mounts) -> nix::Result<i64> {
    match turn.kind {
        Kind::UnloadInUse => module::remove_in_use(turn),
        _ => mounts.act(turn),
    }
}

/// Removes the module as soon as nothing holds it, and inserts it again. False if that can't be done.
fn replace(actor: &mut Actor, mounts: &mut Mounts, module: &PathBuf) -> bool {
    actor.board.set_phase(Phase::Absent);
    mounts.end_namespaces();
    let began = sys::now();
    let removed = actor.perform(Kind::Unload, &mut |turn| module::unload(turn, mounts));
    if removed.is_err() {
        return false;
    }
    let gone = sys::now();
    actor.board.add(Count::Going, gone - began);
    if actor.board.phase() == Phase::End {
        return false;
    }
    let Ok(file) = File::open(module) else {
        return false;
    };
    // Allocations may fail in it, and then all must be undone.
    let inserted = again(actor, Kind::Load, &mut |_| module::insert(&file));
    let mounted = inserted && again(actor, Kind::Mount, &mut |_| mounts.mount_main());
    if mounted {
        actor.board.add(Count::Coming, sys::now() - gone);
        actor.board.set_phase(Phase::Present);
    }
    mounted
}

/// Does it until it works, for some time.
fn again(
    actor: &mut Actor,
    kind: Kind,
    act: &mut dyn FnMut(&mut Turn<'_>) -> nix::Result<i64>,
) -> bool {
    for _ in 0..50 {
        if actor.perform(kind, act).is_ok() {
            return true;
        }
        sleep(Duration::from_millis(20));
    }
    let _ = actor.perform(kind, &mut |turn| {
        turn.finding("fails again and again");
        Ok(0)
    });
    false
}

/// Inserts the module and mounts the tree for the first time.
pub fn begin(board: &'static crate::board::Board, module: Option<&PathBuf>) -> anyhow::Result<()> {
    use anyhow::Context;

    if let Some(module) = module {
        if !is_loaded() {
            let file = File::open(module).with_context(|| module.display().to_string())?;
            module::insert(&file).with_context(|| module.display().to_string())?;
        }
    }
    prepare()?;
    unmount_all();
    Mounts::new(board)
        .mount_main()
        .context("mounting the tree (is the module inserted?)")?;
    Ok(())
}
