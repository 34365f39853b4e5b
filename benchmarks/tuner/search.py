"""The best policy for a price: every delay with the probability that a budget allows, and the frontier of them.

For each budget and each delay the probability is the largest that the budget pays for, `min(1, B / S(delay))`.
Whoever picks the best of many estimates picks luck too: by how much is measured in the resamples, where the
whole search is done again, and taken off (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 17).
"""

from collections.abc import Sequence

import attrs
import numpy as np

from benchmarks.tuner.curves import Floats, at, quantile
from benchmarks.tuner.model import Forecast, Model, forecast, win_share
from benchmarks.tuner.rules import NEVER, Rule

BUDGETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15, 0.20)
"""Shares of extra calls that are looked at."""

DELAYS = 48
"""How many delays are tried, evenly in the logarithm of the share of calls that take longer."""

EARLIEST, LATEST = 0.6, 0.25
"""The share of calls that take longer than the earliest delay; of the latest one, as a part of the tail."""

CONFIDENCE = 0.99
"""Of the resamples' bounds. They claim 95 %: blocks are few, and what is common to them all is in none."""


@attrs.frozen
class Estimate:
    """A value with the bounds between which it lies with 95 % confidence."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the log tells it at all."""
        return bool(np.isfinite(self.high))


@attrs.frozen
class Point:
    """One policy, and what it would do: the goal's quantile in seconds, extra calls a request, the share of its
    hedges that answer first, and the goal as a share of what it is without hedging."""

    rule: Rule
    goal: Estimate
    load: Estimate
    wins: float
    ratio: Estimate


@attrs.frozen(eq=False)
class Fitted:
    """The model of the log itself and those of its resamples."""

    once: Model
    resampled: Model


def estimate(once: Floats, resampled: Floats, shift: float = 0.0) -> Estimate:
    """A value with its bounds, moved by `shift`."""
    outside = (1.0 - CONFIDENCE) / 2.0
    finite = np.where(np.isfinite(resampled), resampled, np.inf)
    low, high = np.quantile(finite, [outside, 1.0 - outside], method="nearest")
    return Estimate(float(once[0]) + shift, float(low) + shift, float(high) + shift)


def point(fitted: Fitted, rule: Rule, k: float, optimism: float = 0.0) -> Point:
    """What one policy would do for the k-quantile."""
    once, many = forecast(fitted.once, rule), forecast(fitted.resampled, rule)
    alone = quantile(fitted.once.overall, k), quantile(fitted.resampled.overall, k)
    with np.errstate(invalid="ignore"):
        ratio = _ratio(once, alone[0], k), _ratio(many, alone[1], k)
    return Point(
        rule=rule,
        goal=estimate(once.quantile(k), many.quantile(k), optimism),
        load=estimate(once.load, many.load),
        wins=win_share(fitted.once, rule),
        ratio=estimate(*ratio),
    )


def _ratio(made: Forecast, alone: Floats, k: float) -> Floats:
    found: Floats = np.where(np.isfinite(alone), made.quantile(k) / alone, np.inf)
    return found


def best(fitted: Fitted, k: float, budget: float, burst: float, least_wins: float) -> Point:
    """The policy within a budget that makes the k-quantile smallest, not hedging at all included.

    `least_wins` is the share of hedges that must answer first, as the gateway demands it of each.
    """
    rules = _rules(fitted.once, k, budget, burst, least_wins)
    if not rules:
        return point(fitted, NEVER, k)
    once = np.array([forecast(fitted.once, rule).quantile(k)[0] for rule in rules])
    many = np.stack([forecast(fitted.resampled, rule).quantile(k) for rule in rules])
    picked = np.argmin(many, axis=0)
    known = np.isfinite(many[picked, np.arange(many.shape[1])]) & np.isfinite(once[picked])
    optimism = 0.0
    if known.any():
        luck = once[picked][known] - many[picked, np.arange(many.shape[1])][known]
        centred = once[:, None] - many
        usual = np.nanmean(np.where(np.isfinite(centred), centred, np.nan), axis=1)[picked][known]
        optimism = max(0.0, float(np.mean(luck - usual)))
    return point(fitted, rules[int(np.argmin(once))], k, optimism)


def frontier(fitted: Fitted, k: float, burst: float, least_wins: float) -> list[Point]:
    """The best policy for each budget, from none upwards; only those that beat all cheaper ones."""
    found = [point(fitted, NEVER, k)]
    for budget in BUDGETS:
        candidate = best(fitted, k, budget, burst, least_wins)
        if candidate.goal.value < found[-1].goal.value * 0.999:
            found.append(candidate)
    return found


def knee(points: Sequence[Point]) -> Point:
    """Where the frontier bends most: the point farthest below the line from its first to its last one."""
    if len(points) < 3:
        return points[-1]
    load = np.array([each.load.value for each in points])
    goal = np.array([each.goal.value for each in points])
    x = (load - load[0]) / max(load[-1] - load[0], 1e-12)
    y = (goal - goal[-1]) / max(goal[0] - goal[-1], 1e-12)
    return points[int(np.argmax(1.0 - x - y))]


def _rules(model: Model, k: float, budget: float, burst: float, least_wins: float) -> list[Rule]:
    """A rule for each delay that is worth trying."""
    overall = model.overall[0]
    shares = np.geomspace(EARLIEST, LATEST * (1.0 - k), DELAYS)
    made = []
    for share in shares:
        delay = float(quantile(overall[None], 1.0 - share)[0])
        if not np.isfinite(delay):
            continue
        beyond = max(float(at(overall, delay)), 1e-9)
        rule = Rule(delay, min(1.0, budget / beyond), budget, burst)
        if win_share(model, rule) >= least_wins:
            made.append(rule)
    return made
