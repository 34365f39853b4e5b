"""The transport for httpx: everything else that speaks httpx can use the same connections."""

import ssl
from collections.abc import AsyncIterator

import attrs
import httpx

from providers.transport.connection import Connection
from providers.transport.origin import Origin
from providers.transport.pool import Pool

_FRAMING = {"host", "content-length", "transfer-encoding", "connection"}


@attrs.define(eq=False)
class Transport(httpx.AsyncBaseTransport):
    """`httpx.AsyncClient(transport=Transport(tls))`; a pool for each origin. Bodies are sent whole."""

    tls: ssl.SSLContext = attrs.field(repr=False)
    keep: int = 32
    expiry: float = 45.0
    pools: dict[str, Pool] = attrs.field(factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request; returns when the head of its answer has come.

        Raises:
            httpx.TransportError: there is no connection, or it broke.
        """
        pool = self._pool(request.url)
        body = await request.aread()
        fields = tuple((k, v) for k, v in request.headers.items() if k not in _FRAMING)
        head = pool.origin.head(request.method, request.url.raw_path.decode("ascii"), fields)
        connect = request.extensions.get("timeout", {}).get("connect")
        connection = await pool.ask(head, body, connect)
        return httpx.Response(
            connection.status, headers=connection.headers, stream=Body(connection, pool)
        )

    def _pool(self, url: httpx.URL) -> Pool:
        base = f"{url.scheme}://{url.netloc.decode('ascii')}"
        pool = self.pools.get(base)
        if pool is None:
            pool = self.pools[base] = Pool(Origin.of(base, self.tls), self.keep, self.expiry)
        return pool

    async def aclose(self) -> None:
        """Closes what waits for requests."""
        for pool in self.pools.values():
            await pool.close()


@attrs.define(eq=False)
class Body(httpx.AsyncByteStream):
    """An answer's body, which has its connection until it is closed."""

    connection: Connection
    pool: Pool
    _closed: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.connection.receive():
            yield data

    async def aclose(self) -> None:
        """Gives the connection back."""
        if not self._closed:
            self._closed = True
            await self.pool.give_back(self.connection)
