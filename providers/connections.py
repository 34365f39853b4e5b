"""The connections to an upstream: one call each, the newest used again first, none lost to a cancellation.

Stands where httpcore's pool stands, behind httpx; the HTTP on a connection is still httpcore's. Its pool
hands one idle connection to all calls of a burst, which then queue for it behind one another; it looks at
every connection for every call; and it forgets what was cancelled at the wrong moment. Here a connection
belongs to one call before the first checkpoint, and is given back, fit for the next, or closed.
"""

import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Self, cast

import attrs
import httpcore
import httpx
import trio

CLOSE_TIME = 1.0
"""Seconds that closing a connection may take. The socket is closed in no time; the rest is farewell."""

_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
)


@attrs.define(eq=False)
class Connections(httpx.AsyncBaseTransport):
    """As many connections as there are calls; afterwards `keep` of them stay open for `expiry` seconds.

    For `http` and `https`, HTTP/1.1, without proxies.
    """

    tls: ssl.SSLContext = attrs.field(repr=False)
    keep: int
    expiry: float
    _idle: defaultdict[str, deque[httpcore.AsyncHTTPConnection]] = attrs.field(
        factory=lambda: defaultdict(deque), repr=False
    )

    @property
    def idle(self) -> int:
        """How many connections wait for calls to come."""
        return sum(map(len, self._idle.values()))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request; returns when the answer's headers have come.

        Raises:
            httpx.TransportError: there is no connection, or it broke.
        """
        asked = _asked(request)
        connection = await self._take(asked.url.origin)
        try:
            with _translated():
                answer = await connection.handle_async_request(asked)
        except BaseException:
            await _close(connection)  # noqa: ASYNC102 - shields itself, with a deadline
            raise
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, connection, str(asked.url.origin), self),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Closes the idle connections. Those in use are closed with their answers."""
        self.keep = 0
        for idle in self._idle.values():
            while idle:
                await _close(idle.pop())

    async def give_back(self, connection: httpcore.AsyncHTTPConnection, origin: str) -> None:
        """Takes a connection whose answer is over; closes what cannot be used again or is one too many."""
        if not connection.is_idle():
            await _close(connection)
            return
        idle = self._idle[origin]
        idle.append(connection)
        while idle and (len(idle) > self.keep or idle[0].has_expired()):
            await _close(idle.popleft())

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        idle = self._idle[str(origin)]
        while idle:
            connection = idle.pop()
            if not connection.has_expired():
                return connection
            await _close(connection)
        return httpcore.AsyncHTTPConnection(
            origin, ssl_context=self.tls, keepalive_expiry=self.expiry
        )


@attrs.define(eq=False)
class _Body(httpx.AsyncByteStream):
    """An answer's body, which has its connection until it is closed."""

    _answer: httpcore.Response
    _connection: httpcore.AsyncHTTPConnection
    _origin: str
    _connections: Connections
    _chunks: AsyncIterator[bytes] = attrs.field(init=False)
    _closed: bool = False

    def __attrs_post_init__(self) -> None:
        self._chunks = aiter(cast("AsyncIterable[bytes]", self._answer.stream))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with _translated():
            return await anext(self._chunks)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        with trio.move_on_after(CLOSE_TIME, shield=True):
            await self._answer.aclose()
            await self._connections.give_back(self._connection, self._origin)


async def _close(connection: httpcore.AsyncHTTPConnection) -> None:
    with trio.move_on_after(CLOSE_TIME, shield=True):
        await connection.aclose()


def _asked(request: httpx.Request) -> httpcore.Request:
    """httpx's request in httpcore's words."""
    url = request.url
    if url.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"There are no connections for '{url.scheme}'")
    assert isinstance(request.stream, httpx.AsyncByteStream), "what an AsyncClient sends"
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """httpcore's errors as httpx's, which have the same names."""
    try:
        yield
    except _ERRORS as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise kind(str(error)) from error
