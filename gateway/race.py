"""The race: mechanism only, no policy.

One nursery a request. The race's own task is the nursery's body: it starts attempts, waits for what they
report, and after the first semantic event cancels the others and relays the winner. Attempts are child
tasks with a cancel scope each. Slowness starts a hedge (the budget decides), an error starts a failover
(its own cap), and both ask the pool for a target. Nothing reaches the client before the commit; when
nobody answers, one named error is raised, the most telling of all attempts'.

Whatever ends the race (answer, error, client gone, shutdown), no attempt outlives it.
"""

import math
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, TypeAlias

import attrs
import trio

from gateway.attempt import Attempt, Open, Role
from policies.budget import Budget
from policies.hedge import Plan, gate
from policies.pool import Pool
from policies.retry import Action, after, most_telling
from policies.settings import Policy
from policies.target import Route, Target
from providers.errors import Clock, CredentialRejected, RateLimited, TimedOut
from providers.types import Ended, Event, Failed

NO_TARGET = "No key in the pool can take this request now"

SHORTEST_WAIT = 0.02
"""Seconds between looks while every key is full or about to be back."""


@attrs.frozen
class Entry:
    """What a race is about: where the call may go, and by which rules.

    `name` is the route's, for its budgets. `deadline` is on Trio's clock. `notify` is told of every attempt
    once, when it has ended.
    """

    name: str
    route: Route
    policy: Policy
    plan: Plan
    pool: Pool
    open: Open
    rng: random.Random
    deadline: float
    notify: Callable[[Attempt], None] = lambda _: None


@attrs.define(eq=False)
class Answer:
    """The winner's answer, to be relayed: first what arrived before the commit, then the rest."""

    attempt: Attempt
    _idle: float
    _deadline: float
    over: bool = False

    async def receive(self) -> Sequence[Event]:
        """The next events; empty when `Ended` or `Failed` was given.

        A broken or silent upstream becomes a last `Failed` event: after the commit there is nobody
        left to fail over to.
        """
        if self.over:
            await trio.lowlevel.checkpoint()
            return ()
        events = await self._next()
        self.attempt.note(events)
        last = events[-1]
        self.over = isinstance(last, Ended | Failed)
        if isinstance(last, Failed):
            self.attempt.end(
                "timeout" if isinstance(last.error, TimedOut) else "failed", last.error
            )
        return events

    async def _next(self) -> Sequence[Event]:
        if self.attempt.pending:
            events, self.attempt.pending = self.attempt.pending, []
            await trio.lowlevel.checkpoint()
            return events
        exchange, now = self.attempt.exchange, trio.current_time()
        assert exchange is not None, "a winner has an exchange"
        with trio.move_on_at(min(now + self._idle, self._deadline)):
            return await exchange.receive()
        name: Clock = "idle" if now + self._idle <= self._deadline else "total"
        return (Failed(TimedOut(f"The answer stopped coming ({name} timeout)", clock=name)),)


Relay: TypeAlias = Callable[[Answer], Awaitable[None]]
Start: TypeAlias = Callable[[Target, Role], None]


@attrs.define(eq=False)
class Race:
    """One request's attempts, winners and losers alike. Run it once."""

    entry: Entry
    attempts: list[Attempt] = attrs.field(factory=list)
    winner: Attempt | None = None
    hedge_skip: str | None = None
    _hedge_at: float = math.inf
    _answer: Answer | None = None
    _report: trio.MemorySendChannel[Attempt] = attrs.field(init=False)
    _reports: trio.MemoryReceiveChannel[Attempt] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._report, self._reports = trio.open_memory_channel[Attempt](math.inf)

    @property
    def hedged(self) -> Literal["no", "won", "lost"]:
        """`no`, or whether a hedge `won` or `lost`."""
        hedges = [attempt for attempt in self.attempts if attempt.role == "hedge"]
        if not hedges:
            return "no"
        return "won" if self.winner in hedges else "lost"

    async def run(self, relay: Relay) -> None:
        """Races the call and relays the winner's answer.

        Raises:
            ProviderError: no attempt gave an answer; nothing was relayed.
        """
        failure: Exception | None = None
        try:
            async with trio.open_nursery() as nursery:
                try:
                    await self._in(nursery, relay)
                except Exception as error:  # noqa: BLE001 - raised below, outside of the nursery
                    failure = error
                nursery.cancel_scope.cancel()
        finally:
            self._close_books()
        if failure is not None:
            raise failure

    async def _in(self, nursery: trio.Nursery, relay: Relay) -> None:
        start = partial(self._start, nursery)
        start(await self._wait_for_target(), "primary")
        self._budget.deposit()
        self.entry.pool.retries(self.entry.name).deposit()
        while (winner := await self._next_report(start)).error is not None:
            self._after_failure(winner, start)
        self._commit(winner)
        self._answer = Answer(winner, self.entry.policy.timeouts.idle, self.entry.deadline)
        await relay(self._answer)

    async def _wait_for_target(self) -> Target:
        """The primary's target, after a short wait where every key rests for a moment."""
        entry = self.entry
        give_up = min(trio.current_time() + entry.policy.max_queue_wait, entry.deadline)
        while (target := self._pick("primary")) is None:
            now = trio.current_time()
            soonest = entry.pool.soonest(entry.route, now)
            if soonest is None or entry.pool.refused(entry.route, now):
                raise CredentialRejected(NO_TARGET)
            if trio.current_time() + soonest > give_up:
                raise RateLimited(NO_TARGET, retry_after=soonest)
            await trio.sleep(max(soonest, SHORTEST_WAIT))
        return target

    async def _next_report(self, start: Start) -> Attempt:
        """Waits for an attempt to speak or fail; starts the hedge when its time has come.

        Raises:
            TimedOut: the request's own deadline passed.
        """
        while True:
            with trio.move_on_at(min(self._hedge_at, self.entry.deadline)):
                return await self._reports.receive()
            if trio.current_time() >= self.entry.deadline:
                raise TimedOut("No answer within the request's total time", clock="total")
            self._hedge_at = math.inf
            self._hedge(start)

    def _hedge(self, start: Start) -> None:
        entry = self.entry
        target = self._pick("hedge")
        self.hedge_skip = gate(
            entry.policy.hedge, live=len(self._live()), target=target, budget=self._budget
        )
        if self.hedge_skip is None and target is not None:
            start(target, "hedge")

    def _after_failure(self, failed: Attempt, start: Start) -> None:
        """Fails over, or leaves it to a rival that still runs, or raises the most telling error."""
        assert failed.error is not None, "only failures come here"
        self._settle(failed)
        rivals = self._live()
        elsewhere = any(rival.target.provider != failed.target.provider for rival in rivals)
        if after(failed.error) is Action.FATAL and not elsewhere:
            raise failed.error
        target = self._replacement(rivals)
        if target is not None:
            start(target, "failover")
        elif not rivals:
            raise most_telling([a.error for a in self.attempts if a.error is not None])

    def _replacement(self, rivals: Sequence[Attempt]) -> Target | None:
        hedge = self.entry.policy.hedge
        failovers = sum(attempt.role == "failover" for attempt in self.attempts)
        if failovers >= hedge.failover_max or (rivals and len(rivals) >= hedge.max_parallel):
            return None
        target = self._pick("failover")
        allowed = target is not None and self.entry.pool.retries(self.entry.name).withdraw()
        return target if allowed else None

    @property
    def _budget(self) -> Budget:
        return self.entry.pool.budget(self.entry.name, self.entry.policy.hedge)

    def _live(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.live]

    def _pick(self, role: Role) -> Target | None:
        entry = self.entry
        return entry.pool.pick(
            entry.route,
            trio.current_time(),
            entry.rng,
            used=[attempt.target.key for attempt in self.attempts],
            avoid=[a.target.domain for a in self.attempts if isinstance(a.error, RateLimited)],
            prefer_other_than=self.attempts[0].target if role != "primary" else None,
        )

    def _start(self, nursery: trio.Nursery, target: Target, role: Role) -> None:
        entry, now = self.entry, trio.current_time()
        lease = entry.pool.begin(target, now, primary=role == "primary")
        attempt = Attempt(lease, role)
        self.attempts.append(attempt)
        if role != "hedge" and entry.plan.delay is not None:
            self._hedge_at = now + entry.plan.delay  # the clock of the latest dispatch counts
        report = self._report.send_nowait
        nursery.start_soon(attempt.run, entry.open, entry.policy.timeouts, report)

    def _commit(self, winner: Attempt) -> None:
        """The race is decided: losers are cancelled now, and closed while the winner is relayed."""
        self.winner = winner
        winner.outcome = "won"
        for spoken in self.attempts:
            if spoken.first is not None:
                self.entry.pool.first(spoken.lease, spoken.first)
        for rival in self._live():
            rival.end("lost")
            rival.scope.cancel()
            self._settle(rival)

    def _close_books(self) -> None:
        """Every attempt has one end and is settled once; the winner is busy until its last token."""
        if self._answer is not None and not self._answer.over:
            self._answer.attempt.end("client_gone")
        for attempt in self.attempts:
            if attempt.outcome is None:
                attempt.end("client_gone")
            if attempt.ended is None:
                attempt.ended = trio.current_time()
            self._settle(attempt)

    def _settle(self, attempt: Attempt) -> None:
        if not attempt.lease.finished:
            self.entry.notify(attempt)
