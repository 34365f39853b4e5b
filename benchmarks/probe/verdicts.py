"""What rounds of calls to all keys at once tell of each pair of keys, and which domains they make."""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Literal, TypeAlias

import attrs

from benchmarks.probe.ranks import (
    ALPHA,
    chance,
    coincidence,
    holm,
    permutations_for,
    rounds_needed,
    spearman,
)

Verdict: TypeAlias = Literal["together", "apart", "unknown"]

LEAST = 4
"""Rounds with anything to compare below which nothing is said."""

MOSTLY = 0.8


@attrs.frozen
class Seen:
    """One call. `ttft` is seconds to the first token, None where none came; at least so long if `cut`.

    `remaining` is what its headers say is left of the key's requests, `limited` whether it got a 429, `error`
    what went wrong. `nano_usd` is what it cost by the configured price.
    """

    ttft: float | None = None
    remaining: int | None = None
    limited: bool = False
    cut: bool = False
    error: str | None = None
    nano_usd: int = 0


Rounds: TypeAlias = Sequence[Mapping[str, Seen]]
"""What each key answered, round by round."""


@attrs.frozen
class Pair:
    """Two keys. `rho` is how alike their times were in `compared` rounds, `p` how likely that is by chance
    (Holm-corrected), `slow` what follows from it. `fell` of `moved` times their counters fell by more than
    their calls, `both_limited` rounds had a 429 of each, `p_limited` as `p`; `quota` is what follows."""

    left: str
    right: str
    compared: int
    rho: float
    p: float
    slow: Verdict
    fell: int
    moved: int
    both_limited: int
    p_limited: float
    quota: Verdict


def judge(rounds: Rounds, rng: random.Random) -> list[Pair]:
    """Every pair of the keys that were called. The first round makes connections: its times do not count."""
    names = list(rounds[0]) if rounds else []
    couples = list(combinations(names, 2))
    timed = [_times(rounds[1:], *couple) for couple in couples]
    most = permutations_for(len(couples))
    slow = holm([chance(a, b, rng, most) if len(a) >= LEAST else 1.0 for a, b in timed])
    limited = [_limited(rounds, *couple) for couple in couples]
    counted = holm([p for _, p in limited])
    found = []
    for place, (left, right) in enumerate(couples):
        (a, b), (both, _) = timed[place], limited[place]
        rho = spearman(a, b) if len(a) >= LEAST else 0.0
        fell, moved, one = _counters(rounds, left, right, len(names))
        found.append(
            Pair(
                *(left, right, len(a), rho, slow[place]),
                slow=_slow(len(a), slow[place], len(names)),
                fell=fell,
                moved=moved,
                both_limited=both,
                p_limited=counted[place],
                quota=_quota((fell, moved), counted[place], one=one),
            )
        )
    return found


def _times(rounds: Rounds, left: str, right: str) -> tuple[list[float], list[float]]:
    """The logarithms of their times, of the rounds in which both have one."""
    both = [(row[left].ttft, row[right].ttft) for row in rounds]
    pairs = [(math.log(a), math.log(b)) for a, b in both if a and b]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _slow(compared: int, p: float, keys: int) -> Verdict:
    if p < ALPHA:
        return "together"
    return "apart" if compared >= rounds_needed(keys) else "unknown"


def _limited(rounds: Rounds, left: str, right: str) -> tuple[int, float]:
    """Rounds in which both got a 429, and how likely so many are by chance."""
    a = sum(row[left].limited for row in rounds)
    b = sum(row[right].limited for row in rounds)
    both = sum(row[left].limited and row[right].limited for row in rounds)
    return both, coincidence(len(rounds), a, b, both) if both else 1.0


def _counters(rounds: Rounds, left: str, right: str, keys: int) -> tuple[int, int, bool]:
    """How often the two counters fell by more than the two calls that were made, how often any moved; and
    whether they may be one counter.

    One counter shows numbers that lie apart by a round's calls at most, and falls by more than one a round
    for whoever reads it. Which of two calls comes first changes from round to round.
    """
    told = [(row[left].remaining, row[right].remaining) for row in rounds]
    falls, close = [], 0
    for (a, b), (next_a, next_b) in pairwise(told):
        if a is None or b is None or next_a is None or next_b is None:
            continue
        down = (a - next_a, b - next_b)
        if max(down) < 1 or sum(down) < 1:  # nothing to see, or it was filled up
            continue
        falls.append(down)
        close += abs(next_a - next_b) < keys
    moved = len(falls)
    each = min(sum(down[0] for down in falls), sum(down[1] for down in falls))
    one = close >= MOSTLY * moved and each >= 1.5 * moved
    return sum(sum(down) > 2 for down in falls), moved, one


def _quota(counters: tuple[int, int], p_limited: float, *, one: bool) -> Verdict:
    fell, moved = counters
    if (
        moved >= LEAST
    ):  # what counters say is surer than refusals, which equal limits bring about too
        return "together" if one and fell >= MOSTLY * moved else "apart"
    return "together" if p_limited < ALPHA else "unknown"


def domains(pairs: Sequence[Pair], present: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The keys in groups that share something. `present` is the domain that each has now.

    Keys of one domain are parted only where both their times and their quotas are seen to be apart.
    """
    group = {name: name for name in present}

    def root(name: str) -> str:
        return name if group[name] == name else root(group[name])

    for pair in pairs:
        together = "together" in (pair.slow, pair.quota)
        parted = (pair.slow, pair.quota) == ("apart", "apart")
        if together or (present[pair.left] == present[pair.right] and not parted):
            group[root(pair.right)] = root(pair.left)
    found: dict[str, list[str]] = {}
    for name in present:
        found.setdefault(root(name), []).append(name)
    return [tuple(names) for names in found.values()]
