"""The race in virtual time: who starts when, who wins, and that nothing outlives it."""

import random

import attrs
import pytest
import trio

from gateway.answer import Answer
from gateway.attempt import Attempt
from gateway.race import Race
from policies.contest import Contest
from policies.features import Features
from policies.pool import Pool
from policies.settings import Hedge, Policy, Timeouts
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    RateLimited,
    RequestRejected,
    TimedOut,
    UpstreamFailed,
)
from providers.types import Ended, Event, Failed, Started, TextDelta
from tests.gateway.scripted import Stage, Step, spoken, targets


class FirstOfAll(random.Random):
    """Chance that always draws the first, so that a test knows who is primary."""

    def random(self) -> float:
        return 0.0


@attrs.define(eq=False)
class Result:
    """What a race did, as a client and an accountant see it."""

    events: list[Event] = attrs.field(factory=list)
    first_at: float | None = None
    ended: list[Attempt] = attrs.field(factory=list)

    async def relay(self, answer: Answer) -> None:
        """Takes the whole answer."""
        self.first_at = trio.current_time()
        while events := await answer.receive():
            self.events.extend(events)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))


def contest(stage: Stage, **changes: object) -> Contest:
    """The judgement of a race that hedges after one second, changed where a test says so."""
    made = Contest(
        name="model",
        route=(targets(stage.scripts),),
        policy=Policy(hedge=Hedge(policy="fixed", delay=1.0), timeouts=Timeouts()),
        features=Features(),
        pool=Pool(),
        rng=FirstOfAll(1),
        deadline=trio.current_time() + 600.0,
    )
    return attrs.evolve(made, **changes)


def race_of(stage: Stage, result: Result, **changes: object) -> Race:
    """A race over a stage's scripts, whose ends are noted in the result."""
    judged = contest(stage, **changes)

    def notify(attempt: Attempt) -> None:
        judged.pool.finish(
            attempt.lease,
            attempt.outcome or "client_gone",
            trio.current_time(),
            random.Random(1),
            attempt.error,
        )
        result.ended.append(attempt)

    return Race(judged, stage.open, notify)


async def raced(scripts: dict[str, list[Step]], **changes: object) -> tuple[Race, Result, Stage]:
    """Runs a race over these scripts to its end."""
    stage, result = Stage(scripts), Result()
    race = race_of(stage, result, **changes)
    await race.run(result.relay)
    return race, result, stage


async def test_a_fast_primary_wins_alone(autojump_clock: trio.testing.MockClock) -> None:
    """An answer before the hedge delay starts no second call."""
    race, result, _ = await raced({"a": [(0.5, spoken("a"))], "b": [(0.1, spoken("b"))]})

    assert (result.text, race.hedged, len(race.attempts)) == ("a", "no", 1)
    assert result.first_at == 0.5


async def test_a_slow_primary_is_hedged_and_the_faster_wins(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The hedge starts exactly at the delay, and its answer is taken the moment it comes."""
    race, result, stage = await raced({"a": [(9.0, spoken("a"))], "b": [(0.2, spoken("b"))]})

    assert (result.text, race.hedged, result.first_at) == ("b", "won", 1.2)
    assert [attempt.outcome for attempt in race.attempts] == ["lost", "won"]
    assert stage.open_calls == 0


async def test_a_slow_primary_may_still_beat_its_hedge(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The primary is not stopped by the hedge: whoever speaks first wins."""
    race, result, _ = await raced({"a": [(1.1, spoken("a"))], "b": [(5.0, spoken("b"))]})

    assert (result.text, race.hedged, result.first_at) == ("a", "lost", 1.1)


async def test_an_error_fails_over_at_once(autojump_clock: trio.testing.MockClock) -> None:
    """Failover waits for nothing and costs no hedge budget."""
    race, result, _ = await raced(
        {"a": [(0.1, UpstreamFailed("down", status=503))], "b": [(0.2, spoken("b"))]}
    )

    assert (result.text, race.hedged) == ("b", "no")
    assert result.first_at == pytest.approx(0.3)
    assert [attempt.role for attempt in race.attempts] == ["primary", "failover"]


async def test_the_hedge_delay_restarts_after_a_failover(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The clock counts from the latest dispatch, not from the request's arrival."""
    race, result, _ = await raced(
        {
            "a": [(0.9, UpstreamFailed("down", status=500))],
            "b": [(30.0, spoken("b"))],
            "c": [(0.1, spoken("c"))],
        }
    )

    assert (result.text, race.hedged) == ("c", "won")
    assert result.first_at == pytest.approx(0.9 + 1.0 + 0.1)


async def test_a_failing_hedge_leaves_the_primary_alone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A backup's error is nobody's error while the primary still runs."""
    race, result, _ = await raced(
        {"a": [(3.0, spoken("a"))], "b": [(0.1, UpstreamFailed("down", status=500))]}
    )

    assert (result.text, result.first_at) == ("a", 3.0)
    assert [attempt.outcome for attempt in race.attempts] == ["won", "failed"]


@pytest.mark.parametrize(
    "hollow",
    [
        [(0.1, (Started(),))],
        [(0.1, (Started(), Failed(UpstreamFailed("overloaded", status=529))))],
        [(0.1, (Started(), Ended()))],
        [(0.1, BrokenAnswer("cut"))],
    ],
    ids=["role only, then silence", "error frame", "empty stream", "reset"],
)
async def test_what_is_not_an_answer_never_wins(
    autojump_clock: trio.testing.MockClock, hollow: list[Step]
) -> None:
    """Role-only deltas, error frames and empty streams lose to a later real answer."""
    _, result, stage = await raced({"a": hollow, "b": [(2.0, spoken("b"))]})

    assert result.text == "b"
    assert stage.open_calls == 0


async def test_a_rejected_request_ends_the_race_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """No other key of the same provider is asked when the request itself is wrong."""
    stage = Stage({"a": [(0.1, RequestRejected("bad", status=400))], "b": [(0.1, spoken())]})

    with pytest.raises(RequestRejected):
        await race_of(stage, Result()).run(_never)

    assert len(stage.opened) == 1


async def test_the_most_telling_error_is_raised_when_all_fail(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A rate limit says more to the client than a broken upstream or a refused credential."""
    stage = Stage(
        {
            "a": [(0.1, CredentialRejected("no", status=401))],
            "b": [(0.1, RateLimited("slow down", status=429, retry_after=7.0))],
            "c": [(0.1, UpstreamFailed("down", status=500))],
        }
    )

    with pytest.raises(RateLimited) as caught:
        await race_of(stage, Result()).run(_never)

    assert caught.value.retry_after == 7.0
    assert len(stage.opened) == 3


async def test_a_domain_that_pushed_back_is_not_asked_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Keys that share a quota are not tried one after the other into the same limit."""
    stage = Stage({"a": [(0.1, RateLimited("no", status=429))], "b": [(0.1, spoken())]})
    shared = race_of(stage, Result(), route=(targets(["a", "b"], domain="one"),))

    with pytest.raises(RateLimited):
        await shared.run(_never)

    assert [exchange.target.key for exchange in stage.opened] == ["a"]


async def test_failovers_have_a_cap(autojump_clock: trio.testing.MockClock) -> None:
    """A request goes to at most 1 + failover_max keys, however many there are."""
    down = UpstreamFailed("down", status=500)
    stage = Stage({key: [(0.1, down)] for key in "abcdefgh"})

    with pytest.raises(UpstreamFailed):
        await race_of(stage, Result()).run(_never)

    assert len(stage.opened) == 4


@pytest.mark.parametrize(
    ("timeouts", "after"),
    [(Timeouts(first_byte=2.0), 0.0), (Timeouts(first_token=2.0), 0.0)],
    ids=["first byte", "first token"],
)
async def test_a_silent_upstream_is_given_up_by_its_clock(
    autojump_clock: trio.testing.MockClock, timeouts: Timeouts, after: float
) -> None:
    """The clocks fire when no byte arrives, and the next key is tried."""
    policy = Policy(hedge=Hedge(policy="off"), timeouts=timeouts)
    race, result, _ = await raced({"a": [], "b": [(0.5, spoken("b"))]}, policy=policy)

    assert race.attempts[0].outcome in ("timeout", "failed")
    assert isinstance(race.attempts[0].error, TimedOut)
    assert result.text == "b"


async def test_a_stall_after_the_commit_is_an_event_and_not_an_exception(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """After the first token there is nobody to fail over to: the client is told in the stream."""
    race, result, _ = await raced(
        {"a": [(0.1, (Started(), TextDelta("half")))], "b": [(0.1, spoken("b"))]}
    )

    assert isinstance(result.events[-1], Failed)
    assert isinstance(result.events[-1].error, TimedOut)
    assert race.attempts[0].outcome == "timeout"
    assert trio.current_time() == pytest.approx(0.1 + Timeouts().idle)


async def test_the_total_clock_ends_a_race_nobody_won(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The request's own deadline counts, whatever the attempts' clocks say."""
    stage, result = Stage({"a": [], "b": []}), Result()
    race = race_of(stage, result, deadline=trio.current_time() + 3.0)

    with pytest.raises(TimedOut) as caught:
        await race.run(_never)

    assert (caught.value.clock, trio.current_time()) == ("total", 3.0)
    assert {attempt.outcome for attempt in race.attempts} == {"timeout"}
    assert stage.open_calls == 0


async def test_a_photo_finish_commits_once(autojump_clock: trio.testing.MockClock) -> None:
    """Two first tokens in the same instant: one wins, the other has lost, both are accounted for."""
    race, result, _ = await raced({"a": [(2.0, spoken("x"))], "b": [(1.0, spoken("x"))]})

    assert result.text == "x"
    assert sorted(str(attempt.outcome) for attempt in race.attempts) == ["lost", "won"]
    assert len(result.ended) == 2


async def test_closing_a_loser_delays_no_token(autojump_clock: trio.testing.MockClock) -> None:
    """The winner is relayed while the loser still closes its connection."""
    stage, result = Stage({"a": [], "b": [(0.5, spoken("b"))]}, close_takes=1.5), Result()
    race = race_of(stage, result)
    done_at = 0.0

    async def relay(answer: Answer) -> None:
        nonlocal done_at
        while events := await answer.receive():
            result.events.extend(events)
        done_at = trio.current_time()

    await race.run(relay)

    assert (result.text, done_at) == ("b", 1.5)


async def test_a_client_that_leaves_takes_every_attempt_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Cancelling the request closes all its calls at once, and every attempt has its one record."""
    stage, result = Stage({"a": [], "b": []}), Result()
    race = race_of(stage, result)

    with trio.move_on_after(2.0):
        await race.run(_never)

    assert trio.current_time() == 2.0
    assert stage.open_calls == 0
    assert [attempt.outcome for attempt in result.ended] == ["client_gone", "client_gone"]


async def test_a_client_that_leaves_in_the_middle_of_its_answer_is_not_a_win(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The winner of an abandoned request is recorded as what it was."""
    stage, result = Stage({"a": [(0.1, (TextDelta("half"),))]}), Result()
    race = race_of(stage, result)

    async def relay(answer: Answer) -> None:
        while await answer.receive():
            pass

    with trio.move_on_after(5.0):
        await race.run(relay)

    assert [attempt.outcome for attempt in result.ended] == ["client_gone"]
    assert stage.open_calls == 0


async def test_an_error_in_the_relay_is_itself_and_no_group(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Concurrency is a detail here: who calls `run` sees plain exceptions."""
    stage, result = Stage({"a": [(0.1, spoken())]}), Result()

    async def relay(answer: Answer) -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError):
        await race_of(stage, result).run(relay)

    assert stage.open_calls == 0


async def test_a_budget_that_is_empty_means_no_hedge(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The refusal has its reason, never waits, and the request goes on as it would have."""
    hedge = Hedge(policy="fixed", budget=0.0, burst=0.0)
    race, result, _ = await raced(
        {"a": [(4.0, spoken("a"))], "b": [(0.1, spoken("b"))]}, policy=Policy(hedge=hedge)
    )

    assert (result.text, race.hedged, race.hedge_skip) == ("a", "no", "budget")


async def test_a_race_waits_shortly_for_a_key_that_rests(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """When every key cools for less than the queue wait, the request is held instead of refused."""
    stage, result = Stage({"a": [(0.1, spoken("a"))]}), Result()
    made = race_of(stage, result)
    lease = made.contest.pool.begin(made.contest.route[0][0], trio.current_time())
    limited = RateLimited("no", status=429, retry_after=2.0)
    made.contest.pool.finish(lease, "failed", trio.current_time(), random.Random(1), limited)

    async def relay(answer: Answer) -> None:
        while events := await answer.receive():
            result.events.extend(events)

    await made.run(relay)

    assert result.text == "a"
    assert trio.current_time() >= 2.0


async def test_a_race_waits_while_its_only_key_is_full(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Our own limit on a key's calls holds a request back; it does not refuse it."""
    stage, result = Stage({"a": [(0.1, spoken("a"))]}), Result()
    (target,) = targets(["a"])
    made = race_of(stage, result, route=((attrs.evolve(target, concurrent=1),),))
    lease = made.contest.pool.begin(made.contest.route[0][0], trio.current_time())

    async def relay(answer: Answer) -> None:
        while events := await answer.receive():
            result.events.extend(events)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.run, relay)
        await trio.sleep(1.0)
        assert result.events == []
        made.contest.pool.finish(lease, "won", trio.current_time(), random.Random(1))

    assert result.text == "a"


async def test_a_race_that_would_wait_too_long_is_refused_with_the_soonest_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A 429 says when the first key is back."""
    stage, result = Stage({"a": [(0.1, spoken("a"))]}), Result()
    made = race_of(stage, result)
    lease = made.contest.pool.begin(made.contest.route[0][0], trio.current_time())
    limited = RateLimited("no", status=429, retry_after=60.0)
    made.contest.pool.finish(lease, "failed", trio.current_time(), random.Random(1), limited)

    with pytest.raises(RateLimited) as caught:
        await made.run(_never)

    assert caught.value.retry_after == pytest.approx(60.0, rel=0.25)
    assert trio.current_time() == 0.0


async def _never(answer: Answer) -> None:
    raise AssertionError("nothing may be relayed here")
