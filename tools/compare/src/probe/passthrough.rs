// SPDX-License-Identifier: GPL-2.0

//! The names that rustproc doesn't implement and passes through to stock.
//!
//! Opening is harmless for all names that are asked here; reading is not for all of them, so only
//! those are read whose content is short and stands still for a process at rest.

use std::collections::BTreeSet;
use std::path::Path;

use nix::errno::Errno;

use crate::fact::Observation;
use crate::probe::directory::{self, names};
use crate::probe::{attributes, content, Depth};
use crate::sys;

/// Read in a process's or task's directory.
const READ_OF_PROCESS: &[&str] = &[
    "attr",
    "autogroup",
    "auxv",
    "cgroup",
    "cmdline",
    "comm",
    "coredump_filter",
    "cpu_resctrl_groups",
    "cpuset",
    "environ",
    "fdinfo",
    "gid_map",
    "io",
    "ksm_stat",
    "limits",
    "loginuid",
    "mountinfo",
    "mounts",
    "mountstats",
    "oom_adj",
    "oom_score_adj",
    "patch_state",
    "personality",
    "projid_map",
    "sessionid",
    "setgroups",
    "stack",
    "syscall",
    "timers",
    "timerslack_ns",
    "uid_map",
    "wchan",
];

/// Read in the root. (Not `modules`: an open file of rustproc's is counted there.)
const READ_OF_ROOT: &[&str] = &[
    "bootconfig",
    "cgroups",
    "cmdline",
    "consoles",
    "crypto",
    "devices",
    "dma",
    "execdomains",
    "fb",
    "filesystems",
    "ioports",
    "misc",
    "partitions",
    "swaps",
    "version",
];

/// Not even opened: opening or being open has effects, or a reader waits.
const LEFT_ALONE: &[&str] = &[
    "clear_refs",
    "kcore",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "mem",
    "page_owner",
    "sysrq-trigger",
    "vmcore",
];

/// Not descended into: what is below has rows of its own, or isn't the tree's business.
const NOT_LISTED: &[&str] = &[
    "task", "rustproc", "sys", "fs", "bus", "irq", "acpi", "driver", "tty",
];

/// So many entries of `fd`, `map_files` and the like are looked at.
const ENTRIES: usize = 12;

/// Asks about names that are passed through.
#[derive(Clone, Copy, Debug)]
pub struct PassThrough {
    /// In the root other names are read than in a process's directory.
    pub root: bool,
}

impl PassThrough {
    /// The names to ask about: those of either tree that have no row of their own.
    pub fn names(
        self,
        stock: &Path,
        ours: &Path,
        implemented: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let all: BTreeSet<String> = names(stock).into_iter().chain(names(ours)).collect();
        // What is mounted on a name isn't procfs's to pass through; our own tree is such a mount.
        let mounted = |name: &str| sys::is_mount_point(&stock.join(name));
        let in_root = |name: &str| {
            let links = ["self", "thread-self"];
            self.root && (links.contains(&name) || name.parse::<u32>().is_ok())
        };
        let own = |name: &str| implemented(name) || mounted(name) || in_root(name);
        all.into_iter().filter(|name| !own(name)).collect()
    }

    /// What a name in a directory says.
    pub fn observe(self, directory: &Path, name: &str) -> Observation {
        let mut seen = Observation::default();
        let path = directory.join(name);
        attributes::ask(&path, Depth::Quick, &mut seen);
        match file_type(&path) {
            Ok(libc::S_IFLNK) => ask_link(&path, "", &mut seen),
            Ok(libc::S_IFDIR) if !NOT_LISTED.contains(&name) => {
                self.ask_directory(&path, name, &mut seen)
            }
            Ok(libc::S_IFREG) if !LEFT_ALONE.contains(&name) => {
                self.ask_file(&path, name, &mut seen)
            }
            _ => (),
        }
        seen
    }

    fn reads(self, name: &str) -> bool {
        let list = if self.root {
            READ_OF_ROOT
        } else {
            READ_OF_PROCESS
        };
        list.contains(&name)
    }

    fn ask_file(self, path: &Path, name: &str, seen: &mut Observation) {
        if self.reads(name) {
            content::ask(path, Depth::Quick, seen);
        } else {
            let opened = sys::open(path, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC);
            seen.note("open", opened.map(|_| 0_i64));
        }
    }

    fn ask_directory(self, path: &Path, name: &str, seen: &mut Observation) {
        directory::ask_listing(path, Depth::Quick, seen);
        if self.root {
            return;
        }
        for entry in names(path).iter().take(ENTRIES) {
            let below = path.join(entry);
            if name != "net" {
                let stat = sys::statx(None, &below, libc::AT_SYMLINK_NOFOLLOW);
                seen.note(
                    format!("{entry}: mode"),
                    stat.map(|s| i64::from(s.stx_mode)),
                );
            }
            if file_type(&below) == Ok(libc::S_IFLNK) {
                ask_link(&below, entry, seen);
            } else if self.reads(name) {
                seen.note(format!("{entry}: content"), content::read_whole(&below));
            }
        }
    }
}

/// Where a link says it leads, and what is found when it is followed.
fn ask_link(path: &Path, name: &str, seen: &mut Observation) {
    seen.note(format!("{name} -> "), sys::readlink(path, 8192));
    seen.note(format!("{name} -> (5 bytes)"), sys::readlink(path, 5));
    let end = sys::statx(None, path, 0);
    // `self/...` leads to the tree's own files: another inode by rights.
    let same = end.map(|s| {
        let device = (i64::from(s.stx_dev_major) << 20) | i64::from(s.stx_dev_minor);
        (device, s.stx_ino, s.stx_mode)
    });
    match same {
        Err(errno) => seen.note(format!("{name} -> stat"), Err::<i64, _>(errno)),
        Ok((device, inode, mode)) if leads_away(path) => {
            seen.say(
                format!("{name} -> stat"),
                format!("device {device:#x} inode {inode} mode {mode:o}"),
            );
        }
        Ok((.., mode)) => seen.say(format!("{name} -> stat"), format!("mode {mode:o}")),
    }
}

/// Whether a link leads out of its tree: a magic link, whose text is absolute or in brackets.
fn leads_away(path: &Path) -> bool {
    let text = sys::readlink(path, 4096).unwrap_or_default();
    text.first() == Some(&b'/') || text.contains(&b'[')
}

fn file_type(path: &Path) -> Result<u32, Errno> {
    let stat = sys::statx(None, path, libc::AT_SYMLINK_NOFOLLOW)?;
    Ok(u32::from(stat.stx_mode) & libc::S_IFMT)
}
