"""Servers of a few lines, for what the simulator does not do."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import trio

WHOLE = b'{"choices":[{"message":{"content":"Yes"}}]}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE)

Serve = Callable[[Any], Awaitable[None]]


@asynccontextmanager
async def served(handler: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The URL of a server that hands each connection to the handler."""
    async with trio.open_nursery() as nursery:
        if tls is None:
            serve = partial(trio.serve_tcp, handler, 0, host="127.0.0.1")
        else:
            serve = partial(trio.serve_ssl_over_tcp, handler, 0, tls, host="127.0.0.1")  # type: ignore[assignment]
        listeners: list[Any] = await nursery.start(serve)
        listener = getattr(listeners[0], "transport_listener", listeners[0])
        scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
        yield f"{scheme}://{host}:{listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def prompt(stream: Any) -> None:
    """Answers whatever has come, at once, until the client goes, in whatever way."""
    with suppress(trio.BrokenResourceError):
        while await stream.receive_some(65_536):
            await stream.send_all(ANSWER)
