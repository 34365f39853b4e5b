"""Rank correlation and its probabilities, against values that are known."""

import math
import random

import pytest

from benchmarks.probe.ranks import (
    chance,
    coincidence,
    holm,
    permutations_for,
    rounds_needed,
    spearman,
)


def test_correlation_is_spearmans():
    """A textbook's ten pupils, and the two ends of the scale; ties get their mean rank."""
    iq = [106, 86, 100, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 0, 27, 50, 28, 29, 20, 12, 6, 17]
    assert spearman(iq, hours) == pytest.approx(-29 / 165)
    assert spearman([1, 2, 3], [10, 200, 3000]) == pytest.approx(1.0)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([1, 1, 2, 2], [1, 2, 3, 4]) == pytest.approx(2 / math.sqrt(5))
    assert spearman([1, 2, 3], [4, 4, 4]) == 0.0


def test_chance_is_as_small_as_the_permutations_are_many():
    """Of 120 orders of five, one agrees as well; opposite series are no agreement."""
    five = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert chance(five, five, random.Random(1), 20_000) == pytest.approx(1 / 120, rel=0.6)
    assert chance(five, five[::-1], random.Random(1), 20_000) > 0.9
    long = [float(n) for n in range(30)]
    assert chance(long, long, random.Random(1), 999) == pytest.approx(1 / 1000)


def test_chance_keeps_what_it_promises():
    """Of series that have nothing to do with each other, no more than 5 % seem to at 5 %."""
    rng = random.Random(7)
    found = 0
    for _ in range(400):
        left, right = ([rng.random() for _ in range(20)] for _ in range(2))
        found += chance(left, right, rng, 1_000) < 0.05
    assert found <= 400 * 0.05 + 3 * math.sqrt(400 * 0.05 * 0.95)


def test_many_looks_are_paid_for():
    """Holm's own example of three, in their places, never falling and never over 1."""
    assert holm([0.03, 0.01, 0.04]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    assert 1 / (permutations_for(45) + 1) * 45 < 0.05


def test_more_keys_take_more_rounds():
    """More pairs are looked at, so each has to show more."""
    needed = [rounds_needed(keys) for keys in (2, 3, 10)]
    assert needed == sorted(needed)
    assert 15 <= needed[0] <= 20
    assert needed[2] < 50


def test_so_many_rounds_find_what_they_should():
    """Four of five pairs that are alike by 0.6 are found in the rounds that are said to do."""
    rng, found = random.Random(5), 0
    rounds = rounds_needed(2)
    for _ in range(300):
        shared = [rng.gauss(0, 1) for _ in range(rounds)]
        left, right = (
            [math.sqrt(0.618) * s + math.sqrt(0.382) * rng.gauss(0, 1) for s in shared]
            for _ in range(2)
        )
        found += chance(left, right, rng, 1_000) < 0.05
    assert 0.72 < found / 300 < 0.9


def test_coincidences_are_fishers():
    """Four of four in eight: one way in seventy."""
    assert coincidence(8, 4, 4, 4) == pytest.approx(1 / 70)
    assert coincidence(8, 4, 4, 3) == pytest.approx(17 / 70)
    assert coincidence(5, 5, 5, 5) == 1.0
