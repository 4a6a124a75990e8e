// SPDX-License-Identifier: GPL-2.0

//! The files that rustproc implements or will: one row each.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{bail, Result};

/// Which directories have a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// `<pid>/` and `<pid>/task/<tid>/`.
    Both,
    /// `<pid>/task/<tid>/` only.
    Task,
}

/// How a file may be handled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Records in a `seq_file`.
    Text,
    /// Entries at an offset by address: only small reads at chosen offsets, never the whole.
    Binary,
    /// Takes commands: opened, never written to, nothing to read.
    Command,
}

/// A file that can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Its name in the directory.
    pub name: &'static str,
    /// Where it stands.
    pub scope: Scope,
    /// How it is handled.
    pub kind: Kind,
}

const fn known(name: &'static str, scope: Scope, kind: Kind) -> Known {
    Known { name, scope, kind }
}

/// Every file that can be compared. To add one, add its row.
pub const KNOWN: &[Known] = &[
    known("stat", Scope::Both, Kind::Text),
    known("statm", Scope::Both, Kind::Text),
    known("status", Scope::Both, Kind::Text),
    known("maps", Scope::Both, Kind::Text),
    known("children", Scope::Task, Kind::Text),
    known("smaps", Scope::Both, Kind::Text),
    known("smaps_rollup", Scope::Both, Kind::Text),
    known("numa_maps", Scope::Both, Kind::Text),
    known("pagemap", Scope::Both, Kind::Binary),
    known("clear_refs", Scope::Both, Kind::Command),
];

/// What is compared unless the module or the user says otherwise.
pub const DEFAULT: &[&str] = &["stat", "statm", "status", "maps", "children"];

/// The files that a comparison is about, in the order of [`KNOWN`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection(Vec<Known>);

impl Selection {
    /// What `--files` names; without it what the module says it implements; without a module the
    /// default.
    ///
    /// # Errors
    ///
    /// If a name has no row in [`KNOWN`].
    pub fn new(asked: &[String], version: &Path) -> Result<Selection> {
        if !asked.is_empty() {
            return Selection::of(asked);
        }
        match std::fs::read_to_string(version)
            .ok()
            .as_deref()
            .and_then(implemented)
        {
            Some(names) => Selection::of(&names),
            None => Selection::of(DEFAULT),
        }
    }

    /// The rows of these names.
    ///
    /// # Errors
    ///
    /// If a name has no row in [`KNOWN`].
    pub fn of(names: &[impl AsRef<str>]) -> Result<Selection> {
        let wanted: BTreeSet<_> = names.iter().map(AsRef::as_ref).collect();
        if let Some(name) = wanted
            .iter()
            .find(|name| KNOWN.iter().all(|known| known.name != **name))
        {
            bail!("{name:?} is no file that can be compared (rustproc-compare files lists them)");
        }
        let rows = KNOWN.iter().filter(|known| wanted.contains(known.name));
        Ok(Selection(rows.copied().collect()))
    }

    /// The rows that a process's directory or a task's has.
    pub fn within(&self, task: bool) -> impl Iterator<Item = Known> + '_ {
        self.0
            .iter()
            .copied()
            .filter(move |known| match known.scope {
                Scope::Both => true,
                Scope::Task => task,
            })
    }

    /// All rows.
    pub fn all(&self) -> &[Known] {
        &self.0
    }

    /// Whether a name is among them.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.name == name)
    }
}

/// The names on the `files:` line of `/proc/fs/rustproc/version`.
fn implemented(version: &str) -> Option<Vec<String>> {
    let line = version
        .lines()
        .find_map(|line| line.strip_prefix("files:"))?;
    Some(line.split_whitespace().map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_says_what_it_implements() {
        let text = "module: 0.1\nfiles: stat statm\nkernel: 7.3\n";
        assert_eq!(implemented(text).unwrap(), ["stat", "statm"]);
        assert_eq!(implemented("module: 0.1\n"), None);
    }

    #[test]
    fn children_is_for_tasks_only() {
        let selection = Selection::of(DEFAULT).unwrap();
        assert!(selection.within(true).any(|known| known.name == "children"));
        assert!(!selection
            .within(false)
            .any(|known| known.name == "children"));
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert!(Selection::of(&["stat", "nonsense"]).is_err());
    }

    #[test]
    fn without_a_module_the_default_counts() {
        let selection = Selection::new(&[], Path::new("/nonexistent")).unwrap();
        assert_eq!(selection.all().len(), DEFAULT.len());
    }
}
