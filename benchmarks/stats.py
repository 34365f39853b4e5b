"""Quantiles and how sure of them one can be. Values in whatever unit they came."""

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

import attrs

SLACK = 4  # times as many of the largest values as a tail quantile needs are looked at first


def quantile(values: Sequence[float], p: float) -> float:
    """The p-quantile: the smallest value with at least p of all values at or below it (nearest rank)."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(p * len(ordered)) - 1)]


@attrs.frozen
class Interval:
    """An estimate and its bounds."""

    value: float
    low: float
    high: float

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two have a value in common, so that neither is surely the smaller one."""
        return self.low <= other.high and other.low <= self.high


@attrs.frozen
class Blocks:
    """Values in blocks of consecutive ones, sorted once, so that resampling them costs little.

    A resample is how often each block was drawn. Blocks, because neighbours in time share slow
    periods: resampling single values would look surer than the data is.
    """

    ordered: tuple[float, ...]
    owners: tuple[int, ...]
    """The block of each of the ordered values."""
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, values: Sequence[float], blocks: int = 40) -> "Blocks":
        """Values in the order in which they happened, in about so many blocks."""
        size = max(1, len(values) // blocks)
        order = sorted(range(len(values)), key=values.__getitem__)
        starts = range(0, len(values), size)
        return cls(
            ordered=tuple(values[i] for i in order),
            owners=tuple(i // size for i in order),
            sizes=tuple(min(size, len(values) - start) for start in starts),
        )

    def draw(self, rng: random.Random) -> list[int]:
        """How often each block is taken in one resample."""
        drawn = [0] * len(self.sizes)
        for block in rng.choices(range(len(drawn)), k=len(drawn)):
            drawn[block] += 1
        return drawn

    def quantile(self, p: float, drawn: Sequence[int]) -> float:
        """The p-quantile of a resample."""
        whole = sum(times * size for times, size in zip(drawn, self.sizes, strict=True))
        above = whole - max(1, math.ceil(p * whole))
        looked_at = SLACK * (above + len(drawn))
        counts = self._counts(drawn, looked_at)
        if counts[-1] <= above:
            counts = self._counts(drawn, len(self.owners))
        return self.ordered[-1 - bisect_left(counts, above + 1)]

    def _counts(self, drawn: Sequence[int], most: int) -> list[int]:
        """How many values there are down to each of the largest ones, the largest first."""
        return list(accumulate(map(drawn.__getitem__, self.owners[-most:][::-1])))


def block_bootstrap(
    values: Sequence[float],
    p: float,
    rng: random.Random,
    *,
    blocks: int = 40,
    resamples: int = 400,
    confidence: float = 0.95,
) -> Interval:
    """The p-quantile with a percentile interval over resampled blocks of consecutive values."""
    if not values:
        return Interval(math.nan, math.nan, math.nan)
    blocked = Blocks.of(values, blocks)
    estimates = sorted(blocked.quantile(p, blocked.draw(rng)) for _ in range(resamples))
    cut = (1 - confidence) / 2
    low, high = estimates[int(cut * resamples)], estimates[int((1 - cut) * resamples) - 1]
    return Interval(quantile(values, p), low, high)


def exceedance(
    values: Sequence[float],
    at: Sequence[float],
    rng: random.Random,
    *,
    blocks: int = 40,
    resamples: int = 200,
) -> list[Interval]:
    """For each of these points, the share of all values beyond it, with a 95 % interval."""
    size = max(1, len(values) // blocks)
    chunks = [sorted(values[start : start + size]) for start in range(0, len(values), size)]
    beyond = [[len(chunk) - bisect_right(chunk, x) for x in at] for chunk in chunks]
    sizes = [len(chunk) for chunk in chunks]
    draws = (rng.choices(range(len(chunks)), k=len(chunks)) for _ in range(resamples))
    shares = [_shares(beyond, sizes, drawn) for drawn in draws]
    whole = _shares(beyond, sizes, range(len(chunks)))
    cut = round(0.025 * resamples)
    columns = (sorted(column) for column in zip(*shares, strict=True))
    return [
        Interval(value, column[cut], column[-1 - cut])
        for value, column in zip(whole, columns, strict=True)
    ]


def _shares(
    beyond: Sequence[Sequence[int]], sizes: Sequence[int], drawn: Iterable[int]
) -> list[float]:
    blocks = list(drawn)
    whole = sum(sizes[block] for block in blocks)
    return [sum(column) / whole for column in zip(*(beyond[b] for b in blocks), strict=True)]


def gap_to_optimum(reached: float, unhedged: float, best: float) -> float:
    """How much of what could be gained was not: 0 is the optimum, 1 is as slow as without hedging."""
    if not (math.isfinite(reached) and unhedged > best):
        return math.nan
    return (reached - best) / (unhedged - best)
