// SPDX-License-Identifier: GPL-2.0

//! One line of `maps`, in steps.
//!
//! The line is [`header`], then for an area with a name [`pad_to_name`] and the name, then a
//! newline. A file's path is printed by the kernel between the two, not here; [`name`] does both
//! for all other names. C counterpart: `show_map_vma` of
//! [`fs/proc/task_mmu.c`](srctree/fs/proc/task_mmu.c).

use super::text::Text;
use crate::model::maps::{
    MapsRecord,
    Name, //
};

/// Width of the columns before the name: what `show_vma_header_prefix` gives to `seq_setwidth`
/// where pointers have eight bytes. One space more follows, however long the columns were.
const HEADER_WIDTH: usize = 25 + 8 * 6 - 1;

/// Where the padding of a line ends: what `seq_setwidth` leaves for `seq_pad`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameColumn(usize);

/// Prints the columns up to and including the space after the inode number, as
/// `show_vma_header_prefix`.
#[inline]
pub fn header(record: &MapsRecord, out: &mut Text<'_>) -> NameColumn {
    let column = NameColumn(out.len().saturating_add(HEADER_WIDTH));
    let [read, write, exec, share] = record.flags.letters();
    out.hex(record.start, 8);
    out.byte(b'-');
    out.hex(record.end, 8);
    out.array([b' ', read, write, exec, share, b' ']);
    out.hex(record.pgoff, 8);
    out.byte(b' ');
    out.hex(u64::from(record.dev.major), 2);
    out.byte(b':');
    out.hex(u64::from(record.dev.minor), 2);
    out.field_u64(record.ino);
    out.byte(b' ');
    column
}

/// Prints spaces up to the name's column, then one more, as `seq_pad`.
#[inline]
pub fn pad_to_name(column: NameColumn, out: &mut Text<'_>) {
    out.pad_to(column.0, b' ');
    out.byte(b' ');
}

/// Prints the padding and a name that is not a path.
#[inline]
pub fn name(column: NameColumn, name: Name<'_>, out: &mut Text<'_>) {
    pad_to_name(column, out);
    bare_name(name, out);
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
                header(&HEAP, out);
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
            let column = header(&HEAP, out);
            name(column, Name::Special(b"[heap]"), out);
            end(out);
        });
        check(
            b"7f1234567000-7f1234589000 r-xs 00021000 fe:01 1234567                    \
              /usr/lib/a b\n",
            |out| {
                let column = header(&FILE, out);
                pad_to_name(column, out);
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
                let column = header(&HEAP, out);
                name(column, given, out);
                end(out);
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
            header(&low, out);
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
                let column = header(&wide, out);
                name(column, Name::Special(b"x"), out);
            },
        );
    }

    #[test]
    fn column_counts_from_the_start_of_its_record() {
        check(
            b"before\n55812c3d1000-55812c3f2000 rw-p 00000000 00:00 0                          x",
            |out| {
                out.str("before\n");
                let column = header(&HEAP, out);
                name(column, Name::Special(b"x"), out);
            },
        );
    }
}
