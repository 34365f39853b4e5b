"""Whether a hedge may start."""

import itertools
from typing import get_args

import attrs
import pytest

from policies.gate import Refusal, Situation, why_not
from policies.settings import Hedge
from policies.target import Target

HERE = Target("a-1", "a", "a", "m")
GOOD = Situation(target=HERE)

# What is wrong, by the refusal it leads to, in the order in which the gate looks.
WRONG = {
    "shutdown": {"stopping": True},
    "control": {"arm": "control"},
    "coin": {"coin": 0.6, "probability": 0.6},
    "cap": {"live": 2},
    "deadline": {"remaining": 1.0, "expected": 1.0},
    "no_target": {"target": None},
    "throttle": {"throttled": True},
    "headroom": {"headroom": 0.09},
    "affinity_cost": {"cold_wait": 2.0, "warm_rest": 2.0},
    "win_prob": {"win_probability": 0.24},
    "limit": {"affordable": False},
}


@pytest.mark.parametrize("why", WRONG)
def test_each_thing_that_is_wrong_has_its_name(why):
    """One reason is enough."""
    assert why_not(Hedge(), attrs.evolve(GOOD, **WRONG[why])) == why


@pytest.mark.parametrize(("first", "second"), [*itertools.combinations(WRONG, 2)])
def test_of_two_reasons_the_earlier_is_told(first, second):
    """The order is fixed, so that counts of refusals mean the same everywhere."""
    both = attrs.evolve(GOOD, **WRONG[second], **WRONG[first])
    assert why_not(Hedge(), both) == first


def test_every_refusal_is_somebodys():
    """The plan says `class`, the buckets `budget`, the gate all the others."""
    assert {*WRONG, "class", "budget"} == set(get_args(Refusal))


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"arm": "dual"},
        {"coin": 0.59, "probability": 0.6},
        {"coin": 0.999999, "probability": 1.0},
        {"remaining": 1.01, "expected": 1.0},
        {"remaining": 0.01},
        {"headroom": 0.10},
        {"cold_wait": 1.9, "warm_rest": 2.0},
        {"cold_wait": 5.0},
        {"warm_rest": 0.0},
        {"win_probability": 0.25},
        {"live": 0},
    ],
)
def test_what_is_good_enough_or_unknown_refuses_nothing(fine):
    """Bounds belong to the good side; ignorance is no reason."""
    assert why_not(Hedge(), attrs.evolve(GOOD, **fine)) is None


def test_the_operator_sets_the_cap_and_the_least_chance():
    """Three live attempts, or hopeless hedges, may be allowed."""
    eager = Hedge(max_parallel=3, min_win_prob=0.0)
    assert why_not(eager, attrs.evolve(GOOD, live=2, win_probability=0.0)) is None
    assert why_not(eager, attrs.evolve(GOOD, live=3)) == "cap"


def test_after_the_deadline_nothing_starts():
    """Even where nobody knows how long a hedge would take."""
    assert why_not(Hedge(), attrs.evolve(GOOD, remaining=0.0)) == "deadline"
