"""Our connections under httpx's client."""

import ssl

import httpx
import pytest
import trio

from providers.transport.facade import Transport
from tests.providers.served import Server, settled


async def test_httpx_speaks_over_our_connections() -> None:
    """Bodies, streams, errors; a connection is used again, and closed with the client."""
    server = Server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        transport = Transport(ssl.create_default_context())
        async with httpx.AsyncClient(transport=transport, base_url=server.url) as http:
            for _ in range(3):
                assert (await http.post("/", content=b"x" * 10)).content == b"hello"
            with pytest.raises(httpx.RemoteProtocolError):
                await http.get("/half")
            async with http.stream("GET", "/more") as answer:
                assert answer.headers["content-length"] == "5"
            with pytest.raises(httpx.ConnectError):
                await http.get("http://127.0.0.1:9/")
        assert await settled(server, 0)
        assert server.made == 2
        nursery.cancel_scope.cancel()


async def test_a_call_that_is_cancelled_closes_its_connection() -> None:
    """While it waits for its answer's head."""
    server = Server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        transport = Transport(ssl.create_default_context())
        async with httpx.AsyncClient(transport=transport, base_url=server.url) as http:
            with trio.move_on_after(0.05):
                await http.get("/silence")
            assert await settled(server, 0)
        nursery.cancel_scope.cancel()
