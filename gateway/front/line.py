"""The direction towards the client: one writer at a time, each piece with a deadline.

A write that was cut short (timeout, cancellation, broken connection) leaves the client with half a message,
so the line is broken for good and everything later is dropped without an error. Whoever watches the
reading direction learns of it, as if the client had left.
"""

import attrs
import trio
from hypercorn.utils import parse_socket_addr

from providers.transport import EagerStream

PIECE = 64 * 1024
"""Bytes that must get through within one write timeout."""

TURN = 16
"""Writes after which others have their turn: the kernel may take all that an application ever sends."""

Address = tuple[str, int] | None


@attrs.define(eq=False)
class Line:
    """The writing side of a connection. `reading` is the scope its reader runs in.

    `broken` says that the client may have half a message; `shut` that it has been sent the last one.
    """

    stream: trio.abc.HalfCloseableStream
    timeout: float
    client: Address = None
    server: Address = None
    broken: bool = False
    shut: bool = False
    reading: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    _lock: trio.Lock = attrs.field(factory=trio.Lock, repr=False)
    _writes: int = 0

    @classmethod
    def over(cls, stream: trio.SocketStream, timeout: float) -> "Line":
        """A line over an accepted stream, taken over. Raises `OSError` if the client is gone already."""
        socket = stream.socket
        client = parse_socket_addr(socket.family, socket.getpeername())
        server = parse_socket_addr(socket.family, socket.getsockname())
        eager = EagerStream(stream) if isinstance(stream, trio.SocketStream) else stream
        return cls(eager, timeout, client, server)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Returns when the kernel has taken everything, or the line is broken. Nothing follows the last.

        A checkpoint where it has to wait, and now and then.
        """
        try:
            self._lock.acquire_nowait()
        except trio.WouldBlock:
            await self._lock.acquire()
        try:
            await self._write(data, last=last)
        finally:
            self._lock.release()
        self._writes += 1
        if self.broken or self._writes % TURN == 0:
            await trio.lowlevel.checkpoint()

    async def _write(self, data: bytes, *, last: bool) -> None:
        if self.broken or self.shut:
            return
        self.shut = last
        self.broken = True  # until it is certain that all went out
        self.broken = not await self._send(data)
        if self.broken:
            self.reading.cancel()

    async def _send(self, data: bytes) -> bool:
        try:
            sent = self.stream.send_now(data) if isinstance(self.stream, EagerStream) else 0
            return sent == len(data) or await self._send_slowly(memoryview(data)[sent:])
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return False

    async def _send_slowly(self, rest: memoryview) -> bool:
        while rest:
            with trio.move_on_after(self.timeout) as clock:
                await self.stream.send_all(rest[:PIECE])
            if clock.cancelled_caught:
                return False
            rest = rest[PIECE:]
        return True
