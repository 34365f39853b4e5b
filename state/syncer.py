"""Group commit: one task that makes durable, in one sync, whatever was appended since the last.

While one sync is on its way to the disk, the next group gathers by itself; so a hundred tasks that
commit at once wait for two syncs, not for a hundred.
"""

import contextlib
from collections.abc import Callable
from functools import partial

import attrs
import trio

from state.errors import StateError, StoreUnavailable
from state.log import Log, Sync

DEADLINE = 5.0
"""Seconds that a sync may outlive the task that was cancelled while it ran."""


@attrs.define(eq=False)
class _Group:
    """Those who wait for the same sync. `failure` is read once `over` is set."""

    over: trio.Event = attrs.field(factory=trio.Event)
    failure: str | None = None


@attrs.define(eq=False)
class Syncer:
    """Syncs a log in a thread: at once for those who wait, else within `interval` seconds.

    `settled` is called, in the loop's thread, whenever more of the log may have become durable.
    """

    log: Log
    interval: float
    settled: Callable[[], None]
    running: bool = False
    syncs: int = 0
    _group: _Group | None = None
    _dirty: trio.Event = attrs.field(factory=trio.Event)
    _urgent: trio.Event = attrs.field(factory=trio.Event)
    _thread: trio.CapacityLimiter = attrs.field(factory=partial(trio.CapacityLimiter, 1))

    def appended(self) -> None:
        """Something is to be synced, no hurry."""
        self._dirty.set()

    def hurry(self) -> None:
        """Sync now; mend the log, if it is broken."""
        self._dirty.set()
        self._urgent.set()

    async def durable(self) -> None:
        """Return once all that was appended so far is durable. Raises StoreUnavailable."""
        self._group = group = self._group or _Group()
        self.hurry()
        await group.over.wait()
        if group.failure is not None:
            raise StoreUnavailable(f"not saved: {group.failure}")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Sync until cancelled; then call `finish`."""
        self.running = True
        task_status.started()
        while True:
            await self._dirty.wait()
            with trio.move_on_after(self.interval):
                await self._urgent.wait()
            await self.sync()

    async def finish(self) -> None:
        """Sync all that is left, whoever waits for it; from here on nobody may."""
        try:
            await self.sync()
            while self._group is not None:
                await self.sync()
        finally:
            self.running = False

    def sync_now(self) -> None:
        """Make everything durable without a task, blocking; for when `run` is not running.

        Raises StoreUnavailable.
        """
        try:
            with contextlib.suppress(StoreUnavailable):  # mending raises it again if it lasts
                self.log.sync_now()
            self.mend_now()
        finally:
            self.settled()

    def mend_now(self) -> None:
        """Mend a broken log, blocking. Raises StoreUnavailable."""
        if not self.log.broken:
            return
        try:
            self.log.mend(self.log.write_again())
        except OSError as error:
            raise StoreUnavailable(f"not saved: {error}") from error

    async def sync(self) -> None:
        """Make durable what was appended so far and tell those who wait. Not cancelled half-way."""
        group, self._group = self._group or _Group(), None
        self._dirty, self._urgent = trio.Event(), trio.Event()
        group.failure = "the disk did not answer in time"
        try:
            with trio.move_on_after(DEADLINE, shield=True):
                group.failure = await self._sync()
        finally:
            self.settled()
            group.over.set()

    async def _sync(self) -> str | None:
        """Why the disk refused, None if all is durable."""
        sync = self.log.begin_sync()
        if sync is not None:
            self.syncs += 1
            self.log.end_sync(sync, await self._run(sync))
        return await self._mend() if self.log.broken else None

    async def _run(self, sync: Sync) -> OSError | None:
        try:
            await trio.to_thread.run_sync(sync, limiter=self._thread)
        except OSError as failure:
            return failure
        return None

    async def _mend(self) -> str | None:
        try:
            fd = await trio.to_thread.run_sync(self.log.write_again, limiter=self._thread)
        except (OSError, StateError) as failure:
            return str(failure)
        self.log.mend(fd)
        return None
