// SPDX-License-Identifier: GPL-2.0

//! What only KUnit suites need of the kernel; in the module with `CONFIG_RUSTPROC_KUNIT_TEST` only.

pub(crate) mod testing;

#[cfg(not(CONFIG_KUNIT = "y"))]
compile_error!("KUnit suites need a kernel with CONFIG_KUNIT=y: without, they silently vanish");
