"""An experiment's judge: counts what both sides did and says when it is known which is better.

The question is how many requests wait longer for their first token than a threshold that was fixed before it
began. Guardrails may end it too, for the worse: errors, refusals for too many calls, requests slow in all, the
load of hedges, money, and the length of answers, which a race could shorten. All of them may be looked at after
every request; together they are wrong with at most `alpha`.
"""

import math
from collections.abc import Iterator
from typing import Literal, TypeAlias

import attrs

from policies.sequential import decided, log_evidence, ratio_bounds
from policies.sides import CANDIDATE, CONTROL, INCUMBENT, Shares, Side

Kind: TypeAlias = Literal["better", "worse", "guardrail"]

MAIN = 0.8
"""The part of `alpha` that the question itself may use; the guardrails share what is left."""

LEAST_LOAD, EXTRA_LOAD = 500, 0.01
"""Requests after which the load of hedges is looked at, and by how much it may exceed the budget."""

LEAST_MEAN, SURELY = 500, 5.0
"""Requests of a side after which means are compared, and by how many standard errors they must differ: so many
that looking at them often does no harm."""

DEARER = 1.10
"""A candidate may cost so many times what the incumbent does, its budget aside."""


@attrs.frozen
class Facts:
    """One request of an experiment. Times are milliseconds; no `ttft`: it was not answered.

    `unit` is what its side was drawn for, where that is more than the request itself. `hedges` are extra calls,
    `cost` is in any unit of money.
    """

    side: Side
    ttft: float | None
    total: float
    failed: bool = False
    limited: bool = False
    hedges: int = 0
    tokens: int = 0
    cost: float = 0.0
    unit: str = ""


@attrs.frozen
class Terms:
    """What an experiment is judged by; see `state.records.ExperimentStarted`. `budget` is the candidate's."""

    shares: Shares
    threshold: float
    slow: float
    budget: float
    alpha: float = 0.05


@attrs.define(eq=False)
class Mean:
    """A mean with its variance, number by number (Welford 1962)."""

    n: int = 0
    value: float = 0.0
    _squares: float = 0.0

    def add(self, number: float) -> None:
        """One more."""
        self.n += 1
        off = number - self.value
        self.value += off / self.n
        self._squares += off * (number - self.value)

    @property
    def variance(self) -> float:
        """Of the mean, not of the numbers."""
        return self._squares / max(1, self.n - 1) / max(1, self.n)


@attrs.define(eq=False)
class Tally:
    """What one side did."""

    requests: int = 0
    hedges: int = 0
    ttfts: list[float] = attrs.field(factory=list)
    tokens: Mean = attrs.field(factory=Mean)
    cost: Mean = attrs.field(factory=Mean)
    events: dict[str, int] = attrs.field(factory=dict)

    def count(self, event: str) -> int:
        """How often something happened: `late`, `failed`, `limited` or `slow`."""
        return self.events.get(event, 0)


@attrs.frozen
class Verdict:
    """What is known for sure, and of what."""

    kind: Kind
    why: str


@attrs.define(eq=False)
class Judge:
    """Hears of one request after the other."""

    terms: Terms
    sides: dict[Side, Tally] = attrs.field(
        factory=lambda: {side: Tally() for side in (INCUMBENT, CANDIDATE, CONTROL)}
    )
    _seen: set[tuple[str, str]] = attrs.field(factory=set)

    def hear(self, facts: Facts) -> None:
        """One request more. Of a unit of several only the first event of a kind counts: the others were not
        drawn anew."""
        tally = self.sides[facts.side]
        tally.requests += 1
        tally.hedges += facts.hedges
        tally.cost.add(facts.cost)
        if facts.ttft is not None:
            tally.ttfts.append(facts.ttft)
            tally.tokens.add(facts.tokens)
        for event in self._events(facts):
            if facts.unit and (event, facts.unit) in self._seen:
                continue
            if facts.unit:
                self._seen.add((event, facts.unit))
            tally.events[event] = tally.count(event) + 1

    def _events(self, facts: Facts) -> Iterator[str]:
        if facts.ttft is None or facts.ttft > self.terms.threshold:
            yield "late"
        if facts.total > self.terms.slow:
            yield "slow"
        if facts.failed:
            yield "failed"
        if facts.limited:
            yield "limited"

    def verdict(self) -> Verdict | None:
        """What is known by now, if anything."""
        alpha = self.terms.alpha
        k, n = self.events("late")
        if decided(k, n, self.fair, MAIN * alpha):
            kind: Kind = "better" if k < n * self.fair else "worse"
            low, high = ratio_bounds(k, n, self.fair, MAIN * alpha)
            return Verdict(kind, f"{low:.2f} to {high:.2f} times as many requests are late")
        broken = next(self._broken((1.0 - MAIN) * alpha), None)
        return None if broken is None else Verdict("guardrail", broken)

    def _broken(self, alpha: float) -> Iterator[str]:
        for event, words in (
            ("failed", "fail"),
            ("limited", "are refused by 429"),
            ("slow", "are slow"),
        ):
            k, n = self.events(event)
            if k > n * self.fair and decided(k, n, self.fair, alpha / 3.0):
                yield f"more of its requests {words}: {k} of {n}, where {n * self.fair:.0f} would be its share"
        candidate, incumbent = self.sides[CANDIDATE], self.sides[INCUMBENT]
        load = candidate.hedges / max(1, candidate.requests)
        if candidate.requests >= LEAST_LOAD and load > self.terms.budget + EXTRA_LOAD:
            budget = f"{100 * self.terms.budget:g} %"
            yield f"its load is {100 * load:.1f} % extra calls, over its budget of {budget}"
        allowed = DEARER + self.terms.budget
        if _surely_more(candidate.cost, incumbent.cost, allowed):
            yield "its requests cost more than its budget explains"
        if _surely_more(incumbent.tokens, candidate.tokens, 1.0):
            yield "its answers are shorter: slow starts that would have written more do not win"

    def events(self, event: str) -> tuple[int, int]:
        """How often something happened on the candidate's side, and on both it and the incumbent's."""
        k = self.sides[CANDIDATE].count(event)
        return k, k + self.sides[INCUMBENT].count(event)

    @property
    def fair(self) -> float:
        """The candidate's share if both sides are alike."""
        return self.terms.shares.fair

    @property
    def evidence(self) -> float:
        """How much speaks against their being alike, as a factor; 1 at the beginning."""
        return math.exp(min(700.0, log_evidence(*self.events("late"), self.fair)))


def _surely_more(more: Mean, less: Mean, times: float) -> bool:
    if min(more.n, less.n) < LEAST_MEAN:
        return False
    error = math.sqrt(more.variance + times * times * less.variance)
    return more.value - times * less.value > SURELY * max(error, 1e-12)
