// SPDX-License-Identifier: GPL-2.0

//! A look from elsewhere: a child goes there, looks, and says what it saw.

use std::fmt::Write as _;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::wait::waitpid;
use nix::unistd::{pipe2, read, setgroups, setresgid, setresuid, write, Gid, Uid};

use crate::probe;
use crate::sys;

/// Who looks when a user without rights is to.
const USER: u32 = 1234;

/// What a child says.
pub fn said(then: impl FnOnce() -> String) -> String {
    let Ok((out, into)) = pipe2(OFlag::O_CLOEXEC) else {
        return "no pipe".into();
    };
    let child = sys::fork(|| {
        let text = then();
        i32::from(write(&into, text.as_bytes()) != Ok(text.len()))
    });
    drop(into);
    let child = match child {
        Ok(child) => child,
        Err(errno) => return format!("no child: {errno:?}"),
    };
    let (mut text, mut buffer) = (Vec::new(), [0_u8; 4096]);
    while let Ok(length @ 1..) = read(&out, &mut buffer) {
        text.extend_from_slice(&buffer[..length]);
    }
    match waitpid(child, None) {
        Ok(_) => String::from_utf8_lossy(&text).into_owned(),
        Err(errno) => format!("no end: {errno:?}"),
    }
}

/// What a user sees of processes 1 and 2 and of the root, with a group and without one.
pub fn seen_by_user(tree: &Path, group: u32) -> String {
    let mut all = String::new();
    for (who, groups) in [
        ("alone", vec![]),
        ("in the group", vec![Gid::from_raw(group)]),
    ] {
        let tree = tree.to_owned();
        let text = said(move || {
            let (uid, gid) = (Uid::from_raw(USER), Gid::from_raw(USER));
            let became = setgroups(&groups)
                .and_then(|()| setresgid(gid, gid, gid))
                .and_then(|()| setresuid(uid, uid, uid));
            match became {
                Ok(()) => seen(&tree),
                Err(errno) => format!("{errno:?}"),
            }
        });
        let _ = writeln!(all, "{who}: {text}");
    }
    all
}

/// What whoever calls sees of a tree: which numbers and names are listed, and what a process may be
/// asked.
pub fn seen(tree: &Path) -> String {
    let names = probe::names(tree);
    let (numbers, others): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| name.parse::<u32>().is_ok());
    let own = std::process::id().to_string();
    let listed = ["1", "2", own.as_str()].map(|pid| numbers.iter().any(|name| **name == pid));
    let mut text = format!(
        "lists 1, 2, oneself: {listed:?}; {} other names",
        others.len()
    );
    for path in [
        "1",
        "1/stat",
        "1/maps",
        "1/comm",
        "1/task",
        "1/task/1",
        "1/fd",
        "2/status",
        "self",
        "self/stat",
        "thread-self/comm",
        "version",
        "sys/kernel/ostype",
        "fs",
        "uptime",
    ] {
        let path_in_tree = tree.join(path);
        let flags = libc::AT_SYMLINK_NOFOLLOW;
        let looked = sys::statx(None, &path_in_tree, flags);
        let looked =
            looked.map(|stat| format!("{:o} {} {}", stat.stx_mode, stat.stx_uid, stat.stx_nlink));
        let opened = sys::open(&path_in_tree, libc::O_RDONLY | libc::O_CLOEXEC).map(|_| ());
        let shown =
            |result: Result<String, Errno>| result.unwrap_or_else(|errno| format!("{errno:?}"));
        let looked = match path {
            // So many processes are there, this one too.
            "" => String::new(),
            _ => shown(looked),
        };
        let _ = write!(
            text,
            "; {path}: {looked}, {}",
            shown(opened.map(|()| "opened".into()))
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_says_who_is_listed() {
        let text = seen(Path::new("/proc"));
        assert!(text.contains("self: 120777"), "{text}");
    }
}
