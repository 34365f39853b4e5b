"""The connections of one key: one call each, the newest used again first, none lost to a cancellation.

A connection belongs to one call before the first checkpoint; it comes back by one synchronous step, or it is
closed. There are no slots that could be lost: how many calls a key may have is decided elsewhere.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import attrs
import httpx
import trio

from providers.transport.connection import Connection, NothingSent
from providers.transport.eager import EagerStream
from providers.transport.origin import Origin

CLOSE_TIME = 1.0
"""Seconds that closing a connection may take. The socket is closed in no time; the rest is farewell."""


def _nobody() -> None:
    pass


@attrs.define(eq=False)
class Pool:
    """Connections to one origin. Of those without a call `keep` stay open, for `expiry` seconds each.

    `emptied` is called when the last of them was taken; `taken` is when one was, on Trio's clock.
    """

    origin: Origin
    keep: int
    expiry: float
    emptied: Callable[[], None] = _nobody
    taken: float = float("-inf")
    closed: bool = False
    _idle: deque[Connection] = attrs.field(factory=deque, repr=False)

    @property
    def idle(self) -> int:
        """How many connections wait for calls to come."""
        return len(self._idle)

    async def ask(self, head: bytes, body: bytes, connect: float | None) -> Connection:
        """Sends a request, whose `head` lacks the length and the empty line, over a connection of the pool.

        Returns when the head of the answer has come. The connection is to be given back. Where a connection
        that had waited turns out to be broken before anything was sent, the next one is taken.

        Raises:
            httpx.TransportError: there is no connection, or it broke.
        """
        request = b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)
        while True:
            connection = await self.take(connect)
            try:
                await self._ask(connection, request)
            except NothingSent:
                if not connection.waited:
                    raise
            else:
                return connection

    async def _ask(self, connection: Connection, request: bytes) -> None:
        try:
            await connection.ask(request)
        except BaseException:
            await self.give_back(connection)  # noqa: ASYNC102 - shields itself, with a deadline
            raise

    async def take(self, connect: float | None) -> Connection:
        """A connection for one call, the newest that is still good or else a new one.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: there is none to be had, within `connect` seconds.
        """
        now = self.taken = trio.current_time()
        while self._idle:
            connection = self._idle.pop()
            if now < connection.expires and not connection.stale:
                if not self._idle:
                    self.emptied()
                return connection
            await _close(connection)
        self.emptied()
        return await self.open(connect)

    async def give_back(self, connection: Connection) -> None:
        """A call is over, in whatever way. A checkpoint only where there is something to close."""
        if not connection.reusable or self.closed:
            await _close(connection)
            return
        self.put(connection)
        while len(self._idle) > self.keep:
            await _close(self._idle.popleft())

    def put(self, connection: Connection) -> None:
        """A connection waits for a call, from now on."""
        connection.expires = trio.current_time() + self.expiry
        self._idle.append(connection)

    async def tidy(self) -> None:
        """Closes what has expired or was closed by the other side."""
        now = trio.current_time()
        for connection in list(self._idle):
            if now >= connection.expires or connection.stale:
                with suppress(ValueError):  # taken meanwhile
                    self._idle.remove(connection)
                    await _close(connection)

    async def close(self) -> None:
        """Closes what waits. What is in use is closed with its call."""
        self.closed = True
        while self._idle:
            await _close(self._idle.pop())

    async def open(self, connect: float | None) -> Connection:
        """A new connection. All addresses of the host are tried, a quarter of a second apart.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: there is none to be had.
        """
        with trio.move_on_after(float("inf") if connect is None else connect):
            return await self._open()
        raise httpx.ConnectTimeout(f"No connection within {connect:g} seconds")

    async def _open(self) -> Connection:
        origin = self.origin
        try:
            stream = EagerStream(await trio.open_tcp_stream(origin.host, origin.port))
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        if origin.tls is None:
            return Connection(stream, stream.socket)
        secured = trio.SSLStream(
            stream, origin.tls, server_hostname=origin.host, https_compatible=True
        )
        try:
            await secured.do_handshake()
        except trio.BrokenResourceError as error:
            await trio.aclose_forcefully(secured)
            raise httpx.ConnectError(f"No TLS: {error.__cause__}") from error
        except BaseException:
            await trio.aclose_forcefully(secured)  # noqa: ASYNC102 - closes before it yields
            raise
        return Connection(secured, stream.socket)


async def _close(connection: Connection) -> None:
    with trio.move_on_after(CLOSE_TIME, shield=True):
        await connection.close()
