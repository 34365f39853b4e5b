"""Samples as counts by slices."""

import numpy as np

from benchmarks.tuner.evidence import gather
from benchmarks.tuner.rules import Rule
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, run
from providers.simulator.latency import SPIKY

LOGGED = Rule(None, budget=0.05)


def test_every_first_call_is_counted_once() -> None:
    """Seen or cut; those of dual requests twice, as their other call is as fair a sample."""
    samples = run(
        SPIKY, CONDITIONS["independent"], LOGGED, 5_050, np.random.default_rng(1), EXPLORE
    )

    evidence = gather(samples)
    duals = samples.arm == 2

    assert evidence.ended.sum() + evidence.censored.sum() == 5_050 + duals.sum()
    assert evidence.sizes.sum() == 5_050
    assert evidence.blocks == 40


def test_a_brown_out_is_a_regime_of_its_own() -> None:
    """Four times as slow for a fifth of the time; where nothing changes there is one regime."""
    slow = run(SPIKY, CONDITIONS["brown-out"], LOGGED, 18_000, np.random.default_rng(1), EXPLORE)
    steady = run(SPIKY, CONDITIONS["shared"], LOGGED, 18_000, np.random.default_rng(1), EXPLORE)

    found, alone = gather(slow), gather(steady)

    assert found.regimes >= 2
    assert 0.15 < np.mean(found.regime == found.regime.max()) < 0.25
    assert found.tails[-1] > 3.0 * found.tails[0]
    assert found.shared > 0.3
    assert alone.regimes == 1
    assert alone.shared < 0.02


def test_a_resample_draws_blocks_and_as_many_as_there_are() -> None:
    """So neighbours in time stay together."""
    samples = run(
        SPIKY, CONDITIONS["independent"], LOGGED, 8_000, np.random.default_rng(1), EXPLORE
    )
    evidence = gather(samples)

    drawn = evidence.drawn(50, np.random.default_rng(2))

    assert (drawn.sum(axis=1) == 80).all()
    assert (drawn[:, 0] == drawn[:, 1]).all(), "two slices make a block here"


def test_a_log_of_a_few_requests_has_one_slice() -> None:
    """Nothing divides by nothing."""
    samples = run(SPIKY, CONDITIONS["independent"], LOGGED, 7, np.random.default_rng(1), EXPLORE)

    evidence = gather(samples)

    assert (evidence.blocks, evidence.regimes, len(evidence.sizes)) == (1, 1, 1)
