"""A run in the terminal, and as JSON. Quantiles are said in multiples of the median and in milliseconds."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from benchmarks.stats import Interval
from benchmarks.tail.results import Run
from benchmarks.tail.rows import Group, Row
from benchmarks.tail.verdicts import Verdict, advice

HEADINGS = (
    "contender",
    "n",
    "errors",
    "p50",
    "p95",
    "p99 [95 %]",
    "p99.9",
    "extra load",
    "hedges won",
    "possible p99",
    "gap",
)
NONE = "-"


def show(groups: Sequence[Group], verdicts: Sequence[Verdict]) -> RenderableType:
    """Everything for a `rich` console: a table a group, its advice, then the verdicts."""
    return Stack(*(part for group in groups for part in _shown(group)), _verdicts(verdicts))


def cells(row: Row, group: Group) -> tuple[str, ...]:
    """A row's text under each of `HEADINGS`."""
    unit = group.median
    best = NONE if row.optimum is None else _time(row.optimum, unit)
    return (
        row.contender,
        f"{row.n}",
        f"{row.cell.errors}",
        _time(row.p50, unit),
        _time(row.p95, unit),
        _interval(row.p99, unit),
        _time(row.p999, unit),
        f"{row.extra_load:.2%}",
        _share(row.cell.win_rate),
        best,
        _share(row.gap(group.alone)),
    )


def title(group: Group) -> str:
    """What a table of this group is headed with."""
    return f"{group.scenario}, {group.profile} (median {group.median * 1000:.0f} ms)"


def as_json(run: Run, groups: Sequence[Group], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The same for machines. Times are seconds; null is what never ended or is not known."""
    return {
        "command": run.command,
        "version": run.version,
        "date": run.date,
        "seconds": run.seconds,
        "passed": all(verdict.passed for verdict in verdicts),
        "verdicts": [{"name": v.name, "passed": v.passed, "said": v.said} for v in verdicts],
        "groups": [_group_json(group) for group in groups],
    }


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "scenario": group.scenario,
        "profile": group.profile,
        "median": group.median,
        "advice": advice(group),
        "contenders": [_row_json(row, group) for row in group.rows],
    }


def _row_json(row: Row, group: Group) -> dict[str, Any]:
    return {
        "contender": row.contender,
        "seeds": list(row.seeds),
        "n": row.n,
        "errors": row.cell.errors,
        "ttft": {
            "p50": _known(row.p50),
            "p95": _known(row.p95),
            "p99": _known(row.p99.value),
            "p99_interval": [_known(row.p99.low), _known(row.p99.high)],
            "p999": _known(row.p999),
        },
        "extra_load": row.extra_load,
        "hedges": row.cell.hedges,
        "win_rate": _known(row.cell.win_rate),
        "optimum": row.optimum,
        "gap": _known(row.gap(group.alone)),
        "notes": {name: _known(value) for name, value in row.cell.notes.items()},
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(group: Group) -> Iterator[RenderableType]:
    table = Table(title=escape(title(group)), title_justify="left")
    for heading in HEADINGS:
        table.add_column(escape(heading), justify="left" if heading == HEADINGS[0] else "right")
    for row in group.rows:
        table.add_row(*map(escape, cells(row, group)))
    yield table
    said = advice(group)
    if said is not None:
        yield Text(f"Advice: {said}\n")


def _verdicts(verdicts: Sequence[Verdict]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    for verdict in verdicts:
        mark = Text("pass", "green") if verdict.passed else Text("FAIL", "bold red")
        grid.add_row(mark, Text(verdict.name), Text(verdict.said))
    return grid


def _time(seconds: float, unit: float) -> str:
    if math.isnan(seconds):
        return NONE
    return f"{seconds / unit:.2f}x {_ms(seconds)} ms" if math.isfinite(seconds) else "never"


def _interval(p: Interval, unit: float) -> str:
    if not math.isfinite(p.value):
        return _time(p.value, unit)
    return f"{_time(p.value, unit)} [{_ms(p.low)}, {_ms(p.high)}]"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}" if math.isfinite(seconds) else "never"


def _share(value: float) -> str:
    return f"{value:.1%}" if math.isfinite(value) else NONE
