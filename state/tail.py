"""Reading one writer's log: whole good records, in order, from wherever reading stopped last.

The same reader serves the replay at the start, the log's own writer and those who follow it live. It
never changes a file. A reader can be ahead of durability: it sees records that a power cut may erase.
"""

from pathlib import Path
from typing import Protocol

import attrs

from state import codec
from state.errors import Place, StateDamaged
from state.position import Position, Sealed, segments
from state.records import Readable

CHUNK = 1 << 16
"""Bytes consumed in one go: about a hundred records, less than a millisecond."""


@attrs.frozen
class Torn:
    """What follows the last good record of a log: `size` bytes of `file` from `offset` on.

    At offset 0 it is a whole file that lacks even its header.
    """

    file: Path
    offset: int
    size: int


class Apply(Protocol):
    """What a reader does with each record."""

    def __call__(self, record: Readable, /, *, seq: int) -> None: ...


@attrs.define(eq=False)
class Tail:
    """One log and how far it was read. Each record goes to `apply` with its sequence number.

    `lines` and `entered` count what was read of the segment and of the log; `unknown` counts records of
    kinds that this version does not know: kept in the log and skipped.
    """

    at: Position
    apply: Apply
    unknown: int = 0
    lines: int = 0
    entered: int = 0

    def advance(self) -> bool:
        """Consume up to CHUNK bytes; False if there is no whole good record to consume yet.

        Raises StateDamaged on a line that is intact and yet wrong, OSError if reading fails.
        """
        if self.at.first and self._consume(self._whole_lines()):
            return True
        return self._enter_next()

    def settle(self) -> Torn | None:
        """Consume everything, and tell what the log ends in: None, or a torn tail.

        Raises StateDamaged if what cannot be read is not the end, and OSError. The writer may be at
        work: a verdict holds only if there was still nothing to consume after it.
        """
        while True:
            while self.advance():
                pass
            verdict = self._ending()
            if verdict is None or not self.advance():
                break
        if isinstance(verdict, StateDamaged):
            raise verdict
        return verdict

    def leap(self, over: Sealed, unknown: int) -> None:
        """Go behind the next segment without reading it. It held so many records of unknown kinds."""
        self.at.leap(over)
        self.unknown += unknown
        self.lines = over.last - over.first + 2
        self.entered += 1

    def left_over(self) -> int:
        """Bytes of the current segment that were not consumed."""
        return self.at.path.stat().st_size - self.at.offset if self.at.first else 0

    def _whole_lines(self) -> bytes:
        """The next bytes up to and with a newline; none if the next line is not whole."""
        with self.at.path.open("rb") as file:
            file.seek(self.at.offset)
            data = file.read(CHUNK)
            if b"\n" not in data and len(data) == CHUNK:
                data += file.read(codec.MAX_LINE)
        return data[: data.rfind(b"\n") + 1]

    def _consume(self, data: bytes) -> bool:
        good, size = 0, 0
        try:
            for line in data.split(b"\n")[:-1]:
                if not codec.intact(line):
                    break
                self._take(self.at.seq + good + 1, *codec.decode(line))
                good += 1
                size += len(line) + 1
        except ValueError as error:
            place = Place(str(self.at.path), self.lines + good + 1, self.at.offset + size)
            raise StateDamaged(place, str(error), (self.at.seq + good + 1, None)) from None
        self.at.go_on(data[:size], good)
        self.lines += good
        return good > 0

    def _take(self, expected: int, seq: int, record: Readable | None) -> None:
        if seq != expected:
            raise ValueError(f"record {seq} stands where record {expected} belongs")
        if record is None:
            self.unknown += 1
        else:
            self.apply(record, seq=seq)

    def _enter_next(self) -> bool:
        """Go to the segment that continues this one, if it is there with a whole header."""
        path = self.at.next_path
        if self.at.first == self.at.seq + 1 or not path.exists() or self.left_over():
            return False
        with path.open("rb") as file:
            line = file.readline(codec.MAX_LINE)
        if not line.endswith(b"\n") or not codec.intact(line[:-1]):
            return False
        self._check_header(path, line[:-1])
        self.at.enter_next(line)
        self.lines = 1
        self.entered += 1
        return True

    def _check_header(self, path: Path, line: bytes) -> None:
        why = "the header does not continue the segment before it"
        try:
            header = codec.decode_header(line, codec.SegmentHeader)
            fits = header == self.at.next_header(header.created)
        except ValueError as error:
            fits, why = False, str(error)
        if not fits:
            raise StateDamaged(Place(str(path), 1, 0), why, (self.at.seq + 1, None))

    def _ending(self) -> Torn | StateDamaged | None:
        """What stands behind everything consumed."""
        found = segments(self.at.folder)
        later = [first for first in found if first > self.at.first]
        if len(found) - len(later) != self.entered:
            return self._damaged("there is a segment that does not belong here")
        if self.left_over():
            return self._judge(self.at.path, self.at.offset, last=not later)
        if not later:
            return None
        if later[0] != self.at.seq + 1:
            why = f"the segment that begins with record {self.at.seq + 1} is missing"
            return self._damaged(why, later[0] - 1)
        return self._judge(self.at.next_path, 0, last=len(later) == 1)

    def _judge(self, path: Path, offset: int, *, last: bool) -> Torn | StateDamaged:
        """A torn tail is in the last file, and nothing intact comes after its beginning."""
        with path.open("rb") as file:
            file.seek(offset)
            rest = file.read()
        witness = codec.find_intact(rest)
        if last and witness is None:
            return Torn(path, offset, len(rest))
        place = Place(str(path), self.lines + 1 if offset else 1, offset)
        upto = None if witness is None else _number_before(rest[witness:])
        return StateDamaged(
            place, "unreadable, and not the end of the log", (self.at.seq + 1, upto)
        )

    def _damaged(self, why: str, upto: int | None = None) -> StateDamaged:
        place = Place(str(self.at.path), self.lines + 1, self.at.offset)
        return StateDamaged(place, why, (self.at.seq + 1, upto))


def _number_before(data: bytes) -> int | None:
    """The number before that of the record the data begin with; None if they begin with a header."""
    try:
        seq, _ = codec.decode(data[: data.index(b"\n")])
    except ValueError:
        return None
    return seq - 1
