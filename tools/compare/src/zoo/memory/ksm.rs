// SPDX-License-Identifier: GPL-2.0

//! Pages that were merged because they are the same.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::*;
use crate::machine::Setting;

pub const SPECIMENS: &[Specimen] = &[specimen(
    "merged",
    "pages merged by KSM, some written to later, some with a child",
    merged,
)];

const CONTROL: &str = "/sys/kernel/mm/ksm";

fn merged(stage: &mut Stage) -> Result<()> {
    let mapping = small(256 * KIB)?;
    mapping.fill(0, 128 * KIB, 0x5a)?;
    mapping.fill(128 * KIB, 64 * KIB, 0)?;
    for page in 0..8 {
        mapping.fill(192 * KIB + page * PAGE, PAGE, 0x60 + page as u8)?;
    }
    mapping
        .advise(libc::MADV_MERGEABLE)
        .context("MADV_MERGEABLE")?;
    merge()?;
    mapping.touch_each(0, 64 * KIB, 5 * PAGE, true);
    stage.fork("child", || Ok(()))?;
    stage.stir(move || mapping.touch_each(0, 256 * KIB, 7 * PAGE, true));
    Ok(())
}

/// Has the merging done, and stopped; what is merged stays so.
fn merge() -> Result<()> {
    let path = |name: &str| format!("{CONTROL}/{name}");
    let _pace = [
        Setting::change(path("pages_to_scan"), "5000")?,
        Setting::change(path("sleep_millisecs"), "5")?,
        Setting::change(path("run"), "1").context("KSM needs root")?,
    ];
    let deadline = Instant::now() + Duration::from_secs(20);
    while merged_pages()? < 40 {
        ensure!(Instant::now() < deadline, "nothing was merged in time");
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// How many pages of this process are merged.
fn merged_pages() -> Result<usize> {
    let pages = std::fs::read_to_string("/proc/self/ksm_merging_pages")?;
    Ok(pages.trim().parse()?)
}
