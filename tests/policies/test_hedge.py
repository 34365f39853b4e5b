"""When a hedge is wanted."""

import attrs
import pytest

from policies.features import Features, Scope
from policies.hedge import Plan, plan
from policies.learned import Learned, Rule
from policies.settings import AtQuantile, Hedge

SCOPE = Scope("m", "4k")


@attrs.frozen
class Seen:
    """One answer of the past."""

    seconds: float | None
    count: int = 1412
    source: str = ""


@attrs.frozen
class Past:
    """A past that has seen what the test says, and remembers what it was asked."""

    known: dict[float, float] = attrs.field(factory=lambda: {0.9: 0.5, 0.95: 0.82, 0.99: 3.0})
    count: int = 1412
    source: str = ""
    asked: list[tuple] = attrs.field(factory=list)

    def observe(self, scope, p, least):
        self.asked.append((scope, p, least))
        return Seen(self.known.get(p), self.count, f"p{100 * p:g}:n={self.count}{self.source}")


def planned(settings, past=None, **features):
    return plan(settings, Features(**features), SCOPE, past or Past())


@pytest.mark.parametrize(
    ("settings", "wish", "expected"),
    [
        (Hedge(), None, Plan((0.82,), "quantile:p95:n=1412")),
        (Hedge(), "auto", Plan((0.82,), "quantile:p95:n=1412")),
        (Hedge(quantile=0.99), None, Plan((3.0,), "quantile:p99:n=1412")),
        (Hedge(), "off", Plan((), "off")),
        (Hedge(), 0.3, Plan((0.3,), "header")),
        (Hedge(), 0, Plan((0.0,), "header")),
        (Hedge(), -1, Plan((0.0,), "header")),
        (Hedge(policy="off"), None, Plan((), "off")),
        (Hedge(policy="off"), "auto", Plan((), "off")),
        (Hedge(policy="off"), 0.3, Plan((0.3,), "header")),
        (Hedge(policy="fixed"), None, Plan((1.5,), "fixed")),
        (Hedge(policy="fixed", delay=0.0), None, Plan((0.0,), "fixed")),
        (Hedge(policy="fixed"), 2.5, Plan((2.5,), "header")),
        (Hedge(max_parallel=1), 0.3, Plan((), "off")),
        (Hedge(min_delay=1.0), None, Plan((1.0,), "quantile:p95:n=1412")),
        (Hedge(max_delay=0.5), None, Plan((0.5,), "quantile:p95:n=1412")),
    ],
)
def test_the_plan_follows_the_policy_and_the_request(settings, wish, expected):
    """Header over policy; quantiles are clamped, headers and fixed delays are not."""
    assert planned(settings, hedge=wish) == expected


@pytest.mark.parametrize("wish", [None, "auto", 0.3])
def test_what_must_not_run_twice_is_never_hedged(wish):
    """Not even if the client asks for it; the plan says why."""
    assert planned(Hedge(), unhedgeable="tools", hedge=wish) == Plan((), "class:tools")


def test_the_plan_says_whose_past_it_rests_on():
    """A quantile that had to be borrowed is told apart from the scope's own."""
    assert (
        planned(Hedge(), Past(source=">model:n=9000")).source == "quantile:p95:n=1412>model:n=9000"
    )


def test_the_past_is_asked_for_this_scope_and_with_the_operators_least():
    """How many samples are enough is the operator's word, or else left to the past."""
    past = Past()
    planned(Hedge(min_samples=30), past)
    planned(Hedge(quantile=0.99), past)
    assert past.asked == [(SCOPE, 0.95, 30), (SCOPE, 0.99, None)]


@pytest.mark.parametrize("policy", ["quantile", "single_r", "schedule", "learned"])
def test_what_is_not_known_yet_is_not_guessed(policy):
    """While warming up nothing is hedged, or after the delay that was given for this time."""
    nothing = Past(known={}, count=12)
    assert planned(Hedge(policy=policy), nothing) == Plan((), "warmup:n=12")
    patient = Hedge(policy=policy, default_delay=3.0)
    assert planned(patient, nothing) == Plan((3.0,), "warmup:default")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Hedge(delay=0.1), Plan((0.1,), "single_r", 0.6)),
        (Hedge(), Plan((0.82,), "single_r:p95:n=1412", 0.6)),
        (Hedge(quantile=0.9, min_delay=0.7), Plan((0.7,), "single_r:p90:n=1412", 0.6)),
    ],
)
def test_a_random_hedge_has_a_delay_and_a_share(settings, expected):
    """The delay is given, or it is the observed quantile."""
    settings = attrs.evolve(settings, policy="single_r", probability=0.6)
    assert planned(settings) == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ((AtQuantile(0.9), AtQuantile(0.99)), Plan((0.5, 3.0), "schedule:p90,p99:n=1412")),
        ((2.0, AtQuantile(0.9)), Plan((0.5, 2.0), "schedule:p90,2s:n=1412")),
        ((AtQuantile(0.9), AtQuantile(0.999)), Plan((0.5,), "schedule:p90:n=1412")),
        ((0.1, 20.0), Plan((0.1, 20.0), "schedule:0.1s,20s")),
        ((), Plan((), "off")),
    ],
)
def test_a_schedule_has_several_moments_in_order(schedule, expected):
    """Unknown moments are left out; seconds are taken as they are."""
    assert planned(Hedge(policy="schedule", schedule=schedule)) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((Rule(0.7, 0.4),), Plan((0.7,), "learned", 0.4)),
        ((Rule(0.7), Rule(0.9, size="4k")), Plan((0.9,), "learned")),
        ((Rule(0.01),), Plan((0.25,), "learned")),
        ((Rule(60.0),), Plan((10.0,), "learned")),
        ((Rule(None),), Plan((), "learned:off")),
        ((Rule(0.7, model="another"),), Plan((0.82,), "quantile:p95:n=1412")),
        (None, Plan((0.82,), "quantile:p95:n=1412")),
    ],
)
def test_a_learned_policy_decides_by_scope(rules, expected):
    """The closest rule counts, within the clamps; where there is none the quantile does."""
    learned = None if rules is None else Learned(rules)
    assert planned(Hedge(policy="learned", learned=learned)) == expected


def test_the_delay_of_a_plan_is_its_first():
    """Most plans have one delay, or none."""
    assert Plan((0.5, 3.0), "schedule").delay == 0.5
    assert Plan((), "off").delay is None
