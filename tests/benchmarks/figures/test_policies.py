"""Frontier, delay sweep, heat map."""

from benchmarks.figures import policies
from benchmarks.tuner.search import frontier
from tests.benchmarks.figures.test_canvas import SOURCE
from tests.benchmarks.tuner.test_search import fitted


def test_the_frontier_shows_every_point_that_is_known() -> None:
    """Load in percent, the goal in seconds, bounds both ways."""
    points = frontier(fitted("spiky"), 0.99, 10.0, 0.25)

    (axes,) = policies.frontier(points, 0.99, SOURCE).figure.axes

    assert len(axes.lines[0].get_xdata()) == len(points)
    assert "p99" in axes.get_ylabel()


def test_the_sweep_has_its_bottom_at_the_best_delay() -> None:
    """Spiky at 5 %: about 1.1 s."""
    (axes,) = policies.sweep(fitted("spiky"), 0.99, 0.05, SOURCE).figure.axes
    delays, goals = axes.lines[0].get_data()

    assert 1.0 < delays[goals.argmin()] < 1.4


def test_the_heat_map_has_a_scale_and_lines_of_equal_load() -> None:
    """Two axes: the map, and what its colours mean."""
    figure = policies.heat(fitted("spiky"), 0.99, SOURCE).figure

    assert [axes.get_ylabel() for axes in figure.axes] == [
        "probability",
        "p99 of the time to first token (s)",
    ]
