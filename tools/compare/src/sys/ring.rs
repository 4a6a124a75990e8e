// SPDX-License-Identifier: GPL-2.0

//! Reads and writes that are handed in and collected later: `io_uring` and its elder, `io_submit(2)`.

use std::os::fd::{AsFd, AsRawFd};

use io_uring::{opcode, squeue, types, IoUring};
use nix::errno::Errno;
use nix::Result;

use super::trap::Trap;

/// What is asked for. The buffer is the last bytes before a trap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Bytes from an offset.
    Read,
    /// Bytes to an offset.
    Write,
    /// All that was written to be safe.
    Sync,
    /// These events of `poll(2)`.
    Poll(u32),
}

/// A request with its buffer.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What is asked for.
    pub request: Request,
    /// Where the buffer ends.
    pub trap: &'a Trap,
    /// How many bytes of the buffer are there.
    pub before: usize,
    /// How many bytes it is said to have.
    pub count: u32,
    /// In the file.
    pub offset: i64,
}

impl Order<'_> {
    fn address(&self) -> usize {
        self.trap.edge() - self.before.min(self.trap.room())
    }
}

/// An `io_uring` of one entry.
pub struct Ring(IoUring);

impl Ring {
    /// Makes one; not every machine allows it.
    pub fn new() -> Result<Ring> {
        IoUring::new(2).map(Ring).map_err(errno)
    }

    /// Hands in one request and waits for what comes of it.
    pub fn ask(
        &mut self,
        file: &impl AsFd,
        order: &Order<'_>,
        flags: squeue::Flags,
    ) -> Result<i64> {
        let fd = types::Fd(file.as_fd().as_raw_fd());
        let (at, offset) = (order.address() as *mut u8, order.offset as u64);
        let entry = match order.request {
            Request::Read => opcode::Read::new(fd, at, order.count)
                .offset(offset)
                .build(),
            Request::Write => opcode::Write::new(fd, at, order.count)
                .offset(offset)
                .build(),
            Request::Sync => opcode::Fsync::new(fd).build(),
            Request::Poll(events) => opcode::PollAdd::new(fd, events).build(),
        };
        // SAFETY: the buffer is memory of the trap, into which no reference exists and beyond which
        // nobody can write; it and the file outlive the request, which is waited for.
        unsafe { self.0.submission().push(&entry.flags(flags)) }.map_err(|_| Errno::EBUSY)?;
        self.0.submit_and_wait(1).map_err(errno)?;
        let entry = self.0.completion().next().ok_or(Errno::EIO)?;
        match entry.result() {
            result if result < 0 => Err(Errno::from_raw(-result)),
            result => Ok(result.into()),
        }
    }
}

fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}

/// `struct iocb`.
#[repr(C)]
struct Control {
    data: u64,
    key: u32,
    flags: i32,
    operation: u16,
    priority: i16,
    fd: u32,
    buffer: u64,
    bytes: u64,
    offset: i64,
    reserved: u64,
    more_flags: u32,
    result_fd: u32,
}

/// `struct io_event`.
#[repr(C)]
#[derive(Default)]
struct Event {
    data: u64,
    object: u64,
    result: i64,
    result2: i64,
}

/// A context for asynchronous input and output, ended when dropped.
pub struct Context(libc::c_ulong);

impl Context {
    /// Makes one.
    pub fn new() -> Result<Context> {
        let mut context = 0;
        // SAFETY: the context is one word, which the kernel writes.
        Errno::result(unsafe { libc::syscall(libc::SYS_io_setup, 2, &raw mut context) })?;
        Ok(Context(context))
    }

    /// Hands in one request, and waits for what comes of it if it was taken. `flags` are `RWF_*`.
    pub fn ask(&self, file: &impl AsFd, order: &Order<'_>, flags: i32) -> Result<i64> {
        let (operation, buffer) = match order.request {
            Request::Read => (0, order.address() as u64),
            Request::Write => (1, order.address() as u64),
            Request::Sync => (2, 0),
            Request::Poll(events) => (5, u64::from(events)),
        };
        let moves = matches!(order.request, Request::Read | Request::Write);
        let mut control = Control {
            data: 0,
            key: 0,
            flags,
            operation,
            priority: 0,
            fd: file.as_fd().as_raw_fd() as u32,
            buffer,
            bytes: if moves { order.count.into() } else { 0 },
            offset: if moves { order.offset } else { 0 },
            reserved: 0,
            more_flags: 0,
            result_fd: 0,
        };
        let mut list = [&raw mut control];
        // SAFETY: one control block, whose buffer is memory of the trap or none at all; both
        // outlive the request, which is waited for.
        Errno::result(unsafe { libc::syscall(libc::SYS_io_submit, self.0, 1, list.as_mut_ptr()) })?;
        let mut event = Event::default();
        let none = std::ptr::null::<libc::timespec>();
        // SAFETY: room for the one event that is asked for.
        Errno::result(unsafe {
            libc::syscall(libc::SYS_io_getevents, self.0, 1, 1, &raw mut event, none)
        })?;
        match event.result {
            result if result < 0 => Err(Errno::from_raw(-result as i32)),
            result => Ok(result),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: nothing is under way any more.
        unsafe { libc::syscall(libc::SYS_io_destroy, self.0) };
    }
}
