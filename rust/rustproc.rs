// SPDX-License-Identifier: GPL-2.0

//! rustproc: the per-process half of procfs in Rust, beside the stock one.
//!
//! The module registers, in this order, and undoes in the reverse order: `/proc/fs/rustproc`, the
//! mount point `/proc/rustproc`, and the file system type `rustproc`. The layers and what each may
//! use are described in `Documentation/design.rst`.

use kernel::prelude::*;

mod bindings;
mod collect;
mod fs;
#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
#[path = "../kunit/kunit.rs"]
mod kunit;
pub mod model;
mod sys;
pub mod view;

#[cfg(CONFIG_RUSTPROC_KUNIT_TEST)]
use sys::kunit::testing;

/// Version of the module.
const VERSION: &str = "0.1.0";

module! {
    type: RustProc,
    name: "rustproc",
    authors: ["The rustproc developers"],
    description: "Per-process procfs files in Rust",
    license: "GPL",
}

/// What is registered while the module is loaded. Fields are dropped from first to last.
#[pin_data]
struct RustProc {
    #[pin]
    file_system: fs::Registration,
    _mount_point: sys::proc_fs::MountPoint,
    _info: fs::InfoDirectory,
}

impl kernel::InPlaceModule for RustProc {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _: {
                sys::symbols::resolve()?;
                sys::walk::init();
            },
            _info: fs::InfoDirectory::new()?,
            _mount_point: sys::proc_fs::MountPoint::new(c"rustproc")?,
            file_system <- fs::Registration::new(),
        })
    }
}
