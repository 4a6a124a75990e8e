// SPDX-License-Identifier: GPL-2.0

//! Page walks over mappings that the test has made: what the callbacks are told, in which order.
//!
//! [`Recorder`] notes each call. The layout has every kind of entry that memory without files has; it
//! is walked under each of the locks that a walk can start from. Pages in swap and huge pages need a
//! kernel that is set up for them (`scripts/guest/kunit`); their cases are skipped without.

use super::*;
use crate::sys::{
    kunit::{
        equal,
        process::{
            self,
            Advice,
            Protection, //
        },
        skip,
    },
    mm::{
        MmapReadLock,
        MmapWriteLock, //
    },
    vma::{
        Vma,
        VmaLock, //
    },
    walk::{
        Action,
        Entry,
        Hole,
        LockMode,
        PageWalk,
        Pmd,
        PmdGuard,
        PteTable,
        Visit,
        Walked,
        PMD_SIZE, //
    },
};

/// What a table of entries holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    /// Entries that map memory.
    present: usize,
    /// Of these, entries that map the page of zeros.
    zero: usize,
    /// Of those present, dirty ones.
    dirty: usize,
    /// Entries whose page is in swap.
    swap: usize,
    /// Guards.
    guard: usize,
}

/// A callback's call. Addresses are offsets from [`BASE`], so that one below it is huge.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    /// `test_walk()`.
    Area(Range<usize>),
    /// `pmd_entry()`, of a table.
    Table(Range<usize>, Held),
    /// `pmd_entry()`, of a huge page; whether that is present.
    Huge(Range<usize>, bool),
    /// `pte_hole()`, in a VMA.
    Hole(Range<usize>),
    /// `pte_hole()`, outside of all.
    Outside(Range<usize>),
}

/// What the author of a walk does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// Goes on.
    GoOn,
    /// Stops at the call of this number.
    StopAt(usize),
    /// Fails at the call of this number.
    FailAt(usize),
    /// Looks at each entry so often.
    Again(usize),
    /// Skips what starts at this offset.
    SkipAt(usize),
}

/// Notes what it is called with. `AREAS` is whether it asks to be told of VMAs, `KILLABLE` whether a
/// fatal signal shall end the walk.
struct Recorder<const AREAS: bool, const KILLABLE: bool = true> {
    calls: KVec<Call>,
    behaviour: Behaviour,
}

/// What a recorder fails with.
const FAILURE: Error = EXFULL;

impl<const AREAS: bool, const KILLABLE: bool> Recorder<AREAS, KILLABLE> {
    fn new(behaviour: Behaviour) -> Self {
        Self {
            calls: KVec::new(),
            behaviour,
        }
    }

    fn note(&mut self, call: Call) -> Result<Action> {
        // Walks of a little memory call back inside RCU.
        self.calls.push(call, GFP_ATOMIC)?;
        match self.behaviour {
            Behaviour::StopAt(number) if number == self.calls.len() => Ok(Action::Stop),
            Behaviour::FailAt(number) if number == self.calls.len() => Err(FAILURE),
            _ => Ok(Action::Continue),
        }
    }

    /// Whether the entry that was noted last shall be looked at again.
    fn looks_again(&self) -> bool {
        let Behaviour::Again(times) = self.behaviour else {
            return false;
        };
        let last = self.calls.last();

        self.calls.iter().filter(|call| Some(*call) == last).count() < times
    }
}

/// Offsets of a range of addresses.
fn offsets(range: Range<usize>) -> Range<usize> {
    range.start.wrapping_sub(BASE)..range.end.wrapping_sub(BASE)
}

/// What a table holds.
fn held<L>(table: &PteTable<'_, L>) -> Held {
    let mut held = Held::default();

    for pte in table.entries() {
        if pte.is_present() {
            held.present += 1;
            held.zero += usize::from(pte.is_zero_page());
            held.dirty += usize::from(pte.is_dirty());
        } else if !pte.is_none() {
            held.swap += usize::from(pte.leaf().is_swap());
            held.guard += usize::from(pte.leaf().is_guard());
        }
    }
    held
}

#[vtable]
impl<L: LockMode, const AREAS: bool, const KILLABLE: bool> PageWalk<L>
    for Recorder<AREAS, KILLABLE>
{
    const HAS_TEST_WALK: bool = AREAS;
    const KILLABLE: bool = KILLABLE;

    fn test_walk(&mut self, vma: Vma<'_>, range: Range<usize>) -> Result<Visit> {
        self.note(Call::Area(offsets(range)))?;
        Ok(match self.behaviour {
            Behaviour::SkipAt(offset) if vma.start() == BASE + offset => Visit::Skip,
            _ => Visit::Enter,
        })
    }

    fn pmd_entry(&mut self, pmd: &Pmd<'_, L>) -> Result<Action> {
        let range = offsets(pmd.range());
        let call = match pmd.lock() {
            PmdGuard::Huge(huge) => Call::Huge(range, huge.entry().is_present()),
            PmdGuard::Table(table) => Call::Table(range, held(&table)),
            PmdGuard::Changed => return Ok(Action::Again),
        };
        let action = self.note(call)?;

        Ok(if self.looks_again() {
            Action::Again
        } else {
            action
        })
    }

    fn pte_hole(&mut self, hole: &Hole<'_, L>) -> Result<Action> {
        let range = offsets(hole.range());

        self.note(match hole.vma() {
            Some(_) => Call::Hole(range),
            None => Call::Outside(range),
        })
    }
}

/// Walks `range`, offsets from [`BASE`].
fn walk<const AREAS: bool, const KILLABLE: bool>(
    process: &Process,
    range: Range<usize>,
    recorder: &mut Recorder<AREAS, KILLABLE>,
) -> Result<Walked> {
    let range = BASE.wrapping_add(range.start)..BASE.wrapping_add(range.end);

    MmapReadLock::killable(process.mm())?.walk(range, recorder)
}

/// Walks the areas that `wanted` is true of, locked for writing.
fn walk_to_write<const KILLABLE: bool>(
    process: &Process,
    wanted: impl Fn(Vma<'_>) -> bool,
    recorder: &mut Recorder<false, KILLABLE>,
) -> Result<Walked> {
    MmapWriteLock::killable(process.mm())?.walk(wanted, recorder)
}

const fn page(number: usize) -> usize {
    number * PAGE
}

/// Maps four tables' worth of memory: at its beginning a page that was written, one that was read, one
/// that nobody touched, and a guard; something else in its third table.
fn map_four_tables(process: &Process) -> Result {
    process.map(BASE..BASE + 4 * PMD_SIZE, Memory::Private)?;
    process.write(BASE, b"written")?;
    process.read(BASE + page(1), &mut [0])?;
    process.advise(BASE + page(3)..BASE + page(4), Advice::Guard)?;
    process.write(BASE + 2 * PMD_SIZE + page(7), b"written")
}

/// The calls of a walk over the four tables.
fn four_tables() -> [Call; 4] {
    [
        Call::Table(
            0..PMD_SIZE,
            Held {
                present: 2,
                zero: 1,
                dirty: 1,
                guard: 1,
                swap: 0,
            },
        ),
        Call::Hole(PMD_SIZE..2 * PMD_SIZE),
        Call::Table(
            2 * PMD_SIZE..3 * PMD_SIZE,
            Held {
                present: 1,
                dirty: 1,
                ..Held::default()
            },
        ),
        Call::Hole(3 * PMD_SIZE..4 * PMD_SIZE),
    ]
}

/// Walks `range` under both locks, and checks what was called, and how the walk ended.
fn expect<const AREAS: bool>(
    process: &Process,
    range: Range<usize>,
    behaviour: Behaviour,
    end: Result<Walked>,
    calls: &[Call],
) -> Result {
    let mut recorder = Recorder::<AREAS>::new(behaviour);
    let found = walk(process, range, &mut recorder);

    equal("end", found, end)?;
    equal("calls", &*recorder.calls, calls)
}

#[kunit_tests(rustproc_kunit_walk)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;

    const GO_ON: Behaviour = Behaviour::GoOn;

    #[test]
    fn nothing_mapped_is_one_hole() -> Result {
        process::run(|process| {
            let all = 0..8 * PMD_SIZE;
            let calls = [Call::Outside(all.clone())];

            expect::<false>(process, all, GO_ON, Ok(Walked::Whole), &calls)
        })
    }

    #[test]
    fn an_empty_range_is_refused() -> Result {
        process::run(|process| expect::<false>(process, 0..0, GO_ON, Err(EINVAL), &[]))
    }

    #[test]
    fn tables_and_holes_come_in_order() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let range = 0..4 * PMD_SIZE;

            expect::<false>(process, range, GO_ON, Ok(Walked::Whole), &four_tables())
        })
    }

    #[test]
    fn holes_around_an_area_belong_to_none() -> Result {
        process::run(|process| {
            process.map(BASE + page(4)..BASE + page(8), Memory::Private)?;
            process.write(BASE + page(5), b"written")?;
            let held = Held {
                present: 1,
                dirty: 1,
                ..Held::default()
            };
            let calls = [
                Call::Outside(0..page(4)),
                Call::Table(page(4)..page(8), held),
                Call::Outside(page(8)..2 * PMD_SIZE),
            ];

            expect::<false>(process, 0..2 * PMD_SIZE, GO_ON, Ok(Walked::Whole), &calls)
        })
    }

    #[test]
    fn ranges_may_begin_and_end_inside_tables() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let held = Held {
                present: 1,
                zero: 1,
                guard: 1,
                ..Held::default()
            };
            let range = page(1)..PMD_SIZE + page(5);
            let calls = [
                Call::Table(page(1)..PMD_SIZE, held),
                Call::Hole(PMD_SIZE..PMD_SIZE + page(5)),
            ];
            expect::<false>(process, range, GO_ON, Ok(Walked::Whole), &calls)?;

            let one = [Call::Table(
                page(3)..page(4),
                Held {
                    guard: 1,
                    ..Held::default()
                },
            )];
            expect::<false>(process, page(3)..page(4), GO_ON, Ok(Walked::Whole), &one)
        })
    }

    #[test]
    fn a_split_area_is_two_areas() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            process.protect(BASE + page(1)..BASE + 4 * PMD_SIZE, Protection::Read)?;
            let [_, hole, table, end] = four_tables();
            let written = Held {
                present: 1,
                dirty: 1,
                ..Held::default()
            };
            let rest = Held {
                present: 1,
                zero: 1,
                guard: 1,
                ..Held::default()
            };
            let calls = [
                Call::Area(0..page(1)),
                Call::Table(0..page(1), written),
                Call::Area(page(1)..4 * PMD_SIZE),
                Call::Table(page(1)..PMD_SIZE, rest),
                hole,
                table,
                end,
            ];

            expect::<true>(process, 0..4 * PMD_SIZE, GO_ON, Ok(Walked::Whole), &calls)
        })
    }

    #[test]
    fn a_skipped_area_is_not_entered() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            process.protect(BASE + page(1)..BASE + page(4), Protection::Read)?;
            let [_, hole, table, end] = four_tables();
            let written = Held {
                present: 1,
                dirty: 1,
                ..Held::default()
            };
            let calls = [
                Call::Area(0..page(1)),
                Call::Table(0..page(1), written),
                Call::Area(page(1)..page(4)),
                Call::Area(page(4)..4 * PMD_SIZE),
                Call::Table(page(4)..PMD_SIZE, Held::default()),
                hole,
                table,
                end,
            ];
            let skip = Behaviour::SkipAt(page(1));

            expect::<true>(process, 0..4 * PMD_SIZE, skip, Ok(Walked::Whole), &calls)
        })
    }

    #[test]
    fn a_walk_stops_where_a_callback_says() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let calls = four_tables();
            let range = 0..4 * PMD_SIZE;

            for number in 1..=calls.len() {
                let stop = Behaviour::StopAt(number);
                let range = range.clone();
                expect::<false>(process, range, stop, Ok(Walked::Stopped), &calls[..number])?;
            }
            Ok(())
        })
    }

    #[test]
    fn a_walk_fails_with_what_a_callback_fails_with() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let calls = four_tables();
            let range = 0..4 * PMD_SIZE;

            for number in 1..=calls.len() {
                let fail = Behaviour::FailAt(number);
                expect::<false>(process, range.clone(), fail, Err(FAILURE), &calls[..number])?;
            }
            let area = [Call::Area(range.clone())];
            expect::<true>(process, range, Behaviour::FailAt(1), Err(FAILURE), &area)
        })
    }

    #[test]
    fn bare_frames_are_a_hole_at_which_a_walk_may_stop() -> Result {
        process::run(|process| {
            let bare = PMD_SIZE..PMD_SIZE + page(4);
            process.map(BASE..BASE + page(4), Memory::Private)?;
            process.map(BASE + bare.start..BASE + bare.end, Memory::Private)?;
            process.make_bare(BASE + bare.start)?;
            let calls = [
                Call::Hole(0..page(4)),
                Call::Outside(page(4)..bare.start),
                Call::Hole(bare.clone()),
                Call::Outside(bare.end..2 * PMD_SIZE),
            ];
            let (all, stop) = (0..2 * PMD_SIZE, Behaviour::StopAt(3));

            expect::<false>(process, all.clone(), GO_ON, Ok(Walked::Whole), &calls)?;
            expect::<false>(process, all, stop, Ok(Walked::Stopped), &calls[..3])
        })
    }

    #[test]
    fn a_fatal_signal_ends_a_walk() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let mut recorder = Recorder::<false>::new(GO_ON);
            let end = process.killed(|| walk(process, 0..4 * PMD_SIZE, &mut recorder));

            equal("end", end, Err(EINTR))?;
            equal("calls", &*recorder.calls, &four_tables()[..1])
        })
    }

    #[test]
    fn areas_locked_for_writing_are_walked_one_by_one() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            process.map(BASE + 5 * PMD_SIZE..BASE + 6 * PMD_SIZE, Memory::Private)?;
            let behind = [Call::Hole(5 * PMD_SIZE..6 * PMD_SIZE)];
            let mut all = Recorder::<false>::new(GO_ON);
            let mut second = Recorder::<false>::new(GO_ON);
            let mut stopped = Recorder::<false>::new(Behaviour::StopAt(1));

            let end = walk_to_write(process, |_| true, &mut all);
            equal("end", end, Ok(Walked::Whole))?;
            equal("first", &all.calls[..4], &four_tables())?;
            equal("behind", &all.calls[4..], &behind)?;
            let end = walk_to_write(process, |vma| vma.start() != BASE, &mut second);
            equal("end", end, Ok(Walked::Whole))?;
            equal("second", &*second.calls, &behind)?;
            let end = walk_to_write(process, |_| true, &mut stopped);
            equal("end", end, Ok(Walked::Stopped))?;
            equal("stopped", &*stopped.calls, &four_tables()[..1])
        })
    }

    #[test]
    fn a_walk_may_go_on_in_spite_of_a_fatal_signal() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let mut recorder = Recorder::<false, false>::new(GO_ON);
            let range = 0..4 * PMD_SIZE;
            let end = process.killed(|| walk(process, range, &mut recorder));

            equal("end", end, Ok(Walked::Whole))?;
            equal("calls", &*recorder.calls, &four_tables())
        })
    }

    #[test]
    fn again_gives_the_same_entry_once_more() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let [first, hole, second, end] = four_tables();
            let calls = [
                first.clone(),
                first.clone(),
                first,
                hole,
                second.clone(),
                second.clone(),
                second,
                end,
            ];
            let again = Behaviour::Again(3);

            expect::<false>(process, 0..4 * PMD_SIZE, again, Ok(Walked::Whole), &calls)
        })
    }

    #[test]
    fn an_area_is_walked_under_its_own_lock() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let mut recorder = Recorder::<false>::new(GO_ON);
            let end = with_area(process, BASE, |area| {
                area.walk(area.vma().range(), &mut recorder)
            })?;

            equal("end", end, Walked::Whole)?;
            equal("calls", &*recorder.calls, &four_tables())
        })
    }

    #[cfg(CONFIG_PER_VMA_LOCK)]
    #[test]
    fn an_area_that_cannot_be_locked_is_walked_under_mmap_lock() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            let mut recorder = Recorder::<false>::new(GO_ON);
            let by_mmap_lock = process.with_crowded_vma(BASE, || {
                with_area(process, BASE, |area| {
                    area.walk(area.vma().range(), &mut recorder)?;
                    Ok(matches!(area.held(), VmaLock::Mmap))
                })
            })?;

            equal("falls back", by_mmap_lock, true)?;
            equal("calls", &*recorder.calls, &four_tables())
        })
    }

    #[test]
    fn of_a_range_only_what_is_in_the_area_is_walked() -> Result {
        process::run(|process| {
            map_four_tables(process)?;
            process.protect(BASE + page(1)..BASE + page(4), Protection::Read)?;
            let rest = Held {
                present: 1,
                zero: 1,
                guard: 1,
                ..Held::default()
            };
            let calls = [Call::Table(page(1)..page(4), rest)];
            let mut recorder = Recorder::<false>::new(GO_ON);
            with_area(process, BASE + page(1), |area| {
                area.walk(0..usize::MAX, &mut recorder)?;
                area.walk(BASE..BASE + page(1), &mut recorder)
            })?;

            equal("calls", &*recorder.calls, &calls)
        })
    }

    #[test]
    fn a_huge_page_is_one_entry() -> Result {
        process::run(|process| {
            let all = BASE..BASE + 2 * PMD_SIZE;
            process.map(all.clone(), Memory::Private)?;
            if process.advise(all, Advice::HugePage).is_err() {
                skip(c"no transparent huge pages");
                return Ok(());
            }
            process.write(BASE + PMD_SIZE + page(3), b"written")?;
            let calls = [
                Call::Hole(0..PMD_SIZE),
                Call::Huge(PMD_SIZE..2 * PMD_SIZE, true),
            ];
            expect::<false>(process, 0..2 * PMD_SIZE, GO_ON, Ok(Walked::Whole), &calls)?;

            let inside = PMD_SIZE + page(2)..PMD_SIZE + page(4);
            let part = [Call::Huge(inside.clone(), true)];
            expect::<false>(process, inside, GO_ON, Ok(Walked::Whole), &part)
        })
    }

    #[test]
    fn a_split_huge_page_is_a_table() -> Result {
        process::run(|process| {
            let all = BASE..BASE + PMD_SIZE;
            process.map(all.clone(), Memory::Private)?;
            if process.advise(all, Advice::HugePage).is_err() {
                skip(c"no transparent huge pages");
                return Ok(());
            }
            process.write(BASE, b"written")?;
            process.unmap(BASE..BASE + page(1))?;
            let held = Held {
                present: PMD_SIZE / PAGE - 1,
                dirty: PMD_SIZE / PAGE - 1,
                ..Held::default()
            };
            let calls = [
                Call::Outside(0..page(1)),
                Call::Table(page(1)..PMD_SIZE, held),
            ];

            expect::<false>(process, 0..PMD_SIZE, GO_ON, Ok(Walked::Whole), &calls)
        })
    }

    #[test]
    fn pages_in_swap_are_neither_present_nor_empty() -> Result {
        process::run(|process| {
            let two = BASE..BASE + page(2);
            process.map(BASE..BASE + page(4), Memory::Private)?;
            for number in 0..3 {
                process.write(BASE + page(number), b"written")?;
            }
            process.advise(two, Advice::PageOut)?;
            let mut recorder = Recorder::<false>::new(GO_ON);
            walk(process, 0..page(4), &mut recorder)?;
            let held = Held {
                present: 1,
                dirty: 1,
                swap: 2,
                ..Held::default()
            };
            let stayed = Held {
                present: 3,
                dirty: 3,
                ..Held::default()
            };
            if *recorder.calls == [Call::Table(0..page(4), stayed)] {
                skip(c"no swap");
                return Ok(());
            }

            equal("calls", &*recorder.calls, &[Call::Table(0..page(4), held)])
        })
    }
}
