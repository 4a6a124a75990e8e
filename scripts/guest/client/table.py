# SPDX-License-Identifier: GPL-2.0
"""The clients, and what they look at."""

import dataclasses

# What rests meanwhile, as 'rustproc-compare zoo --list' names it.
TARGETS = """
    sleeper deleted-program odd-program threads unlike-threads dead-leader zombies stopped traced
    session odd-names odd-thread-names deleted-files chroot pid-namespace user-namespace
    time-namespace four-uids other-user undumpable-user 500-groups nice-19 fifo no-capabilities
    seccomp-filter pending terminal stack-like locked shared huge-pages huge-whole area-policies
""".split()


@dataclasses.dataclass
class Client:
    """A program and how it is run."""

    name: str
    # Given to bash; {NAME} is a target's process number, {all} those of all, {library} where this
    # file is, and {tree} the path of the tree: whoever takes that has stock's /proc.
    command: str
    # Whether it runs without rights.
    user: bool = False
    # Whether it ends with a status that isn't 0.
    fails: bool = False
    # Whether its lines are in an order.
    order: bool = True
    # Which lines are left out.
    unlike: str = ""
    # Why it can't work.
    limit: str = ""

    @property
    def by_path(self):
        return "{tree}" in self.command


def keywords(first, last):
    """Every column that ps has, in parts, for together they are too much for it."""
    return f"ps -eww -o pid,$(ps L | awk '!/^_/ {{ print $1 }}' | sed -n {first},{last}p | paste -sd,)"


CLIENTS = [
    # Libraries and exporters that take a path.
    Client("psutil", "{library}/psutil {tree}"),
    Client("psutil, as nobody", "{library}/psutil {tree}", user=True),
    # Not test_process_all, which fails for kernel threads.
    Client("psutil's own tests",
           "{library}/psutil-tests test_linux test_process test_posix test_contracts",
           unlike="retrying$"),
    # Whoever reads a file of ours holds the module.
    Client("procfs (Rust)", "rustproc-clients {tree}", unlike="^machine modules"),
    Client("procfs (Rust), as nobody", "rustproc-clients {tree}", user=True,
           unlike="^machine modules"),
    Client("prometheus-node-exporter", "{library}/node-exporter {tree}",
           unlike="duration_seconds"),
    Client("prometheus-process-exporter", "{library}/process-exporter {tree}"),
    # procps
    Client("ps -ef", "ps -ef"),
    Client("ps -ef, as nobody", "ps -ef", user=True),
    Client("ps aux", "ps aux"),
    Client("ps axl, axs, axv", "ps axl; ps axs; ps axv"),
    Client("ps axjf", "ps axjf"),
    Client("ps -eLf", "ps -eLf"),
    Client("ps axms", "ps axms"),
    *(Client(f"ps -o, keywords {first} to {first + 30}", keywords(first, first + 30))
      for first in range(1, 190, 31)),
    Client("ps -o, keywords, as nobody", keywords(1, 60), user=True),
    Client("ps -o, keywords, threads", keywords(61, 120) + " -L"),
    Client("top -b", "top -b -n1 -w 512 -o PID"),
    Client("top -b, threads", "top -b -n1 -w 512 -H -c -o PID"),
    Client("pmap", "pmap {all}", fails=True),
    Client("pmap -x", "pmap -x {all}", fails=True),
    Client("pmap -X", "pmap -X {all}", fails=True),
    Client("pmap -XX", "pmap -XX {all}", fails=True),
    Client("pmap -XX, as nobody", "pmap -XX {all}", fails=True, user=True),
    Client("pgrep", "pgrep -la .; pgrep -lr T .; pgrep -lu 65534; pgrep -lwf sleeper; pgrep -ln e"),
    Client("pkill", "pkill -e -0 -f __target"),
    Client("pidof, pwdx", "pidof sleep rustproc-compare; pwdx {all}", fails=True),
    Client("w, uptime, free", "w; uptime; free -w; free -m -t"),
    Client("vmstat", "vmstat; vmstat -s; vmstat -m; vmstat -d; vmstat -D"),
    Client("slabtop", "slabtop -o -s o", order=False),
    Client("sysctl -a", "sysctl -a", unlike="random.uuid"),
    # psmisc
    Client("pstree", "pstree -pualnZ; pstree -pT; pstree -ptAH {threads} {threads}"),
    Client("fuser", "fuser -v /usr/bin /mnt/share/* /dev/null /dev/pts/*; fuser -vm /proc /tmp"),
    Client("killall", "killall -0 -v rustproc-compare",
           limit="pidfd_send_signal(2) takes no /proc/<pid> but stock's"),
    Client("prtstat", "prtstat {sleeper}; prtstat -r {shared}"),
    # util-linux
    Client("lsfd", "lsfd -l -o +PID,TID,COMMAND,DEV,INODE,MAPLEN,MODE,FLAGS,POS,MISCDEV,UID,KNAME"),
    Client("lsns", "lsns; lsns -p {pid-namespace} -o +PATH,PNS,ONS"),
    Client("findmnt, mount", "findmnt; findmnt -N {chroot}; mount; mountpoint /proc"),
    Client("lscpu and the like", "lslocks; lsipc; lscpu; lsirq; lsmem; swapon --show; lsblk -a"),
    Client("prlimit, chrt, taskset", """
        for pid in {threads} {fifo}; do
            prlimit -p $pid; chrt -a -p $pid; taskset -a -p $pid; ionice -p $pid; choom -p $pid
        done"""),
    Client("nsenter", "nsenter -t {chroot} -r -w pwd; nsenter -t {pid-namespace} -p -m -u true"),
    # iproute2, kmod
    Client("ss, ip, lsmod", "ss -anp; ip netns identify {sleeper}; ip addr; nstat -az; lsmod",
           unlike="^proc "),
    # The others
    Client("htop", "{library}/htop"),
    Client("pidstat", "pidstat -h -l -urdwsvR -p ALL"),
    Client("pidstat, threads", "pidstat -h -t -urdwsvR -p ALL"),
    Client("mpstat, iostat, sar", "mpstat -A; iostat -x; sar -BqSwW -r ALL -u ALL -n ALL 1 1"),
    Client("iotop", "iotop -b -n1; iotop -b -n1 -P"),
    Client("smem", "smem -c 'pid user command swap uss pss rss vss maps' -s pid"),
    Client("lsof", "lsof -nPw +c0", order=False),
    Client("lsof, as nobody", "lsof -nPw +c0", user=True, order=False),
    Client("strace -p", "{library}/strace"),
    Client("gdb -p", "{library}/gdb {threads}"),
    Client("gcore", "{library}/gcore {shared}"),
    Client("criu", "{library}/criu"),
    Client("shell", "{library}/shell"),
]
