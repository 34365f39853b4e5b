"""Server-sent events, incrementally: bytes in, events out, however the bytes are split.

Follows the WHATWG's rules for an event stream: lines end in LF, CRLF or CR, a leading BOM and
comments mean nothing, several `data` lines are one text, bytes that are not UTF-8 become U+FFFD.
Beyond them it keeps what is no field of the protocol, because some upstreams append a bare JSON
error to a stream, and gives a last event whose blank line never came. Time is linear in the bytes,
memory bounded by a limit.
"""

import attrs

from providers.errors import BrokenAnswer

BOM = b"\xef\xbb\xbf"
LINE_ENDS = (b"\n", b"\r")

STRAY_LIMIT = 64 * 1024
"""Most bytes kept of what is no field: an error that somebody could read is shorter."""

RETRY_DIGITS = 9
"""More milliseconds than this have digits are nonsense, and slow to read."""


@attrs.frozen
class ServerEvent:
    """One event. `id` is the last one the stream gave; `retry` is in milliseconds, if given."""

    data: str
    event: str = "message"
    id: str = ""
    retry: int | None = None


class Scanner:
    """Cuts one stream into events. `limit` bounds the bytes of a line and of an event's data."""

    def __init__(self, limit: int = 8 * 2**20) -> None:
        self._limit = limit
        self._partial = bytearray()
        self._after_cr = False
        self._at_start = True
        self._stray = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._event = b""
        self._id = b""
        self._retry: int | None = None

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that these bytes complete.

        Raises:
            BrokenAnswer: a line, or the data of one event, exceeds the limit.
        """
        simple = self._simple(data)
        if simple is not None:
            return simple
        found = []
        for line in self._lines(data):
            if line:
                self._field(line)
            elif self._data:
                found.append(self._dispatch())
            else:
                self._event = b""
        return found

    def _simple(self, data: bytes) -> list[ServerEvent] | None:
        """The events where each is one line of data, as in most streams; None where they are not."""
        if not data.startswith(b"data: ") or not data.endswith(b"\n\n") or b"\r" in data:
            return None
        if not self.between_events or self._retry is not None:
            return None
        texts = data[6:-2].split(b"\n\ndata: ")
        if data.count(b"\n") != 2 * len(texts):
            return None
        self._check(max(map(len, texts)))
        self._at_start, last = False, self._id.decode(errors="replace")
        return [ServerEvent(text.decode(errors="replace"), id=last) for text in texts]

    def finish(self) -> list[ServerEvent]:
        """The bytes are over: the last event, if its blank line never came."""
        self._after_cr = False
        return self.feed(b"\n\n" if self._partial else b"\n")

    @property
    def between_events(self) -> bool:
        """Whether nothing is kept that belongs to an event to come."""
        return not (self._partial or self._data or self._event or self._after_cr or self._stray)

    def rest(self) -> bytes:
        """What came since the last event and is no field of the protocol, as far as it is kept."""
        return bytes(self._stray + self._partial)

    def _lines(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete; the begun one is held back."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if not data:
            return []
        lines = data.splitlines()
        rest = b"" if data.endswith(LINE_ENDS) else lines.pop()
        self._after_cr = data.endswith(b"\r")
        if not lines:
            self._partial += rest
        else:
            lines[0] = self._first(bytes(self._partial) + lines[0])
            self._partial = bytearray(rest)
        self._check(max(map(len, (*lines, self._partial))))
        return lines

    def _first(self, line: bytes) -> bytes:
        if not self._at_start:
            return line
        self._at_start = False
        return line.removeprefix(BOM)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise BrokenAnswer("The upstream sent an event that is too large")

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value)
            self._check(self._size)
        elif name == b"event":
            self._event = value
        elif name == b"id":
            self._id = self._id if b"\0" in value else value
        elif name == b"retry":
            self._retry = _milliseconds(value, self._retry)
        elif name and len(self._stray) + len(line) < STRAY_LIMIT:
            self._stray += line + b"\n"

    def _dispatch(self) -> ServerEvent:
        event = ServerEvent(
            data=b"\n".join(self._data).decode(errors="replace"),
            event=self._event.decode(errors="replace") or "message",
            id=self._id.decode(errors="replace"),
            retry=self._retry,
        )
        self._data, self._size = [], 0
        self._event, self._retry = b"", None
        self._stray.clear()
        return event


def _milliseconds(value: bytes, default: int | None) -> int | None:
    return int(value) if value.isdigit() and len(value) <= RETRY_DIGITS else default
