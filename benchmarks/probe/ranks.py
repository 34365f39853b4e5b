"""Whether two series go up and down together: ranks, so that a few very slow calls decide nothing."""

import math
import random
from collections.abc import Sequence
from itertools import combinations
from statistics import NormalDist

ALPHA = 0.05
"""How often at most anything at all may be found where there is nothing."""

STRENGTH = 0.6
"""The correlation that must not be missed, and with it how many rounds it takes to say that there is none."""
POWER = 0.8

_ENOUGH = 10


def spearman(left: Sequence[float], right: Sequence[float]) -> float:
    """Spearman's rank correlation, ties at their mean rank; 0 where one of them never changes."""
    a, b = _centred(left), _centred(right)
    scale = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return 0.0 if scale == 0.0 else sum(x * y for x, y in zip(a, b, strict=True)) / scale


def chance(left: Sequence[float], right: Sequence[float], rng: random.Random, most: int) -> float:
    """How likely series that have nothing to do with each other agree at least as much (one-sided).

    By permuting one of them up to `most` times; it stops early where chance does as well soon (Besag and
    Clifford 1991).
    """
    a, b = _centred(left), _centred(right)
    seen = sum(x * y for x, y in zip(a, b, strict=True)) - 1e-9
    as_good = 0
    for tried in range(1, most + 1):
        rng.shuffle(b)
        as_good += sum(x * y for x, y in zip(a, b, strict=True)) >= seen
        if as_good == _ENOUGH:
            return as_good / tried
    return (as_good + 1) / (most + 1)


def permutations_for(pairs: int) -> int:
    """So many that the least probability they can show is a finding among so many pairs."""
    return max(1_000, math.ceil(4 * pairs / ALPHA))


def holm(chances: Sequence[float]) -> list[float]:
    """The probabilities as they count where so many are looked at (Holm 1979), in the same order."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    adjusted, worst = [1.0] * len(chances), 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, chances[index] * (len(chances) - place)))
        adjusted[index] = worst
    return adjusted


def rounds_needed(keys: int) -> int:
    """How many rounds it takes to find a correlation of `STRENGTH` among the pairs of so many keys."""
    pairs = max(1, len(list(combinations(range(keys), 2))))
    normal = NormalDist()
    wanted = normal.inv_cdf(1.0 - ALPHA / pairs) + normal.inv_cdf(POWER)
    return math.ceil(3.0 + 1.06 * (wanted / math.atanh(STRENGTH)) ** 2)


def coincidence(rounds: int, left: int, right: int, both: int) -> float:
    """How likely so many events coincide at least, of `left` and `right` ones in so many rounds (Fisher)."""
    most = min(left, right)
    ways = sum(
        math.comb(left, k) * math.comb(rounds - left, right - k) for k in range(both, most + 1)
    )
    return ways / math.comb(rounds, right)


def _centred(values: Sequence[float]) -> list[float]:
    """Ranks, less their mean."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, start = [0.0] * len(values), 0
    for end in range(1, len(values) + 1):
        if end < len(values) and values[order[end]] == values[order[start]]:
            continue
        for place in order[start:end]:
            ranks[place] = (start + end - len(values)) / 2.0
        start = end
    return ranks
