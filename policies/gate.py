"""Whether a hedge may start, asked at the moment its delay has passed.

Whatever can be known without spending is asked first, and the budget last, by the caller: a hedge that
could not start costs nothing. Every refusal has a name, for the journal: what was not done, and why,
is what later tuning rests on.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

from policies.features import Arm
from policies.settings import Hedge
from policies.target import Target

Refusal: TypeAlias = Literal[
    "shutdown",
    "control",
    "coin",
    "cap",
    "deadline",
    "no_target",
    "throttle",
    "headroom",
    "affinity_cost",
    "win_prob",
    "limit",
    "class",
    "budget",
]
"""`class` is said by the plan, `budget` by the caller's buckets, the others by `why_not`."""

RESERVE = 0.10
"""The share of a rate limit that is kept for primaries: a hedge must not become their 429."""


@attrs.frozen
class Situation:
    """How things stand when a hedge is wanted. Durations are seconds.

    `probability` is the plan's, `live` counts attempts that still run, `target` is where the hedge
    would go and `remaining` the time to the request's deadline. Of the target: `expected` is its
    median time to first token, `win_probability` how likely its answer is the first, `headroom` the
    share of its rate limit that would be left (1 where unknown), `throttled` whether its domain is
    too broken to be hedged to. `affordable` says whether the project's own limits allow it.

    Where the primary's prompt is cached and the target's is not, `cold_wait` is how long the target
    is expected to take, and `warm_rest` how much longer the primary is. None is not known; what is
    not known refuses nothing.
    """

    arm: Arm = "none"
    coin: float = 0.0
    probability: float = 1.0
    live: int = 1
    target: Target | None = None
    remaining: float = float("inf")
    expected: float | None = None
    win_probability: float | None = None
    headroom: float = 1.0
    affordable: bool = True
    throttled: bool = False
    stopping: bool = False
    cold_wait: float | None = None
    warm_rest: float | None = None


def why_not(settings: Hedge, situation: Situation) -> Refusal | None:
    """The first reason against this hedge, or None: then it may start if the budget grants it."""
    return next((why for why, holds in _REASONS if holds(settings, situation)), None)


def _late(_: Hedge, now: Situation) -> bool:
    return now.remaining <= (0.0 if now.expected is None else now.expected)


def _cold(_: Hedge, now: Situation) -> bool:
    if now.cold_wait is None or now.warm_rest is None:
        return False
    return now.cold_wait >= now.warm_rest


def _hopeless(settings: Hedge, now: Situation) -> bool:
    return now.win_probability is not None and now.win_probability < settings.min_win_prob


_REASONS: tuple[tuple[Refusal, Callable[[Hedge, Situation], bool]], ...] = (
    ("shutdown", lambda _, now: now.stopping),
    ("control", lambda _, now: now.arm == "control"),
    ("coin", lambda _, now: now.coin >= now.probability),
    ("cap", lambda settings, now: now.live >= settings.max_parallel),
    ("deadline", _late),
    ("no_target", lambda _, now: now.target is None),
    ("throttle", lambda _, now: now.throttled),
    ("headroom", lambda _, now: now.headroom < RESERVE),
    ("affinity_cost", _cold),
    ("win_prob", _hopeless),
    ("limit", lambda _, now: not now.affordable),
)
