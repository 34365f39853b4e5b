"""Disks that fail, die or lose power, and records to write to them."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from state import Options, Store
from state.disk import Disk
from state.records import AttemptEnded, KeyIssued, ProjectCreated, RequestEnded

NOW = 1_795_380_000_000


class QuietDisk(Disk):
    """A real disk that skips the waiting: what was written is there, power cuts are not tested."""

    def sync(self, fd):
        pass

    def sync_folder(self, folder):
        pass


class Killed(BaseException):
    """The process would have died here."""


class SteppingDisk(QuietDisk):
    """Counts its system calls and lets `strike` interfere with each; remembers what is open."""

    def __init__(self):
        self.calls = []
        self.opened = set()

    def strike(self, name, fd=None, data=b""):
        """Called before each call does anything."""
        self.calls.append(name)

    def open(self, path, flags):
        self.strike("open")
        fd = super().open(path, flags)
        self.opened.add(fd)
        return fd

    def write(self, fd, data):
        self.strike("write", fd, data)
        return super().write(fd, data)

    def sync(self, fd):
        self.strike("sync", fd)

    def sync_folder(self, folder):
        self.strike("sync_folder")

    def truncate(self, fd, length):
        self.strike("truncate", fd)
        super().truncate(fd, length)

    def rename(self, old, new):
        self.strike("rename")
        super().rename(old, new)

    def remove(self, path):
        self.strike("remove")
        super().remove(path)

    def close(self, fd):
        self.opened.discard(fd)
        super().close(fd)

    def abandon(self):
        """What the kernel does for a process that is gone."""
        for fd in list(self.opened):
            self.close(fd)


class FailingDisk(SteppingDisk):
    """Its n-th call fails with an errno (and all later ones, if sticky); writes after half the bytes."""

    def __init__(self, nth, errno, *, sticky=False, only=None):
        super().__init__()
        self.nth, self.errno, self.sticky, self.only = nth, errno, sticky, only
        self.struck = False

    def strike(self, name, fd=None, data=b""):
        if self.only not in {None, name}:
            return
        super().strike(name)
        count = len(self.calls)
        if count == self.nth or (self.sticky and count > self.nth):
            self.struck = True
            if name == "write":
                os.write(fd, data[: len(data) // 2])
            raise OSError(self.errno, os.strerror(self.errno))


class DyingDisk(SteppingDisk):
    """The process dies at its n-th call, in the middle of it if it writes; 0: it lives on."""

    def __init__(self, nth):
        super().__init__()
        self.nth = nth

    def strike(self, name, fd=None, data=b""):
        super().strike(name)
        if len(self.calls) == self.nth and name == "write":
            os.write(fd, data[: len(data) // 2])
        if 0 < self.nth <= len(self.calls):
            raise Killed


class PowerDisk(DyingDisk):
    """Dies as DyingDisk does, and then `after_power_cut` shows a disk that lost what was not synced."""

    def __init__(self, nth):
        super().__init__(nth)
        self.synced = {}
        self.names = {}

    def sync(self, fd):
        super().sync(fd)
        status = os.fstat(fd)
        self.synced[status.st_ino] = status.st_size

    def sync_folder(self, folder):
        super().sync_folder(folder)
        self.names[folder] = {p.name: p.stat().st_ino for p in folder.iterdir()}

    def truncate(self, fd, length):
        super().truncate(fd, length)
        inode = os.fstat(fd).st_ino
        self.synced[inode] = min(self.synced.get(inode, 0), length)

    def after_power_cut(self, folder: Path, to: Path, rng: random.Random) -> None:
        """Copy what may have survived: unsynced names or not, unsynced bytes in part, or as zeros."""
        to.mkdir()
        durable = self.names.get(folder, {})
        for path in folder.iterdir():
            if path.name not in durable and rng.random() < 0.5:
                continue
            if path.is_dir():
                self.after_power_cut(path, to / path.name, rng)
            else:
                (to / path.name).write_bytes(self._surviving(path, rng))

    def _surviving(self, path: Path, rng: random.Random) -> bytes:
        data = path.read_bytes()
        synced = self.synced.get(path.stat().st_ino, 0)
        kept = rng.randint(min(synced, len(data)), len(data))
        zeros = rng.choice([0, len(data) - kept])
        return data[:kept] + bytes(zeros)


@pytest.fixture
def disks():
    """The kinds of disk by name."""
    return {
        "quiet": QuietDisk,
        "failing": FailingDisk,
        "dying": DyingDisk,
        "power": PowerDisk,
        "killed": Killed,
    }


@pytest.fixture
def ticking() -> Callable[[], int]:
    """A wall clock that is a millisecond later each time it is read."""
    now = [NOW]

    def clock() -> int:
        now[0] += 1
        return now[0]

    return clock


@pytest.fixture
def quick(ticking) -> Options:
    """A store that does not wait for the disk."""
    return Options(disk=QuietDisk(), clock=ticking, patience=0.0, tell_interval=0.05)


@pytest.fixture
def request_ended() -> Callable[..., RequestEnded]:
    """Makes the record of a request by its id; anything else may be given."""

    def make(request="r1", **changes):
        attempt = AttemptEnded("gemini-a", "d", "m", "primary", "won", 0.0, 312.5, 1834.25, 200)
        usual = {
            "project": "demo",
            "environment": "live",
            "operation": "chat",
            "model": "gemini-2.0-flash",
            "status": 200,
            "streamed": True,
            "policy": "default",
            "hedged": "no",
            "winner": "gemini-a",
            "ttft_ms": 312.5,
            "duration_ms": 1834.25,
            "prompt_tokens": 25,
            "completion_tokens": 142,
            "attempts": (attempt,),
        }
        return RequestEnded(request, **(usual | changes))

    return make


@pytest.fixture
def small_log(tmp_path, quick) -> Callable[..., Path]:
    """Writes a state of so many small records in one process's log and returns the log's first file."""

    def make(records=4, segment_size=1 << 20) -> Path:
        folder = tmp_path / "origin"
        shutil.rmtree(folder, ignore_errors=True)
        options = Options(disk=quick.disk, clock=quick.clock, segment_size=segment_size)
        with Store.open(folder, "serve", options) as store:
            for n in range(records):
                store.post(KeyIssued("p", f"d{n}", "live", "h"))
        return folder / "logs" / "serve" / f"{1:020d}.jsonl"

    return make


@pytest.fixture
def projects() -> Callable[[int], ProjectCreated]:
    """Makes the record of the n-th project."""
    return lambda n: ProjectCreated(f"p{n}", ("*",))
