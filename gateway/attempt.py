"""One upstream call of a race: its cancel scope, its clocks, and what became of it.

An attempt runs in a child task of the race. It reads its exchange up to the first semantic event, reports,
and then holds the exchange open until the race is done with it; the winner's remaining events are read by
the race's own task. Nothing here decides anything: deciding is the race's business.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

import attrs
import trio

from policies.pool import Lease
from policies.settings import Timeouts
from policies.target import Target
from providers.errors import BrokenAnswer, Clock, ProviderError, TimedOut
from providers.types import Ended, Event, Failed, Usage, UsageSeen, is_semantic

Role: TypeAlias = Literal["primary", "hedge", "failover"]
Outcome: TypeAlias = Literal["won", "lost", "failed", "timeout", "client_gone"]


class Exchange(Protocol):
    """What an attempt needs of an upstream call: `providers.client.Exchange`, or a script in its place."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def start(self) -> None:
        """Sends the call; returns when the upstream has accepted it."""

    async def receive(self) -> Sequence[Event]:
        """The next events."""


Open: TypeAlias = Callable[[Target], Exchange]


@attrs.define(eq=False)
class Attempt:
    """The facts of one upstream call. Times are seconds on Trio's clock; `first` is the first token's.

    `lease` is what the call holds of the pool, from its start to its end.
    """

    lease: Lease
    role: Role
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    released: trio.Event = attrs.field(factory=trio.Event, repr=False)
    exchange: Exchange | None = attrs.field(default=None, repr=False)
    pending: list[Event] = attrs.field(factory=list, repr=False)
    first: float | None = None
    ended: float | None = None
    outcome: Outcome | None = None
    error: ProviderError | None = None
    usage: Usage | None = None

    @property
    def target(self) -> Target:
        """Where the call went."""
        return self.lease.target

    @property
    def started(self) -> float:
        """When it was sent."""
        return self.lease.begun

    @property
    def live(self) -> bool:
        """Whether the call may still answer."""
        return self.outcome is None

    def end(self, outcome: Outcome, error: ProviderError | None = None) -> None:
        """Writes down what became of the call; the first word stands."""
        if self.outcome in (None, "won"):
            self.outcome = outcome
            self.error = error
            self.ended = trio.current_time()

    async def run(self, open_exchange: Open, timeouts: Timeouts, report: "Report") -> None:
        """Calls the upstream, reports the first semantic event or the failure, waits for release."""
        try:
            with self.scope:
                async with open_exchange(self.target) as exchange:
                    await self._to_first_token(exchange, timeouts)
                    self.exchange = exchange
                    report(self)
                    await self.released.wait()
        except ProviderError as error:
            self.end("timeout" if isinstance(error, TimedOut) else "failed", error)
            report(self)

    async def _to_first_token(self, exchange: Exchange, timeouts: Timeouts) -> None:
        with clock("first_token", timeouts.first_token):
            with clock("first_byte", timeouts.first_byte):
                await exchange.start()
            while not any(map(is_semantic, self.pending)):
                self._take(await exchange.receive())
        self.first = trio.current_time()

    def _take(self, events: Sequence[Event]) -> None:
        self.pending.extend(events)
        self.note(events)
        last = self.pending[-1]
        if isinstance(last, Failed):
            raise last.error  # even right behind content: nothing was sent yet, another may do better
        if isinstance(last, Ended) and not any(map(is_semantic, self.pending)):
            raise BrokenAnswer("The answer ended without content")

    def note(self, events: Sequence[Event]) -> None:
        """Picks the usage out of passing events."""
        for event in events:
            if isinstance(event, UsageSeen):
                self.usage = event.usage


Report: TypeAlias = Callable[[Attempt], None]


@contextmanager
def clock(name: Clock, seconds: float) -> Iterator[trio.CancelScope]:
    """A deadline with a name. Raises `TimedOut` where it passed."""
    with trio.move_on_after(seconds) as scope:
        yield scope
    if scope.cancelled_caught:
        raise TimedOut(f"The upstream kept silent for {seconds:g} s ({name})", clock=name)
