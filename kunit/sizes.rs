// SPDX-License-Identifier: GPL-2.0

//! What is collected of pages, with exactly known numbers.
//!
//! The mappings are made so that each sum is known beforehand: pages written, read or left alone, huge
//! pages, shared memory that is mapped several times, pages in swap.

use super::*;
use crate::{
    collect::{
        numa_maps::Counts,
        pagemap::{
            Part,
            Pieces, //
        },
        smaps,
        smaps_rollup::Rollup, //
    },
    model::{
        mem_sizes::{
            MemSizes,
            Pss, //
        },
        numa_maps::NumaCounts,
        pagemap::{
            Frames,
            PagemapEntry,
            ENTRY_SIZE, //
        },
        units::{
            Bytes,
            Pages, //
        },
    },
    sys::{
        kunit::{
            equal,
            process::{
                self,
                Advice, //
            },
            skip, //
        },
        walk::PMD_SIZE,
    },
};

/// Pages of a huge page.
const HUGE: usize = PMD_SIZE / PAGE;

/// Addresses of pages from [`BASE`] on.
const fn pages(first: usize, end: usize) -> Range<usize> {
    BASE + first * PAGE..BASE + end * PAGE
}

/// So many pages, in bytes.
const fn bytes(pages: usize) -> Bytes {
    // CAST: A size has 64 bits.
    Bytes((pages * PAGE) as u64)
}

/// The share in so many pages, each mapped `mapcount` times.
const fn share(pages: usize, mapcount: u64) -> Pss {
    // CAST: A number of pages.
    Pss::share(Pages(pages as u64), mapcount)
}

/// What `smaps` sums up of the VMA at `address`.
fn sizes(process: &Process, address: usize) -> Result<MemSizes> {
    let mut sums = smaps::Sums::default();

    with_area(process, address, |area| smaps::collect(area, &mut sums))?;
    Ok(sums.sizes)
}

/// What `numa_maps` counts of the VMA at `address`, but for what the kernel's threads change.
fn counts(process: &Process, address: usize) -> Result<NumaCounts> {
    let mut counts = Counts::new()?;

    with_area(process, address, |area| counts.collect(area))?;
    Ok(NumaCounts {
        active: 0,
        swapcache: 0,
        writeback: 0,
        ..counts.counts
    })
}

/// The entries of `pagemap` for `range`, without frames, and without what soft-dirty tracking says.
fn entries(process: &Process, range: Range<usize>) -> Result<KVec<u64>> {
    let mut entries = KVec::new();
    // CAST: Numbers have 64 bits.
    let (position, count) = (
        (range.start / PAGE) as u64 * ENTRY_SIZE,
        (range.len() / PAGE) as u64,
    );
    let mut pieces = Pieces::new(process.mm(), position, count, Frames::HIDDEN)?;

    let mut add = |entry: u64| entries.push(entry & !PagemapEntry::SOFT_DIRTY, GFP_KERNEL);
    while let Some(part) = pieces.next()? {
        match part {
            Part::Entries(bits) => bits.iter().try_for_each(|entry| add(*entry))?,
            Part::Series { first, step, count } => {
                // CAST: A number of entries.
                let numbers = (0..count as u64).map(|index| first.wrapping_add(index * step));
                for number in numbers {
                    add(number)?;
                }
            }
        }
    }
    Ok(entries)
}

/// Writes to each page of `range`.
fn write_all(process: &Process, range: Range<usize>) -> Result {
    for address in range.step_by(PAGE) {
        process.write(address, &[1])?;
    }
    Ok(())
}

/// Reads from each page of `range`.
fn read_all(process: &Process, range: Range<usize>) -> Result {
    for address in range.step_by(PAGE) {
        process.read(address, &mut [0])?;
    }
    Ok(())
}

/// Maps `count` huge pages, one of which is written to; `false` where there are none.
fn map_huge(process: &Process, count: usize) -> Result<bool> {
    process.map(pages(0, count * HUGE), Memory::Private)?;
    if process
        .advise(pages(0, count * HUGE), Advice::HugePage)
        .is_err()
    {
        skip(c"no transparent huge pages");
        return Ok(false);
    }
    process.write(BASE, &[1])?;
    Ok(true)
}

/// The sums of so many anonymous pages that are written to, and mapped once.
fn written(count: usize) -> MemSizes {
    MemSizes {
        rss: bytes(count),
        pss: share(count, 1),
        pss_dirty: share(count, 1),
        pss_anon: share(count, 1),
        private_dirty: bytes(count),
        referenced: bytes(count),
        anonymous: bytes(count),
        ..MemSizes::default()
    }
}

#[kunit_tests(rustproc_kunit_sizes)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;

    const MINE: u64 = PagemapEntry::PRESENT | PagemapEntry::EXCLUSIVE;
    const SHARED_FILE: u64 = PagemapEntry::PRESENT | PagemapEntry::FILE;

    #[test]
    fn memory_that_nobody_touched_has_no_sizes() -> Result {
        process::run(|process| {
            process.map(pages(0, 8), Memory::Private)?;

            equal("smaps", sizes(process, BASE)?, MemSizes::default())?;
            equal("numa_maps", counts(process, BASE)?, NumaCounts::default())?;
            equal("pagemap", &*entries(process, pages(0, 8))?, &[0; 8])
        })
    }

    #[test]
    fn written_pages_are_anonymous_and_dirty() -> Result {
        process::run(|process| {
            process.map(pages(0, 8), Memory::Private)?;
            write_all(process, pages(2, 5))?;
            let numa = NumaCounts {
                pages: 3,
                anon: 3,
                dirty: 3,
                mapcount_max: 1,
                ..NumaCounts::default()
            };

            equal("smaps", sizes(process, BASE)?, written(3))?;
            equal("numa_maps", counts(process, BASE)?, numa)?;
            equal(
                "pagemap",
                &*entries(process, pages(0, 8))?,
                &[0, 0, MINE, MINE, MINE, 0, 0, 0],
            )
        })
    }

    #[test]
    fn the_page_of_zeros_counts_for_nobody() -> Result {
        process::run(|process| {
            process.map(pages(0, 4), Memory::Private)?;
            read_all(process, pages(0, 2))?;
            let present = PagemapEntry::PRESENT;

            equal("smaps", sizes(process, BASE)?, MemSizes::default())?;
            equal("numa_maps", counts(process, BASE)?, NumaCounts::default())?;
            equal(
                "pagemap",
                &*entries(process, pages(0, 4))?,
                &[present, present, 0, 0],
            )
        })
    }

    #[test]
    fn guards_are_entries_without_memory() -> Result {
        process::run(|process| {
            process.map(pages(0, 4), Memory::Private)?;
            process.advise(pages(1, 3), Advice::Guard)?;
            let guard = PagemapEntry::SWAP | PagemapEntry::GUARD;

            equal("smaps", sizes(process, BASE)?, MemSizes::default())?;
            equal(
                "pagemap",
                &*entries(process, pages(0, 4))?,
                &[0, guard, guard, 0],
            )
        })
    }

    #[test]
    fn locked_pages_count_as_locked() -> Result {
        process::run(|process| {
            process.map(pages(0, 4), Memory::Private)?;
            process.lock(pages(0, 4))?;
            let expected = MemSizes {
                locked: share(4, 1),
                ..written(4)
            };

            equal("smaps", sizes(process, BASE)?, expected)
        })
    }

    #[test]
    fn shared_memory_is_divided_by_its_mappings() -> Result {
        process::run(|process| {
            process.map(pages(0, 4), Memory::Shared)?;
            process.map_again(BASE, pages(8, 12))?;
            process.map_again(BASE, pages(16, 20))?;
            // The first page is mapped three times, the second twice, the third once.
            write_all(process, pages(0, 3))?;
            write_all(process, pages(8, 10))?;
            write_all(process, pages(16, 17))?;
            let (third, half, whole) = (share(1, 3), share(1, 2), share(1, 1));
            let sum = Pss(third.0 + half.0 + whole.0);
            let numa = NumaCounts {
                pages: 3,
                dirty: 3,
                mapcount_max: 3,
                ..NumaCounts::default()
            };
            let expected = MemSizes {
                rss: bytes(3),
                pss: sum,
                pss_dirty: sum,
                pss_shmem: sum,
                shared_dirty: bytes(2),
                private_dirty: bytes(1),
                referenced: bytes(3),
                ..MemSizes::default()
            };

            equal("smaps", sizes(process, BASE)?, expected)?;
            equal("numa_maps", counts(process, BASE)?, numa)?;
            equal(
                "pagemap",
                &*entries(process, pages(0, 4))?,
                &[
                    SHARED_FILE,
                    SHARED_FILE,
                    SHARED_FILE | PagemapEntry::EXCLUSIVE,
                    0,
                ],
            )
        })
    }

    #[test]
    fn a_rollup_sums_up_all_mappings() -> Result {
        process::run(|process| {
            process.map(pages(0, 4), Memory::Shared)?;
            process.map_again(BASE, pages(8, 12))?;
            process.map(pages(30, 40), Memory::Private)?;
            write_all(process, pages(0, 2))?;
            write_all(process, pages(8, 10))?;
            write_all(process, pages(30, 35))?;
            let rollup = Rollup::collect(process.mm())?;
            let half = share(4, 2);
            let expected = MemSizes {
                rss: bytes(9),
                pss: Pss(half.0 + share(5, 1).0),
                pss_dirty: Pss(half.0 + share(5, 1).0),
                pss_shmem: half,
                shared_dirty: bytes(4),
                referenced: bytes(9),
                ..written(5)
            };

            equal("sizes", rollup.sums.sizes, expected)?;
            equal("from", rollup.start, BASE)?;
            equal("to", rollup.end, pages(0, 40).end)
        })
    }

    #[test]
    fn a_rollup_goes_on_behind_each_piece() -> Result {
        process::run(|process| {
            // A page in each of sixteen tables: more entries than are looked at under one lock.
            let all = pages(0, 16 * HUGE);
            process.map(all.clone(), Memory::Private)?;
            for address in all.clone().step_by(PMD_SIZE) {
                process.write(address, &[1])?;
            }
            let rollup = Rollup::collect(process.mm())?;

            equal("sizes", rollup.sums.sizes, written(16))?;
            // CAST: A number of entries.
            equal("entries", rollup.sums.entries, (16 * HUGE) as u64)?;
            equal("to", rollup.end, all.end)
        })
    }

    #[test]
    fn a_huge_page_counts_as_one() -> Result {
        process::run(|process| {
            if !map_huge(process, 1)? {
                return Ok(());
            }
            let expected = MemSizes {
                anon_huge_pages: bytes(HUGE),
                ..written(HUGE)
            };
            // CAST: A number of pages.
            let all = HUGE as u64;
            let numa = NumaCounts {
                pages: all,
                anon: all,
                dirty: all,
                mapcount_max: 1,
                ..NumaCounts::default()
            };

            equal("smaps", sizes(process, BASE)?, expected)?;
            equal("numa_maps", counts(process, BASE)?, numa)?;
            let entries = entries(process, pages(0, HUGE))?;
            equal("pagemap", entries.iter().all(|entry| *entry == MINE), true)
        })
    }

    #[test]
    fn what_is_left_of_a_huge_page_counts_page_by_page() -> Result {
        process::run(|process| {
            if !map_huge(process, 1)? {
                return Ok(());
            }
            process.unmap(pages(0, 12))?;

            equal("smaps", sizes(process, BASE)?, written(HUGE - 12))?;
            equal(
                "pagemap",
                &*entries(process, pages(10, 14))?,
                &[0, 0, MINE, MINE],
            )
        })
    }

    #[test]
    fn pages_in_swap_count_as_swap() -> Result {
        process::run(|process| {
            process.map(pages(0, 4), Memory::Private)?;
            write_all(process, pages(0, 3))?;
            process.advise(pages(0, 2), Advice::PageOut)?;
            let found = sizes(process, BASE)?;
            if found == written(3) {
                skip(c"no swap");
                return Ok(());
            }
            let expected = MemSizes {
                swap: bytes(2),
                swap_pss: share(2, 1),
                ..written(1)
            };

            equal("smaps", found, expected)?;
            let swap = PagemapEntry::SWAP;
            equal(
                "pagemap",
                &*entries(process, pages(0, 4))?,
                &[swap, swap, MINE, 0],
            )
        })
    }
}
