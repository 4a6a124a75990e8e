// SPDX-License-Identifier: GPL-2.0

//! What the crate tells of a process's pages.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

use procfs::process::{PageInfo, PageMap, Process};
use procfs::{page_size, ProcResult};

use crate::page::Page;

/// How many pages are looked at in one area at most.
const MOST: u64 = 1024;

/// Prints a sum for each area: a line for each page would be too much to read.
pub fn print(process: &Process, page: &mut Page<impl Write>) -> io::Result<()> {
    let (mut pagemap, areas) = match (process.pagemap(), process.maps()) {
        (Ok(pagemap), Ok(areas)) => (pagemap, areas),
        (Err(error), _) | (_, Err(error)) => return page.debug("pagemap", Err::<(), _>(error)),
    };
    for area in areas {
        let (start, end) = (area.address.0 / page_size(), area.address.1 / page_size());
        let end = end.min(start + MOST);
        page.debug(
            &format!("pagemap[{:x}]", area.address.0),
            sum(&mut pagemap, start, end),
        )?;
    }
    Ok(())
}

/// How many pages there are, how many of them in memory and in swap, and a hash of all that is
/// said of them.
fn sum(pagemap: &mut PageMap, start: u64, end: u64) -> ProcResult<(usize, usize, usize, u64)> {
    let pages = pagemap.get_range_info(start as usize..end as usize)?;
    let mut hasher = DefaultHasher::new();
    pages.hash(&mut hasher);
    let swapped = |page: &&PageInfo| matches!(page, PageInfo::SwapPage(_));
    let present = |page: &&PageInfo| match page {
        PageInfo::MemoryPage(flags) => flags.contains(procfs::process::MemoryPageFlags::PRESENT),
        PageInfo::SwapPage(_) => false,
    };
    Ok((
        pages.len(),
        pages.iter().filter(present).count(),
        pages.iter().filter(swapped).count(),
        hasher.finish(),
    ))
}
