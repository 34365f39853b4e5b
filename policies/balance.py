"""Which of several targets that could take a call does take it.

| kind          | it goes to                                                                       |
|---------------|----------------------------------------------------------------------------------|
| `p2c`         | the better of two drawn by lot                                                   |
| `round_robin` | each in turn, as often as its weight says                                        |
| `weighted`    | one by lot, as likely as its weight says                                         |
| `least_busy`  | the one with the fewest calls in flight for its weight, by lot among equals      |
| `lowest_cost` | the cheapest for this call, the better score among equals                        |
| `priority`    | the first as written                                                             |

Two random choices and not the best of all: estimates are a little old, and everybody running to the
same best key makes it the worst. With a single target chance is left alone, so that replays agree.
Targets are looked at only where the comparison needs it: of fifty keys `p2c` scores two.
"""

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

import attrs

from policies.settings import BalanceKind
from policies.target import Target

CAPACITY = 8.0
"""Calls in flight that double a key's expected wait, where nothing is known of its limit."""

SCARCE = 0.3
"""The share of a quota below which a key is spared."""

SCARCITY = 4.0
"""How much worse a key looks whose quota is used up: five times as slow."""

HOT = 5
"""A target is hot if it is among the fifth of them with the most calls in flight."""

GOLDEN = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio


@attrs.frozen
class Candidate:
    """A target, and what is known of it as a place for one call.

    `ttft` is the expected time to first token in seconds, `capacity` the number of calls in flight
    that doubles it. `headroom` is the share of its quota that is left. `affinity` below 1 prefers the
    target by so much; `cost` is what the call is expected to cost there.
    """

    target: Target
    ttft: float
    inflight: int
    capacity: float = CAPACITY
    headroom: float = 1.0
    affinity: float = 1.0
    cost: float = 0.0

    @property
    def score(self) -> float:
        """The expected wait in seconds, as if for weight 1; the lower, the better."""
        queued = self.ttft * (1.0 + self.inflight / self.capacity)
        return queued * scarcity(self.headroom) * self.affinity / self.target.weight


Look: TypeAlias = Callable[[Target], Candidate]
Inflight: TypeAlias = Callable[[str], int]


@attrs.frozen
class Choice:
    """The chosen one, and the keys that were looked at for it with their scores.

    `p_sel` is chance's part in it, for whoever weighs recorded choices. Where the lot makes an offer
    and a comparison decides (`p2c`) it is the probability that the chosen one was drawn at all:
    min(1, 2/n). Where the lot decides alone it is that of the chosen one: its share of the weights, or
    one among equals. Where chance has no say it is 1.
    """

    candidate: Candidate
    compared: tuple[tuple[str, float], ...]
    p_sel: float


def scarcity(headroom: float) -> float:
    """The factor by which a key looks slower as its quota runs out: 1 with plenty, 5 with nothing."""
    return 1.0 if headroom >= SCARCE else 1.0 + (SCARCE - headroom) / SCARCE * SCARCITY


def choose(
    kind: BalanceKind,
    targets: Sequence[Target],
    look: Look,
    rng: random.Random,
    *,
    turn: int,
    inflight: Inflight,
) -> Choice:
    """Who takes the call. `turn` numbers the calls that share the targets; `inflight` asks by key.

    Raises:
        ValueError: there are no targets.
    """
    if not targets:
        raise ValueError("There is nothing to choose from")
    if kind == "priority" or len(targets) == 1:
        return _alone(look(targets[0]))
    match kind:
        case "p2c":
            return p2c(targets, look, rng, inflight)
        case "round_robin":
            return round_robin(targets, look, turn)
        case "weighted":
            return weighted(targets, look, rng)
        case "least_busy":
            return least_busy(targets, look, rng, inflight)
        case "lowest_cost":
            return lowest_cost(targets, look)
        case _:
            assert_never(kind)


def p2c(targets: Sequence[Target], look: Look, rng: random.Random, inflight: Inflight) -> Choice:
    """The better of two that are drawn without putting the first back; there must be two.

    If both are hot, the one with fewer calls in flight, because a queue says what a recent time to
    first token does not yet say; else the one with the lower score (hot-cold lexicographic, Prequal).
    """
    one, other = two(targets, rng)
    return better(look(one), look(other), targets, inflight)


def two(targets: Sequence[Target], rng: random.Random) -> tuple[Target, Target]:
    """Two different targets by lot; there must be two."""
    first, second = int(rng.random() * len(targets)), int(rng.random() * (len(targets) - 1))
    return targets[first], targets[second + (second >= first)]


def better(
    one: Candidate, other: Candidate, targets: Sequence[Target], inflight: Inflight
) -> Choice:
    """The one of two that takes the call; `targets` are all that they were drawn from."""
    scores = one.score, other.score
    other_wins = scores[1] < scores[0]
    if one.inflight != other.inflight and _hot(
        min(one.inflight, other.inflight), targets, inflight
    ):
        other_wins = other.inflight < one.inflight
    compared = (one.target.key, scores[0]), (other.target.key, scores[1])
    return Choice(other if other_wins else one, compared, min(1.0, 2.0 / len(targets)))


def round_robin(targets: Sequence[Target], look: Look, turn: int) -> Choice:
    """Each in turn. With unequal weights, in an order that gives each its share at any time.

    Turns step round a circle by the golden ratio, which never leaves large gaps nor heaps, and each
    target owns an arc as long as its weight: nothing has to be remembered but the turn.
    """
    weight = targets[0].weight
    if all(target.weight == weight for target in targets):
        return _alone(look(targets[turn % len(targets)]))
    return _alone(look(_at(targets, (turn * GOLDEN % 2**64) / 2**64)))


def weighted(targets: Sequence[Target], look: Look, rng: random.Random) -> Choice:
    """One by lot; a weight of two is twice as likely as one."""
    target = _at(targets, rng.random())
    return _alone(look(target), target.weight / sum(each.weight for each in targets))


def least_busy(
    targets: Sequence[Target], look: Look, rng: random.Random, inflight: Inflight
) -> Choice:
    """The one with the fewest calls in flight for its weight, by lot among equals."""
    loads = [inflight(target.key) / target.weight for target in targets]
    least = min(loads)
    idlest = [target for target, load in zip(targets, loads, strict=True) if load == least]
    target = idlest[0] if len(idlest) == 1 else idlest[int(rng.random() * len(idlest))]
    return _alone(look(target), 1.0 / len(idlest))


def lowest_cost(targets: Sequence[Target], look: Look) -> Choice:
    """The cheapest for this call; among equals the lower score, then the first as written."""
    seen = [(candidate, candidate.score) for candidate in map(look, targets)]
    best, _ = min(seen, key=lambda pair: (pair[0].cost, pair[1]))
    return Choice(best, tuple((candidate.target.key, score) for candidate, score in seen), 1.0)


def _alone(candidate: Candidate, p_sel: float = 1.0) -> Choice:
    return Choice(candidate, ((candidate.target.key, candidate.score),), p_sel)


def _at(targets: Sequence[Target], place: float) -> Target:
    """The target whose arc a place in [0, 1) is on; arcs are as long as weights."""
    left = place * sum(target.weight for target in targets)
    for target in targets:
        left -= target.weight
        if left < 0.0:
            return target
    return targets[-1]  # rounding


def _hot(calls: int, targets: Sequence[Target], inflight: Inflight) -> bool:
    """Whether so many calls are above the targets' 80th percentile: four fifths have fewer.

    Asks no more targets than it takes. Two can be hot only among ten.
    """
    spare = len(targets) // HOT
    if calls <= 1 or spare < 2:
        return False
    for target in targets:
        spare -= inflight(target.key) >= calls
        if spare < 0:
            return False
    return True
