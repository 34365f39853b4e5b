"""Races that explore, that hedge more than once, and whole answers that break: in virtual time."""

import attrs
import pytest
import trio

from gateway.answer import Answer
from gateway.attempt import Attempt
from policies.features import Features
from policies.settings import Hedge, Policy, Timeouts
from providers.errors import UpstreamFailed
from providers.types import Ended, Failed, Started, TextDelta, Usage, UsageSeen
from tests.gateway.scripted import Stage, Step, spoken
from tests.gateway.test_race import Result, race_of, raced

FIXED = Hedge(policy="fixed", delay=1.0)
LONG: list[Step] = [(0.2, (Started(), TextDelta("b"))), (8.0, (Ended(),))]


def policy(**changes: object) -> Policy:
    return Policy(hedge=attrs.evolve(FIXED, **changes), timeouts=Timeouts())


def outcomes(attempts: list[Attempt]) -> list[tuple[str, str | None]]:
    return [(attempt.role, attempt.outcome) for attempt in attempts]


def closed_at(stage: Stage, key: str) -> float | None:
    """When the call to this key was closed; calls of one moment begin in any order."""
    return next(call.closed_at for call in stage.opened if call.target.key == key)


async def test_a_dual_request_goes_to_two_targets_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The first wins; the other may reach its first token, so that both times are known."""
    race, result, stage = await raced(
        {"a": [(3.0, spoken("a"))], "b": LONG}, features=Features(arm="dual")
    )

    assert (result.text, result.first_at, race.hedged) == ("b", 0.2, "no")
    assert outcomes(race.attempts) == [("primary", "lost"), ("dual", "won")]
    assert race.attempts[0].first == 3.0
    assert closed_at(stage, "a") == 3.0


async def test_a_control_request_is_never_hedged(autojump_clock: trio.testing.MockClock) -> None:
    """But that it would have been is written down."""
    race, result, _ = await raced(
        {"a": [(3.0, spoken("a"))], "b": LONG}, features=Features(arm="control")
    )

    assert (result.text, race.hedged, race.hedge_skip) == ("a", "no", "control")


async def test_an_audited_loser_runs_on_to_its_first_token(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """While the winner is relayed, and settled when it has stopped."""
    race, result, stage = await raced(
        {"a": [(4.0, spoken("a"))], "b": LONG}, features=Features(audit=True)
    )

    assert outcomes(race.attempts) == [("primary", "lost"), ("hedge", "won")]
    assert (race.attempts[0].first, closed_at(stage, "a")) == (4.0, 4.0)
    assert [attempt.role for attempt in result.ended] == ["primary", "hedge"]


async def test_an_audited_loser_does_not_outlive_its_request(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """When the winner is done so is everything: the loser's time is a lower bound."""
    race, _, stage = await raced(
        {"a": [(40.0, spoken("a"))], "b": [(0.5, spoken("b"))]}, features=Features(audit=True)
    )

    assert trio.current_time() == 1.5
    assert (race.attempts[0].first, race.attempts[0].ended, stage.open_calls) == (None, 1.5, 0)


async def test_a_drained_loser_says_what_it_cost(autojump_clock: trio.testing.MockClock) -> None:
    """It runs to its end beside the winner, within its bound."""
    usage = UsageSeen(Usage(10, 5, 15))
    slow: list[Step] = [(2.0, (TextDelta("a"),)), (1.0, (usage, Ended()))]
    race, result, _ = await raced({"a": slow, "b": LONG}, policy=policy(loser="drain"))

    loser = race.attempts[0]
    assert (result.text, loser.outcome, loser.complete) == ("b", "lost", True)
    assert (loser.usage, loser.ended) == (Usage(10, 5, 15), 3.0)


async def test_a_drain_has_a_bound(autojump_clock: trio.testing.MockClock) -> None:
    """A loser that goes on and on is cut."""
    race, _, stage = await raced(
        {"a": [(30.0, spoken("a"))], "b": LONG}, policy=policy(loser="drain", drain=2.0)
    )

    assert closed_at(stage, "a") == pytest.approx(1.2 + 2.0)
    assert race.attempts[0].outcome == "lost"


async def test_a_schedule_starts_one_hedge_after_the_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Each at its moment, as long as none has spoken and as many as may run at once."""
    hedge = Hedge(policy="schedule", schedule=(1.0, 2.0, 3.0), max_parallel=3, burst=9.0)
    race, result, _ = await raced(
        {"a": [], "b": [], "c": [(2.5, spoken("c"))], "d": []}, policy=Policy(hedge=hedge)
    )

    assert [attempt.started for attempt in race.attempts] == [0.0, 1.0, 2.0]
    assert [skip.why for skip in race.skips] == ["cap"]
    assert result.first_at == 4.5


async def test_a_whole_answer_that_breaks_is_fetched_again_elsewhere(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Nothing of it was sent: the client never learns of it."""
    broken = [(0.1, (TextDelta("half"),)), (0.5, (Failed(UpstreamFailed("x", status=500)),))]
    stage = Stage({"a": broken, "b": [(0.2, spoken("whole"))]})
    result = Result()
    race = race_of(stage, result)

    async def relay(answer: Answer) -> None:
        heard: list[object] = []
        while events := await answer.receive():
            heard.extend(events)
        if isinstance(heard[-1], Failed):
            raise heard[-1].error
        result.events = heard  # type: ignore[assignment]

    await race.run(relay)

    assert result.text == "whole"
    assert outcomes(race.attempts) == [("primary", "failed"), ("failover", "won")]
    assert closed_at(stage, "a") == pytest.approx(0.6)


async def test_a_broken_stream_is_not_fetched_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The client has part of it."""
    broken = [(0.1, (TextDelta("half"),)), (0.5, (Failed(UpstreamFailed("x", status=500)),))]
    race, result, _ = await raced({"a": broken, "b": LONG})

    assert outcomes(race.attempts) == [("primary", "failed")]
    assert isinstance(result.events[-1], Failed)
