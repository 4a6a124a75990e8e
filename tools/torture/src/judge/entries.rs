// SPDX-License-Identifier: GPL-2.0

//! Entries of `pagemap`, and regions of `PAGEMAP_SCAN`.

use rustproc_compare::sys::scan::{Region, Scan, Scanned};

use super::Verdict;

const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const OF_FILE: u64 = 1 << 61;
const GUARD: u64 = 1 << 58;
const PROTECTED: u64 = 1 << 57;
const EXCLUSIVE: u64 = 1 << 56;
const SOFT_DIRTY: u64 = 1 << 55;
const FRAME: u64 = (1 << 55) - 1;

/// Entries at the first address that was asked for.
pub fn pagemap(bytes: &[u8]) -> Verdict {
    if bytes.len() % 8 != 0 {
        return Err(format!("{} bytes are no whole entries", bytes.len()));
    }
    for word in bytes.chunks_exact(8) {
        let entry = u64::from_ne_bytes(word.try_into().unwrap_or_default());
        entry_is_sound(entry).map_err(|why| format!("{why}: {entry:#018x}"))?;
    }
    Ok(bytes.len() as u64 / 8)
}

fn entry_is_sound(entry: u64) -> Result<(), &'static str> {
    let known = PRESENT | SWAPPED | OF_FILE | GUARD | PROTECTED | EXCLUSIVE | SOFT_DIRTY | FRAME;
    let is = |bits: u64| entry & bits != 0;
    if is(!known) {
        return Err("reserved bits");
    }
    if is(PRESENT) && is(SWAPPED) {
        return Err("present and swapped");
    }
    if !is(PRESENT | SWAPPED) && is(FRAME | OF_FILE | EXCLUSIVE) {
        return Err("a frame of nothing");
    }
    Ok(())
}

/// What a scan has told: regions in order, apart from each other, within what was asked, of
/// categories that were asked for.
pub fn regions(scan: &Scan, told: &Scanned) -> Verdict {
    let Ok(count) = told.answer else {
        return Ok(0);
    };
    let Some(regions) = told.regions.get(..count as usize) else {
        return Err(format!("{count} regions where {} fit", told.regions.len()));
    };
    let start = scan.start & !0xfff;
    if told.walk_end < start || told.walk_end > scan.end.next_multiple_of(4096) {
        return Err(format!("a walk to {:#x} of {scan:?}", told.walk_end));
    }
    let mut last = start;
    for region in regions {
        if !is_sound(region, last, told.walk_end, scan.returned) {
            return Err(format!("{region:x?} after {last:#x}, of {scan:x?}"));
        }
        last = region.end;
    }
    Ok(count as u64)
}

fn is_sound(region: &Region, after: u64, before: u64, categories: u64) -> bool {
    (region.start | region.end) & 0xfff == 0
        && region.start >= after
        && region.start < region.end
        && region.end <= before
        && region.categories & !categories == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_what_they_are() {
        let judge = |entry: u64| pagemap(&entry.to_ne_bytes());
        assert_eq!(judge(PRESENT | 5), Ok(1));
        assert_eq!(judge(SOFT_DIRTY), Ok(1));
        assert!(judge(PRESENT | SWAPPED).is_err());
        assert!(judge(PRESENT | (1 << 59)).is_err());
        assert!(judge(5).is_err());
        assert!(pagemap(&[0; 9]).is_err());
    }
}
