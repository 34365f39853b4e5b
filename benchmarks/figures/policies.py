"""What policies would do: the frontier of tail against load, one delay after the other, and all of them."""

from collections.abc import Sequence

import numpy as np

from benchmarks.figures.canvas import COLOURS, Plot, Source, canvas
from benchmarks.tuner.curves import quantile
from benchmarks.tuner.model import forecast
from benchmarks.tuner.rules import Rule
from benchmarks.tuner.search import Fitted, Point

GRID = 32
"""Delays, and probabilities, of the heat map."""


def frontier(points: Sequence[Point], k: float, source: Source) -> Plot:
    """The best goal for each load, with bounds both ways."""
    name = _name(k)
    plot, axes = canvas("frontier", "Pareto frontier", ("extra calls (%)", f"{name} (s)"), source)
    known = [point for point in points if point.goal.known]
    goal = np.array([[p.goal.value, p.goal.low, p.goal.high] for p in known]).reshape(-1, 3)
    load = np.array([[p.load.value, p.load.low, p.load.high] for p in known]).reshape(-1, 3) * 100.0
    axes.errorbar(
        load[:, 0], goal[:, 0], _reach(goal), _reach(load), fmt="o-", capsize=3, color=COLOURS[0]
    )
    axes.set_ylim(bottom=0.0)
    return plot


def sweep(fitted: Fitted, k: float, budget: float, source: Source) -> Plot:
    """The goal for each delay, each with the largest probability that the budget allows."""
    title = f"Delay sweep at a budget of {100 * budget:g} %"
    plot, axes = canvas("sweep", title, ("delay (s)", f"{_name(k)} (s)"), source)
    delays = _delays(fitted, 40)
    rules = [Rule(delay, min(1.0, budget / share), budget) for delay, share in delays]
    values = np.array([forecast(fitted.once, rule).quantile(k)[0] for rule in rules])
    many = [forecast(fitted.resampled, rule).quantile(k) for rule in rules]
    low, high = np.quantile(np.array(many), (0.005, 0.995), axis=1, method="nearest")
    at = np.array([delay for delay, _ in delays])
    axes.plot(at, values, color=COLOURS[0], label="with the backup")
    axes.fill_between(
        at, low, np.where(np.isfinite(high), high, np.nan), color=COLOURS[0], alpha=0.2
    )
    alone = float(quantile(fitted.once.overall, k)[0])
    axes.axhline(alone, color=COLOURS[1], linestyle="--", label="without hedging")
    axes.legend()
    return plot


def heat(fitted: Fitted, k: float, source: Source) -> Plot:
    """The goal for each delay and probability, without a budget; lines of equal load."""
    plot, axes = canvas("heat", f"{_name(k)} (s)", ("delay (s)", "probability"), source)
    delays = [delay for delay, _ in _delays(fitted, GRID)]
    chances = np.linspace(0.05, 1.0, GRID)
    made = [
        [forecast(fitted.once, Rule(delay, chance, budget=1.0)) for delay in delays]
        for chance in chances.tolist()
    ]
    goal = np.array([[each.quantile(k)[0] for each in row] for row in made])
    load = np.array([[each.load[0] for each in row] for row in made]) * 100.0
    mesh = axes.pcolormesh(
        delays, chances, np.where(np.isfinite(goal), goal, np.nan), cmap="viridis"
    )
    plot.figure.colorbar(mesh, label=f"{_name(k)} (s)")
    lines = axes.contour(delays, chances, load, levels=[1, 2, 5, 10, 20], colors="white")
    axes.clabel(lines, fmt=lambda value: f"+{value:g} %")
    return plot


def _delays(fitted: Fitted, count: int) -> list[tuple[float, float]]:
    """Delays from the median on, each with the share of calls that take longer; rising."""
    shares = np.geomspace(0.6, 0.004, count)
    found = [
        (float(quantile(fitted.once.overall, 1.0 - share)[0]), float(share)) for share in shares
    ]
    rising: list[tuple[float, float]] = []
    for delay, share in found:
        if np.isfinite(delay) and (not rising or delay > rising[-1][0]):
            rising.append((delay, share))
    return rising


def _reach(values: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
    """How far bounds are from their values, below and above."""
    below, above = values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]
    return np.maximum(np.stack([below, above]), 0.0)


def _name(k: float) -> str:
    return f"p{100 * k:g} of the time to first token"
