"""Connections to a real server on loopback: who gets which, what is kept, and that none is lost."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from providers.connections import Connections
from tests.providers.served import BURST, Server, settled


@asynccontextmanager
async def connected(keep: int = 8) -> AsyncIterator[tuple[Server, httpx.AsyncClient, Connections]]:
    """A server, and a client whose connections are ours."""
    server = Server()
    connections = Connections(httpx.create_ssl_context(trust_env=False), keep, expiry=30.0)
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        async with httpx.AsyncClient(
            transport=connections, base_url=server.url, trust_env=False, timeout=None
        ) as http:
            yield server, http, connections
        nursery.cancel_scope.cancel()


async def burst(http: httpx.AsyncClient, path: str = "/together") -> None:
    """Many calls begun at the same moment."""
    async with trio.open_nursery() as nursery:
        for _ in range(BURST):
            nursery.start_soon(http.get, path)


async def test_calls_behind_one_another_share_a_connection() -> None:
    """Each takes the one that the last has given back."""
    async with connected() as (server, http, connections):
        for _ in range(5):
            assert (await http.get("/")).content == b"hello"

    assert server.made == 1
    assert connections.idle == 0, "closed with the client"


async def test_no_call_of_a_burst_waits_for_another() -> None:
    """Each has a connection of its own, however many are idle; of those, some are kept."""
    async with connected(keep=8) as (server, http, connections):
        for _ in range(3):
            with trio.fail_after(10.0):
                await burst(http)
        assert connections.idle == 8
        assert await settled(server, 8)

    assert server.most == BURST
    assert server.made == BURST + 2 * (BURST - 8)


async def test_the_newest_connection_is_used_first() -> None:
    """So that the oldest can expire when there is less to do."""
    async with connected(keep=2) as (_, http, connections):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(http.get, "/slow")
            nursery.start_soon(http.get, "/slow")
        (idle,) = connections._idle.values()
        oldest, newest = idle
        await http.get("/")

        assert list(idle) == [oldest, newest]
        assert "Request Count: 2" in repr(newest)
        assert "Request Count: 1" in repr(oldest)


@pytest.mark.parametrize("path", ["/bye", "/half"])
async def test_a_connection_that_the_server_closed_is_not_used_again(path: str) -> None:
    """After its last answer, or in the middle of it, which is an error besides."""
    async with connected() as (server, http, _):
        try:
            await http.get(path)
        except httpx.RemoteProtocolError:
            assert path == "/half"
        assert await settled(server, 0)
        assert (await http.get("/")).content == b"hello"

    assert server.made == 2


async def test_an_expired_connection_is_closed() -> None:
    """It is not used again, nor does it stay when another is given back."""
    async with connected() as (server, http, connections):
        connections.expiry = 0.0
        await http.get("/")
        await http.get("/")

        assert await settled(server, 0)
    assert server.made == 2


async def test_an_answer_left_unread_closes_its_connection() -> None:
    """Nobody knows what is still to come on it."""
    async with connected() as (server, http, connections):
        async with http.stream("GET", "/more") as answer:
            assert answer.status_code == 200

        assert connections.idle == 0
        assert await settled(server, 0)


async def test_cancellation_at_any_moment_loses_no_connection() -> None:
    """Hundreds of calls, cancelled while they connect, send, wait or read: all are closed or idle."""
    rng = random.Random(5)
    async with connected(keep=4) as (server, http, connections):
        for _ in range(10):
            async with trio.open_nursery() as nursery:
                for _ in range(BURST):
                    path = rng.choice(["/", "/slow", "/silence", "/more"])
                    nursery.start_soon(cancelled, http, path, rng.uniform(0.0, 0.04))

        assert connections.idle <= 4
        assert await settled(server, connections.idle)


async def cancelled(http: httpx.AsyncClient, path: str, after: float) -> None:
    """A call that is given so many seconds."""
    with trio.move_on_after(after):
        await http.get(path)


async def test_an_address_where_nobody_listens_is_a_connect_error() -> None:
    """In httpx's words, as from its own transport; so is what is no HTTP at all."""
    async with connected() as (_, http, _):
        with pytest.raises(httpx.ConnectError):
            await http.get("http://127.0.0.1:9/")
        with pytest.raises(httpx.UnsupportedProtocol):
            await http.get("ftp://127.0.0.1/")
