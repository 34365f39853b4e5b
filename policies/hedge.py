"""When a slow attempt gets a rival: `plan` when a request begins, `gate` when its delay has passed.

Both are plain functions of what they are given; the race carries out what they say. The delay
counts from the latest dispatch, and hedging is on the time to first token, never on the whole
answer: long answers are not slow ones.
"""

from typing import Literal, Protocol, TypeAlias

import attrs

from policies.budget import Budget
from policies.settings import Hedge
from policies.target import Target

Override: TypeAlias = Literal["off", "auto"] | float | None
Refusal: TypeAlias = Literal["shutdown", "cap", "no_target", "budget"]


@attrs.frozen
class Plan:
    """How long an attempt may stay silent, in seconds, before a hedge is wanted; None is for ever.

    `source` says why, for the journal: `off`, `fixed`, `header`, `warmup:n=12` or, for example,
    `quantile:p95:n=1412`.
    """

    delay: float | None
    source: str


class Observed(Protocol):
    """What a plan asks of the times to first token seen so far (see `latency.Window`)."""

    @property
    def count(self) -> int:
        """How many there are."""

    def quantile(self, p: float) -> float | None:
        """The p-quantile in seconds."""


def plan(settings: Hedge, window: Observed, override: Override = None) -> Plan:
    """The hedge delay of a request that begins now.

    `override` is the request's own wish: a number is a delay in seconds, taken as it is, even where
    the policy says off (the budget still bounds it); `off` never hedges; `auto` and None leave it
    to the policy. With `max_parallel` below 2 nothing ever hedges.
    """
    if override == "off" or settings.max_parallel < 2:
        return Plan(None, "off")
    if isinstance(override, int | float):
        return Plan(max(0.0, override), "header")
    if settings.policy == "off":
        return Plan(None, "off")
    if settings.policy == "fixed":
        return Plan(settings.delay, "fixed")
    return _quantile(settings, window)


def _quantile(settings: Hedge, window: Observed) -> Plan:
    count = window.count
    observed = window.quantile(settings.quantile) if count >= settings.min_samples else None
    if observed is None:
        return Plan(None, f"warmup:n={count}")
    delay = min(max(observed, settings.min_delay), settings.max_delay)
    return Plan(delay, f"quantile:p{100 * settings.quantile:g}:n={count}")


def gate(
    settings: Hedge,
    *,
    live: int,
    target: Target | None,
    budget: Budget,
    stopping: bool = False,
) -> Refusal | None:
    """Why no hedge may start now, or None if one may: then it is already taken from the budget.

    `live` counts the attempts still running, `target` is where the hedge would go. The budget is
    asked last, so that a hedge which could not start costs nothing.
    """
    if stopping:
        return "shutdown"
    if live >= settings.max_parallel:
        return "cap"
    if target is None:
        return "no_target"
    return None if budget.withdraw() else "budget"
