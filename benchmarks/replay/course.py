"""Requests through the real race and the real pool in virtual time, with the record that each would leave.

Nothing here races, balances or counts budgets: that is the gateway's own code, as it serves. Whoever opens
the calls is handed in: a world made up, or one drawn from a log.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import trio
from trio.testing import MockClock

from gateway.answer import Answer
from gateway.attempt import Attempt, Open
from gateway.attempt_record import Bill, Clockwork, attempt_record
from gateway.race import Race
from policies.contest import Contest
from policies.cost import Interval
from policies.features import Features
from policies.pool import Pool
from policies.settings import Policy
from policies.target import Route
from providers.errors import ProviderError
from providers.types import Ended, TextDelta, Usage
from state.records import RequestEnded, Skipped

_FREE = Bill(Usage(), "none", Interval(0, 0))


@attrs.frozen
class Arrival:
    """A request: when it is due, in seconds, and all that its race may know of it."""

    number: int
    due: float
    features: Features


@attrs.frozen
class Entry:
    """Where the requests of a course are raced, and how. `ts` is the wall's time at its beginning, in ms."""

    name: str
    route: Route
    policy: Policy
    policy_id: str = ""
    ts: int = 0


@attrs.define(eq=False)
class Course:
    """One run of a policy. `visit` gives what opens a request's calls."""

    entry: Entry
    arrivals: Sequence[Arrival]
    visit: Callable[[Arrival], Open]
    rng: random.Random
    pool: Pool = attrs.field(factory=Pool)
    records: dict[int, RequestEnded] = attrs.field(factory=dict)

    def run(self) -> list[RequestEnded]:
        """Runs all of them, in virtual time: each is sent when it is due, whoever was answered."""
        trio.run(self._all, clock=MockClock(autojump_threshold=0))
        return [self.records[arrival.number] for arrival in self.arrivals]

    async def _all(self) -> None:
        async with trio.open_nursery() as nursery:
            for arrival in self.arrivals:
                await trio.sleep_until(arrival.due)
                nursery.start_soon(self._serve, arrival)

    async def _serve(self, arrival: Arrival) -> None:
        race = Race(self._contest(arrival), self.visit(arrival), self._ended)
        client = _Client(arrival.due)
        await client.wait_for(race)
        self.records[arrival.number] = self._record(arrival, race, client)

    def _contest(self, arrival: Arrival) -> Contest:
        policy = self.entry.policy
        return Contest(
            name=self.entry.name,
            route=self.entry.route,
            policy=policy,
            features=arrival.features,
            pool=self.pool,
            rng=self.rng,
            deadline=arrival.due + policy.timeouts.total,
        )

    def _ended(self, attempt: Attempt) -> None:
        outcome = attempt.outcome or "client_gone"
        self.pool.finish(attempt.lease, outcome, trio.current_time(), self.rng, attempt.error)

    def _record(self, arrival: Arrival, race: Race, client: "_Client") -> RequestEnded:
        clock = Clockwork(arrival.due, trio.current_time())
        attempts = tuple(attempt_record(each, clock, _FREE) for each in race.attempts)
        features, winner = arrival.features, race.winner
        return RequestEnded(
            request=f"req_{arrival.number:026d}",
            project="replay",
            environment="live",
            operation="chat",
            model=self.entry.name,
            status=200 if winner else 502,
            streamed=True,
            policy=self.entry.policy.name,
            hedged=race.hedged,
            winner=winner.target.key if winner else None,
            ttft_ms=None if client.ttft is None else client.ttft * 1000.0,
            duration_ms=clock.ms(clock.now),
            prompt_tokens=features.prompt_tokens,
            completion_tokens=0,
            ts=self.entry.ts + round(clock.now * 1000.0),
            attempts=attempts,
            hedge_delay_ms=attempts[0].delay_ms if attempts else None,
            policy_id=self.entry.policy_id,
            **_decided(features, race, clock),
        )


def _decided(features: Features, race: Race, clock: Clockwork) -> dict[str, Any]:
    skips = race.skips
    return {
        "coin": features.coin,
        "arm": features.arm,
        "prompt_estimate": features.prompt_tokens,
        "output_estimate": features.output_tokens,
        "affinity": features.affinity,
        "hedge_skip": race.hedge_skip,
        "skips": tuple(Skipped(clock.ms(skip.at), skip.why, skip.level) for skip in skips),
    }


@attrs.define(eq=False)
class _Client:
    """Takes the answer and looks at its watch; times count from when the request was due."""

    due: float
    ttft: float | None = None

    async def wait_for(self, race: Race) -> None:
        """Has the race run, and bears with its failure."""
        try:
            await race.run(self.relay)
        except ProviderError:
            self.ttft = None

    async def relay(self, answer: Answer) -> None:
        """Reads the whole answer."""
        while events := await answer.receive():
            if self.ttft is None and any(isinstance(e, TextDelta) and e.text for e in events):
                self.ttft = trio.current_time() - self.due
            if isinstance(events[-1], Ended):
                return
