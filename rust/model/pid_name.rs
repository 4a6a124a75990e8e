// SPDX-License-Identifier: GPL-2.0

//! Pids as names in a directory.
//!
//! C counterpart: `name_to_int()` in [`fs/proc/util.c`](srctree/fs/proc/util.c).

/// Digits of the largest number.
const DIGITS: usize = 10;

/// A number written as a name.
///
/// # Invariants
///
/// `start` is at most [`DIGITS`], and the digits from there on are written.
#[derive(Clone, Copy, Debug)]
pub struct PidName {
    digits: [u8; DIGITS],
    start: usize,
}

impl PidName {
    /// Writes `number`.
    pub fn new(number: u32) -> Self {
        let mut digits = [b'0'; DIGITS];
        let mut start = DIGITS;
        let mut rest = number;

        // INVARIANT: each round writes one more digit in front; the last writes the first.
        for digit in digits.iter_mut().rev() {
            // CAST: a digit.
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            start = start.saturating_sub(1);
            if rest == 0 {
                break;
            }
        }
        Self { digits, start }
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.start..).unwrap_or_default()
    }
}

/// Reads a name as stock does: digits only, no leading zero, and below `u32::MAX - 9`.
pub fn parse(name: &[u8]) -> Option<u32> {
    const LIMIT: u32 = (u32::MAX - 9) / 10;

    if name.len() > 1 && name.first() == Some(&b'0') {
        return None;
    }
    name.iter().try_fold(0u32, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        if number >= LIMIT {
            return None;
        }
        Some(number * 10 + u32::from(digit))
    })
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_pid_name)
)]
mod tests {
    use super::*;
    use crate::testing::{
        same,
        text, //
    };

    #[test]
    fn numbers_are_written_and_read_back() {
        for number in [0, 1, 9, 10, 99, 100, 32768, 4_194_303, 4_294_967_281] {
            let name = PidName::new(number);
            assert_eq!(text!("{number}"), name.as_bytes());
        }
        for number in [0, 1, 10, 4_194_303, 429_496_728] {
            assert_eq!(parse(PidName::new(number).as_bytes()), Some(number));
        }
        assert_eq!(PidName::new(u32::MAX).as_bytes(), b"4294967295");
    }

    #[test]
    fn the_largest_number_is_a_digit_below_the_limit() {
        assert_eq!(parse(b"4294967279"), Some(4_294_967_279));
        assert_eq!(parse(b"4294967280"), None);
    }

    #[test]
    fn only_digits_are_read() {
        for byte in 0..=u8::MAX {
            let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
            same(parse(&[byte]), digit, byte);
            same(parse(&[b'1', byte]), digit.map(|digit| 10 + digit), byte);
        }
    }

    #[test]
    fn names_that_stock_refuses_are_refused() {
        for name in [
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1a",
            "a",
            "4294967295",
            "4294967296",
            "99999999999999999999",
            "1/",
        ] {
            same(parse(name.as_bytes()), None, name);
        }
    }
}
