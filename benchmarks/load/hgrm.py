"""The percentile distribution as HdrHistogram's tools write and plot it.

Columns are `Value Percentile TotalCount 1/(1-Percentile)`; values are milliseconds. The steps between
percentiles are HdrHistogram's own (`outputPercentileDistribution` with 5 ticks for each halving of the
distance to 100 %), but values are exact: nothing was put into buckets.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

TICKS = 5
"""Lines for each halving of what is left above."""


def hgrm(seconds: Sequence[float]) -> str:
    """The distribution of these, as a file's text."""
    ordered = sorted(1000.0 * value for value in seconds)
    lines = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}", ""]
    lines += _lines(ordered)
    return "\n".join([*lines, *_footer(ordered), ""])


def _lines(ordered: Sequence[float]) -> Iterator[str]:
    if not ordered:
        return
    n = len(ordered)
    for percentile in _percentiles(n):
        value = ordered[max(0, math.ceil(percentile * n * (1.0 - 1e-12)) - 1)]
        count = bisect_right(ordered, value)
        yield f"{value:12.3f} {percentile:2.12f} {count:10d} {1.0 / (1.0 - percentile):14.2f}"
    yield f"{ordered[-1]:12.3f} {1.0:2.12f} {n:10d}"


def _percentiles(n: int) -> Iterator[float]:
    """From 0 on, in steps that are halved whenever the rest was, while each may be another value's."""
    percentile = 0.0
    while (1.0 - percentile) * n > 1.0:
        yield percentile
        halvings = math.floor(math.log2(1.0 / (1.0 - percentile))) + 1
        percentile += 1.0 / (TICKS * 2**halvings)


def _footer(ordered: Sequence[float]) -> Iterator[str]:
    n = len(ordered)
    mean = math.fsum(ordered) / n if n else 0.0
    std = math.sqrt(math.fsum((value - mean) ** 2 for value in ordered) / n) if n else 0.0
    yield f"#[Mean    = {mean:12.3f}, StdDeviation   = {std:12.3f}]"
    yield f"#[Max     = {ordered[-1] if n else 0.0:12.3f}, Total count    = {n:12d}]"
    yield f"#[Buckets = {0:12d}, SubBuckets     = {0:12d}]"
