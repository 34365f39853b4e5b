"""What holds of every race, whatever the upstreams do and whenever the client leaves: random schedules."""

import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import attrs
import trio
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from gateway.answer import Answer
from gateway.attempt import Attempt
from gateway.race import Race
from policies.contest import Contest
from policies.features import Features
from policies.pool import Pool
from policies.settings import Explore, Hedge, Policy, Timeouts
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ProviderError,
    RateLimited,
    RequestRejected,
    TimedOut,
    Unreachable,
    UpstreamFailed,
)
from providers.types import Ended, Failed, Finished, Started, TextDelta, Usage, UsageSeen
from tests.gateway.scripted import Stage, Step, targets

DELAYS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0, 1.0, 2.0, 5.0, 40.0])
ERRORS = st.sampled_from(
    [
        RateLimited("limited", status=429, retry_after=1.0),
        UpstreamFailed("down", status=503),
        Unreachable("nobody"),
        CredentialRejected("no", status=401),
        RequestRejected("wrong", status=400),
        BrokenAnswer("cut"),
    ]
)
EVENTS = st.sampled_from(
    [
        (Started(),),
        (UsageSeen(Usage(1, 1, 2)),),
        (TextDelta("a"),),
        (TextDelta("hm", kind="reasoning"),),
        (Started(), TextDelta("a")),
        (TextDelta("a"), Finished("stop"), Ended()),
        (Finished("stop"), Ended()),
        (Ended(),),
        (Failed(UpstreamFailed("inside", status=500)),),
        (TextDelta("a"), Failed(UpstreamFailed("inside", status=529))),
    ]
)
STEPS = st.lists(st.tuples(DELAYS, EVENTS | ERRORS), max_size=4)


def _until_the_end(steps: list[Step]) -> list[Step]:
    """A script without what no upstream does: to go on after its end."""
    kept: list[Step] = []
    for step in steps:
        kept.append(step)
        if isinstance(step[1], ProviderError) or isinstance(step[1][-1], Ended | Failed):
            break
    return kept


SCRIPTS = st.lists(STEPS.map(_until_the_end), min_size=1, max_size=5)
HEDGES = st.builds(
    Hedge,
    policy=st.sampled_from(["off", "fixed", "single_r", "schedule"]),
    delay=st.sampled_from([0.0, 0.5, 1.0]),
    probability=st.sampled_from([0.5, 1.0]),
    schedule=st.sampled_from([(0.5, 1.0), (0.0, 0.0, 0.3)]),
    max_parallel=st.integers(1, 4),
    failover_max=st.integers(0, 3),
    budget=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    burst=st.sampled_from([0.0, 1.0, 3.0]),
    loser=st.sampled_from(["cancel", "drain"]),
    commit_on=st.sampled_from(["semantic", "content"]),
    allow_same_key=st.booleans(),
)
FEATURES = st.builds(
    Features,
    coin=st.sampled_from([0.0, 0.4, 0.9]),
    arm=st.sampled_from(["none", "none", "control", "dual"]),
    audit=st.booleans(),
    unhedgeable=st.sampled_from([None, None, "store"]),
    affinity=st.sampled_from([None, "prefix"]),
)


@attrs.define(eq=False)
class Client:
    """A request: when it comes, when its client leaves (if so), whether it wants its answer streamed."""

    arrives: float
    leaves: float | None
    streamed: bool
    features: Features
    race: Race | None = None
    commits: int = 0
    sent: int = 0
    complete: bool = False
    ended: Counter[Attempt] = attrs.field(factory=Counter)

    async def relay(self, answer: Answer) -> None:
        assert self.race is not None
        assert self.race.winner is answer.attempt, "a byte before the commit"
        self.commits += 1
        last = None
        while events := await answer.receive():
            self.sent += self.streamed
            last = events[-1]
        if isinstance(last, Failed) and not self.streamed:
            raise last.error
        self.sent += 1
        self.complete = isinstance(last, Ended)


CLIENTS = st.builds(
    Client,
    arrives=st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0]),
    leaves=st.sampled_from([None, None, 0.0, 0.5, 1.0, 1.2, 6.0]),
    streamed=st.booleans(),
    features=FEATURES,
)


@settings(
    max_examples=2_000,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    scripts=SCRIPTS,
    hedge=HEDGES,
    clients=st.lists(CLIENTS, min_size=1, max_size=3),
    one=st.booleans(),
)
def test_every_race_keeps_its_promises(
    scripts: list[list[Step]], hedge: Hedge, clients: list[Client], one: bool
) -> None:
    """One commit, no byte before it, no call after the end, one record an attempt, no hedge over budget."""
    names = [f"k{n}" for n in range(len(scripts))]
    stage = Stage(dict(zip(names, scripts, strict=True)))
    policy = Policy(
        hedge=attrs.evolve(hedge, explore=Explore(), min_win_prob=0.0),
        timeouts=Timeouts(first_byte=20.0, first_token=30.0, idle=10.0, total=60.0),
    )
    pool = Pool()
    route = (targets(names, domain="one" if one else None),)
    trio.run(_run, stage, policy, pool, route, clients, clock=MockClock(autojump_threshold=0))

    assert stage.open_calls == 0, "a call outlived its request"
    assert pool.chooser.load.total == 0, "a lease was never given back"
    _budget_held(policy.hedge, clients)
    for client in clients:
        _kept(client, policy.hedge)


async def _run(
    stage: Stage, policy: Policy, pool: Pool, route: object, clients: Sequence[Client]
) -> None:
    async def one(client: Client) -> None:
        await trio.sleep(client.arrives)
        contest = Contest(
            name="model",
            route=route,  # type: ignore[arg-type]
            policy=policy,
            features=client.features,
            pool=pool,
            rng=random.Random(1),
            deadline=trio.current_time() + policy.timeouts.total,
        )
        await _one(client, contest, stage)

    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(one, client)


async def _one(client: Client, contest: Contest, stage: Stage) -> None:
    def notify(attempt: Attempt) -> None:
        client.ended[attempt] += 1
        contest.pool.finish(
            attempt.lease,
            attempt.outcome or "client_gone",
            trio.current_time(),
            random.Random(1),
            attempt.error,
        )

    mine = attrs.evolve(stage, opened=[])
    client.race = Race(contest, mine.open, notify)
    started = trio.current_time()
    with trio.CancelScope() as scope:
        if client.leaves is not None:
            scope.deadline = started + client.leaves
        try:
            await client.race.run(client.relay)
        except ProviderError as error:
            event(type(error).__name__)
            assert client.sent == 0, "an error after something was sent"
    assert mine.open_calls == 0, "a call outlived its race"
    assert trio.current_time() <= started + 62.0


def _kept(client: Client, hedge: Hedge) -> None:
    race = client.race
    assert race is not None
    outcomes = [attempt.outcome for attempt in race.attempts]
    assert all(outcome is not None for outcome in outcomes), "an attempt without an end"
    assert all(client.ended[attempt] == 1 for attempt in race.attempts), "not one record an attempt"
    assert all(attempt.lease.finished for attempt in race.attempts)
    assert outcomes.count("won") == client.complete, "as many winners as complete answers"
    assert client.commits <= (1 if client.streamed else len(race.attempts))
    roles = Counter(attempt.role for attempt in race.attempts)
    assert roles["primary"] <= 1
    assert roles["failover"] <= hedge.failover_max
    for attempt in race.attempts:
        assert attempt.ended is not None
        assert attempt.started <= attempt.ended
    if client.features.unhedgeable or client.features.arm == "control":
        assert not roles["hedge"] + roles["dual"], "a request was hedged that must not be"
    event(f"hedges: {roles['hedge']}")


def _budget_held(hedge: Hedge, clients: Sequence[Client]) -> None:
    """After every start, in the order of starts: hedges <= ratio x primaries + burst."""
    starts = sorted(
        (attempt.started, attempt.role != "primary", attempt.role)
        for client in clients
        if client.race is not None
        for attempt in client.race.attempts
    )
    roles = Counter(role for _, _, role in starts)
    allowed = Fraction(str(hedge.budget)) * roles["primary"] + Fraction(str(max(hedge.burst, 0.0)))
    assert roles["hedge"] <= allowed, "more hedges than the budget has"


def test_a_total_timeout_is_the_request_s_own() -> None:
    """The strategies above include clocks: this is what they must end in."""
    assert isinstance(TimedOut("x", clock="total"), ProviderError)
