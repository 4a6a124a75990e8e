// SPDX-License-Identifier: GPL-2.0

//! What memory of the kernel's readers need.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::resource::{getrlimit, setrlimit, Resource};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::{read, Pid};
use rustproc_compare::sys::fork;

use crate::action::Place;
use crate::case::{Case, Operation};
use crate::row::{Row, Unit};
use crate::Trees;

/// How many descriptors are counted.
const COUNTED: usize = 2000;
/// And how many are opened before, with what the kernel's caches have left over from others.
const FIRST: usize = 1000;

/// Measures the memory that a case is about; none for cases that aren't about memory.
pub fn measure(case: &Case, trees: &Trees, pid: Pid) -> Result<Option<Row>> {
    let (rounds, need): (usize, fn(&Place) -> Result<f64>) = match case.operation {
        Operation::MemoryOpen => (3, |place| held(place, false)),
        Operation::MemoryRead => (3, |place| held(place, true)),
        Operation::MemoryPeak => (1, peak),
        _ => return Ok(None),
    };
    let place = |tree| Place::of(tree, pid, case.file);
    let (stock, ours) = (place(&trees.stock)?, place(&trees.ours)?);
    let (mut stocks, mut all_ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        stocks.push(need(&stock).context("stock")?);
        all_ours.push(need(&ours).context("rustproc")?);
    }
    Ok(Some(Row::new(case, Unit::Bytes, &stocks, &all_ours)))
}

/// How many bytes of the kernel's memory a descriptor holds, perhaps after a read.
fn held(place: &Place, reads: bool) -> Result<f64> {
    allow_descriptors()?;
    let _first = descriptors(place, reads, FIRST)?;
    let before = kernel_memory()?;
    let _counted = descriptors(place, reads, COUNTED)?;
    Ok((kernel_memory()? - before) / COUNTED as f64)
}

fn descriptors(place: &Place, reads: bool, count: usize) -> Result<Vec<OwnedFd>> {
    let open = |_| {
        let fd = place.open(OFlag::O_RDONLY)?;
        if reads {
            read(&fd, &mut [0; 4096])?;
        }
        Ok(fd)
    };
    (0..count).map(open).collect()
}

fn allow_descriptors() -> Result<()> {
    let wanted = (FIRST + COUNTED) as u64 + 200;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted))?;
    }
    Ok(())
}

/// Bytes that the kernel has allocated: in its slab caches; those that are too many for one, and counted
/// with them; of `vmalloc()` and per processor.
fn kernel_memory() -> Result<f64> {
    // What each processor has counted for itself is added to the sums.
    fs::write("/proc/sys/vm/stat_refresh", "1").context("/proc/sys/vm/stat_refresh")?;
    let slabs = fs::read_to_string("/proc/slabinfo").context("/proc/slabinfo")?;
    let rest = fs::read_to_string("/proc/meminfo")?;
    let (used, pages) = in_slabs(&slabs);
    let large = in_fields(&rest, &["Slab:"]) - pages * 4096.0;
    Ok(used + large + in_fields(&rest, &["VmallocUsed:", "Percpu:"]))
}

/// What `slabinfo` comes to: bytes of objects that are in use, and pages of all slabs.
fn in_slabs(slabs: &str) -> (f64, f64) {
    // After the name: objects in use, all objects, bytes of one, objects and pages of a slab; and
    // behind the words ": slabdata" slabs in use, all slabs.
    let sums = |line: &str| -> Option<(f64, f64)> {
        let number = |word: &str| word.parse::<f64>().ok();
        let mut words = line.split_whitespace().skip(1);
        let (used, size) = (number(words.next()?)?, number(words.nth(1)?)?);
        let pages = number(words.nth(1)?)?;
        let slabs = number(words.skip_while(|word| *word != "slabdata").nth(2)?)?;
        Some((used * size, pages * slabs))
    };
    let add = |sum: (f64, f64), (used, pages)| (sum.0 + used, sum.1 + pages);
    slabs.lines().filter_map(sums).fold((0.0, 0.0), add)
}

/// What some fields of `meminfo` come to.
fn in_fields(meminfo: &str, names: &[&str]) -> f64 {
    let kilobytes = |name: &&str| -> Option<f64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(*name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    names.iter().filter_map(kilobytes).sum::<f64>() * 1024.0
}

/// How much memory a process has had at most, kernel memory included, that read all of a file.
fn peak(place: &Place) -> Result<f64> {
    let group = Group::new()?;
    let child = fork(|| match group.join().and_then(|()| drain(place)) {
        Ok(()) => 0,
        Err(_) => 1,
    })?;
    let status = waitpid(child, None)?;
    ensure!(status == WaitStatus::Exited(child, 0), "the reader failed");
    group.peak()
}

fn drain(place: &Place) -> Result<()> {
    let fd: OwnedFd = place.open(OFlag::O_RDONLY)?;
    let mut buffer = [0; 16 << 10];
    loop {
        match read(&fd, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::EINTR) => (),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// A control group for one process, gone when dropped.
struct Group(PathBuf);

impl Group {
    fn new() -> Result<Group> {
        let root = Path::new("/sys/fs/cgroup");
        let controllers = root.join("cgroup.subtree_control");
        fs::write(controllers, "+memory").context("no memory control groups")?;
        let path = root.join(format!("rustproc-bench-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Group(path))
    }

    /// The calling process joins.
    fn join(&self) -> Result<()> {
        Ok(fs::write(self.0.join("cgroup.procs"), "0")?)
    }

    fn peak(&self) -> Result<f64> {
        let text = fs::read_to_string(self.0.join("memory.peak"))?;
        Ok(text.trim().parse()?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slabs_are_added_up() {
        let text = "slabinfo - version: 2.1\n\
                    # name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n\
                    filp 100 120 256 16 1 : tunables 0 0 0 : slabdata 7 8 0\n\
                    kmalloc-8 10 512 8 512 2 : tunables 0 0 0 : slabdata 1 1 0\n";
        assert_eq!(in_slabs(text), (100.0 * 256.0 + 80.0, 10.0));
    }

    #[test]
    fn fields_are_added_up() {
        let text = "Slab:       10 kB\nVmallocUsed:       3 kB\nPercpu:     4 kB\n";
        assert_eq!(
            in_fields(text, &["VmallocUsed:", "Percpu:", "None:"]),
            7168.0
        );
    }
}
