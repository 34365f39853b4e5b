"""Which of several equal targets takes a call: the better of two drawn by lot.

Two random choices and not the best of all: estimates are a little old, and everybody running to the
same best key makes it the worst. The score is an expected wait, so lower is better.
"""

import random
from collections.abc import Callable, Sequence

import attrs

from policies.target import Target

CAPACITY = 8  # calls in flight that double a key's expected wait


@attrs.frozen
class Choice:
    """The chosen target, and all that were compared for it with their scores."""

    target: Target
    scores: tuple[tuple[str, float], ...]

    @property
    def score(self) -> float:
        """The chosen target's."""
        return min(score for _, score in self.scores)


def score(ttft: float, inflight: int, weight: float) -> float:
    """A target's expected wait in seconds: its time to first token, its queue, its weight."""
    return ttft * (1.0 + inflight / CAPACITY) / weight


def choose(
    candidates: Sequence[Target], scored: Callable[[Target], float], rng: random.Random
) -> Choice:
    """The better of two candidates drawn by lot, or the only one.

    Raises:
        ValueError: there are no candidates.
    """
    if not candidates:
        raise ValueError("There is nothing to choose from")
    drawn = _two(candidates, rng)
    scores = [scored(target) for target in drawn]
    best = scores.index(min(scores))
    return Choice(drawn[best], tuple((t.key, s) for t, s in zip(drawn, scores, strict=True)))


def _two(candidates: Sequence[Target], rng: random.Random) -> Sequence[Target]:
    if len(candidates) == 1:
        return candidates
    first = rng.randrange(len(candidates))
    second = rng.randrange(len(candidates) - 1)
    return candidates[first], candidates[second + (second >= first)]
