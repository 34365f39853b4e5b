"""One upstream call of a race: its cancel scope, its clocks, and what became of it.

An attempt runs in a child task of the race. It reads its exchange up to the first semantic event, reports,
and then holds the exchange open until the race is done with it; the winner's remaining events are read by
the race's own task. A loser that may run on does so by itself. Nothing here decides anything: deciding is the
race's business.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

import attrs
import trio

from policies.balance import Choice
from policies.contest import Role
from policies.hedge import Plan
from policies.pool import Lease
from policies.settings import CommitOn, Timeouts
from policies.target import Target
from providers.errors import BrokenAnswer, Clock, ProviderError, TimedOut
from providers.types import (
    Ended,
    Event,
    Failed,
    Passed,
    RateLimits,
    TextDelta,
    Usage,
    UsageSeen,
    is_semantic,
)

Outcome: TypeAlias = Literal["won", "lost", "failed", "timeout", "client_gone"]
RunOn: TypeAlias = Literal["first_token", "end"]


class Exchange(Protocol):
    """What an attempt needs of an upstream call: `providers.client.Exchange`, or a script in its place."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def limits(self) -> RateLimits:
        """What the answer's headers said of the key's quota, known once `start` returned."""

    async def start(self) -> None:
        """Sends the call; returns when the upstream has accepted it."""

    def receive(self) -> Awaitable[Sequence[Event]]:
        """The next events."""


Open: TypeAlias = Callable[[Target], Exchange]


class Listener(Protocol):
    """Who is told how an attempt goes, in the attempt's own task: the race."""

    def accepted(self, attempt: "Attempt", /) -> None:
        """The upstream has accepted the call."""

    def spoke(self, attempt: "Attempt", /) -> None:
        """The first semantic event came, or the attempt failed."""

    def closed(self, attempt: "Attempt", /) -> None:
        """The exchange is closed, whatever ended it."""


@attrs.define(eq=False)
class Attempt:
    """The facts of one upstream call. Times are seconds on Trio's clock; `first` is the first token's.

    `scope` ends the call when it is cancelled, and where a timeout passes. `until` is when a loser that was
    allowed to run on has to end. `lease` is what the call holds of the pool, from its start to its end.
    `choice` says why it went where it went, `plan` which hedging it set going, if any. `run_on` is how far
    a loser may go on; `written` counts characters, `complete` says that the whole answer was received.
    """

    lease: Lease
    role: Role
    choice: Choice
    plan: Plan | None = None
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    exchange: Exchange | None = attrs.field(default=None, repr=False)
    pending: list[Event] = attrs.field(factory=list, repr=False)
    accepted: float | None = None
    first: float | None = None
    first_kind: str | None = None
    cancelled: float | None = None
    ended: float | None = None
    outcome: Outcome | None = None
    error: ProviderError | None = None
    usage: Usage | None = None
    limits: RateLimits | None = None
    written: int = 0
    complete: bool = False
    run_on: RunOn | None = None
    until: float = math.inf
    closed: bool = False

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

    def fail(self, error: ProviderError) -> None:
        """The call ended with this error."""
        self.end("timeout" if isinstance(error, TimedOut) else "failed", error)

    def cancel(self) -> None:
        """Stops the call; its connection is closed by its own task."""
        self.cancelled = trio.current_time()
        if not self.closed:
            self.scope.cancel()

    def end_by(self, moment: float) -> None:
        """Stops the call at that moment, if it still runs."""
        self.until = moment
        self.scope.deadline = min(self.scope.deadline, moment)

    async def run(
        self, open_exchange: Open, timeouts: Timeouts, commit_on: CommitOn, race: Listener
    ) -> None:
        """Calls the upstream, tells the race of the first semantic event or the failure, then waits.

        The scope has all the deadlines, one after the other, and comes with the first of them (`patience`):
        a scope of its own for each costs as much as sending the call.
        """
        try:
            with self.scope:
                async with open_exchange(self.target) as exchange:
                    await self._start(exchange, timeouts, race)
                    await self._to_first_token(exchange, commit_on)
                    self.exchange = exchange
                    await self._go_on(exchange, race)
            if self.scope.cancelled_caught and self.first is None and self.cancelled is None:
                raise self._silence(timeouts)
        except ProviderError as error:
            if self.live:
                error.__traceback__ = None  # it holds this frame, and with it the attempt
                self.fail(error)
                race.spoke(self)
        finally:
            self.closed = True
            race.closed(self)

    def _silence(self, timeouts: Timeouts) -> TimedOut:
        """The error of an upstream that has not begun to answer in time."""
        first_byte = self.accepted is None and timeouts.first_byte <= timeouts.first_token
        name: Clock = "first_byte" if first_byte else "first_token"
        seconds = timeouts.first_byte if first_byte else timeouts.first_token
        return TimedOut(f"The upstream kept silent for {seconds:g} s ({name})", clock=name)

    async def _start(self, exchange: Exchange, timeouts: Timeouts, race: Listener) -> None:
        await exchange.start()
        self.accepted, self.limits = trio.current_time(), exchange.limits
        if timeouts.first_byte < timeouts.first_token:
            self.scope.deadline = min(self.started + timeouts.first_token, self.until)
        race.accepted(self)

    async def _to_first_token(self, exchange: Exchange, commit_on: CommitOn) -> None:
        semantic = is_semantic if commit_on == "semantic" else is_content
        first = None
        while first is None:
            events = await exchange.receive()
            first = next(filter(semantic, events), None)
            self._take(events, spoken=first is not None)
        self.first = trio.current_time()
        self.first_kind = (
            first.kind if isinstance(first, TextDelta) else type(first).__name__.lower()
        )

    async def _go_on(self, exchange: Exchange, race: Listener) -> None:
        """What comes after the first token: the race's decision, or a loser's permitted rest."""
        if self.live:
            race.spoke(self)
            if self.complete:
                return  # and the connection serves the next call while this one's answer is relayed
            self.scope.deadline = math.inf
            await trio.sleep_forever()
        self.scope.deadline = self.until
        while self.run_on == "end" and not isinstance(self.pending[-1], Ended | Failed):
            self.pending = list(await exchange.receive())
            self.note(self.pending)

    def _take(self, events: Sequence[Event], *, spoken: bool) -> None:
        self.pending.extend(events)
        self.note(events)
        last = self.pending[-1]
        if isinstance(last, Failed):
            raise last.error  # even right behind content: nothing was sent yet, another may do better
        if isinstance(last, Ended) and not spoken:
            raise BrokenAnswer("The answer ended without content")

    def note(self, events: Sequence[Event]) -> None:
        """Picks the usage, and how much was written, out of passing events."""
        for event in events:
            match event:
                case TextDelta():
                    self.written += len(event.text)
                case Passed():
                    self.written += event.written
                case UsageSeen():
                    self.usage = event.usage
                case Ended():
                    self.complete = True


def patience(timeouts: Timeouts) -> float:
    """Seconds after which an upstream that was called has to have said something."""
    return min(timeouts.first_byte, timeouts.first_token)


def is_content(event: Event) -> bool:
    """Whether a client sees something of this event: content, but no reasoning."""
    return is_semantic(event) and not (isinstance(event, TextDelta) and event.kind == "reasoning")
