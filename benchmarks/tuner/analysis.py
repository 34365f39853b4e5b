"""One kind of calls looked at from beginning to end: evidence, trust, frontier, and what to do."""

import math
from typing import Literal, TypeAlias

import attrs
import numpy as np

from benchmarks.tuner.curves import Flags, Floats
from benchmarks.tuner.evidence import Evidence, gather
from benchmarks.tuner.gate import Trust, examine
from benchmarks.tuner.model import fit, forecast
from benchmarks.tuner.reading import Recording
from benchmarks.tuner.samples import Samples
from benchmarks.tuner.search import Estimate, Fitted, Point, best, estimate, frontier, knee

Objective: TypeAlias = Literal["p95", "p99-ttft", "p999", "usd-per-second-saved"]

GOALS: dict[Objective, float] = {
    "p95": 0.95,
    "p99-ttft": 0.99,
    "p999": 0.999,
    "usd-per-second-saved": 0.99,
}
"""The quantile that each objective is about."""

ENOUGH = 10.0
"""Calls that must have been seen to take longer than a quantile before it is spoken of."""

WORTH = 0.97
"""A policy is worth having only if the goal is surely less than this share of what it is without hedging."""

WIDTH = 5.15
"""Standard deviations between the bounds of an estimate: 99 % of resamples."""

PARTED = 10
"""Blocks below which a log is not looked at in halves."""

HALVED = 100
"""So many resamples are looked at of each half."""

APART = 2.5
"""Standard deviations between both halves of a log from which on it counts as two different times."""


@attrs.frozen
class Question:
    """What is asked: the objective, the share of extra calls allowed, and how surely."""

    objective: Objective = "p99-ttft"
    budget: float = 0.05
    burst: float = 10.0
    least_wins: float = 0.25
    resamples: int = 400
    seed: int = 1

    @property
    def k(self) -> float:
        """The quantile."""
        return GOALS[self.objective]


@attrs.frozen
class Answer:
    """What came of it. `chosen` is None where nothing may be recommended; then `trust` or `doubts` say why.

    `beyond` is how many calls were seen to take longer than the goal. `dependence` is how many
    times likelier a backup is slow where the first call was; `shared` the share of variance between times.
    `score` is the goal of a policy that was found in the odd blocks, in the even ones, over what was promised.
    """

    requests: int
    span: float
    unhedged: Point
    points: tuple[Point, ...]
    chosen: Point | None
    knee: Point
    trust: Trust
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    beyond: float
    dependence: float
    shared: float
    regimes: int
    score: float
    cost: float


def analyse(recording: Recording, question: Question) -> Answer:
    """Looks at all requests of a recording as one kind. At least one request."""
    rng = np.random.default_rng(question.seed)
    samples, k = recording.samples, question.k
    evidence = gather(samples)
    weights = evidence.drawn(question.resamples, rng)
    fitted = Fitted(fit(evidence, evidence.once()), fit(evidence, weights))
    trust = examine(recording, evidence, fitted, weights)
    points = frontier(fitted, k, question.burst, question.least_wins)
    unhedged = points[0]
    picked = _picked(fitted, points, question)
    widened, notes = _steady(evidence, picked, k, weights[:HALVED])
    beyond = _beyond(samples, widened.goal.value)
    doubts = _doubts(len(recording), beyond, unhedged, k)
    return Answer(
        requests=len(recording),
        span=float(samples.at[-1] - samples.at[0]),
        unhedged=unhedged,
        points=tuple(points),
        chosen=None if trust.objections or doubts else _if_worth(widened, unhedged),
        knee=knee(points),
        trust=trust,
        doubts=doubts,
        notes=(*notes, *_shared_note(evidence)),
        beyond=beyond,
        dependence=float(fitted.once.dependence[0, 85] / 0.15),
        shared=evidence.shared,
        regimes=evidence.regimes,
        score=_split_half(evidence, question),
        cost=_cost(recording),
    )


def _picked(fitted: Fitted, points: list[Point], question: Question) -> Point:
    """The policy that meets the objective within the budget."""
    if question.objective != "usd-per-second-saved":
        return best(fitted, question.k, question.budget, question.burst, question.least_wins)
    affordable = [each for each in points[1:] if each.rule.budget <= question.budget + 1e-9]
    alone = points[0].goal.value
    return min(
        affordable,
        key=lambda each: each.load.value / max(alone - each.goal.value, 1e-9),
        default=points[0],
    )


def _if_worth(picked: Point, unhedged: Point) -> Point:
    """The policy, or not to hedge where it is not surely better."""
    return picked if picked.ratio.high < WORTH else unhedged


def _steady(evidence: Evidence, picked: Point, k: float, drawn: Floats) -> tuple[Point, list[str]]:
    """The policy's estimate, wider where both halves of the log surely differ.

    Each half has bounds of its own, from those of the `drawn` blocks that lie in it; the whole then has all of
    what lies between them.
    """
    if evidence.blocks < PARTED:
        return picked, []
    early = evidence.block * 2 < evidence.blocks
    values = forecast(fit(evidence, _halves(early)), picked.rule).quantile(k)
    many = [
        forecast(fit(evidence, drawn * half), picked.rule).quantile(k) for half in (early, ~early)
    ]
    both = [estimate(values[n : n + 1], many[n]) for n in (0, 1)]
    if not all(each.known and each.low > 0.0 for each in both):
        return picked, []
    spread = float(np.hypot(*(np.log(each.high / each.low) / WIDTH for each in both)))
    if abs(np.log(values[0] / values[1])) < APART * spread:
        return picked, []
    goal = Estimate(
        picked.goal.value,
        min(picked.goal.low, *(each.low for each in both)),
        max(picked.goal.high, *(each.high for each in both)),
    )
    note = (
        f"The first half of the log and the second are different times ({values[0]:.3g} s and "
        f"{values[1]:.3g} s): the interval covers both"
    )
    return attrs.evolve(picked, goal=goal), [note]


def _halves(first: Flags) -> Floats:
    return np.stack([first, ~first]).astype(float)


def _split_half(evidence: Evidence, question: Question) -> float:
    """Chosen in the even blocks, scored in the odd ones: the goal there over the goal that was promised."""
    if evidence.blocks < PARTED:
        return math.nan
    model = fit(evidence, _halves(evidence.block % 2 == 0))
    even, odd = (
        attrs.evolve(
            model,
            weights=model.weights[n : n + 1],
            curves=model.curves[n : n + 1],
            dependence=model.dependence[n : n + 1],
        )
        for n in (0, 1)
    )
    k = question.k
    found = best(Fitted(even, even), k, question.budget, question.burst, question.least_wins)
    return float(forecast(odd, found.rule).quantile(k)[0] / found.goal.value)


def _beyond(samples: Samples, goal: float) -> float:
    """How many calls were seen to take longer than the goal."""
    return float((samples.seen & (samples.first > goal)).sum())


def _doubts(requests: int, beyond: float, unhedged: Point, k: float) -> tuple[str, ...]:
    if min(beyond, requests * (1.0 - k) + 1e-9) >= ENOUGH and unhedged.goal.known:
        return ()
    name = f"p{100 * k:g}"
    why = (
        f"n is too small for {name}: of {requests:,} requests {beyond:.0f} were seen to take longer than "
        "it would be. Run the control arm longer (explore = true), or ask for an earlier quantile"
    )
    return (why,)


def _shared_note(evidence: Evidence) -> list[str]:
    if evidence.shared < 0.30:
        return []
    share = f"{100 * evidence.shared:.0f} %"
    note = (
        f"{share} of the variance lies between times, not between calls: everything was slow together, and "
        "hedging within this pool cannot help against that"
    )
    return [note]


def _cost(recording: Recording) -> float:
    """Dollars that a request cost on average, as far as prices are configured."""
    return float(recording.column("nano_usd").mean()) / 1e9 if len(recording) else 0.0
