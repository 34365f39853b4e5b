"""The client's end of a realtime session: a websocket that is accepted when there is a session to be had."""

from typing import cast

import attrs
import msgspec
import trio
from quart import Websocket

from gateway.errors import ApiError
from gateway.session import BROKEN

SUBPROTOCOL = "realtime"
KEY_PROTOCOL = "openai-insecure-api-key."
"""How browsers, which cannot set headers, hand over a key: as a subprotocol's name."""

LEFT = "hedgerow.left"
"""Where in a connection's scope is written with which code the client has left."""


@attrs.define(eq=False)
class SocketLine:
    """One client; a `gateway.session.Line` over a websocket. `stop` is set when the process is about to end.

    A `gateway.reply.Reply` as far as failing goes: until it has begun, a failure is an honest status code.
    """

    socket: Websocket
    stop: trio.Event
    begun: bool = False

    async def accept(self) -> None:
        """Accepts the websocket."""
        self.begun = True
        offered = self.socket.requested_subprotocols
        await self.socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)

    async def receive(self) -> str | bytes:
        """The client's next message. One that leaves cancels whoever waits."""
        return await self.socket.receive()

    async def send(self, data: str | bytes) -> None:
        """Sends a message; waits while the client is slower."""
        await self.socket.send(data)

    async def end(self, code: int, reason: str = "") -> None:
        """Closes the websocket."""
        await self.socket.close(code, reason[:120])

    async def fail(self, error: ApiError) -> None:
        """Tells of a failure after the websocket was accepted: an event, and the end."""
        told = {"type": "error", "error": error.body()["error"]}
        await self.send(msgspec.json.encode(told).decode())
        await self.end(BROKEN, error.type)

    def close(self) -> None:
        """Nothing is left to be closed: the framework ends the connection with its handler."""

    @property
    def left(self) -> tuple[int, str] | None:
        """With which code and reason the client has left, if it has."""
        return cast("tuple[int, str] | None", self.socket.scope.get(LEFT))


def key_in(protocols: list[str]) -> str | None:
    """The key among the subprotocols, if there is one."""
    found = (name for name in protocols if name.startswith(KEY_PROTOCOL))
    return next((name.removeprefix(KEY_PROTOCOL) for name in found), None)
