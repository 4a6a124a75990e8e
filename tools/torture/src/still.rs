// SPDX-License-Identifier: GPL-2.0

//! Processes at rest: what stock and ours show of them must be equal.
//!
//! The subject is a child that changes its memory and then stops itself. Others may still change it
//! (memory that is reclaimed, merged, made huge; a reader's `clear_refs`): a comparison counts once
//! stock shows the same before and after ours.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{kill, raise, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

use rustproc_compare::sys::PAGE;

use crate::actor::{errno, Actor, Turn};
use crate::board::{Board, Count, Phase};
use crate::kind::Kind;
use crate::sys;
use crate::target::{any_address, Areas};
use crate::tree::{MAIN, TEXTS};

/// After how many rounds a subject is replaced.
const ROUNDS: u32 = 12;
/// How often stock and ours are asked before a comparison is given up.
const TRIES: usize = 6;
/// How often they must differ, while stock stands still: a sharer may come and go just when ours is
/// asked.
const ENOUGH: usize = 4;
/// How long a subject may take for a round, in milliseconds: some of what it does to itself the kernel
/// may try again for ever.
const PATIENCE: u64 = 20_000;

/// Compares until it's over.
pub fn run(actor: &mut Actor) {
    let mut subject = None;
    while actor.board.phase() != Phase::End {
        if !actor.step(&mut |turn| compare(turn, &mut subject)) {
            actor.slot().beat();
        }
        sleep(Duration::from_millis(if actor.kinds().is_empty() {
            100
        } else {
            5
        }));
    }
    end(&mut subject);
}

/// A process that stops itself after each of its rounds.
struct Subject {
    pid: Pid,
    rounds: u32,
}

fn end(subject: &mut Option<Subject>) {
    if let Some(subject) = subject.take() {
        let _ = kill(subject.pid, Signal::SIGKILL);
        let _ = waitpid(subject.pid, None);
    }
}

/// Has the subject change and stop, and compares all files.
fn compare(turn: &mut Turn<'_>, slot: &mut Option<Subject>) -> nix::Result<i64> {
    if slot.as_ref().is_none_or(|subject| subject.rounds >= ROUNDS) {
        end(slot);
        let mut rng = turn.rng.fork();
        let pid = sys::fork(|| {
            sys::die_with_parent();
            be(&mut rng)
        })?;
        *slot = Some(Subject { pid, rounds: 0 });
    }
    let Some(subject) = slot else {
        return Ok(0);
    };
    subject.rounds += 1;
    if !stopped(turn, subject.pid)? {
        end(slot);
        return Err(Errno::ESRCH);
    }
    let pid = subject.pid.as_raw();
    for name in TEXTS {
        let directory = if *name == "children" || turn.rng.u8(..4) == 0 {
            format!("{pid}/task/{pid}/{name}")
        } else {
            format!("{pid}/{name}")
        };
        equal(turn, &directory, &read_all);
    }
    for _ in 0..4 {
        let page = any_address(&mut turn.rng) / PAGE;
        let entries = turn.rng.usize(1..2048);
        let asked = move |path: &Path| read_part(path, page, entries);
        equal(turn, &format!("{pid}/pagemap"), &asked);
    }
    kill(subject.pid, Signal::SIGCONT).map(|()| 0)
}

/// Waits until the subject has stopped; false if it has ended, or gets nowhere.
fn stopped(turn: &Turn<'_>, pid: Pid) -> nix::Result<bool> {
    let began = sys::now();
    while sys::now() - began < PATIENCE {
        match waitpid(pid, Some(WaitPidFlag::WUNTRACED | WaitPidFlag::WNOHANG))? {
            WaitStatus::StillAlive => sleep(Duration::from_millis(2)),
            WaitStatus::Stopped(..) => return Ok(true),
            _ => return Ok(false),
        }
        turn.beat();
        if turn.actor.board.phase() == Phase::End {
            break;
        }
    }
    Ok(false)
}

/// What the subject does.
fn be(rng: &mut fastrand::Rng) -> i32 {
    let mut areas = Areas::default();
    loop {
        for _ in 0..rng.u8(1..20) {
            let kinds: Vec<_> = Kind::all()
                .iter()
                .filter(|kind| (Kind::Mmap as u8..Kind::Fork as u8).contains(&(**kind as u8)))
                .collect();
            if let Some(kind) = rng.choice(kinds) {
                let _ = areas.act(*kind, rng);
            }
        }
        let _ = raise(Signal::SIGSTOP);
    }
}

type Answer = Result<Vec<u8>, Errno>;

fn read_all(path: &Path) -> Answer {
    std::fs::read(path).map_err(|error| errno(&error))
}

fn read_part(path: &Path, page: usize, entries: usize) -> Answer {
    let file = File::open(path).map_err(|error| errno(&error))?;
    let mut bytes = vec![0; entries * 8];
    let n = file
        .read_at(&mut bytes, page as u64 * 8)
        .map_err(|error| errno(&error))?;
    bytes.truncate(n);
    Ok(bytes)
}

/// Whether the tree has been there all the time.
fn is_there(board: &Board) -> bool {
    board.phase() == Phase::Present && board.is_mounted(0)
}

/// Asks stock, ours, and stock again.
fn equal(turn: &mut Turn<'_>, path: &str, ask: &dyn Fn(&Path) -> Answer) {
    turn.about(path);
    let (stock_path, our_path) = (Path::new("/proc").join(path), Path::new(MAIN).join(path));
    let mut differed = 0;
    for attempt in 0..TRIES {
        let there = is_there(turn.actor.board);
        let before = ask(&stock_path);
        let ours = ask(&our_path);
        let after = ask(&stock_path);
        turn.beat();
        if !there || !is_there(turn.actor.board) {
            return;
        }
        if before != after {
            continue;
        }
        if ours == before {
            turn.add(Count::Equal, 1);
            return;
        }
        differed += 1;
        if differed == ENOUGH {
            turn.finding(&difference(&before, &ours));
            return;
        }
        sleep(Duration::from_millis(5 << attempt));
    }
    turn.add(Count::Unstable, 1);
}

/// The first lines that differ, or the first entries.
fn difference(stock: &Answer, ours: &Answer) -> String {
    let (Ok(stock), Ok(ours)) = (stock, ours) else {
        let brief = |answer: &Answer| answer.as_ref().map(Vec::len).map_err(|errno| *errno);
        return format!("stock gives {:?}, ours {:?}", brief(stock), brief(ours));
    };
    let equal = stock.iter().zip(ours).take_while(|(a, b)| a == b).count();
    let begin = stock[..equal]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    let part = |bytes: &[u8]| {
        let end = bytes.len().min(equal + 100);
        bytes[begin.max(equal.saturating_sub(200))..end]
            .escape_ascii()
            .to_string()
    };
    format!(
        "at {equal} stock has \"{}\", ours \"{}\"",
        part(stock),
        part(ours)
    )
}
