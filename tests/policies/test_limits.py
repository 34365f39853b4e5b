"""What a project may use."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.limits import A_MOMENT, Meter, Quota, Quotas, Refusal
from policies.settings import Limits

pauses = st.sampled_from([0.0, 0.0, 0.01, 0.7, 3.0, 20.0, 90.0])


def test_without_limits_everything_is_let_in():
    """None is no limit, and there is nothing to tell."""
    meter = Meter(Limits())
    assert all(meter.admit(10**9, 0.0, spent_today=10**6) is None for _ in range(1000))
    assert meter.quotas(0.0) == Quotas()
    meter.settle(10**9, 10**9, 0.0)
    meter.leave()
    assert meter.running == 999


def test_a_minute_s_requests_may_come_at_once_and_then_one_by_one():
    """Sixty, then one a second; the wait that is told is exact."""
    meter = Meter(Limits(rpm=60))
    assert [meter.admit(0, 0.0) for _ in range(60)] == [None] * 60
    refusal = meter.admit(0, 0.0)
    assert refusal == Refusal(pytest.approx(1.0), "requests")
    assert meter.admit(0, 0.999) is not None
    assert meter.admit(0, 1.0) is None
    assert meter.admit(0, 1.0) is not None


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 500), st.lists(pauses, min_size=1, max_size=120))
def test_no_stretch_of_time_admits_more_than_the_limit_allows(rpm, steps):
    """In any w seconds at most limit x (1 + w/60) requests, whatever the arrivals."""
    meter, now, admitted = Meter(Limits(rpm=rpm)), 1000.0, []
    for pause in steps:
        now += pause
        admitted.extend(now for _ in range(7) if meter.admit(0, now) is None)
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            width = admitted[last] - start
            assert last - first + 1 <= rpm * (1 + width / 60) + 1e-3


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 500), st.lists(pauses, min_size=1, max_size=60))
def test_the_wait_that_is_told_is_enough_and_not_too_long(rpm, steps):
    """Admitted after the told wait, refused just before it."""
    meter, now = Meter(Limits(rpm=rpm)), 1000.0
    for pause in steps:
        now += pause
        refusal = meter.admit(0, now)
        if refusal is not None:
            assert meter.admit(0, now + refusal.retry_after * 0.99 - 1e-3) is not None
            now += refusal.retry_after + 1e-6
            assert meter.admit(0, now) is None


def test_tokens_are_held_while_a_call_runs_and_charged_as_used():
    """The estimate is in the way of others until the use is known; the rest is free again."""
    meter = Meter(Limits(tpm=1000))
    assert meter.admit(800, 0.0) is None
    assert meter.admit(300, 0.0).what == "tokens"
    meter.settle(800, 100, 0.0)
    assert meter.admit(300, 0.0) is None
    assert meter.quotas(0.0).tokens == Quota(1000, 600, pytest.approx(6.0))


def test_what_is_held_does_not_drain_with_time():
    """A long answer keeps its place however long it takes."""
    meter = Meter(Limits(tpm=1000))
    meter.admit(800, 0.0)
    assert meter.quotas(600.0).tokens.remaining == 200
    assert meter.admit(300, 600.0) is not None
    meter.settle(800, 800, 600.0)
    assert meter.quotas(630.0).tokens.remaining == 700


def test_more_used_than_reserved_is_a_debt():
    """The estimate was wrong; the next calls wait until the limit is met again."""
    meter = Meter(Limits(tpm=600))
    meter.admit(10, 0.0)
    meter.settle(10, 1200, 0.0)
    assert meter.quotas(0.0).tokens == Quota(600, 0, pytest.approx(120.0))
    assert meter.admit(10, 0.0).retry_after == pytest.approx(61.0)
    assert meter.admit(10, 61.0) is None


@settings(deadline=None, derandomize=True)
@given(
    st.integers(100, 2000),
    st.lists(st.tuples(pauses, st.integers(0, 900), st.floats(0.0, 1.0)), max_size=60),
)
def test_settled_tokens_never_exceed_the_limit_in_any_stretch(tpm, calls):
    """As long as nobody uses more than reserved: limit x (1 + w/60), with calls overlapping."""
    meter, now, running, used = Meter(Limits(tpm=tpm)), 0.0, [], []
    for pause, tokens, share in calls:
        now += pause
        if meter.admit(tokens, now) is None:
            running.append((tokens, int(tokens * share)))
        if len(running) > 3:
            reserved, spent = running.pop(0)
            meter.settle(reserved, spent, now)
            meter.leave()
            used.append((now, spent))
    for first, (start, _) in enumerate(used):
        total = 0
        for moment, spent in used[first:]:
            total += spent
            assert total <= tpm * (1 + (moment - start) / 60) + 1e-3


def test_a_call_larger_than_the_limit_is_hopeless():
    """Waiting does not help; the gateway may say so."""
    meter = Meter(Limits(tpm=100))
    assert meter.admit(101, 0.0).hopeless
    assert meter.admit(100, 0.0) is None
    assert not meter.admit(1, 0.0).hopeless


@pytest.mark.parametrize("limits", [Limits(rpm=0), Limits(tpm=0), Limits(concurrent=0)])
def test_a_limit_of_nothing_lets_nothing_in(limits):
    """And divides by nothing."""
    meter = Meter(limits)
    refusal = meter.admit(1, 0.0)
    assert refusal.hopeless
    assert refusal.retry_after > 0
    quotas = meter.quotas(0.0)
    assert all(quota is None or quota.remaining == 0 for quota in (quotas.requests, quotas.tokens))


def test_calls_at_once_are_counted_from_admission_to_leaving():
    """A place is free as soon as somebody leaves."""
    meter = Meter(Limits(concurrent=2))
    assert [meter.admit(0, 0.0) for _ in range(2)] == [None, None]
    assert meter.admit(0, 0.0) == Refusal(A_MOMENT, "concurrent")
    meter.leave()
    assert meter.admit(0, 0.0) is None


def test_money_is_over_until_midnight():
    """What was spent is handed in; reaching the limit is too much."""
    meter = Meter(Limits(usd_per_day=5.0))
    assert meter.admit(0, 0.0, spent_today=4.99, midnight=3600.0) is None
    assert meter.admit(0, 0.0, spent_today=5.0, midnight=3600.0) == Refusal(3600.0, "usd")


def test_a_refused_call_leaves_no_trace_and_learns_the_longest_wait():
    """Nothing is charged when any limit refuses."""
    meter = Meter(Limits(rpm=1, tpm=100, concurrent=1, usd_per_day=1.0))
    assert meter.admit(50, 0.0) is None
    before = meter.quotas(0.0)
    assert meter.admit(50, 0.0) == Refusal(pytest.approx(60.0), "requests")
    assert meter.admit(50, 0.0, spent_today=1.0, midnight=900.0).what == "usd"
    assert (meter.quotas(0.0), meter.running) == (before, 1)


def test_what_is_left_is_told_for_the_headers():
    """Limit, remaining, and the seconds until all is free again."""
    meter = Meter(Limits(rpm=60, tpm=6000))
    meter.admit(1000, 0.0)
    assert meter.quotas(0.0) == Quotas(
        Quota(60, 59, pytest.approx(1.0)), Quota(6000, 5000, pytest.approx(0.0))
    )
    meter.settle(1000, 600, 0.0)
    assert meter.quotas(3.0).tokens == Quota(6000, 5700, pytest.approx(3.0))


def test_a_call_that_is_never_settled_holds_its_tokens_only_until_nobody_runs():
    """A bug elsewhere must not shut a project out for ever, nor lend it tokens."""
    meter = Meter(Limits(tpm=100))
    meter.admit(80, 0.0)
    meter.leave()
    assert meter.quotas(0.0).tokens.remaining == 100
    meter.settle(80, 0, 0.0)
    assert meter.quotas(0.0).tokens.remaining == 100
