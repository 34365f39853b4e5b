"""An answer as bytes at times: what one connection has to send, when, and what becomes of it after.

Pure. Good answers are framed and paced here; `spoil` makes the deliveries that go wrong.
"""

from collections.abc import Sequence
from enum import Enum, auto
from http import HTTPStatus

import attrs

from providers.simulator.dialect import Streamed, Whole
from providers.simulator.ledger import Outcome

TICK = 0.001
"""Seconds: tokens due within a tick of one another leave in one send."""

LAST_CHUNK = b"0\r\n\r\n"

_REASONS = {
    200: b"OK",
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not Found",
    413: b"Content Too Large",
    429: b"Too Many Requests",
    500: b"Internal Server Error",
    503: b"Service Unavailable",
    529: b"Overloaded",
}
_OTHER_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


class Then(Enum):
    """What happens to the connection when everything was sent."""

    KEEP = auto()
    CLOSE = auto()
    DRAIN = auto()
    """It is closed, but what the client is still sending is read off first, so that it sees the answer."""
    RESET = auto()
    HANG = auto()
    """Nothing, until the client leaves."""


@attrs.frozen
class Framing:
    """How this client wants its answers: chunked or until the close, and whether it stays."""

    chunks: bool = True
    keep_alive: bool = True

    @property
    def then(self) -> Then:
        """What a complete answer leaves behind."""
        return Then.KEEP if self.keep_alive else Then.CLOSE

    @property
    def last(self) -> bytes:
        """What ends a streamed body."""
        return LAST_CHUNK if self.chunks else b""

    def chunk(self, data: bytes) -> bytes:
        """A piece of a streamed body. None at all stays none: an empty chunk would end the body."""
        if not data or not self.chunks:
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)

    def _connection(self) -> bytes:
        return b"" if self.keep_alive else b"connection: close\r\n"

    def head(self, answer: Whole, length: int | None = None) -> bytes:
        """What precedes a body in one piece; `length` announces another length than it has."""
        reason = _REASONS.get(answer.status) or _OTHER_REASONS.get(answer.status, b"")
        return b"HTTP/1.1 %d %b\r\n%b%b%bcontent-length: %d\r\n\r\n" % (
            answer.status,
            reason,
            answer.kind,
            self._connection(),
            answer.headers,
            len(answer.body) if length is None else length,
        )

    def whole(self, answer: Whole, length: int | None = None) -> bytes:
        """The answer as HTTP, with that head."""
        return self.head(answer, length) + answer.body

    def stream_head(self, answer: Streamed) -> bytes:
        """What precedes a streamed body."""
        return b"HTTP/1.1 200 OK\r\n%b%b%b%b\r\n" % (
            answer.kind,
            b"transfer-encoding: chunked\r\n" if self.chunks else b"",
            self._connection(),
            answer.headers,
        )


@attrs.frozen
class Pace:
    """When an answer's pieces are due, in seconds: the first token, then a gap before each further one."""

    first: float = 0.0
    gaps: Sequence[float] = ()


@attrs.frozen
class Delivery:
    """Bytes, each with the seconds to wait before it; what then happens; what the ledger says of it."""

    frames: Sequence[tuple[float, bytes]]
    then: Then = Then.KEEP
    outcome: Outcome = "finished"
    status: int | None = 200

    @property
    def immediate(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.then is not Then.HANG and not any(delay for delay, _ in self.frames)


def deliver_whole(answer: Whole, framing: Framing, after: float = 0.0) -> Delivery:
    """A complete answer in one body, good news or bad, `after` seconds from now."""
    frames = ((after, framing.whole(answer)),)
    return Delivery(frames, framing.then, _outcome(answer.status), answer.status)


def deliver_pieces(
    answer: Whole | Streamed, framing: Framing, pieces: Sequence[bytes], gap: float
) -> Delivery:
    """A complete answer whose body leaves in these pieces, the first at once, then one every `gap` seconds."""
    frames = [(gap, piece) for piece in pieces] or [(gap, b"")]
    if isinstance(answer, Whole):
        frames[0] = (0.0, framing.head(answer) + frames[0][1])
        return Delivery(frames, framing.then, _outcome(answer.status), answer.status)
    frames = [(gap, framing.chunk(piece)) for piece in pieces]
    frames[0] = (0.0, framing.stream_head(answer) + frames[0][1])
    frames[-1] = (frames[-1][0], frames[-1][1] + framing.last)
    return Delivery(frames, framing.then)


def _outcome(status: int) -> Outcome:
    return "finished" if status == 200 else "failed"


def deliver_stream(answer: Streamed, framing: Framing, pace: Pace) -> Delivery:
    """A complete streamed answer, paced."""
    events = list(answer.words)
    events[0] = answer.opening + events[0]
    events[-1] += answer.closing
    frames = stream_frames(answer, framing, pace, events)
    frames[-1] = (frames[-1][0], frames[-1][1] + framing.last)
    return Delivery(frames, framing.then)


def stream_frames(
    answer: Streamed, framing: Framing, pace: Pace, events: Sequence[bytes]
) -> list[tuple[float, bytes]]:
    """The head of a streamed answer and these events, paced; its body is not ended."""
    batches = _batched(events, pace)
    frames = [(delay, framing.chunk(data)) for delay, data in batches]
    delay, first = frames[0]
    frames[0] = (delay, framing.stream_head(answer) + first)
    return frames


def _batched(events: Sequence[bytes], pace: Pace) -> list[tuple[float, bytes]]:
    """Events with the delay before each, those less than a tick apart put together."""
    batches: list[tuple[float, bytes]] = []
    batch, due, waited = list(events[:1]), pace.first, 0.0
    for event, gap in zip(events[1:], pace.gaps[: len(events) - 1], strict=True):
        waited += gap
        if waited >= TICK:
            batches.append((due, b"".join(batch)))
            batch, due, waited = [], waited, 0.0
        batch.append(event)
    batches.append((due, b"".join(batch)))
    return batches
