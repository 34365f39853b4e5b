"""A group's plots: who is on the frontier, and curves that pass where they must."""

import random
from xml.etree.ElementTree import Element

import pytest

from benchmarks.tail.figures import figures, frontier, pareto, styles
from benchmarks.tail.plots import HEIGHT, LEFT, RIGHT, TOP, WIDTH
from benchmarks.tail.results import Cell, Run, Sample
from benchmarks.tail.rows import Group, grouped


def cell(contender: str, scale: float = 1.0, hedges: int = 0, broken: float = 0.0) -> Cell:
    """Exponential times, of which a share never came."""
    rng = random.Random(1)
    samples = tuple(
        Sample(float(i), None if rng.random() < broken else scale * rng.expovariate(1), None)
        for i in range(1000)
    )
    return Cell("stall", "spiky", contender, 1, 1.0, samples, 1000 + hedges)


def group(*cells: Cell) -> Group:
    """The one group these are in."""
    (one,) = grouped(Run(cells, "", "", "", 0.0))
    return one


def heading(svg: Element) -> str:
    """What a plot is called."""
    return svg.get("aria-label", "")


def test_there_are_plots_of_the_distribution_the_tail_the_spectrum_the_price_and_the_p99() -> None:
    """In this order."""
    told = [heading(svg) for svg in figures(group(cell("unhedged"), cell("hedgerow", 0.5, 50)))]

    assert told == [
        "Share answered by then",
        "Share still waiting (the tail)",
        "Percentile spectrum",
        "Price and p99 (a ring: another is better in both)",
        "p99 by contender",
    ]


@pytest.mark.parametrize(("broken", "plots"), [(0.0, 5), (0.05, 4), (0.6, 3), (1.0, 0)])
def test_what_never_ended_is_left_out_of_plots_that_cannot_show_it(
    broken: float, plots: int
) -> None:
    """With nothing but failures there is nothing to draw."""
    assert len(figures(group(cell("unhedged", broken=broken)))) == plots


def test_nobody_s_samples_are_no_plots() -> None:
    """And no traceback, alone or beside somebody."""
    nobody = Cell("stall", "spiky", "nobody", 1, 1.0, (), 0)

    assert figures(group(nobody)) == []
    assert len(figures(group(nobody, cell("unhedged")))) == 5


def test_the_frontier_is_whom_no_other_beats_in_both() -> None:
    """Cheapest first; who costs more and is slower is not on it."""
    one = group(
        cell("unhedged", 4), cell("bad", 5, 10), cell("hedgerow-a", 2, 20), cell("b", 1, 300)
    )

    assert [row.contender for row in frontier(one.rows)] == ["unhedged", "hedgerow-a", "b"]


def test_on_the_price_plot_the_dominated_are_rings() -> None:
    """Each with its number, so that they can be told apart."""
    svg = pareto(group(cell("unhedged", 4), cell("bad", 5, 10), cell("hedgerow-a", 2, 20)))
    circles = [circle.get("class") for circle in svg.iter("circle")]

    assert circles[:3] == ["dot", "ring", "dot"]


def test_contenders_keep_their_style_in_all_plots() -> None:
    """Who never hedges has the ink's, wherever it is in the list."""
    assert styles(group(cell("a"), cell("unhedged"), cell("b"))) == {"unhedged": 0, "a": 1, "b": 2}


def test_the_distribution_rises_to_the_top_and_the_tail_falls() -> None:
    """From left to right, within the frame."""
    rising, falling, *_ = figures(group(cell("unhedged")))
    up, down = (next(svg.iter("polyline")).get("points", "").split() for svg in (rising, falling))
    heights = [float(point.split(",")[1]) for point in up]
    drops = [float(point.split(",")[1]) for point in down]

    assert heights == sorted(heights, reverse=True)
    assert drops == sorted(drops)
    assert (float(up[0].split(",")[0]), float(up[-1].split(",")[0])) == (LEFT, WIDTH - RIGHT)
    assert TOP <= min(heights + drops) <= max(heights + drops) <= HEIGHT
