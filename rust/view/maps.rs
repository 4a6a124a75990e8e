// SPDX-License-Identifier: GPL-2.0

//! One line of `maps`, in steps.
//!
//! The line is [`nameless`], [`named`], or [`before_name`], the path, which the kernel prints, and
//! [`end`]. C counterpart: `show_map_vma` of [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::{
    line::Line,
    text::Text, //
};
use crate::model::maps::{
    MapsRecord,
    Name, //
};

/// Width of the columns before the name: what `show_vma_header_prefix` gives to `seq_setwidth`
/// where pointers have eight bytes. One space more follows, however long the columns were.
const HEADER_WIDTH: usize = 25 + 8 * 6 - 1;

/// The most padding, for the shortest columns have 40 bytes.
const HEADER_PADDING: usize = HEADER_WIDTH - 40;

/// Prints the columns up to and including the space after the inode number, as
/// `show_vma_header_prefix`.
#[inline(always)]
fn header(record: &MapsRecord, out: &mut Line<'_>) {
    let [read, write, exec, share] = record.flags.letters();
    out.address(record.start);
    out.byte(b'-');
    out.address(record.end);
    out.array([b' ', read, write, exec, share, b' ']);
    if record.is_of_file() {
        out.offset(record.pgoff);
        out.byte(b' ');
        out.hex_byte(record.dev.major);
        out.byte(b':');
        out.hex_byte(record.dev.minor);
        out.field_u64(record.ino);
        out.byte(b' ');
    } else {
        out.array(*b"00000000 00:00 0 ");
    }
}

/// Prints what stands before a name: the columns, spaces up to that of the name, then one more, as
/// `seq_pad`.
pub fn before_name(record: &MapsRecord, out: &mut Text<'_>) {
    out.line(|out| {
        header(record, out);
        out.pad_to::<HEADER_PADDING>(HEADER_WIDTH);
        out.byte(b' ');
    });
}

/// Prints the whole line of an area without a name.
// Most areas have none.
#[inline(always)]
pub fn nameless(record: &MapsRecord, out: &mut Text<'_>) {
    out.line(|out| {
        header(record, out);
        out.byte(b'\n');
    });
}

/// Prints the whole line of an area whose name is not a path.
pub fn named(record: &MapsRecord, name: Name<'_>, out: &mut Text<'_>) {
    before_name(record, out);
    bare_name(name, out);
    end(out);
}

/// Prints a name that is not a path.
#[inline]
pub fn bare_name(name: Name<'_>, out: &mut Text<'_>) {
    match name {
        Name::Special(name) => out.bytes(name),
        Name::Anon(name) => bracketed("[anon:", name, out),
        Name::AnonShmem(name) => bracketed("[anon_shmem:", name, out),
    }
}

/// Prints the end of the line.
#[inline]
pub fn end(out: &mut Text<'_>) {
    out.byte(b'\n');
}

/// A name given by the process, unescaped: the kernel admits no bracket or backslash into it.
#[inline]
fn bracketed(prefix: &str, name: &[u8], out: &mut Text<'_>) {
    out.str(prefix);
    out.bytes(name);
    out.byte(b']');
}

#[cfg(any(test, CONFIG_RUSTPROC_KUNIT_TEST))]
#[cfg_attr(
    CONFIG_RUSTPROC_KUNIT_TEST,
    kernel::prelude::kunit_tests(rustproc_view_maps)
)]
mod tests {
    use super::{
        super::text::testing::check,
        *, //
    };
    use crate::{
        model::maps::{
            Device,
            VmaFlags, //
        },
        testing::text, //
    };

    const HEAP: MapsRecord = MapsRecord {
        start: 0x5581_2c3d_1000,
        end: 0x5581_2c3f_2000,
        flags: VmaFlags {
            read: true,
            write: true,
            exec: false,
            mayshare: false,
        },
        pgoff: 0,
        dev: Device { major: 0, minor: 0 },
        ino: 0,
    };

    const FILE: MapsRecord = MapsRecord {
        start: 0x7f12_3456_7000,
        end: 0x7f12_3458_9000,
        flags: VmaFlags {
            read: true,
            write: false,
            exec: true,
            mayshare: true,
        },
        pgoff: 0x2_1000,
        dev: Device {
            major: 0xfe,
            minor: 1,
        },
        ino: 1_234_567,
    };

    #[test]
    fn anonymous_area_ends_after_the_inode() {
        check(
            b"55812c3d1000-55812c3f2000 rw-p 00000000 00:00 0 \n",
            |out| {
                out.line(|out| header(&HEAP, out));
                end(out);
            },
        );
    }

    #[test]
    fn name_starts_in_its_column() {
        let expected =
            b"55812c3d1000-55812c3f2000 rw-p 00000000 00:00 0                          [heap]\n";
        assert_eq!(expected.iter().position(|&byte| byte == b'['), Some(73));
        check(expected, |out| {
            named(&HEAP, Name::Special(b"[heap]"), out);
        });
        check(
            b"7f1234567000-7f1234589000 r-xs 00021000 fe:01 1234567                    \
              /usr/lib/a b\n",
            |out| {
                before_name(&FILE, out);
                out.bytes(b"/usr/lib/a b");
                end(out);
            },
        );
    }

    #[test]
    fn names_given_by_the_process_are_bracketed() {
        for (given, expected) in [
            (Name::Anon(b"my heap"), "[anon:my heap]"),
            (Name::AnonShmem(b"x"), "[anon_shmem:x]"),
            (Name::Anon(b""), "[anon:]"),
            (Name::Special(b""), ""),
            (Name::Special(b"[vsyscall]"), "[vsyscall]"),
        ] {
            let line = text!(
                "{:73}{expected}\n",
                "55812c3d1000-55812c3f2000 rw-p 00000000 00:00 0 "
            );
            check(&line, |out| {
                named(&HEAP, given, out);
            });
        }
    }

    #[test]
    fn small_addresses_have_eight_digits() {
        let low = MapsRecord {
            start: 0x1000,
            end: 0x40_0000,
            ..MapsRecord::default()
        };
        check(b"00001000-00400000 ---p 00000000 00:00 0 ", |out| {
            out.line(|out| header(&low, out));
        });
    }

    #[test]
    fn long_columns_leave_one_more_space() {
        let wide = MapsRecord {
            start: 0xffff_ffff_ff60_0000,
            end: 0xffff_ffff_ff60_1000,
            pgoff: 0x7fff_ffff_ffff_f000,
            dev: Device {
                major: 0xfff,
                minor: 0xf_ffff,
            },
            ino: u64::MAX,
            ..HEAP
        };
        check(
            b"ffffffffff600000-ffffffffff601000 rw-p 7ffffffffffff000 fff:fffff \
              18446744073709551615  x",
            |out| {
                before_name(&wide, out);
                out.byte(b'x');
            },
        );
    }

    #[test]
    fn column_counts_from_the_start_of_its_record() {
        check(
            b"before\n55812c3d1000-55812c3f2000 rw-p 00000000 00:00 0                          x",
            |out| {
                out.str("before\n");
                before_name(&HEAP, out);
                out.byte(b'x');
            },
        );
    }
}
