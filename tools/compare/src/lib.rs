// SPDX-License-Identifier: GPL-2.0

//! What other tools share with rustproc-compare: system calls, the machine as tests need it, and
//! processes to look at.

#![deny(unsafe_code)]

pub mod machine;
#[allow(unsafe_code)] // The one place for it: see there.
pub mod sys;
pub mod target;
