"""Who may write a log: the process that holds the lock in its folder, for as long as it lives.

The lock is the kernel's (`flock`): it goes when its holder does, however that ends. The file holds the
holder's process id, for people. Only the holder may append to the log, or cut its torn tail.
"""

import fcntl
import os
import time
from pathlib import Path

import attrs

from state.disk import Disk
from state.errors import StateLocked

_POLL = 0.02


@attrs.define(eq=False)
class Claim:
    """The right to write the log of this name, until it is released."""

    name: str
    _fd: int | None

    @property
    def released(self) -> bool:
        """Whether another may have it by now."""
        return self._fd is None

    def release(self, disk: Disk) -> None:
        """Leave the log to its next writer."""
        fd, self._fd = self._fd, None
        if fd is not None:
            disk.close(fd)


def claim_free(logs: Path, name: str, disk: Disk, most: int = 1000) -> Claim:
    """The first free of `name`, `name-2`, `name-3`…: several processes of one kind, a log each.

    Raises StateLocked if `most` are taken, OSError if the disk refuses.
    """
    for number in range(1, most + 1):
        claim = _try(logs, name if number == 1 else f"{name}-{number}", disk)
        if claim is not None:
            return claim
    raise StateLocked(f"{most} processes write logs called {name} already")


def claim_turn(logs: Path, name: str, disk: Disk, patience: float) -> Claim:
    """The log of exactly this name, waiting up to `patience` seconds for the one who writes it.

    Blocks the thread. Raises StateLocked when patience ends, OSError if the disk refuses.
    """
    give_up = time.monotonic() + patience
    while True:
        claim = _try(logs, name, disk)
        if claim is not None:
            return claim
        if time.monotonic() >= give_up:
            holder = (logs / name / "lock").read_text("ascii").strip()
            raise StateLocked(
                f"process {holder} has been writing the log {name} for {patience:g} s"
            )
        time.sleep(_POLL)


def _try(logs: Path, name: str, disk: Disk) -> Claim | None:
    folder = logs / name
    disk.make_folder(folder)
    fd = disk.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        disk.truncate(fd, 0)
        disk.write_all(fd, b"%d\n" % os.getpid())
    except BlockingIOError:
        disk.close(fd)
        return None
    except BaseException:
        disk.close(fd)
        raise
    return Claim(name, fd)
