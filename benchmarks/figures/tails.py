"""How long first tokens take: their distribution, its tail, and its quantiles in nines."""

from collections.abc import Sequence

import numpy as np

from benchmarks.figures.canvas import COLOURS, Plot, Source, canvas
from benchmarks.tuner.curves import EDGES, Floats, quantile

BOUNDS = (0.005, 0.995)
"""Of the resamples, as everywhere in the tuner: they claim 95 %."""

NINES = np.linspace(0.05, 3.3, 120)

Curves = tuple[str, Floats, Floats]
"""A name, a curve at the edges, and the curves of its resamples."""

TIME = "time to first token (s)"


def distribution(curves: Sequence[Curves], source: Source) -> Plot:
    """The share of requests that are answered within a time, with bands."""
    plot, axes = canvas("cdf", "Distribution", (TIME, "share of requests"), source)
    for (name, once, many), colour in zip(curves, COLOURS, strict=False):
        low, high = np.quantile(1.0 - many, BOUNDS, axis=0)
        axes.plot(EDGES, 1.0 - once, color=colour, label=name)
        axes.fill_between(EDGES, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.set_xscale("log")
    axes.set_xlim(*_span(curves))
    axes.legend()
    return plot


def tail(curves: Sequence[Curves], source: Source) -> Plot:
    """The share of requests that take longer than a time, on two logarithmic axes, with bands."""
    plot, axes = canvas("ccdf", "Tail", (TIME, "share of requests that take longer"), source)
    for (name, once, many), colour in zip(curves, COLOURS, strict=False):
        low, high = np.quantile(many, BOUNDS, axis=0)
        axes.plot(EDGES, np.where(once > 0.0, once, np.nan), color=colour, label=name)
        axes.fill_between(
            EDGES, np.maximum(low, 1e-6), np.maximum(high, 1e-6), color=colour, alpha=0.2
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*_span(curves))
    axes.set_ylim(1e-4, 1.0)
    axes.legend()
    return plot


def spectrum(curves: Sequence[Curves], source: Source) -> Plot:
    """Quantiles by how many nines they have."""
    plot, axes = canvas("spectrum", "Percentile spectrum", ("percentile", TIME), source)
    shares = 1.0 - 10.0**-NINES
    for (name, once, many), colour in zip(curves, COLOURS, strict=False):
        values = _finite([quantile(once[None], p)[0] for p in shares])
        bounds = np.array(
            [np.quantile(quantile(many, p), BOUNDS, method="nearest") for p in shares]
        )
        axes.plot(NINES, values, color=colour, label=name)
        axes.fill_between(
            NINES, _finite(bounds[:, 0]), _finite(bounds[:, 1]), color=colour, alpha=0.2
        )
    axes.set_xticks([0, 0.301, 1, 2, 3], ["0", "50", "90", "99", "99.9"])
    axes.set_yscale("log")
    axes.legend()
    return plot


def _finite(values: "Sequence[float] | Floats") -> Floats:
    found = np.asarray(values, dtype=float)
    return np.where(np.isfinite(found), found, np.nan)


def _span(curves: Sequence[Curves]) -> tuple[float, float]:
    """From the fastest call to the last that is known."""
    first = max(1, min(int(np.argmax(once < 1.0)) for _, once, _ in curves))
    last = max(int(np.argmin(once)) for _, once, _ in curves)
    return float(EDGES[first - 1]), float(EDGES[min(last + 1, len(EDGES) - 1)])
