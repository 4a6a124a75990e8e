// SPDX-License-Identifier: GPL-2.0

//! A short text that is written without looking for room each time.
//!
//! A [`Line`] lies in a [`Room`] of known size, and where it ends is a `u8`. So the compiler can tell
//! that what is stored there lies in the room, and there is nothing to check when the code runs.
//!
//! Numbers are made of several digits at a time: decimal ones of four or eight in one machine word
//! (SWAR, "SIMD within a register"), hexadecimal ones of two from a table. They are stored in pieces
//! of fixed size. What is too many lies behind the end of the line, where the next write covers it.

use core::mem::MaybeUninit;

/// The most bytes of a line.
pub const LENGTH: usize = u8::MAX as usize;

/// The most bytes of a single write.
const WRITE: usize = 64;

/// Bytes that a line needs, however short it is in the end.
pub const ROOM: usize = LENGTH + WRITE;

/// What a line is written into.
pub type Room = [MaybeUninit<u8>; ROOM];

/// The smallest number with more than four decimal digits.
const TEN_TO_4: u64 = 10_000;

/// The smallest number with more than eight decimal digits.
const TEN_TO_8: u64 = TEN_TO_4 * TEN_TO_4;

/// Digits in a word, one per byte.
const LANES: usize = 8;

/// Hexadecimal digits in a word.
const HEX_DIGITS: usize = 16;

/// A character `0` in each byte.
const ZEROS: u64 = u64::from_ne_bytes([b'0'; LANES]);

/// A space in each byte.
const SPACES: u64 = u64::from_ne_bytes([b' '; LANES]);

/// What makes a character `0` a space, in each byte.
const SPACE_FROM_ZERO: u64 = ZEROS ^ SPACES;

/// What follows a size.
const KB_UNIT: [u8; 4] = *b" kB\n";

/// The most bytes of a line of [`Line::kb_line`] whose number fits into its columns.
const KB_LINE: usize = 40;

/// Entries in the table of two decimal digits: a power of two, so that no index can be too large.
const DECIMAL_PAIRS: usize = 128;

/// The two decimal digits of each number below 100.
static DECIMAL: [[u8; 2]; DECIMAL_PAIRS] = decimal_pairs();

/// The two hexadecimal digits of each byte.
static HEX: [[u8; 2]; 256] = hex_pairs();

/// A text of [`LENGTH`] bytes at most. Whoever writes more gets nonsense.
///
/// # Invariants
///
/// The first `end` bytes of `room` are initialised.
#[derive(Debug)]
pub struct Line<'a> {
    room: &'a mut Room,
    end: u8,
}

impl<'a> Line<'a> {
    /// An empty line.
    #[inline(always)]
    pub(super) fn new(room: &'a mut Room) -> Self {
        // INVARIANT: nothing need be initialised.
        Self { room, end: 0 }
    }

    /// Bytes written so far.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        usize::from(self.end)
    }

    /// The `N` bytes behind the end. There are always as many.
    #[inline(always)]
    fn place<const N: usize>(&mut self) -> Option<&mut [MaybeUninit<u8>; N]> {
        const { assert!(N <= WRITE) };
        self.room
            .get_mut(usize::from(self.end)..)?
            .first_chunk_mut()
    }

    /// Stores bytes behind the end.
    #[inline(always)]
    fn store<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(place) = self.place() {
            *place = bytes.map(MaybeUninit::new);
        }
    }

    /// Makes `count` bytes that have just been stored part of the line.
    #[inline(always)]
    fn advance(&mut self, count: usize) {
        debug_assert!(self.len() + count <= LENGTH);
        // INVARIANT: the caller has stored them; were there too many, all bytes below the end would
        // have been initialised before it wrapped.
        // CAST: at most `WRITE`.
        self.end = self.end.wrapping_add(count as u8);
    }

    /// Writes bytes whose number is known at compile time.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.store(bytes);
        self.advance(N);
    }

    /// Writes one byte.
    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        self.array([byte]);
    }

    /// Writes a string of [`WRITE`] bytes at most; nothing of a longer one.
    #[inline(always)]
    pub fn str(&mut self, text: &str) {
        let place = self.place::<WRITE>();
        let Some(place) = place.and_then(|place| place.get_mut(..text.len())) else {
            return;
        };
        for (to, from) in place.iter_mut().zip(text.as_bytes()) {
            to.write(*from);
        }
        self.advance(text.len());
    }

    /// Writes spaces until the line is `length` bytes long, for which it may lack `N` bytes at most;
    /// nothing if it is longer already.
    #[inline(always)]
    pub fn pad_to<const N: usize>(&mut self, length: usize) {
        self.store([b' '; N]);
        self.advance(length.saturating_sub(self.len()).min(N));
    }

    /// Writes a number of two to four digits in decimal.
    #[inline(always)]
    fn decimal_4(&mut self, value: u64) {
        let (upper, lower) = hundreds(value);
        if value < 100 {
            self.array(decimal_pair(value));
        } else {
            if value < 1_000 {
                self.array([digit(upper)]);
            } else {
                self.array(decimal_pair(upper));
            }
            self.array(decimal_pair(lower));
        }
    }

    /// Writes the four decimal digits of a number below 10^4.
    #[inline(always)]
    fn four_digits(&mut self, value: u64) {
        let (upper, lower) = hundreds(value);
        self.array(decimal_pair(upper));
        self.array(decimal_pair(lower));
    }

    /// Writes a number in decimal, as `seq_put_decimal_ull`.
    #[inline(always)]
    pub fn dec_u64(&mut self, value: u64) {
        if value < 10 {
            self.array([digit(value)]);
        } else {
            self.end = decimal(self.room, self.end, value);
        }
    }

    /// Writes a number in decimal, as `seq_put_decimal_ll`.
    #[inline(always)]
    pub fn dec_i64(&mut self, value: i64) {
        if value < 0 {
            self.byte(b'-');
        }
        self.dec_u64(value.unsigned_abs());
    }

    /// Writes an `int` that C passes as `unsigned long long`: a negative one becomes huge.
    #[inline(always)]
    pub fn dec_int(&mut self, value: i32) {
        // CAST: extends the sign, as C does.
        self.dec_u64(i64::from(value) as u64);
    }

    /// Writes a space and a number in decimal.
    #[inline(always)]
    pub fn field_u64(&mut self, value: u64) {
        if value < 10 {
            self.array([b' ', digit(value)]);
        } else {
            self.byte(b' ');
            self.end = decimal(self.room, self.end, value);
        }
    }

    /// Writes a space and a number in decimal.
    #[inline(always)]
    pub fn field_i64(&mut self, value: i64) {
        if value < 0 {
            self.byte(b' ');
            self.dec_i64(value);
        } else {
            self.field_u64(value.unsigned_abs());
        }
    }

    /// Writes a number in eight columns or more.
    #[inline]
    pub fn dec_columns(&mut self, value: u64) {
        if value < TEN_TO_8 {
            self.array(decimal_columns(value).to_le_bytes());
        } else {
            self.dec_u64(value);
        }
    }

    /// Writes a line of a label, a number in eight columns or more, and ` kB`.
    #[inline(always)]
    pub fn kb_line<const N: usize>(&mut self, label: &[u8; N], value: u64) {
        const { assert!(N + LANES + KB_UNIT.len() <= KB_LINE) };
        if value == 0 {
            // Most sizes are: all bytes are known at compile time.
            self.kb_columns(label, digit_column(0));
        } else if value < 10 {
            self.kb_columns(label, digit_column(value));
        } else if value < TEN_TO_8 {
            self.kb_columns(label, decimal_columns(value));
        } else {
            self.array(*label);
            self.dec_u64(value);
            self.array(KB_UNIT);
        }
    }

    /// Writes a line of [`Line::kb_line`] with the columns of its number, the first in the lowest
    /// byte.
    #[inline(always)]
    fn kb_columns<const N: usize>(&mut self, label: &[u8; N], columns: u64) {
        let mut store = || {
            let (to_label, rest) = self.place::<KB_LINE>()?.split_first_chunk_mut()?;
            let (to_columns, rest) = rest.split_first_chunk_mut()?;
            *to_label = label.map(MaybeUninit::new);
            *to_columns = columns.to_le_bytes().map(MaybeUninit::new);
            *rest.first_chunk_mut()? = KB_UNIT.map(MaybeUninit::new);
            Some(())
        };
        if store().is_some() {
            self.advance(N + LANES + KB_UNIT.len());
        }
    }

    /// Stores the first `N` hexadecimal digits of `left`, an even number.
    #[inline(always)]
    fn store_hex<const N: usize>(&mut self, left: u64) {
        let Some(place) = self.place::<N>() else {
            return;
        };
        let mut place = &mut place[..];
        for byte in left.to_be_bytes() {
            let Some((to, rest)) = place.split_first_chunk_mut() else {
                return;
            };
            *to = hex_pair(byte).map(MaybeUninit::new);
            place = rest;
        }
    }

    /// Writes an address, as `seq_put_hex_ll` with eight digits at least.
    ///
    /// Those of programs have nine to twelve.
    #[inline(always)]
    pub fn address(&mut self, value: u64) {
        if (value >> 32).wrapping_sub(1) < (1 << 16) - 1 {
            // CAST: at most 7.
            let zeros = ((value | 1).leading_zeros() / 4) as usize;
            self.store_hex::<12>(value << (4 * zeros));
            self.advance(HEX_DIGITS - zeros);
        } else {
            self.hex(value, 8);
        }
    }

    /// Writes an offset, as `seq_put_hex_ll` with eight digits at least, which are enough for most.
    #[inline(always)]
    pub fn offset(&mut self, value: u64) {
        if value >> 32 == 0 {
            self.store_hex::<8>(value << 32);
            self.advance(8);
        } else {
            self.hex(value, 8);
        }
    }

    /// Writes a number in lower-case hexadecimal, with a zero before it if it is a single digit, as
    /// `seq_put_hex_ll` with two digits at least.
    #[inline(always)]
    pub fn hex_byte(&mut self, value: u32) {
        match u8::try_from(value) {
            Ok(byte) => self.array(hex_pair(byte)),
            Err(_) => self.hex(u64::from(value), 0),
        }
    }

    /// Writes a number in lower-case hexadecimal, with zeros before it up to `min_width`, sixteen at
    /// most, as `seq_put_hex_ll`.
    #[inline(always)]
    pub fn hex(&mut self, value: u64, min_width: usize) {
        self.end = hexadecimal(self.room, self.end, value, min_width);
    }

    /// Writes a number in octal, with zeros before it up to `min_width`.
    #[inline]
    pub fn octal(&mut self, value: u64, min_width: usize) {
        // CAST: at most 22.
        let digits = (u64::BITS - (value | 1).leading_zeros()).div_ceil(3) as usize;
        for _ in digits..min_width {
            self.byte(b'0');
        }
        for place in (0..digits).rev() {
            self.byte(digit((value >> (3 * place)) & 7));
        }
    }

    /// Writes all sixteen hexadecimal digits of a number.
    #[inline(always)]
    pub fn hex_word(&mut self, value: u64) {
        if value == 0 {
            self.store([b'0'; HEX_DIGITS]);
        } else {
            self.store_hex::<HEX_DIGITS>(value);
        }
        self.advance(HEX_DIGITS);
    }
}

/// Writes a number of two digits or more in decimal. Returns the new end.
// Apart, as a file has dozens of such numbers; all in registers.
#[inline(never)]
fn decimal(room: &mut Room, end: u8, value: u64) -> u8 {
    let mut line = Line { room, end };
    if value < TEN_TO_4 {
        line.decimal_4(value);
    } else if value < TEN_TO_8 {
        let upper = value / TEN_TO_4;
        if upper < 10 {
            line.array([digit(upper)]);
        } else {
            line.decimal_4(upper);
        }
        line.four_digits(value % TEN_TO_4);
    } else {
        return decimal_long(room, end, value);
    }
    line.end
}

/// Writes a number of nine digits or more in decimal. Returns the new end.
// Apart from the shorter ones, so that those need no stack frame.
#[inline(never)]
fn decimal_long(room: &mut Room, end: u8, value: u64) -> u8 {
    let mut line = Line { room, end };
    line.dec_u64(value / TEN_TO_8);
    line.array((lanes_8(value % TEN_TO_8) | ZEROS).to_le_bytes());
    line.end
}

/// Writes a number in hexadecimal. Returns the new end.
#[inline(never)]
fn hexadecimal(room: &mut Room, end: u8, value: u64, min_width: usize) -> u8 {
    let mut line = Line { room, end };
    // CAST: at most 15.
    let zeros = ((value | 1).leading_zeros() / 4) as usize;
    let zeros = zeros.min(HEX_DIGITS.saturating_sub(min_width));
    line.store_hex::<HEX_DIGITS>(value << (4 * zeros));
    line.advance(HEX_DIGITS - zeros);
    line.end
}

/// The character of a number below ten.
#[inline(always)]
const fn digit(value: u64) -> u8 {
    // CAST: the caller's number is below ten.
    b'0'.wrapping_add(value as u8)
}

/// The decimal digits of a number below 10^8 as eight small numbers, the first in the lowest byte.
///
/// Halves all lanes at once, three times: the quotients by 10^4, 10^2 and 10 stay where they are,
/// the remainders move up to the other half of the lane. The divisions by 100 and 10 are
/// multiplications that are exact for numbers of four and two digits, and whose products don't
/// leave their lanes.
#[inline]
fn lanes_8(value: u64) -> u64 {
    let fours = (value / TEN_TO_4) | ((value % TEN_TO_4) << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (twos.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

/// The same of a number below 10^4, as four small numbers.
#[inline]
fn lanes_4(value: u64) -> u64 {
    let hundreds = value.wrapping_mul(10_486) >> 20;
    let twos = hundreds | (value.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (twos.wrapping_mul(103) >> 10) & 0x000f_000f;
    tens | (twos.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

/// The bits of the leading zeros in `count` digits, as [`lanes_8`] makes them; the last digit never
/// counts as one.
#[inline(always)]
fn leading_bits(digits: u64, count: usize) -> usize {
    // CAST: at most 56.
    (digits | (1 << (8 * (count - 1)))).trailing_zeros() as usize & !7
}

/// A number below ten in eight columns, the first in the lowest byte.
#[inline(always)]
fn digit_column(value: u64) -> u64 {
    // What makes the last space a digit: no bit of a digit is in a space.
    SPACES | ((value | u64::from(b'0' ^ b' ')) << (8 * (LANES - 1)))
}

/// A number below 10^8 in eight columns, the first in the lowest byte.
// Not inlined, as a file has dozens of such numbers.
#[inline(never)]
fn decimal_columns(value: u64) -> u64 {
    let digits = if value < TEN_TO_4 {
        lanes_4(value) << (8 * (LANES - 4))
    } else {
        lanes_8(value)
    };
    let blank = (1u64 << leading_bits(digits, LANES)).wrapping_sub(1);
    (digits | ZEROS) ^ (blank & SPACE_FROM_ZERO)
}

/// How many hundreds are in a number below 10^4, and what is left. The multiplication is exact for those.
#[inline(always)]
fn hundreds(value: u64) -> (u64, u64) {
    let hundreds = value.wrapping_mul(10_486) >> 20;
    (hundreds, value.wrapping_sub(hundreds.wrapping_mul(100)))
}

/// The table of two decimal digits.
const fn decimal_pairs() -> [[u8; 2]; DECIMAL_PAIRS] {
    let mut pairs = [[0; 2]; DECIMAL_PAIRS];
    let mut number = 0;
    while number < 100 {
        // CAST: one digit each.
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
}

/// The two decimal digits of a number below 100.
#[inline(always)]
fn decimal_pair(value: u64) -> [u8; 2] {
    // CAST: the caller's number is below 100.
    DECIMAL[value as usize % DECIMAL_PAIRS]
}

/// The table of two hexadecimal digits.
const fn hex_pairs() -> [[u8; 2]; 256] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
}

/// The two hexadecimal digits of a byte.
#[inline(always)]
fn hex_pair(byte: u8) -> [u8; 2] {
    HEX[usize::from(byte)]
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_line)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::testing::{
        text,
        STRIDE, //
    };

    /// Checks that `compose` gives `expected` where that fits, and an overflow everywhere else.
    #[track_caller]
    fn check_line(expected: &[u8], compose: impl Fn(&mut Line<'_>)) {
        check(expected, |out| out.line(&compose));
    }

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
    fn decimal_boundaries_are_exact() {
        for (number, expected) in [
            (0, "0"),
            (9, "9"),
            (10, "10"),
            (99, "99"),
            (100, "100"),
            (9_999, "9999"),
            (10_000, "10000"),
            (12_345_678, "12345678"),
            (99_999_999, "99999999"),
            (100_000_000, "100000000"),
            (9_999_999_999_999_999, "9999999999999999"),
            (10_000_000_000_000_000, "10000000000000000"),
            (10_000_000_100_000_000, "10000000100000000"),
            (u64::MAX, "18446744073709551615"),
        ] {
            check_line(expected.as_bytes(), |out| out.dec_u64(number));
            check_line(&text!(" {expected}"), |out| out.field_u64(number));
        }
        for number in boundaries() {
            check_line(&text!("{number}"), |out| out.dec_u64(number));
            check_line(&text!(" {number}"), |out| out.field_u64(number));
        }
    }

    #[test]
    fn decimal_lanes_hold_every_digit() {
        for half in (0..10_000).step_by(STRIDE) {
            let value = half * 10_001;
            let lanes = (lanes_8(value) | ZEROS).to_le_bytes();
            assert_eq!(text!("{half:04}{half:04}"), lanes);
        }
        for value in (0..TEN_TO_8).step_by(9973 * STRIDE) {
            let lanes = (lanes_8(value) | ZEROS).to_le_bytes();
            assert_eq!(text!("{value:08}"), lanes);
        }
    }

    #[test]
    fn four_lanes_hold_every_digit() {
        for value in 0..TEN_TO_4 {
            // CAST: four digits.
            let lanes = ((lanes_4(value) | ZEROS) as u32).to_le_bytes();
            assert_eq!(text!("{value:04}"), lanes);
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
            check_line(expected.as_bytes(), |out| out.dec_i64(number));
            check_line(&text!(" {expected}"), |out| out.field_i64(number));
        }
        for number in boundaries() {
            // CAST: the same bits.
            let number = number as i64;
            check_line(&text!("{number}"), |out| out.dec_i64(number));
            check_line(&text!(" {number}"), |out| out.field_i64(number));
        }
        check_line(b"2147483647", |out| out.dec_int(i32::MAX));
        check_line(b"18446744073709551615", |out| out.dec_int(-1));
        check_line(b"18446744071562067968", |out| out.dec_int(i32::MIN));
    }

    #[test]
    fn short_numbers_fill_eight_columns() {
        for (number, expected) in [
            (0, "       0"),
            (9, "       9"),
            (10, "      10"),
            (1_234, "    1234"),
            (9_999, "    9999"),
            (10_000, "   10000"),
            (10_203, "   10203"),
            (99_999_999, "99999999"),
            (100_000_000, "100000000"),
            (u64::MAX, "18446744073709551615"),
        ] {
            check_line(expected.as_bytes(), |out| out.dec_columns(number));
        }
        for number in boundaries() {
            check_line(&text!("{number:8}"), |out| out.dec_columns(number));
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
        ] {
            check_line(expected.as_bytes(), |out| out.hex(number, width));
        }
        for number in boundaries() {
            for width in 0..=16 {
                check_line(&text!("{number:0width$x}"), |out| out.hex(number, width));
            }
        }
    }

    #[test]
    fn octal_pads_with_zeros() {
        check_line(b"000", |out| out.octal(0, 3));
        check_line(b"022", |out| out.octal(0o22, 3));
        check_line(b"7777", |out| out.octal(0o7777, 3));
        for number in boundaries() {
            for width in 0..25 {
                check_line(&text!("{number:0width$o}"), |out| out.octal(number, width));
            }
        }
    }

    #[test]
    fn addresses_have_eight_digits_or_more() {
        for (address, expected) in [
            (0, "00000000"),
            (0x1000, "00001000"),
            (0x89ab_cdef, "89abcdef"),
            (0x1_0000_0000, "100000000"),
            (0xfed_cba9_8765, "fedcba98765"),
            (0x7fff_ffff_f000, "7ffffffff000"),
            (0x1_0123_4567_89ab, "10123456789ab"),
            (0xffff_ffff_ff60_0000, "ffffffffff600000"),
        ] {
            check_line(expected.as_bytes(), |out| out.address(address));
            check_line(expected.as_bytes(), |out| out.offset(address));
        }
        for number in boundaries() {
            check_line(&text!("{number:08x}"), |out| out.address(number));
            check_line(&text!("{number:08x}"), |out| out.offset(number));
            check_line(&text!("{number:016x}"), |out| out.hex_word(number));
        }
    }

    #[test]
    fn every_byte_has_two_digits() {
        for byte in 0..=u8::MAX {
            check_line(&text!("{byte:02x}"), |out| out.hex_byte(byte.into()));
        }
        check_line(b"100", |out| out.hex_byte(0x100));
        check_line(b"ffffffff", |out| out.hex_byte(u32::MAX));
    }

    #[test]
    fn padding_stops_at_the_length() {
        for (length, expected) in [(0, "ab"), (2, "ab"), (3, "ab "), (5, "ab   ")] {
            check_line(expected.as_bytes(), |out| {
                out.array(*b"ab");
                out.pad_to::<3>(length);
            });
        }
    }

    #[test]
    fn strings_are_written_as_they_are() {
        let long = [b'x'; WRITE];
        let long = core::str::from_utf8(&long).unwrap_or_default();

        check_line(b"", |out| out.str(""));
        check_line(b"a\0\x7f\n", |out| out.str("a\0\x7f\n"));
        check_line(long.as_bytes(), |out| out.str(long));
    }

    #[test]
    fn a_line_can_be_long() {
        let expected = [b'7'; LENGTH];

        check_line(&expected, |out| {
            for _ in 0..LENGTH {
                out.dec_u64(7);
            }
        });
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
            check_line(expected.as_bytes(), |out| {
                out.kb_line(b"Shared_Hugetlb: ", number);
            });
        }
        for number in boundaries() {
            check_line(&text!("Rss:            {number:8} kB\nx"), |out| {
                out.kb_line(b"Rss:            ", number);
                out.byte(b'x');
            });
        }
    }
}
