"""A place between two records of a log, and the names of the files a log is made of.

<state>/logs/<writer>/00000000000000000001.jsonl      records 1 to 9000 behind a header
                      00000000000000009001.jsonl      records 9001 on
                      lock
"""

import hashlib
from pathlib import Path

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


@attrs.define(eq=False)
class Position:
    """Up to where a log was read or written.

    `seq` is the last record before the place. `first` is the first record of the segment the place is
    in, 0 before any segment; `offset` counts that segment's bytes before the place, `hash` is of them.
    """

    folder: Path
    seq: int = 0
    first: int = 0
    offset: int = 0
    hash: "hashlib._Hash" = attrs.field(factory=hashlib.sha256)

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
        self.first = self.seq + 1
        self.offset = len(header)
        self.hash = hashlib.sha256(header)

    def go_on(self, data: bytes, records: int) -> None:
        """Go behind whole lines of the same segment."""
        self.seq += records
        self.offset += len(data)
        self.hash.update(data)
