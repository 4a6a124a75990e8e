// SPDX-License-Identifier: GPL-2.0

//! How a reader looks at everything: a process of its own that changes what it is, asks stock and
//! ours the same questions, and sends back what came of it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail, Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{mount, MsFlags};
use nix::sched::{unshare, CloneFlags};
use nix::sys::resource::{setrlimit, Resource};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::{pause, pipe2, read, write, Pid};
use serde::{Deserialize, Serialize};

use super::cast::{pid_namespace, Member};
use super::names::Name;
use super::options::{self, Mounted};
use super::question::{open, Question, Trace};
use super::reader::{Reader, Way};
use super::Scene;
use crate::compare::{row, Outcome, Trees};
use crate::fact::{Difference, Observation};
use crate::row::{Row, Verdict};
use crate::settle::{settle, Judgement, Patience};
use crate::sys::{self, Trap};

/// Most of what moves here moves because another reader maps the same libraries.
const PATIENCE: Patience = Patience {
    rounds: 8,
    pause: Duration::from_millis(2),
};

/// What a reader tells of one cell: enough to see whether its answers are its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// The place of its mount options.
    pub set: u8,
    /// The place of its target.
    pub member: u8,
    /// The place of its name.
    pub name: u8,
    /// See [`Trace`].
    pub digest: u32,
    /// Answers that were no errors.
    pub granted: u16,
    /// Answers that were errors.
    pub denied: u16,
}

/// What a reader tells.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Heard {
    /// All cells.
    pub cells: Vec<Seen>,
    /// Those that aren't equal, and what came of mounting.
    pub rows: Vec<Row>,
    /// How long it looked.
    pub time: Duration,
}

/// Readers that have been sent, each a process. So many of them look at a time, and none goes before
/// all have told what they saw: those who come and go change what others see.
#[derive(Debug)]
pub struct Expedition(Vec<(Pid, OwnedFd)>);

impl Expedition {
    /// Sends readers to look at everything.
    pub fn send(scene: &Scene, readers: &[Reader], at_a_time: usize) -> Result<Expedition> {
        let (take, put) = pipe2(OFlag::O_CLOEXEC)?;
        write(&put, &vec![b'x'; at_a_time])?;
        let mut sent = Expedition(Vec::new());
        for reader in readers {
            let (told, tell) = pipe2(OFlag::O_CLOEXEC)?;
            let pid = sys::fork(|| {
                sys::die_with_parent();
                in_child(tell, || {
                    let _turn = Turn::wait_for(&take, &put)?;
                    from_its_place(scene, reader)
                });
                loop {
                    pause();
                }
            })?;
            sent.0.push((pid, told));
        }
        Ok(sent)
    }

    /// What each has to tell, in the order in which they were sent, once it is told.
    pub fn heard(&self) -> impl Iterator<Item = Result<Heard>> + '_ {
        self.0.iter().map(|(_, told)| hear(told.try_clone()?))
    }
}

impl Drop for Expedition {
    fn drop(&mut self) {
        for (pid, _) in &self.0 {
            let _ = kill(*pid, Signal::SIGKILL);
            let _ = waitpid(*pid, None);
        }
    }
}

/// The right to look, which goes to the next one when this is dropped: a byte in a pipe.
struct Turn<'a>(&'a OwnedFd);

impl Turn<'_> {
    fn wait_for<'a>(take: &OwnedFd, put: &'a OwnedFd) -> Result<Turn<'a>> {
        read(take, &mut [0; 1])?;
        Ok(Turn(put))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let _ = write(self.0, b"x");
    }
}

/// What the child at the other end says.
fn hear(told: OwnedFd) -> Result<Heard> {
    let mut said = Vec::new();
    File::from(told).read_to_end(&mut said)?;
    let said: std::result::Result<Heard, String> =
        serde_json::from_slice(&said).context("the reader ended without a word")?;
    said.map_err(|error| anyhow!(error))
}

/// Does something and says what came of it; the caller's end of the pipe is to be gone then. Nothing
/// may unwind out of a forked child.
fn in_child<T: Serialize>(tell: OwnedFd, work: impl FnOnce() -> Result<T>) {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(anyhow!("it panicked")));
    let said = done.map_err(|error| format!("{error:#}"));
    let text = serde_json::to_vec(&said).unwrap_or_default();
    let _ = File::from(tell).write_all(&text);
}

fn from_its_place(scene: &Scene, reader: &Reader) -> Result<Heard> {
    let Some(place) = reader.place else {
        return look(scene, reader, &scene.mounted, Vec::new());
    };
    place.enter(&scene.cast)?;
    let (told, tell) = pipe2(OFlag::O_CLOEXEC)?;
    let pid = sys::fork(|| {
        in_child(tell, || from_inside(scene, reader));
        0
    })?;
    let answer = hear(told);
    waitpid(pid, None)?;
    answer
}

/// In a pid namespace stock and ours are mounted anew: a mount shows that of its mounter.
fn from_inside(scene: &Scene, reader: &Reader) -> Result<Heard> {
    sys::die_with_parent();
    unshare(CloneFlags::CLONE_NEWNS).context("unshare CLONE_NEWNS")?;
    make_private()?;
    let (mounted, rows) = options::mount_all(&scene.kinds, &scene.inner, &scene.choice.sets);
    let rows = rows
        .into_iter()
        .map(|row| Row {
            target: reader.name.into(),
            ..row
        })
        .collect();
    look(scene, reader, &mounted, rows)
}

/// Keeps what is mounted from now on to this mount namespace.
pub fn make_private() -> Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).context("can't make mounts private")
}

fn look(scene: &Scene, reader: &Reader, mounted: &[Mounted], rows: Vec<Row>) -> Result<Heard> {
    let namespace = pid_namespace(Path::new("/proc/self"));
    let view = View {
        scene,
        reader,
        mounted,
        namespace,
        trap: Trap::default(),
    };
    let become_reader = || -> Result<()> {
        (reader.looks_as)(&scene.cast)?;
        // Who changes what it is forgets that.
        sys::die_with_parent();
        Ok(())
    };
    let started = Instant::now();
    let mut heard = Heard {
        rows,
        ..Heard::default()
    };
    match reader.way {
        Way::Opens => {
            become_reader()?;
            view.over_paths(&mut heard);
        }
        Way::HasOpened(opens_as) => {
            allow_descriptors()?;
            opens_as(&scene.cast)?;
            let held = view.open_all();
            become_reader()?;
            view.over_descriptors(&held, &mut heard);
        }
        Way::IsGiven(opens_as) => {
            allow_descriptors()?;
            let held = view.take_all(opens_as)?;
            become_reader()?;
            view.over_descriptors(&held, &mut heard);
        }
    }
    heard.time = started.elapsed();
    Ok(heard)
}

/// Enough for everything at once.
fn allow_descriptors() -> Result<()> {
    Ok(setrlimit(Resource::RLIMIT_NOFILE, 65536, 65536)?)
}

/// One cell.
#[derive(Clone, Copy)]
struct Cell<'a> {
    mounted: &'a Mounted,
    member: &'a Member,
    name: &'a Name,
    seen: Seen,
}

type Opened = std::result::Result<OwnedFd, Errno>;

/// A descriptor of another process, or an errno.
type Number = std::result::Result<i32, i32>;

/// Everything, as one reader comes across it.
struct View<'a> {
    scene: &'a Scene,
    reader: &'a Reader,
    mounted: &'a [Mounted],
    /// Its pid namespace.
    namespace: Vec<u8>,
    trap: Trap,
}

impl<'a> View<'a> {
    /// All cells in order.
    fn cells(&self) -> impl Iterator<Item = Cell<'a>> + '_ {
        let holds = self.reader.holds();
        let sets = self.mounted.iter();
        sets.filter(move |mounted| !holds || mounted.set.held)
            .flat_map(move |mounted| {
                let members = self.scene.cast.members.iter().enumerate();
                members.flat_map(move |(number, member)| self.of_member(mounted, number, member))
            })
    }

    fn of_member(
        &self,
        mounted: &'a Mounted,
        number: usize,
        member: &'a Member,
    ) -> impl Iterator<Item = Cell<'a>> {
        let all = mounted.set.is_none();
        let names = self.scene.names(member).filter(move |(_, n)| all || n.core);
        names.map(move |(place, name)| Cell {
            mounted,
            member,
            name,
            seen: Seen {
                set: mounted.number as u8,
                member: number as u8,
                name: place as u8,
                digest: 0,
                granted: 0,
                denied: 0,
            },
        })
    }

    fn question<'b>(&'b self, cell: &Cell<'b>) -> Question<'b> {
        Question {
            member: cell.member,
            name: cell.name,
            trap: &self.trap,
            brief: !cell.mounted.set.is_none(),
        }
    }

    fn paths(&self, cell: &Cell<'_>) -> Trees {
        let path = cell.member.path(&self.namespace, cell.name.path);
        let trees = &cell.mounted.trees;
        Trees {
            stock: trees.stock.join(&path),
            ours: trees.ours.join(&path),
        }
    }

    fn over_paths(&self, heard: &mut Heard) {
        for cell in self.cells() {
            let question = self.question(&cell);
            let paths = self.paths(&cell);
            self.judge(
                cell,
                || question.of_path(&paths.stock),
                || question.of_path(&paths.ours),
                heard,
            );
        }
    }

    /// Stock's descriptor and ours of each cell.
    fn open_all(&self) -> Vec<[Opened; 2]> {
        let open_both = |cell: Cell<'_>| {
            let flags = self.question(&cell).usual();
            let paths = self.paths(&cell);
            [open(&paths.stock, flags), open(&paths.ours, flags)]
        };
        self.cells().map(open_both).collect()
    }

    /// The same, opened by another process, which then goes.
    fn take_all(&self, opens_as: fn(&super::Cast) -> Result<()>) -> Result<Vec<[Opened; 2]>> {
        let (told, tell) = pipe2(OFlag::O_CLOEXEC)?;
        let pid = sys::fork(|| {
            sys::die_with_parent();
            let mut held = Vec::new();
            // Whatever it says, its descriptors stay open as long as it lives.
            in_child(tell, || {
                opens_as(&self.scene.cast)?;
                held = self.open_all();
                let number = |fd: &Opened| match fd {
                    Ok(fd) => Number::Ok(fd.as_raw_fd()),
                    Err(errno) => Number::Err(*errno as i32),
                };
                Ok(held
                    .iter()
                    .map(|both| both.each_ref().map(number))
                    .collect::<Vec<_>>())
            });
            loop {
                pause();
            }
        })?;
        let mut said = Vec::new();
        File::from(told).read_to_end(&mut said)?;
        let numbers: std::result::Result<Vec<[Number; 2]>, String> =
            serde_json::from_slice(&said).context("the opener ended without a word")?;
        let take = |number: Number| match number {
            Ok(number) => sys::take_descriptor(pid, number),
            Err(errno) => Err(Errno::from_raw(errno)),
        };
        let taken = match numbers {
            Ok(numbers) => numbers.into_iter().map(|both| both.map(take)).collect(),
            Err(error) => bail!("{error}"),
        };
        kill(pid, Signal::SIGKILL)?;
        waitpid(pid, None)?;
        Ok(taken)
    }

    fn over_descriptors(&self, held: &[[Opened; 2]], heard: &mut Heard) {
        for (cell, [stock, ours]) in self.cells().zip(held) {
            let question = self.question(&cell);
            let ask = |fd: &Opened| match fd {
                Err(errno) => Trace::failure(*errno),
                Ok(fd) => {
                    let mut seen = Observation::default();
                    question.of_descriptor(fd, &mut seen);
                    seen
                }
            };
            self.judge(cell, || ask(stock), || ask(ours), heard);
        }
    }

    /// Asks both once, and if they don't say the same, as often as it takes.
    fn judge(
        &self,
        cell: Cell<'_>,
        mut stock: impl FnMut() -> Observation,
        mut ours: impl FnMut() -> Observation,
        heard: &mut Heard,
    ) {
        let (one, two) = (stock(), ours());
        let trace = Trace::of(&one);
        let judgement = if one == two {
            Judgement::Equal
        } else {
            let (mut one, mut two) = (Some(one), Some(two));
            settle(
                PATIENCE,
                || one.take().unwrap_or_else(&mut stock),
                || two.take().unwrap_or_else(&mut ours),
            )
        };
        let mut outcome = Outcome::default();
        outcome.add("answers", telling(judgement));
        let row = row(&self.title(&cell), "", cell.name.title(), outcome);
        if row.verdict != Verdict::Equal {
            heard.rows.push(row);
        }
        heard.cells.push(Seen {
            digest: trace.digest,
            granted: trace.granted as u16,
            denied: trace.denied as u16,
            ..cell.seen
        });
    }

    /// The cell without its name, in words.
    fn title(&self, cell: &Cell<'_>) -> String {
        let (reader, target) = (self.reader.name, cell.member.role.name);
        format!("{reader} asks {target}, {}", cell.mounted.set.title())
    }
}

/// What differs, without what was only asked of one side because of that.
fn telling(judgement: Judgement) -> Judgement {
    let Judgement::Differs(found) = judgement else {
        return judgement;
    };
    let asked_of_both = |difference: &&Difference| difference.asked_of_both();
    if !found.iter().any(|difference| asked_of_both(&difference)) {
        return Judgement::Differs(found);
    }
    Judgement::Differs(found.iter().filter(asked_of_both).cloned().collect())
}

/// Whether a process still is there.
pub fn lives(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}
