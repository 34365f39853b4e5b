"""The law of arrivals is the one that was asked for."""

import random
from itertools import islice, pairwise
from statistics import mean, stdev

import pytest

from benchmarks.load.arrivals import Law, arrivals


def gaps(law: Law, cv: float = 1.0, n: int = 20_000) -> list[float]:
    times = [0.0, *islice(arrivals(law, 20.0, cv, random.Random(1)), n)]
    return [later - sooner for sooner, later in pairwise(times)]


def test_constant_arrivals_have_one_gap() -> None:
    """Twenty a second are 50 ms apart, the first as well."""
    assert gaps("constant", n=100) == pytest.approx([0.05] * 100)


@pytest.mark.parametrize(
    ("law", "cv", "spread"), [("poisson", 9.0, 1.0), ("gamma", 0.5, 0.5), ("gamma", 3.0, 3.0)]
)
def test_gaps_have_the_mean_and_the_spread_that_were_asked_for(
    law: Law, cv: float, spread: float
) -> None:
    """Mean 1 / rate; deviation over mean is 1 for Poisson, and gamma's is its cv."""
    drawn = gaps(law, cv)

    assert mean(drawn) == pytest.approx(0.05, rel=0.06)
    assert stdev(drawn) / mean(drawn) == pytest.approx(spread, rel=0.06)


def test_bursts_crowd_more_requests_into_a_second() -> None:
    """With the same rate, the fullest of many seconds is fuller."""

    def fullest(law: Law, cv: float) -> int:
        times = islice(arrivals(law, 20.0, cv, random.Random(2)), 5000)
        seconds = [int(time) for time in times]
        return max(seconds.count(second) for second in set(seconds))

    assert fullest("constant", 1.0) <= 21
    assert fullest("gamma", 3.0) > fullest("poisson", 1.0) > 21


def test_the_same_seed_gives_the_same_times() -> None:
    """All chance is handed in."""
    assert gaps("gamma", 2.0, 50) == gaps("gamma", 2.0, 50)
