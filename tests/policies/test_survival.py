"""Quantiles when some calls were given up."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.survival import BUCKETS, FLOOR, RATIO, Survival, bucket, edge

seconds = st.floats(0.002, 600.0)


def estimate(ended, censored=()):
    survival = Survival()
    for value in ended:
        survival.add(bucket(value), censored=False)
    for value in censored:
        survival.add(bucket(value), censored=True)
    return survival


def product_limit(ended, censored, p):
    """Kaplan and Meier's estimate by the textbook, without buckets."""
    surviving = 1.0
    for time in sorted(set(ended)):
        at_risk = sum(value >= time for value in [*ended, *censored])
        surviving *= 1 - ended.count(time) / at_risk
        if surviving <= 1 - p + 1e-12:
            return time
    return max([*ended, *censored])


@settings(deadline=None, derandomize=True)
@given(seconds)
def test_a_duration_lies_in_its_bucket(value):
    """Buckets tile the range from 1 ms to more than 10 minutes without a gap."""
    position = bucket(value)
    assert edge(position) <= value * (1 + 1e-9)
    assert value <= edge(position + 1) * (1 + 1e-9)


@pytest.mark.parametrize(("value", "position"), [(0.0, 0), (FLOOR, 0), (1e9, BUCKETS - 1)])
def test_what_lies_beyond_counts_in_the_last_buckets(value, position):
    """Nothing is dropped for being odd."""
    assert bucket(value) == position
    assert edge(BUCKETS) > 600.0


def test_nothing_seen_is_no_quantile():
    """The caller decides what to do without knowledge."""
    assert Survival().quantile(0.95) is None


@settings(deadline=None, derandomize=True)
@given(st.lists(seconds, min_size=1, max_size=60), st.floats(0.05, 0.99))
def test_without_given_up_calls_it_is_the_plain_quantile(values, p):
    """Within one bucket's width of the sorted sample's."""
    plain = sorted(values)[max(0, math.ceil(p * len(values) - 1e-9) - 1)]
    found = estimate(values).quantile(p)
    assert plain / RATIO <= found * (1 + 1e-9)
    assert found <= plain * RATIO * (1 + 1e-9)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=40),
    st.lists(st.integers(0, 40), max_size=40),
    st.floats(0.05, 0.99),
)
def test_it_is_the_product_limit_estimate(ended, censored, p):
    """The same as the textbook's, for durations in the middle of buckets."""
    ended = [edge(5 * position + 0.5) for position in ended]
    censored = [edge(5 * position + 0.5) for position in censored]
    expected = product_limit(ended, censored, p)
    found = estimate(ended, censored).quantile(p)
    assert bucket(found * (1 - 1e-9)) == bucket(expected)


def test_given_up_calls_count_as_long_as_they_were_watched():
    """Half the calls are cut at 1 s: winners only would put the 90 % quantile much too low."""
    rng = random.Random(3)
    true = [rng.expovariate(1.0) for _ in range(4000)]
    ended = [value for number, value in enumerate(true) if number % 2 or value <= 1.0]
    cut = [1.0 for number, value in enumerate(true) if not number % 2 and value > 1.0]
    right = estimate(ended, cut).quantile(0.9)
    naive = estimate(ended).quantile(0.9)
    assert right == pytest.approx(math.log(10), rel=0.05)
    assert naive < 0.9 * math.log(10)


def test_where_nobody_was_watched_long_enough_the_longest_time_is_told():
    """A lower bound, not an invention."""
    found = estimate([0.1, 0.2], [4.0] * 10).quantile(0.95)
    assert found == pytest.approx(4.0, rel=0.03)
    assert estimate([], [4.0]).quantile(0.5) == pytest.approx(4.0, rel=0.03)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(seconds, st.booleans()), min_size=1, max_size=30), st.data())
def test_forgetting_is_the_inverse_of_adding(calls, data):
    """What was removed leaves no trace."""
    kept = data.draw(st.integers(0, len(calls) - 1))
    survival, expected = Survival(), Survival()
    for value, censored in calls:
        survival.add(bucket(value), censored=censored)
    for value, censored in calls[kept:]:
        survival.remove(bucket(value), censored=censored)
    for value, censored in calls[:kept]:
        expected.add(bucket(value), censored=censored)
    assert survival.count == kept
    assert survival.quantile(0.9) == expected.quantile(0.9)
