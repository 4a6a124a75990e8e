// SPDX-License-Identifier: GPL-2.0

//! Readers: everything that can be done with the tree, to tasks that come and go.

mod descriptors;
mod directories;
mod ioctls;
mod opens;
mod pieces;
mod whole;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use rustproc_compare::sys::ring::{Context, Ring};
use rustproc_compare::sys::{call, Trap};

use crate::actor::{Actor, Turn};
use crate::board::Phase;
use crate::kind::Kind;
use crate::tree::{Task, OURS};
use crate::{sys, target};

pub use ioctls::protect;

/// How many descriptors a reader keeps at most.
const HELD: usize = 16;

/// A descriptor that is kept.
struct Held {
    fd: OwnedFd,
    /// What it was opened as.
    name: String,
}

/// Ends of the sockets that readers pass descriptors over, one pair for each of them.
pub struct Sockets {
    pub inboxes: Vec<OwnedFd>,
    pub outboxes: Vec<OwnedFd>,
}

impl Sockets {
    /// Closes whatever is on its way to anybody.
    pub fn empty(&self) {
        self.inboxes.iter().for_each(empty);
    }
}

/// Closes whatever is on its way. Some messages come without their descriptor, if memory is short.
fn empty(inbox: &OwnedFd) {
    while !matches!(descriptors::arrived(inbox), Err(Errno::EAGAIN)) {}
}

/// What a reader keeps between operations.
struct Reader<'a> {
    sockets: &'a Sockets,
    held: Vec<Held>,
    /// Where calls write to, and run into its end.
    trap: Trap,
    ring: Option<Ring>,
    elder: Option<Context>,
}

/// Reads until it's over.
pub fn run(actor: &mut Actor, sockets: &Sockets) {
    call::prepare();
    let mut reader = Reader {
        sockets,
        held: Vec::new(),
        trap: Trap::new(64 << 10, 16 << 10).expect("memory for a buffer"),
        // It makes threads, and whoever has some can't fork.
        ring: (actor.index % 3 == 2).then(|| Ring::new().ok()).flatten(),
        elder: Context::new().ok(),
    };
    loop {
        match actor.board.phase() {
            Phase::End => break,
            Phase::Absent => {
                reader.let_go(actor);
                actor.slot().beat();
                sleep(Duration::from_millis(10));
                // Some ask on, for what is going or gone.
                if actor.index % 2 == 0 {
                    continue;
                }
            }
            Phase::Present => (),
        }
        if !actor.step(&mut |turn| reader.act(turn)) {
            actor.slot().beat();
            sleep(Duration::from_millis(100));
        }
    }
    reader.let_go(actor);
}

impl Reader<'_> {
    fn act(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        match turn.kind {
            Kind::Read => whole::read(turn),
            Kind::Selves => whole::own(turn),
            Kind::Enter => whole::from_within(turn),
            Kind::Passed => whole::passed(turn),
            Kind::Powerless => whole::powerless(turn),
            Kind::Pread => pieces::pread(turn, &self.trap),
            Kind::Readv => pieces::readv(turn, &self.trap),
            Kind::Splice => pieces::splice(turn),
            Kind::Sendfile => pieces::sendfile(turn),
            Kind::Ring => pieces::ring(turn, &self.trap, self.ring.as_mut(), self.elder.as_ref()),
            Kind::Seek => pieces::seek(turn),
            Kind::Map => pieces::map(turn),
            Kind::Poll => pieces::poll(turn),
            Kind::Ioctl => ioctls::unknown(turn),
            Kind::Query => ioctls::query(turn, &self.trap),
            Kind::Scan => ioctls::scan(turn),
            Kind::Clear => ioctls::clear(turn, &self.trap),
            Kind::Dup => self.dup(turn),
            Kind::Send => self.send(turn),
            Kind::Receive => self.receive(turn),
            Kind::Inherit => self.inherit(turn),
            Kind::Hold => self.hold(turn),
            Kind::Held => self.use_held(turn),
            Kind::Release => self.release(turn),
            Kind::List => directories::list(turn),
            Kind::Statx => directories::statx(turn),
            Kind::Readlink => directories::readlink(turn),
            Kind::Nonsense => directories::nonsense(turn, &self.trap),
            Kind::Open => opens::open(turn),
            Kind::Openat2 => opens::openat2(turn, &self.trap),
            _ => Ok(0),
        }
    }

    /// Closes everything that could keep the module.
    fn let_go(&mut self, actor: &Actor) {
        self.held.clear();
        let _ = std::env::set_current_dir("/");
        empty(&self.sockets.inboxes[actor.index]);
    }
}

/// Opens one of our files of any task; says so.
fn open_any(
    turn: &mut Turn<'_>,
    names: &[&'static str],
) -> nix::Result<(OwnedFd, &'static str, Task)> {
    let name = turn.rng.choice(names).copied().unwrap_or("stat");
    let task = Task::any(turn.actor.board, &mut turn.rng);
    let path = task.path(name);
    turn.about(path.display().to_string());
    let flags = if name == "clear_refs" {
        libc::O_WRONLY
    } else {
        libc::O_RDONLY
    };
    Ok((sys::open(&path, flags)?, name, task))
}

/// The same, of all our files.
fn open_ours(turn: &mut Turn<'_>) -> nix::Result<(OwnedFd, &'static str, Task)> {
    open_any(turn, OURS)
}

/// Some offset that is likely to matter.
fn any_offset(turn: &mut Turn<'_>) -> i64 {
    let rng = &mut turn.rng;
    match rng.u8(..10) {
        0 => 0,
        1 => rng.i64(-1..16),
        2..5 => rng.i64(0..8192),
        5 => rng.i64(0..(1 << 20)),
        // An address, as pagemap counts them: of a program, of the stack, of anything.
        6 => ((0x5555_5555_4000 >> 12) + rng.i64(0..0x4000)) * 8,
        7 => ((0x7fff_f000_0000_i64 >> 12) + rng.i64(0..0x10000)) * 8,
        8 => (target::any_address(rng) >> 12) as i64 * 8,
        _ => rng.i64(..) >> rng.u8(..60),
    }
}

/// Some count that is likely to matter.
fn any_size(turn: &mut Turn<'_>) -> usize {
    let rng = &mut turn.rng;
    match rng.u8(..8) {
        0 => rng.usize(..10),
        1 => rng.usize(..200),
        2 => 4095 + rng.usize(..3),
        3 => 8 * rng.usize(..600),
        4 => rng.usize(..70_000),
        5 => 1 << rng.u8(..20),
        _ => rng.usize(..5000),
    }
}

/// A descriptor of a path, as `AsFd` wants it.
fn borrowed(fd: &OwnedFd) -> BorrowedFd<'_> {
    fd.as_fd()
}
