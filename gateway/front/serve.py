"""The accept loop, the cap on connections, and the bounded way to stop."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import attrs
import trio

from gateway.errors import ApiError
from gateway.front.barrier import barrier
from gateway.front.connection import Connection
from gateway.front.lifespan import Lifespan
from gateway.front.line import Line
from gateway.front.refusal import FULL, response
from gateway.front.settings import FrontSettings
from gateway.front.site import ASGIApp, Site

TURNED_AWAY_AT_ONCE = 64
"""Connections above the cap that are told so at the same time; others are just closed."""

TELLING = 1.0
"""Seconds that telling one of them may take."""


Listener = trio.abc.Listener[trio.SocketStream]


async def serve(
    app: ASGIApp,
    listeners: Sequence[Listener],
    settings: FrontSettings,
    *,
    stop: trio.Event,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves an ASGI application until `stop` is set; takes over the listeners and closes them.

    Reports when connections are accepted, the application's start-up being over. After `stop` nothing more
    is accepted, idle connections close at once, running requests finish within `settings.grace` and are
    cancelled then. Returns two seconds later at the latest, whatever clients do.

    Raises:
        StartupFailed: the application's lifespan said so.
    """
    site = Site(app, settings)
    lifespan, door = Lifespan(site), Door(site)
    async with _closing(listeners), trio.open_nursery() as nursery:
        if await lifespan.start(nursery):
            nursery.start_soon(site.idle.run)
            async with trio.open_nursery() as connections:
                accepting = await connections.start(door.open, listeners, connections)
                task_status.started()
                await stop.wait()
                accepting.cancel()
                door.drain(connections)
            await lifespan.stop()
        nursery.cancel_scope.cancel()
    lifespan.check()


@asynccontextmanager
async def _closing(listeners: Sequence[Listener]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for listener in listeners:
            await trio.aclose_forcefully(listener)


@attrs.define(eq=False)
class Door:
    """Where connections come in, and are counted."""

    site: Site
    _inside: set[Connection] = attrs.field(factory=set, repr=False)
    _turned_away: int = 0

    async def open(
        self,
        listeners: Sequence[Listener],
        connections: trio.Nursery,
        *,
        task_status: trio.TaskStatus[trio.CancelScope],
    ) -> None:
        """Lets connections in, a task each, until the scope it reports is cancelled."""
        with trio.CancelScope() as scope:
            task_status.started(scope)
            await trio.serve_listeners(self._enter, list(listeners), handler_nursery=connections)

    def drain(self, connections: trio.Nursery) -> None:
        """Idle connections close at once, busy ones have the grace time."""
        self.site.deadline = trio.current_time() + self.site.settings.grace
        connections.cancel_scope.deadline = self.site.deadline
        for connection in self._inside:
            connection.drain()

    async def _enter(self, stream: trio.SocketStream) -> None:
        with barrier("A connection"):
            if len(self._inside) < self.site.settings.max_connections:
                await self._serve(stream)
            elif self._turned_away < TURNED_AWAY_AT_ONCE:
                await self._turn_away(stream)

    async def _serve(self, stream: trio.SocketStream) -> None:
        try:
            line = Line.over(stream, self.site.settings.write_timeout)
        except OSError:
            return  # gone before we looked
        connection = Connection(self.site, line)
        self._inside.add(connection)
        try:
            await connection.run()
        finally:
            self._inside.discard(connection)

    async def _turn_away(self, stream: trio.SocketStream) -> None:
        self._turned_away += 1
        gone = (trio.BrokenResourceError, trio.ClosedResourceError)
        try:
            with trio.move_on_after(TELLING), suppress(*gone):
                await stream.send_all(response(ApiError(503, FULL, retry_after=1.0)))
                await stream.send_eof()
                while await stream.receive_some(4096):
                    pass
        finally:
            self._turned_away -= 1
