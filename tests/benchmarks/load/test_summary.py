"""Figures of runs made by hand."""

import math
from array import array

import pytest

from benchmarks.load.summary import Limit, Spread, latencies, summarize
from tests.benchmarks.load.made import failed, outcome, run_of


def test_a_spread_has_the_fields_columns() -> None:
    """Quantiles are of the nearest rank; the deviation is the population's."""
    spread = Spread.of([float(n) for n in range(100, 0, -1)])

    assert (spread.n, spread.avg, spread.min, spread.max) == (100, 50.5, 1.0, 100.0)
    assert (spread.p50, spread.p90, spread.p99) == (50.0, 90.0, 99.0)
    assert spread.std == pytest.approx(math.sqrt((100**2 - 1) / 12))
    assert math.isnan(Spread.of([]).p99)


def test_rates_are_by_the_time_from_the_first_due_to_the_last_end() -> None:
    """Ten requests a second apart, the last of which takes a second: ten in ten seconds."""
    outcomes = [outcome(n, due=5.0 + n) for n in range(9)]
    summary = summarize(run_of([*outcomes, outcome(9, due=14.0, e2el=1.0)]), [])

    assert summary.seconds == pytest.approx(10.0)
    assert summary.offered == pytest.approx(1.0)
    assert summary.achieved == pytest.approx(1.0)
    assert summary.tokens_per_second == pytest.approx(5.0)


def test_the_warm_up_counts_for_nothing() -> None:
    """Neither its failures nor its times."""
    summary = summarize(run_of([failed(0, counted=False), outcome(1), outcome(2)]), [])

    assert (summary.requests, summary.answered, summary.errors) == (2, 2, {})
    assert summary.latencies["ttft"].n == 2


def test_errors_are_counted_by_kind_with_the_first_message_of_each() -> None:
    """The most frequent first."""
    outcomes = [
        outcome(0),
        failed(1, "status 429", message="slower"),
        failed(2, "cut"),
        failed(3, "status 429", message="still"),
    ]
    summary = summarize(run_of(outcomes), [])

    assert list(summary.errors.items()) == [("status 429", 2), ("cut", 1)]
    assert summary.messages == {"status 429": "slower"}
    assert summary.error_share == pytest.approx(0.75)


def test_who_was_given_up_counts_with_the_time_that_was_waited() -> None:
    """Else a server that hangs would look quick; other failures have no latency."""
    outcomes = [outcome(0), failed(1, "timeout", e2el=9.0), failed(2, "cut", e2el=0.2)]
    run = run_of(outcomes)

    assert latencies(run, "ttft") == [0.1, 9.0]
    assert latencies(run, "e2el") == [0.15, 9.0]
    assert len(latencies(run, "tpot")) == 1
    begun = failed(3, "timeout", ttft=0.3, e2el=9.0, itl=array("d", [8.7]))
    assert latencies(run_of([begun]), "ttft") == [0.3]
    assert latencies(run_of([begun]), "itl") == [8.7]


def test_goodput_is_of_requests_that_keep_every_limit() -> None:
    """A failure keeps none; without limits there is none."""
    outcomes = [outcome(0), outcome(1, ttft=0.9, e2el=1.0), outcome(2, e2el=9.0), failed(3)]
    run = run_of(outcomes)
    summary = summarize(run, [Limit("ttft", 0.5), Limit("e2el", 5.0), Limit("tpot", 0.5)])

    assert summary.good == 1
    assert summary.good_share == pytest.approx(0.25)
    assert summary.goodput == pytest.approx(1 / summary.seconds)
    assert summarize(run, []).good is None
    assert math.isnan(summarize(run, []).goodput)


def test_whole_answers_have_one_latency() -> None:
    """Nothing is said of first tokens."""
    run = run_of([outcome(0, ttft=None, itl=array("d"))], stream=False)

    assert list(summarize(run, []).latencies) == ["e2el"]


def test_nothing_measured_is_no_number() -> None:
    """Interrupted before the first answer, say."""
    summary = summarize(run_of([], unfinished=5), [])

    assert summary.unfinished == 5
    assert math.isnan(summary.error_share)
    assert math.isnan(summary.achieved)
