// SPDX-License-Identifier: GPL-2.0

//! Descriptors whose memory is the kernel's own: rings and tables that it shares with user space.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::Result;

/// The first fields of `struct perf_event_attr`, as long as its first version.
#[repr(C)]
struct PerfEvent {
    kind: u32,
    size: u32,
    config: u64,
    period: u64,
    sample_kind: u64,
    read_format: u64,
    bits: u64,
    wakeup: u32,
    breakpoint_kind: u32,
    config1: u64,
}

/// A performance counter of this process that counts page faults, switched off.
pub fn perf_event() -> Result<OwnedFd> {
    const PERF_TYPE_SOFTWARE: u32 = 1;
    const PERF_COUNT_SW_PAGE_FAULTS: u64 = 2;
    const DISABLED: u64 = 1;
    let event = PerfEvent {
        kind: PERF_TYPE_SOFTWARE,
        size: size_of::<PerfEvent>() as u32,
        config: PERF_COUNT_SW_PAGE_FAULTS,
        period: 0,
        sample_kind: 0,
        read_format: 0,
        bits: DISABLED,
        wakeup: 0,
        breakpoint_kind: 0,
        config1: 0,
    };
    // SAFETY: the struct is as long as it says, and only read.
    let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const event, 0, -1, -1, 0) };
    owned(fd)
}

/// A packet socket with a receive ring of one block of `bytes`.
pub fn packet_ring(bytes: u32) -> Result<OwnedFd> {
    // SAFETY: no pointers. Protocol 0: it receives nothing.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    let fd = owned(fd.into())?;
    const PACKET_RX_RING: i32 = 5;
    // `struct tpacket_req`: size and number of blocks, size and number of frames.
    let request = [bytes, 1, bytes, 1];
    // SAFETY: the request is as long as the call is told, and only read.
    Errno::result(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_PACKET,
            PACKET_RX_RING,
            (&raw const request).cast(),
            size_of_val(&request) as u32,
        )
    })?;
    Ok(fd)
}

/// An `io_uring` with this many entries.
pub fn io_uring(entries: u32) -> Result<OwnedFd> {
    /// `struct io_uring_params` is 120 bytes long.
    #[repr(C, align(8))]
    struct Parameters([u8; 120]);
    let mut parameters = Parameters([0; 120]);
    // SAFETY: the struct is as long as the kernel's, which reads and writes it.
    let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, entries, &raw mut parameters) };
    owned(fd)
}

/// A BPF array of `entries` values of a page each, which can be mapped.
pub fn bpf_array(entries: u32) -> Result<OwnedFd> {
    const BPF_MAP_CREATE: i32 = 0;
    const BPF_MAP_TYPE_ARRAY: u32 = 2;
    const BPF_F_MMAPABLE: u32 = 1 << 10;
    let attributes = [BPF_MAP_TYPE_ARRAY, 4, 4096, entries, BPF_F_MMAPABLE];
    // SAFETY: the attributes are as long as the call is told, and only read.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            BPF_MAP_CREATE,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    owned(fd)
}

/// Memory that not even the kernel has mapped (`memfd_secret(2)`).
pub fn secret_memory(bytes: i64) -> Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    let fd = owned(fd)?;
    nix::unistd::ftruncate(&fd, bytes)?;
    Ok(fd)
}

/// A context for asynchronous input and output (`io_setup(2)`), which maps a ring. It stays for as
/// long as the process lives.
pub fn aio_ring(events: u32) -> Result<()> {
    let mut context: libc::c_ulong = 0;
    // SAFETY: the context is one word, which the kernel writes.
    Errno::result(unsafe { libc::syscall(libc::SYS_io_setup, events, &raw mut context) }).map(drop)
}

fn owned(answer: i64) -> Result<OwnedFd> {
    let fd = Errno::result(answer)?;
    // SAFETY: the call that answered so has just made it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}
