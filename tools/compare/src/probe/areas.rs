// SPDX-License-Identifier: GPL-2.0

//! The areas of an address space, for the probes that go by them: from the `maps` beside the file
//! that is asked, in the same tree.

use std::path::Path;

use crate::fact::escape_line;
use crate::probe::read_whole;
use crate::sys::PAGE;

/// One line of `maps`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Area {
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// Protection and sharing.
    pub flags: String,
    /// The name, printable; empty if there is none.
    pub name: String,
}

impl Area {
    /// How many pages it has.
    pub fn pages(&self) -> u64 {
        (self.end - self.start) / PAGE as u64
    }

    /// How reports call it.
    pub fn title(&self) -> String {
        let title = format!(
            "{:x}-{:x} {} {}",
            self.start, self.end, self.flags, self.name
        );
        title.trim_end().into()
    }
}

/// The areas of whoever has this file in its directory; none if they can't be had.
pub fn beside(path: &Path) -> Vec<Area> {
    let maps = read_whole(&path.with_file_name("maps")).unwrap_or_default();
    maps.split(|&b| b == b'\n').filter_map(parse).collect()
}

fn parse(line: &[u8]) -> Option<Area> {
    let line = escape_line(line);
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let flags = fields.next()?;
    Some(Area {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        flags: flags.into(),
        name: fields.nth(3).unwrap_or_default().trim_start().into(),
    })
}

/// At most `limit` of them: the first ones, the last ones, and some between.
pub fn some(areas: &[Area], limit: usize) -> Vec<&Area> {
    if limit == 0 {
        return Vec::new();
    }
    if areas.len() <= limit {
        return areas.iter().collect();
    }
    let third = limit / 3;
    let middle = &areas[third..areas.len() - third];
    let step = middle.len().div_ceil((limit - 2 * third).max(1));
    let first = areas[..third].iter();
    let last = areas[areas.len() - third..].iter();
    first
        .chain(middle.iter().step_by(step))
        .chain(last)
        .collect()
}

/// The first address of the longest stretch between two areas, and its length.
pub fn longest_hole(areas: &[Area]) -> Option<(u64, u64)> {
    let holes = areas
        .windows(2)
        .map(|pair| (pair[0].end, pair[1].start.saturating_sub(pair[0].end)));
    // The last area is the kernel's, in another half of the address space.
    holes
        .filter(|(start, length)| start + length < 1 << 56)
        .max_by_key(|&(_, length)| length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(n: u64) -> Area {
        Area {
            start: n << 12,
            end: (n + 1) << 12,
            flags: "r--p".into(),
            name: String::new(),
        }
    }

    #[test]
    fn a_line_is_taken_apart() {
        let found =
            parse(b"55d0c000-55d0d000 r--p 00001000 fe:01 42                 /a b").unwrap();
        assert_eq!(found.title(), "55d0c000-55d0d000 r--p /a b");
        assert_eq!(found.pages(), 1);
        assert_eq!(parse(b"1000-2000 rw-p 00000000 00:00 0 ").unwrap().name, "");
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn a_choice_has_both_ends_and_no_more_than_the_limit() {
        let areas: Vec<_> = (0..1000).map(area).collect();
        let some = some(&areas, 30);
        assert!(some.len() <= 30, "{}", some.len());
        assert_eq!(some[0], &areas[0]);
        assert_eq!(some.last(), Some(&&areas[999]));
        assert!(super::some(&areas, 0).is_empty());
        assert!(super::some(&areas, 1).len() <= 1);
    }

    #[test]
    fn the_longest_hole_is_between_areas() {
        let areas = [area(1), area(5), area(6), area(9)];
        assert_eq!(longest_hole(&areas), Some((2 << 12, 3 << 12)));
        assert_eq!(longest_hole(&areas[..1]), None);
    }
}
