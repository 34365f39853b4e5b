"""So many a minute, exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rate import Quota, Rate

pauses = st.sampled_from([0.0, 0.0, 0.01, 0.7, 3.0, 20.0, 90.0])


def take(rate: Rate, now: float) -> bool:
    """One more, if there is room for it."""
    if rate.wait(1, now) > 0:
        return False
    rate.charge(1, now)
    return True


def test_a_minute_s_worth_may_come_at_once_and_then_one_by_one():
    """Sixty, then one a second; the wait that is told is exact."""
    rate = Rate(60)
    assert [take(rate, 0.0) for _ in range(61)] == [True] * 60 + [False]
    assert rate.wait(1, 0.0) == pytest.approx(1.0)
    assert not take(rate, 0.999)
    assert take(rate, 1.0)
    assert not take(rate, 1.0)


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 500), st.lists(pauses, min_size=1, max_size=60))
def test_no_stretch_of_time_admits_more_than_the_limit_allows(limit, steps):
    """In any w seconds at most limit x (1 + w/60), whatever the arrivals."""
    rate, now, admitted = Rate(limit), 1000.0, []
    for pause in steps:
        now += pause
        admitted.extend(now for _ in range(7) if take(rate, now))
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            width = admitted[last] - start
            assert last - first + 1 <= limit * (1 + width / 60) + 1e-3


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 500), st.lists(pauses, min_size=1, max_size=60))
def test_the_wait_that_is_told_is_enough_and_not_too_long(limit, steps):
    """Admitted after the told wait, refused just before it."""
    rate, now = Rate(limit), 1000.0
    for pause in steps:
        now += pause
        wait = rate.wait(1, now)
        if wait > 0:
            assert rate.wait(1, now + wait * 0.99 - 1e-3) > 0
            now += wait + 1e-6
        assert take(rate, now)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 300), st.integers(0, 200), st.lists(pauses, min_size=1, max_size=40))
def test_what_is_said_to_remain_is_what_is_admitted_at_once(limit, held, steps):
    """Exactly so many, and not one more; the whole limit is free after the reset that was told."""
    rate, now = Rate(limit, held=held), 1000.0
    for pause in steps:
        now += pause
        remaining = rate.quota(now).remaining
        taken = min(remaining, 5)
        assert all(take(rate, now) for _ in range(taken))
        assert take(rate, now) == (remaining > taken)
    while take(rate, now):
        pass
    told = rate.quota(now)
    assert told.remaining == 0
    assert rate.quota(now + told.reset).remaining == max(0, limit - held)


def test_what_is_held_does_not_drain_with_time():
    """A long answer keeps its place however long it takes."""
    rate = Rate(1000, held=800)
    assert rate.quota(600.0) == Quota(1000, 200, 0.0)
    assert rate.wait(300, 600.0) > 0


def test_more_than_the_limit_is_a_debt():
    """The next wait until the limit is met again."""
    rate = Rate(600)
    rate.charge(1200, 0.0)
    assert rate.quota(0.0) == Quota(600, 0, pytest.approx(120.0))
    assert rate.wait(10, 0.0) == pytest.approx(61.0)
    assert rate.wait(10, 61.0) == 0.0


def test_a_limit_of_nothing_divides_by_nothing():
    """It lets nothing in, and never will."""
    assert Rate(0).wait(1, 0.0) > 0
    assert Rate(0).quota(0.0).remaining == 0


def test_a_level_can_be_raised_and_never_lowered() -> None:
    """What another process has seen of the same rate counts, and drains like the rest."""
    rate = Rate(60)
    rate.charge(10, 0.0)
    rate.raise_to(30.0, 5.0)
    assert rate.level(5.0) == 30.0
    rate.raise_to(1.0, 10.0)
    assert rate.level(10.0) == 25.0
