"""Times to first token as an HdrHistogram: its percentile text, which its plotters read.

Times are counted in microseconds with three significant figures, as HdrHistogram counts them: 2,048 steps for
each doubling, each told by its upper end. Values in the text are milliseconds.
"""

import math
from collections.abc import Iterable, Iterator

import attrs

from state.records import RequestEnded

_BITS = 11
_SUB_BUCKETS = 1 << _BITS
_TICKS = 5
"""Lines for each halving of the distance to 100 %."""


@attrs.define(eq=False)
class Histogram:
    """How often each time was seen, by the lowest microsecond that counts as the same."""

    counts: dict[int, int] = attrs.field(factory=dict)
    total: int = 0

    def add(self, milliseconds: float) -> None:
        """One more time."""
        micros = max(0, round(milliseconds * 1000.0))
        shift = _shift(micros)
        step = micros >> shift << shift
        self.counts[step] = self.counts.get(step, 0) + 1
        self.total += 1


def histograms(records: Iterable[RequestEnded], by: str | None) -> dict[str, Histogram]:
    """What live chats that a key has answered took to their first token, as their clients saw it.

    By the `model` that was asked for, or the `key` that won; all under one empty name without it.
    """
    found: dict[str, Histogram] = {}
    for record in records:
        if record.ttft_ms is None or record.winner is None:
            continue
        if record.operation != "chat" or record.environment != "live":
            continue
        name = {"model": record.model, "key": record.winner}.get(by or "", "")
        found.setdefault(name, Histogram()).add(record.ttft_ms)
    return found


def percentile_lines(histogram: Histogram) -> Iterator[str]:
    """The text, line by line."""
    yield f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}"
    yield ""
    for value, share, count in _levels(histogram):
        line = f"{value:12.3f} {share:2.12f} {count:10d}"
        yield line if share == 1.0 else f"{line} {1.0 / (1.0 - share):14.2f}"
    mean, deviation = _moments(histogram)
    longest = _upper(max(histogram.counts, default=0))
    yield f"#[Mean    = {mean:12.3f}, StdDeviation   = {deviation:12.3f}]"
    yield f"#[Max     = {longest:12.3f}, Total count    = {histogram.total:12d}]"
    buckets = _shift(max(histogram.counts, default=0)) + 1
    yield f"#[Buckets = {buckets:12d}, SubBuckets     = {_SUB_BUCKETS:12d}]"


def _levels(histogram: Histogram) -> Iterator[tuple[float, float, int]]:
    """Value in ms, share asked for and count up to it; the shares lie closer towards 100 %."""
    level, seen = 0.0, 0
    for step, count in sorted(histogram.counts.items()):
        seen += count
        if seen == histogram.total:
            yield _upper(step), level / 100.0, seen
            yield _upper(step), 1.0, seen
            return
        while 100.0 * seen / histogram.total >= level:
            yield _upper(step), level / 100.0, seen
            level = _next(level)


def _next(level: float) -> float:
    halvings = int(math.log2(100.0 / (100.0 - level))) + 1
    return level + 100.0 / (_TICKS << halvings)


def _moments(histogram: Histogram) -> tuple[float, float]:
    if not histogram.total:
        return 0.0, 0.0
    middles = [(_middle(step), count) for step, count in histogram.counts.items()]
    mean = sum(value * count for value, count in middles) / histogram.total
    variance = sum((value - mean) ** 2 * count for value, count in middles) / histogram.total
    return mean, math.sqrt(variance)


def _shift(micros: int) -> int:
    return max(0, micros.bit_length() - _BITS)


def _upper(step: int) -> float:
    return (step + (1 << _shift(step)) - 1) / 1000.0


def _middle(step: int) -> float:
    return (step + ((1 << _shift(step)) >> 1)) / 1000.0
