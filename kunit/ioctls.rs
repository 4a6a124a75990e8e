// SPDX-License-Identifier: GPL-2.0

//! Arguments of `ioctl(PROCMAP_QUERY)` on `maps` and `ioctl(PAGEMAP_SCAN)` on `pagemap`.
//!
//! Each is given to a file of ours and to stock's, which must answer the same and leave the same in
//! the caller's memory. Most must also answer the errno that is written down here. Arguments lie in
//! memory that can be written, that can't, that ends in their midst, and that isn't there.

use super::{
    trees::{
        pages,
        with_trees,
        Trees, //
    },
    *, //
};
use crate::{
    model::{
        page_scan::ScanArguments,
        procmap_query::ProcmapQuery, //
    },
    sys::kunit::{
        diagnose,
        equal,
        mount::Way,
        process::Protection, //
    },
};
use kernel::{
    ioctl::_IOWR,
    transmute::AsBytes, //
};

/// The commands.
pub(super) const QUERY: u32 = _IOWR::<ProcmapQuery>(b'f' as u32, 17);
pub(super) const SCAN: u32 = _IOWR::<ScanArguments>(b'f' as u32, 16);

/// Memory for arguments and answers; nothing is behind it.
pub(super) const ARGUMENT: Range<usize> = pages(40, 42);

/// Where answers go that are asked for by address; in [`ARGUMENT`].
const ANSWER: u64 = pages(41, 42).start as u64;

/// Words of the two structs.
const QUERY_WORDS: usize = size_of::<ProcmapQuery>() / 8;
const SCAN_WORDS: usize = size_of::<ScanArguments>() / 8;

/// Indexes of the words of a `struct procmap_query`.
mod query {
    pub(super) const SIZE: usize = 0;
    pub(super) const FLAGS: usize = 1;
    pub(super) const ADDRESS: usize = 2;
    /// The room for the name, and in the upper half that for the build id.
    pub(super) const ROOM: usize = 10;
    pub(super) const NAME: usize = 11;
    pub(super) const BUILD_ID: usize = 12;
}

/// Indexes of the words of a `struct pm_scan_arg`.
mod scan {
    pub(super) const SIZE: usize = 0;
    pub(super) const FLAGS: usize = 1;
    pub(super) const START: usize = 2;
    pub(super) const END: usize = 3;
    pub(super) const VEC: usize = 5;
    pub(super) const VEC_LEN: usize = 6;
    pub(super) const MAX_PAGES: usize = 7;
    pub(super) const INVERTED: usize = 8;
    pub(super) const MASK: usize = 9;
    pub(super) const RETURNED: usize = 11;
}

/// A question about the first area of the layout.
fn question() -> [u64; QUERY_WORDS] {
    let mut words = [0; QUERY_WORDS];

    // CAST: Numbers have 64 bits.
    words[query::SIZE] = size_of::<ProcmapQuery>() as u64;
    words[query::ADDRESS] = pages(3, 4).start as u64;
    words
}

/// A question about the area at `address`, with so much room for its name, at [`ANSWER`].
pub(super) fn naming(address: usize, room: u64) -> [u64; QUERY_WORDS] {
    // CAST: Numbers have 64 bits.
    let words = with(question(), query::ADDRESS, address as u64);

    with(with(words, query::ROOM, room), query::NAME, ANSWER)
}

/// A scan of the layout for pages in memory, with room for all regions.
pub(super) fn request() -> [u64; SCAN_WORDS] {
    const PRESENT: u64 = 1 << 3;

    let mut words = [0; SCAN_WORDS];
    let all = pages(0, 32);
    // CAST: Numbers have 64 bits.
    words[scan::SIZE] = size_of::<ScanArguments>() as u64;
    words[scan::START] = all.start as u64;
    words[scan::END] = all.end as u64;
    words[scan::VEC] = ANSWER;
    words[scan::VEC_LEN] = 64;
    words[scan::MASK] = PRESENT;
    words[scan::RETURNED] = PRESENT;
    words
}

/// `words` with one changed.
fn with<const N: usize>(mut words: [u64; N], index: usize, value: u64) -> [u64; N] {
    words[index] = value;
    words
}

/// A command of a file, in both trees.
struct Command<'m> {
    process: &'m Process,
    ours: File<'m>,
    stock: File<'m>,
    number: u32,
}

/// What became of an argument.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    result: Result<usize>,
    memory: KVec<u8>,
}

impl<'m> Command<'m> {
    fn new(trees: &'m Trees<'_>, file: &str, number: u32) -> Result<Self> {
        let name = own_file(trees.process, file)?;

        trees.process.map(ARGUMENT, Memory::Private)?;
        Ok(Self {
            process: trees.process,
            ours: trees.ours.open(&name, Way::Read)?,
            stock: trees.stock.open(&name, Way::Read)?,
            number,
        })
    }

    /// Gives `words` to both files, at `address`; answers what they agree in.
    fn ask_at(&mut self, words: &[u64], address: usize) -> Result<Result<usize>> {
        let ours = answer(self.process, &mut self.ours, self.number, words, address)?;
        let stock = answer(self.process, &mut self.stock, self.number, words, address)?;

        if ours != stock {
            diagnose(fmt!(
                "argument {words:x?} at {address:#x}: {:?}, but expected {:?}",
                ours.result,
                stock.result
            ));
            return Err(EINVAL);
        }
        Ok(ours.result)
    }

    /// Gives `words` to both files; they must answer `expected`.
    fn expect(&mut self, words: &[u64], expected: Result<usize>) -> Result {
        let found = self.ask_at(words, ARGUMENT.start)?;

        explain(words, equal("answer", found, expected))
    }

    /// Gives `words` to both files, which may answer anything.
    fn ask(&mut self, words: &[u64]) -> Result {
        self.ask_at(words, ARGUMENT.start).map(|_| ())
    }

    /// Gives `words` to both files, at addresses that fail: beside the memory, across its end, in
    /// kernel space, and where memory can only be read.
    fn expect_faults(&mut self, words: &[u64]) -> Result {
        let across = ARGUMENT.end - size_of_val(words) / 2;

        for address in [0, 8, across, ARGUMENT.end, usize::MAX - 4095, 1 << 63] {
            let found = self.ask_at(words, address)?;
            explain(words, equal("answer", found, Err(EFAULT)))?;
        }
        self.process
            .write(ARGUMENT.start, AsBytes::as_bytes(words))?;
        self.process.protect(ARGUMENT, Protection::Read)?;
        let found = (
            self.ours.ioctl(self.number, ARGUMENT.start),
            self.stock.ioctl(self.number, ARGUMENT.start),
        );
        self.process.protect(ARGUMENT, Protection::Write)?;
        explain(words, equal("answer", found, (Err(EFAULT), Err(EFAULT))))
    }
}

/// Says which argument it was about, if something was wrong.
fn explain(words: &[u64], result: Result) -> Result {
    if result.is_err() {
        diagnose(fmt!("argument {words:x?}"));
    }
    result
}

/// Gives `words`, or what of them lies in [`ARGUMENT`], to a file.
fn answer(
    process: &Process,
    file: &mut File<'_>,
    number: u32,
    words: &[u64],
    address: usize,
) -> Result<Answer> {
    let mut memory = KVec::from_elem(0_u8, ARGUMENT.len(), GFP_KERNEL)?;
    let argument = AsBytes::as_bytes(words);

    process.write(ARGUMENT.start, &memory)?;
    if ARGUMENT.contains(&address) {
        let room = argument.len().min(ARGUMENT.end - address);
        process.write(address, argument.get(..room).unwrap_or_default())?;
    }
    let result = file.ioctl(number, address);
    process.read(ARGUMENT.start, &mut memory)?;
    Ok(Answer { result, memory })
}

/// `ENOIOCTLCMD`, which the VFS turns into `ENOTTY`.
fn no_such_command() -> Error {
    Error::from_errno(-515)
}

/// `ENAMETOOLONG`.
fn too_long() -> Error {
    crate::sys::name_buffer::too_long()
}

#[kunit_tests(rustproc_kunit_ioctls)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;

    #[test]
    fn a_query_of_each_size() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;
            let words = question();

            for size in 0..24 {
                command.expect(&with(words, query::SIZE, size), Err(EINVAL))?;
            }
            for size in 24..200 {
                command.expect(&with(words, query::SIZE, size), Ok(0))?;
            }
            command.expect(&with(words, query::SIZE, 4096), Ok(0))?;
            for size in [4097, 1 << 32, u64::MAX] {
                command.expect(&with(words, query::SIZE, size), Err(E2BIG))?;
            }
            Ok(())
        })
    }

    #[test]
    fn a_query_with_more_than_is_known() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;
            let mut words = [0; QUERY_WORDS + 2];
            words[..QUERY_WORDS].copy_from_slice(&question());
            // CAST: Numbers have 64 bits.
            words[query::SIZE] = size_of_val(&words) as u64;

            command.expect(&words, Ok(0))?;
            words[QUERY_WORDS + 1] = 1 << 63;
            command.expect(&words, Err(E2BIG))
        })
    }

    #[test]
    fn a_query_with_each_flag() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;

            for bit in 0..64 {
                let words = with(question(), query::FLAGS, 1 << bit);
                if bit < 6 {
                    command.ask(&words)?;
                } else {
                    command.expect(&words, Err(EINVAL))?;
                }
            }
            Ok(())
        })
    }

    #[test]
    fn a_query_around_each_area_with_all_flags() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;

            for page in [0, 2, 3, 4, 8, 10, 12, 15, 16, 20, 24] {
                for flags in 0..64 {
                    // CAST: Numbers have 64 bits.
                    let address = pages(page, page + 1).start as u64;
                    let words = with(question(), query::ADDRESS, address);
                    command.ask(&with(words, query::FLAGS, flags))?;
                }
            }
            Ok(())
        })
    }

    #[test]
    fn a_query_for_what_is_not_there() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;

            for address in [0, pages(0, 1).start as u64, u64::MAX] {
                command.expect(&with(question(), query::ADDRESS, address), Err(ENOENT))?;
            }
            Ok(())
        })
    }

    #[test]
    fn a_query_for_names() -> Result {
        // The name of shared memory: "/dev/zero (deleted)", and a NUL.
        const LENGTH: u64 = 20;

        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;
            let shared = pages(12, 13).start;

            for room in 1..LENGTH {
                command.expect(&naming(shared, room), Err(too_long()))?;
            }
            for room in [LENGTH, LENGTH + 1, 4096, 1 << 31] {
                command.expect(&naming(shared, room), Ok(0))?;
            }
            command.expect(&naming(pages(2, 3).start, 1), Ok(0))?;
            command.expect(&with(naming(shared, 0), query::NAME, ANSWER), Err(EINVAL))?;
            command.expect(&with(naming(shared, 9), query::NAME, 0), Err(EINVAL))?;
            // CAST: Numbers have 64 bits.
            let end = ARGUMENT.end as u64;
            for address in [8, end - 4, end, u64::MAX] {
                let words = with(naming(shared, 4096), query::NAME, address);
                command.expect(&words, Err(EFAULT))?;
            }
            Ok(())
        })
    }

    #[test]
    fn a_query_for_build_ids() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "maps", QUERY)?;
            let words = with(question(), query::ADDRESS, pages(12, 13).start as u64);

            command.expect(&with(words, query::ROOM, 20 << 32), Err(EINVAL))?;
            command.expect(&with(words, query::BUILD_ID, ANSWER), Err(EINVAL))?;
            let words = with(words, query::BUILD_ID, ANSWER);
            command.expect(&with(words, query::ROOM, 20 << 32), Ok(0))
        })
    }

    #[test]
    fn a_query_in_memory_that_fails() -> Result {
        with_trees(|trees| Command::new(trees, "maps", QUERY)?.expect_faults(&question()))
    }

    #[test]
    fn commands_that_there_are_not() -> Result {
        with_trees(|trees| {
            Command::new(trees, "maps", SCAN)?.expect(&question(), Err(no_such_command()))?;
            trees.process.unmap(ARGUMENT)?;
            Command::new(trees, "pagemap", QUERY)?.expect(&question(), Err(EINVAL))
        })
    }

    #[test]
    fn a_scan_of_each_size() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "pagemap", SCAN)?;
            let right = request()[scan::SIZE];

            for size in 0..2 * right {
                let words = with(request(), scan::SIZE, size);
                if size == right {
                    command.expect(&words, Ok(2))?;
                } else {
                    command.expect(&words, Err(EINVAL))?;
                }
            }
            Ok(())
        })
    }

    #[test]
    fn a_scan_with_each_flag_and_category() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "pagemap", SCAN)?;

            for bit in 0..64 {
                let words = with(request(), scan::FLAGS, 1 << bit);
                if bit < 2 {
                    command.ask(&words)?;
                } else {
                    command.expect(&words, Err(EINVAL))?;
                }
                for index in scan::INVERTED..=scan::RETURNED {
                    let words = with(request(), index, 1 << bit);
                    if bit < 10 {
                        command.ask(&words)?;
                    } else {
                        command.expect(&words, Err(EINVAL))?;
                    }
                }
            }
            Ok(())
        })
    }

    #[test]
    fn a_scan_of_odd_ranges() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "pagemap", SCAN)?;
            let (start, end) = (request()[scan::START], request()[scan::END]);

            for offset in [1, 8, 4095] {
                let words = with(request(), scan::START, start + offset);
                command.expect(&words, Err(EINVAL))?;
            }
            for end in [start, start + 1, end - 1, end + 4095, start - 4096] {
                command.ask(&with(request(), scan::END, end))?;
            }
            for end in [1 << 63, u64::MAX] {
                command.expect(&with(request(), scan::END, end), Err(EFAULT))?;
            }
            command.expect(&with(request(), scan::START, 1 << 63), Err(EFAULT))
        })
    }

    #[test]
    fn a_scan_into_little_room() -> Result {
        with_trees(|trees| {
            let mut command = Command::new(trees, "pagemap", SCAN)?;

            for room in [0, 1, 2, 3] {
                for pages in [0, 1, 2, 3, u64::MAX] {
                    let words = with(request(), scan::VEC_LEN, room);
                    command.ask(&with(words, scan::MAX_PAGES, pages))?;
                }
            }
            command.expect(&with(request(), scan::VEC, 0), Err(EINVAL))?;
            // CAST: Numbers have 64 bits.
            let end = ARGUMENT.end as u64;
            for vec in [8, end - 24, end, end - 25] {
                command.ask(&with(request(), scan::VEC, vec))?;
            }
            command.expect(&with(request(), scan::VEC, end), Err(EFAULT))?;
            command.expect(&with(request(), scan::VEC, 1 << 63), Err(EFAULT))?;
            command.expect(&with(request(), scan::VEC_LEN, u64::MAX), Err(EFAULT))
        })
    }

    #[test]
    fn a_scan_in_memory_that_fails() -> Result {
        with_trees(|trees| Command::new(trees, "pagemap", SCAN)?.expect_faults(&request()))
    }
}
