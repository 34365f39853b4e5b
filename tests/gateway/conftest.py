"""A journal in a folder of the test's own, on a disk that can be made to fail."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.account import Books
from gateway.metrics import Metrics
from state.disk import Disk
from state.options import Options
from state.store import Store


class FragileDisk(Disk):
    """A disk that skips the waiting, and that is full as long as `full` is true."""

    full = False

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


@pytest.fixture
def disk() -> FragileDisk:
    """The disk under the journal."""
    return FragileDisk()


@pytest.fixture
def store(tmp_path: Path, disk: FragileDisk) -> Iterator[Store]:
    """An empty state."""
    with Store.open(tmp_path, options=Options(disk=disk)) as opened:
        yield opened
        disk.full = False


@pytest.fixture
def books(store: Store) -> Books:
    """The journal and fresh metrics; provider `a` is Gemini's."""
    return Books(store, Metrics(), {"a": "gemini"})
