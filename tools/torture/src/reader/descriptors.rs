// SPDX-License-Identifier: GPL-2.0

//! Descriptors: copied, passed on, inherited, kept beyond the end of what they lead to.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{recvmsg, sendmsg, ControlMessage, ControlMessageOwned, MsgFlags};

use super::whole::ended;
use super::{any_offset, any_size, open_any, open_ours, Held, Reader, HELD};
use crate::actor::Turn;
use crate::sys;
use crate::tree::{Task, DIRECTORIES, TEXTS};

impl Reader<'_> {
    /// Opens a file or a directory, and keeps it.
    pub fn hold(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let (fd, name) = if turn.rng.u8(..4) == 0 {
            let task = Task::any(turn.actor.board, &mut turn.rng);
            let name = turn.rng.choice(DIRECTORIES).copied().unwrap_or("");
            turn.about(task.path(name).display().to_string());
            (sys::open(&task.path(name), libc::O_RDONLY)?, "a directory")
        } else {
            let (fd, name, _) = open_ours(turn)?;
            (fd, name)
        };
        if self.held.len() >= HELD {
            self.held.swap_remove(turn.rng.usize(..HELD));
        }
        self.held.push(Held {
            fd,
            name: name.into(),
        });
        Ok(0)
    }

    /// Uses what is kept.
    pub fn use_held(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        match turn.rng.choice(0..self.held.len()) {
            Some(at) => use_one(turn, &self.held[at].fd, &self.held[at].name),
            None => Ok(0),
        }
    }

    /// Closes some of what is kept, in any order.
    pub fn release(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        turn.rng.shuffle(&mut self.held);
        let kept = turn.rng.usize(..=self.held.len());
        self.held.truncate(kept);
        Ok(0)
    }

    /// Two descriptors that share a position.
    pub fn dup(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let (fd, name, _) = open_any(turn, TEXTS)?;
        let twin = nix::unistd::dup(&fd)?;
        use_one(turn, &fd, name)?;
        drop(fd);
        use_one(turn, &twin, name)
    }

    /// Sends what is kept to another reader.
    pub fn send(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let Some(at) = turn.rng.choice(0..self.held.len()) else {
            return Ok(0);
        };
        let held = self.held.swap_remove(at);
        let to = turn.rng.usize(..self.sockets.outboxes.len());
        turn.about(format!("{} to reader {to}", held.name));
        let fds = [held.fd.as_raw_fd()];
        let sent = sendmsg::<()>(
            self.sockets.outboxes[to].as_raw_fd(),
            &[IoSlice::new(held.name.as_bytes())],
            &[ControlMessage::ScmRights(&fds)],
            MsgFlags::MSG_DONTWAIT,
            None,
        );
        sent.map(|n| n as i64)
    }

    /// Takes what others have sent, uses it, and perhaps keeps it.
    pub fn receive(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let (fd, name) = arrived(&self.sockets.inboxes[turn.actor.index])?;
        turn.about(name.clone());
        let result = use_one(turn, &fd, &name);
        if self.held.len() < HELD {
            self.held.push(Held { fd, name });
        }
        result
    }

    /// A child goes on with all that is open, while it is closed here.
    pub fn inherit(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let child = sys::fork(|| {
            let mut last = Ok(0);
            for held in &self.held {
                last = use_one(turn, &held.fd, &held.name);
            }
            last.err().map_or(0, |errno| errno as i32)
        })?;
        if turn.rng.bool() {
            self.held.clear();
        }
        ended(child)
    }
}

/// A message with a descriptor, if there is one.
pub fn arrived(inbox: &OwnedFd) -> nix::Result<(OwnedFd, String)> {
    let mut text = [0; 64];
    let mut space = nix::cmsg_space!([i32; 1]);
    let mut parts = [IoSliceMut::new(&mut text)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(inbox.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let length = message.bytes;
    let fd = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::ScmRights(fds) => fds.first().copied(),
        _ => None,
    });
    let fd = fd.map(sys::adopt).ok_or(Errno::EBADMSG)?;
    Ok((fd, String::from_utf8_lossy(&text[..length]).into_owned()))
}

/// Something that can be done with whatever it is.
fn use_one(turn: &mut Turn<'_>, fd: &OwnedFd, name: &str) -> nix::Result<i64> {
    let size = any_size(turn);
    let offset = any_offset(turn);
    match turn.rng.u8(..6) {
        0 => sys::lseek(fd, offset, turn.rng.i32(0..3)),
        1 => sys::statx(
            Some(super::borrowed(fd)),
            std::path::Path::new(""),
            libc::AT_EMPTY_PATH,
        )
        .map(|_| 0),
        2 if name == "a directory" => sys::getdents(fd, size).map(|entries| entries.len() as i64),
        2 => nix::sys::uio::pread(fd, &mut vec![0; size], offset).map(|n| n as i64),
        _ if name == "clear_refs" => nix::unistd::write(fd, b"1").map(|n| n as i64),
        _ => nix::unistd::read(fd, &mut vec![0; size]).map(|n| n as i64),
    }
}
