"""Quantiles and how sure of them one can be. Values in whatever unit they came."""

import math
import random
from collections.abc import Sequence

import attrs


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


def block_bootstrap(
    values: Sequence[float],
    p: float,
    rng: random.Random,
    *,
    blocks: int = 40,
    resamples: int = 400,
    confidence: float = 0.95,
) -> Interval:
    """The p-quantile with a percentile interval over resampled blocks of consecutive values.

    Blocks, because neighbours in time share slow periods: resampling single values would look surer than
    the data is (HEDGING §3.5).
    """
    size = max(1, len(values) // blocks)
    chunks = [values[start : start + size] for start in range(0, len(values), size)]
    estimates = sorted(
        quantile([value for chunk in rng.choices(chunks, k=len(chunks)) for value in chunk], p)
        for _ in range(resamples)
    )
    cut = (1 - confidence) / 2
    low, high = estimates[int(cut * resamples)], estimates[int((1 - cut) * resamples) - 1]
    return Interval(quantile(values, p), low, high)
