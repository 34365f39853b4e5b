"""What a policy would do: the tail and the load of a randomised backup, from the curves of single calls.

A request whose first call is still silent after `delay` is hedged with probability `q`, if the budget
grants it. With S the survival function of one call, its answer takes longer than t with probability

    S_T(t) = S(t) [1 - q g (1 - C(S(t - delay)))]        for t > delay, else S(t)

and costs `q g S(delay)` more calls. This is SingleR (Kaler, He and Elnikety 2017), with two corrections: `C`,
how likely a backup is slow where the first call was, C(u) = u if they are independent; and `g`, the share of
wanted hedges that the budget grants. Everything is taken regime by regime and added up.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from benchmarks.tuner.curves import EDGES, Floats, at, kaplan_meier, quantile
from benchmarks.tuner.evidence import RANKS, TAIL, Evidence
from benchmarks.tuner.rules import Rule

SHRINK = 10.0
"""Observations of independence to which the measured dependence is drawn."""

FAR = round(RANKS * TAIL)
"""The class of rank from which on the dependence is one factor, as too few calls lie beyond it to tell more."""


@attrs.frozen(eq=False)
class Model:
    """One set of curves for each resample: `weights` (R, regimes) add up to 1, `curves` (R, regimes, 513)
    are of single calls, `dependence` (R, 101) is C at the edges of the classes of rank."""

    weights: Floats
    curves: Floats
    dependence: Floats

    @property
    def overall(self) -> Floats:
        """The curves of all regimes together: (R, 513)."""
        mixed: Floats = np.einsum("rk,rkt->rt", self.weights, self.curves)
        return mixed


@attrs.frozen(eq=False)
class Forecast:
    """What a policy would do in each resample: the curve of its answers, its extra calls a request, and the
    share of hedges that answer first."""

    curves: Floats
    load: Floats

    def quantile(self, p: float) -> Floats:
        """Seconds within which a share `p` of requests is answered; infinite where that is not known."""
        return quantile(self.curves, p)


def fit(evidence: Evidence, weights: Floats) -> Model:
    """The model of each resample of the evidence; `weights` are how often each has each slice."""
    ended, censored = (
        evidence.summed(evidence.ended, weights),
        evidence.summed(evidence.censored, weights),
    )
    sizes = evidence.summed(evidence.sizes[:, None], weights)[..., 0]
    curves = kaplan_meier(ended, censored)
    return Model(sizes / sizes.sum(axis=1, keepdims=True), curves, _dependence(evidence, weights))


def _dependence(evidence: Evidence, weights: Floats) -> Floats:
    """P(backup is slower than all but a share u | the first call lies in the tail), for u from 1 to 0.

    The condition holds for most hedged requests and for some of those that explored both calls at once. How
    long the other call took is censored where the first came before it, hence Kaplan and Meier once more, in
    ranks instead of seconds so that regimes can be taken together.
    """
    ended, censored = weights @ evidence.rival_ended, weights @ evidence.rival_censored
    count = (ended + censored).sum(axis=-1)[:, None]
    alone = 1.0 - np.arange(RANKS + 1) / RANKS
    found: Floats = (kaplan_meier(ended, censored) * count + alone * SHRINK) / (count + SHRINK)
    factor = np.clip(found[:, FAR] / alone[FAR], 1.0, 1.0 / alone[FAR])
    found[:, FAR:] = factor[:, None] * alone[FAR:]
    return found


def _backup(model: Model, usual: Floats) -> Floats:
    """C(u) for survival values u of (R, regimes, times)."""
    position = np.clip((1.0 - usual) * RANKS, 0.0, RANKS)
    below = np.minimum(position.astype(np.int64), RANKS - 1)
    rows = np.arange(len(usual))[:, None, None]
    upper, lower = model.dependence[rows, below], model.dependence[rows, below + 1]
    found: Floats = upper - (upper - lower) * (position - below)
    return found


def granted(wanted: Floats, budget: float, burst: float) -> Floats:
    """The share of wanted hedges that a budget grants, where a share `wanted` of requests asks for one.

    The bucket's level is a random walk between 0 and `burst`: each request adds `budget`, each hedge takes
    1. As a Brownian motion with drift m = budget - wanted and variance v = wanted (1 - wanted) it is held up
    at 0 at the rate m / (exp(2 m burst / v) - 1) a request (Harrison 1985, Brownian Motion and Stochastic
    Flow Systems, 5.6): those hedges are refused. At wanted = budget that is 1 in 2 burst.
    """
    drift = budget - wanted
    variance = np.maximum(wanted * (1.0 - wanted), 1e-9)
    push = np.clip(2.0 * drift * burst / variance, -500.0, 500.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        refused = np.where(np.abs(push) < 1e-6, variance / (2.0 * burst), drift / np.expm1(push))
        share = np.where(wanted > 0.0, 1.0 - refused / wanted, 1.0)
    return np.clip(share, 0.0, 1.0)


@attrs.frozen(eq=False)
class Plan:
    """A delay and a probability that are in force for some of the requests: for `shares` of each regime's."""

    delay: float
    probability: float
    shares: Floats


def forecast(model: Model, rule: Rule) -> Forecast:
    """What this policy would do."""
    if rule.delay is None or rule.never:
        return Forecast(model.overall, np.zeros(len(model.weights)))
    everywhere = np.ones(model.weights.shape[1])
    plans = [Plan(rule.delay, rule.probability, everywhere)]
    return as_planned(model, plans, rule.budget, rule.burst)


def as_planned(model: Model, plans: Sequence[Plan], budget: float, burst: float) -> Forecast:
    """What several plans do that share one budget."""
    wanted = np.zeros(model.weights.shape)
    for plan in plans:
        wanted += plan.shares * plan.probability * at(model.curves, plan.delay)
    share = granted(wanted, budget, burst)
    saved = np.zeros(model.curves.shape)
    for plan in plans:
        later = EDGES - plan.delay
        faster = (1.0 - _backup(model, at(model.curves, later))) * (later > 0.0)
        saved += plan.shares[:, None] * plan.probability * faster
    curves = model.curves * (1.0 - share[..., None] * saved)
    load = np.einsum("rk,rk->r", model.weights, wanted * share)
    return Forecast(np.einsum("rk,rkt->rt", model.weights, curves), load)


def win_share(model: Model, rule: Rule) -> float:
    """The share of hedges that answer first: P(delay + Y < X | X > delay), of the first resample.

    The mean over the backup's times of the share of silent first calls that take longer still.
    """
    if rule.delay is None or rule.never:
        return 0.0
    usual = model.curves[:1]
    backup = _backup(attrs.evolve(model, dependence=model.dependence[:1]), usual)[0]
    ends = -np.diff(backup, axis=-1)
    silent = at(usual[0], rule.delay)
    longer = at(usual[0], rule.delay + np.sqrt(EDGES[:-1] * EDGES[1:]))
    weight = model.weights[0] * silent
    wins = (ends * longer).sum(axis=-1) / np.maximum(silent, 1e-12)
    return float((weight * wins).sum() / max(weight.sum(), 1e-12))
