"""A realtime upstream on a real socket: it follows a script, and remembers who came and how they left."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

CREATED = {"type": "session.created", "session": {"id": "sess_1"}}


@attrs.define(eq=False)
class Upstream:
    """What happened: the handshakes, what was heard, and with which codes sessions were closed."""

    act: Callable[["Upstream", WebSocketConnection], Awaitable[None]]
    port: int = 0
    handshakes: list[tuple[str, dict[str, str]]] = attrs.field(factory=list)
    heard: list[Any] = attrs.field(factory=list)
    closed: list[tuple[int | None, str | None]] = attrs.field(factory=list)
    refuses: Sequence[int] = ()
    open: int = 0

    async def serve(self, request: WebSocketRequest) -> None:
        """One handshake, and the session behind it."""
        headers = {name.decode(): value.decode() for name, value in request.headers}
        self.handshakes.append((request.path, headers))
        if len(self.handshakes) <= len(self.refuses):
            status = self.refuses[len(self.handshakes) - 1]
            await request.reject(status, body=b'{"error":{"message":"no","code":"nope"}}')
            return
        socket = await request.accept()
        self.open += 1
        try:
            await self.act(self, socket)
            while True:
                self.heard.append(await socket.get_message())
        except ConnectionClosed as error:
            reason = error.reason
            self.closed.append((reason and int(reason.code), reason and reason.reason))
        finally:
            self.open -= 1


async def say(socket: WebSocketConnection, *events: Any) -> None:
    """Sends these events."""
    for event in events:
        await socket.send_message(json.dumps(event))


async def greet(_upstream: Upstream, socket: WebSocketConnection) -> None:
    """There is a session."""
    await say(socket, CREATED)


@asynccontextmanager
async def upstream(
    act: Callable[[Upstream, WebSocketConnection], Awaitable[None]] = greet,
    refuses: Sequence[int] = (),
) -> AsyncIterator[Upstream]:
    """Serves it on any free port."""
    made = Upstream(act, refuses=refuses)
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_websocket, made.serve, "127.0.0.1", 0, None)
        made.port = server.port
        yield made
        nursery.cancel_scope.cancel()
