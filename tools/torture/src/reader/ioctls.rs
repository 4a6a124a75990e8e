// SPDX-License-Identifier: GPL-2.0

//! Requests: unknown ones, `PROCMAP_QUERY`, `PAGEMAP_SCAN`; and commands for `clear_refs`.

use std::os::fd::OwnedFd;

use fastrand::Rng;
use nix::errno::Errno;
use rustproc_compare::sys::call::{fd as descriptor, Arg, Call, Place};
use rustproc_compare::sys::query::{self, Query};
use rustproc_compare::sys::scan::{self, Scan};
use rustproc_compare::sys::Trap;

use super::pieces::report;
use super::{any_size, open_any, open_ours};
use crate::actor::Turn;
use crate::tree::Task;
use crate::{judge, sys, target};

/// Any number, and an argument that is anywhere.
pub fn unknown(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let (fd, _, _) = open_ours(turn)?;
    // Requests that close the descriptor on exec, make it non-blocking and such are answered by the
    // VFS: those of the type 'T' included, which files that are no terminals don't know.
    let kind = *turn
        .rng
        .choice(&[b'f', b'T', b'X', 0x12, 0x94, 0])
        .unwrap_or(&b'f');
    let request = (u64::from(turn.rng.u8(..4)) << 30)
        | (u64::from(turn.rng.u16(..512)) << 16)
        | (u64::from(kind) << 8)
        | u64::from(turn.rng.u8(..));
    let place = *turn
        .rng
        .choice(&[Place::Null, Place::Kernel, Place::Nowhere, Place::End])
        .unwrap_or(&Place::Null);
    let request = Arg::Number(request as i64);
    match Call::IOCTL.ask(&[descriptor(&fd), request, Arg::At(place)]) {
        // As it should be.
        Err(Errno::ENOTTY) => Ok(0),
        other => other,
    }
}

/// Some address that may be mapped there.
fn any_address(turn: &mut Turn<'_>) -> u64 {
    let rng = &mut turn.rng;
    match rng.u8(..8) {
        0 => 0,
        1 => rng.u64(..),
        2 => 0x5555_5555_0000 + rng.u64(..0x100_0000),
        3 => 0x7fff_0000_0000 + rng.u64(..0x1_0000_0000),
        4 => u64::MAX - rng.u64(..0x100_0000),
        _ => target::any_address(rng) as u64,
    }
}

/// What is mapped at an address.
pub fn query(turn: &mut Turn<'_>, trap: &Trap) -> nix::Result<i64> {
    let (fd, _, _) = open_any(turn, &["maps"])?;
    let mut result = Ok(0);
    for _ in 0..turn.rng.u8(1..8) {
        let question = any_query(turn);
        let answer = question.ask(&fd, trap);
        result = answer.answer;
        // Otherwise only some of the answer has been written.
        let whole = question.size >= query::SIZE as u64 && question.present >= query::SIZE;
        if result.is_ok() && whole {
            check_query(turn, &question, &answer);
        }
    }
    result
}

fn any_query(turn: &mut Turn<'_>) -> Query {
    let address = any_address(turn);
    if turn.rng.bool() {
        // Nothing wrong with this one.
        return Query::at(address, turn.rng.choice([0, query::OR_NEXT]).unwrap_or(0));
    }
    let flags = match turn.rng.u8(..4) {
        0 => turn.rng.u64(..) >> turn.rng.u8(..64),
        1 => 0,
        _ => turn.rng.u64(..=query::ALL_FLAGS),
    };
    let mut query = Query::at(address, flags);
    query.name = any_room(turn);
    query.build_id = any_room(turn);
    match turn.rng.u8(..8) {
        0 => query.size = turn.rng.u64(..300),
        1 => query.size = turn.rng.u64(..),
        2 => query.present = turn.rng.usize(1..200),
        3 => query.tail = turn.rng.u8(..),
        _ => (),
    }
    query
}

fn any_room(turn: &mut Turn<'_>) -> query::Room {
    let size = match turn.rng.u8(..4) {
        0 => turn.rng.u32(..30),
        1 => turn.rng.u32(..),
        _ => turn.rng.u32(..5000),
    };
    match turn.rng.u8(..10) {
        0 => query::Room::NullFor(size),
        1 => query::Room::Empty,
        2 => query::Room::Trapped(turn.rng.u32(..30), size),
        3..6 => query::Room::None,
        _ => query::Room::For(size.min(8192)),
    }
}

fn check_query(turn: &Turn<'_>, question: &Query, answer: &query::Answer) {
    let field = |name: &str| answer.fields.iter().find(|(known, _)| *known == name);
    let value = |name: &str| field(name).map_or(0, |(_, value)| *value);
    let (start, end) = (value("start"), value("end"));
    let next = question.flags & query::OR_NEXT != 0;
    let right = start < end
        && (start | end) & 0xfff == 0
        && end > question.address
        && (next || start <= question.address)
        && value("page size").is_power_of_two();
    if !right {
        turn.finding(&format!(
            "{question:x?} is answered with {:x?}",
            answer.fields
        ));
    }
    let size = value("name size") as usize;
    if let (query::Room::For(_), 1..) = (question.name, size) {
        let ends = answer.name.get(size - 1) == Some(&0);
        if !ends || answer.name[..size - 1].contains(&0) {
            turn.finding(&format!("a name of {size}: {}", answer.name.escape_ascii()));
        }
    }
}

/// What pages are like.
pub fn scan(turn: &mut Turn<'_>) -> nix::Result<i64> {
    let (fd, _, _) = open_any(turn, &["pagemap"])?;
    let mut result = Ok(0);
    for _ in 0..turn.rng.u8(1..6) {
        let question = any_scan(turn);
        result = ask(turn, &fd, &question);
    }
    result
}

fn ask(turn: &Turn<'_>, fd: &OwnedFd, question: &Scan) -> nix::Result<i64> {
    let told = question.ask(fd);
    report(turn, judge::regions(question, &told));
    told.answer
}

/// Has pages of one's own protected where somebody watches, from an address on.
pub fn protect(turn: &mut Turn<'_>, start: usize, length: usize) -> nix::Result<i64> {
    let path = Task::own(turn.actor.board, &mut turn.rng).path("pagemap");
    turn.about(path.display().to_string());
    let fd = sys::open(&path, libc::O_RDONLY)?;
    let question = protecting(&mut turn.rng, start as u64, length as u64);
    ask(turn, &fd, &question)
}

fn any_scan(turn: &mut Turn<'_>) -> Scan {
    let start = any_address(turn);
    let start = if turn.rng.u8(..8) == 0 {
        start
    } else {
        start & !0xfff
    };
    let length = turn.rng.u64(..) >> turn.rng.u8(24..60);
    let categories = |turn: &mut Turn<'_>| match turn.rng.u8(..8) {
        0 => turn.rng.u64(..),
        1 => 0,
        _ => turn.rng.u64(..(1 << scan::CATEGORIES.len())),
    };
    let few = turn.rng.u64(..200);
    match turn.rng.u8(..8) {
        0..3 => return sound(start, length, few),
        3..5 => {
            let start = target::any_address(&mut turn.rng) as u64;
            return protecting(&mut turn.rng, start, length);
        }
        _ => {}
    }
    Scan {
        size: (turn.rng.u8(..12) == 0).then(|| turn.rng.u64(..200)),
        flags: match turn.rng.u8(..8) {
            0 => turn.rng.u64(..),
            1 => scan::WP_MATCHING | scan::CHECK_WPASYNC,
            2 => scan::WP_MATCHING,
            _ => 0,
        },
        start,
        end: start.saturating_add(length),
        room: match turn.rng.u8(..10) {
            0 => scan::Room::None,
            1 => scan::Room::NullFor(few),
            2 => scan::Room::Trapped(turn.rng.u64(..20), few),
            3 => scan::Room::InKernel(few),
            4 => scan::Room::Odd(few),
            _ => scan::Room::For(few),
        },
        max_pages: if turn.rng.bool() { 0 } else { few },
        inverted: categories(turn),
        mask: if turn.rng.bool() { 0 } else { categories(turn) },
        anyof: if turn.rng.bool() { 0 } else { categories(turn) },
        returned: categories(turn),
    }
}

/// For all there is to tell of whole pages, in a few regions.
fn sound(start: u64, length: u64, few: u64) -> Scan {
    let start = start & !0xfff;

    Scan {
        size: None,
        flags: 0,
        start,
        end: start.saturating_add(length) & !0xfff,
        room: scan::Room::For(few + 1),
        max_pages: 0,
        inverted: 0,
        mask: 0,
        anyof: 0,
        returned: (1 << scan::CATEGORIES.len()) - 1,
    }
}

/// The same, and has the pages protected: all of them, or those that were written to, with or without
/// being told of them.
fn protecting(rng: &mut Rng, start: u64, length: u64) -> Scan {
    let sound = sound(start, length, rng.u64(..200));
    let silent = rng.u8(..3) == 0;

    Scan {
        flags: scan::WP_MATCHING,
        room: if silent { scan::Room::None } else { sound.room },
        max_pages: *rng.choice(&[0, 0, 20, 600]).unwrap_or(&0),
        mask: if rng.bool() { 0 } else { scan::WRITTEN },
        returned: if silent { 0 } else { sound.returned },
        ..sound
    }
}

/// Commands, and what is none.
pub fn clear(turn: &mut Turn<'_>, trap: &Trap) -> nix::Result<i64> {
    let (fd, _, _) = open_any(turn, &["clear_refs"])?;
    let text: Vec<u8> = match turn.rng.u8(..8) {
        0 => (0..turn.rng.usize(..40)).map(|_| turn.rng.u8(..)).collect(),
        1 => format!("{}", turn.rng.i64(..) >> turn.rng.u8(..64)).into(),
        2 => return missing(turn, &fd, trap),
        _ => format!("{}\n", turn.rng.u8(1..6)).into(),
    };
    nix::unistd::write(&fd, &text).map(|n| n as i64)
}

/// A command that runs into memory that isn't there.
fn missing(turn: &mut Turn<'_>, fd: &OwnedFd, trap: &Trap) -> nix::Result<i64> {
    let size = any_size(turn).min(1000);
    trap.write(fd, turn.rng.usize(..4).min(size), size)
}
