"""Quantiles, and intervals that widen where the data depends on its neighbours."""

import math
import random

import pytest

from benchmarks.stats import block_bootstrap, quantile


@pytest.mark.parametrize(
    ("values", "p", "expected"),
    [([3, 1, 2], 0.5, 2), ([3, 1, 2], 1.0, 3), ([3, 1, 2], 0.0, 1), (range(1, 101), 0.99, 99)],
)
def test_a_quantile_is_one_of_the_values(values: list[int], p: float, expected: int) -> None:
    """Nearest rank: what it names did happen."""
    assert quantile(values, p) == expected


def test_no_values_have_no_quantile() -> None:
    """Not a number, rather than a made-up one."""
    assert math.isnan(quantile([], 0.5))


def test_the_interval_holds_the_estimate() -> None:
    """Low, value and high are in this order, and the true median lies between."""
    rng = random.Random(1)
    values = [rng.gauss(10, 2) for _ in range(4000)]
    interval = block_bootstrap(values, 0.5, rng)

    assert interval.low <= interval.value <= interval.high
    assert interval.low <= 10 <= interval.high


def test_values_that_depend_on_their_neighbours_are_less_sure() -> None:
    """The same values in slow waves have a wider interval than when shuffled."""
    rng = random.Random(1)
    waves = [10 + 3 * math.sin(n / 200) + rng.gauss(0, 0.1) for n in range(4000)]
    shuffled = rng.sample(waves, len(waves))
    wide, narrow = (block_bootstrap(v, 0.9, random.Random(2)) for v in (waves, shuffled))

    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
