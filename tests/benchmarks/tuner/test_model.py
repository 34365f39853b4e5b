"""What a policy would do, computed."""

import numpy as np
import pytest

from benchmarks.tuner.evidence import gather
from benchmarks.tuner.model import fit, forecast, granted, win_share
from benchmarks.tuner.rules import NEVER, Rule
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, run
from providers.simulator.latency import PROFILES

LOGGED = Rule(None, budget=0.05)


@pytest.mark.parametrize("budget", [0.02, 0.05, 0.2])
@pytest.mark.parametrize("times", [0.5, 1.0, 1.1, 3.0])
def test_the_budget_grants_what_a_bucket_grants(budget: float, times: float) -> None:
    """The closed form beside a bucket that is filled and emptied two hundred thousand times."""
    rng, wanted = np.random.default_rng(1), budget * times
    level, last, given = 10.0, 0, 0
    asking = np.flatnonzero(rng.random(200_000) < wanted).tolist()
    for at in asking:
        level, last = min(10.0, level + budget * (at - last)), at
        if level >= 1.0:
            level, given = level - 1.0, given + 1

    assert abs(given / len(asking) - float(granted(np.array(wanted), budget, 10.0))) < 0.025


@pytest.mark.parametrize("condition", CONDITIONS)
def test_from_one_log_other_policies_are_foretold(condition: str) -> None:
    """A log of 40,000 requests under a p95 policy: p99 and load of another, beside its truth."""
    rng = np.random.default_rng(7)
    samples = run(PROFILES["spiky"], CONDITIONS[condition], LOGGED, 40_000, rng, EXPLORE)
    other = Rule(1.0, probability=0.8, budget=0.10)
    true = run(PROFILES["spiky"], CONDITIONS[condition], other, 400_000, np.random.default_rng(8))
    evidence = gather(samples)

    made = forecast(fit(evidence, evidence.once()), other)

    assert abs(made.quantile(0.99)[0] / np.quantile(true.ttft, 0.99) - 1.0) < 0.10
    assert abs(made.load[0] - true.hedged.mean()) < 0.012


def test_dependence_is_measured() -> None:
    """Where requests are slow by themselves, a backup is slow more often; where not, hardly."""
    factors = []
    for condition in ("independent", "shared"):
        rng = np.random.default_rng(3)
        samples = run(PROFILES["tight"], CONDITIONS[condition], LOGGED, 30_000, rng, EXPLORE)
        evidence = gather(samples)
        factors.append(fit(evidence, evidence.once()).dependence[0, 85] / 0.15)

    assert factors[0] < 1.2
    assert factors[1] > 1.6


def test_without_hedging_nothing_changes_and_nothing_wins() -> None:
    """The curve of single calls, no load."""
    rng = np.random.default_rng(3)
    evidence = gather(
        run(PROFILES["heavy"], CONDITIONS["independent"], LOGGED, 5_000, rng, EXPLORE)
    )
    model = fit(evidence, evidence.once())

    made = forecast(model, NEVER)

    assert (made.curves == model.overall).all()
    assert made.load[0] == 0.0
    assert win_share(model, NEVER) == 0.0
    assert 0.5 < win_share(model, Rule(1.9)) < 0.8
