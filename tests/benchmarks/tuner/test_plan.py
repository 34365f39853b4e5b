"""How long an experiment will take."""

import random

import numpy as np
import pytest

from benchmarks.tuner.plan import planned
from policies.sides import CANDIDATE, INCUMBENT, Shares
from policies.verdict import MAIN, Facts, Judge, Terms


@pytest.mark.parametrize("power", [0.5, 0.8])
def test_experiments_end_when_the_plan_says(power: float) -> None:
    """4 % late against 1 %: so many experiments of so many requests are decided as were planned."""
    plan = {
        each.power: each.requests
        for each in planned(0.04, 0.01, 0.5, 0.04, np.random.default_rng(1))
    }
    most, rng = plan[power], random.Random(2)
    assert most is not None

    decided = sum(_better(0.04, 0.01, most, rng) for _ in range(150))

    assert abs(decided / 150 - power) < 0.12


def _better(incumbent: float, candidate: float, most: int, rng: random.Random) -> bool:
    judge = Judge(Terms(Shares(0.5), 1_000.0, 9_000.0, 0.05, alpha=0.04 / MAIN))
    for _ in range(most):
        side = CANDIDATE if rng.random() < 0.5 else INCUMBENT
        late = rng.random() < (candidate if side == CANDIDATE else incumbent)
        judge.hear(Facts(side, 2_000.0 if late else 500.0, 1_000.0))
        if late and (verdict := judge.verdict()) is not None:
            return verdict.kind == "better"
    return False


def test_where_there_is_nothing_to_find_no_number_is_given() -> None:
    """A candidate that is no better, or requests of which none is late."""
    rng = np.random.default_rng(1)

    assert {each.requests for each in planned(0.01, 0.01, 0.5, 0.05, rng)} == {None}
    assert {each.requests for each in planned(0.0, 0.0, 0.5, 0.05, rng)} == {None}


def test_a_smaller_share_takes_longer() -> None:
    """A tenth instead of a half."""
    half, tenth = (
        planned(0.02, 0.008, share, 0.05, np.random.default_rng(1))[1].requests
        for share in (0.5, 0.1)
    )

    assert half is not None
    assert tenth is not None
    assert tenth > 1.5 * half
