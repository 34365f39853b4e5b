"""A client on a bare socket: many of them fit into one test, and they can leave at any moment.

HTTP's framing is parsed by llhttp, which is strict: what it calls complete is complete.
"""

import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs
import httptools
import trio

MODEL = "storm"


@attrs.define(eq=False)
class Answer:
    """What came back so far. `complete` is HTTP's word: the last chunk, or the whole announced length.

    `broken` says that the connection ended before that. `status` is 0 while no head has come.
    """

    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytearray = attrs.field(factory=bytearray)
    complete: bool = False
    broken: bool = False

    # What llhttp calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin1").lower()] = value.decode("latin1")

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.complete = True

    @property
    def json(self) -> Any:
        """The body, where it is JSON."""
        return json.loads(bytes(self.body))

    @property
    def data(self) -> list[str]:
        """The payloads of the complete server-sent events, comments left out."""
        frames = self.body.decode().split("\n\n")
        assert frames.pop() == "", "the stream ends in half an event"
        return [frame.removeprefix("data: ") for frame in frames if not frame.startswith(":")]


@attrs.define(eq=False)
class Line:
    """One connection to the gateway."""

    stream: trio.SocketStream

    async def ask(self, request: bytes) -> None:
        """Sends a whole request."""
        await self.stream.send_all(request)

    async def answer(self, answer: Answer | None = None) -> Answer:
        """Reads one answer to its end, or to the connection's; fills the one it is given."""
        answer = answer or Answer()
        parser = httptools.HttpResponseParser(answer)
        while not answer.complete:
            try:
                data = await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                data = b""
            if not data:
                answer.broken = True
                break
            parser.feed_data(data)
            answer.status = answer.status or parser.get_status_code()
        return answer

    def reset(self) -> None:
        """Closing sends a reset instead of a farewell from now on."""
        linger = struct.pack("ii", 1, 0)
        self.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@asynccontextmanager
async def connected(base_url: str) -> AsyncIterator[Line]:
    """A connection to the gateway, closed at once when its block is left."""
    parts = urlsplit(base_url)
    stream = await trio.open_tcp_stream(parts.hostname or "", parts.port or 80)
    try:
        yield Line(stream)
    finally:
        await trio.aclose_forcefully(stream)


async def ask(base_url: str, request: bytes) -> Answer:
    """One request on a connection of its own."""
    async with connected(base_url) as line:
        await line.ask(request)
        return await line.answer()


def get(path: str, key: str | None = None) -> bytes:
    """A GET request."""
    return _head("GET", path, _bearer(key)) + b"\r\n"


def post(
    path: str, key: str, body: Mapping[str, Any], fields: Mapping[str, str] | None = None
) -> bytes:
    """A POST request with a JSON body."""
    data = json.dumps(body).encode()
    headers = {**_bearer(key), "Content-Length": str(len(data)), **(fields or {})}
    return _head("POST", path, headers) + b"\r\n" + data


def chat(
    key: str,
    *,
    model: str = MODEL,
    stream: bool = True,
    max_tokens: int = 20,
    fields: Mapping[str, str] | None = None,
) -> bytes:
    """A chat request."""
    messages = [{"role": "user", "content": "Kısa bir hikaye yaz"}]
    body = {"model": model, "messages": messages, "stream": stream, "max_tokens": max_tokens}
    return post("/v1/chat/completions", key, body, fields)


def _bearer(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: gateway"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n").encode()
