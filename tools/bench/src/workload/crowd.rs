// SPDX-License-Identifier: GPL-2.0

//! Many tasks.

use std::thread;

use anyhow::Result;
use rustproc_compare::sys::{die_with_parent, fork};

use super::memory::wait_for_a_signal;
use super::stay;

/// 1,000 children.
pub fn processes() -> Result<()> {
    for _ in 0..1000 {
        fork(|| {
            die_with_parent();
            wait_for_a_signal()
        })?;
    }
    stay(None)
}

/// 100 threads, this one included.
pub fn threads() -> Result<()> {
    for _ in 1..100 {
        let builder = thread::Builder::new().stack_size(64 << 10);
        builder.spawn(|| loop {
            thread::park();
        })?;
    }
    stay(None)
}
