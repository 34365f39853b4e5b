"""One upstream call of a race, in virtual time."""

from collections.abc import Sequence

import attrs
import pytest
import trio

from gateway.attempt import Attempt, Outcome, RunOn, patience
from policies.balance import Candidate, Choice
from policies.features import Scope
from policies.pool import Lease
from policies.settings import CommitOn, Timeouts
from providers.errors import BrokenAnswer, Clock, ProviderError, TimedOut, UpstreamFailed
from providers.types import (
    Ended,
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
    Vectors,
)
from tests.gateway.scripted import ScriptedExchange, Step, targets

(TARGET,) = targets(["a"])


def made() -> Attempt:
    """An attempt that starts at 0."""
    choice = Choice(Candidate(TARGET, ttft=1.0, inflight=0), (), 1.0)
    return Attempt(Lease(TARGET, 0.0, True, Scope("model")), "primary", choice)


@attrs.define(eq=False)
class Run:
    """An attempt at a scripted upstream, and what it reported when."""

    steps: list[Step]
    accept_after: float = 0.0
    timeouts: Timeouts = attrs.field(factory=Timeouts)
    commit_on: CommitOn = "semantic"
    stays: bool = False
    attempt: Attempt = attrs.field(factory=made)
    reports: list[tuple[float, ProviderError | None]] = attrs.field(factory=list)
    told: list[str] = attrs.field(factory=list)
    exchange: ScriptedExchange = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.exchange = ScriptedExchange(TARGET, self.steps, accept_after=self.accept_after)
        self.attempt.scope.deadline = patience(self.timeouts)  # as the race gives it

    async def __call__(self) -> None:
        await self.attempt.run(lambda _: self.exchange, self.timeouts, self.commit_on, self)

    def accepted(self, attempt: Attempt) -> None:
        self.told.append("accepted")

    def spoke(self, attempt: Attempt) -> None:
        self.told.append("spoke")
        self.reports.append((trio.current_time(), attempt.error))
        if not self.stays:
            attempt.scope.cancel()

    def closed(self, attempt: Attempt) -> None:
        self.told.append("closed")


async def at_once(run: Run) -> Run:
    """Runs the attempt; once it has spoken it is released, unless it failed before."""
    await run()
    return run


@pytest.mark.parametrize(
    "first",
    [
        TextDelta("a"),
        TextDelta("hm", kind="reasoning"),
        Finished("content_filter"),
        Vectors(((1.0,),)),
    ],
)
async def test_the_first_semantic_event_is_reported_when_it_comes(
    autojump_clock: trio.testing.MockClock, first: Event
) -> None:
    """What came before it waits with it to be relayed."""
    run = await at_once(Run([(1.0, [Started()]), (0.5, [UsageSeen(Usage(1)), first])]))

    assert run.reports == [(1.5, None)]
    assert run.attempt.pending == [Started(), UsageSeen(Usage(1)), first]
    assert (run.attempt.first, run.attempt.usage, run.attempt.live) == (1.5, Usage(1), True)
    assert run.attempt.exchange is run.exchange
    assert run.attempt.accepted == 0.0


async def test_an_attempt_that_has_spoken_stays_open_until_it_is_released(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The race reads the rest from its exchange meanwhile."""
    run = Run([(1.0, [TextDelta("a")])], stays=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(5.0)
        assert run.exchange.closed_at is None
        run.attempt.cancel()
    assert (run.exchange.closed_at, run.attempt.cancelled) == (5.0, 5.0)
    assert run.told == ["accepted", "spoke", "closed"]


async def test_a_cancelled_attempt_closes_its_call_and_says_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Who cancels it knows why."""
    run = Run([])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(3.0)
        run.attempt.end("lost")
        run.attempt.scope.cancel()
    assert (run.reports, run.exchange.closed_at) == ([], 3.0)
    assert (run.attempt.outcome, run.attempt.ended, run.attempt.live) == ("lost", 3.0, False)


DOWN = UpstreamFailed("down", status=500)


@pytest.mark.parametrize(
    "steps",
    [
        [(1.0, DOWN)],
        [(0.5, [Started()]), (0.5, DOWN)],
        [(1.0, [Started(), Failed(DOWN)])],
        [(1.0, [TextDelta("half"), Failed(DOWN)])],
    ],
    ids=["refused", "accepted, then broke", "said so", "said so behind content"],
)
async def test_a_failure_before_the_commit_is_reported_once(
    autojump_clock: trio.testing.MockClock, steps: list[Step]
) -> None:
    """Nothing was sent to the client yet, so another call may do better."""
    run = await at_once(Run(steps))

    assert run.reports == [(1.0, DOWN)]
    assert (run.attempt.outcome, run.attempt.ended) == ("failed", 1.0)
    assert run.exchange.closed_at == 1.0


@pytest.mark.parametrize("events", [[Started(), Ended()], [UsageSeen(Usage()), Ended()], [Ended()]])
async def test_an_answer_that_ends_without_content_is_broken(
    autojump_clock: trio.testing.MockClock, events: Sequence[Event]
) -> None:
    """An empty stream must not win a race."""
    run = await at_once(Run([(1.0, events)]))

    assert isinstance(run.attempt.error, BrokenAnswer)
    assert run.attempt.outcome == "failed"


@pytest.mark.parametrize(
    ("accept_after", "steps", "timeouts", "name", "at"),
    [
        (9.0, [], Timeouts(first_byte=2.0), "first_byte", 2.0),
        (0.0, [], Timeouts(first_byte=2.0, first_token=5.0), "first_token", 5.0),
        (9.0, [], Timeouts(first_byte=5.0, first_token=2.0), "first_token", 2.0),
        (0.0, [(1.0, [Started()])], Timeouts(first_token=3.0), "first_token", 3.0),
    ],
)
async def test_silence_is_ended_by_the_clock_that_it_belongs_to(
    autojump_clock: trio.testing.MockClock,
    accept_after: float,
    steps: list[Step],
    timeouts: Timeouts,
    name: Clock,
    at: float,
) -> None:
    """The first byte's runs until the call is accepted, the first token's until it speaks."""
    run = await at_once(Run(steps, accept_after, timeouts))

    error = run.attempt.error
    assert isinstance(error, TimedOut)
    assert (error.clock, run.attempt.outcome, run.exchange.closed_at) == (name, "timeout", at)
    assert run.reports == [(at, error)]


async def test_a_bug_is_no_providers_failure(autojump_clock: trio.testing.MockClock) -> None:
    """It is raised as what it is, and the call is closed all the same."""
    run = Run([])
    run.exchange.steps = [(1.0, None)]  # type: ignore[list-item]

    with pytest.raises(TypeError):
        await run()

    assert run.exchange.closed_at == 1.0


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ("lost", "failed", "lost"),
        ("failed", "client_gone", "failed"),
        ("timeout", "lost", "timeout"),
        ("won", "failed", "failed"),
        ("won", "client_gone", "client_gone"),
    ],
)
async def test_the_first_word_on_an_attempt_stands_unless_it_was_too_good(
    first: Outcome, second: Outcome, stands: Outcome
) -> None:
    """A winner may still break on the way."""
    attempt = made()
    attempt.end(first, DOWN if first == "failed" else None)
    attempt.end(second)
    assert attempt.outcome == stands
    assert (attempt.error is DOWN) == (first == "failed")


def test_no_repr_is_longer_than_its_facts() -> None:
    """Attempts end up in logs: without what was said, and without the machinery."""
    attempt = made()
    attempt.pending.append(TextDelta("CANARY"))
    assert "CANARY" not in repr(attempt)
    assert "CancelScope" not in repr(attempt)


async def test_reasoning_may_be_told_not_to_end_a_race(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Who races on what is seen waits for content; what was thought before is relayed with it."""
    thought = TextDelta("hm", kind="reasoning")
    run = await at_once(Run([(1.0, [thought]), (1.0, [TextDelta("a")])], commit_on="content"))

    assert (run.attempt.first, run.attempt.first_kind) == (2.0, "content")
    assert run.attempt.pending == [thought, TextDelta("a")]


@pytest.mark.parametrize(("run_on", "closed_at"), [("first_token", 2.0), ("end", 3.0)])
async def test_a_loser_that_may_run_on_stops_where_it_was_told_to(
    autojump_clock: trio.testing.MockClock, run_on: RunOn, closed_at: float
) -> None:
    """At its first token, to know how long it would have taken, or at its end, to know what it cost."""
    last = [UsageSeen(Usage(1, 2, 3)), Ended()]
    run = Run([(2.0, [TextDelta("late")]), (1.0, last), (1.0, [])])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(1.0)
        run.attempt.outcome, run.attempt.run_on = "lost", run_on

    assert (run.exchange.closed_at, run.attempt.first) == (closed_at, 2.0)
    assert (run.reports, run.attempt.complete) == ([], run_on == "end")


async def test_a_loser_that_breaks_while_it_runs_on_has_still_only_lost(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The race has gone on without it: nobody is told of the failure."""
    run = Run([(2.0, DOWN)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(1.0)
        run.attempt.outcome, run.attempt.run_on = "lost", "first_token"

    assert (run.attempt.outcome, run.attempt.error, run.told) == (
        "lost",
        None,
        ["accepted", "closed"],
    )


async def test_an_answer_that_came_whole_lets_its_call_go_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Its connection serves the next call while the answer is relayed."""
    run = Run([(1.0, [TextDelta("a"), Ended()])], stays=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(5.0)
        assert run.exchange.closed_at == 1.0
    assert run.told == ["accepted", "spoke", "closed"]


@pytest.mark.parametrize("steps", [[], [(2.0, [TextDelta("a")])]], ids=["silent", "speaking"])
async def test_a_loser_that_may_run_on_ends_when_its_time_is_up(
    autojump_clock: trio.testing.MockClock, steps: list[Step]
) -> None:
    """Before its first token and after it; nobody's timeout is to blame."""
    run = Run(steps)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(1.0)
        run.attempt.run_on, run.attempt.outcome = "end", "lost"
        run.attempt.end_by(5.0)
    assert (run.exchange.closed_at, run.attempt.error, run.reports) == (5.0, None, [])
