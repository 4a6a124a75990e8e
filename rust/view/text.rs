// SPDX-License-Identifier: GPL-2.0

//! A fast writer of procfs text into a buffer that it does not own.
//!
//! It neither grows the buffer nor fails: what does not fit is dropped, and [`Text::overflowed`]
//! says so at the end. Numbers are written by the [`Line`], a piece of text for which room is looked
//! for once.

use core::mem::{
    take,
    MaybeUninit, //
};

use super::line::{
    Line,
    ROOM, //
};
use crate::model::bitmap::Bitmap;

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
/// text.line(|line| {
///     line.array(*b"Pid:\t");
///     line.dec_u64(42);
///     line.byte(b'\n');
/// });
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

    /// Writes what `compose` writes to a [`Line`], or nothing of it.
    ///
    /// Where the buffer has no room for the longest line, this one is made elsewhere first.
    #[inline(always)]
    pub fn line(&mut self, compose: impl FnOnce(&mut Line<'_>)) {
        let mut elsewhere = [MaybeUninit::uninit(); ROOM];
        let (room, in_place) = match self.rest.first_chunk_mut() {
            Some(room) => (room, true),
            None => (&mut elsewhere, false),
        };
        let mut line = Line::new(room);
        compose(&mut line);
        let length = line.len();
        if in_place {
            self.advance(length);
        } else {
            self.last_line(elsewhere.get(..length).unwrap_or_default());
        }
    }

    /// Writes a line near the end of the buffer.
    #[cold]
    #[inline(never)]
    fn last_line(&mut self, line: &[MaybeUninit<u8>]) {
        match self.rest.get_mut(..line.len()) {
            Some(window) => {
                // INVARIANT: all of a line is initialised.
                window.copy_from_slice(line);
                self.advance(line.len());
            }
            None => self.overflow(),
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
            self.line(|line| {
                if !first {
                    line.byte(b',');
                }
                // CAST: at most 8.
                line.hex(u64::from(group.bits), group.digits as usize);
            });
            first = false;
        }
    }

    /// Writes the set bits of a bitmap as numbers and ranges, lowest first, as `%*pbl`; nothing if
    /// none is set.
    #[inline]
    pub fn bitmap_list(&mut self, words: &[u64], bits: usize) {
        let mut first = true;
        for range in (Bitmap { words, bits }).ranges() {
            self.line(|line| {
                if !first {
                    line.byte(b',');
                }
                // CAST: `usize` is 64 bits wide at most.
                line.dec_u64(range.first as u64);
                if range.last != range.first {
                    line.byte(b'-');
                    // CAST: as above.
                    line.dec_u64(range.last as u64);
                }
            });
            first = false;
        }
    }
}

/// Checks text for the unit tests of the views.
#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
pub(crate) mod testing {
    use super::{
        super::line::{
            LENGTH,
            ROOM, //
        },
        Text, //
    };
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
        // Both where each line has room and where some have none.
        for spare in [1, LENGTH, ROOM] {
            let (bytes, overflowed) = rendered(expected.len() + spare, &render);
            same_lines(&bytes, expected);
            same(overflowed, false, ("more room than needed", spare));
        }
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
        text, //
    };

    /// A large bitmap, whose bits are set.
    static ONES: [u64; 128] = [u64::MAX; 128];

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
            out.line(|line| line.dec_u64(1));
            out.line(|_| {});
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
