"""A run's pictures: distribution, tail, percentile spectrum, and latency over time."""

import math
import random
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from benchmarks.load.summary import Metric, Run, latencies
from benchmarks.stats import exceedance, quantile
from benchmarks.tail import plots
from benchmarks.tail.plots import Series

STEPS = 100  # points of a curve
WINDOWS = 60  # parts of the time
FEWEST = 20  # requests in one of them, on average
HALF = math.log10(2)  # nines of the median
LEAST = 1e-4  # seconds; a logarithmic axis has no 0, and nobody cares for less
LATENCY = "latency, seconds"

_STYLES: dict[Metric, int] = {"ttft": 1, "itl": 3, "tpot": 4, "e2el": 2}
_OVER_TIME = (("p50", 0.5), ("p90", 0.9), ("max", 1.0))


def drawings(run: Run, rng: random.Random) -> list[Element]:
    """All plots there is something for; `rng` resamples, for the bands."""
    known = {metric: _positive(latencies(run, metric)) for metric in run.metrics}
    known = {metric: values for metric, values in known.items() if values}
    if not known:
        return []
    over_time = [over for metric in ("ttft", "e2el") for over in _over_time(run, metric)]
    return [*_distribution(known, rng), _spectrum(known), *over_time]


def _distribution(known: dict[Metric, list[float]], rng: random.Random) -> list[Element]:
    """The share of requests (of gaps, for itl) up to a latency, and the share beyond it."""
    low = min(quantile(values, 0.001) for values in known.values())
    x = plots.logarithmic(LATENCY, low, max(map(max, known.values())))
    at = [x.low * (x.high / x.low) ** (i / STEPS) for i in range(STEPS + 1)]
    below, beyond = [], []
    for metric, values in known.items():
        pairs = list(zip(at, exceedance(values, at, rng), strict=True))
        name, style = metric.upper(), _STYLES[metric]
        points = tuple((t, 1.0 - s.value) for t, s in pairs)
        band = tuple((t, 1.0 - s.high, 1.0 - s.low) for t, s in pairs)
        below.append(Series(name, points, style, band))
        seen = [(t, s) for t, s in pairs if s.value > 0.0]
        points = tuple((t, s.value) for t, s in seen)
        beyond.append(Series(name, points, style, tuple((t, s.low, s.high) for t, s in seen)))
    share = "share of requests (of gaps: ITL)"
    least = plots.logarithmic(share, 1.0 / max(map(len, known.values())), 1.0)
    return [
        plots.chart("CDF: share within a latency", x, plots.linear(share, 0.0, 1.0), below),
        plots.chart("Complementary CDF: share beyond it", x, least, beyond),
    ]


def _spectrum(known: dict[Metric, list[float]]) -> Element:
    """Quantiles over the number of nines: each step to the right is ten times as rare."""
    lines = [
        Series(metric.upper(), _nines(values), _STYLES[metric]) for metric, values in known.items()
    ]
    most = max(1.0, *(at for line in lines for at, _ in line.points))
    ticks = ((HALF, "50"), *((float(n), _percent(n)) for n in range(1, 7)))
    x = plots.Axis("percentile", HALF, most, tuple(tick for tick in ticks if tick[0] <= most))
    times = [value for line in lines for _, value in line.points]
    y = plots.logarithmic("latency, ms", min(times), max(times))
    return plots.chart("Percentile spectrum", x, y, lines)


def _nines(values: Sequence[float]) -> tuple[plots.Point, ...]:
    ordered = sorted(values)
    most = math.log10(max(2, len(ordered)))
    steps = [HALF + (most - HALF) * i / STEPS for i in range(STEPS + 1)]
    ranks = [math.ceil((1.0 - 10.0**-n) * len(ordered) * (1.0 - 1e-12)) for n in steps]
    return tuple((n, 1000.0 * ordered[max(0, r - 1)]) for n, r in zip(steps, ranks, strict=True))


def _percent(nines: int) -> str:
    return f"{100.0 * (1.0 - 10.0**-nines):.10g}"


def _over_time(run: Run, metric: Metric) -> list[Element]:
    """Median, p90 and maximum of those due in each part of the time."""
    if metric not in run.metrics:
        return []
    timed = [o for o in run.counted if o.answered or o.waited_out]
    pairs = [(o.planned.due, v) for o, v in zip(timed, latencies(run, metric), strict=True)]
    first, last = pairs[0][0], pairs[-1][0]
    count = max(1, min(WINDOWS, len(pairs) // FEWEST))
    width = max(1e-9, (last - first) / count)
    parts: dict[int, list[float]] = {}
    for due, value in pairs:
        part = min(count - 1, int((due - first) / width))
        parts.setdefault(part, []).append(max(LEAST, value))
    middle = {first + (part + 0.5) * width: values for part, values in parts.items()}
    lines = [
        Series(name, tuple((t, quantile(values, p)) for t, values in middle.items()), style)
        for style, (name, p) in enumerate(_OVER_TIME)
    ]
    x = plots.linear("when it was due, seconds after the start", first, last)
    times = [value for values in parts.values() for value in values]
    y = plots.logarithmic(LATENCY, min(times), max(times))
    return [plots.chart(f"{metric.upper()} over time, in windows of {width:.2g} s", x, y, lines)]


def _positive(values: list[float]) -> list[float]:
    return [max(LEAST, value) for value in values]
