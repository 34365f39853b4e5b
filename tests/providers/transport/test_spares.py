"""A connection waits for the next call of every key in use."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from providers.transport import Origin, Pool
from providers.transport.spares import IN_USE, Spares
from tests.providers.served import Server
from tests.providers.transport.test_pool import get

PLAIN = ssl.create_default_context()


@asynccontextmanager
async def looked_after() -> AsyncIterator[tuple[Server, Pool, Spares]]:
    """A server, connections to it, and somebody who keeps a spare."""
    server, spares = Server(), Spares()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        pool = Pool(Origin.of(server.url, PLAIN), 4, 30.0)
        spares.look_after(pool)
        await nursery.start(spares.run)
        yield server, pool, spares
        nursery.cancel_scope.cancel()
    await pool.close()


async def until_idle(pool: Pool, count: int) -> None:
    """Waits until so many connections wait."""
    with trio.fail_after(2.0):
        while pool.idle != count:
            await trio.sleep(0.005)


async def test_the_second_call_finds_a_connection() -> None:
    """As soon as one is taken and none is left, another is opened."""
    async with looked_after() as (server, pool, _):
        taken = await pool.take(1.0)
        await until_idle(pool, 1)
        spare = await pool.take(1.0)
        await until_idle(pool, 1)
        for connection in (taken, spare):
            await pool.give_back(connection)
        assert server.made == 3


async def test_calls_behind_one_another_need_one_spare() -> None:
    """And no more."""
    async with looked_after() as (server, pool, _):
        for _ in range(10):
            await get(pool)
            await until_idle(pool, 2)
        assert server.made == 2


async def test_a_key_that_is_not_used_has_none() -> None:
    """Nothing is opened before the first call, nor long after the last one."""
    async with looked_after() as (server, pool, spares):
        assert server.made == 0
        pool.taken = trio.current_time() - IN_USE - 1
        assert await spares._tidied() == []
        pool.taken = trio.current_time()
        assert await spares._tidied() == [pool]


async def test_a_server_that_is_not_there_is_no_news() -> None:
    """The next call meets it itself."""
    spares = Spares()
    pool = Pool(Origin.of("http://127.0.0.1:9", PLAIN), 4, 30.0)
    spares.look_after(pool)
    async with trio.open_nursery() as nursery:
        await nursery.start(spares.run)
        spares.want(pool)
        await trio.sleep(0.05)
        assert pool.idle == 0
        nursery.cancel_scope.cancel()
    spares.want(pool)
    assert not spares._wanting, "nobody is there to open it"
