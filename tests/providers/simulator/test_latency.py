"""The latency model against the quantiles it was fitted to."""

import random
import statistics

import pytest

from providers.simulator import HEAVY, INSTANT, SPIKY, TIGHT, TYPICAL, Profile, SlowPeriod
from providers.simulator.latency import (
    LONGEST,
    PROFILES,
    answer_length,
    first_token,
    gaps,
    prompt_factor,
    request_factor,
)

SAMPLES = 100_000


@pytest.mark.parametrize(
    ("profile", "p95", "p99", "p999"),
    [
        (TIGHT, 1.44, 1.98, 4.3),
        (TYPICAL, 1.66, 3.0, 10.4),
        (SPIKY, 1.82, 6.8, 13.8),
        (HEAVY, 3.53, 7.71, 19.4),
    ],
    ids=lambda value: value.name if isinstance(value, Profile) else "",
)
def test_profile_has_the_measured_tail(profile: Profile, p95: float, p99: float, p999: float):
    """The tail, in multiples of the median, is the one of the providers that the profile is fitted to."""
    rng = random.Random(1)
    times = sorted(first_token(profile, rng, median=0.05) for _ in range(SAMPLES))
    middle = times[SAMPLES // 2]
    assert middle == pytest.approx(0.05, rel=0.05)
    assert times[int(0.95 * SAMPLES)] / middle == pytest.approx(p95, rel=0.03)
    assert times[int(0.99 * SAMPLES)] / middle == pytest.approx(p99, rel=0.05)
    assert times[int(0.999 * SAMPLES)] / middle == pytest.approx(p999, rel=0.10)


def test_same_seed_same_times():
    """Two generators in the same state give the same times."""
    one, two = random.Random(3), random.Random(3)
    assert [first_token(HEAVY, one, 1) for _ in range(9)] == [
        first_token(HEAVY, two, 1) for _ in range(9)
    ]


def test_no_first_token_takes_longer_than_the_cap():
    """However slow the draws, the time is capped."""
    rng = random.Random(1)
    assert first_token(HEAVY, rng, median=1000.0) == LONGEST


def test_instant_profile_takes_no_time():
    """Nothing to wait for, whatever the median and the shared factors."""
    assert first_token(INSTANT, random.Random(1), median=9.0, shared=9.0) == 0.0


def test_shared_factor_multiplies():
    """What all attempts share makes each of them slower by as much."""
    alone = first_token(TIGHT, random.Random(5), 1.0)
    assert first_token(TIGHT, random.Random(5), 1.0, shared=4.0) == pytest.approx(4 * alone)


def test_slow_period_comes_round():
    """Slow for the first of every so many seconds, counted from its offset."""
    slow = SlowPeriod(factor=6.0, lasting=90.0, every=600.0, offset=10.0)
    assert [slow.at(now) for now in (9.9, 10.0, 99.9, 100.0, 609.9, 610.0)] == [1, 6, 6, 1, 1, 6]


def test_request_factor_belongs_to_the_request():
    """The same fingerprint always has the same factor; without spread it is one."""
    assert request_factor(42, 0.2) == request_factor(42, 0.2) != request_factor(43, 0.2)
    assert request_factor(42, 0.0) == 1.0
    logs = [request_factor(number, 0.2) for number in range(2000)]
    assert statistics.median(logs) == pytest.approx(1.0, rel=0.05)


def test_long_prompts_are_slower():
    """Twenty thousand tokens double the time."""
    assert prompt_factor(0) == 1.0
    assert prompt_factor(20_000) == 2.0


def test_gaps_are_lognormal_around_their_median():
    """Half of the gaps are below 15 ms, and few far from it."""
    drawn = sorted(gaps(TYPICAL, random.Random(1), 20_000))
    assert drawn[10_000] == pytest.approx(0.015, rel=0.03)
    assert drawn[19_000] / drawn[10_000] == pytest.approx(1.93, rel=0.04)


def test_answers_have_one_word_at_least_and_never_too_many():
    """The length is around its median, and stays in its bounds."""
    rng = random.Random(1)
    lengths = [answer_length(rng, 200, 1.0, 500) for _ in range(5000)]
    assert statistics.median(lengths) == pytest.approx(200, rel=0.05)
    assert max(lengths) == 500
    assert answer_length(rng, 0.001, 0.0, 500) == 1


def test_profiles_are_found_by_name():
    """Each name that configuration may use leads to its profile."""
    assert {name: profile.name for name, profile in PROFILES.items()} == {
        name: name for name in ("tight", "typical", "spiky", "heavy", "instant")
    }
