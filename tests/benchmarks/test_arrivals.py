"""Open-loop schedules."""

import random
from statistics import mean, pstdev

import pytest

from benchmarks.arrivals import poisson


def test_arrivals_are_memoryless_at_the_rate_asked_for() -> None:
    """The gaps of a Poisson process have a mean of 1/rate, and a spread as large as the mean."""
    times = poisson(50.0, 20_000, random.Random(1))
    gaps = [b - a for a, b in zip([0.0, *times], times, strict=False)]

    assert times == sorted(times)
    assert mean(gaps) == pytest.approx(1 / 50, rel=0.03)
    assert pstdev(gaps) == pytest.approx(1 / 50, rel=0.05)
