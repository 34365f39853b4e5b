"""What a process and its children have used, and on which processor they may run. Linux."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

_SCHED = 2  # CPUCLOCK_SCHED: user and system time together, in nanoseconds


def cores() -> tuple[set[int], set[int]]:
    """The processors for what is measured and for what measures; the same ones where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return {allowed[0]}, set(allowed[1:] or allowed)


def pin(pid: int, where: set[int]) -> None:
    """Keeps a process, and what it starts from now on, on these processors."""
    os.sched_setaffinity(pid, where)


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    return [pid, *(p for child in _children(pid) for p in family(child))]


def _children(pid: int) -> Iterator[int]:
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, listed.read_text().split())
        except OSError:
            continue  # it has ended meanwhile


def used(pid: int) -> float:
    """Seconds of CPU that the process and its living children have used."""
    return sum(_used(each) for each in family(pid))


def _used(pid: int) -> float:
    try:
        return time.clock_gettime((~pid << 3) | _SCHED)
    except OSError:
        return 0.0  # it has ended meanwhile


def resident(pid: int) -> int:
    """Bytes of memory the process and its children hold; shared pages count once for each."""
    return sum(_resident(each) for each in family(pid))


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def listener(port: int) -> int | None:
    """The process that listens on this port of the loopback, if it is one of ours."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if any(_target(fd) in sockets for fd in _listed(process / "fd")):
            return int(process.name)
    return None


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""
