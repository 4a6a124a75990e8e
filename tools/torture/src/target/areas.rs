// SPDX-License-Identifier: GPL-2.0

//! A target's memory.
//!
//! All areas are far below where the kernel puts what it places itself, so nobody else ever gets an
//! address in a hole that is left.

use std::fs::File;
use std::os::fd::OwnedFd;

use fastrand::Rng;
use nix::errno::Errno;
use rustproc_compare::sys::policy::{set_policy, Policy};
use rustproc_compare::sys::userfault::{self, Userfault};
use rustproc_compare::sys::{memfd, Mapping, HUGE, PAGE};

use crate::kind::Kind;
use crate::sys;

/// Where areas begin.
pub const BASE: usize = 0x1000_0000_0000;
/// How many there can be, and how far they are apart.
pub const AREAS: usize = 16;
pub const APART: usize = 64 << 20;

const READ_WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;
const ANONYMOUS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;

/// `UFFD_FEATURE_SIGBUS`: nobody waits for a page; the access fails.
const NOBODY_WAITS: u64 = 1 << 7;

/// Each kind of advice but those that break memory for good (poison, and taking pages offline).
const ADVICE: &[i32] = &[
    libc::MADV_NORMAL,
    libc::MADV_RANDOM,
    libc::MADV_SEQUENTIAL,
    libc::MADV_WILLNEED,
    libc::MADV_DONTNEED,
    libc::MADV_FREE,
    libc::MADV_REMOVE,
    libc::MADV_DONTFORK,
    libc::MADV_DOFORK,
    libc::MADV_MERGEABLE,
    libc::MADV_UNMERGEABLE,
    libc::MADV_HUGEPAGE,
    libc::MADV_NOHUGEPAGE,
    libc::MADV_DONTDUMP,
    libc::MADV_DODUMP,
    libc::MADV_WIPEONFORK,
    libc::MADV_KEEPONFORK,
    libc::MADV_COLD,
    libc::MADV_PAGEOUT,
    libc::MADV_POPULATE_READ,
    libc::MADV_POPULATE_WRITE,
    libc::MADV_DONTNEED_LOCKED,
    libc::MADV_COLLAPSE,
    GUARD,
    UNGUARD,
];
const GUARD: i32 = 102;
const UNGUARD: i32 = 103;

/// One area, with what keeps it as it is.
struct Area {
    mapping: Mapping,
    /// Whether it has been somewhere else: then it isn't wiped on fork any more. The child's area would
    /// have no pages, and a page offset that isn't its address; the kernel's `assert_sane_pgoff()` (seen
    /// in 7.3) knows no such area and warns as soon as it is split.
    moved: bool,
    fault: Option<Userfault>,
    /// Whether it ever had one: what ended here may go on, if a child has inherited it.
    watched: bool,
    _file: Option<OwnedFd>,
}

/// All areas of a process.
#[derive(Default)]
pub struct Areas([Option<Area>; AREAS]);

impl Areas {
    /// Does something of a kind to any of them.
    pub fn act(&mut self, kind: Kind, rng: &mut Rng) -> nix::Result<i64> {
        let at = rng.usize(..AREAS);
        if kind == Kind::Mmap || self.0[at].is_none() {
            // What was there goes first.
            self.0[at] = None;
            self.0[at] = Some(Area::any(BASE + at * APART, rng)?);
        }
        if kind == Kind::Mremap {
            return self.relocate(at, rng);
        }
        match &mut self.0[at] {
            Some(area) => area.act(kind, rng).map(|()| 0),
            None => Ok(0),
        }
    }

    /// Where a part of an area is that userfaultfd watches, and its length in bytes.
    pub fn any_watched(&self, rng: &mut Rng) -> Option<(usize, usize)> {
        let areas = self.0.iter().flatten();
        let watched: Vec<_> = areas.filter(|area| area.fault.is_some()).collect();
        let area = rng.choice(watched)?;
        let (from, length) = area.any_part(rng);
        Some((area.mapping.start() + from, length))
    }

    /// To where nothing is.
    fn relocate(&mut self, from: usize, rng: &mut Rng) -> nix::Result<i64> {
        let free: Vec<_> = (0..AREAS).filter(|&at| self.0[at].is_none()).collect();
        let to = rng.choice(free).unwrap_or((from + 1) % AREAS);
        self.0[to] = None;
        let Some(mut area) = self.0[from].take() else {
            return Ok(0);
        };
        // Refused where it couldn't have been asked for.
        let _ = area.mapping.advise(libc::MADV_KEEPONFORK);
        area.mapping = area.mapping.moved_to(BASE + to * APART)?;
        area.moved = true;
        self.0[to] = Some(area);
        Ok(0)
    }
}

impl Area {
    /// Memory of any sort.
    fn any(at: usize, rng: &mut Rng) -> nix::Result<Area> {
        let small = rng.usize(1..300) * PAGE;
        let huge = rng.usize(1..4) * HUGE;
        let plain = |length, flags| Mapping::new(at, length, READ_WRITE, flags, None);
        let alone = |mapping: Mapping| Area {
            mapping,
            moved: false,
            fault: None,
            watched: false,
            _file: None,
        };
        Ok(match rng.u8(..10) {
            0..3 => alone(plain(small, ANONYMOUS)?),
            3 | 4 => {
                let mapping = plain(huge, ANONYMOUS)?;
                mapping.advise(libc::MADV_HUGEPAGE)?;
                alone(mapping)
            }
            5 => alone(plain(small, libc::MAP_SHARED | libc::MAP_ANONYMOUS)?),
            6 => alone(plain(huge.min(2 * HUGE), ANONYMOUS | libc::MAP_HUGETLB)?),
            7 => alone(plain(
                small,
                ANONYMOUS | libc::MAP_GROWSDOWN | libc::MAP_NORESERVE,
            )?),
            8 => {
                let file = memfd(c"a name ) of\na file", 0, huge as i64)?;
                let flags = *rng
                    .choice(&[libc::MAP_SHARED, libc::MAP_PRIVATE])
                    .unwrap_or(&libc::MAP_SHARED);
                Area {
                    mapping: Mapping::new(at, huge, READ_WRITE, flags, Some(&file))?,
                    moved: false,
                    fault: None,
                    watched: false,
                    _file: Some(file),
                }
            }
            _ => {
                let program = File::open("/proc/self/exe").map_err(|e| crate::actor::errno(&e))?;
                let flags = libc::MAP_PRIVATE;
                alone(Mapping::new(at, small, READ_WRITE, flags, Some(&program))?)
            }
        })
    }

    fn act(&mut self, kind: Kind, rng: &mut Rng) -> nix::Result<()> {
        let (from, length) = self.any_part(rng);
        let mapping = &self.mapping;
        match kind {
            Kind::Mmap | Kind::Fault => self.fault(from, length, rng),
            Kind::Munmap => mapping.punch(from, length),
            Kind::Mprotect => mapping.protect(from, length, rng.i32(0..8)),
            Kind::Madvise => {
                let advice = match *rng.choice(ADVICE).unwrap_or(&0) {
                    libc::MADV_WIPEONFORK if self.moved => libc::MADV_KEEPONFORK,
                    GUARD => self.guard(),
                    advice => advice,
                };
                mapping.advise_part(from, length, advice)
            }
            Kind::Mlock => mapping.lock_part(from, length.min(64 * PAGE), rng.u32(..2)),
            Kind::Policy => policy(mapping, from, length, rng),
            Kind::Userfault => self.watch(from, length, rng),
            Kind::Huge => self.huge(from, length, rng),
            Kind::Swap => {
                self.fault(from, length, rng)?;
                mapping.advise_part(from, length, libc::MADV_PAGEOUT)
            }
            Kind::Guard => {
                let advice = if rng.u8(..4) == 0 {
                    UNGUARD
                } else {
                    self.guard()
                };
                mapping.advise_part(from, length, advice)
            }
            Kind::Pkey => mapping.protect_with_key(rng.i32(0..4)),
            Kind::Naming => {
                mapping.name(rng.choice([c"a", c"a b", c"", c"heap:-)"]).unwrap_or(c"a"))
            }
            _ => Ok(()),
        }
    }

    /// The advice for guards, where there can be some: what userfaultfd has protected in a file stays so
    /// in spite of `madvise()`, which tries again for ever (seen in 7.3).
    fn guard(&self) -> i32 {
        if self.watched {
            UNGUARD
        } else {
            GUARD
        }
    }

    /// Has the pages of a part come, without touching what may have gone.
    fn fault(&self, from: usize, length: usize, rng: &mut Rng) -> nix::Result<()> {
        let advice = if rng.bool() {
            libc::MADV_POPULATE_READ
        } else {
            libc::MADV_POPULATE_WRITE
        };
        self.mapping.advise_part(from, length, advice)
    }

    /// Registers with userfaultfd, and protects some; or ends that.
    fn watch(&mut self, from: usize, length: usize, rng: &mut Rng) -> nix::Result<()> {
        if self.fault.take().is_some() && rng.bool() {
            return Ok(());
        }
        let asynchronous = rng.bool();
        let features = if asynchronous {
            userfault::WP_ASYNC | userfault::WP_OF_FILES | userfault::WP_UNPOPULATED
        } else {
            NOBODY_WAITS | userfault::WP_OF_FILES
        };
        let mode = match (asynchronous, rng.u8(..3)) {
            (false, 0) => userfault::MODE_MISSING,
            (false, 1) => userfault::MODE_MISSING | userfault::MODE_WP,
            _ => userfault::MODE_WP,
        };
        let fault = Userfault::new(features)?;
        self.watched = true;
        fault.register(&self.mapping, mode)?;
        let result = match mode {
            userfault::MODE_MISSING => Ok(()),
            _ => fault.protect(&self.mapping, from, length, rng.u8(..4) != 0),
        };
        self.fault = Some(fault);
        result
    }

    /// Makes, splits or collapses huge pages.
    fn huge(&self, from: usize, length: usize, rng: &mut Rng) -> nix::Result<()> {
        let mapping = &self.mapping;
        if mapping.length() < HUGE {
            return Err(Errno::EINVAL);
        }
        let page = rng.usize(..mapping.length() / HUGE) * HUGE;
        match rng.u8(..6) {
            0 => mapping.punch(page + rng.usize(..512) * PAGE, PAGE),
            1 => mapping.advise_part(page, HUGE, libc::MADV_COLLAPSE),
            2 => mapping.advise_part(page + rng.usize(..512) * PAGE, PAGE, libc::MADV_DONTNEED),
            3 => mapping.protect(from, length, libc::PROT_READ),
            _ => {
                mapping.advise_part(page, HUGE, libc::MADV_HUGEPAGE)?;
                mapping.advise_part(page, HUGE, libc::MADV_POPULATE_WRITE)
            }
        }
    }

    /// Some pages, most often few.
    fn any_part(&self, rng: &mut Rng) -> (usize, usize) {
        let pages = self.mapping.length() / PAGE;
        let from = rng.usize(..pages);
        let most = if rng.bool() { 8 } else { pages };
        let length = rng.usize(..most.min(pages - from)) + 1;
        (from * PAGE, length * PAGE)
    }
}

fn policy(mapping: &Mapping, from: usize, length: usize, rng: &mut Rng) -> nix::Result<()> {
    let policy = Policy {
        mode: rng.i32(0..7) | if rng.u8(..4) == 0 { 1 << 14 } else { 0 },
        nodes: rng.u64(..4),
    };
    match rng.u8(..4) {
        0 => set_policy(policy),
        1 => sys::migrate(1 << rng.u8(..2)).map(drop),
        2 => mapping.set_home_node(rng.usize(..2)),
        _ => mapping.bind(from, length, policy),
    }
}
