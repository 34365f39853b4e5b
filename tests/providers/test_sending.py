"""A call and its answer are the same over our own connections and over httpx's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from providers.base import WireRequest
from providers.client import HttpClient, Upstream
from providers.openai import OpenAI
from providers.sending import Answer, Sender
from providers.types import Secret
from tests.providers.served import Server, settled

OWN_AND_HTTPX = pytest.mark.parametrize("library", [False, True], ids=["own", "httpx"])


@asynccontextmanager
async def sender(library: bool) -> AsyncIterator[tuple[Server, Sender]]:
    """A server and the way to it."""
    server = Server()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        async with HttpClient(library=library) as http:
            yield server, http.sender(Upstream(OpenAI(), server.url, Secret("s")))
        nursery.cancel_scope.cancel()


def to(path: str) -> WireRequest:
    return WireRequest(path, method="GET", headers=())


@OWN_AND_HTTPX
async def test_an_answer_is_received_to_its_end(library: bool) -> None:
    """And its connection waits for the next call."""
    async with sender(library) as (server, way):
        for _ in range(3):
            answer = await way.send(to("/"), 1.0)
            assert (answer.status, answer.headers["content-length"]) == (200, "5")
            assert not answer.complete or not library
            assert (await drained(answer), answer.complete) == (b"hello", True)
            await answer.close()
        assert (server.made, way.idle) == (1, 1)


async def drained(answer: Answer) -> bytes:
    body = b""
    while piece := await answer.receive():
        body += piece
    return body


@OWN_AND_HTTPX
async def test_an_answer_that_is_left_closes_its_connection(library: bool) -> None:
    """The upstream notices."""
    async with sender(library) as (server, way):
        answer = await way.send(to("/more"), 1.0)
        await answer.close()
        assert await settled(server, 0)
        assert way.idle == 0


@OWN_AND_HTTPX
async def test_an_answer_that_breaks_off_is_an_error(library: bool) -> None:
    """While it is received."""
    async with sender(library) as (server, way):
        answer = await way.send(to("/half"), 1.0)
        with pytest.raises(httpx.HTTPError):
            await drained(answer)
        await answer.close()
        assert await settled(server, 0)


@OWN_AND_HTTPX
async def test_what_is_sent_is_the_same(library: bool) -> None:
    """Method, path, fields and body, whoever writes them."""
    heard = bytearray()

    async def listen(stream: trio.SocketStream) -> None:
        while b"{}" not in heard:
            heard.extend(await stream.receive_some(65536))
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(
            lambda **k: trio.serve_tcp(listen, 0, host="127.0.0.1", **k)
        )
        port = listeners[0].socket.getsockname()[1]
        upstream = Upstream(OpenAI(), f"http://127.0.0.1:{port}/v1/", Secret("s"), (("x-a", "b"),))
        async with HttpClient(library=library) as http:
            await (await http.sender(upstream).send(WireRequest("/chat", b"{}"), 1.0)).close()
        nursery.cancel_scope.cancel()

    line, *fields = bytes(heard).decode().lower().split("\r\n\r\n")[0].split("\r\n")
    assert line == "post /v1/chat http/1.1"
    assert {field for field in fields if not field.startswith("connection")} == {
        f"host: 127.0.0.1:{port}",
        "accept: */*",
        "accept-encoding: identity",
        "user-agent: hedgerow",
        "authorization: bearer s",
        "x-a: b",
        "content-type: application/json",
        "content-length: 2",
    }
