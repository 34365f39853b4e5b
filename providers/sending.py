"""How a call is sent and its answer received, whichever library does it."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Protocol

import attrs
import httpx
import trio

from providers.base import WireRequest
from providers.connections import Connections
from providers.transport import Connection, Pool


class Answer(Protocol):
    """An answer whose head has come. `headers` have lower-case names."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> dict[str, str]: ...

    @property
    def complete(self) -> bool:
        """Whether the last byte has been received."""

    def receive(self) -> Awaitable[bytes]:
        """The next bytes of the body; empty at its end.

        Raises:
            httpx.HTTPError: it breaks off.
        """

    def close(self) -> Awaitable[None]:
        """Gives the connection back if the answer is complete; else closes it, which stops the upstream."""


class Sender(Protocol):
    """The way to one key's upstream."""

    @property
    def idle(self) -> int:
        """How many connections wait for calls."""

    async def send(self, wire: WireRequest, connect: float | None) -> Answer:
        """Sends a request; returns when the head of the answer has come.

        Raises:
            httpx.HTTPError, httpx.InvalidURL: it could not be sent, or was not answered.
        """

    async def close(self) -> None:
        """Closes the connections that wait for calls."""


@attrs.define(eq=False)
class DirectAnswer:
    """An answer on a connection of our own."""

    connection: Connection
    pool: Pool

    @property
    def status(self) -> int:
        return self.connection.status

    @property
    def headers(self) -> dict[str, str]:
        return self.connection.headers

    @property
    def complete(self) -> bool:
        return self.connection.complete

    def receive(self) -> Awaitable[bytes]:
        return self.connection.receive()

    def close(self) -> Awaitable[None]:
        return self.pool.give_back(self.connection)


@attrs.define(eq=False)
class Direct:
    """Over `providers.transport`."""

    pool: Pool

    @property
    def idle(self) -> int:
        return self.pool.idle

    async def send(self, wire: WireRequest, connect: float | None) -> DirectAnswer:
        head = self.pool.origin.head(wire.method, wire.path, wire.headers)
        connection = await self.pool.ask(head, wire.body, connect)
        return DirectAnswer(connection, self.pool)

    async def close(self) -> None:
        await self.pool.close()


@attrs.define(eq=False)
class LibraryAnswer:
    """An answer of httpx's."""

    response: httpx.Response
    headers: dict[str, str]
    complete: bool = False
    _chunks: AsyncIterator[bytes] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._chunks = self.response.aiter_bytes()

    @property
    def status(self) -> int:
        return self.response.status_code

    async def receive(self) -> bytes:
        chunk = await anext(self._chunks, None)
        self.complete = chunk is None
        return chunk or b""

    async def close(self) -> None:
        # The library's streams are generators within generators, and only reading on closes them all.
        with trio.CancelScope(deadline=-float("inf")), suppress(httpx.HTTPError, httpx.StreamError):
            while await self.receive():
                pass
        await self.response.aclose()


@attrs.define(eq=False)
class Library:
    """Over httpx as it comes, with all that it can do."""

    client: httpx.AsyncClient
    transport: httpx.AsyncBaseTransport
    base_url: str
    standing: tuple[tuple[str, str], ...] = attrs.field(repr=False)

    @property
    def idle(self) -> int:
        return self.transport.idle if isinstance(self.transport, Connections) else 0

    async def send(self, wire: WireRequest, connect: float | None) -> LibraryAnswer:
        request = self.client.build_request(
            wire.method,
            self.base_url.rstrip("/") + wire.path,
            content=wire.body or None,
            headers=[*self.standing, *wire.headers],
            timeout=httpx.Timeout(None, connect=connect),
        )
        response = await self.client.send(request, stream=True)
        return LibraryAnswer(response, dict(response.headers.items()))

    async def close(self) -> None:
        await self.client.aclose()


async def read_body(answer: Answer, limit: int) -> bytes:
    """The body up to the limit; one that breaks off is as good as what came of it."""
    body = bytearray()
    with suppress(httpx.HTTPError):
        while len(body) < limit and (chunk := await answer.receive()):
            body += chunk
    return bytes(body[:limit])
