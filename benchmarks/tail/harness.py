"""A cell: one contender's requests through the real race and the real pool, in virtual time.

Nothing here races, balances or counts budgets: that is the gateway's own code, as it serves. Here are
clients that arrive on time and note what they got, and a clock that skips whatever nobody waits for.
"""

import random
from bisect import bisect_left

import attrs
import trio
from trio.testing import MockClock

from benchmarks.tail.contenders import Contender
from benchmarks.tail.results import Cell, Outcome, Sample
from benchmarks.tail.scenarios import Scenario
from benchmarks.tail.traffic import Request, requests
from benchmarks.tail.world import MEDIAN, Visit, World
from gateway.answer import Answer
from gateway.attempt import Attempt
from gateway.race import Race
from policies.contest import Contest
from policies.pool import Pool
from providers.errors import ProviderError
from providers.simulator.latency import PROFILES
from providers.types import Ended, Event, TextDelta


def run_cell(scenario: Scenario, profile: str, contender: Contender, count: int, seed: int) -> Cell:
    """Runs so many counted requests after the scenario's warm-up. The same values give the same cell."""
    traffic = requests(scenario, scenario.warm_up + count, seed)
    start = traffic[scenario.warm_up].due if scenario.warm_up and count else 0.0
    world = World(scenario, PROFILES[profile], seed, start)
    course = Course(world, contender, traffic, random.Random(f"race/{seed}"))
    trio.run(course.run, clock=MockClock(autojump_threshold=0))
    return course.cell(scenario.warm_up)


@attrs.define(eq=False)
class Course:
    """All requests of a cell on one pool. Trio's clock begins at 0, when the cell does."""

    world: World
    contender: Contender
    traffic: list[Request]
    rng: random.Random
    pool: Pool = attrs.field(factory=Pool)
    leaked: int = 0
    _samples: dict[int, Sample] = attrs.field(factory=dict)
    _calls: dict[int, int] = attrs.field(factory=dict)
    _firsts: list[float] = attrs.field(factory=list)
    _hedges: list[float] = attrs.field(factory=list)

    async def run(self) -> None:
        """Sends each request at its time, whether or not others were answered."""
        async with trio.open_nursery() as nursery:
            for request in self.traffic:
                await trio.sleep_until(request.due)
                nursery.start_soon(self._serve, request)

    def cell(self, warm_up: int) -> Cell:
        """What came of the requests after the first `warm_up`."""
        scenario, profile = self.world.scenario, self.world.profile
        counted = [request.number for request in self.traffic[warm_up:]]
        return Cell(
            scenario=scenario.name,
            profile=profile.name,
            contender=self.contender.name,
            seed=self.world.seed,
            median=MEDIAN,
            samples=tuple(self._samples[number] for number in counted),
            upstream_calls=sum(self._calls[number] for number in counted),
            notes=self._notes(),
        )

    async def _serve(self, request: Request) -> None:
        visit = self.world.visit(request, self.contender.ends)
        client = _Client(request.due)
        race = Race(self._contest(request), visit.open, self._ended)
        if request.patience is None:
            await client.wait_for(race)
        else:
            with trio.move_on_at(trio.current_time() + request.patience) as patience:
                await client.wait_for(race)
            if patience.cancelled_caught:
                client.outcome = "gone"
        self._note(request, visit, client, race)

    def _contest(self, request: Request) -> Contest:
        policy = self.contender.policy
        return Contest(
            name="bench",
            route=self.world.scenario.route,
            policy=policy,
            features=request.features,
            pool=self.pool,
            rng=self.rng,
            deadline=request.due + policy.timeouts.total,
        )

    def _ended(self, attempt: Attempt) -> None:
        outcome = attempt.outcome or "client_gone"
        self.pool.finish(attempt.lease, outcome, trio.current_time(), self.rng, attempt.error)

    def _note(self, request: Request, visit: Visit, client: "_Client", race: Race) -> None:
        self.leaked += visit.open_calls
        hedges = [attempt.started for attempt in race.attempts if attempt.role == "hedge"]
        self._hedges += hedges
        self._firsts += [a.first for a in race.attempts if a.first is not None]
        self._calls[request.number] = visit.calls
        self._samples[request.number] = Sample(
            due=request.due,
            ttft=client.ttft,
            total=client.total,
            attempts=visit.calls,
            hedges=len(hedges),
            outcome=client.outcome,
            hedged=race.hedged,
            saw_429=visit.saw_429,
        )

    def _notes(self) -> dict[str, float]:
        notes = {"sigma_r": self.world.scenario.sigma_r, "leaked": float(self.leaked)}
        notes |= self.contender.notes
        if not self.world.scenario.warm_up:
            notes["early_hedges"] = float(self._early_hedges())
        return notes

    def _early_hedges(self) -> int:
        """Hedges that began before as many first tokens had come as the contender must have seen."""
        firsts, least = sorted(self._firsts), self.contender.least_seen
        return sum(bisect_left(firsts, at) < least for at in self._hedges)


@attrs.define(eq=False)
class _Client:
    """Takes the answer and looks at its watch; times are from the scheduled arrival."""

    due: float
    ttft: float | None = None
    total: float | None = None
    outcome: Outcome = "ok"

    async def wait_for(self, race: Race) -> None:
        """Has the race run, and bears with its failure."""
        try:
            await race.run(self.relay)
        except ProviderError:
            self.outcome = "error"

    async def relay(self, answer: Answer) -> None:
        """Reads the whole answer."""
        last: Event | None = None
        while events := await answer.receive():
            if self.ttft is None and any(isinstance(e, TextDelta) and e.text for e in events):
                self.ttft = trio.current_time() - self.due
            last = events[-1]
        if isinstance(last, Ended) and self.ttft is not None:
            self.total = trio.current_time() - self.due
        else:
            self.outcome = "error"
