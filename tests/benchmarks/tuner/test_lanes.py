"""A recorded request as two lanes."""

import math
from typing import Any

from benchmarks.tuner.lanes import COLUMNS, row
from state.records import AttemptEnded, RequestEnded


def attempt(role: Any, outcome: Any, start: float, first: float | None, end: float) -> AttemptEnded:
    """One call, in milliseconds."""
    return AttemptEnded("k", "d", "m", role, outcome, start, first, end, delay_ms=800.0)


def told(*attempts: AttemptEnded, **members: Any) -> dict[str, float] | None:
    """A request's numbers by name."""
    request = RequestEnded(
        *("r", "p", "live", "chat", "m", 200, True, "default", "no", "k", 900.0, 1_500.0, 1, 2),
        attempts=attempts,
        ts=10_000,
        **members,
    )
    found = row(request)
    return None if found is None else dict(zip(COLUMNS, found, strict=True))


def test_one_call_is_one_lane() -> None:
    """Its first token came after so long; the request arrived that long before its end."""
    found = told(attempt("primary", "won", 1.0, 501.0, 1_500.0))

    assert found is not None
    assert (found["at"], found["first"], found["seen"]) == (8.5, 0.5, 1.0)
    assert math.isnan(found["second"])
    assert (found["planned"], found["hedged"], found["failovers"]) == (0.8, 0.0, 0.0)


def test_a_cut_primary_is_known_to_take_longer() -> None:
    """The hedge won at 1.2 s: the first lane was watched for so long and no longer."""
    found = told(
        attempt("primary", "lost", 0.0, None, 1_200.0),
        attempt("hedge", "won", 800.0, 1_200.0, 1_500.0),
    )

    assert found is not None
    assert (found["first"], found["seen"]) == (1.2, 0.0)
    assert (found["delay"], found["second"], found["second_seen"]) == (0.8, 0.4, 1.0)
    assert found["hedged"] == 1.0


def test_a_failover_goes_on_in_the_lane_that_failed() -> None:
    """The primary failed after 0.1 s, its replacement answered 0.5 s later: the lane took 0.6 s."""
    found = told(
        attempt("primary", "failed", 0.0, None, 100.0),
        attempt("failover", "won", 100.0, 600.0, 1_500.0),
    )

    assert found is not None
    assert (found["first"], found["seen"], found["failovers"]) == (0.6, 1.0, 1.0)
    assert math.isnan(found["delay"])


def test_a_failover_of_a_hedge_goes_on_in_the_hedges_lane() -> None:
    """The primary runs on meanwhile."""
    found = told(
        attempt("primary", "won", 0.0, 1_100.0, 1_500.0),
        attempt("hedge", "failed", 800.0, None, 900.0),
        attempt("failover", "lost", 900.0, None, 1_100.0),
    )

    assert found is not None
    assert (found["first"], found["seen"]) == (1.1, 1.0)
    assert (round(found["second"], 9), found["second_seen"]) == (0.3, 0.0)


def test_a_request_that_explored_both_calls_is_not_hedged() -> None:
    """Both lanes begin together."""
    found = told(
        attempt("primary", "won", 0.0, 400.0, 1_500.0),
        attempt("dual", "lost", 0.0, 700.0, 700.0),
        arm="dual",
    )

    assert found is not None
    assert (found["arm"], found["hedged"], found["delay"], found["second"]) == (2.0, 0.0, 0.0, 0.7)


def test_of_what_failed_everywhere_nothing_is_learnt() -> None:
    """Nor of what was never sent."""
    assert told(attempt("primary", "failed", 0.0, None, 100.0)) is None
    assert told() is None
