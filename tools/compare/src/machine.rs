// SPDX-License-Identifier: GPL-2.0

//! What the zoo changes of the machine for the time of a run, and puts back: settings of the
//! memory management, a swap area, a disk to map.
//!
//! Whatever can't be had is left out; the targets that need it say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use nix::unistd::geteuid;

use crate::sys;

/// What targets find the disk's path in.
const DISK: &str = "RUSTPROC_COMPARE_DISK";

/// Settings for the zoo's time. Nobody but the targets themselves is to change their memory.
const SETTINGS: &[(&str, &str)] = &[
    ("/proc/sys/vm/nr_hugepages", "48"),
    ("/proc/sys/kernel/numa_balancing", "0"),
    (
        "/sys/kernel/mm/transparent_hugepage/shmem_enabled",
        "advise",
    ),
    (
        "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled",
        "madvise",
    ),
    (
        "/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
        "3600000",
    ),
];

/// The machine as the zoo needs it; as it was before once this is dropped.
#[derive(Debug)]
pub struct Machine {
    _settings: Vec<Setting>,
    _swap: Option<Swap>,
    _disk: Option<Compressed>,
}

impl Machine {
    /// Changes what can be changed: nothing, unless root asks.
    pub fn prepare() -> Machine {
        if !geteuid().is_root() {
            return Machine {
                _settings: Vec::new(),
                _swap: None,
                _disk: None,
            };
        }
        let change = |&(path, value)| Setting::change(path, value).ok();
        let settings = SETTINGS.iter().filter_map(change).collect();
        let swap = Swap::start().ok();
        let disk = Compressed::create("64M").ok();
        if let Some(disk) = &disk {
            std::env::set_var(DISK, disk.device());
        }
        Machine {
            _settings: settings,
            _swap: swap,
            _disk: disk,
        }
    }
}

/// A disk that a target may map and write to, if there is one.
pub fn disk() -> Option<PathBuf> {
    std::env::var_os(DISK).map(PathBuf::from)
}

/// A file in `/proc/sys` or `/sys` with another value than it had.
#[derive(Debug)]
pub struct Setting {
    path: PathBuf,
    before: String,
}

impl Setting {
    /// Writes a value.
    pub fn change(path: impl Into<PathBuf>, value: &str) -> Result<Setting> {
        let path = path.into();
        let before = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let before = chosen(&before).into();
        fs::write(&path, value).with_context(|| path.display().to_string())?;
        Ok(Setting { path, before })
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _ = fs::write(&self.path, &self.before);
    }
}

/// The value of a setting: where it is shown among the others, the one in brackets.
fn chosen(shown: &str) -> &str {
    let bracketed = shown
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    bracketed.map_or(shown.trim(), |(value, _)| value)
}

/// A swap area of our own. Ended before its device goes: fields are dropped in order.
#[derive(Debug)]
struct Swap {
    _used: Used,
    _device: Compressed,
}

impl Swap {
    fn start() -> Result<Swap> {
        let device = Compressed::create("256M")?;
        run("mkswap", &[device.device()])?;
        sys::swap::start(&device.device()).context("swapon")?;
        Ok(Swap {
            _used: Used(device.device()),
            _device: device,
        })
    }
}

/// A device that is swapped to.
#[derive(Debug)]
struct Used(PathBuf);

impl Drop for Used {
    fn drop(&mut self) {
        let _ = sys::swap::stop(&self.0);
    }
}

/// A disk in compressed memory (zram).
#[derive(Debug)]
struct Compressed {
    number: String,
}

const CONTROL: &str = "/sys/class/zram-control";

impl Compressed {
    fn create(size: &str) -> Result<Compressed> {
        if !Path::new(CONTROL).exists() {
            run("modprobe", &["zram".into()])?;
        }
        let number = fs::read_to_string(format!("{CONTROL}/hot_add"))?;
        let number = number.trim().to_string();
        let created = Compressed { number };
        fs::write(created.control("disksize"), size)?;
        for _ in 0..100 {
            if created.device().exists() {
                return Ok(created);
            }
            sleep(Duration::from_millis(10));
        }
        anyhow::bail!("{} doesn't appear", created.device().display())
    }

    fn device(&self) -> PathBuf {
        format!("/dev/zram{}", self.number).into()
    }

    fn control(&self, name: &str) -> PathBuf {
        format!("/sys/block/zram{}/{name}", self.number).into()
    }
}

impl Drop for Compressed {
    fn drop(&mut self) {
        let _ = fs::write(self.control("reset"), "1");
        let _ = fs::write(format!("{CONTROL}/hot_remove"), &self.number);
    }
}

fn run(program: &str, arguments: &[PathBuf]) -> Result<()> {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| program.to_string())?;
    ensure!(status.success(), "{program}: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_among_others_is_in_brackets() {
        assert_eq!(chosen("always [madvise] never\n"), "madvise");
        assert_eq!(chosen("60\n"), "60");
    }

    #[test]
    fn a_setting_is_put_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "before\n").unwrap();
        let setting = Setting::change(file.path(), "now").unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "now");
        drop(setting);
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "before");
        assert!(Setting::change("/nonexistent", "1").is_err());
    }
}
