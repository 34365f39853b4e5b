"""Cells become rows: seeds pooled, quantiles with their doubt, and the optimum for the load caused."""

import math
import random

import pytest

from benchmarks.tail.optimum import Model, optimum
from benchmarks.tail.results import Cell, Run, Sample
from benchmarks.tail.rows import Group, grouped
from providers.simulator.latency import SPIKY, first_token

MEDIAN = 0.5


def cell(contender: str, seed: int = 1, scenario: str = "iid", **notes: float) -> Cell:
    """Unhedged spiky latencies, whatever the contender is called."""
    rng = random.Random(seed)
    samples = tuple(Sample(i / 10, first_token(SPIKY, rng, MEDIAN), None) for i in range(4000))
    return Cell(scenario, "spiky", contender, seed, MEDIAN, samples, len(samples), notes)


def groups(*cells: Cell) -> tuple[Group, ...]:
    """The groups of a run of these."""
    return grouped(Run(cells, "hedgerow bench tail", "1", "2026-01-01", 1.0))


def test_contenders_meet_in_the_scenario_and_profile_they_share() -> None:
    """In the order in which they came, their seeds together."""
    first, second = groups(
        cell("unhedged"), cell("hedgerow"), cell("hedgerow", scenario="stall"), cell("hedgerow", 2)
    )

    assert (first.scenario, second.scenario) == ("iid", "stall")
    assert [(row.contender, row.seeds, row.n) for row in first.rows] == [
        ("unhedged", (1,), 4000),
        ("hedgerow", (1, 2), 8000),
    ]
    assert first.window == pytest.approx(399.9)


def test_ours_and_rivals_are_told_apart() -> None:
    """Who does not hedge is neither."""
    (group,) = groups(cell("unhedged"), cell("hedgerow-quantile-5"), cell("fixed-4s"))

    assert [row.contender for row in group.ours] == ["hedgerow-quantile-5"]
    assert [row.contender for row in group.rivals] == ["fixed-4s"]


def test_the_p99_is_in_seconds_and_holds_the_truth_in_its_interval() -> None:
    """The spiky profile's is 6.86 of the simulator's medians."""
    (group,) = groups(cell("unhedged"))
    (row,) = group.rows

    assert row.p50 < row.p95 < row.p99.value < row.p999
    assert row.p99.low < 6.86 * MEDIAN < row.p99.high
    assert group.alone == row.p99.value


def test_the_optimum_is_that_for_the_load_a_contender_caused() -> None:
    """5 % more calls buy what 5 % can, in this cell's seconds, beyond which there is a gap of 1."""
    one = cell("hedgerow", sigma_r=0.2)
    more = Cell("iid", "spiky", "hedgerow", 1, MEDIAN, one.samples, 4200, one.notes)
    (group,) = groups(cell("unhedged"), more)
    row = group.rows[1]
    best = optimum(Model(SPIKY, 0.2, 60.0 / MEDIAN), 0.05, 0.99).value * MEDIAN

    assert row.extra_load == pytest.approx(0.05)
    assert row.optimum == pytest.approx(best, rel=0.01)
    assert row.gap(group.alone) == pytest.approx(1.0)


def test_without_an_unhedged_contender_the_model_says_what_its_p99_is() -> None:
    """And where the model does not hold nobody knows."""
    (known,), (unknown,) = groups(cell("hedgerow")), groups(cell("hedgerow", scenario="stall"))

    assert known.alone == pytest.approx(6.86 * MEDIAN, rel=0.01)
    assert math.isnan(unknown.alone)


def test_where_the_model_does_not_hold_the_harness_may_know_the_optimum() -> None:
    """A slow key has no closed form; else nothing is said about a gap."""
    (group,) = groups(
        cell("hedgerow-a", scenario="slow-key", optimum=1.5),
        cell("hedgerow-b", scenario="slow-key"),
    )

    assert [row.optimum for row in group.rows] == [1.5, None]
    assert math.isnan(group.rows[1].gap(3.0))


def test_a_contender_without_samples_is_a_row_of_unknowns() -> None:
    """And no traceback."""
    (group,) = groups(Cell("stall", "spiky", "hedgerow", 1, MEDIAN, (), 0))

    assert math.isnan(group.rows[0].p99.value)
    assert group.window == 0.0
