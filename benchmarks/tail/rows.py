"""Cells brought to one row a contender: what tables, plots and verdicts are made of. Times are seconds."""

import math
import random
from collections import defaultdict
from collections.abc import Sequence

import attrs

from benchmarks.stats import Interval, block_bootstrap, gap_to_optimum, quantile
from benchmarks.tail.optimum import Model, optimum, unhedged
from benchmarks.tail.results import PARTS, UNHEDGED, Cell, Run, pooled
from providers.simulator.latency import LONGEST, PROFILES

LIKE_THE_MODEL = "iid"
"""The scenario in which attempts are as independent as the closed form supposes."""


@attrs.frozen
class Row:
    """One contender in a scenario with a profile, all seeds together."""

    cell: Cell
    seeds: tuple[int, ...]
    p50: float
    p95: float
    p99: Interval
    p999: float
    optimum: float | None
    """The p99 that was possible with the extra load this contender caused, where it is known."""

    @property
    def contender(self) -> str:
        """Who."""
        return self.cell.contender

    @property
    def n(self) -> int:
        """Requests, also those that failed or whose client left."""
        return len(self.cell.samples)

    @property
    def budget(self) -> float | None:
        """The share of extra load it was allowed."""
        return self.cell.notes.get("budget")

    @property
    def extra_load(self) -> float:
        """Calls beyond one for each request, as a share of the requests."""
        return self.cell.extra_load

    def gap(self, alone: float) -> float:
        """How much of the possible gain over the unhedged p99 was not reached; 0 is all of it."""
        return (
            math.nan
            if self.optimum is None
            else gap_to_optimum(self.p99.value, alone, self.optimum)
        )


@attrs.frozen
class Group:
    """All contenders that met the same scenario and profile."""

    scenario: str
    profile: str
    median: float
    rows: tuple[Row, ...]

    @property
    def ours(self) -> tuple[Row, ...]:
        """Contenders of ours."""
        return tuple(row for row in self.rows if row.cell.ours)

    @property
    def rivals(self) -> tuple[Row, ...]:
        """What other gateways do."""
        return tuple(row for row in self.rows if not row.cell.ours and row.contender not in PARTS)

    @property
    def unhedged(self) -> Row | None:
        """The one that never hedges, if it ran."""
        return next((row for row in self.rows if row.contender == UNHEDGED), None)

    @property
    def alone(self) -> float:
        """The p99 without hedging: as measured, else as the model says, else not a number."""
        if self.unhedged is not None:
            return self.unhedged.p99.value
        model = _model(self.rows[0].cell)
        return math.nan if model is None else self.median * unhedged(model, 0.99)

    @property
    def window(self) -> float:
        """Virtual seconds from the first to the last arrival, of the contender with the most."""
        arrivals = [[sample.due for sample in row.cell.samples] for row in self.rows]
        return max((max(dues) - min(dues) for dues in arrivals if dues), default=0.0)


def grouped(run: Run) -> tuple[Group, ...]:
    """A run's cells as groups of rows, in the order in which they came."""
    groups: defaultdict[tuple[str, str], defaultdict[str, list[Cell]]]
    groups = defaultdict(lambda: defaultdict(list))
    for cell in run.cells:
        groups[cell.scenario, cell.profile][cell.contender].append(cell)
    return tuple(
        _group(scenario, profile, list(contenders.values()))
        for (scenario, profile), contenders in groups.items()
    )


def _group(scenario: str, profile: str, contenders: Sequence[Sequence[Cell]]) -> Group:
    rows = tuple(_row(cells) for cells in contenders)
    return Group(scenario, profile, rows[0].cell.median, rows)


def _row(cells: Sequence[Cell]) -> Row:
    cell = pooled(cells)
    ttfts = cell.ttfts
    return Row(
        cell=cell,
        seeds=tuple(one.seed for one in cells),
        p50=quantile(ttfts, 0.5),
        p95=quantile(ttfts, 0.95),
        p99=block_bootstrap(ttfts, 0.99, chance(cell)),
        p999=quantile(ttfts, 0.999),
        optimum=_optimum(cell),
    )


def chance(cell: Cell) -> random.Random:
    """Chance for resampling this cell: the same for the same cell, so that reports can be compared."""
    return random.Random(f"{cell.scenario}/{cell.profile}/{cell.contender}/{cell.seed}")


def _optimum(cell: Cell) -> float | None:
    model = _model(cell)
    if model is None:
        return cell.notes.get("optimum")
    load = math.ceil(max(0.0, cell.extra_load) * 1000.0) / 1000.0  # so that few are computed
    return cell.median * optimum(model, load, 0.99).value


def _model(cell: Cell) -> Model | None:
    """What the cell's latencies are drawn from, if that is all there is to them."""
    if cell.scenario != LIKE_THE_MODEL or cell.profile not in PROFILES:
        return None
    sigma_r = cell.notes.get("sigma_r", 0.0)
    return Model(PROFILES[cell.profile], sigma_r, LONGEST / cell.median)
