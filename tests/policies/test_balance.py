"""The better of two drawn by lot."""

import random
from collections import Counter

import pytest

from policies.balance import CAPACITY, choose, score
from policies.target import Target


def targets(count):
    return [Target(f"k{number}", "p", "d", "m") for number in range(count)]


def test_the_better_of_two_is_chosen_and_both_are_told():
    """With two candidates both are compared, whatever the lot says."""
    fast, slow = targets(2)
    for seed in range(20):
        choice = choose([slow, fast], {slow: 2.0, fast: 1.0}.__getitem__, random.Random(seed))
        assert choice.target is fast
        assert choice.score == 1.0
        assert dict(choice.scores) == {"k0": 1.0, "k1": 2.0}


def test_an_only_candidate_needs_no_lot():
    """Chance is left alone where there is nothing to decide, so that replays agree."""
    rng = random.Random(1)
    before = rng.getstate()
    assert choose(targets(1), lambda _: 1.0, rng).target.key == "k0"
    assert rng.getstate() == before


def test_nothing_to_choose_from_is_an_error():
    """The caller has to ask whether there is a candidate."""
    with pytest.raises(ValueError, match="nothing"):
        choose([], lambda _: 1.0, random.Random(1))


def test_equals_share_the_calls_evenly():
    """Two are drawn without favour: nobody gets more than chance explains."""
    rng, pool = random.Random(7), targets(5)
    counts = Counter(choose(pool, lambda _: 1.0, rng).target.key for _ in range(5000))
    assert len(counts) == 5
    assert all(850 < count < 1150 for count in counts.values())


def test_the_worst_of_many_is_never_chosen_and_the_best_not_always():
    """Two draws avoid the worst without a stampede to the best."""
    rng, pool = random.Random(7), targets(4)
    counts = Counter(choose(pool, lambda t: float(t.key[1]), rng).target.key for _ in range(4000))
    assert "k3" not in counts
    assert 1800 < counts["k0"] < 2200


def test_the_score_is_an_expected_wait():
    """A queue of `CAPACITY` calls doubles it, a weight of two halves it."""
    assert score(1.0, 0, 1.0) == 1.0
    assert score(1.0, CAPACITY, 1.0) == 2.0
    assert score(1.0, CAPACITY, 2.0) == 1.0
