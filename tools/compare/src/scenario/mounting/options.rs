// SPDX-License-Identifier: GPL-2.0

//! `hidepid=`, `gid=`, `subset=` and `pidns=`, given to `mount(2)`: which values are taken, what is
//! then shown and hidden, and what a remount changes.

use std::path::Path;

use nix::mount::MsFlags;

use super::child::{seen, seen_by_user};
use super::shown;
use super::{mount_of, unmount, Question, USUAL};
use crate::fact::Observation;

pub const QUESTIONS: &[(&str, Question)] = &[
    ("good options: what is shown and hidden", good),
    ("bad options", bad),
    ("a remount changes options", remounts),
    ("a remount refuses options", bad_remounts),
    ("two mounts with different options", two_mounts),
];

/// The group that `gid=` names here.
const GROUP: u32 = 5678;

const GOOD: &[&str] = &[
    "hidepid=0",
    "hidepid=1",
    "hidepid=2",
    "hidepid=4",
    "hidepid=off",
    "hidepid=noaccess",
    "hidepid=invisible",
    "hidepid=ptraceable",
    "hidepid=0x2",
    "hidepid=01",
    "gid=0",
    "gid=5678",
    "gid=0x10",
    "hidepid=1,gid=5678",
    "hidepid=2,gid=5678",
    "hidepid=4,gid=5678",
    "hidepid=2,hidepid=0",
    "hidepid=invisible,gid=7,gid=5678",
    "subset=pid",
    "subset=",
    "subset=pid,hidepid=2",
    "subset=pid,hidepid=ptraceable,gid=5678",
    "gid=4294967295",
    "gid=2147483648",
    "hidepid=2,ro",
    "pidns=/proc/self/ns/pid",
    "pidns=/proc/self/ns/pid,hidepid=1",
    "hidepid=2,,gid=1",
];

const BAD: &[&str] = &[
    "hidepid",
    "hidepid=",
    "hidepid=3",
    "hidepid=5",
    "hidepid=-1",
    "hidepid=2x",
    "hidepid= 2",
    "hidepid=4294967296",
    "hidepid=4294967298",
    "hidepid=OFF",
    "hidepid=invisible ",
    "hidepid=08",
    "gid",
    "gid=",
    "gid=-1",
    "gid=abc",
    "gid=1x",
    "gid=4294967296",
    "gid=18446744073709551616",
    "subset",
    "subset=foo",
    "subset=PID",
    "subset=pid ",
    "subset=pid=",
    "pidns",
    "pidns=",
    "pidns=/nothing",
    "pidns=/dev/null",
    "pidns=/proc/self/ns/net",
    "pidns=/proc/self/ns/pid_for_children",
    "foo",
    "foo=1",
    "hidepid=2,foo",
    "foo,hidepid=2",
    "hidepid=2,hidepid=3",
    "nohidepid",
    "=2",
    "hidepid==2",
    "source=x",
    "source",
    "ro=1",
    "dirsync,sync,lazytime",
];

/// What a mount is and shows.
fn describe(at: &Path, name: &str, note: &mut Observation) {
    note.say(format!("{name}: options"), shown::options(at));
    note.say(format!("{name}: to root"), seen(at));
    note.say(format!("{name}: to a user"), seen_by_user(at, GROUP));
}

fn good(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    for options in GOOD {
        let answer = mount_of(kind, &at, USUAL, Some(options));
        note.note(*options, answer);
        if answer.is_ok() {
            describe(&at, options, &mut note);
            note.note(format!("{options}: umount"), unmount(&at));
        }
    }
    note
}

fn bad(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    for options in BAD {
        let answer = mount_of(kind, &at, USUAL, Some(options));
        note.note(format!("{options:?}"), answer);
        if answer.is_ok() {
            note.say(format!("{options:?}: options"), shown::options(&at));
            let _ = unmount(&at);
        }
    }
    note
}

/// From options to options, each time with what came before in force.
const CHANGES: &[&[&str]] = &[
    &[
        "",
        "hidepid=2",
        "gid=5678",
        "hidepid=noaccess",
        "hidepid=0",
        "gid=0",
    ],
    &[
        "hidepid=invisible,gid=5678",
        "",
        "hidepid=ptraceable",
        "ro",
        "hidepid=off",
    ],
    &[
        "subset=pid",
        "hidepid=2",
        "subset=pid",
        "subset=pid,hidepid=1",
    ],
    &["gid=5678", "subset=", "hidepid=1"],
];

fn remounts(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    for (round, steps) in CHANGES.iter().enumerate() {
        note.note(
            format!("{round}: mount"),
            mount_of(kind, &at, USUAL, Some(steps[0])),
        );
        for (step, options) in steps[1..].iter().enumerate() {
            let name = format!("{round}.{step}: {options:?}");
            let answer = mount_of(kind, &at, USUAL | MsFlags::MS_REMOUNT, Some(options));
            note.note(name.clone(), answer);
            describe(&at, &name, &mut note);
        }
        note.note(format!("{round}: umount"), unmount(&at));
    }
    note
}

fn bad_remounts(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let at = place.join("a");
    for before in ["hidepid=2,gid=5678", "subset=pid"] {
        note.note(
            format!("{before}: mount"),
            mount_of(kind, &at, USUAL, Some(before)),
        );
        let others = [
            "subset=pid",
            "pidns=/proc/self/ns/pid",
            "hidepid=1,subset=pid",
            "subset=,",
        ];
        for options in BAD.iter().chain(&others) {
            let answer = mount_of(kind, &at, USUAL | MsFlags::MS_REMOUNT, Some(options));
            note.note(format!("{before}, then {options:?}"), answer);
            note.say(
                format!("{before}, then {options:?}: options"),
                shown::options(&at),
            );
        }
        note.say(format!("{before}: to a user"), seen_by_user(&at, GROUP));
        note.note(format!("{before}: umount"), unmount(&at));
    }
    note
}

fn two_mounts(kind: &str, place: &Path) -> Observation {
    let mut note = Observation::default();
    let (a, b) = (place.join("a"), place.join("b"));
    note.note("first", mount_of(kind, &a, USUAL, Some("hidepid=2")));
    note.note("second", mount_of(kind, &b, USUAL, Some("gid=5678")));
    for (name, at) in [("first", &a), ("second", &b)] {
        describe(at, name, &mut note);
    }
    let again = USUAL | MsFlags::MS_REMOUNT;
    note.note("change", mount_of(kind, &b, again, Some("hidepid=1,gid=0")));
    for (name, at) in [("first after", &a), ("second after", &b)] {
        describe(at, name, &mut note);
    }
    note.note("restricted", mount_of(kind, &b, USUAL, Some("subset=pid")));
    for (name, at) in [("first beside", &a), ("restricted", &b)] {
        describe(at, name, &mut note);
    }
    for at in [&b, &b, &a] {
        note.note("umount", unmount(at));
    }
    note
}
