"""What is known of everybody's time to first token."""

import math
import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.estimates import MOST_SCOPES, MOST_TARGETS, PRIOR, USUAL, Estimates
from policies.features import Scope
from policies.target import Target
from providers.simulator.latency import SPIKY, first_token

FAST = Target("fast", "p", "d", "m")
SLOW = Target("slow", "p", "d", "m")
FRESH = Target("fresh", "p", "d", "m")
COLD = Scope("m", "4k")
WARM = attrs.evolve(COLD, warm=True)
LONG = Scope("m", "64k")
ELSEWHERE = Scope("n", "4k")


def fed(*kinds):
    """Estimates after so many primaries of each kind, all in one second."""
    estimates = Estimates()
    for scope, seconds, count in kinds:
        for number in range(count):
            estimates.first(FAST, scope, seconds, number / count, primary=True)
    return estimates


def near(seconds):
    return pytest.approx(seconds, rel=0.03)


def test_a_measured_target_has_its_own_estimate_an_unmeasured_one_that_of_its_kind():
    """Target, then scope, then size, then model, then a guess; never nothing."""
    estimates = fed((COLD, 2.0, 20), (LONG, 8.0, 10))
    estimates.first(SLOW, COLD, 5.0, 1.0, primary=False)
    assert estimates.ttft(SLOW, COLD, 1.0) == near(5.0)
    assert estimates.ttft(FRESH, COLD, 1.0) == near(2.0)
    assert estimates.ttft(FRESH, WARM, 1.0) == near(2.0)
    assert estimates.ttft(FRESH, LONG, 1.0) == near(8.0)
    assert estimates.ttft(FRESH, Scope("m", "over"), 1.0) == near(2.0)
    assert estimates.ttft(FRESH, ELSEWHERE, 1.0) == USUAL
    assert estimates.expected(ELSEWHERE) == USUAL
    assert estimates.expected(LONG) == near(8.0)


def test_without_news_a_target_drifts_to_what_is_usual_in_the_scope():
    """A key that was slow once gets another chance, and where prompts are long a long one."""
    estimates = fed((COLD, 1.0, 20), (LONG, 4.0, 20))
    estimates.first(SLOW, COLD, 30.0, 1.0, primary=False)
    assert estimates.ttft(SLOW, COLD, 1000.0) == near(1.0)
    assert estimates.ttft(SLOW, LONG, 1000.0) == near(4.0)


@pytest.mark.parametrize("primary", [True, False])
def test_windows_are_fed_by_primaries_only(primary):
    """Hedges teach who is fast, not what is usual."""
    estimates = Estimates()
    estimates.first(FAST, COLD, 0.2, 0.0, primary=primary)
    estimates.gave_up(SLOW, WARM, 3.0, 0.0, primary=primary)
    assert [window.count for _, window in estimates.models()] == ([2] if primary else [])
    assert estimates.ttft(SLOW, COLD, 0.0) == pytest.approx(3.0)
    assert estimates.ttft(FAST, COLD, 0.0) == pytest.approx(0.2)


@pytest.mark.parametrize(("count", "believed"), [(199, False), (200, True)])
def test_a_quantile_is_believed_once_ten_calls_lie_beyond(count, believed):
    """For p95 these are two hundred; for the median twenty, so it is known long before."""
    estimates = fed((COLD, 1.0, count))
    seen = estimates.observe(COLD, 0.95)
    assert (seen.seconds is not None) == believed
    assert seen.count == count
    assert estimates.observe(COLD, 0.5).seconds == near(1.0)
    assert estimates.observe(COLD, 0.99).seconds is None


@pytest.mark.parametrize(("least", "believed"), [(31, False), (30, True), (0, True)])
def test_an_operators_own_number_replaces_the_rule(least, believed):
    """It may be smaller, for those who hedge early, but from nothing follows nothing."""
    estimates = fed((COLD, 1.0, 30))
    assert (estimates.observe(COLD, 0.95, least).seconds is not None) == believed
    assert estimates.observe(ELSEWHERE, 0.95, least).seconds is None


def test_an_operators_own_number_may_be_larger():
    """Three hundred where two hundred would do."""
    assert fed((COLD, 1.0, 250)).observe(COLD, 0.95, 300).seconds is None


def test_what_is_believed_speaks_for_itself():
    """A scope with enough calls is not drawn to others, and the journal can tell."""
    seen = fed((COLD, 1.0, 300), (LONG, 8.0, 300)).observe(COLD, 0.95)
    assert (seen.seconds, seen.count) == (near(1.0), 300)
    assert seen.source == "p95:model*size*warm:n=300"


def test_a_small_window_is_drawn_to_the_larger_ones():
    """Forty calls of one's own against fifty of the larger window's, in the logarithm, twice."""
    estimates = fed((COLD, 2.0, 900), (attrs.evolve(LONG, warm=True), 4.0, 30), (LONG, 8.0, 40))
    seen, model = estimates.observe(LONG, 0.9), estimates.observe(Scope("m", "over"), 0.9)
    assert model.source == "p90:model:n=970"
    assert model.seconds == near(2.0)
    assert seen.source == "p90:model*size*warm:n=40>model*size:n=70>model:n=970"
    assert seen.count == 970
    sized = math.exp((70 * math.log(8.0) + PRIOR * math.log(2.0)) / (70 + PRIOR))
    expected = math.exp((40 * math.log(8.0) + PRIOR * math.log(sized)) / (40 + PRIOR))
    assert seen.seconds == near(expected)


def test_a_kind_never_seen_takes_over_what_the_larger_window_says():
    """Its first call already has a delay."""
    estimates = fed((COLD, 1.0, 250), (LONG, 5.0, 250))
    assert estimates.observe(WARM, 0.95) == estimates.observe(WARM, 0.95)
    assert estimates.observe(WARM, 0.95).source == "p95:model*size:n=250"
    assert estimates.observe(WARM, 0.95).seconds == near(1.0)
    assert estimates.observe(Scope("m", "1k"), 0.95).source == "p95:model:n=500"


def test_until_the_model_is_believed_nothing_is_said():
    """Scopes alone do not add up to knowledge that their model has not; the count shows progress."""
    seen = fed((COLD, 1.0, 90), (WARM, 1.0, 90)).observe(WARM, 0.95)
    assert (seen.seconds, seen.count, seen.source) == (None, 180, "p95:model:n=180")
    seen = Estimates().observe(WARM, 0.999)
    assert (seen.seconds, seen.count, seen.source) == (None, 0, "p99.9:model:n=0")


def test_given_up_calls_count_as_calls():
    """Else a provider that hangs would never be hedged."""
    estimates = fed((COLD, 1.0, 150))
    for number in range(50):
        estimates.gave_up(SLOW, COLD, 3.0, 1.0 + number, primary=True)
    seen = estimates.observe(COLD, 0.95)
    assert (seen.seconds, seen.count) == (near(3.0), 200)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from([COLD, WARM, LONG]), st.floats(0.05, 50.0), st.booleans()),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([0.5, 0.8]),
)
def test_asking_often_changes_no_answer(calls, p):
    """Small windows are always up to date, asked after every call or only at the end."""
    often, once = Estimates(), Estimates()
    for number, (scope, seconds, ended) in enumerate(calls):
        for estimates in (often, once):
            told = estimates.first if ended else estimates.gave_up
            told(FAST, scope, seconds, float(number), primary=True)
        often.observe(COLD, p, 5)
    assert often.observe(COLD, p, 5) == once.observe(COLD, p, 5)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.floats(0.05, 50.0), st.floats(0.05, 50.0), st.integers(1, 99))
def test_a_drawn_estimate_lies_between_its_sources(usual, own, count):
    """The more calls of its own, the nearer to what they say; its size's are the same ones, and count once."""
    estimates = fed((COLD, usual, 300), (LONG, own, count))
    model = dict(estimates.models())["m"].quantile(0.9)
    drawn = estimates.observe(LONG, 0.9).seconds
    expected = own * (model / own) ** (PRIOR / (count + PRIOR))
    assert drawn == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(("count", "known"), [(49, False), (50, True)])
def test_from_few_calls_no_distribution_is_made(count, known):
    """None is not known, and refuses nothing."""
    estimates = fed((COLD, 1.0, count), (ELSEWHERE, 1.0, 60))
    assert (estimates.curve(WARM) is not None) == known
    assert estimates.curve(ELSEWHERE) is not None
    assert Estimates().curve(COLD) is None


def test_memory_is_bounded_whatever_clients_name():
    """Names come and go; the ones in use stay, a model longer than its scopes."""
    estimates = fed((COLD, 1.0, 60))
    for number in range(MOST_SCOPES):
        odd = Target(f"k{number}", "p", "d", f"odd{number}")
        estimates.first(odd, Scope(odd.model), 1.0, 2.0 + number, primary=True)
        estimates.first(FAST, COLD, 1.0, 2.0 + number, primary=True)
    assert len(estimates._levels) == MOST_SCOPES
    assert all(
        level.above is None or level.above.key in estimates._levels
        for level in estimates._levels.values()
    )
    assert estimates.curve(COLD) is not None
    assert estimates.observe(COLD, 0.95).count > 500


def test_targets_are_bounded_too():
    """The target that was quiet for longest is the one that is forgotten."""
    estimates = fed((COLD, 1.0, 60))
    estimates.first(FAST, COLD, 9.0, 2.0, primary=False)
    for number in range(MOST_TARGETS + 5):
        estimates.first(Target(f"k{number}", "p", "d", "m"), COLD, 7.0, 2.0, primary=False)
        estimates.first(FAST, COLD, 0.2, 2.0, primary=False)
    assert len(estimates._targets) == MOST_TARGETS
    assert estimates.ttft(Target("k1", "p", "d", "m"), COLD, 2.0) == near(1.0)
    assert estimates.ttft(FAST, COLD, 2.0) == near(9.0)


def test_forgetting_keeps_what_is_still_there():
    """Keys that left the configuration leave no memory, their models only if nobody else has them."""
    estimates = fed((COLD, 1.0, 60), (ELSEWHERE, 1.0, 60))
    estimates.first(SLOW, COLD, 5.0, 2.0, primary=False)
    estimates.retain([FAST])
    assert [model for model, _ in estimates.models()] == ["m"]
    assert estimates.curve(ELSEWHERE) is None
    assert estimates.curve(COLD) is not None
    assert estimates.ttft(SLOW, COLD, 2.0) == near(1.0)


def test_every_model_can_be_shown():
    """For each its calls of all sizes, and their quantiles."""
    estimates = fed((COLD, 1.0, 60), (LONG, 4.0, 40), (ELSEWHERE, 2.0, 10))
    shown = {model: (seen.count, seen.quantile(0.5)) for model, seen in estimates.models()}
    assert shown == {"m": (100, near(1.0)), "n": (10, near(2.0))}


def test_a_race_that_follows_the_observations_hedges_five_percent():
    """The whole way, from attempts to delays: two kinds of call that share a model."""
    rng, estimates, hedges, planned = random.Random(1), Estimates(), 0, 0
    for number in range(8_000):
        now, scope = number / 5, (COLD if rng.random() < 0.9 else LONG)
        median = 0.6 if scope is COLD else 1.8
        primary, delay = first_token(SPIKY, rng, median), estimates.observe(scope, 0.95).seconds
        planned += delay is not None
        if delay is None or primary <= delay:
            estimates.first(FAST, scope, primary, now, primary=True)
            continue
        hedges += 1
        backup = first_token(SPIKY, rng, median)
        if primary <= delay + backup:
            estimates.first(FAST, scope, primary, now, primary=True)
        else:
            estimates.gave_up(FAST, scope, delay + backup, now, primary=True)
            estimates.first(SLOW, scope, backup, now, primary=False)
    assert planned > 7_500
    assert 0.045 <= hedges / planned <= 0.055
