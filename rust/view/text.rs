// SPDX-License-Identifier: GPL-2.0

//! A fast writer of procfs text into a buffer that it does not own.
//!
//! It neither grows the buffer nor fails: what does not fit is dropped, and [`Text::overflowed`]
//! says so at the end. It knows the number formats of [`fs/seq_file.c`](srctree/fs/seq_file.c) and
//! the few of [`lib/vsprintf.c`](srctree/lib/vsprintf.c) that per-process files use, not format
//! strings.
//!
//! Numbers are made eight digits at a time in one machine word (SWAR, "SIMD within a register"),
//! and stored with a single write where the buffer has room for all eight. The digits that are too
//! many lie behind the end of the text, where the next write covers them.

use core::mem::{
    take,
    MaybeUninit, //
};

use crate::model::bitmap::Bitmap;

/// Digits in a word, one per byte.
const LANES: usize = 8;

/// The smallest number with more than eight decimal digits.
const TEN_TO_8: u64 = 100_000_000;

/// The smallest number with more than sixteen decimal digits.
const TEN_TO_16: u64 = TEN_TO_8 * TEN_TO_8;

/// A character `0` in each byte.
const ZEROS: u64 = u64::from_ne_bytes([b'0'; LANES]);

/// A space in each byte.
const SPACES: u64 = u64::from_ne_bytes([b' '; LANES]);

/// What makes a character `0` a space, in each byte.
const SPACE_FROM_ZERO: u64 = u64::from_ne_bytes([b'0' ^ b' '; LANES]);

/// Characters before the number in a line of [`Text::kb_line`].
pub const KB_LABEL: usize = 16;

/// What follows the number in a line of [`Text::kb_line`].
const KB_UNIT: [u8; 4] = *b" kB\n";

/// The length of a line of [`Text::kb_line`] whose number fits into its columns.
const KB_LINE: usize = KB_LABEL + LANES + KB_UNIT.len();

/// Text that is being written into a borrowed buffer.
///
/// # Invariants
///
/// The first [`Text::len`] bytes of the buffer given to [`Text::new`] are initialised: `rest` is a
/// tail of it, everything before `rest` has been written, and `capacity - rest.len()` bytes lie
/// before it.
///
/// # Examples
///
/// ```ignore
/// let mut buffer = [MaybeUninit::uninit(); 16];
/// let mut text = Text::new(&mut buffer);
/// text.str("Pid:\t");
/// text.dec_u64(42);
/// text.byte(b'\n');
/// assert_eq!(text.len(), 8);
/// assert!(!text.overflowed());
/// ```
#[derive(Debug)]
pub struct Text<'a> {
    /// What is left of the buffer.
    rest: &'a mut [MaybeUninit<u8>],
    /// Bytes before and in `rest`.
    capacity: usize,
    /// Whether something has been dropped.
    overflowed: bool,
}

impl<'a> Text<'a> {
    /// An empty text that will fill `buffer` from its start.
    #[inline]
    pub fn new(buffer: &'a mut [MaybeUninit<u8>]) -> Self {
        // INVARIANT: nothing lies before `rest`.
        Self {
            capacity: buffer.len(),
            rest: buffer,
            overflowed: false,
        }
    }

    /// Bytes written so far; after an overflow, the bytes before the one that did not fit.
    #[inline]
    pub fn len(&self) -> usize {
        self.capacity.wrapping_sub(self.rest.len())
    }

    /// Whether nothing has been written.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether something did not fit. If so, the text is worthless and everything written since was
    /// dropped.
    ///
    /// Text that fills the buffer to the last byte is not an overflow here. It is one to
    /// `seq_has_overflowed`, which looks at the count, so users that pass [`Text::len`] on to a
    /// seq_file get its rule without doing anything.
    #[inline]
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Where the next byte goes; after an overflow, nowhere in the buffer.
    #[inline]
    pub fn end(&self) -> *const MaybeUninit<u8> {
        self.rest.as_ptr()
    }

    /// Drops a write that does not fit and all later ones.
    #[cold]
    #[inline(never)]
    fn overflow(&mut self) {
        // INVARIANT: the length stays what it is, for both terms shrink by the size of `rest`. With
        // `rest` empty, no later write fits unless it is empty too.
        self.capacity = self.len();
        self.rest = &mut [];
        self.overflowed = true;
    }

    /// Makes `count` bytes that have just been written part of the text.
    #[inline]
    fn advance(&mut self, count: usize) {
        if let Some((_, rest)) = take(&mut self.rest).split_at_mut_checked(count) {
            // INVARIANT: the caller has written all of what is cut off.
            self.rest = rest;
        } else {
            // No caller asks for more than it has written; if one did, nothing would be promised.
            self.capacity = 0;
            self.overflowed = true;
        }
    }

    /// Writes bytes as they are.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        match self.rest.get_mut(..bytes.len()) {
            Some(window) => {
                for (to, from) in window.iter_mut().zip(bytes) {
                    to.write(*from);
                }
                self.advance(bytes.len());
            }
            None => self.overflow(),
        }
    }

    /// Writes a string.
    #[inline]
    pub fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes a few bytes whose number is known at compile time, with a single check.
    #[inline]
    pub fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.rest.first_chunk_mut::<N>() {
            Some(window) => {
                *window = bytes.map(MaybeUninit::new);
                self.advance(N);
            }
            None => self.overflow(),
        }
    }

    /// Writes one byte.
    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.array([byte]);
    }

    /// Writes `byte` `count` times.
    #[inline]
    pub fn fill(&mut self, count: usize, byte: u8) {
        match self.rest.get_mut(..count) {
            Some(window) => {
                window.fill(MaybeUninit::new(byte));
                self.advance(count);
            }
            None => self.overflow(),
        }
    }

    /// Writes `byte` until the text is `length` bytes long; nothing if it is longer already.
    #[inline]
    pub fn pad_to(&mut self, length: usize, byte: u8) {
        self.fill(length.saturating_sub(self.len()), byte);
    }

    /// Writes the first `count` of eight characters, the first of them in the lowest byte.
    #[inline]
    fn lanes(&mut self, chars: u64, count: usize) {
        let chars = chars.to_le_bytes();
        match self.rest.first_chunk_mut::<LANES>() {
            Some(window) => {
                *window = chars.map(MaybeUninit::new);
                self.advance(count);
            }
            None => self.last_lanes(chars, count),
        }
    }

    /// Writes the first `count` of eight characters near the end of the buffer.
    #[cold]
    fn last_lanes(&mut self, chars: [u8; LANES], count: usize) {
        self.bytes(chars.get(..count).unwrap_or(&chars));
    }

    /// Writes a number in decimal, as `seq_put_decimal_ull`.
    #[inline]
    pub fn dec_u64(&mut self, value: u64) {
        if value < 10 {
            self.byte(digit(value));
        } else {
            self.decimal(value);
        }
    }

    /// Writes a number in decimal, as `seq_put_decimal_ll`.
    #[inline]
    pub fn dec_i64(&mut self, value: i64) {
        if value < 0 {
            self.byte(b'-');
        }
        self.dec_u64(value.unsigned_abs());
    }

    /// Writes an `int` that C passes as `unsigned long long`: a negative one becomes huge.
    #[inline]
    pub fn dec_int(&mut self, value: i32) {
        // CAST: extends the sign, as C does.
        self.dec_u64(i64::from(value) as u64);
    }

    /// Writes a space and a number in decimal.
    #[inline]
    pub fn field_u64(&mut self, value: u64) {
        if value < 10 {
            self.array([b' ', digit(value)]);
        } else {
            self.byte(b' ');
            self.decimal(value);
        }
    }

    /// Writes a space and a number in decimal.
    #[inline]
    pub fn field_i64(&mut self, value: i64) {
        if value < 0 {
            self.array([b' ', b'-']);
            self.dec_u64(value.unsigned_abs());
        } else {
            self.field_u64(value.unsigned_abs());
        }
    }

    /// Writes a number in decimal, with spaces before it up to `width`, as
    /// `seq_put_decimal_ull_width`.
    #[inline]
    pub fn dec_width(&mut self, value: u64, width: usize) {
        if value < TEN_TO_8 && width <= LANES {
            self.decimal_width(value, width);
        } else {
            let digits = decimal_digits(value);
            self.fill(width.saturating_sub(digits), b' ');
            self.dec_u64(value);
        }
    }

    /// Writes a line of a label, a number in eight columns or more, and ` kB`.
    ///
    /// Files about memory consist of such lines: nearly all fit into a window of known size.
    #[inline]
    pub fn kb_line(&mut self, label: &[u8; KB_LABEL], value: u64) {
        if value < 10 {
            self.kb_columns(label, digit_column(value));
        } else if value < TEN_TO_8 {
            self.kb_columns(label, decimal_columns(value));
        } else {
            self.wide_kb_line(label, value);
        }
    }

    /// Writes a line of [`Text::kb_line`] with the columns of its number, the first in the lowest
    /// byte.
    #[inline]
    fn kb_columns(&mut self, label: &[u8; KB_LABEL], columns: u64) {
        let columns = columns.to_le_bytes();
        let mut store = || {
            let window = self.rest.first_chunk_mut::<KB_LINE>()?;
            let (to_label, rest) = window.split_first_chunk_mut()?;
            let (to_columns, rest) = rest.split_first_chunk_mut()?;
            let to_unit = rest.first_chunk_mut()?;
            *to_label = label.map(MaybeUninit::new);
            *to_columns = columns.map(MaybeUninit::new);
            *to_unit = KB_UNIT.map(MaybeUninit::new);
            Some(())
        };
        match store() {
            Some(()) => self.advance(KB_LINE),
            None => self.overflow(),
        }
    }

    /// Writes a line of [`Text::kb_line`] whose number takes more than eight columns.
    #[cold]
    #[inline(never)]
    fn wide_kb_line(&mut self, label: &[u8; KB_LABEL], value: u64) {
        self.array(*label);
        self.dec_u64(value);
        self.array(KB_UNIT);
    }

    /// Writes a number in lower-case hexadecimal, with zeros before it up to `min_width`, as
    /// `seq_put_hex_ll`.
    #[inline]
    pub fn hex(&mut self, value: u64, min_width: usize) {
        // CAST: at most 16.
        let digits = (u64::BITS - (value | 1).leading_zeros()).div_ceil(4) as usize;
        let mut count = digits.max(min_width);
        if count > 2 * LANES {
            self.fill(count - 2 * LANES, b'0');
            count = 2 * LANES;
        }
        // Moves the first digit to the top.
        // CAST: `count` is at most 16.
        let left = value.wrapping_shl(u64::BITS.wrapping_sub(4 * count as u32));
        // CAST: the upper half.
        let high = hex_lanes((left >> 32) as u32);
        if count <= LANES {
            self.lanes(high, count);
        } else {
            self.lanes(high, LANES);
            // CAST: the lower half.
            self.lanes(hex_lanes(left as u32), count - LANES);
        }
    }

    /// Writes a number in octal, with zeros before it up to `min_width`.
    #[inline]
    pub fn octal(&mut self, value: u64, min_width: usize) {
        // CAST: at most 22.
        let digits = (u64::BITS - (value | 1).leading_zeros()).div_ceil(3) as usize;
        self.fill(min_width.saturating_sub(digits), b'0');
        for place in (0..digits).rev() {
            self.byte(digit((value >> (3 * place)) & 7));
        }
    }

    /// Writes bytes with newline and backslash escaped as `\n` and `\\`, all others as they are.
    ///
    /// As `seq_escape_str` with `ESCAPE_SPACE | ESCAPE_SPECIAL` limited to these two.
    #[inline]
    pub fn escaped(&mut self, bytes: &[u8]) {
        // Most names have nothing to escape.
        if !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\\')) {
            return self.bytes(bytes);
        }
        for &byte in bytes {
            match byte {
                b'\n' => self.array(*b"\\n"),
                b'\\' => self.array(*b"\\\\"),
                _ => self.byte(byte),
            }
        }
    }

    /// Writes a bitmap in hexadecimal, highest bits first and a comma every 32, as `%*pb`.
    #[inline]
    pub fn bitmap_hex(&mut self, words: &[u64], bits: usize) {
        let mut first = true;
        for group in (Bitmap { words, bits }).groups() {
            if !first {
                self.byte(b',');
            }
            first = false;
            // CAST: at most 8.
            self.hex(u64::from(group.bits), group.digits as usize);
        }
    }

    /// Writes the set bits of a bitmap as numbers and ranges, lowest first, as `%*pbl`; nothing if
    /// none is set.
    #[inline]
    pub fn bitmap_list(&mut self, words: &[u64], bits: usize) {
        let mut first = true;
        for range in (Bitmap { words, bits }).ranges() {
            if !first {
                self.byte(b',');
            }
            first = false;
            // CAST: `usize` is 64 bits wide at most.
            self.dec_u64(range.first as u64);
            if range.last != range.first {
                self.byte(b'-');
                // CAST: as above.
                self.dec_u64(range.last as u64);
            }
        }
    }

    /// Writes a number of any size in decimal.
    fn decimal(&mut self, value: u64) {
        if value < TEN_TO_8 {
            self.decimal_start(value);
        } else {
            self.decimal_long(value);
        }
    }

    /// Writes a number of nine digits or more in decimal.
    // Apart from the shorter ones, so that those need no stack frame.
    #[inline(never)]
    fn decimal_long(&mut self, value: u64) {
        let upper = value / TEN_TO_8;
        if upper < TEN_TO_8 {
            self.decimal_start(upper);
        } else {
            self.decimal_start(value / TEN_TO_16);
            self.decimal_rest(upper % TEN_TO_8);
        }
        self.decimal_rest(value % TEN_TO_8);
    }

    /// Writes a number below 10^8 without leading zeros.
    #[inline]
    fn decimal_start(&mut self, value: u64) {
        let digits = decimal_lanes(value);
        let first = leading_zeros(digits);
        self.lanes((digits | ZEROS) >> (8 * first), LANES - first);
    }

    /// Writes a number below 10^8 with leading zeros.
    #[inline]
    fn decimal_rest(&mut self, value: u64) {
        self.lanes(decimal_lanes(value) | ZEROS, LANES);
    }

    /// Writes a number below 10^8 with leading spaces up to a width of eight at most.
    fn decimal_width(&mut self, value: u64, width: usize) {
        let digits = decimal_lanes(value);
        let first = leading_zeros(digits).min(LANES.saturating_sub(width));
        self.lanes(spaced(digits) >> (8 * first), LANES - first);
    }
}

/// The character of a number below ten.
#[inline]
const fn digit(value: u64) -> u8 {
    // CAST: the caller's number is below ten.
    b'0'.wrapping_add(value as u8)
}

/// How many decimal digits show `value`.
#[inline]
fn decimal_digits(value: u64) -> usize {
    // CAST: at most 19.
    (value | 1).ilog10() as usize + 1
}

/// The decimal digits of a number below 10^8 as eight small numbers, the first in the lowest byte.
///
/// Halves all lanes at once, three times: the quotients by 10^4, 10^2 and 10 stay where they are,
/// the remainders move up to the other half of the lane. The divisions by 100 and 10 are
/// multiplications that are exact for numbers of four and two digits, and whose products don't
/// leave their lanes.
#[inline]
fn decimal_lanes(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (twos.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

/// How many of eight digits, as [`decimal_lanes`] makes them, are leading zeros; the last digit
/// never counts as one.
#[inline]
fn leading_zeros(digits: u64) -> usize {
    // CAST: at most 64.
    (digits.trailing_zeros() as usize / 8).min(LANES - 1)
}

/// Eight digits as characters, with spaces for the leading zeros.
#[inline]
fn spaced(digits: u64) -> u64 {
    let blank = (1u64 << (8 * leading_zeros(digits))).wrapping_sub(1);
    (digits | ZEROS) ^ (blank & SPACE_FROM_ZERO)
}

/// A number below ten in eight columns, the first in the lowest byte.
#[inline]
fn digit_column(value: u64) -> u64 {
    // What makes the last space a digit: no bit of a digit is in a space.
    SPACES | ((value | u64::from(b'0' ^ b' ')) << (8 * (LANES - 1)))
}

/// A number below 10^8 in eight columns, the first in the lowest byte.
// Not inlined, as a file has dozens of such numbers.
#[inline(never)]
fn decimal_columns(value: u64) -> u64 {
    spaced(decimal_lanes(value))
}

/// The hexadecimal digits of `value` as eight characters, the first in the lowest byte.
///
/// Spreads the digits to one per byte, halving the lanes three times, and turns them into
/// characters by adding `0`, and what lies between `9` and `a` to those above nine.
#[inline]
fn hex_lanes(value: u32) -> u64 {
    let fours = u64::from(value);
    let fours = ((fours & 0xffff_0000) << 16) | (fours & 0xffff);
    let twos = ((fours & 0x0000_ff00_0000_ff00) << 8) | (fours & 0x0000_00ff_0000_00ff);
    let ones = ((twos & 0x00f0_00f0_00f0_00f0) << 4) | (twos & 0x000f_000f_000f_000f);
    let letters = (ones.wrapping_add(0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    let chars = ones
        .wrapping_add(ZEROS)
        .wrapping_add(letters.wrapping_mul(u64::from(b'a' - b'9' - 1)));
    chars.swap_bytes()
}

/// Checks text for the unit tests of the views.
#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
pub(crate) mod testing {
    use super::Text;
    use crate::testing::{
        rendered,
        same, //
    };
    use core::fmt::{
        self,
        Debug, //
    };

    /// Bytes that are shown as text.
    #[derive(PartialEq)]
    struct Shown<'a>(&'a [u8]);

    impl Debug for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "\"{}\"", self.0.escape_ascii())
        }
    }

    /// Checks that `render` gives `expected` where that fits, and an overflow everywhere else.
    #[track_caller]
    pub(crate) fn check(expected: &[u8], render: impl Fn(&mut Text<'_>)) {
        let (bytes, overflowed) = rendered(expected.len() + 64, &render);
        same_lines(&bytes, expected);
        same(overflowed, false, "more room than needed");
        for capacity in 0..=expected.len() {
            let (bytes, overflowed) = rendered(capacity, &render);
            let written = match overflowed {
                true => expected.get(..bytes.len()).unwrap_or(expected),
                false => expected,
            };
            same(overflowed, capacity < expected.len(), ("room", capacity));
            same(Shown(&bytes), Shown(written), ("room", capacity));
        }
    }

    /// Checks that two texts are equal, one line after the other: logs cut what is long.
    #[track_caller]
    fn same_lines(actual: &[u8], expected: &[u8]) {
        let missing = core::iter::repeat(&b""[..]);
        let pairs = lines(actual).chain(missing).zip(lines(expected));
        for (index, (actual, expected)) in pairs.enumerate() {
            same(Shown(actual), Shown(expected), ("line", index));
        }
        same(actual.len(), expected.len(), "length");
    }

    /// The lines of `text`, each with its end.
    fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
        text.split_inclusive(|&byte| byte == b'\n')
    }
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_text)
)]
mod tests {
    use super::{
        testing::check,
        *, //
    };
    use crate::testing::{
        collected,
        rendered,
        text,
        STRIDE, //
    };

    /// A large bitmap, whose bits are set.
    static ONES: [u64; 128] = [u64::MAX; 128];

    /// Numbers around every change of length in the bases that numbers are written in; in the
    /// kernel, some of them.
    fn boundaries() -> impl Iterator<Item = u64> {
        let around_powers = [2u64, 10].into_iter().flat_map(|base| {
            core::iter::successors(Some(1), move |power: &u64| power.checked_mul(base))
                .flat_map(|power| [power - 1, power, power + 1, power.wrapping_mul(7)])
        });
        let numbers = [u64::MAX, u64::MAX - 1].into_iter().chain(around_powers);
        numbers.step_by(STRIDE)
    }

    #[test]
    fn literals_are_written_as_they_are() {
        check(b"", |out| out.str(""));
        check(b"a", |out| out.byte(b'a'));
        check(b"a\0\xff\n", |out| out.bytes(b"a\0\xff\n"));
        check(b"Name:\tcat\n", |out| {
            out.str("Name:\t");
            out.array(*b"cat");
            out.byte(b'\n');
        });
        check(b"", |out| out.array([]));
    }

    #[test]
    fn decimal_boundaries_are_exact() {
        for (number, expected) in [
            (0, "0"),
            (9, "9"),
            (10, "10"),
            (99, "99"),
            (100, "100"),
            (12_345_678, "12345678"),
            (99_999_999, "99999999"),
            (100_000_000, "100000000"),
            (9_999_999_999_999_999, "9999999999999999"),
            (10_000_000_000_000_000, "10000000000000000"),
            (10_000_000_100_000_000, "10000000100000000"),
            (u64::MAX, "18446744073709551615"),
        ] {
            check(expected.as_bytes(), |out| out.dec_u64(number));
            check(&text!(" {expected}"), |out| out.field_u64(number));
        }
        for number in boundaries() {
            check(&text!("{number}"), |out| out.dec_u64(number));
            check(&text!(" {number}"), |out| out.field_u64(number));
        }
    }

    #[test]
    fn decimal_lanes_hold_every_digit() {
        for half in (0..10_000).step_by(STRIDE) {
            let value = half * 10_001;
            let lanes = (decimal_lanes(value) | ZEROS).to_le_bytes();
            assert_eq!(text!("{half:04}{half:04}"), lanes);
        }
        for value in (0..TEN_TO_8).step_by(9973 * STRIDE) {
            let lanes = (decimal_lanes(value) | ZEROS).to_le_bytes();
            assert_eq!(text!("{value:08}"), lanes);
        }
    }

    #[test]
    fn signed_boundaries_are_exact() {
        for (number, expected) in [
            (0, "0"),
            (-1, "-1"),
            (9, "9"),
            (-9, "-9"),
            (-10, "-10"),
            (i64::MAX, "9223372036854775807"),
            (i64::MIN, "-9223372036854775808"),
        ] {
            check(expected.as_bytes(), |out| out.dec_i64(number));
            check(&text!(" {expected}"), |out| out.field_i64(number));
        }
        for number in boundaries() {
            // CAST: the same bits.
            let number = number as i64;
            check(&text!("{number}"), |out| out.dec_i64(number));
            check(&text!(" {number}"), |out| out.field_i64(number));
        }
        check(b"2147483647", |out| out.dec_int(i32::MAX));
        check(b"18446744073709551615", |out| out.dec_int(-1));
        check(b"18446744071562067968", |out| out.dec_int(i32::MIN));
    }

    #[test]
    fn decimal_width_pads_with_spaces() {
        for (number, width, expected) in [
            (0, 0, "0"),
            (0, 1, "0"),
            (0, 2, " 0"),
            (0, 8, "       0"),
            (7, 9, "        7"),
            (1234, 3, "1234"),
            (1234, 4, "1234"),
            (1234, 8, "    1234"),
            (99_999_999, 8, "99999999"),
            (100_000_000, 8, "100000000"),
            (100_000_000, 12, "   100000000"),
            (u64::MAX, 8, "18446744073709551615"),
            (u64::MAX, 22, "  18446744073709551615"),
        ] {
            check(expected.as_bytes(), |out| out.dec_width(number, width));
        }
        for number in boundaries() {
            for width in 0..24 {
                check(&text!("{number:width$}"), |out| {
                    out.dec_width(number, width);
                });
            }
        }
    }

    #[test]
    fn kilobytes_fill_eight_columns() {
        for (number, expected) in [
            (0, "Shared_Hugetlb:        0 kB\n"),
            (9, "Shared_Hugetlb:        9 kB\n"),
            (10, "Shared_Hugetlb:       10 kB\n"),
            (9_999_999, "Shared_Hugetlb:  9999999 kB\n"),
            (99_999_999, "Shared_Hugetlb: 99999999 kB\n"),
            (100_000_000, "Shared_Hugetlb: 100000000 kB\n"),
            (u64::MAX, "Shared_Hugetlb: 18446744073709551615 kB\n"),
        ] {
            check(expected.as_bytes(), |out| {
                out.kb_line(b"Shared_Hugetlb: ", number);
            });
        }
        for number in boundaries() {
            check(&text!("Rss:            {number:8} kB\nx"), |out| {
                out.kb_line(b"Rss:            ", number);
                out.byte(b'x');
            });
        }
    }

    #[test]
    fn hexadecimal_pads_with_zeros() {
        for (number, width, expected) in [
            (0, 0, "0"),
            (0, 1, "0"),
            (0, 2, "00"),
            (0x9a, 1, "9a"),
            (0xfe, 2, "fe"),
            (0x0123_4567, 8, "01234567"),
            (0x89ab_cdef, 8, "89abcdef"),
            (0x7fff_ffff_f000, 8, "7ffffffff000"),
            (u64::MAX, 16, "ffffffffffffffff"),
            (1, 16, "0000000000000001"),
            (1, 18, "000000000000000001"),
        ] {
            check(expected.as_bytes(), |out| out.hex(number, width));
        }
        for number in boundaries() {
            for width in 0..20 {
                check(&text!("{number:0width$x}"), |out| out.hex(number, width));
            }
        }
    }

    #[test]
    fn octal_pads_with_zeros() {
        check(b"000", |out| out.octal(0, 3));
        check(b"022", |out| out.octal(0o22, 3));
        check(b"7777", |out| out.octal(0o7777, 3));
        for number in boundaries() {
            for width in 0..25 {
                check(&text!("{number:0width$o}"), |out| out.octal(number, width));
            }
        }
    }

    #[test]
    fn padding_stops_at_the_length() {
        check(b"ab...", |out| {
            out.str("ab");
            out.pad_to(5, b'.');
        });
        check(b"ab", |out| {
            out.str("ab");
            out.pad_to(2, b'.');
            out.pad_to(0, b'.');
            out.fill(0, b'.');
        });
    }

    #[test]
    fn only_newline_and_backslash_are_escaped() {
        for byte in 0..=u8::MAX {
            let plain = [byte];
            let expected: &[u8] = match byte {
                b'\n' => b"\\n",
                b'\\' => b"\\\\",
                _ => &plain,
            };
            check(expected, |out| out.escaped(&[byte]));
        }
        check(b"", |out| out.escaped(b""));
        check(b"\\n\\\\", |out| out.escaped(b"\n\\"));
        check(b"a b\\nc\"\t\x1b\xc3\\\\n", |out| {
            out.escaped(b"a b\nc\"\t\x1b\xc3\\n")
        });
    }

    #[test]
    fn hexadecimal_bitmaps_have_their_size() {
        for (bits, expected) in [
            (0, ""),
            (1, "1"),
            (2, "3"),
            (31, "7fffffff"),
            (32, "ffffffff"),
            (33, "1,ffffffff"),
            (36, "f,ffffffff"),
            (37, "1f,ffffffff"),
            (64, "ffffffff,ffffffff"),
            (65, "1,ffffffff,ffffffff"),
            (128, "ffffffff,ffffffff,ffffffff,ffffffff"),
        ] {
            check(expected.as_bytes(), |out| out.bitmap_hex(&ONES, bits));
        }
        check(b"00,12345678", |out| {
            out.bitmap_hex(&[0xffff_ff00_1234_5678], 40)
        });
    }

    #[test]
    fn hexadecimal_bitmaps_can_be_long() {
        for (words, group) in [(&ONES[..], b",ffffffff"), (&[], b",00000000")] {
            let expected = collected((0..1024 / 32).flat_map(|_| *group).skip(1));
            check(&expected, |out| out.bitmap_hex(words, 1024));
        }
        let expected = collected((0..8192 / 32).flat_map(|_| *b",ffffffff").skip(1));
        let (bytes, overflowed) = rendered(expected.len(), |out| out.bitmap_hex(&ONES, 8192));
        assert_eq!(bytes, expected);
        assert!(!overflowed);
    }

    #[test]
    fn bitmap_lists_join_neighbours() {
        for (words, bits, expected) in [
            (&[][..], 0, ""),
            (&[0], 64, ""),
            (&[1], 1, "0"),
            (&[2], 2, "1"),
            (&[3], 2, "0-1"),
            (&[u64::MAX], 31, "0-30"),
            (&[u64::MAX], 32, "0-31"),
            (&[u64::MAX], 33, "0-32"),
            (&[u64::MAX], 64, "0-63"),
            (&[u64::MAX, u64::MAX], 65, "0-64"),
            (&[1 << 63, 1], 128, "63-64"),
            (&[1 << 63, 2], 128, "63,65"),
            (&[0b1101_0111, 1 << 63], 128, "0-2,4,6-7,127"),
            (&[0; 15], 1024, ""),
            (&ONES, 8192, "0-8191"),
        ] {
            check(expected.as_bytes(), |out| out.bitmap_list(words, bits));
        }
    }

    #[test]
    fn bitmap_lists_can_be_long() {
        let even = [0x5555_5555_5555_5555; 8];
        let numbers = (0..512).step_by(2).flat_map(|bit| text!(",{bit}"));
        let expected = collected(numbers.skip(1));
        check(&expected, |out| out.bitmap_list(&even, 512));
    }

    #[test]
    fn nothing_follows_an_overflow() {
        let render = |out: &mut Text<'_>| {
            out.str("abc");
            out.str("defg");
            out.byte(b'h');
            out.dec_u64(1);
            out.fill(0, b'i');
            out.str("");
        };
        for (capacity, written, cut) in [
            (3, "abc", true),
            (4, "abc", true),
            (6, "abc", true),
            (7, "abcdefg", true),
            (8, "abcdefgh", true),
            (9, "abcdefgh1", false),
        ] {
            let (bytes, overflowed) = rendered(capacity, render);
            assert_eq!(bytes, written.as_bytes());
            assert_eq!(overflowed, cut);
        }
    }
}
