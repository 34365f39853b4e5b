"""Distributions, tails, quantiles in nines."""

import numpy as np

from benchmarks.figures import tails
from benchmarks.tuner.curves import EDGES
from tests.benchmarks.figures.test_canvas import SOURCE
from tests.benchmarks.tuner.test_search import fitted


def test_each_curve_is_drawn_with_its_band() -> None:
    """On axes with units, by name."""
    model = fitted("spiky")
    curves = [("alone", model.once.overall[0], model.resampled.overall)]

    for draw in (tails.distribution, tails.tail, tails.spectrum):
        (axes,) = draw(curves, SOURCE).figure.axes
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["alone"]
        assert len(axes.collections) == 1, "the band"
        assert "(s)" in axes.get_xlabel() + axes.get_ylabel()


def test_what_is_not_known_is_not_drawn() -> None:
    """A curve that ends at a tenth has no p99."""
    once = np.where(EDGES < 1.0, 1.0, 0.1)
    (axes,) = tails.spectrum([("cut", once, once[None])], SOURCE).figure.axes

    assert np.isnan(axes.lines[0].get_ydata()[-1])
