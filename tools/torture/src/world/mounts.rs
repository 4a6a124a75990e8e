// SPDX-License-Identifier: GPL-2.0

//! Trees mounted here and there.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{mount, umount2, MntFlags, MsFlags};
use nix::sched::{unshare, CloneFlags};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

use crate::actor::Turn;
use crate::board::{Board, Phase, PLACES};
use crate::kind::Kind;
use crate::sys;
use crate::tree::{place, ELSEWHERE, MAIN};

/// The file system's type.
pub const TYPE: &str = "rustproc";
const NONE: Option<&str> = None;

/// Options that mounts have; the last ones are wrong.
const OPTIONS: &[&str] = &[
    "",
    "hidepid=0",
    "hidepid=1",
    "hidepid=2",
    "hidepid=invisible",
    "hidepid=noaccess,gid=65534",
    "hidepid=ptraceable",
    "subset=pid",
    "subset=pid,hidepid=2",
    "hidepid=7",
    "gid=x",
    "bogus",
];

/// Makes the places.
pub fn prepare() -> std::io::Result<()> {
    (1..PLACES).try_for_each(|at| fs::create_dir_all(Path::new(ELSEWHERE).join(at.to_string())))
}

/// Takes away every mount of ours that is in sight, those on top first.
pub fn unmount_all() {
    for _ in 0..10 {
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let places: Vec<_> = table.lines().filter_map(ours).collect();
        if places.is_empty() {
            break;
        }
        for place in places.iter().rev() {
            let _ = umount2(place, MntFlags::MNT_DETACH);
        }
    }
}

/// Where a line of the table says that a tree of ours is mounted.
fn ours(line: &str) -> Option<PathBuf> {
    let (before, after) = line.split_once(" - ")?;
    (after.split(' ').next() == Some(TYPE)).then_some(())?;
    before.split(' ').nth(4).map(PathBuf::from)
}

/// What is mounted, and who has mounted something elsewhere.
pub struct Mounts {
    board: &'static Board,
    /// Processes in mount namespaces of their own.
    namespaces: Vec<Pid>,
}

impl Mounts {
    pub fn new(board: &'static Board) -> Mounts {
        Mounts {
            board,
            namespaces: Vec::new(),
        }
    }

    /// Mounts the first one.
    pub fn mount_main(&mut self) -> nix::Result<i64> {
        mount(Some(TYPE), MAIN, Some(TYPE), MsFlags::empty(), NONE)?;
        self.board.set_place(0, true);
        Ok(0)
    }

    pub fn act(&mut self, turn: &mut Turn<'_>) -> nix::Result<i64> {
        let at = turn.rng.usize(1..PLACES);
        let options = *turn.rng.choice(OPTIONS).unwrap_or(&"");
        turn.about(format!("{} {options}", place(at).display()));
        match turn.kind {
            Kind::Mount => self.mount(turn, at, options),
            Kind::Remount => self.remount(turn, at, options),
            Kind::Bind => self.bind(turn, at),
            Kind::Move => self.relocate(turn, at),
            Kind::Unmount => self.unmount(turn, at),
            Kind::Namespace => self.elsewhere(turn, options),
            _ => Ok(0),
        }
    }

    fn mount(&mut self, turn: &mut Turn<'_>, at: usize, options: &str) -> nix::Result<i64> {
        let flags = any_flags(turn);
        mount(Some(TYPE), &place(at), Some(TYPE), flags, Some(options))?;
        self.board.set_place(at, true);
        Ok(0)
    }

    fn remount(&mut self, turn: &mut Turn<'_>, at: usize, options: &str) -> nix::Result<i64> {
        let flags = MsFlags::MS_REMOUNT | any_flags(turn);
        mount(NONE, &place(at), NONE, flags, Some(options)).map(|()| 0)
    }

    fn bind(&mut self, turn: &mut Turn<'_>, at: usize) -> nix::Result<i64> {
        let shown = self.board.shown();
        let task = turn.rng.choice(&shown).map_or("1".into(), i32::to_string);
        let from = match turn.rng.u8(..3) {
            0 => Path::new(MAIN).join(task),
            1 => place(turn.rng.usize(..PLACES)),
            _ => MAIN.into(),
        };
        mount(Some(&from), &place(at), NONE, MsFlags::MS_BIND, NONE)?;
        self.board.set_place(at, true);
        Ok(0)
    }

    fn relocate(&mut self, turn: &mut Turn<'_>, from: usize) -> nix::Result<i64> {
        let to = turn.rng.usize(1..PLACES);
        if !self.board.is_mounted(from) {
            return Err(Errno::EINVAL);
        }
        mount(Some(&place(from)), &place(to), NONE, MsFlags::MS_MOVE, NONE)?;
        self.board.set_place(to, true);
        Ok(0)
    }

    fn unmount(&mut self, turn: &mut Turn<'_>, at: usize) -> nix::Result<i64> {
        let flags = [MntFlags::MNT_DETACH, MntFlags::empty(), MntFlags::MNT_FORCE];
        let flags = turn.rng.choice(flags).unwrap_or(MntFlags::MNT_DETACH);
        umount2(&place(at), flags)?;
        self.board.set_place(at, false);
        Ok(0)
    }

    /// Mounts in namespaces of its own, and looks at what is there.
    fn elsewhere(&mut self, turn: &mut Turn<'_>, options: &str) -> nix::Result<i64> {
        self.namespaces.retain(|&pid| {
            let ended = waitpid(pid, Some(WaitPidFlag::WNOHANG));
            matches!(ended, Ok(WaitStatus::StillAlive))
        });
        if self.namespaces.len() > 3 {
            self.end_namespaces();
        }
        let mut flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
        if turn.rng.u8(..3) == 0 {
            flags |= CloneFlags::CLONE_NEWUSER;
        }
        let board = self.board;
        let pid = sys::fork(|| {
            sys::die_with_parent();
            let first = unshare(flags).and_then(|()| {
                sys::fork(|| {
                    sys::die_with_parent();
                    look_from_within(board, options)
                })
            });
            first.map_or(1, |pid| {
                let _ = waitpid(pid, None);
                0
            })
        })?;
        self.namespaces.push(pid);
        Ok(0)
    }

    /// Ends all processes that have mounted something elsewhere.
    pub fn end_namespaces(&mut self) {
        for pid in self.namespaces.drain(..) {
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }

    /// Takes everything away, lazily.
    pub fn all_gone(&mut self) {
        for at in 0..PLACES {
            self.board.set_place(at, false);
        }
        unmount_all();
    }
}

/// As the first process of a pid namespace.
fn look_from_within(board: &Board, options: &str) -> i32 {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    let at = Path::new(ELSEWHERE);
    let mounted = mount(NONE, "/", NONE, private, NONE)
        .and_then(|()| mount(Some(TYPE), at, Some(TYPE), MsFlags::empty(), Some(options)));
    if mounted.is_err() {
        return 1;
    }
    for round in 0..20 {
        if board.phase() != Phase::Present {
            break;
        }
        for name in [
            "1/status",
            "self/stat",
            "thread-self/maps",
            "1/task/1/children",
            "2/smaps",
        ] {
            let _ = fs::read(at.join(name));
        }
        let _ = fs::read_dir(at).map(Iterator::count);
        if round % 4 == 0 {
            // Somebody to be seen; nobody waits for them.
            let _ = sys::fork(|| 0);
        }
        sleep(Duration::from_millis(20));
    }
    0
}

fn any_flags(turn: &mut Turn<'_>) -> MsFlags {
    let kinds = [
        MsFlags::MS_RDONLY,
        MsFlags::MS_NOSUID,
        MsFlags::MS_NOEXEC,
        MsFlags::MS_NODEV,
    ];
    let some = kinds.into_iter().filter(|_| turn.rng.u8(..4) == 0);
    some.fold(MsFlags::empty(), |all, flag| all | flag)
}
