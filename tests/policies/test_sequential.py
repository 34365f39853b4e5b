"""A test that may be looked at after every request."""

import math
import random

import pytest

from policies.sequential import decided, log_evidence, ratio_bounds


def ends_at(
    true: float, share: float, most: int, rng: random.Random, alpha: float = 0.05
) -> int | None:
    """After how many events it is decided, looked at after each; None: never."""
    k = 0
    for n in range(1, most + 1):
        k += rng.random() < true
        if decided(k, n, share, alpha):
            return n
    return None


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_sides_that_are_alike_are_hardly_ever_told_apart(share: float) -> None:
    """1,000 experiments with nothing in them, looked at after every event: at most 5 % end."""
    rng = random.Random(1)

    false = sum(ends_at(share, share, 400, rng) is not None for _ in range(1_000))

    assert false <= 50


def test_sides_that_differ_are_told_apart() -> None:
    """A candidate that is late half as often, at equal shares: most end within 150 late requests."""
    rng = random.Random(1)

    ends = [ends_at(1 / 3, 0.5, 400, rng) for _ in range(200)]

    assert sum(end is not None and end <= 150 for end in ends) > 100
    assert sum(end is None for end in ends) < 20


def test_bounds_hold_the_true_ratio_at_all_times() -> None:
    """Half as many late requests: over 300 runs the bounds lose it, ever, in at most 5 %."""
    rng, lost = random.Random(2), 0
    for _ in range(300):
        k = 0
        for n in range(1, 121):
            k += rng.random() < 1 / 3
            if n % 10 == 0:
                low, high = ratio_bounds(k, n, 0.5, 0.05)
                if not low <= 0.5 <= high:
                    lost += 1
                    break

    assert lost <= 15


def test_nothing_is_known_of_nothing() -> None:
    """Evidence of one, bounds from none to endless."""
    assert log_evidence(0, 0, 0.3) == 0.0
    assert ratio_bounds(0, 0, 0.3, 0.05) == (0.0, math.inf)


def test_events_on_one_side_alone_bound_the_ratio_on_one_side() -> None:
    """None of twenty is the candidate's: its rate may be nothing, and is surely lower."""
    low, high = ratio_bounds(0, 20, 0.5, 0.05)

    assert low == 0.0
    assert high < 1.0
    assert ratio_bounds(20, 20, 0.5, 0.05)[1] == math.inf
