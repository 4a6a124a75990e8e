// SPDX-License-Identifier: GPL-2.0

//! Every allocation of mounting, opening and reading fails once.
//!
//! Each attempt is made again and again, with the first allocation failing, then the second, and so
//! on, until it gets through without a failure. An attempt in which something fails must answer
//! `ENOMEM`, or succeed: that happens where the kernel has another way, such as walking a path once
//! more with references held, and where the allocation was one of a debug checker. Reads, writes and
//! ioctls may also answer `EFAULT`, for accesses to the user's memory fail like allocations. When all
//! is over, as many references must be held as before.
//!
//! Skipped if the kernel is not set up for it, see [`fault`]; `scripts/guest/kunit` does that.

use super::*;
use crate::sys::kunit::{
    diagnose,
    equal,
    fault,
    mount::Way,
    process,
    skip, //
};
use core::ffi::CStr;
use kernel::transmute::AsBytes;

/// Files that can be read, of a process that reads them itself.
const READABLE: &[&str] = &[
    "stat",
    "statm",
    "status",
    "maps",
    "smaps",
    "smaps_rollup",
    "numa_maps",
    "pagemap",
    "task/children",
];

/// Position of the first process in the root.
const FIRST_PROCESS: i64 = 258;

/// No attempt allocates as often.
const LIMIT: u32 = 2000;

/// Runs `body` in a process that has a few mappings.
fn with_process(body: impl FnOnce(&Process) -> Result) -> Result {
    if !fault::is_set_up() {
        skip(c"failslab or fail_page_alloc is not set up");
        return Ok(());
    }
    process::run(|process| {
        map_buffer(process)?;
        process.map(BASE..BASE + 4 * PAGE, Memory::Private)?;
        process.map(BASE + 8 * PAGE..BASE + 10 * PAGE, Memory::Shared)?;
        process.write(BASE, b"something")?;
        let before = process.references();
        body(process)?;
        equal("references", process.references(), before)
    })
}

/// Makes `attempt` with each failure that it can have, of which each but the `tolerated` is
/// `ENOMEM`.
fn each_failure<R>(
    what: &str,
    tolerated: &[Error],
    mut attempt: impl FnMut() -> Result<R>,
) -> Result {
    let mut survived = 0;

    for nth in 1..LIMIT {
        let fault::Attempt { result, injected } = fault::inject(nth, &mut attempt);
        match result {
            Ok(_) if injected => survived += 1,
            Ok(_) => {
                diagnose(fmt!(
                    "{what}: faults injected: {}, of them without effect: {survived}",
                    nth - 1
                ));
                return Ok(());
            }
            Err(ENOMEM) if injected => {}
            Err(error) if injected && tolerated.contains(&error) => {}
            Err(error) => {
                diagnose(fmt!("{what}: {error:?} at failure {nth}"));
                return Err(error);
            }
        }
    }
    diagnose(fmt!("{what}: no end of allocations"));
    Err(E2BIG)
}

/// The name of a file of a process, for messages and for opening.
fn name_of(process: &Process, file: &str) -> Result<CString> {
    match file.strip_prefix("task/") {
        Some(file) => {
            let pid = process.pid();
            CString::try_from_fmt(fmt!("{pid}/task/{pid}/{file}"))
        }
        None => own_file(process, file),
    }
}

/// Opens `name` with each failure.
fn open_each(what: &str, mount: &Mount<'_>, name: &CStr, way: Way) -> Result {
    each_failure(what, &[], || {
        mount.forget_names();
        mount.open(name, way)
    })
}

#[kunit_tests(rustproc_kunit_faults)]
#[allow(unsafe_code)] // What the macro makes.
mod tests {
    use super::*;

    #[test]
    fn mounting_fails_with_enomem() -> Result {
        with_process(|process| {
            each_failure("mount", &[], || {
                Mount::new(
                    process,
                    c"rustproc",
                    &[(c"hidepid", Some(c"2")), (c"gid", Some(c"0"))],
                )
            })
        })
    }

    #[test]
    fn changing_options_fails_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;

            each_failure("remount", &[], || mount.change(&[(c"hidepid", Some(c"2"))]))
        })
    }

    #[test]
    fn opening_our_files_fails_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;

            for file in READABLE {
                let name = name_of(process, file)?;
                open_each(file, &mount, &name, Way::Read)?;
            }
            let name = own_file(process, "clear_refs")?;
            open_each("clear_refs", &mount, &name, Way::Write)
        })
    }

    #[test]
    fn opening_what_is_passed_through_fails_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;

            for file in ["comm", "task", "ns", "net/dev", "attr"] {
                let name = own_file(process, file)?;
                open_each(file, &mount, &name, Way::Read)?;
            }
            open_each("uptime", &mount, c"uptime", Way::Read)
        })
    }

    #[test]
    fn reading_fails_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;

            for file in READABLE {
                let name = name_of(process, file)?;
                let mut opened = KVec::with_capacity(1, GFP_KERNEL)?;
                // What a first read allocates is kept until the file is closed.
                each_failure(file, &[EFAULT], || {
                    opened.clear();
                    let file = mount.open(&name, Way::Read)?;
                    opened.push(file, GFP_KERNEL)?;
                    opened[0].read(BUFFER.start, BUFFER.len())
                })?;
            }
            Ok(())
        })
    }

    #[test]
    fn writing_fails_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;
            let mut file = mount.open(&own_file(process, "clear_refs")?, Way::Write)?;

            process.write(BUFFER.start, b"1")?;
            each_failure("clear_refs", &[EFAULT], || file.write(BUFFER.start, 1))
        })
    }

    #[test]
    fn ioctls_fail_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;
            let mut maps = mount.open(&own_file(process, "maps")?, Way::Read)?;
            let mut pagemap = mount.open(&own_file(process, "pagemap")?, Way::Read)?;

            process.map(ioctls::ARGUMENT, Memory::Private)?;
            let at = ioctls::ARGUMENT.start;

            // The shared memory's name takes a buffer. The answer is written over the question.
            let query = ioctls::naming(BASE + 8 * PAGE, 100);
            each_failure("PROCMAP_QUERY", &[EFAULT], || {
                process.write(at, AsBytes::as_bytes(&query[..]))?;
                maps.ioctl(ioctls::QUERY, at)
            })?;
            process.write(at, AsBytes::as_bytes(&ioctls::request()[..]))?;
            each_failure("PAGEMAP_SCAN", &[EFAULT], || {
                pagemap.ioctl(ioctls::SCAN, at)
            })
        })
    }

    #[test]
    fn listing_fails_with_enomem() -> Result {
        with_process(|process| {
            let mount = mount(process)?;
            let mut names = KVec::with_capacity(1 << 16, GFP_KERNEL)?;

            for directory in [".", "task", "net", "ns"] {
                let name = own_file(process, directory)?;
                each_failure(directory, &[], || {
                    names.clear();
                    mount.forget_names();
                    mount.open(&name, Way::Read)?.list(&mut names, usize::MAX)
                })?;
            }
            for (what, position) in [("root", 0), ("root, processes", FIRST_PROCESS)] {
                each_failure(what, &[], || {
                    names.clear();
                    mount.forget_names();
                    let mut root = mount.open(c".", Way::Read)?;
                    root.seek(position)?;
                    root.list(&mut names, 10)
                })?;
            }
            Ok(())
        })
    }
}
