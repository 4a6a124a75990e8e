// SPDX-License-Identifier: GPL-2.0

//! What children live through, each until its end; the code that they leave with.

use std::ffi::CStr;
use std::thread::{self, sleep};
use std::time::Duration;

use fastrand::Rng;
use nix::errno::Errno;
use nix::sched::{unshare, CloneFlags};
use nix::sys::ptrace;
use nix::sys::signal::{raise, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::{execv, Pid};
use rustproc_compare::sys::{attach_shared_memory, exit_thread, prctl, Mapping};

use super::{any_name, Areas};
use crate::actor::Turn;
use crate::kind::Kind;
use crate::sys;

/// Lives as the kind says.
pub fn live(kind: Kind, turn: &mut Turn<'_>, areas: &mut Areas) -> i32 {
    sys::die_with_parent();
    let rng = &mut turn.rng;
    match kind {
        Kind::Exec => exec(rng),
        Kind::Threads => threads(rng),
        Kind::Ptrace => traced(),
        Kind::Creds => powers(rng),
        Kind::Unshare => apart(rng),
        Kind::Stack => stack(rng),
        _ => forked(rng, areas),
    }
    0
}

fn rest(rng: &mut Rng) {
    sleep(Duration::from_millis(rng.u64(..400)));
}

/// Shares its parent's pages, and changes some.
fn forked(rng: &mut Rng, areas: &mut Areas) {
    for _ in 0..rng.u8(..20) {
        let kinds = [
            Kind::Fault,
            Kind::Munmap,
            Kind::Madvise,
            Kind::Swap,
            Kind::Mremap,
            Kind::Mmap,
        ];
        let kind = rng.choice(kinds).unwrap_or(Kind::Fault);
        let _ = areas.act(kind, rng);
        sleep(Duration::from_millis(rng.u64(..20)));
    }
    match rng.u8(..8) {
        0 => sys::crash(),
        1 => std::process::abort(),
        _ => (),
    }
}

/// Another program, which rests for a moment or ends at once.
fn exec(rng: &mut Rng) {
    rest(rng);
    let _ = execv(OURSELVES, &rest_of_life(rng));
}

/// The only program there is: others would come from the disk again when caches are dropped, and
/// where that is a directory of the host's, an emulated processor may take them for what was in
/// their place before.
const OURSELVES: &CStr = c"/proc/self/exe";

/// The words that have a program rest for a moment.
fn rest_of_life(rng: &mut Rng) -> [std::ffi::CString; 3] {
    let milliseconds = rng.u32(..300).to_string();
    ["rest", "__rest", &milliseconds].map(|word| std::ffi::CString::new(word).unwrap_or_default())
}

/// Leaves no time: its parent waits for it.
pub fn short(rng: &mut Rng, code: i32) -> i32 {
    if rng.bool() {
        let _ = execv(OURSELVES, &[c"rest", c"__rest", c"0"]);
    }
    sleep(Duration::from_millis(rng.u64(..30)));
    code
}

/// Threads that map and unmap, come and go; perhaps the leader goes first, or one becomes another
/// program.
fn threads(rng: &mut Rng) {
    let (leaves, replaced) = (rng.bool(), rng.u8(..4) == 0);
    for number in 0..rng.u64(1..6) {
        let mut rng = rng.fork();
        thread::spawn(move || {
            sys::set_name(&any_name(&mut rng));
            for _ in 0..rng.u8(1..20) {
                if let Ok(mapping) = Mapping::anonymous(rng.usize(1..64) << 12) {
                    let _ = mapping.advise(libc::MADV_POPULATE_WRITE);
                    sleep(Duration::from_millis(rng.u64(..20)));
                }
            }
            if replaced && number == 0 {
                exec(&mut rng);
            }
            if rng.u8(..4) == 0 {
                std::process::exit(0);
            }
        });
    }
    rest(rng);
    if leaves {
        // Threads that have ended by then leave a zombie, which is killed in the end.
        exit_thread();
    }
    rest(rng);
}

/// Stops for its parent.
fn traced() {
    if ptrace::traceme().is_ok() {
        let _ = raise(Signal::SIGSTOP);
    }
    sleep(Duration::from_millis(50));
}

/// Traces a child that has asked for it: some steps, then it is let go.
pub fn trace(pid: Pid, rng: &mut Rng) -> nix::Result<i64> {
    for _ in 0..100 {
        match waitpid(pid, Some(WaitPidFlag::WUNTRACED | WaitPidFlag::WNOHANG))? {
            WaitStatus::StillAlive => sleep(Duration::from_millis(5)),
            WaitStatus::Stopped(..) => {
                for _ in 0..rng.u8(..20) {
                    ptrace::step(pid, None)?;
                    sleep(Duration::from_millis(1));
                    waitpid(pid, Some(WaitPidFlag::WNOHANG))?;
                }
                return match rng.u8(..3) {
                    0 => ptrace::kill(pid),
                    _ => ptrace::detach(pid, None),
                }
                .map(|()| 0);
            }
            _ => return Ok(0),
        }
    }
    Err(Errno::ETIMEDOUT)
}

/// Somebody else, and less powerful.
fn powers(rng: &mut Rng) {
    let _ = prctl(libc::PR_SET_DUMPABLE, rng.usize(..2), 0);
    for _ in 0..rng.u8(1..4) {
        let user = |rng: &mut Rng| rng.choice([0, 1, 1000, 65534]).unwrap_or(0);
        let groups: Vec<_> = (0..rng.u32(..40)).map(nix::unistd::Gid::from_raw).collect();
        let _ = nix::unistd::setgroups(&groups);
        sys::set_fs_ids(user(rng), user(rng));
        let _ = sys::set_thread_uids(user(rng), user(rng), user(rng));
        rest(rng);
    }
}

/// In new namespaces, with a child of its own there.
fn apart(rng: &mut Rng) {
    let kinds = [
        CloneFlags::CLONE_NEWUSER,
        CloneFlags::CLONE_NEWPID,
        CloneFlags::CLONE_NEWNS,
        CloneFlags::CLONE_NEWUTS,
        CloneFlags::CLONE_NEWIPC,
        CloneFlags::CLONE_NEWCGROUP,
    ];
    let some = kinds.into_iter().filter(|_| rng.bool());
    let _ = unshare(some.fold(CloneFlags::empty(), |all, kind| all | kind));
    let duration = rng.u64(..200);
    if let Ok(child) = sys::fork(|| {
        sys::die_with_parent();
        sleep(Duration::from_millis(duration));
        0
    }) {
        rest(rng);
        let _ = waitpid(child, None);
    }
}

/// A deep stack, shared memory of the old kind, and memory that stays as it is.
fn stack(rng: &mut Rng) {
    let _ = attach_shared_memory(rng.usize(1..64) << 12);
    if let Ok(mapping) = Mapping::anonymous(64 << 12) {
        let _ = mapping.seal(0, rng.usize(1..64) << 12);
        std::mem::forget(mapping);
    }
    sys::deepen(rng.usize(1..300));
    rest(rng);
}
