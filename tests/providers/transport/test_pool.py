"""Connections to real servers: TLS that is verified, connections that were closed meanwhile, none lost."""

import os
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio
import trustme
from trio.testing import MockClock

from providers.transport import EagerStream, Origin, Pool
from providers.transport.pool import Connection
from tests.providers.served import Server, settled

GET = b"GET %b HTTP/1.1\r\nhost: h\r\n\r\n"
PLAIN = ssl.create_default_context()


@asynccontextmanager
async def pooled(keep: int = 4, expiry: float = 30.0) -> AsyncIterator[tuple[Server, Pool]]:
    """A server, and connections to it."""
    server = Server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        pool = Pool(Origin.of(server.url, PLAIN), keep, expiry)
        yield server, pool
        await pool.close()
        nursery.cancel_scope.cancel()


async def get(pool: Pool, path: bytes = b"/") -> bytes:
    """A whole call."""
    connection = await pool.take(1.0)
    body = b""
    try:
        await connection.ask(GET % path)
        while piece := await connection.receive():
            body += piece
    finally:
        await pool.give_back(connection)
    return body


async def test_the_newest_connection_is_used_again_first() -> None:
    """So that the oldest can expire when there is less to do."""
    async with pooled() as (server, pool):
        one, two = await pool.take(1.0), await pool.take(1.0)
        await pool.give_back(one)
        await pool.give_back(two)
        assert await pool.take(1.0) is two
        await pool.give_back(two)
        assert server.made == pool.idle == 2


async def test_no_more_are_kept_than_wanted_nor_for_longer() -> None:
    """The oldest go; what expired goes at the next look."""
    async with pooled(keep=2) as (server, pool):
        taken = [await pool.take(1.0) for _ in range(5)]
        for connection in taken:
            await pool.give_back(connection)
        assert pool.idle == 2
        assert await settled(server, 2)
        pool._idle[0].expires = 0.0
        await pool.tidy()
        assert await settled(server, 1)


@pytest.mark.parametrize("path", [b"/bye", b"/half"])
async def test_what_the_server_closed_is_not_used_again(path: bytes) -> None:
    """After its last answer, or in the middle of one."""
    async with pooled() as (server, pool):
        try:
            await get(pool, path)
        except httpx.RemoteProtocolError:
            assert path == b"/half"
        assert await settled(server, 0)
        assert await get(pool) == b"hello"
        assert server.made == 2


async def test_a_pool_that_is_closed_keeps_nothing() -> None:
    """What was in use then is closed with its call."""
    async with pooled() as (server, pool):
        connection = await pool.take(1.0)
        await pool.close()
        await pool.give_back(connection)
        assert pool.idle == 0
        assert await settled(server, 0)


async def broken() -> Connection:
    """A connection whose other end is gone, which nobody has looked at since."""
    ours, theirs = trio.socket.socketpair()
    theirs.close()
    return Connection(EagerStream(trio.SocketStream(ours)), socket=None)


async def test_a_call_that_found_only_broken_connections_is_sent_over_a_new_one() -> None:
    """Nothing of it had left: nobody can have got it twice."""
    async with pooled() as (server, pool):
        for _ in range(2):
            pool.put(await broken())
        connection = await pool.ask(b"GET / HTTP/1.1\r\nhost: h\r\n", b"", 1.0)
        assert (connection.status, server.made) == (200, 1)
        assert pool.idle == 0
        assert await connection.receive() == b"hello"
        await pool.give_back(connection)


async def test_a_call_that_was_begun_is_not_sent_again() -> None:
    """The kernel had taken it: the upstream may have acted on it, whatever came back."""
    async with pooled() as (server, pool):
        ours, theirs = trio.socket.socketpair()
        pool.put(Connection(EagerStream(trio.SocketStream(ours)), socket=None))
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def hang_up() -> None:
                await theirs.recv(1)
                theirs.close()

            with pytest.raises(httpx.TransportError):
                await pool.ask(b"GET / HTTP/1.1\r\nhost: h\r\n", b"", 1.0)
        assert server.made == 0


class Unlucky(Pool):
    """Its new connections are broken as soon as they are made."""

    async def open(self, connect: float | None) -> Connection:
        assert connect is not None
        return await broken()


async def test_a_new_connection_that_is_broken_is_an_error() -> None:
    """There would be no end to trying else."""
    pool = Unlucky(Origin.of("http://127.0.0.1:9", PLAIN), 1, 1.0)
    with pytest.raises(httpx.WriteError):
        await pool.ask(b"GET / HTTP/1.1\r\nhost: h\r\n", b"", 1.0)


@pytest.mark.parametrize("rounds", [int(os.environ.get("HEDGEROW_CANCELS", "2000")) // 20])
async def test_cancellation_at_any_moment_loses_no_connection(rounds: int) -> None:
    """Thousands of calls, cancelled while they connect, send, wait or read: all are closed or idle."""
    rng = random.Random(5)

    async def cut(pool: Pool, path: bytes, after: float) -> None:
        with trio.move_on_after(after):
            await get(pool, path)

    async with pooled() as (server, pool):
        for _ in range(rounds):
            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    path = rng.choice([b"/", b"/slow", b"/silence", b"/more"])
                    nursery.start_soon(cut, pool, path, rng.uniform(0.0, 0.02))
        assert pool.idle <= 4
        assert all(connection.reusable for connection in pool._idle)
        assert await settled(server, pool.idle)
        assert await get(pool) == b"hello"


async def test_nobody_there_is_a_connect_error() -> None:
    """And a name that does not exist."""
    for url in ("http://127.0.0.1:9", "http://nowhere.invalid:80"):
        with pytest.raises(httpx.ConnectError):
            await Pool(Origin.of(url, PLAIN), 1, 1.0).take(5.0)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def secured(authority: trustme.CA, name: str) -> AsyncIterator[str]:
    """A server with a certificate for this name; gives its URL."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)

    async def client(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            while await stream.receive_some(65536):
                await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
        except trio.BrokenResourceError:
            pass

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_ssl_over_tcp_listeners(
            0, context, host="127.0.0.1", https_compatible=True
        )
        nursery.start_soon(trio.serve_listeners, client, listeners)
        port = listeners[0].transport_listener.socket.getsockname()[1]
        yield f"https://127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


async def test_tls_is_spoken_with_whom_an_authority_vouches_for(authority: trustme.CA) -> None:
    """Again and again over one connection, which is not taken for stale because of its tickets."""
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with secured(authority, "127.0.0.1") as url:
        pool = Pool(Origin.of(url, trusting), 4, 30.0)
        spare = await pool.open(5.0)
        await trio.sleep(0.05)
        assert not spare.stale
        pool.put(spare)
        for _ in range(3):
            assert await get(pool) == b"hello"
        assert list(pool._idle) == [spare]
        await pool.close()


@pytest.mark.parametrize("known", [True, False], ids=["other name", "unknown authority"])
async def test_nobody_else_is_spoken_to(authority: trustme.CA, known: bool) -> None:
    """A certificate for another name, or from an authority nobody knows."""
    trusting = ssl.create_default_context()
    if known:
        authority.configure_trust(trusting)
    async with secured(authority, "other.example" if known else "127.0.0.1") as url:
        with pytest.raises(httpx.ConnectError, match="TLS"):
            await Pool(Origin.of(url, trusting), 4, 30.0).take(5.0)


async def test_a_handshake_that_does_not_come_is_a_timeout(autojump_clock: MockClock) -> None:
    """The clock counts until there is a connection that can be used."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    autojump_clock.autojump_threshold = 0.5
    with pytest.raises(httpx.ConnectTimeout):
        await Pool(Origin.of(f"https://127.0.0.1:{port}", PLAIN), 1, 1.0).take(3.0)
    await listeners[0].aclose()


def test_a_connection_says_nothing_of_what_it_carries() -> None:
    """Its text may come into a log."""
    assert "_pieces" not in repr(Connection(stream=None))  # type: ignore[arg-type]
