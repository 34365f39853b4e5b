"""Worlds whose truth can be computed."""

import numpy as np
import pytest

from benchmarks.tail.optimum import Model, deterministic, unhedged
from benchmarks.tuner.rules import NEVER, Rule
from benchmarks.tuner.samples import CONTROL
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, MEDIAN, RATE, run
from providers.simulator.latency import LONGEST, PROFILES, SPIKY
from tests.benchmarks.virtual import raced


@pytest.mark.parametrize("profile", ["tight", "typical", "spiky", "heavy"])
def test_without_hedging_a_world_is_the_latency_model(profile: str) -> None:
    """Its p99 is the one that has a closed form."""
    model = Model(PROFILES[profile], 0.0, LONGEST / MEDIAN)
    samples = run(
        PROFILES[profile], CONDITIONS["independent"], NEVER, 300_000, np.random.default_rng(1)
    )

    found = np.quantile(samples.ttft, 0.99) / MEDIAN

    assert abs(found / unhedged(model, 0.99) - 1.0) < 0.03


def test_a_hedged_world_reaches_what_its_policy_can_reach() -> None:
    """A backup after the p95 within 5 %: the closed form knows no budget that refuses by chance."""
    model = Model(SPIKY, 0.0, LONGEST / MEDIAN)
    best = deterministic(model, 0.05, 0.99)
    rule = Rule(best.delay * MEDIAN, budget=0.05, burst=1e6)

    samples = run(SPIKY, CONDITIONS["independent"], rule, 300_000, np.random.default_rng(1))

    assert abs(np.quantile(samples.ttft, 0.99) / MEDIAN / best.value - 1.0) < 0.02
    assert abs(samples.hedged.mean() - 0.05) < 0.002


def test_hedges_never_exceed_the_budget_and_the_burst() -> None:
    """In a brown-out nearly every request wants one."""
    rule = Rule(0.5, budget=0.05)

    samples = run(SPIKY, CONDITIONS["brown-out"], rule, 20_000, np.random.default_rng(1))

    assert samples.hedged.sum() <= 0.05 * 20_000 + 10


def test_its_logs_look_as_those_of_the_real_race() -> None:
    """The same shares of hedges, of controls and of calls that were seen to their end; the same quantiles."""
    _, records = raced("spiky", 4_000)
    made = run(
        SPIKY,
        CONDITIONS["independent"],
        Rule(None, budget=0.05),
        40_000,
        np.random.default_rng(1),
        EXPLORE,
    )
    ttft = np.array([record.ttft_ms or np.nan for record in records]) / 1000.0
    hedged = np.mean([record.hedged != "no" for record in records])
    cut = np.mean([record.attempts[0].first_ms is None for record in records])

    assert abs(len(records) / (records[-1].ts - records[0].ts) * 1000.0 / RATE - 1.0) < 0.1
    assert abs(hedged - made.hedged.mean()) < 0.012
    assert abs(cut - (~made.seen).mean()) < 0.01
    assert (
        abs(np.mean([record.arm == "control" for record in records]) - (made.arm == CONTROL).mean())
        < 0.02
    )
    for p in (0.5, 0.9, 0.95):
        assert abs(np.nanquantile(ttft, p) / np.quantile(made.ttft, p) - 1.0) < 0.05
