// SPDX-License-Identifier: GPL-2.0

//! Stock, ours, stock again: the only way in which two sides are judged.
//!
//! No field is masked. What moves between two stock readings is tried again and, if it keeps
//! moving, is called unstable.

use std::thread::sleep;
use std::time::Duration;

use crate::fact::{Difference, Fact, Observation};

/// What came of comparing one probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// Both stock readings and ours are the same.
    Equal,
    /// Stock stands still and ours says something else, every time.
    Differs(Vec<Difference>),
    /// Stock itself moved, or the difference did not show again.
    Unstable(Vec<Difference>),
}

/// How long a moving value is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Rounds of stock, ours, stock.
    pub rounds: u32,
    /// Pause before the second round; it doubles with each further one.
    pub pause: Duration,
}

impl Patience {
    /// For a target of our own, which was brought to rest.
    pub const AT_REST: Patience = Patience {
        rounds: 7,
        pause: Duration::from_millis(5),
    };
    /// For any live process.
    pub const LIVE: Patience = Patience {
        rounds: 6,
        pause: Duration::from_millis(2),
    };
}

/// A difference counts once it has been seen so often.
const CONFIRMED: u32 = 3;

/// Observes in turn until a verdict stands or `patience` is over.
///
/// A difference must show in three rounds (one can lie: a value may move and move back, as the state
/// of a kernel thread does). One that does not show again makes the probe unstable, never equal.
pub fn settle(
    patience: Patience,
    mut stock: impl FnMut() -> Observation,
    mut ours: impl FnMut() -> Observation,
) -> Judgement {
    let mut doubt = Vec::new();
    let mut seen = 0;
    let mut pause = patience.pause;
    for round in 0..patience.rounds {
        if round > 0 {
            sleep(pause);
            pause *= 2;
        }
        match judge(&stock(), &ours(), &stock()) {
            Judgement::Equal if seen == 0 => return Judgement::Equal,
            Judgement::Equal => return Judgement::Unstable(doubt),
            Judgement::Differs(found) => {
                seen += 1;
                if seen == CONFIRMED {
                    return Judgement::Differs(found);
                }
                doubt = found;
            }
            Judgement::Unstable(found) => {
                if seen == 0 {
                    doubt = found;
                }
            }
        }
    }
    Judgement::Unstable(doubt)
}

/// One round.
///
/// Where stock moved, what stood still in it must still be the same in ours: each fact by itself,
/// and within bytes each line (each word, if there is one line).
pub fn judge(before: &Observation, ours: &Observation, after: &Observation) -> Judgement {
    let moved = before.differences(after);
    let mut found = before.differences(ours);
    if moved.is_empty() && found.is_empty() {
        return Judgement::Equal;
    }
    found.retain(|difference| {
        after
            .get(&difference.what)
            .is_some_and(|after| contradicts(&difference.stock, &difference.ours, after))
    });
    if found.is_empty() {
        Judgement::Unstable(moved)
    } else {
        Judgement::Differs(found)
    }
}

/// Whether `ours` is otherwise where `before` and `after` agree.
fn contradicts(before: &Fact, ours: &Fact, after: &Fact) -> bool {
    match (before, ours, after) {
        _ if before == after => before != ours,
        (Fact::Bytes(before), Fact::Bytes(ours), Fact::Bytes(after)) => {
            contradict(&pieces(before), &pieces(ours), &pieces(after))
        }
        (Fact::Words(before), Fact::Words(ours), Fact::Words(after)) => {
            contradict(&before.words, &ours.words, &after.words)
        }
        _ => false,
    }
}

/// Whether of as many pieces, one that stood still is otherwise in `ours`.
fn contradict<T: PartialEq>(before: &[T], ours: &[T], after: &[T]) -> bool {
    before.len() == after.len()
        && before.len() == ours.len()
        && (0..before.len()).any(|i| before[i] == after[i] && before[i] != ours[i])
}

fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let lines: Vec<_> = bytes.split(|&b| b == b'\n').collect();
    if lines.len() > 2 {
        lines
    } else {
        bytes.split(|&b| b == b' ').collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Patience = Patience {
        rounds: 4,
        pause: Duration::ZERO,
    };

    fn bytes(content: &str) -> Observation {
        let mut observation = Observation::default();
        observation.note("content", Fact::Bytes(content.into()));
        observation
    }

    /// Gives the texts in turn, and the last one for ever.
    fn sequence(texts: &'static [&'static str]) -> impl FnMut() -> Observation {
        let mut turn = 0;
        move || {
            let text = texts[turn.min(texts.len() - 1)];
            turn += 1;
            bytes(text)
        }
    }

    #[test]
    fn the_same_is_equal() {
        let judgement = settle(QUICK, sequence(&["a"]), sequence(&["a"]));
        assert_eq!(judgement, Judgement::Equal);
    }

    #[test]
    fn one_byte_is_a_difference() {
        let judgement = settle(QUICK, sequence(&["ab"]), sequence(&["aB"]));
        assert!(matches!(judgement, Judgement::Differs(_)));
    }

    #[test]
    fn what_settles_is_equal_in_the_end() {
        let stock = sequence(&["1", "2", "3", "3"]);
        assert_eq!(
            settle(QUICK, stock, sequence(&["2", "3"])),
            Judgement::Equal
        );
    }

    #[test]
    fn what_keeps_moving_is_unstable_even_if_ours_hits_it() {
        let stock = sequence(&["1", "2", "3", "4", "5", "6", "7", "8"]);
        let judgement = settle(QUICK, stock, sequence(&["1", "3", "5", "7"]));
        assert!(matches!(judgement, Judgement::Unstable(_)));
    }

    #[test]
    fn a_difference_seen_twice_is_unstable() {
        let judgement = settle(QUICK, sequence(&["a"]), sequence(&["b", "b", "a"]));
        assert!(matches!(judgement, Judgement::Unstable(_)));
    }

    #[test]
    fn a_difference_seen_thrice_is_one() {
        let judgement = settle(QUICK, sequence(&["a"]), sequence(&["b", "b", "b", "a"]));
        assert!(matches!(judgement, Judgement::Differs(_)));
    }

    #[test]
    fn a_still_word_that_differs_beside_a_moving_one_is_a_difference() {
        let stock = sequence(&["x 1", "x 2", "x 3", "x 4"]);
        let judgement = settle(QUICK, stock, sequence(&["y 1", "y 3"]));
        assert!(matches!(judgement, Judgement::Differs(_)));
    }

    #[test]
    fn a_lost_process_on_one_side_is_a_difference() {
        let mut gone = Observation::default();
        gone.note("content", Fact::Failed(nix::errno::Errno::ESRCH));
        let judgement = settle(QUICK, sequence(&["a"]), move || gone.clone());
        assert!(matches!(judgement, Judgement::Differs(_)));
    }
}
