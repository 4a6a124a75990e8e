// SPDX-License-Identifier: GPL-2.0

//! Who reads the target's files.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustproc_compare::sys::PAGE;

use super::plan::File;
use super::target::Target;

/// How much one `read(2)` asks for.
const BUFFER: usize = 1 << 20;

/// An entry of `pagemap`, in bytes.
const ENTRY: u64 = 8;

/// A file of the target, open.
#[derive(Debug)]
pub struct Reader {
    file: fs::File,
    /// What is read of it each time, in bytes.
    part: Range<u64>,
    buffer: Vec<u8>,
}

impl Reader {
    /// Opens a file in a tree.
    pub fn open(root: &Path, target: &Target, file: File) -> Result<Reader> {
        let path = root.join(target.pid().to_string()).join(file.name());
        let part = match file {
            File::Pagemap => entries(&target.memory()),
            _ => 0..u64::MAX,
        };
        Ok(Reader {
            file: fs::File::open(&path).with_context(|| path.display().to_string())?,
            part,
            buffer: vec![0; BUFFER],
        })
    }

    /// Reads the whole again and again, for that long at least; how often.
    pub fn read_for(&mut self, duration: Duration) -> Result<u64> {
        let start = Instant::now();
        let mut times = 0;

        while start.elapsed() < duration {
            self.read()?;
            times += 1;
        }
        Ok(times)
    }

    fn read(&mut self) -> Result<()> {
        let mut at = self.part.start;

        while at < self.part.end {
            let wanted = (self.part.end - at).min(BUFFER as u64) as usize;
            let read = self.file.read_at(&mut self.buffer[..wanted], at)?;
            if read == 0 {
                break;
            }
            at += read as u64;
        }
        Ok(())
    }
}

/// Where in `pagemap` the entries of these addresses are.
fn entries(addresses: &Range<usize>) -> Range<u64> {
    let position = |address| (address / PAGE) as u64 * ENTRY;
    position(addresses.start)..position(addresses.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_an_entry() {
        assert_eq!(entries(&(0x1000..0x3000)), 8..24);
        assert_eq!(
            entries(&(0x7000_0000_0000..0x7000_4000_0000)).count(),
            8 << 18
        );
    }
}
