"""The race: mechanism only, no policy.

One nursery a request. The race's own task is the nursery's body: it starts attempts, waits for what they
report, and after the first semantic event cancels the others and relays the winner. Attempts are child
tasks with a cancel scope each. Slowness starts a hedge, an error starts a failover; whether and where is
asked of the contest. Nothing reaches the client before the commit; when nobody answers, one named error is
raised, the most telling of all attempts'.

Whatever ends the race (answer, error, client gone, shutdown), no attempt outlives it. Losers that may run on,
to learn how long they would have taken, do so beside the winner and no longer.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeAlias

import attrs
import trio

from gateway.answer import Answer
from gateway.attempt import Attempt, Open, patience
from policies.balance import Choice
from policies.contest import Contest, Role, Skip
from policies.rest import Transition
from policies.retry import most_telling
from providers.errors import CredentialRejected, ProviderError, RateLimited, TimedOut

NO_TARGET = "No key in the pool can take this request now"
ALL_REFUSED = (
    "Every key that could answer this was refused by its provider or has no quota left; "
    "your own key is not at fault"
)

SHORTEST_WAIT = 0.02
"""Seconds between looks while every key is full or about to be back."""

Relay: TypeAlias = Callable[[Answer], Awaitable[None]]


@attrs.define(eq=False)
class Race:
    """One request's attempts, winners and losers alike. Run it once.

    `notify` is told of every attempt once, when the pool may forget it; `changed` of key states that a first
    token has changed.
    """

    contest: Contest
    open: Open
    notify: Callable[[Attempt], None] = lambda _: None
    changed: Callable[[Sequence[Transition]], None] = lambda _: None
    attempts: list[Attempt] = attrs.field(factory=list)
    winner: Attempt | None = None
    _moments: deque[float] = attrs.field(factory=deque)
    _answer: Answer | None = None
    _nursery: trio.Nursery = attrs.field(init=False)
    _reports: deque[Attempt] = attrs.field(factory=deque)
    _reported: trio.Event = attrs.field(factory=trio.Event)

    @property
    def hedged(self) -> Literal["no", "won", "lost"]:
        """`no`, or whether a hedge `won` or `lost`."""
        hedges = [attempt for attempt in self.attempts if attempt.role == "hedge"]
        if not hedges:
            return "no"
        return "won" if self.winner in hedges else "lost"

    @property
    def hedge_skip(self) -> str | None:
        """Why the last wanted hedge was not started, if one was refused."""
        return self.skips[-1].why if self.skips else None

    @property
    def skips(self) -> Sequence[Skip]:
        """The hedges that were wanted and refused."""
        return self.contest.skips

    async def run(self, relay: Relay) -> None:
        """Races the call and relays the winner's answer.

        A relay that raises a ProviderError says that the answer broke before any of it was sent: then the
        next attempt is made.

        Raises:
            ProviderError: no attempt gave an answer; nothing was relayed.
        """
        failure: Exception | None = None
        try:
            async with trio.open_nursery() as self._nursery:
                try:
                    await self._in(relay)
                except Exception as error:  # noqa: BLE001 - raised below, outside of the nursery
                    failure = error
                if self._nursery.child_tasks:
                    self._nursery.cancel_scope.cancel()
        finally:
            self._close_books()
        if failure is not None:
            try:
                raise failure
            finally:  # the traceback holds this frame: as a cycle they would wait for the collector
                del failure

    async def _in(self, relay: Relay) -> None:
        choice, now = await self._wait_for_target(trio.current_time())
        self._start(choice, "primary", now)
        second = self.contest.second(self.attempts, now)
        if second is not None:
            self._moments.clear()
            self._start(second, "dual", now)
        while True:
            winner = await self._first_to_speak()
            self._commit(winner)
            self._answer = Answer(winner, self.contest.policy.timeouts.idle, self.contest.deadline)
            try:
                await relay(self._answer)
            except ProviderError as error:
                winner.fail(error)
                winner.cancel()
                self.winner = self._answer = None
                self._after_failure(winner)
            else:
                return

    async def _wait_for_target(self, now: float) -> tuple[Choice, float]:
        """The primary's target, after a short wait where every key rests for a moment; and the time then."""
        contest = self.contest
        give_up = min(now + contest.policy.max_queue_wait, contest.deadline)
        while (choice := contest.primary(now)) is None:
            soonest = contest.pool.soonest(contest.route, now)
            if soonest is None or contest.pool.refused(contest.route, now):
                raise CredentialRejected(ALL_REFUSED)
            if now + soonest > give_up:
                raise RateLimited(NO_TARGET, retry_after=soonest)
            await trio.sleep(max(soonest, SHORTEST_WAIT))
            now = trio.current_time()
        return choice, now

    async def _first_to_speak(self) -> Attempt:
        while True:
            attempt = await self._next_report()
            if attempt.error is not None:
                self._after_failure(attempt)
            elif attempt.live:  # else it spoke in the moment that it lost
                return attempt

    async def _next_report(self) -> Attempt:
        """Waits for an attempt to speak or fail; starts the hedges when their time has come.

        Raises:
            TimedOut: the request's own deadline passed.
        """
        deadline = self.contest.deadline
        while True:
            if self._reports:
                return self._reports.popleft()
            self._reported = trio.Event()
            with trio.move_on_at(min(self._moments[0], deadline) if self._moments else deadline):
                await self._reported.wait()
            if self._reports:
                return self._reports.popleft()  # maybe in the very moment
            now = trio.current_time()
            if now >= deadline:
                raise self._out_of_time()
            self._moments.popleft()
            choice = self.contest.hedge(self.attempts, now)
            if choice is not None:
                self._start(choice, "hedge", now)

    def _out_of_time(self) -> TimedOut:
        error = TimedOut("No answer within the request's total time", clock="total")
        for attempt in self.attempts:
            if attempt.live:
                attempt.fail(error)
        return error

    def _after_failure(self, failed: Attempt) -> None:
        """Fails over, or leaves it to a rival that still runs, or raises the most telling error."""
        assert failed.error is not None, "only failures come here"
        self._settle(failed)
        rivals = [attempt for attempt in self.attempts if attempt.live]
        if self.contest.fatal(failed, rivals):
            raise failed.error
        now = trio.current_time()
        choice = self.contest.failover(self.attempts, now)
        if choice is not None:
            self._start(choice, "failover", now)
        elif not rivals:
            raise most_telling([a.error for a in self.attempts if a.error is not None])

    def _start(self, choice: Choice, role: Role, now: float) -> None:
        contest, policy = self.contest, self.contest.policy
        scope = trio.CancelScope(deadline=now + patience(policy.timeouts))
        attempt = Attempt(contest.sent(choice, role, now), role, choice, scope=scope)
        self.attempts.append(attempt)
        if role in ("primary", "failover"):  # the clock of the latest dispatch counts
            attempt.plan = contest.plan
            self._moments = deque(now + delay for delay in contest.plan.delays)
        self._nursery.start_soon(
            attempt.run, self.open, policy.timeouts, policy.hedge.commit_on, self
        )

    def _commit(self, winner: Attempt) -> None:
        """The race is decided: losers are cancelled now, and closed while the winner is relayed."""
        self.winner = winner
        winner.outcome = "won"
        self._moments.clear()
        for spoken in self.attempts:
            self._note_first(spoken)
        for rival in self.attempts:
            if rival.live:
                self._lose(rival)

    def _lose(self, rival: Attempt) -> None:
        rival.run_on = self.contest.may_run_on(rival)
        if rival.run_on is not None and rival.first is None:
            rival.outcome = "lost"
            if rival.run_on == "end":
                rival.end_by(trio.current_time() + self.contest.policy.hedge.drain)
            return
        rival.end("lost")
        rival.cancel()
        self._settle(rival)

    def accepted(self, attempt: Attempt) -> None:
        """The upstream has accepted an attempt's call, and said something of its quota."""
        if attempt.limits is not None and attempt.accepted is not None:
            self.contest.pool.told(attempt.lease, attempt.limits, attempt.accepted)

    def spoke(self, attempt: Attempt) -> None:
        """An attempt's first semantic event came, or it failed."""
        self._reports.append(attempt)
        self._reported.set()

    def closed(self, attempt: Attempt) -> None:
        """An attempt's connection is closed. One that was allowed to run on is settled only now."""
        if attempt.run_on is not None and attempt.ended is None:
            attempt.ended = trio.current_time()
            self._note_first(attempt)
            self._settle(attempt)

    def _note_first(self, attempt: Attempt) -> None:
        if attempt.first is not None:
            self.changed(self.contest.pool.first(attempt.lease, attempt.first))

    def _close_books(self) -> None:
        """Every attempt has one end and is settled once; the winner is busy until its last token."""
        now = trio.current_time()
        if self._answer is not None and not self._answer.over:
            self._answer.attempt.end("client_gone")
        for attempt in self.attempts:
            if attempt.outcome is None:
                attempt.end("client_gone")
            attempt.ended = now if attempt.ended is None else attempt.ended
            self._settle(attempt)
        if self.winner is not None and self.winner.outcome == "won":
            self.contest.won(self.winner, self.attempts, self.winner.usage, now)

    def _settle(self, attempt: Attempt) -> None:
        if not attempt.lease.finished:
            self.notify(attempt)
