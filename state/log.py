"""Writing one log: whole lines to the end of its last segment, and what is known to be durable.

    append     bytes reach the kernel before it returns: they survive the death of the process
    sync       they reach the disk: they survive a power cut
    rotate     a full segment is synced before the next one may exist

A refused write is cut back at once, so no half line stays. A failed sync is never tried again on its
descriptor, because the kernel may have dropped the data and would report success: the log is `broken`
until it was mended, which writes all that was not yet durable again, with the same numbers, through a
fresh descriptor. Two syncs never run at once: the kernel tells a failure to only one of them.
"""

import contextlib
import os
from collections.abc import Callable

import attrs

from state import codec
from state.disk import APPEND, Disk
from state.errors import StoreUnavailable
from state.position import Position

SEGMENT_SIZE = 64 << 20
"""Bytes after which a segment is closed and the next one begun."""


@attrs.frozen
class Sync:
    """Makes durable what was appended up to record `seq`; any thread may run it. Raises OSError."""

    disk: Disk
    fd: int
    seq: int
    offset: int
    pieces: int

    def __call__(self) -> None:
        self.disk.sync(self.fd)


@attrs.define(eq=False)
class Log:
    """The end of a log that is ours to write. `end` is behind the last record appended.

    `durable` is the last record that survives a power cut. `trouble` says why the last write or sync
    was refused, None when all is well; `broken` that nothing can be appended before it is mended.
    """

    end: Position
    disk: Disk
    clock: Callable[[], int]
    segment_size: int = SEGMENT_SIZE
    durable: int = 0
    trouble: str | None = None
    broken: bool = False
    _fd: int | None = None
    _durable_offset: int = 0
    _pieces: list[bytes] = attrs.field(factory=list)
    _syncing: bool = False
    _closed: bool = False

    def start(self) -> None:
        """Open the last segment, if there is one, and make all of it durable. Raises OSError."""
        if self.end.first:
            self._fd = self.disk.open(self.end.path, APPEND)
            self.disk.sync(self._fd)
        self._now_durable(self.end.seq, self.end.offset, 0)

    def append(self, data: bytes, records: int) -> None:
        """Append whole lines, numbered from `end.seq + 1` on: all of them or none.

        Raises StoreUnavailable; then none is in the log.
        """
        if self.broken:
            raise StoreUnavailable(f"the journal takes no records: {self.trouble}")
        if self._is_full(len(data)):
            self._rotate()
        assert self._fd is not None
        try:
            self.disk.write_all(self._fd, data)
        except OSError as error:
            self._cut_back(error)
            raise StoreUnavailable(f"the journal takes no records: {error}") from error
        self.trouble = None
        self.end.go_on(data, records)
        self._pieces.append(data)

    def begin_sync(self) -> Sync | None:
        """What to run to make everything durable, None if it is. Each must go to `end_sync`."""
        if self._fd is None or self.durable == self.end.seq:
            return None
        self._syncing = True
        return Sync(self.disk, self._fd, self.end.seq, self.end.offset, len(self._pieces))

    def end_sync(self, sync: Sync, failure: OSError | None) -> None:
        """Take note of how a sync ended; a failure breaks the log."""
        self._syncing = False
        if self._fd != sync.fd:
            self._close(sync.fd)
        if failure is None:
            self._now_durable(sync.seq, sync.offset, sync.pieces)
        else:
            self._break(failure)

    def sync_now(self) -> None:
        """Make everything durable before returning, mending nothing. Raises StoreUnavailable."""
        sync = self.begin_sync()
        if sync is None:
            return
        try:
            sync()
        except OSError as error:
            self.end_sync(sync, error)
            raise StoreUnavailable(f"the journal takes no records: {error}") from error
        self.end_sync(sync, None)

    def write_again(self) -> int:
        """Write and sync what is not durable through a fresh descriptor, and return that.

        For a broken log, on any thread; `mend` with it next. Raises OSError or StoreUnavailable.
        """
        if self._closed:
            raise StoreUnavailable("the journal is closed")
        fd = self.disk.open(self.end.path, APPEND)
        try:
            self._check_durable_part()
            self.disk.truncate(fd, self._durable_offset)
            self.disk.write_all(fd, b"".join(self._pieces))
            self.disk.sync(fd)
            self.disk.sync_folder(self.end.folder)
        except BaseException:
            self._close(fd)
            raise
        return fd

    def mend(self, fd: int) -> None:
        """Go on with a descriptor through which all was written again."""
        self._fd = fd
        self.broken = False
        self.trouble = None
        self._now_durable(self.end.seq, self.end.offset, len(self._pieces))

    def close(self) -> None:
        """Give the descriptor back, for good. What was not synced is left to the kernel."""
        if self._fd is not None:
            self._close(self._fd)
        self._fd = None
        self.broken = self._closed = True
        self.trouble = self.trouble or "it is closed"

    def _is_full(self, more: int) -> bool:
        if self._fd is None:
            return True
        empty = self.end.first == self.end.seq + 1
        return self.end.offset + more > self.segment_size and not empty and not self._syncing

    def _rotate(self) -> None:
        """Begin the next segment. Blocks for two syncs, once in SEGMENT_SIZE bytes."""
        if self._fd is not None:
            self.sync_now()
        header = codec.encode_header(self.end.next_header(self.clock()))
        try:
            fd = self._create(header)
        except OSError as error:
            self.trouble = str(error)
            raise StoreUnavailable(f"the journal cannot begin a segment: {error}") from error
        if self._fd is not None:
            self._close(self._fd)
        self._fd = fd
        self.end.enter_next(header)
        self._now_durable(self.end.seq, self.end.offset, 0)
        try:
            self.disk.sync_folder(self.end.folder)
        except OSError as error:
            self._break(error)
            raise StoreUnavailable(f"the journal cannot begin a segment: {error}") from error

    def _create(self, header: bytes) -> int:
        """The next segment with its header; its name appears only when both are whole and durable."""
        draft = self.end.folder / "next.tmp"
        fd = self.disk.open(draft, APPEND | os.O_CREAT | os.O_TRUNC)
        try:
            self.disk.write_all(fd, header)
            self.disk.sync(fd)
            self.disk.rename(draft, self.end.next_path)
        except BaseException:
            self._close(fd)
            raise
        return fd

    def _cut_back(self, error: OSError) -> None:
        assert self._fd is not None
        self.trouble = str(error)
        try:
            self.disk.truncate(self._fd, self.end.offset)
        except OSError as worse:
            self._break(worse)

    def _check_durable_part(self) -> None:
        data = self.end.path.read_bytes()[: self._durable_offset]
        whole = len(data) == self._durable_offset and data.endswith(b"\n")
        if not whole or not all(map(codec.intact, data.split(b"\n")[:-1])):
            raise StoreUnavailable("what was durable in the journal is no longer there")

    def _now_durable(self, seq: int, offset: int, pieces: int) -> None:
        self.durable = seq
        self._durable_offset = offset
        del self._pieces[:pieces]

    def _break(self, error: OSError) -> None:
        self.broken = True
        self.trouble = str(error)
        if self._fd is not None and not self._syncing:
            self._close(self._fd)
        self._fd = None

    def _close(self, fd: int) -> None:
        with contextlib.suppress(OSError):  # the descriptor is gone either way, the data was synced
            self.disk.close(fd)
