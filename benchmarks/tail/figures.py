"""The plots of a group of contenders: distribution, tail, percentile spectrum, price and p99."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from benchmarks.stats import Interval, exceedance, quantile
from benchmarks.tail import plots
from benchmarks.tail.plots import Bar, Series
from benchmarks.tail.results import UNHEDGED
from benchmarks.tail.rows import Group, Row, chance

STEPS = 56  # points of a curve
HALF = math.log10(2)  # nines of the median
TTFT = "time to first token, seconds"


def figures(group: Group) -> list[Element]:
    """All plots of a group; none if nobody answered anything."""
    if not _times(group):
        return []
    drawn = [*_distribution(group), p99s(group)]
    if any(math.isfinite(row.p50) for row in group.rows):
        drawn.insert(2, _spectrum(group))
    if any(math.isfinite(row.p99.value) for row in group.rows):
        drawn.insert(-1, pareto(group))
    return drawn


def styles(group: Group) -> dict[str, int]:
    """The style of each contender: 0 is who never hedges, the others in their order."""
    others = [row.contender for row in group.rows if row.contender != UNHEDGED]
    return {UNHEDGED: 0} | {contender: i for i, contender in enumerate(others, start=1)}


def frontier(rows: Sequence[Row]) -> list[Row]:
    """Those that no other beats in both p99 and extra load, from the cheapest on."""
    kept: list[Row] = []
    for row in sorted(rows, key=lambda row: (row.extra_load, row.p99.value)):
        if not kept or row.p99.value < kept[-1].p99.value:
            kept.append(row)
    return kept


def pareto(group: Group) -> Element:
    """Extra load against p99: what a lower p99 costs, and who gives it for less.

    Somebody's p99 must be finite.
    """
    rows = [row for row in group.rows if math.isfinite(row.p99.value)]
    best, style = frontier(rows), styles(group)
    x = plots.linear("extra load, % of requests", 0.0, max(100 * r.extra_load for r in rows), "%")
    most = max(row.p99.value for row in rows)
    y = plots.linear("p99 of the time to first token, seconds", 0.0, most)
    line = Series("frontier", tuple(_price(row) for row in best), 0)
    points = [
        Series(
            f"{number} {row.contender}",
            (_price(row),),
            style[row.contender],
            joined=False,
            hollow=row not in best,
            tag=f"{number}",
        )
        for number, row in enumerate(rows, start=1)
    ]
    title = "Price and p99 (a ring: another is better in both)"
    return plots.chart(title, x, y, [line, *points])


def p99s(group: Group) -> Element:
    """A bar a contender, its 95 % interval, and the p99 possible with its extra load."""
    style = styles(group)
    known = [v for r in group.rows for v in (r.p99.high, r.optimum or 0.0) if math.isfinite(v)]
    x = plots.linear("p99 of the time to first token, seconds", 0.0, max(known, default=1.0))
    items = [
        Bar(
            name=row.contender if math.isfinite(row.p99.value) else f"{row.contender}: never",
            value=min(row.p99.value, x.high),
            low=min(row.p99.low, x.high),
            high=min(row.p99.high, x.high),
            style=style[row.contender],
            mark=row.optimum,
        )
        for row in group.rows
        if row.n
    ]
    return plots.bars("p99 by contender", x, items, "possible with its extra load")


def _distribution(group: Group) -> list[Element]:
    """The share of requests answered by a time, and the share that was not, to see the tail."""
    times, style = _times(group), styles(group)
    x = plots.logarithmic(TTFT, quantile(times, 0.001), max(times))
    ratio = x.high / x.low
    at = [x.low * ratio ** (i / STEPS) for i in range(STEPS + 1)]
    rows = [row for row in group.rows if row.cell.ttfts]
    shares = {r.contender: exceedance(r.cell.ttfts, at, chance(r.cell)) for r in rows}
    below = [_curve(name, at, s, style[name], upwards=True) for name, s in shares.items()]
    beyond = [_curve(name, at, s, style[name], upwards=False) for name, s in shares.items()]
    least = 1.0 / max(row.n for row in rows)
    return [
        plots.chart(
            "Share answered by then", x, plots.linear("share of requests", 0.0, 1.0), below
        ),
        plots.chart(
            "Share still waiting (the tail)",
            x,
            plots.logarithmic("share of requests", least, 1.0),
            beyond,
        ),
    ]


def _curve(
    name: str, at: Sequence[float], shares: Sequence[Interval], style: int, *, upwards: bool
) -> Series:
    pairs = list(zip(at, shares, strict=True))
    if upwards:
        points = tuple((x, 1.0 - s.value) for x, s in pairs)
        return Series(name, points, style, tuple((x, 1.0 - s.high, 1.0 - s.low) for x, s in pairs))
    seen = [(x, s) for x, s in pairs if s.value > 0.0]
    band = tuple((x, s.low, s.high) for x, s in seen)
    return Series(name, tuple((x, s.value) for x, s in seen), style, band)


def _spectrum(group: Group) -> Element:
    """Quantiles over the number of nines, where each step to the right is ten times as rare."""
    most = max(1.0, *(math.log10(max(1, row.n)) for row in group.rows))
    style = styles(group)
    lines = [Series(r.contender, _nines(r, most), style[r.contender]) for r in group.rows]
    ticks = ((HALF, "50"), (1.0, "90"), (2.0, "99"), (3.0, "99.9"), (4.0, "99.99"))
    shown = tuple(tick for tick in ticks if tick[0] <= most)
    x = plots.Axis("percentile of requests", HALF, most, shown)
    times = [value for line in lines for _, value in line.points]
    y = plots.logarithmic("time to first token, ms", min(times), max(times))
    return plots.chart("Percentile spectrum", x, y, lines)


def _nines(row: Row, most: float) -> tuple[plots.Point, ...]:
    ordered = sorted(row.cell.ttfts)
    own = min(most, math.log10(max(2, len(ordered))))
    points = []
    for i in range(STEPS + 1):
        nines = HALF + (own - HALF) * i / STEPS
        rank = math.ceil((1.0 - 10.0**-nines) * len(ordered) * (1.0 - 1e-12))
        value = ordered[max(0, rank - 1)] if ordered else math.inf
        if math.isfinite(value):
            points.append((nines, value * 1000.0))
    return tuple(points)


def _price(row: Row) -> plots.Point:
    return 100.0 * row.extra_load, row.p99.value


def _times(group: Group) -> list[float]:
    return [t for row in group.rows for t in row.cell.ttfts if math.isfinite(t)]
