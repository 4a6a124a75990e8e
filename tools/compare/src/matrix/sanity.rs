// SPDX-License-Identifier: GPL-2.0

//! Whether the matrix says anything: one of which every cell is refused, or granted, would be equal
//! whatever ours did.

use std::collections::{BTreeMap, BTreeSet};

use super::look::Heard;
use super::options::Set;
use super::reader::{Reader, OTHERS, ROOT};
use super::Scene;
use crate::compare::{row, Outcome};
use crate::row::Row;

/// A set of options, a target, a name.
type Key = (u8, u8, u8);

/// How many cells are named at most.
const MOST_TITLES: usize = 5;

/// What one reader was answered, by cell.
struct Answers<'a> {
    reader: &'a Reader,
    digests: BTreeMap<Key, u32>,
    granted: usize,
    denied: usize,
}

impl<'a> Answers<'a> {
    fn of((reader, heard): &'a (Reader, Heard)) -> Answers<'a> {
        let key = |cell: &super::look::Seen| ((cell.set, cell.member, cell.name), cell.digest);
        let count = |f: fn(&super::look::Seen) -> u16| {
            heard.cells.iter().map(|cell| usize::from(f(cell))).sum()
        };
        Answers {
            reader,
            digests: heard.cells.iter().map(key).collect(),
            granted: count(|cell| cell.granted),
            denied: count(|cell| cell.denied),
        }
    }

    /// The cells in which another was answered otherwise.
    fn unlike(&self, other: &Answers<'_>) -> Vec<Key> {
        let differs = |(key, digest): &(&Key, &u32)| {
            other
                .digests
                .get(*key)
                .is_some_and(|theirs| theirs != *digest)
        };
        self.digests
            .iter()
            .filter(differs)
            .map(|(key, _)| *key)
            .collect()
    }
}

/// A row for everything that has to be so.
pub fn check(scene: &Scene, all: &[(Reader, Heard)]) -> Vec<Row> {
    let answers: Vec<_> = all.iter().map(Answers::of).collect();
    let mut rows = Vec::new();
    for one in &answers {
        rows.push(must(
            &format!(
                "{} is granted something and refused something",
                one.reader.name
            ),
            one.granted > 0 && (one.denied > 0 || one.reader.name == ROOT),
        ));
        // Who holds descriptors is asked other things.
        if one.reader.holds() {
            continue;
        }
        for name in [ROOT, OTHERS] {
            let other = answers.iter().find(|other| other.reader.name == name);
            let Some(other) = other.filter(|_| one.reader.name != name) else {
                continue;
            };
            let unlike = one.unlike(other);
            let who = format!("{} and {name}", one.reader.name);
            rows.push(if name == OTHERS && one.reader.powerless {
                let found = titles(scene, &unlike);
                told(&format!("{who} differ in no answers"), "", found)
            } else {
                must(&format!("{who} differ in some answers"), !unlike.is_empty())
            });
        }
    }
    let paths: Vec<_> = answers
        .iter()
        .filter(|answers| !answers.reader.holds())
        .collect();
    rows.extend(members(scene, &paths));
    if scene.choice.whole {
        rows.extend(names(scene, &paths));
    }
    rows.extend(sets(scene, &paths));
    rows
}

/// Each target grants somebody what it refuses somebody else.
fn members(scene: &Scene, answers: &[&Answers<'_>]) -> Vec<Row> {
    let members = scene.cast.members.iter().enumerate();
    let row = |(place, member): (usize, &super::Member)| {
        let told = varied(answers, |key| usize::from(key.1) == place);
        must(
            &format!("not all see the same of {}", member.role.name),
            told,
        )
    };
    members.map(row).collect()
}

/// Each name of a process is answered in different ways.
fn names(scene: &Scene, answers: &[&Answers<'_>]) -> Vec<Row> {
    let root = scene.cast.members.iter().position(super::Member::is_root);
    let names = scene.choice.names.iter().enumerate();
    let row = |(place, name): (usize, &super::Name)| {
        let of_process = |key: &Key| Some(usize::from(key.1)) != root;
        let told = varied(answers, |key| {
            of_process(key) && usize::from(key.2) == place
        });
        must(&format!("not all see the same of {}", name.title()), told)
    };
    names.map(row).collect()
}

/// Whether of these cells there is one that two readers are answered differently in.
fn varied(answers: &[&Answers<'_>], of: impl Fn(&Key) -> bool) -> bool {
    let mut seen: BTreeMap<Key, BTreeSet<u32>> = BTreeMap::new();
    for answers in answers {
        for (key, digest) in answers.digests.iter().filter(|(key, _)| of(key)) {
            seen.entry(*key).or_default().insert(*digest);
        }
    }
    seen.values().any(|digests| digests.len() > 1)
}

/// Options that hide something hide it from somebody.
fn sets(scene: &Scene, answers: &[&Answers<'_>]) -> Vec<Row> {
    let none = scene.choice.sets.iter().position(Set::is_none);
    let Some(none) = none else {
        return Vec::new();
    };
    let mounted = scene.mounted.iter().filter(|mounted| mounted.set.hides());
    let row = |mounted: &super::Mounted| {
        let changed = answers.iter().any(|answers| {
            answers.digests.iter().any(|(key, digest)| {
                let without = (none as u8, key.1, key.2);
                let without = answers.digests.get(&without);
                usize::from(key.0) == mounted.number && without.is_some_and(|was| was != digest)
            })
        });
        must(&format!("{} hides something", mounted.set.title()), changed)
    };
    mounted.map(row).collect()
}

/// The first of some cells, in words.
fn titles(scene: &Scene, keys: &[Key]) -> String {
    let title = |&(set, member, name): &Key| {
        let member = &scene.cast.members[usize::from(member)];
        let name = scene
            .names(member)
            .find(|(place, _)| *place == usize::from(name));
        let name = name.map_or("", |(_, name)| name.title());
        let set = scene
            .mounted
            .iter()
            .find(|mounted| mounted.number == usize::from(set));
        let set = set.map(|mounted| mounted.set.title()).unwrap_or_default();
        format!("{} of {}, {set}", name, member.role.name)
    };
    let titles: Vec<_> = keys.iter().take(MOST_TITLES).map(title).collect();
    titles.join("; ")
}

fn must(what: &str, so: bool) -> Row {
    told(what, "yes", if so { "yes" } else { "no" }.into())
}

fn told(what: &str, expected: &str, found: String) -> Row {
    let mut outcome = Outcome::default();
    outcome.require("found in stock", expected, found);
    row("sense", "", what, outcome)
}
