"""The limit that a key is found to have on calls in flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.concurrency import INITIAL, LEAST, MOST, Concurrency


def grown(calls, inflight):
    concurrency = Concurrency()
    for _ in range(calls):
        concurrency.succeeded("k", inflight, 0.0)
    return concurrency


def test_a_guess_turns_nobody_away():
    """Before any 429 a key is never full, however many are in flight."""
    concurrency = Concurrency()
    assert concurrency.capacity("k") == INITIAL
    assert not concurrency.full("k", 1000)
    assert not grown(3, 1000).full("k", 1000)


def test_a_round_of_successes_adds_one():
    """As many successes as the limit is raise it by about one."""
    assert grown(8, inflight=8).capacity("k") == pytest.approx(9.0, abs=0.1)


def test_a_key_that_is_hardly_used_proves_nothing():
    """Below half of the limit a success says nothing of it."""
    assert grown(100, inflight=3).capacity("k") == INITIAL
    assert grown(1, inflight=4).capacity("k") > INITIAL


def test_the_first_429_shows_where_the_limit_is():
    """It came at what was in flight, not at what had been guessed."""
    concurrency = Concurrency()
    concurrency.pushed_back("k", 5, 0.0)
    assert concurrency.capacity("k") == pytest.approx(3.5)
    assert concurrency.full("k", 4)
    assert not concurrency.full("k", 3)
    concurrency.pushed_back("other", 100, 0.0)
    assert concurrency.capacity("other") == pytest.approx(70)


def test_calls_that_fail_together_count_once():
    """A second must pass until a 429 can tell something new, or a success."""
    concurrency = Concurrency()
    concurrency.pushed_back("k", 10, 0.0)
    for left in range(9, 0, -1):
        concurrency.pushed_back("k", left, 0.5)
        concurrency.succeeded("k", left, 0.5)
    assert concurrency.capacity("k") == pytest.approx(7.0)
    concurrency.pushed_back("k", 5, 1.0)
    assert concurrency.capacity("k") == pytest.approx(4.9)


def test_a_key_is_never_quite_closed():
    """One call at a time is always allowed."""
    concurrency = Concurrency()
    for second in range(20):
        concurrency.pushed_back("k", 0, float(second))
    assert concurrency.capacity("k") == LEAST
    assert not concurrency.full("k", 0)
    assert concurrency.full("k", 1)


def test_a_limit_that_was_outgrown_is_soft_again():
    """Past twice the calls that met the 429, that 429 says nothing any more."""
    concurrency = Concurrency()
    concurrency.pushed_back("k", 4, 0.0)
    while concurrency.capacity("k") <= 8.0:
        assert concurrency.full("k", 9)
        concurrency.succeeded("k", 8, 2.0)
    assert not concurrency.full("k", 1000)
    concurrency.pushed_back("k", 3, 3.0)
    assert concurrency.capacity("k") == pytest.approx(2.1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400), st.floats(0.0, 5.0)), max_size=60))
def test_the_limit_stays_within_its_bounds(events):
    """Whatever happens, between one call and 256."""
    concurrency, now = Concurrency(), 0.0
    for well, inflight, passed in events:
        now += passed
        told = concurrency.succeeded if well else concurrency.pushed_back
        told("k", inflight, now)
        assert LEAST <= concurrency.capacity("k") <= MOST
        assert not concurrency.full("k", 0)


def test_the_limit_does_not_grow_for_ever():
    """At its greatest it stays."""
    concurrency = grown(40_000, inflight=300)
    assert concurrency.capacity("k") == MOST


def test_keys_that_left_are_forgotten():
    """A key that comes back later begins anew."""
    concurrency = Concurrency()
    concurrency.pushed_back("k", 4, 0.0)
    concurrency.pushed_back("gone", 4, 0.0)
    concurrency.retain({"k"})
    assert concurrency.capacity("gone") == INITIAL
    assert concurrency.capacity("k") < INITIAL
