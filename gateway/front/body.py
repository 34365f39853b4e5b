"""The strict readers of request bodies: they take from the buffer what belongs to one body, and no byte more.

What they give is well framed whatever came in, so the parser behind them cannot disagree about where the
next request begins. Pure; raises `ApiError` (400) where the framing is broken.
"""

import re
from collections.abc import Callable
from typing import Protocol

import attrs

from gateway.errors import bad_request
from gateway.front.head import FIELD

CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]*+)?")
SIZE_LINE_LIMIT = 256
TRAILER_LIMIT = 8 * 1024
LAST_CHUNK = b"0\r\n\r\n"


class Body(Protocol):
    """A body on its way. `done` when its last byte has been taken."""

    @property
    def done(self) -> bool: ...

    def take(self, buffer: bytearray) -> bytes:
        """Cuts off the buffer what belongs to the body, and gives it as it may be handed on."""
        ...


@attrs.define(eq=False)
class Sized:
    """A body of known length (0: no body)."""

    left: int

    @property
    def done(self) -> bool:
        return self.left == 0

    def take(self, buffer: bytearray) -> bytes:
        piece = bytes(buffer[: self.left])
        del buffer[: self.left]
        self.left -= len(piece)
        return piece


@attrs.define(eq=False)
class Chunked:
    """A chunked body: extensions and trailers are checked, bounded and dropped. Handed on chunked anew, or
    `plain`."""

    plain: bool = False
    done: bool = False
    _left: int = 0
    _trailers: int = 0
    _step: Callable[[bytearray, bytearray], bool] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._step = self._read_size

    def take(self, buffer: bytearray) -> bytes:
        taken = bytearray()
        while not self.done and self._step(buffer, taken):
            pass
        return bytes(taken)

    # Each step reads one element and chooses the next step; False says that more bytes must come first.

    def _read_size(self, buffer: bytearray, _: bytearray) -> bool:
        line = _cut_line(buffer, SIZE_LINE_LIMIT)
        if line is None:
            return False
        match = CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise bad_request("The size of a chunk is malformed")
        self._left = int(match[1], 16)
        self._step = self._read_data if self._left else self._read_trailer
        return True

    def _read_data(self, buffer: bytearray, taken: bytearray) -> bool:
        piece = bytes(buffer[: self._left])
        del buffer[: self._left]
        if piece:
            taken += piece if self.plain else b"%x\r\n%b\r\n" % (len(piece), piece)
        self._left -= len(piece)
        if self._left:
            return False
        self._step = self._read_data_end
        return True

    def _read_data_end(self, buffer: bytearray, _: bytearray) -> bool:
        if len(buffer) < 2:
            return False
        if not buffer.startswith(b"\r\n"):
            raise bad_request("A chunk is longer than its size")
        del buffer[:2]
        self._step = self._read_size
        return True

    def _read_trailer(self, buffer: bytearray, taken: bytearray) -> bool:
        line = _cut_line(buffer, TRAILER_LIMIT - self._trailers)
        if line is None:
            return False
        self._trailers += len(line) + 2
        if line and FIELD.fullmatch(line) is None:
            raise bad_request("A trailer field is malformed")
        if not line:
            taken += b"" if self.plain else LAST_CHUNK
            self.done = True
        return True


@attrs.define(eq=False)
class Unframed:
    """What follows an upgrade: everything, without an end."""

    done: bool = False

    def take(self, buffer: bytearray) -> bytes:
        taken = bytes(buffer)
        buffer.clear()
        return taken


def body_of(length: int | None, *, plain: bool = False) -> Body:
    """The reader for a body of `length` bytes, None for a chunked one."""
    return Chunked(plain) if length is None else Sized(length)


def _cut_line(buffer: bytearray, limit: int) -> bytes | None:
    end = buffer.find(b"\r\n", 0, limit + 2)
    if end < 0 and (len(buffer) > limit or b"\n" in buffer):
        raise bad_request("A line of the chunked body is too long or ends badly")
    if end < 0:
        return None
    line = bytes(buffer[:end])
    del buffer[: end + 2]
    return line
