// SPDX-License-Identifier: GPL-2.0

//! Memory that is the kernel's or a device's.

use std::fs::File;

use super::*;
use crate::sys::devices;

pub const SPECIMENS: &[Specimen] = &[
    specimen("devices", "maps devices", files),
    specimen("physical-memory", "maps the BIOS from /dev/mem", physical),
    specimen("perf-buffer", "the ring of a performance counter", perf),
    specimen("packet-ring", "the ring of a packet socket", packets),
    specimen("io-uring", "the rings of an io_uring", io_uring),
    specimen("aio-ring", "the ring of asynchronous input and output", aio),
    specimen("bpf-array", "a BPF array", bpf),
    specimen(
        "secret-memory",
        "memory that the kernel has not mapped",
        secret,
    ),
];

fn files(stage: &mut Stage) -> Result<()> {
    let zero = File::open("/dev/zero")?;
    stage.keep(Mapping::new(0, 8192, READ, libc::MAP_PRIVATE, Some(&zero))?);
    for path in ["/dev/rtc0", "/dev/fb0", "/dev/hpet"] {
        if let Ok(device) = File::open(path) {
            if let Ok(mapping) = Mapping::new(0, 4096, READ, libc::MAP_SHARED, Some(&device)) {
                stage.keep(mapping);
            }
        }
    }
    Ok(())
}

fn physical(stage: &mut Stage) -> Result<()> {
    let memory = File::open("/dev/mem").context("/dev/mem")?;
    for flags in [libc::MAP_SHARED, libc::MAP_PRIVATE] {
        let mapping = Mapping::of_file(&memory, 0xf_0000, 16 * PAGE, READ, flags)
            .context("the kernel forbids it")?;
        mapping.touch(0, 4 * PAGE, false);
        stage.keep(mapping);
    }
    Ok(())
}

fn perf(stage: &mut Stage) -> Result<()> {
    let event = devices::perf_event().context("perf_event_open")?;
    let ring = Mapping::of_file(&event, 0, 9 * PAGE, READ | WRITE, libc::MAP_SHARED)?;
    ring.touch(0, 5 * PAGE, false);
    stage.keep((event, ring));
    let event = devices::perf_event()?;
    let ring = Mapping::of_file(&event, 0, 3 * PAGE, READ, libc::MAP_SHARED)?;
    stage.keep((event, ring));
    Ok(())
}

fn packets(stage: &mut Stage) -> Result<()> {
    let socket = devices::packet_ring(8 * PAGE as u32).context("a packet socket with a ring")?;
    let ring = Mapping::of_file(&socket, 0, 8 * PAGE, READ | WRITE, libc::MAP_SHARED)?;
    ring.touch(0, 4 * PAGE, false);
    stage.keep((socket, ring));
    Ok(())
}

fn io_uring(stage: &mut Stage) -> Result<()> {
    let uring = devices::io_uring(64).context("io_uring_setup")?;
    // IORING_OFF_SQ_RING and IORING_OFF_SQES.
    for (offset, length) in [(0, 2 * PAGE), (0x1000_0000, PAGE)] {
        let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
        let ring = Mapping::of_file(&uring, offset, length, READ | WRITE, flags)
            .or_else(|_| Mapping::of_file(&uring, offset, PAGE, READ | WRITE, flags))?;
        stage.keep(ring);
    }
    stage.keep(uring);
    Ok(())
}

fn aio(_: &mut Stage) -> Result<()> {
    devices::aio_ring(256).context("io_setup")
}

fn bpf(stage: &mut Stage) -> Result<()> {
    let array = devices::bpf_array(16).context("BPF_MAP_CREATE")?;
    let mapping = Mapping::of_file(&array, 0, 16 * PAGE, READ | WRITE, libc::MAP_SHARED)?;
    mapping.touch(0, 8 * PAGE, true);
    stage.keep((array, mapping));
    Ok(())
}

fn secret(stage: &mut Stage) -> Result<()> {
    let file = devices::secret_memory(64 * KIB as i64).context("memfd_secret")?;
    let mapping = Mapping::of_file(&file, 0, 64 * KIB, READ | WRITE, libc::MAP_SHARED)?;
    mapping.touch(0, 32 * KIB, true);
    stage.keep((file, mapping));
    Ok(())
}
