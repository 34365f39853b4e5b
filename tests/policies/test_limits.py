"""What a project and its keys may use."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.limits import (
    A_MOMENT,
    NANO,
    Admitted,
    Meter,
    Need,
    Quotas,
    Refusal,
    Spent,
    admit,
    tightest,
)
from policies.rate import Quota
from policies.settings import Limits

pauses = st.sampled_from([0.0, 0.0, 0.01, 0.7, 3.0, 20.0, 90.0])


def ask(
    meter: Meter,
    tokens: int = 0,
    nano_usd: int = 0,
    *,
    now: float = 0.0,
    spent: Spent | None = None,
) -> Admitted | Refusal:
    """A call under one meter."""
    return admit([meter], Need(tokens, nano_usd), now, [spent or Spent()])


def run(
    meter: Meter,
    tokens: int = 0,
    nano_usd: int = 0,
    *,
    now: float = 0.0,
    spent: Spent | None = None,
) -> Admitted:
    """A call that is let in."""
    admitted = ask(meter, tokens, nano_usd, now=now, spent=spent)
    assert isinstance(admitted, Admitted)
    return admitted


def stop(
    meter: Meter,
    tokens: int = 0,
    nano_usd: int = 0,
    *,
    now: float = 0.0,
    spent: Spent | None = None,
) -> Refusal:
    """A call that is not."""
    refusal = ask(meter, tokens, nano_usd, now=now, spent=spent)
    assert isinstance(refusal, Refusal)
    return refusal


def state(*meters: Meter) -> list[object]:
    """All that a meter tells."""
    return [(meter.running, meter.held, meter.quotas(0.0)) for meter in meters]


def test_without_limits_everything_is_let_in():
    """None is no limit, and there is nothing to tell."""
    meter = Meter(Limits())
    rich = Spent(day=10**18, month=10**18)
    calls = [run(meter, 10**9, 10**15, spent=rich) for _ in range(100)]
    assert meter.quotas(0.0) == Quotas()
    calls[0].leave(0.0)
    assert meter.running == 99
    assert isinstance(admit([], Need(1, 1), 0.0, []), Admitted)


def test_tokens_are_held_while_a_call_runs_and_charged_as_used():
    """The estimate is in the way of others until the use is known; the rest is free again."""
    meter = Meter(Limits(tpm=1000))
    call = run(meter, 800)
    assert stop(meter, 300).what == "tokens"
    call.settle(100, 0.0)
    run(meter, 300)
    assert meter.quotas(0.0).tokens == Quota(1000, 600, pytest.approx(6.0))


def test_a_call_is_settled_once_and_what_was_never_settled_has_used_nothing():
    """However often the end is told, and in whatever order."""
    meter = Meter(Limits(tpm=100))
    twice, never = run(meter, 50), run(meter, 50)
    twice.settle(30, 0.0)
    twice.settle(30, 0.0)
    twice.leave(0.0)
    never.leave(0.0)
    assert meter.quotas(0.0).tokens == Quota(100, 70, pytest.approx(18.0))
    assert (meter.running, meter.held) == (0, 0)


@settings(deadline=None, derandomize=True)
@given(
    st.integers(100, 2000),
    st.lists(st.tuples(pauses, st.integers(0, 900), st.floats(0.0, 1.0)), max_size=40),
)
def test_settled_tokens_never_exceed_the_limit_in_any_stretch(tpm, calls):
    """As long as nobody uses more than reserved: limit x (1 + w/60), with calls and hedges overlapping."""
    meter, now, running, used = Meter(Limits(tpm=tpm)), 0.0, [], []
    for pause, tokens, share in calls:
        now += pause
        call = ask(meter, tokens, now=now)
        if isinstance(call, Admitted):
            call.reserve(Need(tokens // 2), now, [Spent()])
            running.append((call, int(call.held.tokens * share)))
        if len(running) > 3:
            ended, spent = running.pop(0)
            ended.settle(spent, now)
            ended.leave(now)
            used.append((now, spent))
    for first, (start, _) in enumerate(used):
        total = 0
        for moment, spent in used[first:]:
            total += spent
            assert total <= tpm * (1 + (moment - start) / 60) + 1e-3


def test_a_call_larger_than_the_limit_is_hopeless():
    """Waiting does not help; the gateway may say so."""
    meter = Meter(Limits(tpm=100, usd_per_day=1.0))
    assert stop(meter, 101).hopeless
    assert stop(meter, 0, NANO + 1).hopeless
    run(meter, 100, NANO)
    assert not stop(meter, 1).hopeless
    assert not stop(meter, 0, 1).hopeless


@pytest.mark.parametrize("limits", [Limits(rpm=0), Limits(tpm=0), Limits(concurrent=0)])
def test_a_limit_of_nothing_lets_nothing_in(limits):
    """And divides by nothing."""
    meter = Meter(limits)
    refusal = stop(meter, 1)
    assert refusal.hopeless
    assert refusal.retry_after > 0
    quotas = meter.quotas(0.0)
    assert all(quota is None or quota.remaining == 0 for quota in (quotas.requests, quotas.tokens))


def test_calls_at_once_are_counted_from_admission_to_leaving():
    """A place is free as soon as somebody leaves, and not before."""
    meter = Meter(Limits(concurrent=2))
    call, _ = run(meter), run(meter)
    assert stop(meter) == Refusal(A_MOMENT, "concurrent")
    call.settle(0, 0.0)
    assert stop(meter) == Refusal(A_MOMENT, "concurrent")
    call.leave(0.0)
    run(meter)


@pytest.mark.parametrize(
    ("limits", "what", "wait"),
    [
        (Limits(usd_per_day=5.0), "usd_per_day", 3600.0),
        (Limits(usd_per_month=5.0), "usd_per_month", 86_400.0),
        (Limits(usd_per_day=5.0, usd_per_month=5.0), "usd_per_month", 86_400.0),
        (Limits(usd_per_day=5.0, usd_per_month=9.0), "usd_per_day", 3600.0),
    ],
)
def test_money_is_over_until_the_day_or_the_month_is(limits, what, wait):
    """What was spent is handed in; reaching the limit is too much, also for a call that costs nothing."""

    def spent(nano: int) -> Spent:
        return Spent(nano, nano, 3600.0, 86_400.0)

    run(Meter(limits), spent=spent(5 * NANO - 1))
    assert stop(Meter(limits), spent=spent(5 * NANO)) == Refusal(wait, what)
    run(Meter(limits), nano_usd=1, spent=spent(5 * NANO - 1))
    assert stop(Meter(limits), nano_usd=2, spent=spent(5 * NANO - 1)) == Refusal(wait, what)


@settings(deadline=None, derandomize=True)
@given(
    st.integers(1, 1000),
    st.lists(st.tuples(st.integers(0, 400), st.floats(0.0, 1.0), st.booleans()), max_size=60),
)
def test_calls_that_run_at_once_cannot_together_exceed_the_money(limit, calls):
    """Nor can their hedges, as long as nothing costs more than was estimated; whoever ends first."""
    meter, spent, running = Meter(Limits(usd_per_day=limit / NANO)), 0, []
    for estimate, share, hedged in calls:
        call = ask(meter, 0, estimate, spent=Spent(day=spent))
        if isinstance(call, Admitted):
            if hedged:
                call.reserve(Need(0, estimate), 0.0, [Spent(day=spent)])
            running.append((call, int(call.held.nano_usd * share)))
        if len(running) > 4:
            ended, cost = running.pop(len(running) // 2)
            ended.settle(0, 0.0)
            ended.leave(0.0)
            spent += cost
        assert spent + meter.held <= limit
    for call, _ in running:
        call.leave(0.0)
    assert (meter.held, meter.running) == (0, 0)


def test_money_that_others_only_hold_may_be_free_in_a_moment():
    """Most calls use less than they hold: nobody has to wait for midnight yet."""
    meter = Meter(Limits(usd_per_day=1.0))
    call = run(meter, nano_usd=NANO, spent=Spent(day_ends=3600.0))
    assert stop(meter, spent=Spent(day_ends=3600.0)) == Refusal(A_MOMENT, "usd_per_day")
    assert stop(meter, nano_usd=1, spent=Spent(day_ends=0.5)).retry_after == 0.5
    call.settle(0, 0.0)
    run(meter, nano_usd=NANO // 2, spent=Spent(day=NANO // 2, day_ends=3600.0))


def test_another_attempt_holds_tokens_and_money_but_is_no_request():
    """It is asked for, and gone when its call is settled."""
    meter = Meter(Limits(rpm=1, tpm=100, concurrent=1, usd_per_day=1.0))
    call = run(meter, 40, NANO // 2)
    assert call.reserve(Need(40, NANO // 4), 0.0, [Spent()])
    assert not call.reserve(Need(40, 0), 0.0, [Spent()])
    assert not call.reserve(Need(0, NANO // 2), 0.0, [Spent()])
    assert not call.reserve(Need(0, 0), 0.0, [Spent(day=NANO)])
    assert (meter.running, meter.held) == (1, NANO * 3 // 4)
    assert meter.quotas(0.0).tokens == Quota(100, 20, 0.0)
    call.settle(50, 0.0)
    assert meter.held == 0
    assert meter.quotas(0.0).tokens == Quota(100, 50, pytest.approx(30.0))
    assert not call.reserve(Need(), 0.0, [Spent()])


def test_a_call_is_let_in_by_all_meters_or_by_none():
    """And so is another attempt of it: what one refuses leaves no trace in the others."""
    project = Meter(Limits(rpm=10, tpm=100, concurrent=9, usd_per_day=1.0))
    key = Meter(Limits(rpm=1, tpm=50, usd_per_month=0.5), "key")
    none = [Spent(), Spent()]
    call = admit([project, key], Need(30, NANO // 4), 0.0, none)
    assert isinstance(call, Admitted)
    before = state(project, key)
    assert isinstance(admit([project, key], Need(1), 0.0, none), Refusal)
    assert not call.reserve(Need(30), 0.0, none)
    assert not call.reserve(Need(0, NANO // 2), 0.0, none)
    assert state(project, key) == before
    assert call.reserve(Need(10, NANO // 8), 0.0, none)
    assert (project.held, key.held) == (NANO * 3 // 8, NANO * 3 // 8)
    call.leave(0.0)
    assert (project.running, project.held, key.running, key.held) == (0, 0, 0, 0)


def test_the_refusal_that_lasts_longest_is_told_and_says_whose_limit_it_is():
    """Whatever the order of the meters; what waiting does not help lasts longest."""
    project = Meter(Limits(rpm=60))
    key = Meter(Limits(rpm=2, tpm=100), "key")
    none = [Spent(), Spent()]
    while isinstance(admit([project, key], Need(), 0.0, none), Admitted):
        pass
    told = admit([project, key], Need(), 0.0, none)
    assert told == Refusal(pytest.approx(30.0), "requests", whose="key")
    assert admit([key, project], Need(), 0.0, none) == told
    poor = [Spent(), Spent(month=NANO, month_ends=900.0)]
    key.limits = Limits(usd_per_month=1.0)
    assert admit([project, key], Need(), 0.0, poor) == Refusal(900.0, "usd_per_month", whose="key")
    assert admit([project, key], Need(101), 0.0, poor) == Refusal(
        pytest.approx(0.6), "tokens", hopeless=True, whose="key"
    )


@settings(deadline=None, derandomize=True)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 900),
    st.lists(st.tuples(pauses, st.integers(0, 90)), min_size=1, max_size=20),
)
def test_what_the_tightest_of_two_meters_tells_is_what_both_admit(rpm, key_rpm, key_tpm, calls):
    """Exactly so many calls at once, in requests and in tokens."""
    meters = [Meter(Limits(rpm=rpm, tpm=500)), Meter(Limits(rpm=key_rpm, tpm=key_tpm), "key")]
    none, now = [Spent(), Spent()], 0.0
    for pause, tokens in calls:
        now += pause
        told = tightest(meters, now)
        room = told.requests.remaining > 0 and told.tokens.remaining >= tokens
        call = admit(meters, Need(tokens), now, none)
        assert isinstance(call, Admitted) == room
        if isinstance(call, Admitted):
            call.settle(tokens, now)
            call.leave(now)
    remaining, admitted = tightest(meters, now).requests.remaining, 0
    while isinstance(admit(meters, Need(), now, none), Admitted):
        admitted += 1
    assert admitted == remaining


def test_of_equal_remainders_the_one_that_lasts_longer_is_the_tighter():
    """And a meter without a limit is no part of it."""
    one, two = Meter(Limits(rpm=60)), Meter(Limits(rpm=61))
    for meter in (one, two, two):
        meter.begin(0.0)
    meters = [Meter(Limits()), one, two]
    assert tightest(meters, 0.0).requests == Quota(61, 59, pytest.approx(120 / 61))
    assert tightest(meters, 0.0).tokens is None
    assert tightest([], 0.0) == Quotas()
