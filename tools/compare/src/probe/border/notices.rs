// SPDX-License-Identifier: GPL-2.0

//! Who wants to be told: `inotify`, `fanotify`, `poll`, `select`, `epoll`.

use std::os::fd::AsFd;
use std::path::Path;

use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags, MarkFlags, MaskFlags};
use nix::sys::inotify::{InitFlags as InotifyFlags, Inotify};
use nix::sys::select::{select, FdSet};
use nix::sys::time::TimeVal;
use nix::unistd::read;

use crate::fact::{Fact, Observation};
use crate::sys;
use crate::sys::call::{fd, Arg, Call, Caller};

/// `IN_*`: each event, and what says how to watch.
const WATCHES: &[(&str, u32)] = &[
    ("ACCESS", 1),
    ("MODIFY", 2),
    ("ATTRIB", 4),
    ("CLOSE_WRITE", 8),
    ("CLOSE_NOWRITE", 0x10),
    ("OPEN", 0x20),
    ("MOVED_FROM", 0x40),
    ("MOVED_TO", 0x80),
    ("CREATE", 0x100),
    ("DELETE", 0x200),
    ("DELETE_SELF", 0x400),
    ("MOVE_SELF", 0x800),
    ("all", 0xfff),
    ("nothing", 0),
    ("ONLYDIR", 0x0100_0020),
    ("DONT_FOLLOW", 0x0200_0020),
    ("EXCL_UNLINK", 0x0400_0020),
    ("MASK_CREATE", 0x1000_0020),
    ("MASK_ADD", 0x2000_0020),
    ("MASK_CREATE|MASK_ADD", 0x3000_0020),
    ("ONESHOT", 0x8000_0020),
    ("UNMOUNT", 0x2000),
    ("unknown", 0x0001_0000),
];

/// Watches, opens, reads, closes, and says what was told of that. `child` is a name in a directory.
pub fn ask(path: &Path, child: &str, seen: &mut Observation) {
    // One for all: letting go of one takes long.
    if let Ok(inotify) = Inotify::init(InotifyFlags::IN_NONBLOCK | InotifyFlags::IN_CLOEXEC) {
        for &(name, mask) in WATCHES {
            ask_inotify(&inotify, path, child, name, mask, seen);
        }
    }
    ask_fanotify(path, child, seen);
    ask_waiting(path, seen);
}

fn ask_inotify(
    inotify: &Inotify,
    path: &Path,
    child: &str,
    name: &str,
    mask: u32,
    seen: &mut Observation,
) {
    let Ok(text) = sys::c_path(path) else {
        return;
    };
    let arguments = [fd(inotify), Arg::Text(&text), Arg::Number(mask.into())];
    let added = Call::INOTIFY_ADD_WATCH.ask(&arguments);
    seen.note(format!("inotify {name}"), added.map(|_| 0_i64));
    let Ok(watch) = added else {
        return;
    };
    use_it(path, child);
    let removed = [fd(inotify), Arg::Number(watch)];
    seen.note(
        format!("inotify {name}, removed"),
        Call::INOTIFY_RM_WATCH.ask(&removed),
    );
    let mut told = String::new();
    while let Ok(events) = inotify.read_events() {
        for event in events {
            told.push_str(&format!("{:#x} {:?}; ", event.mask.bits(), event.name));
        }
    }
    seen.say(format!("inotify {name}: events"), told);
}

/// Opens, reads and closes it, and what is in it.
fn use_it(path: &Path, child: &str) {
    for path in [path.to_owned(), path.join(child)] {
        if let Ok(file) = sys::open(&path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC) {
            let _ = read(&file, &mut [0; 16]);
            let _ = sys::getdents(&file, 512);
        }
    }
    for path in [path.to_owned(), path.join(child)] {
        let _ = sys::open(&path, libc::O_WRONLY | libc::O_NONBLOCK | libc::O_CLOEXEC);
        let _ = sys::open(&path, libc::O_PATH | libc::O_CLOEXEC);
    }
}

/// Marks of every kind by groups of every kind; events that want to be permitted are never procfs's.
fn ask_fanotify(path: &Path, child: &str, seen: &mut Observation) {
    let Ok(text) = sys::c_path(path) else {
        return;
    };
    for (class, flags) in [("notes", 0), ("content", 4), ("handles", 0x200)] {
        // `FAN_CLOEXEC | FAN_NONBLOCK`.
        let group = Call::FANOTIFY_INIT.open(
            Caller::Native,
            &[Arg::Number(flags | 3), Arg::Number(libc::O_RDONLY.into())],
        );
        let group = match group {
            Ok(group) => group,
            Err(errno) => {
                seen.note(format!("fanotify {class}"), Fact::Failed(errno));
                continue;
            }
        };
        for (kind, kind_flags) in [
            ("inode", 0),
            ("directory", 8),
            ("mount", 0x10),
            ("file system", 0x100),
        ] {
            for (events, mask) in [
                ("all", 0x3b),
                ("of children", 0x4800_003b),
                ("open permission", 0x1_0000),
                ("access permission", 0x2_0000),
                ("before access", 0x10_0000),
                ("creation", 0x100),
                ("unknown", 1 << 40),
            ] {
                let name = format!("fanotify {class}: {events} of {kind}");
                let here = Arg::Number(libc::AT_FDCWD.into());
                let mark = |action: i64| {
                    Call::FANOTIFY_MARK.ask(&[
                        fd(&group),
                        Arg::Number(kind_flags | action),
                        Arg::Offset(mask),
                        here,
                        Arg::Text(&text),
                    ])
                };
                seen.note(name.clone(), mark(1));
                seen.note(format!("{name}, removed"), mark(2));
            }
        }
    }
    ask_events(path, child, seen);
}

/// What a mark on the inode and its children is told. (One on the mount would hear of others too.)
fn ask_events(path: &Path, child: &str, seen: &mut Observation) {
    let flags = InitFlags::FAN_CLASS_NOTIF | InitFlags::FAN_NONBLOCK | InitFlags::FAN_CLOEXEC;
    let Ok(group) = Fanotify::init(flags, EventFFlags::O_RDONLY) else {
        return;
    };
    let mask = MaskFlags::FAN_OPEN
        | MaskFlags::FAN_ACCESS
        | MaskFlags::FAN_CLOSE
        | MaskFlags::FAN_ONDIR
        | MaskFlags::FAN_EVENT_ON_CHILD;
    let here = nix::fcntl::AT_FDCWD;
    let marked = group.mark(MarkFlags::FAN_MARK_ADD, mask, here, Some(path));
    seen.note("fanotify mark", marked);
    use_it(path, child);
    let events = group.read_events().map(|events| {
        let words: Vec<_> = events
            .iter()
            .map(|event| format!("{:#x}", event.mask().bits()))
            .collect();
        words.join(" ").into_bytes()
    });
    seen.note("fanotify events", events);
}

fn ask_waiting(path: &Path, seen: &mut Observation) {
    for (way, flags) in [
        ("O_RDONLY", libc::O_RDONLY | libc::O_NONBLOCK),
        ("O_RDWR", libc::O_RDWR | libc::O_NONBLOCK),
        ("O_PATH", libc::O_PATH),
    ] {
        let file = match sys::open(path, flags | libc::O_CLOEXEC) {
            Ok(file) => file,
            Err(errno) => {
                seen.note(format!("{way}: open"), Fact::Failed(errno));
                continue;
            }
        };
        // Before anything is read, and after.
        for moment in ["at first", "after a read"] {
            for bits in [1, 2, 4, 8, 0x40, 0x100, 0x2000, 0x7fff, 0] {
                let mut fds = [PollFd::new(file.as_fd(), PollFlags::from_bits_retain(bits))];
                let answer = poll(&mut fds, PollTimeout::ZERO);
                let found = fds[0].any().map(|_| fds[0].revents());
                seen.say(
                    format!("{way}: poll {bits:#x} {moment}"),
                    format!("{answer:?} {found:?}"),
                );
            }
            let mut sets = [FdSet::new(), FdSet::new(), FdSet::new()];
            sets.iter_mut().for_each(|set| set.insert(file.as_fd()));
            let [read_set, write_set, except_set] = &mut sets;
            let answer = select(
                None,
                read_set,
                write_set,
                except_set,
                &mut TimeVal::new(0, 0),
            );
            let ready = sets.each_ref().map(|set| set.contains(file.as_fd()));
            seen.say(
                format!("{way}: select {moment}"),
                format!("{answer:?} {ready:?}"),
            );
            if !is_consumed(path) {
                let _ = read(&file, &mut [0; 16]);
            }
        }
        if let Ok(epoll) = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC) {
            let mut event = EpollEvent::new(EpollFlags::all(), 1);
            seen.note(format!("{way}: epoll add"), epoll.add(&file, event));
            seen.note(format!("{way}: epoll add again"), epoll.add(&file, event));
            seen.note(
                format!("{way}: epoll modify"),
                epoll.modify(&file, &mut event),
            );
            seen.note(format!("{way}: epoll delete"), epoll.delete(&file));
        }
    }
}

/// Whether reading takes away what others wait for.
fn is_consumed(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "kmsg")
}
