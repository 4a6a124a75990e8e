// SPDX-License-Identifier: GPL-2.0

//! What one system call said, as data that two trees can be compared by.
//!
//! An errno is an answer like any other: nothing here fails, and a process that vanishes is simply
//! observed as vanished.

use std::collections::HashMap;
use std::fmt::Write as _;

use nix::errno::Errno;

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// The call succeeded with this number.
    Number(i64),
    /// The call failed.
    Failed(Errno),
    /// Bytes that were read.
    Bytes(Vec<u8>),
    /// Numbers that were read, of which a person wants to see something else.
    Words(Words),
    /// Anything else, already in words.
    Text(String),
}

impl Fact {
    /// The fact on one line or, for bytes, on as many lines as they have: printable ASCII, nothing
    /// lost.
    pub fn display(&self) -> String {
        match self {
            Fact::Number(n) => n.to_string(),
            Fact::Failed(errno) => format!("{errno:?}"),
            Fact::Bytes(bytes) => escape(bytes),
            Fact::Words(words) => (words.show)(&words.words),
            Fact::Text(text) => text.clone(),
        }
    }
}

/// Words of a binary file, with the way to show them: that is done only for what differs.
#[derive(Clone, Debug)]
pub struct Words {
    /// What is compared.
    pub words: Vec<u64>,
    /// Puts them in lines.
    pub show: fn(&[u64]) -> String,
}

impl PartialEq for Words {
    fn eq(&self, other: &Words) -> bool {
        self.words == other.words
    }
}

impl Eq for Words {}

impl From<nix::Result<i64>> for Fact {
    fn from(result: nix::Result<i64>) -> Self {
        result.map_or_else(Fact::Failed, Fact::Number)
    }
}

impl From<nix::Result<usize>> for Fact {
    fn from(result: nix::Result<usize>) -> Self {
        result.map_or_else(Fact::Failed, |n| Fact::Number(n as i64))
    }
}

impl From<nix::Result<()>> for Fact {
    fn from(result: nix::Result<()>) -> Self {
        result.map(|()| 0_i64).into()
    }
}

impl From<nix::Result<Vec<u8>>> for Fact {
    fn from(result: nix::Result<Vec<u8>>) -> Self {
        result.map_or_else(Fact::Failed, Fact::Bytes)
    }
}

/// The answers of one probe to one path, each under a name, in the order of asking.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observation {
    facts: Vec<(String, Fact)>,
    /// Where the answer of a name is.
    places: HashMap<String, usize>,
}

impl Observation {
    /// Records one answer. A question asked twice is told apart by a number.
    pub fn note(&mut self, name: impl Into<String>, fact: impl Into<Fact>) {
        let asked: String = name.into();
        let mut name = asked.clone();
        let mut times = 1;
        while self.get(&name).is_some() {
            times += 1;
            name = format!("{asked} ({times})");
        }
        self.places.insert(name.clone(), self.facts.len());
        self.facts.push((name, fact.into()));
    }

    /// Records something in words.
    pub fn say(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.note(name, Fact::Text(text.into()));
    }

    /// Adds all that another observation says, under a prefix.
    pub fn append(&mut self, prefix: &str, other: Observation) {
        for (name, fact) in other.facts {
            self.note(format!("{prefix}: {name}"), fact);
        }
    }

    /// Drops what is recorded under names that end so.
    pub fn forget(&mut self, suffix: &str) {
        let mut kept = Observation::default();
        for (name, fact) in self.facts.drain(..) {
            if !name.ends_with(suffix) {
                kept.note(name, fact);
            }
        }
        *self = kept;
    }

    /// The answer recorded under a name.
    pub fn get(&self, name: &str) -> Option<&Fact> {
        let place = *self.places.get(name)?;
        self.facts.get(place).map(|(_, fact)| fact)
    }

    /// All answers, in the order of asking.
    pub fn answers(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// What two observations say differently, in the order of `self`, then what only `other` has.
    pub fn differences(&self, other: &Observation) -> Vec<Difference> {
        let missing = || Fact::Text(NOT_OBSERVED.into());
        let changed = self.facts.iter().filter_map(|(name, mine)| {
            let theirs = other.get(name).cloned().unwrap_or_else(missing);
            (*mine != theirs).then(|| Difference {
                what: name.clone(),
                stock: mine.clone(),
                ours: theirs,
            })
        });
        let added = other
            .facts
            .iter()
            .filter(|(name, _)| self.get(name).is_none())
            .map(|(name, fact)| Difference {
                what: name.clone(),
                stock: missing(),
                ours: fact.clone(),
            });
        changed.chain(added).collect()
    }
}

/// What stands for the answer to a question that a side wasn't asked.
const NOT_OBSERVED: &str = "(not observed)";

/// One question that two sides answered differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The question.
    pub what: String,
    /// Stock's answer.
    pub stock: Fact,
    /// Our answer.
    pub ours: Fact,
}

impl Difference {
    /// Whether both sides answered.
    pub fn asked_of_both(&self) -> bool {
        let missing = Fact::Text(NOT_OBSERVED.into());
        self.stock != missing && self.ours != missing
    }
}

/// Bytes as printable ASCII: newlines stay, a backslash is doubled, the rest becomes `\xNN`.
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\n' => out.push('\n'),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out
}

/// Bytes on a single line.
pub fn escape_line(bytes: &[u8]) -> String {
    escape(bytes).replace('\n', "\\n")
}

/// A number that stands for some bytes (FNV-1a): enough to see that two long reads differ, in one
/// short fact.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(facts: &[(&str, i64)]) -> Observation {
        let mut observation = Observation::default();
        for &(name, number) in facts {
            observation.note(name, Fact::Number(number));
        }
        observation
    }

    #[test]
    fn equal_observations_have_no_differences() {
        let one = observed(&[("size", 0), ("mode", 0o444)]);
        assert!(one.differences(&one.clone()).is_empty());
    }

    #[test]
    fn a_changed_fact_is_named() {
        let found = observed(&[("size", 0), ("mode", 0o444)])
            .differences(&observed(&[("size", 1), ("mode", 0o444)]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].what, "size");
        assert_eq!(found[0].ours, Fact::Number(1));
    }

    #[test]
    fn a_fact_that_one_side_lacks_is_a_difference_on_either_side() {
        let (short, long) = (observed(&[("a", 1)]), observed(&[("a", 1), ("b", 2)]));
        assert_eq!(short.differences(&long).len(), 1);
        assert_eq!(long.differences(&short).len(), 1);
    }

    #[test]
    fn a_question_asked_twice_has_two_answers() {
        let twice = observed(&[("read", 1), ("read", 0)]);
        assert_eq!(twice.get("read (2)"), Some(&Fact::Number(0)));
        assert!(twice.differences(&twice.clone()).is_empty());
        assert_eq!(
            twice
                .differences(&observed(&[("read", 1), ("read", 5)]))
                .len(),
            1
        );
    }

    #[test]
    fn what_is_forgotten_is_not_compared() {
        let mut two = observed(&[("a nlink", 1), ("b", 2)]);
        two.forget("nlink");
        assert!(two.differences(&observed(&[("b", 2)])).is_empty());
        assert_eq!(two.get("b"), Some(&Fact::Number(2)));
    }

    #[test]
    fn words_are_compared_as_such_and_shown_otherwise() {
        let show = |words: &[u64]| format!("{} words", words.len());
        let fact = |words: &[u64]| {
            Fact::Words(Words {
                words: words.into(),
                show,
            })
        };
        assert_eq!(fact(&[1, 2]), fact(&[1, 2]));
        assert_ne!(fact(&[1, 2]), fact(&[1, 3]));
        assert_eq!(fact(&[1, 2]).display(), "2 words");
    }

    #[test]
    fn an_errno_is_not_the_number_it_has() {
        let number: Fact = Ok::<i64, Errno>(Errno::ENOENT as i64).into();
        let failure: Fact = Err::<i64, Errno>(Errno::ENOENT).into();
        assert_ne!(number, failure);
    }

    #[test]
    fn escaping_loses_nothing() {
        assert_eq!(escape(b"a b\n\\\x01\xff\t"), "a b\n\\\\\\x01\\xff\\t");
        assert_eq!(escape_line(b"a\nb"), "a\\nb");
    }

    #[test]
    fn the_digest_sees_order() {
        assert_ne!(digest(b"ab"), digest(b"ba"));
    }
}
