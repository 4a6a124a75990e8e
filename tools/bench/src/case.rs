// SPDX-License-Identifier: GPL-2.0

//! What is measured: each case is an operation on a file of a workload.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use anyhow::{bail, Result};

use crate::workload::Workload;

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// All of the file, or of the workload's range, through a descriptor that is open.
    Read,
    /// Open, all of the file, close.
    OpenReadClose,
    /// Open and close.
    OpenClose,
    /// `stat(2)`.
    Stat,
    /// The path walk only: open with `O_PATH`, and close.
    Lookup,
    /// The same, of a name that no cache has.
    LookupFresh,
    /// The same, of a name that isn't there.
    LookupMissing,
    /// All entries of a directory, through a descriptor that is open.
    List,
    /// `PROCMAP_QUERY` of the VMA at an address.
    Query,
    /// The same, with its name.
    QueryName,
    /// The same, with its build id.
    QueryBuildId,
    /// `PROCMAP_QUERY` of one VMA after the other.
    QueryAll,
    /// `PAGEMAP_SCAN` for what is present.
    Scan,
    /// `PAGEMAP_SCAN` that finds what was written to and protects it again.
    ScanProtect,
    /// A number written to `clear_refs`, after all pages have been written to.
    Clear(u8),
    /// How much memory a descriptor holds.
    MemoryOpen,
    /// The same, after a read.
    MemoryRead,
    /// How much memory a reader of all of the file needs at most.
    MemoryPeak,
}

impl Operation {
    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Read => "read",
            Operation::OpenReadClose => "open+read+close",
            Operation::OpenClose => "open+close",
            Operation::Stat => "stat",
            Operation::Lookup => "lookup",
            Operation::LookupFresh => "lookup-fresh",
            Operation::LookupMissing => "lookup-missing",
            Operation::List => "readdir",
            Operation::Query => "query",
            Operation::QueryName => "query-name",
            Operation::QueryBuildId => "query-build-id",
            Operation::QueryAll => "query-all",
            Operation::Scan => "scan",
            Operation::ScanProtect => "scan-protect",
            Operation::Clear(1) => "write-1",
            Operation::Clear(2) => "write-2",
            Operation::Clear(3) => "write-3",
            Operation::Clear(4) => "write-4",
            Operation::Clear(_) => "write-5",
            Operation::MemoryOpen => "memory-open",
            Operation::MemoryRead => "memory-read",
            Operation::MemoryPeak => "memory-peak",
        }
    }
}

/// One thing to measure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Case {
    /// Its name in the directory of the process, `root` for that of the tree, `/NAME` for a name there.
    pub file: &'static str,
    /// What is done with it.
    pub operation: Operation,
    /// Whose it is.
    pub workload: Workload,
    /// What ours may cost, as a part of stock's.
    pub goal: f64,
}

impl Case {
    /// Whether what it comes to changes by itself.
    pub fn is_volatile(&self) -> bool {
        self.file.starts_with('/')
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (operation, workload) = (self.operation.name(), self.workload.name());
        write!(f, "{}/{operation}/{workload}", self.file)
    }
}

const fn case(file: &'static str, operation: Operation, workload: Workload, goal: f64) -> Case {
    Case {
        file,
        operation,
        workload,
        goal,
    }
}

/// Everything that is measured. What changes a workload comes last.
pub fn all() -> Vec<Case> {
    use Operation::*;
    use Workload::*;
    let mut cases = Vec::new();
    let goals = [
        ("statm", 0.6),
        ("stat", 0.5),
        ("status", 0.35),
        ("maps", 0.4),
        ("smaps", 0.25),
        ("smaps_rollup", 0.4),
        ("numa_maps", 0.35),
        ("pagemap", 0.3),
    ];
    cases.extend(goals.map(|(file, goal)| case(file, Read, Vmas, goal)));
    for (workload, pagemap) in [(Huge, 0.1), (Cache, 1.0), (Sparse, 0.1), (Shared, 1.0)] {
        for file in ["smaps", "smaps_rollup", "numa_maps"] {
            cases.push(case(file, Read, workload, 1.0));
        }
        cases.push(case("pagemap", Read, workload, pagemap));
    }
    let texts = &goals[..7];
    cases.extend(texts.iter().map(|&(file, _)| case(file, Read, Shell, 1.0)));
    for file in ["children", "stat"] {
        cases.push(case(file, Read, Crowd, 1.0));
    }
    for (file, _) in texts {
        let goal = if *file == "stat" { 0.65 } else { 1.0 };
        cases.push(case(file, OpenReadClose, Shell, goal));
    }
    for file in ["children", "comm", "cmdline", "/uptime"] {
        cases.push(case(file, OpenReadClose, Shell, 1.0));
    }
    for file in ["stat", "maps", "smaps_rollup", "pagemap", "comm"] {
        cases.push(case(file, OpenClose, Shell, 1.0));
    }
    for file in ["stat", "comm", "."] {
        cases.push(case(file, Stat, Shell, 1.0));
    }
    for operation in [Lookup, LookupMissing] {
        cases.push(case("stat", operation, Shell, 1.0));
    }
    for file in ["stat", "comm"] {
        cases.push(case(file, LookupFresh, Crowd, 1.0));
    }
    cases.extend([
        case("root", List, Crowd, 1.0),
        case(".", List, Shell, 1.0),
        case("task", List, Shell, 1.0),
        case("task", List, Threads, 1.0),
        case("maps", Query, Vmas, 1.0),
        case("maps", QueryName, Vmas, 1.0),
        case("maps", QueryBuildId, Shell, 1.0),
        case("maps", QueryAll, Vmas, 1.0),
        case("pagemap", Scan, Vmas, 0.7),
        case("pagemap", Scan, Huge, 0.7),
        case("pagemap", Scan, Sparse, 0.7),
        case("pagemap", Scan, Shared, 0.7),
        case("pagemap", ScanProtect, Tracked, 0.7),
    ]);
    cases.extend((1..=4).map(|what| case("clear_refs", Clear(what), Vmas, 0.8)));
    cases.push(case("clear_refs", Clear(5), Vmas, 1.0));
    cases.extend(memory());
    cases
}

/// What is measured of memory.
fn memory() -> Vec<Case> {
    use Operation::{MemoryOpen, MemoryPeak, MemoryRead};
    let text = [
        "stat",
        "statm",
        "status",
        "maps",
        "smaps",
        "smaps_rollup",
        "numa_maps",
    ];
    let mut cases = Vec::new();
    for operation in [MemoryOpen, MemoryRead] {
        for file in text.into_iter().chain(["pagemap", "comm"]) {
            cases.push(case(file, operation, Workload::Shell, 1.0));
        }
    }
    for file in ["maps", "smaps"] {
        cases.push(case(file, MemoryPeak, Workload::ManyVmas, 1.0));
    }
    cases
}

/// Which cases are wanted: `FILE`, `FILE/OPERATION` or `FILE/OPERATION/WORKLOAD`; a part may be empty
/// for any, and end with `*` for whatever begins so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted(Vec<String>);

impl FromStr for Wanted {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Wanted> {
        // The names in the root begin with the character that divides the parts.
        let (root, rest) = match text.strip_prefix('/') {
            Some(rest) if all().iter().any(|case| is_root(case, rest)) => ("/", rest),
            _ => ("", text),
        };
        let mut parts: Vec<String> = rest.split('/').map(String::from).collect();
        parts[0].insert_str(0, root);
        if parts.len() > 3 {
            bail!("{text}: FILE/OPERATION/WORKLOAD at most");
        }
        let wanted = Wanted(parts);
        if !all().iter().any(|case| wanted.has(case)) {
            bail!("there is no {text} (--list shows what there is)");
        }
        Ok(wanted)
    }
}

/// Whether a case is about a name in the root that a text begins with.
fn is_root(case: &Case, text: &str) -> bool {
    let name = text.split('/').next().unwrap_or_default();
    case.file.strip_prefix('/') == Some(name)
}

impl Wanted {
    /// Whether a case is one of those.
    pub fn has(&self, case: &Case) -> bool {
        let names = [case.file, case.operation.name(), case.workload.name()];
        let fits = |(part, name): (&String, &str)| match part.strip_suffix('*') {
            Some(begin) => name.starts_with(begin),
            None => part.is_empty() || part == name,
        };
        self.0.iter().zip(names).all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> usize {
        let wanted: Wanted = text.parse().unwrap();
        all().iter().filter(|case| wanted.has(case)).count()
    }

    #[test]
    fn cases_are_unique() {
        for case in all() {
            let name = |case: &Case| (case.file, case.operation.name(), case.workload);
            let same = |other: &&Case| name(other) == name(&case);
            assert_eq!(all().iter().filter(same).count(), 1, "{case:?}");
        }
    }

    #[test]
    fn cases_can_be_chosen() {
        assert_eq!(chosen("smaps/read/thp"), 1);
        assert_eq!(chosen("clear_refs"), 5);
        assert_eq!(chosen("clear_refs/write-4"), 1);
        assert_eq!(chosen("/query*"), 4);
        assert_eq!(chosen("//sparse"), 5);
        assert_eq!(chosen("/uptime"), 1);
        assert_eq!(chosen(""), all().len());
    }

    #[test]
    fn what_is_not_there_cannot_be_chosen() {
        assert!("smap".parse::<Wanted>().is_err());
        assert!("stat/read/shell/x".parse::<Wanted>().is_err());
    }
}
