// SPDX-License-Identifier: GPL-2.0

//! Capabilities, seccomp, speculation control and other switches of `prctl`.

use anyhow::{Context, Result};
use caps::{CapSet, Capability};

use super::{specimen, Specimen, Stage};
use crate::sys;

pub const SPECIMENS: &[Specimen] = &[
    specimen(
        "no-capabilities",
        "all capabilities dropped",
        no_capabilities,
    ),
    specimen(
        "ambient",
        "an ambient capability, and one gone from the bounding set",
        ambient,
    ),
    specimen("no-new-privs", "no_new_privs", |_| {
        Ok(nix::sys::prctl::set_no_new_privs()?)
    }),
    specimen("seccomp-filter", "two seccomp filters", seccomp_filter),
    specimen("seccomp-strict", "seccomp's strict mode", seccomp_strict),
    specimen(
        "no-store-bypass",
        "speculative store bypass disabled",
        |_| speculation(STORE_BYPASS, DISABLE),
    ),
    specimen("store-bypass-forced", "the same for good", |_| {
        speculation(STORE_BYPASS, FORCE_DISABLE)
    }),
    specimen(
        "no-indirect-branch",
        "indirect branch speculation disabled",
        |_| speculation(INDIRECT_BRANCH, DISABLE),
    ),
    specimen("indirect-branch-forced", "the same for good", |_| {
        speculation(INDIRECT_BRANCH, FORCE_DISABLE)
    }),
    specimen("no-huge-pages", "transparent huge pages disabled", |_| {
        Ok(nix::sys::prctl::set_thp_disable(true)?)
    }),
    specimen("no-thread-tsc", "timestamp counter forbidden", no_tsc),
];

// <linux/prctl.h>; the C library's crate has only some of them.
const STORE_BYPASS: usize = 0;
const INDIRECT_BRANCH: usize = 1;
const DISABLE: usize = 1 << 2;
const FORCE_DISABLE: usize = 1 << 3;
const SECCOMP_MODE_STRICT: usize = 1;
const PR_TSC_SIGSEGV: usize = 2;

fn no_capabilities(_: &mut Stage) -> Result<()> {
    for set in [
        CapSet::Ambient,
        CapSet::Inheritable,
        CapSet::Effective,
        CapSet::Permitted,
    ] {
        caps::clear(None, set)?;
    }
    Ok(())
}

fn ambient(_: &mut Stage) -> Result<()> {
    let kept = Capability::CAP_NET_BIND_SERVICE;
    caps::drop(None, CapSet::Bounding, Capability::CAP_SYS_TIME)?;
    caps::raise(None, CapSet::Inheritable, kept)?;
    caps::raise(None, CapSet::Ambient, kept)?;
    Ok(())
}

fn seccomp_filter(_: &mut Stage) -> Result<()> {
    nix::sys::prctl::set_no_new_privs()?;
    sys::allow_all_filter().context("seccomp")?;
    Ok(sys::allow_all_filter()?)
}

fn seccomp_strict(stage: &mut Stage) -> Result<()> {
    // From then on it may only read, write and leave.
    stage.at_last(|| {
        let _ = sys::prctl(libc::PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0);
    });
    Ok(())
}

fn speculation(which: usize, how: usize) -> Result<()> {
    sys::prctl(libc::PR_SET_SPECULATION_CTRL, which, how)
        .context("PR_SET_SPECULATION_CTRL (the CPU or the boot options leave no choice)")
}

fn no_tsc(stage: &mut Stage) -> Result<()> {
    // The dynamic linker and the clock may use it before that; `read` doesn't.
    stage.at_last(|| {
        let _ = sys::prctl(libc::PR_SET_TSC, PR_TSC_SIGSEGV, 0);
    });
    Ok(())
}
