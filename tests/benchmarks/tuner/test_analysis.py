"""One kind of calls from beginning to end."""

from functools import cache

import attrs
import numpy as np
import pytest

from benchmarks.tuner.advice import recommendation
from benchmarks.tuner.analysis import Answer, Question, analyse
from benchmarks.tuner.reading import LOSERS, Recording
from benchmarks.tuner.rules import NEVER, Rule
from benchmarks.tuner.samples import Samples
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, Conditions, run
from providers.simulator.latency import PROFILES, SPIKY
from tests.benchmarks.virtual import recording

QUICK = Question(resamples=100)


def log(profile: str, conditions: Conditions, count: int = 20_000, seed: int = 3) -> Samples:
    """A log under a p95 policy with the usual exploration."""
    rng = np.random.default_rng(seed)
    return run(PROFILES[profile], conditions, Rule(None, budget=0.05), count, rng, EXPLORE)


@cache
def spiky() -> Answer:
    """The answer that most is said of."""
    return analyse(recording(log("spiky", CONDITIONS["independent"])), QUICK)


def test_the_policy_it_recommends_keeps_what_it_promises() -> None:
    """Run in the same world for half a million requests: the p99 lies in the interval."""
    chosen = spiky().chosen
    assert chosen is not None

    true = run(SPIKY, CONDITIONS["independent"], chosen.rule, 500_000, np.random.default_rng(9))

    assert chosen.goal.low < np.quantile(true.ttft, 0.99) < chosen.goal.high
    assert "would be 1." in recommendation(spiky(), QUICK)


def test_where_hedging_is_of_no_use_it_says_so() -> None:
    """The tight profile: the honest answer is not to hedge."""
    answer = analyse(recording(log("tight", CONDITIONS["independent"])), QUICK)

    assert answer.chosen is not None
    assert answer.chosen.rule.never
    assert recommendation(answer, QUICK).startswith("Do not hedge:")


def test_too_few_requests_for_the_quantile_are_said_to_be_too_few() -> None:
    """A p99.9 of 3,000 requests."""
    question = attrs.evolve(QUICK, objective="p999")

    answer = analyse(recording(log("spiky", CONDITIONS["independent"], 3_000)), question)

    assert answer.chosen is None
    assert "n is too small for p99.9:" in recommendation(answer, question)


def test_a_log_that_cannot_be_trusted_leads_to_no_policy() -> None:
    """Whatever the numbers would say."""
    made = attrs.evolve(recording(log("spiky", CONDITIONS["independent"])), left_out={LOSERS: 900})

    answer = analyse(made, QUICK)

    assert answer.chosen is None
    assert recommendation(answer, QUICK).startswith("Not trusted, so nothing is recommended:")


@pytest.mark.parametrize("profile", ["spiky", "heavy"])
def test_two_different_times_widen_the_interval(profile: str) -> None:
    """The second half of the log lies in a brown-out: what either time alone would give is in the interval."""
    browned = Conditions(slower=4.0, lasting=1e9, every=1e9)
    calm = log(profile, CONDITIONS["independent"], 10_000)
    slow = log(profile, browned, 10_000, seed=4)

    answer = analyse(recording(_one_after_the_other(calm, slow)), QUICK)

    assert any("slow together" in note for note in answer.notes)
    if answer.chosen is None:
        return
    for conditions in (CONDITIONS["independent"], browned):
        rng = np.random.default_rng(9)
        alone = run(PROFILES[profile], conditions, answer.chosen.rule, 200_000, rng)
        true = np.quantile(alone.ttft, 0.99)
        assert answer.chosen.goal.low / 1.1 < true < answer.chosen.goal.high * 1.1


def _one_after_the_other(first: Samples, second: Samples) -> Samples:
    later = attrs.evolve(second, at=second.at + first.at[-1])
    both = {
        field.name: np.concatenate([getattr(first, field.name), getattr(later, field.name)])
        for field in attrs.fields(Samples)
    }
    return Samples(**both)


def test_saving_by_the_dollar_prefers_the_cheap_end() -> None:
    """The most seconds for an extra call, not the fewest seconds."""
    question = attrs.evolve(QUICK, objective="usd-per-second-saved")

    answer = analyse(recording(log("spiky", CONDITIONS["independent"])), question)

    assert answer.chosen is not None
    assert answer.chosen.load.value < 0.05


def test_a_policy_chosen_in_one_half_does_as_well_in_the_other() -> None:
    """What it promised there it does here, give or take a tenth."""
    assert 0.85 < spiky().score < 1.15


def test_without_any_hedging_in_the_log_others_can_still_be_foretold() -> None:
    """A log of a gateway that never hedged: nothing is cut, everything is known but the dependence."""
    rng = np.random.default_rng(5)
    made = recording(run(SPIKY, CONDITIONS["independent"], NEVER, 20_000, rng))
    unhedged: Recording = attrs.evolve(made)

    answer = analyse(unhedged, QUICK)

    assert answer.trust.trusted
    assert answer.chosen is not None
    assert 1.7 < answer.chosen.goal.value < 2.0


@pytest.mark.parametrize("count", [1, 50, 120, 350])
def test_a_handful_of_requests_is_answered_too(count: int) -> None:
    """With what is wrong with it, and without a warning of the arithmetic."""
    answer = analyse(
        recording(log("spiky", CONDITIONS["independent"], count)), Question(resamples=20)
    )

    assert answer.chosen is None
    assert recommendation(answer, QUICK).startswith(("Not trusted", "n is too small"))
