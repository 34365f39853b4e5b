"""Samples of how long calls take."""

import numpy as np

from benchmarks.tuner.rules import Rule
from benchmarks.tuner.samples import DUAL
from benchmarks.tuner.worlds import CONDITIONS, EXPLORE, run
from providers.simulator.latency import SPIKY


def test_requests_have_a_second_lane_if_they_were_hedged_or_explored_both() -> None:
    """And only these; the watched time of a first call is never longer than it took."""
    rng = np.random.default_rng(1)
    samples = run(SPIKY, CONDITIONS["independent"], Rule(1.1, budget=0.05), 5_000, rng, EXPLORE)

    assert len(samples) == 5_000
    assert (samples.raced == (samples.hedged | (samples.arm == DUAL))).all()
    assert (samples.first[samples.seen] >= samples.ttft[samples.seen] - 1e-12).all()
