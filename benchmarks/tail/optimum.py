"""The best that one backup can do for a quantile at a given price, computed from the latency model.

`Model` is how long one attempt takes: `R X`, where attempts of a request draw `X` independently and
share `R`. Its survival function `S` has a closed form, as the logarithm of a lognormal-times-Pareto
draw is a normal plus an exponential one. Times are multiples of the simulator's median `M` (outliers
put the true median a little above it), loads are shares of requests.

A single randomised backup (SingleR; Kaler, He and Elnikety 2017) sends with probability `q` after
`d`. Its load is `q S(d)` and its tail `S(t) [1 - q F(t - d)]`. `optimum` takes for every `d` the
largest `q` that the budget allows, `min(1, B / S(d))`, and seeks the `d` that makes `t` smallest.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import attrs

from providers.simulator.latency import LONGEST, Profile

GRID = 240  # delays tried, evenly in the logarithm
FACTORS = 25  # points at which the request factor is taken: the trapezoid rule on +-4 sigma
SHARES = 200  # shares of draws that a delay is tried to exceed
HALVINGS = 34  # of an interval of times in search of the smallest


@attrs.frozen
class Optimum:
    """The quantile that can be reached, with the backup's delay and probability that reach it."""

    value: float
    delay: float
    probability: float


@attrs.frozen
class Model:
    """A latency profile whose requests have factors of spread `sigma_r`, cut off at `longest`."""

    profile: Profile
    sigma_r: float = 0.0
    longest: float = LONGEST

    def survival(self, t: float) -> float:
        """P(X > t) of one attempt whose request has factor 1, without the cut-off."""
        p, sigma = self.profile, self.profile.sigma
        if t <= 0.0:
            return 1.0
        if sigma == 0.0:
            return _pareto(p, t)
        y = math.log(t)
        usual = _normal_above(y / sigma)
        if not p.outliers:
            return usual
        return (1.0 - p.outliers) * usual + p.outliers * _exponentially_modified(p, y)

    def average(self, per_factor: Callable[[float], float]) -> float:
        """The mean of a quantity over the request factors."""
        return sum(weight * per_factor(factor) for factor, weight in factors(self.sigma_r))

    def tail(self, t: float) -> float:
        """P(RX > t): of one attempt alone."""
        return 0.0 if t >= self.longest else self.average(lambda r: self.survival(t / r))

    def slower(self, share: float) -> float:
        """The time that only this share of single attempts exceeds."""
        return _smallest(lambda t: self.tail(t) <= share, self.longest)


@cache
def unhedged(model: Model, k: float) -> float:
    """The k-quantile of one attempt alone."""
    return model.slower(1.0 - k)


@cache
def both_at_once(model: Model, k: float) -> float:
    """The k-quantile if every request starts two attempts at once."""

    def reached(t: float) -> bool:
        return model.average(lambda r: model.survival(t / r) ** 2) <= 1.0 - k

    return _smallest(reached, model.longest)


@cache
def oracle(model: Model, budget: float, k: float) -> float:
    """The k-quantile if one knew the slowest share of first attempts and backed just those up at once.

    A lower bound for every policy with a single backup.
    """
    slow = model.slower(min(1.0, budget))

    def above(t: float, r: float) -> float:
        s, backed = model.survival(t / r), model.survival(slow / r)
        return s * s if t >= slow else s - backed + backed * s

    def reached(t: float) -> bool:
        return model.average(lambda r: above(t, r)) <= 1.0 - k

    return _smallest(reached, model.longest)


@cache
def deterministic(model: Model, budget: float, k: float) -> Optimum:
    """What a backup that is always sent, as early as the budget allows, does for the k-quantile."""
    delay = model.slower(budget) if budget < 1.0 else 0.0
    value = _smallest(lambda t: _hedged_tail(model, t, delay, 1.0) <= 1.0 - k, model.longest)
    return Optimum(value, delay, 1.0)


@cache
def optimum(model: Model, budget: float, k: float) -> Optimum:
    """The smallest k-quantile that any SingleR reaches within the budget."""
    alone = unhedged(model, k)
    if budget <= 0.0:
        return Optimum(alone, alone, 0.0)
    choices = [(d, min(1.0, budget / model.tail(d))) for d in _grid(model, alone)]
    best = Optimum(alone, alone, min(1.0, budget / (1.0 - k)))
    for delay, probability in sorted(choices, reverse=True):
        best = _better(model, best, Optimum(alone, delay, probability), k)
    return best


@cache
def factors(sigma_r: float) -> tuple[tuple[float, float], ...]:
    """Request factors and their weights, which add up to 1."""
    if not sigma_r:
        return ((1.0, 1.0),)
    points = [8.0 * i / (FACTORS - 1) - 4.0 for i in range(FACTORS)]
    weights = [math.exp(-z * z / 2.0) for z in points]
    whole = sum(weights)
    return tuple((math.exp(sigma_r * z), w / whole) for z, w in zip(points, weights, strict=True))


def empirical(pairs: Sequence[tuple[float, float]], budget: float, k: float) -> Optimum:
    """The best SingleR for draws of (first choice, backup), where the model has no closed form.

    It is chosen after the draws were seen, so with few of them it flatters what was possible.
    """
    ordered = sorted(pairs)
    n = len(ordered)
    last = max(0, math.ceil(k * n) - 1)
    best = Optimum(ordered[last][0], ordered[last][0], 0.0)
    if budget <= 0.0:
        return best
    for start in sorted({n * step // SHARES for step in range(SHARES)}, reverse=True):
        delay = ordered[start - 1][0] if start else 0.0
        slower = [pair for pair in ordered[start:] if pair[0] > delay]
        if len(slower) < n - last or delay >= best.value:
            continue
        q = min(1.0, budget * n / len(slower))
        value = _reached(slower, Optimum(best.value, delay, q), n - 1 - last)
        if value < best.value:
            best = Optimum(value, delay, q)
    return best


def _reached(slower: Sequence[tuple[float, float]], tried: Optimum, allowed: int) -> float:
    """The time that a weight of only `allowed` of these requests exceeds, or the value tried to beat."""
    delay, q = tried.delay, tried.probability
    hedged = [min(x, delay + y) for x, y in slower]
    most = allowed * (1.0 + 1e-9)
    alone = sum(x >= tried.value for x, _ in slower)
    if alone * (1.0 - q) + sum(x >= tried.value for x in hedged) * q > most:
        return tried.value
    weighted = [(x, 1.0 - q) for x, _ in slower] + [(x, q) for x in hedged]
    weighted.sort(reverse=True)
    beyond = 0.0
    for value, weight in weighted:
        beyond += weight
        if beyond > most:
            return value
    return delay


def _better(model: Model, best: Optimum, tried: Optimum, k: float) -> Optimum:
    """Most delays are seen at a glance not to beat the best so far; only others are searched."""

    def reached(t: float) -> bool:
        return _hedged_tail(model, t, tried.delay, tried.probability) <= 1.0 - k

    if not reached(best.value * (1.0 - 1e-6)):
        return best
    return attrs.evolve(tried, value=_smallest(reached, best.value))


def _hedged_tail(model: Model, t: float, delay: float, q: float) -> float:
    """P(no answer by t) if a backup is sent after the delay with probability q."""
    if t >= model.longest:
        return 0.0
    if t <= delay:
        return model.tail(t)

    def above(r: float) -> float:
        return model.survival(t / r) * (1.0 - q + q * model.survival((t - delay) / r))

    return model.average(above)


def _grid(model: Model, most: float) -> Iterator[float]:
    """Delays from 0 to the unhedged quantile: a later one cannot move it."""
    least = min(model.slower(0.999), most / 2.0)
    yield 0.0
    for i in range(GRID):
        yield least * (most / least) ** (i / GRID)


def _smallest(reached: Callable[[float], bool], most: float) -> float:
    """The smallest time for which this holds, if it holds from there to `most`."""
    low, high = 0.0, most
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _normal_above(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def _pareto(p: Profile, t: float) -> float:
    usual = 0.0 if t >= 1.0 else 1.0
    outlier = 1.0 if t <= p.least else (p.least / t) ** p.alpha
    return (1.0 - p.outliers) * usual + p.outliers * outlier


def _exponentially_modified(p: Profile, y: float) -> float:
    """P(sigma Z + E / alpha > y - ln least), where E is exponential: the logarithm of an outlier."""
    shifted = y - math.log(p.least)
    kept = math.exp(p.alpha * (p.alpha * p.sigma**2 / 2.0 - shifted))
    later = _normal_above(p.alpha * p.sigma - shifted / p.sigma)
    return _normal_above(shifted / p.sigma) + kept * later
