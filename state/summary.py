"""The summary of a closed segment: a few lines that fold to the same as its many.

    {"t":"summary","v":1,"first":1,"last":62000,"size":67108021,"sha256":"…",…,"crc":"…"}
    changes to projects and keys, the last state of each pooled key, sums of usage by day
    the latest requests

It stands beside its segment and is only ever a shortcut: without it, or with one that does not fit, the
segment is read in full. It fits if the header of the segment after it tells the same hash.
"""

from collections.abc import Iterator
from pathlib import Path

import attrs

from state import codec
from state.position import Position, Sealed, segment_path, summary_path
from state.recent import Recent, Stamp
from state.records import (
    ControlRecord,
    CountedRequest,
    Dropped,
    KeyStateChanged,
    Readable,
    Record,
)
from state.usage import Ledger

Numbered = tuple[int, Readable]
"""A record with its number."""


@attrs.define(eq=False)
class Draft:
    """The summary of the segment that begins with record `first`, while it is being written."""

    first: int
    _records: int = 0
    _changes: list[tuple[int, Record]] = attrs.field(factory=list)
    _states: dict[str, tuple[Stamp, KeyStateChanged]] = attrs.field(factory=dict)
    _dropped: int = 0
    _ledger: Ledger = attrs.field(factory=Ledger)
    _recent: Recent = attrs.field(factory=Recent)

    def add(self, record: Readable, seq: int) -> None:
        """Take in the segment's next record."""
        self._records += 1
        if isinstance(record, CountedRequest):
            self._ledger.count(record)
            self._recent.add(record, (record.ts, "", seq))
        elif isinstance(record, ControlRecord):
            self._changes.append((seq, record))
        elif isinstance(record, KeyStateChanged):
            self._change_state(record, (record.ts, "", seq))
        elif isinstance(record, Dropped):
            self._dropped += record.count

    def encode(self, sealed: Sealed) -> bytes:
        """The summary as it is written."""
        facts = b"".join(
            codec.encode(record, seq, record.ts)[0] for seq, record in self._facts(sealed)
        )
        entries = self._recent.entries
        requests = b"".join(
            request.line + b"\n" for _, request in entries if isinstance(request, CountedRequest)
        )
        header = codec.SummaryHeader(
            **attrs.asdict(sealed),
            unknown=sealed.last - sealed.first + 1 - self._records,
            facts=len(facts),
            requests=len(requests),
            latest=max((stamp[0] for stamp, _ in entries), default=0),
        )
        return codec.encode_header(header) + facts + requests

    def _change_state(self, record: KeyStateChanged, stamp: Stamp) -> None:
        known = self._states.get(record.key)
        if known is None or known[0] < stamp:
            self._states[record.key] = (stamp, record)

    def _facts(self, sealed: Sealed) -> Iterator[tuple[int, Record]]:
        yield from self._changes
        for (_, _, seq), record in self._states.values():
            yield seq, record
        yield sealed.last, Dropped(self._dropped)
        for summed in self._ledger.summed():
            yield sealed.last, summed


@attrs.frozen
class Summary:
    """A summary that was read: all of it but the requests, which are read when they are asked for."""

    header: codec.SummaryHeader
    path: Path
    facts: tuple[Numbered, ...]

    @property
    def sealed(self) -> Sealed:
        """The segment it is of."""
        header = self.header
        return Sealed(header.first, header.last, header.size, header.sha256)

    def requests(self) -> list[tuple[int, CountedRequest]]:
        """The segment's latest requests with their numbers. Raises ValueError, OSError."""
        with self.path.open("rb") as file:
            file.seek(-self.header.requests, 2)
            numbered = _decoded(file.read())
        return [(seq, record) for seq, record in numbered if isinstance(record, CountedRequest)]

    def fits(self) -> bool:
        """Whether its segment, and the header of the one after that, are as it says. Raises OSError."""
        folder, sealed = self.path.parent, self.sealed
        if segment_path(folder, sealed.first).stat().st_size != sealed.size:
            return False
        at = Position(folder)
        at.leap(sealed)
        if not at.next_path.exists():
            return False
        with at.next_path.open("rb") as file:
            line = file.readline(codec.MAX_LINE)[:-1]
        try:
            header = codec.decode_header(line, codec.SegmentHeader)
        except ValueError:
            return False
        return codec.intact(line) and header == at.next_header(header.created)


def load(folder: Path, first: int) -> Summary | None:
    """The summary of the segment that begins with this record, None if there is none that fits.

    Raises ValueError if there is one that is damaged, OSError if it cannot be read.
    """
    path = summary_path(folder, first)
    if not path.exists():
        return None
    with path.open("rb") as file:
        line = file.readline(codec.MAX_LINE)
        header = codec.decode_header(line[:-1], codec.SummaryHeader)
        size = len(line) + header.facts + header.requests
        if not codec.intact(line[:-1]) or header.first != first or path.stat().st_size != size:
            raise ValueError("not whole")
        summary = Summary(header, path, tuple(_decoded(file.read(header.facts))))
    return summary if summary.fits() else None


def _decoded(data: bytes) -> Iterator[Numbered]:
    *lines, rest = data.split(b"\n")
    if rest:
        raise ValueError("its last line has no end")
    for line in lines:
        if not codec.intact(line):
            raise ValueError("a line of it is damaged")
        seq, record = codec.decode(line)
        if record is None:
            raise ValueError("a line of it is of a kind unknown here")
        yield seq, record
