"""The winner's answer as its relay reads it. (In whole races: `test_race.py`.)"""

import math

import pytest
import trio

from gateway.answer import Answer
from providers.errors import ProviderError, RateLimited, TimedOut, UpstreamFailed
from providers.types import Ended, Event, Failed, TextDelta
from tests.gateway.asked import attempt
from tests.gateway.scripted import ScriptedExchange, Step


def answer(*steps: Step, idle: float = 2.0, deadline: float = math.inf) -> Answer:
    """A winner that has said one word, and goes on like this."""
    won = attempt(0.0, outcome="won", first=0.1)
    won.pending = [TextDelta("first")]
    won.exchange = ScriptedExchange(won.target, list(steps))
    return Answer(won, idle, deadline)


async def test_what_came_before_the_commit_comes_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Then the rest, and then nothing."""
    given = answer((1.0, [TextDelta("more")]), (1.0, [Ended()]))
    heard: list[Event] = []
    while events := await given.receive():
        heard.extend(events)

    assert heard == [TextDelta("first"), TextDelta("more"), Ended()]
    assert given.over
    assert await given.receive() == ()


@pytest.mark.parametrize(
    ("idle", "deadline", "clock", "at"), [(2.0, 100.0, "idle", 2.0), (50.0, 3.0, "total", 3.0)]
)
async def test_silence_is_a_failure_that_has_a_name(
    autojump_clock: trio.testing.MockClock, idle: float, deadline: float, clock: str, at: float
) -> None:
    """The idle clock's, or the request's own."""
    given = answer(idle=idle, deadline=deadline)
    await given.receive()
    (failed,) = await given.receive()

    assert isinstance(failed, Failed)
    assert isinstance(failed.error, TimedOut)
    assert (failed.error.clock, trio.current_time()) == (clock, at)
    assert given.attempt.outcome == "timeout"


@pytest.mark.parametrize("error", [UpstreamFailed("x", status=500), RateLimited("x", status=429)])
async def test_an_exchange_that_raises_is_a_failure_too(
    autojump_clock: trio.testing.MockClock, error: ProviderError
) -> None:
    """Something may have been sent: there is nobody to raise it to."""
    given = answer((1.0, error))
    await given.receive()

    assert await given.receive() == (Failed(error),)
    assert (given.attempt.outcome, given.attempt.error) == ("failed", error)
