"""A front on a real socket, clients that send raw bytes, and two applications to stand behind it."""

import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Self

import attrs
import pytest
import trio
from quart import Response, request, websocket
from quart_trio import QuartTrio

from gateway import front

PATIENCE = 5.0
"""Seconds after which a test that waits for the front has failed."""


@attrs.frozen
class Answer:
    """One response, as a client has read it."""

    status: int
    headers: dict[str, str]
    body: bytes


@attrs.define(eq=False)
class Client:
    """One connection to the front; everything it reads has a deadline."""

    stream: trio.SocketStream
    data: bytes = b""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await trio.aclose_forcefully(self.stream)

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def ask(self, path: str = "/hello", *, method: str = "GET", fields: str = "") -> Answer:
        """One request with an ordinary head, and its answer."""
        await self.send(f"{method} {path} HTTP/1.1\r\nHost: front\r\n{fields}\r\n".encode())
        return await self.answer(bodiless=method == "HEAD")

    async def answer(self, *, bodiless: bool = False) -> Answer:
        """Reads exactly one response."""
        lines = (await self._until(b"\r\n\r\n"))[:-4].decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines[1:])
        headers = {name.lower(): value for name, value in pairs}
        status = int(lines[0].split(" ")[1])
        empty = bodiless or status in {100, 101, 204, 304}
        return Answer(status, headers, b"" if empty else await self._body(headers))

    async def rest(self) -> bytes:
        """Everything up to the end of the connection, be it a reset."""
        with trio.fail_after(PATIENCE):
            while await self._more():
                pass
        rest, self.data = self.data, b""
        return rest

    async def half_close(self) -> None:
        await self.stream.send_eof()

    async def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        self.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.socket.close()

    async def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await self._exactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return await self.rest()
        body = b""
        while size := int(await self._until(b"\r\n"), 16):
            body += (await self._exactly(size + 2))[:-2]
        await self._until(b"\r\n")
        return body

    async def _until(self, mark: bytes) -> bytes:
        with trio.fail_after(PATIENCE):
            while mark not in self.data:
                assert await self._more(), f"connection ended after {self.data!r}"
        return await self._exactly(self.data.index(mark) + len(mark))

    async def _exactly(self, size: int) -> bytes:
        with trio.fail_after(PATIENCE):
            while len(self.data) < size:
                assert await self._more(), f"connection ended after {self.data!r}"
        piece, self.data = self.data[:size], self.data[size:]
        return piece

    async def _more(self) -> bool:
        try:
            news = await self.stream.receive_some(65536)
        except trio.BrokenResourceError:
            return False
        self.data += news
        return bool(news)


@attrs.define(eq=False)
class Running:
    """A front at work. `ended` is set when `serve` has returned."""

    port: int
    stop: trio.Event
    ended: trio.Event

    async def connect(self, *, receive_buffer: int | None = None) -> Client:
        sock = trio.socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        with trio.fail_after(PATIENCE):
            await sock.connect(("127.0.0.1", self.port))
        return Client(trio.SocketStream(sock))


@asynccontextmanager
async def _running(app: front.ASGIApp, **settings: Any) -> AsyncIterator[Running]:
    listeners = await front.bind("127.0.0.1", 0)
    port = listeners[0].socket.getsockname()[1]
    at_work = Running(port, trio.Event(), trio.Event())
    limits = front.FrontSettings(**{"grace": 0.5, **settings})

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        await front.serve(app, listeners, limits, stop=at_work.stop, task_status=task_status)
        at_work.ended.set()

    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        try:
            yield at_work
        finally:
            at_work.stop.set()
            with trio.CancelScope(shield=True, deadline=trio.current_time() + PATIENCE) as clock:
                await at_work.ended.wait()
            nursery.cancel_scope.cancel()
    assert not clock.cancelled_caught, "the front did not stop in time"


@pytest.fixture(params=[True, False], ids=["fast", "hypercorn"])
def running(request: pytest.FixtureRequest) -> Callable[..., AbstractAsyncContextManager[Running]]:
    """`async with running(app, **settings)` serves the application on a free port, in both positions."""
    return partial(_running, fast=request.param)


@attrs.define(eq=False)
class Stage:
    """An application with a few pages, and what was seen on it."""

    app: Any = None
    entered: trio.Event = attrs.field(factory=trio.Event)
    left: trio.Event = attrs.field(factory=trio.Event)
    sent: int = 0

    async def wait(self) -> None:
        """A handler that works for ever; `left` tells that it was cancelled."""
        self.entered.set()
        try:
            await trio.sleep_forever()
        finally:
            self.left.set()

    async def flood(self) -> AsyncIterator[bytes]:
        """An answer without end, as fast as the client takes it."""
        self.entered.set()
        try:
            while True:
                yield bytes(16 * 1024)
                self.sent += 16 * 1024
        finally:
            self.left.set()

    async def events(self) -> AsyncIterator[bytes]:
        """An endless stream of server-sent events: one at once, the next after a long time."""
        self.entered.set()
        yield b"data: first\n\n"
        await self.wait()


def _quart_stage() -> Stage:  # noqa: C901 - a list of small pages
    stage, app = Stage(), QuartTrio("stage")

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.post("/echo")
    async def echo() -> bytes:
        return await request.get_data()

    @app.route("/wait", methods=["GET", "POST"])
    async def wait() -> str:
        await stage.wait()
        return "never"

    @app.get("/slow")
    async def slow() -> str:
        stage.entered.set()
        await trio.sleep(0.15)
        return "slow"

    @app.get("/flood")
    async def flood() -> Response:
        return _streamed(stage.flood())

    @app.get("/sse")
    async def sse() -> Response:
        return _streamed(stage.events())

    @app.websocket("/ws")
    async def ws() -> None:
        stage.entered.set()
        try:
            while True:
                await websocket.send(await websocket.receive())
        finally:
            stage.left.set()

    stage.app = app
    return stage


def _streamed(pieces: AsyncIterator[bytes]) -> Response:
    response = Response(pieces, content_type="text/event-stream")
    response.timeout = None
    return response


def _plain_stage() -> Stage:
    stage = Stage()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _plain_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif scope["path"] in {"/flood", "/sse"}:
            await _stream(stage.flood() if scope["path"] == "/flood" else stage.events(), send)
        else:
            body = await _plain_page(stage, scope["path"], receive)
            fields = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": fields})
            await send({"type": "http.response.body", "body": body})

    stage.app = app
    return stage


async def _stream(pieces: AsyncIterator[bytes], send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        await pieces.aclose()


async def _plain_page(stage: Stage, path: str, receive: Any) -> bytes:
    if path == "/wait":
        await stage.wait()
    if path == "/slow":
        stage.entered.set()
        await trio.sleep(0.15)
    if path == "/crash":
        raise RuntimeError("secret of the request")
    if path != "/echo":
        return path[1:].encode()
    body, message = b"", {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _plain_lifespan(receive: Any, send: Any) -> None:
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


@pytest.fixture
def quart_stage() -> Stage:
    """The pages as a Quart-Trio application."""
    return _quart_stage()


@pytest.fixture
def plain_stage() -> Stage:
    """The pages as an ASGI function that does not listen for its client's leaving."""
    return _plain_stage()


@pytest.fixture(params=["quart", "plain"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Both, one after the other."""
    return _quart_stage() if request.param == "quart" else _plain_stage()
