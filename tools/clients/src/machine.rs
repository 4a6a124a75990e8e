// SPDX-License-Identifier: GPL-2.0

//! The files of the root directory.

use std::io::{self, Write};
use std::path::Path;

use procfs::net::{
    ArpEntries, InterfaceDeviceStatus, RouteEntries, Snmp, Snmp6, TcpNetEntries, UdpNetEntries,
    UnixNetEntries,
};
use procfs::{
    current_system_info, CGroupControllers, CpuInfo, CpuPressure, CryptoTable, Devices, DiskStats,
    FromRead, FromReadSI, IoPressure, Iomem, KernelCmdline, KernelModules, KernelStats,
    LoadAverage, Locks, Meminfo, MemoryPressure, MountEntry, PartitionEntry, ProcResult,
    SharedMemorySegments, Uptime, VmStat,
};
use serde::Serialize;

use crate::page::Page;

/// Prints what each of them says.
pub fn print(root: &Path, page: &mut Page<impl Write>) -> io::Result<()> {
    page.turn_to("machine");
    let mut files = Files { root, page };
    files.show::<CGroupControllers>("cgroups")?;
    files.show::<CpuInfo>("cpuinfo")?;
    files.show::<CryptoTable>("crypto")?;
    files.show::<Devices>("devices")?;
    files.show::<DiskStats>("diskstats")?;
    files.show::<Iomem>("iomem")?;
    files.show::<KernelCmdline>("cmdline")?;
    files.show::<KernelModules>("modules")?;
    files.show::<LoadAverage>("loadavg")?;
    files.show::<Locks>("locks")?;
    files.show::<Meminfo>("meminfo")?;
    files.show::<Vec<MountEntry>>("mounts")?;
    files.show::<Vec<PartitionEntry>>("partitions")?;
    files.show::<CpuPressure>("pressure/cpu")?;
    files.show::<IoPressure>("pressure/io")?;
    files.show::<MemoryPressure>("pressure/memory")?;
    files.show::<SharedMemorySegments>("sysvipc/shm")?;
    files.show::<VmStat>("vmstat")?;
    files.show::<ArpEntries>("net/arp")?;
    files.show::<InterfaceDeviceStatus>("net/dev")?;
    files.show::<RouteEntries>("net/route")?;
    files.show::<Snmp>("net/snmp")?;
    files.show::<Snmp6>("net/snmp6")?;
    files.show::<UnixNetEntries>("net/unix")?;
    files.show_si::<KernelStats>("stat")?;
    files.show_si::<TcpNetEntries>("net/tcp")?;
    files.show_si::<TcpNetEntries>("net/tcp6")?;
    files.show_si::<UdpNetEntries>("net/udp")?;
    files.show_si::<UdpNetEntries>("net/udp6")?;
    page.debug("uptime", Uptime::from_file(root.join("uptime")))
}

struct Files<'a, W> {
    root: &'a Path,
    page: &'a mut Page<W>,
}

impl<W: Write> Files<'_, W> {
    fn show<T: FromRead + Serialize>(&mut self, name: &str) -> io::Result<()> {
        let parsed: ProcResult<T> = T::from_file(self.root.join(name));
        self.page.show(name, parsed)
    }

    /// For those that know of ticks, pages, or the order of bytes.
    fn show_si<T: FromReadSI + Serialize>(&mut self, name: &str) -> io::Result<()> {
        let parsed = T::from_file(self.root.join(name), current_system_info());
        self.page.show(name, parsed)
    }
}
