"""The direction towards the client: one writer at a time, each piece with a deadline.

A write that was cut short (timeout, cancellation, broken connection) leaves the client with half a message,
so the line is broken for good and everything later is dropped without an error. Whoever watches the
reading direction learns of it, as if the client had left.
"""

import attrs
import trio
from hypercorn.utils import parse_socket_addr

PIECE = 64 * 1024
"""Bytes that must get through within one write timeout."""

Address = tuple[str, int] | None


@attrs.define(eq=False)
class Line:
    """The writing side of a connection. `reading` is the scope its reader runs in.

    `broken` says that the client may have half a message; `shut` that it has been sent the last one.
    """

    stream: trio.SocketStream
    timeout: float
    client: Address = None
    server: Address = None
    broken: bool = False
    shut: bool = False
    reading: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    _lock: trio.Lock = attrs.field(factory=trio.Lock, repr=False)

    @classmethod
    def over(cls, stream: trio.SocketStream, timeout: float) -> "Line":
        """A line over an accepted stream. Raises `OSError` if the client is gone already."""
        socket = stream.socket
        client = parse_socket_addr(socket.family, socket.getpeername())
        server = parse_socket_addr(socket.family, socket.getsockname())
        return cls(stream, timeout, client, server)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Returns when the kernel has taken everything, or the line is broken. Nothing follows the last."""
        async with self._lock:
            if self.broken or self.shut:
                return
            self.shut = last
            self.broken = True  # until it is certain that all went out
            self.broken = not await self._send(data)
        if self.broken:
            self.reading.cancel()

    async def _send(self, data: bytes) -> bool:
        rest = memoryview(data)
        while rest:
            with trio.move_on_after(self.timeout) as clock:
                try:
                    await self.stream.send_all(rest[:PIECE])
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return False
            if clock.cancelled_caught:
                return False
            rest = rest[PIECE:]
        return True
