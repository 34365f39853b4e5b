"""Who is fast now, and how slow is unusual."""

import math
import random
import sys
from bisect import insort
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.latency import TAU, PeakEwma, Window
from providers.simulator.latency import HEAVY, SPIKY, TYPICAL, first_token

MEDIAN = 1.0
durations = st.floats(0.01, 60.0)


def test_an_unmeasured_key_is_like_its_kind_and_never_free():
    """The median, not zero: zero would draw every call to the unknown."""
    assert PeakEwma().value(5.0, 0.7) == 0.7
    assert PeakEwma().value(5.0, 0.0) > 0.0


def test_a_slow_answer_counts_at_once():
    """The peak rule: the estimate jumps to a sample above it."""
    estimate = PeakEwma()
    estimate.sample(0.5, 0.0, MEDIAN)
    estimate.sample(6.0, 1.0, MEDIAN)
    assert estimate.value(1.0, MEDIAN) == pytest.approx(6.0)


def test_a_fast_answer_counts_slowly():
    """After one tau of fast answers a slow reputation has faded to 37 % in the logarithm."""
    estimate = PeakEwma()
    estimate.sample(8.0, 0.0, 8.0)
    for tenth in range(1, int(TAU * 10) + 1):
        estimate.sample(1.0, tenth / 10, 8.0)
    assert estimate.value(TAU, 8.0) == pytest.approx(8.0 ** math.exp(-1), rel=0.01)


def test_a_steadily_fast_key_becomes_known_as_fast():
    """The drift to the median does not hold back what is measured all the time."""
    estimate = PeakEwma()
    for second in range(300):
        estimate.sample(0.2, float(second), MEDIAN)
    assert estimate.value(300.0, MEDIAN) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("start", [8.0, 0.1])
def test_without_news_an_estimate_drifts_to_the_median_from_either_side(start):
    """An idle slow key is not the best one after a minute, an idle fast one not for ever."""
    estimate = PeakEwma()
    estimate.sample(start, 0.0, start)
    assert estimate.value(TAU, MEDIAN) == pytest.approx(start ** math.exp(-1))
    assert estimate.value(100 * TAU, MEDIAN) == pytest.approx(MEDIAN)
    assert estimate.value(100 * TAU, 3.0) == pytest.approx(3.0)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(durations, st.floats(0.0, 60.0)), max_size=20), durations)
def test_a_given_up_call_never_lowers_the_estimate_and_proves_its_length(history, waited):
    """After `at_least` the estimate is what it was or the proven time, whichever is more."""
    estimate, now = PeakEwma(), 0.0
    for seconds, pause in history:
        now += pause
        estimate.sample(seconds, now, MEDIAN)
    before = estimate.value(now, MEDIAN)
    estimate.at_least(waited, now, MEDIAN)
    assert estimate.value(now, MEDIAN) == pytest.approx(max(before, waited))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(durations, st.floats(0.0, 60.0)), min_size=1, max_size=20))
def test_a_sample_below_the_estimate_never_raises_it(history):
    """And one above it sets it."""
    estimate, now = PeakEwma(), 0.0
    for seconds, pause in history:
        now += pause
        before = estimate.value(now, MEDIAN)
        known = estimate._log is not None
        estimate.sample(seconds, now, MEDIAN)
        after = estimate.value(now, MEDIAN)
        if known and seconds <= before:
            assert after <= before * (1 + 1e-9)
        else:
            assert after == pytest.approx(seconds)


def test_an_empty_window_knows_nothing():
    """No samples, no median."""
    window = Window()
    assert (window.count, window.median) == (0, None)


def test_the_window_keeps_ten_minutes_of_a_busy_model():
    """Older calls are forgotten while at least `least` younger ones remain."""
    window = Window()
    for second in range(3000):
        window.sample(1.0, float(second))
    assert window.count == 601


def test_the_window_of_a_quiet_model_keeps_its_last_five_hundred():
    """At one call a minute ten minutes would be ten samples: too few to know anything."""
    window = Window()
    for minute in range(1000):
        window.sample(1.0, minute * 60.0)
    assert window.count == 500


def memory(thing):
    """Bytes of a thing and of all that it holds."""
    if isinstance(thing, dict):
        return sys.getsizeof(thing) + sum(memory(part) for pair in thing.items() for part in pair)
    slots = [name for name in getattr(thing, "__slots__", ()) if name != "__weakref__"]
    return sys.getsizeof(thing) + sum(memory(getattr(thing, name)) for name in slots)


def test_the_window_takes_little_memory_whatever_it_saw_and_was_asked():
    """Full, with calls of every length and all its answers remembered; an empty one is smaller."""
    rng, window, most = random.Random(2), Window(), 0
    for number in range(3000):
        window.add(rng.choice([0, 200, 511]), number / 100, censored=number % 3 == 0)
        for p in (0.5, 0.9, 0.95, 0.99):
            window.quantile(p)
        if number > 2000 and number % 50 == 0:
            most = max(most, memory(window))
    assert most < 33_000
    assert memory(Window()) < 6_000


def test_the_window_is_bounded_however_busy_the_model():
    """Two thousand calls in a second do not take more memory than that."""
    window = Window()
    for number in range(5000):
        window.at_least(1.0, number / 1000)
    assert window.count == 2000


def test_the_window_slides():
    """After its kind has become twice as slow, the window comes to say so."""
    window = Window()
    for number in range(2000):
        window.sample(1.0, number / 10)
    assert window.median == pytest.approx(1.0, rel=0.03)
    for number in range(2000):
        window.sample(2.0, 200 + number / 10)
    assert window.median == pytest.approx(2.0, rel=0.03)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(durations, st.booleans()), min_size=1, max_size=80))
def test_an_answer_lags_behind_by_one_call_in_a_hundred_at_most(calls):
    """A small window is always up to date, asked after every call or only at the end."""
    often, once = Window(), Window()
    for number, (seconds, seen) in enumerate(calls):
        for window in (often, once):
            (window.sample if seen else window.at_least)(seconds, float(number))
        often.quantile(0.9)
    assert often.quantile(0.9) == once.quantile(0.9)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.floats(0.0, 8.0)), max_size=400),
    st.integers(2, 20),
)
def test_the_window_is_exactly_its_youngest_calls(calls, least):
    """The same as one that was fed with nothing but them, however often its store was tidied."""
    window, now, told = Window(span=30.0, least=least, most=40), 0.0, []
    for position, censored, pause in calls * 3:
        now += pause
        window.add(5 * position, now, censored=censored)
        told.append((now, 5 * position, censored))
        while len(told) > least and (len(told) > 40 or told[0][0] < now - 30.0):
            told.pop(0)
        assert window.count == len(told)
    fresh = Window()
    for at, position, censored in told:
        fresh.add(position, at, censored=censored)
    assert window.quantile(0.5) == fresh.quantile(0.5)
    assert window.quantile(0.9) == fresh.quantile(0.9)


def test_an_answer_is_remembered_until_one_call_in_a_hundred_is_new():
    """Asked with every request, it must not be worked out each time; its age tells when it was."""
    window = Window()
    for number in range(999):
        window.sample(1.0, number / 10)
    changed, kept = [], window.curve
    for number in range(200):
        age = window.age
        window.sample(1.0, 100.0 + number / 10)
        assert (window.curve is kept) == (window.age == age)
        changed += [number] if window.curve is not kept else []
        kept = window.curve
    pauses = [after - before for before, after in pairwise(changed)]
    assert all(pause in (10, 11, 12) for pause in pauses)
    assert len(pauses) > 10


def test_a_crowd_that_leaves_at_once_is_a_change():
    """After a pause most of a window goes with one call: its old answer must not stay."""
    window = Window(least=10)
    for number in range(1000):
        window.sample(1.0 if number < 995 else 4.0, float(number) / 10)
    assert window.median == pytest.approx(1.0, rel=0.03)
    for number in range(5):
        window.sample(4.0, 5000.0 + number)
    assert window.median == pytest.approx(4.0, rel=0.03)


def hedged_share(profile, seed, *, winners_only=False, requests=20_000):
    """The share of requests that want a hedge at p95, feeding the window from their own races."""
    rng, window, hedges, planned = random.Random(seed), Window(), 0, 0
    for number in range(requests):
        now, primary = number / 5, first_token(profile, rng, 0.6)
        delay = window.quantile(0.95) if window.count >= 200 else None
        planned += delay is not None
        if delay is None or primary <= delay:
            window.sample(primary, now)
            continue
        hedges += 1
        backup = first_token(profile, rng, 0.6)
        if primary <= delay + backup:
            window.sample(primary, now)
        elif winners_only:
            window.sample(backup, now)
        else:
            window.at_least(delay + backup, now)
    return hedges / planned


PROFILES = pytest.mark.parametrize("profile", [TYPICAL, SPIKY, HEAVY], ids=lambda p: p.name)


@PROFILES
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_nominal_five_percent_hedges_five_percent(profile, seed):
    """Losers are censored, so the policy does not eat its own tail."""
    assert 0.045 <= hedged_share(profile, seed) <= 0.055


@PROFILES
def test_counting_only_winners_would_hedge_too_much(profile):
    """The bias that the estimator is there to avoid: the check above is able to fail."""
    assert hedged_share(profile, 1, winners_only=True, requests=10_000) > 0.058


def test_the_estimate_does_not_drift_when_tails_are_cut():
    """Fed from hedged races, the window's p95 is the unhedged p95 within a few percent."""
    rng, window, true = random.Random(5), Window(), []
    for number in range(2000):
        primary = first_token(SPIKY, rng, 0.6)
        backup = 1.1 + first_token(SPIKY, rng, 0.6)
        insort(true, primary)
        if primary > backup:
            window.at_least(backup, float(number) / 10)
        else:
            window.sample(primary, float(number) / 10)
    assert window.quantile(0.95) == pytest.approx(true[1900], rel=0.08)
