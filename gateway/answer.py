"""The winner's answer, as whoever relays it sees it: events, with the idle clock and the deadline kept."""

from collections.abc import Sequence

import attrs
import trio

from gateway.attempt import Attempt
from providers.errors import Clock, ProviderError, TimedOut
from providers.types import Ended, Event, Failed


@attrs.define(eq=False)
class Answer:
    """First what arrived before the commit, then the rest."""

    attempt: Attempt
    _idle: float
    _deadline: float
    over: bool = False

    async def receive(self) -> Sequence[Event]:
        """The next events; empty when `Ended` or `Failed` was given.

        A broken or silent upstream becomes a last `Failed` event. A checkpoint only where it has to wait.
        """
        if self.over:
            return ()
        events = await self._next()
        self.attempt.note(events)
        last = events[-1]
        self.over = isinstance(last, Ended | Failed)
        if isinstance(last, Failed):
            self.attempt.fail(last.error)
        return events

    async def _next(self) -> Sequence[Event]:
        if self.attempt.pending:
            events, self.attempt.pending = self.attempt.pending, []
            return events
        exchange, now = self.attempt.exchange, trio.current_time()
        assert exchange is not None, "a winner has an exchange"
        with trio.move_on_at(min(now + self._idle, self._deadline)):
            try:
                return await exchange.receive()
            except ProviderError as error:
                return (Failed(error),)
        name: Clock = "idle" if now + self._idle <= self._deadline else "total"
        return (Failed(TimedOut(f"The answer stopped coming ({name} timeout)", clock=name)),)
