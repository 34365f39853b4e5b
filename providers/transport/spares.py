"""A connection in advance for every key in use, so that a backup pays neither TCP nor TLS."""

from collections.abc import Iterable

import attrs
import httpx
import trio

from providers.transport.pool import Pool

IN_USE = 300.0
"""Seconds after its last call for which a key is kept warm."""

LOOK = 15.0
"""Seconds between looks at what has expired."""

CONNECT = 10.0


@attrs.define(eq=False)
class Spares:
    """Sees to it that the pools it knows have a connection that waits, while they are in use."""

    _wanting: dict[Pool, None] = attrs.field(factory=dict)
    _pools: list[Pool] = attrs.field(factory=list)
    _wake: trio.Event = attrs.field(factory=trio.Event)
    running: bool = False

    def look_after(self, pool: Pool) -> None:
        """One more pool."""
        self._pools.append(pool)
        pool.emptied = lambda: self.want(pool)

    def want(self, pool: Pool) -> None:
        """The pool has no connection left."""
        if self.running:
            self._wanting[pool] = None
            self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Opens and closes connections until cancelled."""
        async with trio.open_nursery() as nursery:
            self.running = True
            task_status.started()
            try:
                while True:
                    with trio.move_on_after(LOOK):
                        await self._wake.wait()
                    self._wake = trio.Event()
                    await self._look(nursery)
            finally:
                self.running = False

    async def _look(self, nursery: trio.Nursery) -> None:
        wanting, self._wanting = self._wanting, {}
        if not wanting:
            wanting = dict.fromkeys(await self._tidied())
        for pool in wanting:
            nursery.start_soon(_open, pool)

    async def _tidied(self) -> Iterable[Pool]:
        recently = trio.current_time() - IN_USE
        for pool in self._pools:
            await pool.tidy()
        return [pool for pool in self._pools if not pool.idle and pool.taken > recently]


async def _open(pool: Pool) -> None:
    """A failure is no news: the next call will meet it, and say so.

    The spare is kept even if another connection came back meanwhile: else each of a key's calls, one after the
    other, would take the last one and open another.
    """
    try:
        connection = await pool.open(CONNECT)
    except httpx.TransportError:
        return
    await pool.give_back(connection)
