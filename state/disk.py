"""The system calls by which the journal changes a disk, one method each.

The one seam between the state and the operating system: a test hands in a disk that fails the n-th
call. Every method raises OSError as its system call does, and none retries.
"""

import os
from pathlib import Path

APPEND = os.O_APPEND | os.O_CLOEXEC | os.O_WRONLY


class Disk:
    """The real disk. Files are for their owner only: folders 0700, files 0600."""

    def open(self, path: Path, flags: int) -> int:
        """A descriptor of the file, inherited by no child process."""
        return os.open(path, flags | os.O_CLOEXEC, 0o600)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """How many bytes were taken, which may be fewer than given."""
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        """Return once everything written to the descriptor survives a power cut."""
        getattr(os, "fdatasync", os.fsync)(fd)

    def sync_folder(self, folder: Path) -> None:
        """Return once the names in the folder survive a power cut."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def truncate(self, fd: int, length: int) -> None:
        """Cut the file to its first `length` bytes."""
        os.ftruncate(fd, length)

    def rename(self, old: Path, new: Path) -> None:
        """Give the file its new name, in one step."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Remove the file."""
        path.unlink()

    def make_folder(self, folder: Path) -> None:
        """Make the folder and those above it; each new name is synced."""
        if folder.is_dir():
            return
        self.make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self.sync_folder(folder.parent)

    def close(self, fd: int) -> None:
        """Give the descriptor back."""
        os.close(fd)

    def write_all(self, fd: int, data: bytes) -> None:
        """Write until everything is taken. After an OSError a part may have been."""
        taken = self.write(fd, data)
        while taken < len(data):
            taken += self.write(fd, memoryview(data)[taken:])
