// SPDX-License-Identifier: GPL-2.0

//! What is asked for by writing a number to `clear_refs`.

/// Bytes of a text that are looked at, at most.
pub const TEXT: usize = 12;

/// What shall be forgotten of an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// That pages have been used.
    References(Areas),
    /// That pages have been written to.
    SoftDirty,
    /// How large its resident memory has been.
    HighestResident,
}

/// Areas of which pages shall be forgotten to have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Areas {
    /// All.
    All,
    /// Those without a file.
    Anon,
    /// Those that map a file.
    Mapped,
}

/// Why a text asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It is no number, or one that has no meaning.
    Invalid,
    /// The number does not fit into 32 bits.
    OutOfRange,
}

impl Areas {
    /// Whether an area is meant, which maps a file or not.
    #[inline]
    pub const fn include(self, has_file: bool) -> bool {
        match self {
            Self::All => true,
            Self::Anon => !has_file,
            Self::Mapped => has_file,
        }
    }
}

impl Request {
    /// Reads a decimal number, up to a NUL or to the end; white space may surround it.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let number = match text {
            // As most write it.
            [digit @ b'0'..=b'9', 0, ..] => i32::from(digit - b'0'),
            _ => number(trim(until_nul(text)))?,
        };
        match number {
            1 => Ok(Self::References(Areas::All)),
            2 => Ok(Self::References(Areas::Anon)),
            3 => Ok(Self::References(Areas::Mapped)),
            4 => Ok(Self::SoftDirty),
            5 => Ok(Self::HighestResident),
            _ => Err(ParseError::Invalid),
        }
    }
}

/// What stands before the first NUL.
fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Without the white space around it, as `strstrip()` of [`lib/string.c`](srctree/lib/string.c).
fn trim(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = rest;
    }
    while let [first, rest @ ..] = text {
        if !is_space(*first) {
            break;
        }
        text = rest;
    }
    text
}

/// White space, as [`lib/ctype.c`](srctree/lib/ctype.c) has it: the no-break space of Latin-1 too.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

/// Reads a number with or without a sign, as `kstrtoint()` of
/// [`lib/kstrtox.c`](srctree/lib/kstrtox.c) does to base 10 with texts of up to [`TEXT`] bytes. It
/// would also take a newline at the end, but after [`trim`] there is none.
fn number(text: &[u8]) -> Result<i32, ParseError> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ParseError::Invalid);
    }

    digits
        .iter()
        .try_fold(0i64, |value, digit| {
            value.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
        })
        .map(|value| if negative { -value } else { value })
        .and_then(|value| i32::try_from(value).ok())
        .ok_or(ParseError::OutOfRange)
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_model_clear_refs)
)]
mod tests {
    use super::*;
    use crate::testing::same;

    const INVALID: Result<Request, ParseError> = Err(ParseError::Invalid);
    const OUT_OF_RANGE: Result<Request, ParseError> = Err(ParseError::OutOfRange);

    #[test]
    fn each_number_asks_for_one_thing() {
        for (text, request) in [
            ("1", Request::References(Areas::All)),
            ("2", Request::References(Areas::Anon)),
            ("3", Request::References(Areas::Mapped)),
            ("4", Request::SoftDirty),
            ("5", Request::HighestResident),
        ] {
            assert_eq!(Request::parse(text.as_bytes()), Ok(request));
        }
        for text in [
            "0",
            "-0",
            "6",
            "-1",
            "-4",
            "14",
            "2147483647",
            "-2147483648",
        ] {
            same(Request::parse(text.as_bytes()), INVALID, text);
        }
    }

    #[test]
    fn signs_zeros_and_surroundings_do_not_matter() {
        for text in [
            &b"4\n"[..],
            b"+4",
            b"00000000004",
            b"  4  \n\n",
            b"\t\n\x0b\x0c\r 4\xa0",
            b"4\0",
            b"4\0\0\xff55",
            b"4 \0 5",
            b"+004\n\0",
        ] {
            same(Request::parse(text), Ok(Request::SoftDirty), text);
        }
    }

    #[test]
    fn each_byte_before_and_after_a_number_has_its_meaning() {
        for byte in 0..=u8::MAX {
            let space = matches!(byte, 9..=13 | 32 | 160);
            let if_true = |valid| {
                if valid {
                    Ok(Request::SoftDirty)
                } else {
                    INVALID
                }
            };
            let before = if_true(space || matches!(byte, b'+' | b'0'));
            same(Request::parse(&[byte, b'4']), before, ("before", byte));
            let after = if_true(space || byte == 0);
            same(Request::parse(&[b'4', byte]), after, ("after", byte));
        }
    }

    #[test]
    fn other_texts_are_invalid() {
        for text in [
            &b""[..],
            b" ",
            b"\n",
            b"\0",
            b"\x004",
            b"+",
            b"-",
            b"++4",
            b"+-4",
            b"-+4",
            b"--4",
            b"+ 4",
            b"0x4",
            b"4x",
            b"4 5",
            b"4\n5",
            b"4.",
            b"\xc2\xa04",
            b"\x1f4",
            b"\x854",
        ] {
            same(Request::parse(text), INVALID, text);
        }
    }

    #[test]
    fn numbers_of_more_than_32_bits_are_out_of_range() {
        for text in [
            "2147483648",
            "-2147483649",
            "4294967300",
            "99999999999",
            "-99999999999",
            "18446744073709551620",
        ] {
            same(Request::parse(text.as_bytes()), OUT_OF_RANGE, text);
        }
        assert_eq!(Request::parse(b"2147483648x"), INVALID);
    }

    #[test]
    fn areas_are_told_apart_by_their_files() {
        assert!(Areas::All.include(true) && Areas::All.include(false));
        assert!(!Areas::Anon.include(true) && Areas::Anon.include(false));
        assert!(Areas::Mapped.include(true) && !Areas::Mapped.include(false));
    }
}
