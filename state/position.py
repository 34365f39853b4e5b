"""A place between two records of a log, and the names of the files a log is made of.

<state>/logs/<writer>/00000000000000000001.jsonl      records 1 to 9000 behind a header
                      00000000000000000001.summary    what these fold to
                      00000000000000009001.jsonl      records 9001 on
                      lock
"""

import hashlib
from pathlib import Path
from typing import Protocol

import attrs

from state.codec import SegmentHeader

_DIGITS = 20


def segment_path(folder: Path, first: int) -> Path:
    """The file whose first record has this number."""
    return folder / f"{first:0{_DIGITS}d}.jsonl"


def segments(folder: Path) -> list[int]:
    """The first numbers of all segments in a log's folder, ascending."""
    stems = (path.stem for path in folder.glob("*.jsonl"))
    return sorted(int(s) for s in stems if len(s) == _DIGITS and s.isascii() and s.isdigit())


def summary_path(folder: Path, first: int) -> Path:
    """The summary of the segment whose first record has this number."""
    return segment_path(folder, first).with_suffix(".summary")


@attrs.frozen
class Sealed:
    """A segment that takes no more records: `first` to `last`, in `size` bytes that hash to `sha256`."""

    first: int
    last: int
    size: int
    sha256: str


class Hash(Protocol):
    """What a hash of bytes must do here."""

    def update(self, data: bytes, /) -> None:
        """Take in the next bytes."""

    def hexdigest(self) -> str:
        """The hash of all bytes so far."""


@attrs.define(eq=False)
class Known:
    """A hash that is known without the bytes, up to here."""

    digest: str

    def update(self, data: bytes, /) -> None:
        """Go on: what more bytes hash to is not known, and fits nothing."""
        if data:
            self.digest = ""

    def hexdigest(self) -> str:
        """The hash, as it was told."""
        return self.digest


@attrs.define(eq=False)
class Position:
    """Up to where a log was read or written.

    `seq` is the last record before the place. `first` is the first record of the segment the place is
    in, 0 before any segment; `offset` counts that segment's bytes before the place, `hash` is of them.
    `behind` is the segment that was left last.
    """

    folder: Path
    seq: int = 0
    first: int = 0
    offset: int = 0
    hash: Hash = attrs.field(factory=hashlib.sha256)
    behind: Sealed | None = None

    @property
    def path(self) -> Path:
        """The segment the place is in; before any, the one that comes first."""
        return segment_path(self.folder, self.first or 1)

    @property
    def next_path(self) -> Path:
        """The segment that begins with the next record."""
        return segment_path(self.folder, self.seq + 1)

    def next_header(self, created: int) -> SegmentHeader:
        """What that segment's header must say."""
        if not self.first:
            return SegmentHeader(1, "", 0, "", created)
        digest = self.hash.hexdigest()
        return SegmentHeader(self.seq + 1, self.path.name, self.seq, digest, created)

    def enter_next(self, header: bytes) -> None:
        """Go behind the header of the next segment."""
        if self.first:
            self.behind = Sealed(self.first, self.seq, self.offset, self.hash.hexdigest())
        self.first = self.seq + 1
        self.offset = len(header)
        self.hash = hashlib.sha256(header)

    def leap(self, over: Sealed) -> None:
        """Go to the end of a later segment, and of what it holds."""
        self.first, self.seq, self.offset = over.first, over.last, over.size
        self.hash = Known(over.sha256)

    def go_on(self, data: bytes, records: int) -> None:
        """Go behind whole lines of the same segment."""
        self.seq += records
        self.offset += len(data)
        self.hash.update(data)
