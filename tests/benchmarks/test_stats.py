"""Quantiles, and intervals that widen where the data depends on its neighbours."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats import (
    Blocks,
    Interval,
    block_bootstrap,
    exceedance,
    gap_to_optimum,
    quantile,
)


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


def test_no_values_have_no_interval() -> None:
    """A contender that answered nothing is shown as such, not as a traceback."""
    assert math.isnan(block_bootstrap([], 0.5, random.Random(1)).value)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=200),
    st.floats(0, 1),
    st.integers(1, 50),
    st.integers(),
)
def test_a_resample_has_the_quantile_of_its_values(
    values: list[float], p: float, blocks: int, seed: int
) -> None:
    """Counting blocks on the sorted values gives what putting the blocks together would."""
    blocked = Blocks.of(values, blocks)
    drawn = blocked.draw(random.Random(seed))
    size = max(1, len(values) // blocks)
    together = [
        value
        for block, times in enumerate(drawn)
        for value in values[block * size : (block + 1) * size] * times
    ]

    assert blocked.quantile(p, drawn) == quantile(together, p)


def test_many_values_are_resampled_quickly() -> None:
    """A p99 of 20 000 values with 400 resamples is a matter of a fraction of a second."""
    rng = random.Random(1)
    values = [rng.expovariate(1) for _ in range(20_000)]
    interval = block_bootstrap(values, 0.99, rng)

    assert interval.low < math.log(100) < interval.high


def test_shares_beyond_a_point_come_with_their_doubt() -> None:
    """Of exponential values a share of exp(-x) lies beyond x, and the interval says so."""
    rng = random.Random(1)
    values = [rng.expovariate(1) for _ in range(8000)]

    for x, share in zip((0.5, 2.0), exceedance(values, (0.5, 2.0), rng), strict=True):
        assert share.low <= share.value <= share.high
        assert share.low < math.exp(-x) < share.high


def test_intervals_overlap_or_not() -> None:
    """Touching is overlapping: neither is surely smaller."""
    low, high = Interval(1, 0, 2), Interval(3, 2, 4)

    assert low.overlaps(high)
    assert high.overlaps(low)
    assert not low.overlaps(Interval(3, 2.5, 4))


@pytest.mark.parametrize(
    ("reached", "gap"), [(2.0, 0.0), (6.0, 1.0), (3.0, 0.25), (8.0, 1.5), (1.0, -0.25)]
)
def test_the_gap_is_what_was_left_of_the_gain(reached: float, gap: float) -> None:
    """0 at the optimum, 1 without any gain; more is worse than not hedging, less is luck."""
    assert gap_to_optimum(reached, 6.0, 2.0) == gap


def test_where_nothing_can_be_gained_there_is_no_gap() -> None:
    """Nor where what was reached is for ever."""
    assert math.isnan(gap_to_optimum(2.0, 2.0, 2.0))
    assert math.isnan(gap_to_optimum(math.inf, 6.0, 2.0))
