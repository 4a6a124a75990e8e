// SPDX-License-Identifier: GPL-2.0

//! A target's children: how many there are, who sees them, and their end.

use nix::errno::Errno;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag};
use nix::unistd::Pid;

use super::lives;
use super::Areas;
use crate::actor::Turn;
use crate::board::Board;
use crate::kind::Kind;
use crate::sys;

/// How many there are at most.
const MOST: usize = 6;

/// Children that haven't been waited for.
pub struct Children {
    board: &'static Board,
    /// The first place on the board that is this target's.
    first: usize,
    pids: Vec<Pid>,
}

impl Children {
    /// None yet. The target itself is on show, too.
    pub fn new(board: &'static Board, target: usize) -> Children {
        let first = target * (MOST + 1);
        board.show(first, std::process::id() as i32);
        Children {
            board,
            first,
            pids: Vec::new(),
        }
    }

    /// Does something of a kind: most often with one more child.
    pub fn act(&mut self, turn: &mut Turn<'_>, areas: &mut Areas) -> nix::Result<i64> {
        self.make_room(turn);
        match turn.kind {
            Kind::Vfork => {
                let code = turn.rng.i32(0..3);
                let pid = sys::fork_and_hang(|| lives::short(&mut turn.rng, code))?;
                self.add(pid);
            }
            Kind::Zombie => {
                let code = turn.rng.i32(0..3);
                self.add(sys::fork(|| code)?);
            }
            Kind::Stop => return self.stop(turn),
            kind => {
                let pid = sys::fork(|| lives::live(kind, turn, areas))?;
                self.add(pid);
                if kind == Kind::Ptrace {
                    return lives::trace(pid, &mut turn.rng);
                }
            }
        }
        Ok(0)
    }

    fn add(&mut self, pid: Pid) {
        self.pids.push(pid);
        self.show();
    }

    fn show(&self) {
        for place in 0..MOST {
            let pid = self.pids.get(place).map_or(0, |pid| pid.as_raw());
            self.board.show(self.first + 1 + place, pid);
        }
    }

    /// Waits for some that have ended, and ends one if there are too many.
    fn make_room(&mut self, turn: &mut Turn<'_>) {
        if turn.rng.u8(..3) == 0 {
            self.pids.retain(|&pid| {
                let ended = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                matches!(ended, Ok(nix::sys::wait::WaitStatus::StillAlive))
            });
        }
        while self.pids.len() >= MOST {
            let pid = self.pids.swap_remove(turn.rng.usize(..MOST));
            end(pid);
        }
        self.show();
    }

    /// Stops one, or has it go on.
    fn stop(&self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let signal = if turn.rng.bool() {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        };
        match turn.rng.choice(&self.pids) {
            Some(&pid) => kill(pid, signal).map(|()| 0),
            None => Ok(0),
        }
    }

    /// Ends all.
    pub fn end_all(&mut self) {
        for pid in self.pids.drain(..) {
            end(pid);
        }
        self.show();
        self.board.show(self.first, 0);
    }
}

fn end(pid: Pid) {
    let _ = kill(pid, Signal::SIGKILL);
    // Stops that a tracer hasn't seen are told first.
    loop {
        match waitpid(pid, None) {
            Err(Errno::EINTR) => (),
            Ok(nix::sys::wait::WaitStatus::Stopped(..)) => (),
            Ok(nix::sys::wait::WaitStatus::PtraceEvent(..)) => (),
            _ => break,
        }
    }
}
