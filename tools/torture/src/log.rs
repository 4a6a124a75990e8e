// SPDX-License-Identifier: GPL-2.0

//! The kernel's log, for reports that mean that something is wrong.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

/// What begins a report.
const BAD: &[&str] = &[
    "BUG: ",
    "WARNING: ",
    "KASAN: ",
    "UBSAN: ",
    "ODEBUG: ",
    "Oops",
    "INFO: possible",
    "INFO: task",
    "INFO: rcu",
    "suspicious RCU usage",
    "possible circular locking",
    "possible recursive locking",
    "general protection fault",
    "blocked for more than",
    "sleeping function called",
    "scheduling while atomic",
    "Bad page state",
    "Bad rss-counter",
    "refcount_t: ",
    "still has locks held",
    "Object still in",
    "Objects remaining",
    "rust_kernel: panicked",
    "panicked at",
];

/// The log, from when it was opened on.
pub struct Log(File);

impl Log {
    pub fn open() -> std::io::Result<Log> {
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Log(file))
    }

    /// The next report, if there is one.
    pub fn report(&mut self) -> Option<String> {
        let mut record = [0; 8192];
        for _ in 0..1000 {
            match self.0.read(&mut record) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(&record[..length]);
                    let text = text.split_once(';').map_or("", |(_, text)| text);
                    if BAD.iter().any(|bad| text.contains(bad)) {
                        return Some(text.lines().next().unwrap_or_default().into());
                    }
                }
                // Some were lost: on to the next.
                Err(error) if error.raw_os_error() == Some(libc::EPIPE) => (),
                Err(_) => break,
            }
        }
        None
    }
}
