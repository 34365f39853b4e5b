"""One streamed HTTP/1.1 request over a connection of its own, as cheap as Python makes it.

A load generator must cost less than what it measures. This one knows just enough HTTP to send a POST and to
hand over the body of the answer as it arrives; llhttp does the parsing.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import attrs
import httptools
import trio

RECEIVE = 65_536


@attrs.frozen
class Request:
    """What to send, made once and used often."""

    host: str
    port: int
    data: bytes


def post(url: str, headers: dict[str, str], body: bytes) -> Request:
    """A POST request to an `http` URL."""
    parts = urlsplit(url)
    assert parts.hostname is not None, "a URL to post to has a host"
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    return Request(parts.hostname, parts.port or 80, head.encode() + body)


@attrs.define(eq=False)
class Response:
    """What an answer turned out to be; called by the parser."""

    on_body: Callable[[bytes], None]
    headers: dict[str, str] = attrs.field(factory=dict)
    status: int = 0
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is complete."""
        self.headers[name.decode("latin1").lower()] = value.decode("latin1")

    def on_message_complete(self) -> None:
        """The answer is complete, as HTTP sees it."""
        self.complete = True


async def send(request: Request, on_body: Callable[[bytes], None]) -> Response:
    """Sends a request and gives its answer when it is complete or broken off; pieces go to `on_body`.

    Raises:
        OSError, trio.BrokenResourceError: no connection, or it was reset.
    """
    response = Response(on_body)
    parser = httptools.HttpResponseParser(response)
    stream = await trio.open_tcp_stream(request.host, request.port)
    async with stream:
        await stream.send_all(request.data)
        while not response.complete and (data := await stream.receive_some(RECEIVE)):
            parser.feed_data(data)
            response.status = response.status or parser.get_status_code()
    return response


_CONTENT = re.compile(rb'"content":"[^"]')


@attrs.define(eq=False)
class FirstContent:
    """Notes when the first content of a chat stream came, and whether the stream said its end."""

    at: float | None = None
    done: bool = False
    _tail: bytes = b""

    def __call__(self, data: bytes) -> None:
        """Looks at a piece of the body; what matters may lie across two pieces."""
        seen = self._tail + data
        if self.at is None and _CONTENT.search(seen):
            self.at = trio.current_time()
        self.done = self.done or b"data: [DONE]" in seen
        self._tail = seen[-32:]
