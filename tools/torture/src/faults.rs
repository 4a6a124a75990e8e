// SPDX-License-Identifier: GPL-2.0

//! Allocations and copies that the kernel makes fail on request, for the processes that are marked:
//! `Documentation/fault-injection` of the kernel.

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

const DEBUG: &str = "/sys/kernel/debug";
/// What can fail.
const SITES: &[&str] = &["failslab", "fail_page_alloc", "fail_usercopy"];
/// What the kernel counts down from.
const MANY: u64 = 1 << 30;

/// Names of what can fail here.
pub fn offered() -> Vec<&'static str> {
    let there = |site: &&&str| site_path(site).exists();
    SITES.iter().filter(there).copied().collect()
}

/// What can't fail here.
pub fn missing() -> Vec<&'static str> {
    let offered = offered();
    let not = |site: &&&str| !offered.contains(*site);
    SITES.iter().filter(not).copied().collect()
}

fn site_path(site: &str) -> PathBuf {
    Path::new(DEBUG).join(site)
}

fn set(site: &str, name: &str, value: &str) {
    // Older and newer kernels have different names for some.
    let _ = fs::write(site_path(site).join(name), value);
}

/// Has nothing fail yet, and only for those who are marked, silently.
pub fn prepare() {
    for site in offered() {
        set(site, "probability", "0");
        set(site, "task-filter", "Y");
        set(site, "verbose", "0");
        set(site, "times", &MANY.to_string());
        for name in ["ignore-gfp-wait", "ignore-gfp-highmem", "cache-filter"] {
            set(site, name, "N");
        }
        set(site, "min-order", "0");
    }
    // The number of the allocation goes for this one, too.
    for site in [
        "fail_futex",
        "fail_make_request",
        "fail_io_timeout",
        "fail_function",
    ] {
        set(site, "verbose", "0");
    }
}

/// Another probability for each, often none.
pub fn change(rng: &mut Rng) {
    for site in offered() {
        let probability = if rng.bool() { 0 } else { rng.u8(1..20) };
        set(site, "interval", &rng.u8(1..10).to_string());
        set(site, "probability", &probability.to_string());
    }
}

/// Has nothing fail any more.
pub fn off() {
    for site in offered() {
        set(site, "probability", "0");
    }
}

/// How many have failed at each site.
pub fn counts() -> Vec<(&'static str, u64)> {
    let read = |site: &str| fs::read_to_string(site_path(site).join("times"));
    let left = |site: &str| read(site).ok()?.trim().parse::<u64>().ok();
    let count = |site: &'static str| (site, MANY.saturating_sub(left(site).unwrap_or(MANY)));
    offered().into_iter().map(count).collect()
}
