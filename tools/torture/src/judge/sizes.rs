// SPDX-License-Identifier: GPL-2.0

//! `smaps` and `smaps_rollup`: a record for each area, and one for all.

use std::collections::BTreeMap;

use super::areas::area;
use super::{decimal, Verdict};

/// A record's numbers, in kB.
type Record = BTreeMap<String, u64>;

/// Records, each with the labels that are known, in order.
pub fn smaps(known: &[String], text: &str) -> Verdict {
    let mut last = 0;
    let mut lines = text.lines().peekable();
    while let Some(header) = lines.next() {
        let area = area(header)?;
        if area.end <= last {
            return Err(format!("an area before {last:x}: {header:?}"));
        }
        last = area.end;
        let mut record = Record::new();
        let mut expected = known.iter();
        let mut ended = false;
        while let Some(line) = lines.next_if(|line| labelled(line)) {
            ended = add(&mut record, &mut expected, line)? == "VmFlags";
        }
        let size = (area.end - area.start) >> 10;
        // The last record may have been cut off.
        if lines.peek().is_some() && !ended {
            return Err(format!("no VmFlags in the record of {header:?}"));
        }
        if record.get("Size").is_some_and(|&told| told != size) {
            return Err(format!("Size isn't {size}: {header:?} {record:?}"));
        }
        identities(&record).map_err(|why| format!("{why}: {header:?} {record:?}"))?;
    }
    Ok(text.lines().count() as u64)
}

/// One record under a header of its own.
pub fn rollup(known: &[String], text: &str) -> Verdict {
    let mut lines = text.lines();
    let Some(header) = lines.next() else {
        return Ok(0);
    };
    if !header.ends_with("[rollup]") || !header.contains(" ---p 00000000 00:00 0 ") {
        return Err(format!("no header of smaps_rollup: {header:?}"));
    }
    let (mut record, mut expected) = (Record::new(), known.iter());
    for line in lines {
        add(&mut record, &mut expected, line)?;
    }
    identities(&record).map_err(|why| format!("{why}: {record:?}"))?;
    Ok(text.lines().count() as u64)
}

/// Whether a line begins with a label: headers begin with an address.
fn labelled(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_uppercase()) || line.starts_with("THPeligible")
}

/// Adds a line to a record; answers its label.
fn add<'a>(
    record: &mut Record,
    expected: &mut std::slice::Iter<'_, String>,
    line: &'a str,
) -> Result<&'a str, String> {
    let (label, value) = line
        .split_once(':')
        .ok_or_else(|| format!("no line of smaps: {line:?}"))?;
    // Protection keys are told where the machine has them, for all areas or none.
    if !expected.any(|known| known == label) {
        return Err(format!("{label:?} isn't known, or not there: {line:?}"));
    }
    if let Some(size) = value.trim_start().strip_suffix(" kB") {
        record.insert(label.into(), decimal(size)?);
    }
    Ok(label)
}

/// What holds of the numbers of every record, as each page adds to them at one stroke.
fn identities(record: &Record) -> Result<(), String> {
    let get = |label: &str| record.get(label).copied();
    let parts = [
        "Shared_Clean",
        "Shared_Dirty",
        "Private_Clean",
        "Private_Dirty",
    ]
    .map(get);
    let Some(rss) = get("Rss") else {
        return Ok(());
    };
    if let [Some(a), Some(b), Some(c), Some(d)] = parts {
        if rss != a + b + c + d {
            return Err(format!("Rss isn't {}", a + b + c + d));
        }
    }
    for (part, whole) in [
        ("Pss", "Rss"),
        ("Pss_Dirty", "Pss"),
        ("Referenced", "Rss"),
        ("Anonymous", "Rss"),
        ("KSM", "Rss"),
        ("LazyFree", "Rss"),
        ("SwapPss", "Swap"),
    ] {
        if let (Some(part_size), Some(size)) = (get(part), get(whole)) {
            if part_size > size {
                return Err(format!("{part} is more than {whole}"));
            }
        }
    }
    // Each of the three was rounded down.
    let parts = ["Pss_Anon", "Pss_File", "Pss_Shmem"].map(get);
    if let (Some(pss), [Some(a), Some(b), Some(c)]) = (get("Pss"), parts) {
        if pss < a + b + c || pss > a + b + c + 3 {
            return Err(format!("Pss isn't {}", a + b + c));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "7f0000000000-7f0000002000 rw-p 00000000 00:00 0 \n";

    fn known() -> Vec<String> {
        let labels = [
            "Size",
            "Rss",
            "Pss",
            "Shared_Clean",
            "Shared_Dirty",
            "Private_Clean",
            "Private_Dirty",
            "VmFlags",
        ];
        labels.map(String::from).to_vec()
    }

    fn record(size: u64, rss: u64, pss: u64) -> String {
        format!(
            "{HEADER}Size: {size} kB\nRss: {rss} kB\nPss: {pss} kB\nShared_Clean: 0 kB\n\
             Shared_Dirty: 0 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 4 kB\nVmFlags: rd \n"
        )
    }

    #[test]
    fn what_a_record_says_of_itself() {
        assert_eq!(smaps(&known(), &record(8, 4, 4)), Ok(9));
        assert!(smaps(&known(), &record(4, 4, 4))
            .unwrap_err()
            .contains("Size"));
        assert!(smaps(&known(), &record(8, 8, 4))
            .unwrap_err()
            .contains("Rss"));
        assert!(smaps(&known(), &record(8, 4, 5))
            .unwrap_err()
            .contains("Pss"));
    }

    #[test]
    fn the_last_record_may_be_cut_off() {
        let whole = record(8, 4, 4);
        let (cut, _) = whole.split_at(whole.find("Pss").unwrap());
        assert_eq!(smaps(&known(), cut), Ok(3));
        let next = HEADER.replace("7f0000002000", "7f0000003000");
        assert!(smaps(&known(), &format!("{cut}{next}")).is_err());
    }
}
