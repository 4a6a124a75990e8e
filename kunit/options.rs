// SPDX-License-Identifier: GPL-2.0

//! Mount options: which are taken, and how they are shown.
//!
//! Stock parses and applies them, so that each must come to the same in a mount of ours and in one of
//! stock; and to what is written down here, so that it is known to come to something.

use super::*;
use crate::sys::kunit::{
    diagnose,
    equal,
    equal_text,
    mount::MountOption,
    process, //
};
use core::ffi::CStr;

/// Options, and what is shown of them, or why they are refused.
type Case = (&'static [MountOption], Result<&'static str>);

const fn option(name: &'static CStr, value: &'static CStr) -> MountOption {
    (name, Some(value))
}

const fn flag(name: &'static CStr) -> MountOption {
    (name, None)
}

const HIDEPID: &CStr = c"hidepid";
const GID: &CStr = c"gid";
const SUBSET: &CStr = c"subset";

/// What a new mount makes of each. A change refuses at least what a new mount refuses, though perhaps
/// for another reason.
const CASES: &[Case] = &[
    (&[], Ok("")),
    (&[option(HIDEPID, c"0")], Ok("")),
    (&[option(HIDEPID, c"1")], Ok(",hidepid=noaccess")),
    (&[option(HIDEPID, c"2")], Ok(",hidepid=invisible")),
    (&[option(HIDEPID, c"0x2")], Ok(",hidepid=invisible")),
    (&[option(HIDEPID, c"4")], Ok(",hidepid=ptraceable")),
    (&[option(HIDEPID, c"off")], Ok("")),
    (&[option(HIDEPID, c"noaccess")], Ok(",hidepid=noaccess")),
    (&[option(HIDEPID, c"invisible")], Ok(",hidepid=invisible")),
    (&[option(HIDEPID, c"ptraceable")], Ok(",hidepid=ptraceable")),
    (&[option(HIDEPID, c"3")], Err(EINVAL)),
    (&[option(HIDEPID, c"5")], Err(EINVAL)),
    (&[option(HIDEPID, c"-1")], Err(EINVAL)),
    (&[option(HIDEPID, c"4294967296")], Err(EINVAL)),
    (&[option(HIDEPID, c"2 ")], Err(EINVAL)),
    (&[option(HIDEPID, c"Off")], Err(EINVAL)),
    (&[option(HIDEPID, c"")], Err(EINVAL)),
    (&[flag(HIDEPID)], Err(EINVAL)),
    (&[option(GID, c"0")], Ok("")),
    (&[option(GID, c"100")], Ok(",gid=100")),
    (&[option(GID, c"4294967294")], Ok(",gid=4294967294")),
    (&[option(GID, c"4294967296")], Err(EINVAL)),
    (&[option(GID, c"-1")], Err(EINVAL)),
    (&[option(GID, c"root")], Err(EINVAL)),
    (&[flag(GID)], Err(EINVAL)),
    (&[option(SUBSET, c"all")], Err(EINVAL)),
    (&[option(SUBSET, c"pid,all")], Err(EINVAL)),
    (&[flag(SUBSET)], Err(EINVAL)),
    (&[option(c"pidns", c"/nowhere")], Err(ENOENT)),
    (&[flag(c"pidns")], Err(EINVAL)),
    (&[option(c"size", c"1")], Err(EINVAL)),
    (&[flag(c"nonsense")], Err(EINVAL)),
    (&[option(c"source", c"anything")], Ok("")),
    (
        &[option(HIDEPID, c"1"), option(HIDEPID, c"2")],
        Ok(",hidepid=invisible"),
    ),
    (
        &[option(HIDEPID, c"1"), option(GID, c"7")],
        Ok(",gid=7,hidepid=noaccess"),
    ),
    (&[option(GID, c"7"), option(HIDEPID, c"3")], Err(EINVAL)),
    (&[option(SUBSET, c"pid")], Ok(",subset=pid")),
    (&[option(SUBSET, c"pid,pid")], Ok(",subset=pid")),
    (
        &[
            option(SUBSET, c"pid"),
            option(HIDEPID, c"4"),
            option(GID, c"1000"),
        ],
        Ok(",gid=1000,hidepid=ptraceable,subset=pid"),
    ),
];

/// Says which options it was about, if something was wrong.
fn blame(options: &[MountOption], result: Result) -> Result {
    if result.is_err() {
        for (name, value) in options {
            diagnose(fmt!("option {name} {value:?}"));
        }
    }
    result
}

/// What mounting with options comes to.
fn mounted(process: &Process, kind: &CStr, options: &[MountOption]) -> Result<KVec<u8>> {
    Mount::new(process, kind, options)?.options()
}

/// What changing a mount with some options to others comes to: whether it is refused, and what is
/// shown then.
fn changed(process: &Process, kind: &CStr, options: &[MountOption]) -> Result<(Result, KVec<u8>)> {
    let before = &[option(GID, c"42"), option(HIDEPID, c"2")];
    let mount = Mount::new(process, kind, before)?;
    let result = mount.change(options);

    Ok((result, mount.options()?))
}

/// Checks what one tree has come to.
fn check(what: &str, found: &Result<KVec<u8>>, expected: &Result<&str>) -> Result {
    match (found, expected) {
        (Ok(found), Ok(expected)) => equal_text(what, found, expected.as_bytes()),
        (found, expected) => equal(
            what,
            found.as_ref().map(|_| ()).map_err(|error| *error),
            expected.map(|_| ()),
        ),
    }
}

#[kunit_tests(rustproc_kunit_options)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;

    #[test]
    fn a_mount_takes_what_stock_takes() -> Result {
        process::run(|process| {
            for (options, expected) in CASES {
                let ours = mounted(process, c"rustproc", options);
                let stock = mounted(process, c"proc", options);
                blame(options, check("ours", &ours, expected))?;
                blame(options, check("stock", &stock, expected))?;
            }
            Ok(())
        })
    }

    #[test]
    fn a_change_takes_what_stock_takes() -> Result {
        process::run(|process| {
            for (options, expected) in CASES {
                let (ours, our_text) = changed(process, c"rustproc", options)?;
                let (stock, stock_text) = changed(process, c"proc", options)?;
                blame(options, equal("answer", ours, stock))?;
                blame(options, equal_text("options", &our_text, &stock_text))?;
                if expected.is_err() {
                    blame(options, equal("refused", ours.is_err(), true))?;
                }
            }
            Ok(())
        })
    }

    #[test]
    fn a_refused_change_changes_nothing() -> Result {
        process::run(|process| {
            let (result, text) = changed(process, c"rustproc", &[option(HIDEPID, c"3")])?;

            equal("refused", result, Err(EINVAL))?;
            equal_text("options", &text, b",gid=42,hidepid=invisible")
        })
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() -> Result {
        process::run(|process| {
            let (result, text) = changed(process, c"rustproc", &[option(HIDEPID, c"1")])?;

            equal("taken", result, Ok(()))?;
            equal_text("options", &text, b",gid=42,hidepid=noaccess")
        })
    }

    #[test]
    fn mounts_have_options_of_their_own() -> Result {
        process::run(|process| {
            let first = Mount::new(process, c"rustproc", &[option(GID, c"1")])?;
            let second = Mount::new(process, c"rustproc", &[option(GID, c"2")])?;
            second.change(&[option(HIDEPID, c"4")])?;

            equal_text("first", &first.options()?, b",gid=1")?;
            equal_text("second", &second.options()?, b",gid=2,hidepid=ptraceable")
        })
    }
}
