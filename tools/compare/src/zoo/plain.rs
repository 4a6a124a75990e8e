// SPDX-License-Identifier: GPL-2.0

//! Ordinary processes, and their programs, limits and open files.

use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};
use nix::sys::resource::{setrlimit, Resource};
use nix::sys::stat::{umask, Mode};

use super::{specimen, Specimen, Stage};
use crate::target::{own_program, Target};

pub const SPECIMENS: &[Specimen] = &[
    specimen("sleeper", "does nothing", |_| Ok(())),
    specimen("umask", "umask 0137", |_| {
        umask(Mode::from_bits_truncate(0o137));
        Ok(())
    }),
    specimen(
        "descriptors",
        "300 open files, the last numbered 700",
        descriptors,
    ),
    specimen("limits", "limits changed, soft and hard", limits),
    specimen(
        "deleted-program",
        "its program's file is gone",
        deleted_program,
    ),
    specimen(
        "odd-program",
        "its program's name has a newline, a space and a backslash",
        odd_program,
    ),
];

fn descriptors(stage: &mut Stage) -> Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, 1024, 4096)?;
    let null = std::fs::File::open("/dev/null")?;
    for _ in 0..300 {
        stage.keep(null.try_clone()?);
    }
    let high = nix::fcntl::fcntl(&null, nix::fcntl::FcntlArg::F_DUPFD(700))?;
    stage.keep((null, high));
    Ok(())
}

fn limits(_: &mut Stage) -> Result<()> {
    for (resource, soft, hard) in [
        (Resource::RLIMIT_RSS, 123_456_789, 987_654_321_000),
        (Resource::RLIMIT_SIGPENDING, 77, 88),
        (Resource::RLIMIT_NOFILE, 512, 700),
        (Resource::RLIMIT_CORE, 0, 4096),
        (Resource::RLIMIT_STACK, 1 << 20, 1 << 30),
        (Resource::RLIMIT_NICE, 0, 30),
        (Resource::RLIMIT_CPU, 1000, 2000),
    ] {
        setrlimit(resource, soft, hard).with_context(|| format!("{resource:?}"))?;
    }
    Ok(())
}

fn deleted_program(stage: &mut Stage) -> Result<()> {
    let (target, directory) = copied("gone")?;
    drop(directory);
    stage.also("", target.pid());
    stage.without_self();
    stage.keep(target);
    Ok(())
}

fn odd_program(stage: &mut Stage) -> Result<()> {
    let (target, directory) = copied("odd\nname with\\a (deleted)")?;
    stage.also("", target.pid());
    stage.without_self();
    stage.keep((target, directory));
    Ok(())
}

/// Runs a sleeper from a copy of this program under another name.
fn copied(name: &str) -> Result<(Target, tempfile::TempDir)> {
    let directory = tempfile::tempdir()?;
    let program = directory.path().join(name);
    std::fs::copy(own_program()?, &program)?;
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755))?;
    let mut target = Target::start_from(&program, "sleeper")?;
    target.ready()?;
    Ok((target, directory))
}
