"""Writing the summaries of one's own log: gathered while records pass, written when a segment is closed.

A summary that cannot be written is left out: it only saves time.
"""

import contextlib
import os
from collections import deque

import attrs

from state.disk import Disk
from state.errors import StateError
from state.position import Position, Sealed, summary_path
from state.records import Readable
from state.summary import Draft


@attrs.define(eq=False)
class Summaries:
    """The drafts of the segment that `at` is in, and of those closed but not yet written."""

    at: Position
    disk: Disk
    _draft: Draft | None = None
    _closed: deque[tuple[Draft, Sealed]] = attrs.field(factory=deque)

    def add(self, record: Readable, seq: int) -> None:
        """Take in a record of the segment that `at` is in."""
        draft = self._draft
        if draft is None or draft.first != self.at.first:
            draft = self._begin()
        draft.add(record, seq)

    @property
    def waiting(self) -> bool:
        """Whether there is something to write."""
        return bool(self._closed)

    def write(self) -> None:
        """Write what waits. Blocks; any thread may do it, one at a time."""
        while self._closed:
            draft, sealed = self._closed.popleft()
            with contextlib.suppress(OSError, StateError):
                self._write(draft, sealed)

    def _begin(self) -> Draft:
        if self._draft is not None:
            assert self.at.behind is not None
            self._closed.append((self._draft, self.at.behind))
        self._draft = Draft(self.at.first)
        return self._draft

    def _write(self, draft: Draft, sealed: Sealed) -> None:
        path = summary_path(self.at.folder, sealed.first)
        unfinished = path.with_suffix(".tmp")
        fd = self.disk.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            self.disk.write_all(fd, draft.encode(sealed))
            self.disk.sync(fd)
        finally:
            self.disk.close(fd)
        self.disk.rename(unfinished, path)
