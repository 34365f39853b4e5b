"""One run of the application, for one request or websocket: its task, its scope and what it receives.

Stands where Hypercorn's task group stands, because a request must have a cancel scope of its own, and
telling the application that its client has left must never wait for the application.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any, cast

import attrs
import trio
from hypercorn.config import Config
from hypercorn.typing import AppWrapper, ASGIReceiveEvent, ASGISendEvent, HTTPDisconnectEvent, Scope

from gateway.front.barrier import barrier

AHEAD = 2
"""Events kept for an application that does not receive: the body, and its end."""

FAREWELL = 0.05
"""Seconds in which an application may leave by itself, once told that its client has left."""


def _disconnect() -> HTTPDisconnectEvent:
    return {"type": "http.disconnect"}


@attrs.define(eq=False)
class Call:
    """A task group, as Hypercorn's streams want one, for exactly one application call.

    `on_end` is awaited in the application's task when it has returned or failed, not when cancelled. `left` is
    the code and reason with which a websocket's client has left, once that is known.
    """

    nursery: trio.Nursery
    on_end: Callable[[], Awaitable[None]]
    ended: bool = False
    left: tuple[int, str] | None = None
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    _beside: list[trio.CancelScope] = attrs.field(factory=list, repr=False)
    _farewell: ASGIReceiveEvent = attrs.field(factory=_disconnect, repr=False)
    _inlet: trio.MemorySendChannel[ASGIReceiveEvent] = attrs.field(init=False, repr=False)
    _outlet: trio.MemoryReceiveChannel[ASGIReceiveEvent] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._inlet, self._outlet = trio.open_memory_channel(AHEAD)

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,  # noqa: ARG002 - Hypercorn's signature
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Starts the application; gives the function that puts events before it."""
        self.nursery.start_soon(self._run, app, scope, send)
        return self._put

    def spawn(self, func: Callable[..., Awaitable[Any]], *args: Any) -> None:
        """Runs something beside the application, as long as that runs at most."""
        scope = trio.CancelScope()
        self._beside.append(scope)
        self.nursery.start_soon(_run_in, scope, func, *args)

    def leave(self) -> None:
        """Ends the application within `FAREWELL` seconds."""
        self._scope.deadline = min(self._scope.deadline, trio.current_time() + FAREWELL)

    async def _run(
        self, app: AppWrapper, scope: Scope, send: Callable[[ASGISendEvent], Awaitable[None]]
    ) -> None:
        with barrier("An application call", self._level), self._scope:
            await app(scope, self._receive, send, trio.to_thread.run_sync, trio.from_thread.run)
        self.ended = True
        for beside in self._beside:
            beside.cancel()
        await self.on_end()

    def _level(self) -> int:
        # Frameworks leave by an exception of their own when their client has left.
        return logging.ERROR if self._scope.deadline == math.inf else logging.INFO

    async def _receive(self) -> ASGIReceiveEvent:
        try:
            return await self._outlet.receive()
        except trio.EndOfChannel:
            return self._farewell

    async def _put(self, event: ASGIReceiveEvent) -> None:
        if event["type"] in {"http.disconnect", "websocket.disconnect"}:
            self._farewell = event
            if event["type"] == "websocket.disconnect" and self.left is not None:
                code, reason = self.left
                told = {"type": "websocket.disconnect", "code": code, "reason": reason}
                self._farewell = cast("ASGIReceiveEvent", told)
            self._inlet.close()
        else:
            await self._inlet.send(event)


async def _run_in(scope: trio.CancelScope, func: Callable[..., Awaitable[Any]], *args: Any) -> None:
    with barrier("A task beside an application call"), scope:
        await func(*args)
