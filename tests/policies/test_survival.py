"""Quantiles when some calls were given up."""

import math
import random
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.survival import BUCKETS, FLOOR, RATIO, Survival, bucket, edge, win_probability

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


def exponential(mean, watched=math.inf):
    """The curve of 4000 calls spread as an exponential is, each given up after `watched` seconds."""
    times = [-mean * math.log((number + 0.5) / 4000) for number in range(4000)]
    cut = [watched for time in times if time > watched]
    return estimate([time for time in times if time <= watched], cut).curve()


def test_nothing_seen_is_no_curve():
    """Nor is everything forgotten."""
    survival = Survival()
    assert survival.curve() is None
    survival.add(7, censored=False)
    survival.remove(7, censored=False)
    assert survival.curve() is None


def test_a_curve_stays_as_it_was():
    """A value: what is seen later does not change it."""
    survival = estimate([1.0])
    before = survival.curve()
    survival.add(bucket(9.0), censored=False)
    assert before.at(2.0) == 0.0
    assert survival.curve().at(2.0) == pytest.approx(0.5)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(seconds, min_size=1, max_size=40),
    st.lists(seconds, max_size=40),
    st.lists(st.floats(0.0, 1000.0), min_size=2, max_size=10),
)
def test_a_curve_only_falls(ended, censored, times):
    """From everybody to those whom nobody saw end."""
    curve = estimate(ended, censored).curve()
    shares = [curve.at(time) for time in [0.0, *sorted(times), math.inf]]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert shares[-1] == curve.rest >= 0.0


@settings(deadline=None, derandomize=True)
@given(
    st.lists(seconds, min_size=1, max_size=40),
    st.lists(seconds, max_size=40),
    st.floats(0.02, 0.98),
)
def test_a_quantile_is_where_the_curve_has_fallen_so_far(ended, censored, p):
    """Unless it never falls so far; then nothing was seen beyond."""
    curve = estimate(ended, censored).curve()
    if curve.rest <= 1 - p:
        assert curve.at(curve.quantile(p)) == pytest.approx(1 - p, abs=1e-6)
    else:
        assert curve.quantile(p) <= max([*ended, *censored]) * RATIO


@pytest.mark.parametrize("delay", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(("mean", "expected"), [(1.0, 0.5), (3.0, 0.25), (0.2, 5 / 6)])
def test_of_two_calls_without_memory_the_quicker_kind_is_first(mean, expected, delay):
    """Exponential times forget how long they took: the odds are those of the rates, at any delay."""
    found = win_probability(exponential(1.0), exponential(mean), delay)
    assert found == pytest.approx(expected, abs=0.02)


def test_a_rival_of_its_own_kind_wins_half_the_time_if_both_start_at_once():
    """Exactly half, ties in a bucket included."""
    rng = random.Random(1)
    curve = estimate([rng.lognormvariate(0.0, 0.5) for _ in range(500)]).curve()
    assert win_probability(curve, curve, 0.0) == pytest.approx(0.5)


@pytest.mark.parametrize("delay", [0.1, 0.8, 1.5, 4.0])
def test_a_win_is_as_likely_as_among_all_pairs(delay):
    """Counted pair by pair among those primaries that are silent at the delay."""
    rng = random.Random(4)
    primaries = sorted(rng.lognormvariate(0.0, 0.8) for _ in range(2000))
    backups = sorted(rng.lognormvariate(-0.3, 0.5) for _ in range(500))
    silent = [time for time in primaries if time > delay]
    wins = sum(bisect_left(backups, time - delay) for time in silent)
    found = win_probability(estimate(primaries).curve(), estimate(backups).curve(), delay)
    assert found == pytest.approx(wins / len(silent) / len(backups), abs=0.02)


def test_beyond_everything_seen_the_primary_is_taken_to_stay_silent():
    """Whether all were seen to end earlier, or nobody was watched for longer."""
    backup = exponential(1.0, watched=2.0)
    assert win_probability(estimate([0.1, 0.2]).curve(), backup, 5.0) == 1.0 - backup.rest
    given_up = estimate([0.1], [0.4] * 9).curve()
    assert win_probability(given_up, backup, 1.0) == pytest.approx(1.0 - backup.rest)


def test_what_nobody_saw_end_wins_nothing():
    """A backup that was always given up after a minute has no chance that anybody knows of."""
    hopeless = estimate([], [60.0] * 50).curve()
    assert win_probability(exponential(1.0), hopeless, 0.5) == 0.0


@pytest.mark.parametrize("waited", [0.0, 0.5, 2.0])
def test_what_remains_of_a_call_without_memory_does_not_depend_on_its_age(waited):
    """Half of them take the exponential's median longer."""
    assert exponential(1.0).remaining(waited) == pytest.approx(math.log(2), rel=0.05)


def test_how_long_a_call_remains_that_outlasts_all_is_not_known():
    """No end is invented, neither beyond all nor where most were given up."""
    assert estimate([0.1, 0.2]).curve().remaining(5.0) == math.inf
    assert estimate([0.1], [0.4] * 9).curve().remaining(0.3) == math.inf
