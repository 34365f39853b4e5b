"""Whether a model of a log is to be believed: it must say of the policy that made the log what the log says.

For the quantiles and for the share of hedged requests, model and log are compared in every resample. If the
difference is surely not nothing, something that the model knows nothing of was at work, and nothing that it
says of other policies is worth anything.
"""

from collections.abc import Iterator, Mapping

import attrs
import msgspec
import numpy as np

from benchmarks.tuner.curves import Floats, counted, kaplan_meier, quantile
from benchmarks.tuner.evidence import Evidence
from benchmarks.tuner.lanes import OTHER
from benchmarks.tuner.model import Plan, as_planned
from benchmarks.tuner.reading import LOSERS, Recording
from benchmarks.tuner.search import Estimate, Fitted, estimate
from state.records import PolicyInForce

HEDGES = "hedges"
QUANTILES = (0.5, 0.95, 0.99)
ENOUGH = 10.0
"""Requests that must lie beyond a quantile before it is compared at all."""

ROUNDING = 0.015
"""What the buckets may shift a quantile by: half of their width and a little."""

LOAD_ROUNDING = 0.005
"""Hedges a request by which the model may be off: when times turn, a full budget and a delay that lags behind
allow a few more than either time would for long."""

PLANS = 6
"""Into how many classes the delays that were in force are taken together."""

MISSING = 0.001
"""The share of races without their losers that is put up with."""


@attrs.frozen
class Check:
    """One number as the log and as the model have it, and by what factor the model is off."""

    name: str
    seen: float
    said: float
    off: Estimate

    @property
    def holds(self) -> bool:
        """Whether the two may be the same."""
        if self.name == HEDGES and abs(self.said - self.seen) <= LOAD_ROUNDING:
            return True
        return self.off.low / (1.0 + ROUNDING) <= 1.0 <= self.off.high * (1.0 + ROUNDING)


@attrs.frozen
class Trust:
    """What the comparison came to; `objections` are sentences, none if the model is to be believed."""

    checks: tuple[Check, ...]
    objections: tuple[str, ...]

    @property
    def trusted(self) -> bool:
        """Whether anything may be recommended."""
        return not self.objections


def examine(recording: Recording, evidence: Evidence, fitted: Fitted, weights: Floats) -> Trust:
    """Compares model and log; `weights` are the resamples' of `fitted.resampled`."""
    checks = tuple(_checks(recording, evidence, fitted, weights))
    return Trust(
        checks, (*_missing(recording), *(_objection(each) for each in checks if not each.holds))
    )


def _missing(recording: Recording) -> Iterator[str]:
    lost = recording.left_out.get(LOSERS, 0)
    if lost > MISSING * (len(recording) + lost):
        yield (
            f"{lost:,} hedged requests are recorded without their losers: what is left looks faster than it "
            "was, and by how much is not to be known"
        )
    if len(recording) < 2 * ENOUGH / (1.0 - QUANTILES[1]):
        yield f"{len(recording):,} requests are too few to learn anything from; record some thousands"


def _checks(
    recording: Recording, evidence: Evidence, fitted: Fitted, weights: Floats
) -> Iterator[Check]:
    usual = (recording.column("arm") == 0.0) & ~np.isnan(recording.column("ttft"))
    if not usual.any():
        return
    slices = len(evidence.regime)
    answered = counted(recording.column("ttft")[usual], evidence.slice_of[usual], slices)
    hedged = np.bincount(
        evidence.slice_of[usual], weights=recording.column("hedged")[usual], minlength=slices
    )
    plans, budget, burst = plans_of(recording, evidence)
    once = as_planned(fitted.once, plans, budget, burst)
    many = as_planned(fitted.resampled, plans, budget, burst)
    both = np.concatenate([np.ones((1, slices)), weights])
    seen = kaplan_meier(both @ answered, np.zeros((len(both), answered.shape[1])))
    for p in QUANTILES:
        if usual.sum() * (1.0 - p) >= ENOUGH:
            told = np.concatenate([once.quantile(p), many.quantile(p)])
            yield _check(f"p{100 * p:g}", quantile(seen, p), told)
    rates = (both @ hedged) / (both @ answered.sum(axis=1))
    if hedged.sum() >= ENOUGH or once.load[0] * usual.sum() >= ENOUGH:
        yield _check(HEDGES, rates, np.concatenate([once.load, many.load]), least=1e-4)


def _check(name: str, seen: Floats, told: Floats, least: float = 1e-9) -> Check:
    off = np.maximum(told, least) / np.maximum(seen, least)
    return Check(name, float(seen[0]), float(told[0]), estimate(off[:1], off[1:]))


def _objection(check: Check) -> str:
    if check.name == HEDGES:
        said, seen = f"{100 * check.said:.2f} %", f"{100 * check.seen:.2f} %"
        return f"of the policy that made the log it says that {said} of requests are hedged: {seen} were"
    return (
        f"of the policy that made the log it says a {check.name} of {check.said:.3g} s; it was "
        f"{check.seen:.3g} s (off by a factor of {check.off.low:.2f} to {check.off.high:.2f})"
    )


def plans_of(recording: Recording, evidence: Evidence) -> tuple[list[Plan], float, float]:
    """The plans that were in force, with their budget and burst.

    Delays that follow what was seen differ from request to request: they are taken in classes. Hedges that
    something else than coin and budget refused (no second key, hopeless) lower the probability.
    """
    usual = recording.column("arm") == 0.0
    delay = np.where(usual, recording.column("planned"), np.nan)
    known = ~np.isnan(delay)
    budget, burst = _budget(recording)
    if not known.any():
        return [], budget, burst
    refused = (recording.column("skip") == OTHER) & usual
    wanted = refused | (
        usual & ((recording.column("hedged") > 0.0) | (recording.column("skip") > 0.0))
    )
    kept = 1.0 - refused.sum() / max(1, wanted.sum())
    edges = np.unique(np.quantile(delay[known], np.linspace(0.0, 1.0, PLANS + 1)))
    place = np.clip(
        np.searchsorted(edges, delay[known], side="right") - 1, 0, max(0, len(edges) - 2)
    )
    regime = evidence.regime[evidence.slice_of]
    totals = np.maximum(np.bincount(regime[usual], minlength=evidence.regimes), 1)
    plans = []
    for each in np.unique(place):
        rows = np.flatnonzero(known)[place == each]
        shares = np.bincount(regime[rows], minlength=evidence.regimes) / totals
        probability = float(np.mean(recording.column("probability")[rows])) * kept
        plans.append(Plan(float(np.median(delay[rows])), probability, shares))
    return plans, budget, burst


def _budget(recording: Recording) -> tuple[float, float]:
    """The budget and burst of the policy that most requests were served by."""
    most = np.bincount(recording.policy, minlength=1).argmax() if len(recording) else 0
    name = recording.policy_ids[int(most)] if recording.policy_ids else ""
    hedge = hedge_of(recording.policies.get(name))
    return float(hedge.get("budget", 0.05)), max(1.0, float(hedge.get("burst", 10.0)))


def hedge_of(policy: PolicyInForce | None) -> Mapping[str, float]:
    """The hedging of a recorded policy; empty where there is none."""
    config = msgspec.json.decode(policy.config) if policy is not None else {}
    hedge: Mapping[str, float] = config.get("hedge", {})
    return hedge
