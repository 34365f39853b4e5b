"""What a worker tells the other workers, and what it does about what they tell.

| what                                  | told                                   | taken up by          |
|---------------------------------------|----------------------------------------|----------------------|
| calls in flight, holds, rates charged | when they changed, every 20 ms at most | `policies.shared`    |
| rests of keys, and their ends, drains | at once                                | `Health.adopt`       |
| all of these at once                  | to a worker that has just begun        | the same             |
| values of the metrics                 | when a scrape asks                     | `scrape`             |

Through the supervisor and not in shared memory: nothing on a request's way but a note that something
changed, no layout to agree on, and when a process dies its stream ends and its calls are forgotten.
Spending, usage and project keys are not told here: they are in the journal, and every worker follows it.
"""

import time
from collections.abc import Callable
from typing import cast

import attrs
import trio

from gateway.context import Context, MeterName
from gateway.workers.findings import findings
from gateway.workers.findings import message as found_message
from gateway.workers.link import Link
from gateway.workers.news import (
    HUB,
    AllUp,
    Count,
    Counted,
    Found,
    Joined,
    Left,
    Message,
    Met,
    Row,
    Up,
    Used,
)
from gateway.workers.scrape import Scrapes, exposition, rows
from gateway.workers.worker import Worker
from policies.limits import Meter, Whose
from policies.rest import Told
from policies.settings import Limits
from policies.shared import SharedMeter

PAUSE = 0.02
"""Seconds between what is told; the first news after a silence goes at once."""

PATIENCE = 1.0
"""Seconds that a scrape waits for the other workers."""


@attrs.define(eq=False)
class Sharing:
    """One worker's part. `monotonic` is the machine's clock, by which all workers mean the same moment."""

    worker: Worker
    context: Context
    monotonic: Callable[[], float] = time.monotonic
    _link: Link = attrs.field(init=False)
    _peers: set[int] = attrs.field(factory=set, init=False)
    _changed: set[MeterName] = attrs.field(factory=set, init=False)
    _news: trio.Event = attrs.field(factory=trio.Event, init=False)
    _scrapes: Scrapes = attrs.field(factory=Scrapes, init=False)

    def __attrs_post_init__(self) -> None:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(self.worker.link))
        self._link = Link(stream, self.hear)
        self.context.new_meter = self._new_meter
        self.context.exposition = self.exposition
        self.context.pool.chooser.health.tell = self._tell

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Tells and hears, for ever. The gateway stops when the supervisor is gone."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_use)
            task_status.started()
            await self._link.run()
            self.context.stop.set()
            nursery.cancel_scope.cancel()

    @property
    def is_first(self) -> bool:
        """Whether it makes what a new state lacks."""
        return self.worker.is_first

    async def listen(self) -> list[trio.SocketListener]:
        """Listens on sockets of its own.

        Raises:
            OSError: the supervisor is gone, and somebody else has the address.
        """
        await trio.lowlevel.checkpoint()
        return self.worker.listen()

    def up(self, banner: str) -> None:
        """This worker accepts connections. It is ready when all do."""
        self._link.post(Up(banner), HUB)

    def hear(self, sender: int, message: Message) -> None:
        """One message from another process."""
        match message:
            case AllUp():
                self.context.bound = True
            case Joined(worker):
                self._peers.add(worker)
                self._greet(worker)
            case Left(worker):
                self._forget(worker)
            case Used() | Met():
                self._hear_of_use(sender, message)
            case Found():
                for told in findings(message, self._shift()):
                    self.context.pool.chooser.health.adopt(told, trio.current_time())
            case Count() | Counted():
                self._hear_of_scrape(sender, message)

    async def exposition(self) -> bytes:
        """What /metrics says: the values of all workers that answer in time."""
        with self._scrapes.opened(self._peers) as scrape:
            self._link.post(Count(scrape.number))
            with trio.move_on_after(PATIENCE):
                await scrape.done.wait()
        return exposition(self.context.metrics.registry, [self._rows(), *scrape.answers.values()])

    def _hear_of_use(self, sender: int, message: Used | Met) -> None:
        """From one that is older than we, only what comes with or after its `Met` is of use."""
        now = trio.current_time()
        if isinstance(message, Met):
            self._peers.add(sender)
            for name, use, levels in message.meters:
                self._meter(name).meet(sender, use, levels, now)
        elif sender in self._peers:
            for name, use in message.meters:
                self._meter(name).hear(sender, use, now)

    def _hear_of_scrape(self, sender: int, message: Count | Counted) -> None:
        if isinstance(message, Count):
            self._link.post(Counted(message.scrape, self._rows()), sender)
        else:
            self._scrapes.answered(message.scrape, sender, message.rows)

    def _greet(self, worker: int) -> None:
        """Tells a worker that has just begun everything."""
        now = trio.current_time()
        meters = self._meters().items()
        uses = [(name, meter.own(), meter.levels(now)) for name, meter in meters]
        self._link.post(Met(uses), worker)
        known = self.context.pool.chooser.health.known()
        self._link.post(found_message(known, self._shift()), worker)

    def _forget(self, worker: int) -> None:
        self._peers.discard(worker)
        self._scrapes.without(worker)
        for meter in self._meters().values():
            meter.forget(worker)

    def _rows(self) -> list[Row]:
        metrics = self.context.metrics
        metrics.keys_are(self.context.pool.snapshot(trio.current_time()).keys)
        return rows(metrics.registry, self.worker.number)

    def _new_meter(self, name: MeterName, limits: Limits, whose: Whose) -> Meter:
        def changed() -> None:
            self._changed.add(name)
            self._news.set()

        return SharedMeter(limits, whose, changed=changed)

    def _tell(self, told: Told) -> None:
        self._link.post(found_message([told], self._shift()))

    async def _tell_use(self) -> None:
        while True:
            await self._news.wait()
            self._news = trio.Event()
            changed, self._changed = self._changed, set()
            self._link.post(Used([(name, self._meter(name).own()) for name in changed]))
            await trio.sleep(PAUSE)

    def _shift(self) -> float:
        """How much more the machine's clock shows than ours."""
        return self.monotonic() - trio.current_time()

    def _meter(self, name: MeterName) -> SharedMeter:
        return cast("SharedMeter", self.context.meter(name))

    def _meters(self) -> dict[MeterName, SharedMeter]:
        return cast("dict[MeterName, SharedMeter]", self.context.meters)
