// SPDX-License-Identifier: GPL-2.0

//! The clock that everything is measured with.
//!
//! It counts nanoseconds. Where the machine is a guest that counts instructions, a nanosecond of its is
//! an instruction.

use nix::time::{clock_gettime, ClockId};

/// Nanoseconds since some moment.
pub fn now() -> u64 {
    match clock_gettime(ClockId::CLOCK_MONOTONIC) {
        Ok(time) => time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64,
        Err(_) => 0,
    }
}

/// What looking at the clock twice costs by itself.
pub fn own_cost() -> u64 {
    let twice = |_| {
        let before = now();
        now() - before
    };
    (0..1000).map(twice).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes() {
        let before = now();
        assert!(now() >= before);
    }
}
