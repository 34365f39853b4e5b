"""An experiment as it went."""

from pathlib import Path

import pytest

from benchmarks.figures.sequence import boundary
from gateway.watch import Watched
from tests.benchmarks.figures.test_canvas import SOURCE
from tests.gateway.test_watch import BEGUN, traffic


def test_the_evidence_crosses_its_boundary_where_the_verdict_fell(tmp_path: Path) -> None:
    """It begins at one and ends beyond 25, for one half late a tenth of the time and the other never."""
    plot = boundary(Watched.of(BEGUN, tmp_path), traffic(600), SOURCE)

    (axes,) = plot.figure.axes
    evidence, needed = (line.get_ydata() for line in axes.lines)
    assert evidence[0] <= 1.0
    assert needed[0] == pytest.approx(25.0)
    assert evidence[-1] > needed[0]


def test_an_experiment_without_requests_is_an_empty_plot(tmp_path: Path) -> None:
    """With the boundary alone."""
    plot = boundary(Watched.of(BEGUN, tmp_path), [], SOURCE)

    assert plot.name == "experiment-e"
