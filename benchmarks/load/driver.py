"""Sends what is planned when it is due, whatever became of what was sent before."""

import random
from collections.abc import Callable, Sequence

import attrs
import httpx
import trio

from benchmarks.load.outcome import TIMEOUT, Outcome
from benchmarks.load.prompts import Asking
from benchmarks.load.reading import Reading
from benchmarks.load.schedule import Planned
from benchmarks.load.target import Target
from providers.transport import Origin, Pool

KEPT = 2048
"""Connections that wait for the next request at most; more are closed after use."""

IDLE = 20.0
"""Seconds after which a waiting connection is not used again."""

TICK = 0.001
"""Seconds to which the system's timers are exact; the last is not slept, for it would be in each latency."""

HEAD_START = 0.05
"""Seconds before the first request can be due: time to begin."""


@attrs.define(eq=False)
class Tally:
    """How far a run is, for whoever watches it."""

    planned: int
    sent: int = 0
    done: int = 0
    failed: int = 0


@attrs.define(eq=False)
class Driver:
    """Asks a target. `timeout` is in seconds from when a request is due."""

    target: Target
    asking: Asking
    timeout: float
    rng: random.Random
    tally: Tally
    outcomes: list[Outcome] = attrs.field(factory=list)
    _pool: Pool = attrs.field(init=False)
    _head: bytes = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        origin = Origin.of(self.target.base, httpx.create_ssl_context())
        self._pool = Pool(origin, KEPT, IDLE)
        self._head = origin.head("POST", self.target.path, self.target.fields())

    async def run(self, load: Sequence[Planned]) -> None:
        """Sends all of it and waits for the answers. If cancelled, `outcomes` has those that were there."""
        start = trio.current_time() + HEAD_START
        async with trio.open_nursery() as nursery:
            for index, planned in enumerate(load):
                body = self.asking.body(planned, self.rng)
                await _until(start + planned.due)
                nursery.start_soon(self._one, index, planned, start + planned.due, body)
                self.tally.sent += 1
        await self._pool.close()

    async def _one(self, index: int, planned: Planned, due: float, body: bytes) -> None:
        began = trio.current_time()
        reading = Reading(self.asking.stream)
        error: str | None = TIMEOUT
        with trio.CancelScope(deadline=due + self.timeout):
            error = await self._exchange(reading, body)
        outcome = self._outcome(index, planned, due, reading, error)
        self.outcomes.append(attrs.evolve(outcome, late=began - due))
        self.tally.done += 1
        self.tally.failed += not outcome.answered

    async def _exchange(self, reading: Reading, body: bytes) -> str | None:
        """Asks and reads; gives the kind of failure, if it is one."""
        try:
            connection = await self._pool.ask(self._head, body, None)
            try:
                reading.begin(connection.status, connection.headers)
                while data := await connection.receive():
                    reading.feed(data, trio.current_time())
            finally:
                await self._pool.give_back(connection)  # noqa: ASYNC102 - shields itself, with a deadline
        except httpx.TransportError as broken:
            reading.message = str(broken)
            return "cut" if reading.status else _kind(broken)
        return reading.end()

    def _outcome(
        self, index: int, planned: Planned, due: float, reading: Reading, error: str | None
    ) -> Outcome:
        hide, now = self.target.hide, trio.current_time()
        if error == TIMEOUT and reading.last is not None:
            reading.gaps.append(now - reading.last)  # the next token would have come later still
        return Outcome(
            index=index,
            planned=planned,
            late=0.0,
            ttft=None if reading.first is None else reading.first - due,
            e2el=now - due,
            itl=reading.gaps,
            status=reading.status,
            error=error,
            message=None if reading.message is None or error is None else hide(reading.message),
            input_tokens=reading.input_tokens,
            output_tokens=reading.events
            if reading.output_tokens is None
            else reading.output_tokens,
            usage=reading.output_tokens is not None,
            request_id=_hidden(reading.headers.get("x-request-id"), hide),
            hedged=_hidden(reading.headers.get("x-hedgerow-hedged"), hide),
        )


async def _until(due: float) -> None:
    await trio.sleep_until(due - TICK)
    while trio.current_time() < due:  # noqa: ASYNC110 - a timer would be late
        await trio.lowlevel.checkpoint()


def _hidden(text: str | None, hide: Callable[[str], str]) -> str | None:
    return None if text is None else hide(text[:200])


def _kind(broken: httpx.TransportError) -> str:
    if isinstance(broken, httpx.ConnectError):
        return "no connection"
    return "no HTTP" if isinstance(broken, httpx.ProtocolError) else "reset"
