"""Whether a model of a log is to be believed."""

import attrs
import numpy as np
import pytest

from benchmarks.tuner.evidence import gather
from benchmarks.tuner.gate import Trust, examine, hedge_of
from benchmarks.tuner.model import fit
from benchmarks.tuner.reading import LOSERS, Recording
from benchmarks.tuner.rules import Rule
from benchmarks.tuner.samples import Samples
from benchmarks.tuner.search import Fitted
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, run
from providers.simulator.latency import PROFILES, SPIKY
from tests.benchmarks.virtual import recording


def trust(made: Recording) -> Trust:
    """What the gate says of it."""
    rng = np.random.default_rng(1)
    evidence = gather(made.samples)
    weights = evidence.drawn(200, rng)
    fitted = Fitted(fit(evidence, evidence.once()), fit(evidence, weights))
    return examine(made, evidence, fitted, weights)


def log(profile: str = "spiky", condition: str = "independent", seed: int = 3) -> Samples:
    """20,000 requests under a p95 policy."""
    rng = np.random.default_rng(seed)
    return run(
        PROFILES[profile], CONDITIONS[condition], Rule(None, budget=0.05), 20_000, rng, EXPLORE
    )


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("profile", ["tight", "typical", "spiky", "heavy"])
def test_an_honest_log_is_trusted(profile: str, condition: str) -> None:
    """p50, p95, p99 and the share of hedges come out as they were."""
    found = trust(recording(log(profile, condition)))

    assert found.trusted, found.objections
    assert [check.name for check in found.checks] == ["p50", "p95", "p99", "hedges"]


def test_a_log_whose_losers_were_dropped_is_not() -> None:
    """Said by the log itself: hedged requests with one attempt."""
    made = attrs.evolve(recording(log()), left_out={LOSERS: 500})

    found = trust(made)

    assert not found.trusted
    assert "without their losers" in found.objections[0]


def test_nor_one_in_which_cut_calls_pass_for_finished_ones() -> None:
    """Losers that are recorded as if they had answered when they were cut: the tail looks thin."""
    samples = log()
    lying = attrs.evolve(samples, seen=np.ones(len(samples), dtype=bool))

    assert not trust(recording(lying)).trusted


def test_nor_one_whose_races_left_no_trace() -> None:
    """Hedged requests as if one call had answered them: the policy hedged, the log shows none."""
    samples = log()
    quick = attrs.evolve(
        samples,
        first=samples.ttft,
        seen=np.ones(len(samples), dtype=bool),
        delay=np.full(len(samples), np.nan),
        second=np.full(len(samples), np.nan),
        hedged=np.zeros(len(samples), dtype=bool),
    )

    found = trust(recording(quick))

    assert any("of requests are hedged: 0.00 % were" in each for each in found.objections)


def test_a_handful_of_requests_is_too_few() -> None:
    """Record some thousands."""
    rng = np.random.default_rng(1)
    found = trust(recording(run(SPIKY, CONDITIONS["independent"], Rule(1.0), 150, rng, EXPLORE)))

    assert any("too few" in each for each in found.objections)


def test_a_policy_that_is_not_recorded_has_the_usual_budget() -> None:
    """An id without its policy, in a log whose beginning was thrown away."""
    assert hedge_of(None) == {}
