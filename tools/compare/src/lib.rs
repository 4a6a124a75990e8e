// SPDX-License-Identifier: GPL-2.0

//! What other tools share with rustproc-compare: system calls, and the machine as tests need it.

#![deny(unsafe_code)]

pub mod machine;
#[allow(unsafe_code)] // The one place for it: see there.
pub mod sys;
