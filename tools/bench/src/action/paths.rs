// SPDX-License-Identifier: GPL-2.0

//! What is done by name.
//!
//! Names are relative to the root of a tree, so that the way to either is as long.

use std::ffi::{CStr, CString};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use nix::errno::Errno;
use nix::fcntl::{openat, AtFlags, OFlag};
use nix::sys::stat::{fstatat, FileStat, Mode};
use nix::unistd::Pid;
use rustproc_compare::sys;

use super::Action;

/// A name, and the root of the tree that it is in.
#[derive(Clone, Debug)]
pub struct Place {
    root: Rc<OwnedFd>,
    path: CString,
}

impl Place {
    /// The place of a case's file.
    pub fn of(tree: &Path, pid: Pid, file: &str) -> Result<Place> {
        let path = match file {
            "root" => ".".to_string(),
            "children" => format!("{pid}/task/{pid}/children"),
            _ => match file.strip_prefix('/') {
                Some(name) => name.to_string(),
                None => format!("{pid}/{file}"),
            },
        };
        let root = sys::open(tree, libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC);
        Ok(Place {
            root: Rc::new(root.with_context(|| tree.display().to_string())?),
            path: CString::new(path)?,
        })
    }

    /// Another name in the same tree.
    fn sibling(&self, path: String) -> Result<Place> {
        Ok(Place {
            root: self.root.clone(),
            path: CString::new(path)?,
        })
    }

    /// Opens it.
    pub fn open(&self, flags: OFlag) -> nix::Result<OwnedFd> {
        let path: &CStr = &self.path;
        openat(&self.root, path, flags | OFlag::O_CLOEXEC, Mode::empty())
    }
}

/// `stat(2)`.
pub struct Attributes {
    place: Place,
    seen: Option<FileStat>,
}

impl Attributes {
    pub fn new(place: Place) -> Attributes {
        Attributes { place, seen: None }
    }
}

impl Action for Attributes {
    fn act(&mut self) -> nix::Result<()> {
        let path: &CStr = &self.place.path;
        self.seen = Some(fstatat(&self.place.root, path, AtFlags::empty())?);
        Ok(())
    }

    // All but the device, the inode and the times, which are of the tree's own making.
    fn outcome(&self) -> Vec<u8> {
        let text = |s: FileStat| {
            format!(
                "{:o} {} {} {} {}",
                s.st_mode, s.st_nlink, s.st_uid, s.st_gid, s.st_size
            )
        };
        self.seen.map(text).unwrap_or_default().into_bytes()
    }
}

/// A path walk.
pub struct Lookup {
    place: Place,
}

impl Lookup {
    pub fn new(place: Place) -> Lookup {
        Lookup { place }
    }
}

impl Action for Lookup {
    fn act(&mut self) -> nix::Result<()> {
        self.place.open(OFlag::O_PATH).map(drop)
    }

    fn outcome(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// A path walk to a name that isn't there.
pub struct Missing {
    place: Place,
}

impl Missing {
    pub fn new(place: Place) -> Result<Missing> {
        let path = place.path.to_str()?;
        let place = place.sibling(format!("{path}-not-there"))?;
        Ok(Missing { place })
    }
}

impl Action for Missing {
    fn act(&mut self) -> nix::Result<()> {
        match self.place.open(OFlag::O_PATH) {
            Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno),
            Ok(_) => Err(Errno::EEXIST),
        }
    }

    fn outcome(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// Path walks to names of many processes, of which no cache has anything.
pub struct Fresh {
    places: Vec<Place>,
    next: usize,
}

impl Fresh {
    /// Of the children of a process.
    pub fn new(place: Place, file: &str, pid: Pid) -> Result<Fresh> {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        let paths = children
            .split_whitespace()
            .map(|child| format!("{child}/{file}"));
        let places = paths.map(|path| place.sibling(path));
        let places = places.collect::<Result<Vec<_>>>()?;
        ensure!(!places.is_empty(), "{pid} has no children");
        Ok(Fresh { places, next: 0 })
    }
}

impl Action for Fresh {
    fn act(&mut self) -> nix::Result<()> {
        let place = &self.places[self.next % self.places.len()];
        self.next += 1;
        place.open(OFlag::O_PATH).map(drop)
    }

    fn outcome(&self) -> Vec<u8> {
        Vec::new()
    }

    fn prepare(&mut self) -> Result<()> {
        self.next = 0;
        // What was used twice goes at the second try only, and directories after what is in them.
        for _ in 0..4 {
            fs::write("/proc/sys/vm/drop_caches", "2").context("drop_caches")?;
        }
        // Memory comes back after a grace period: not while something is measured.
        std::thread::sleep(Duration::from_millis(200));
        Ok(())
    }

    fn limit(&self) -> Option<u32> {
        Some(self.places.len() as u32)
    }
}
