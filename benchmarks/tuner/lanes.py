"""A recorded request as two lanes: how long its first call took, and how long its backup's, as far as is known.

A lane is an attempt and whatever was sent in its place after it failed. Of it is known how many seconds after
its dispatch its first token came, or for how many seconds none had come.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

from state.records import AttemptEnded, RequestEnded
from state.scan import ScannedAttempt, ScannedRequest

UNKNOWN = math.nan
COIN, BUDGET, OTHER = 1.0, 2.0, 3.0
_SKIPS: dict[str | None, float] = {None: 0.0, "coin": COIN, "budget": BUDGET}
_ARMS = {"none": 0.0, "control": 1.0, "dual": 2.0}


COLUMNS = (
    *("at", "first", "seen", "delay", "second", "second_seen", "ttft", "arm", "hedged"),
    *("planned", "probability", "skip", "failovers", "tokens", "nano_usd", "tax"),
)
"""A request's numbers: the members of `samples.Samples`, and what else is asked of it.

`planned` and `probability` are the hedging plan in force, in seconds, not a number where there was none.
`skip` says why a wanted hedge did not start: 0 it did or none was, 1 the coin, 2 the budget, 3 other reasons.
`failovers` is how often another key stood in for one that failed. Money is in billionths of a dollar, `tax`
the middle of what losers may have cost. Flags are 0 or 1.
"""

Attempt: TypeAlias = ScannedAttempt | AttemptEnded
Attempts: TypeAlias = Sequence[Attempt]

Lane: TypeAlias = tuple[float, float, float]
"""When it began, in milliseconds of its request; how many seconds it was watched; 1 if its token came then."""


def row(request: ScannedRequest | RequestEnded) -> tuple[float, ...] | None:
    """The request's numbers, in the order of `COLUMNS`, or None: nothing can be learnt of it.

    Nothing is learnt of what never reached an upstream, and of what failed everywhere.
    """
    attempts = request.attempts
    if not attempts:
        return None
    plan = attempts[0]
    if len(attempts) == 1:  # nearly all of them
        first, second = _lane(attempts), None
    else:
        firsts, seconds = _parted(attempts)
        first, second = _lane(firsts), _lane(seconds) if seconds else None
    if first is None:
        return None
    start, took, seen = first
    arm, ttft, planned = request.arm, request.ttft_ms, plan.delay_ms
    return (  # by position: this is done for millions
        (request.ts - request.duration_ms) / 1000.0,
        took,
        seen,
        UNKNOWN if second is None else (second[0] - start) / 1000.0,
        UNKNOWN if second is None else second[1],
        0.0 if second is None else second[2],
        UNKNOWN if ttft is None else ttft / 1000.0,
        _ARMS[arm],
        0.0 if second is None or arm == "dual" else 1.0,
        UNKNOWN if planned is None else planned / 1000.0,
        plan.probability,
        _SKIPS.get(request.hedge_skip, OTHER),
        len(attempts) - 1.0 - (second is not None),
        float(request.completion_tokens),
        float(request.nano_usd),
        (request.tax_low + request.tax_high) / 2.0,
    )


def _parted(
    attempts: Attempts,
) -> tuple[list[Attempt], list[Attempt]]:
    """The attempts of each lane: a failover stands in for the lane that failed last."""
    lanes: tuple[list[Attempt], list[Attempt]] = ([], [])
    for attempt in sorted(attempts, key=lambda each: each.start_ms):
        if attempt.role == "failover":
            broken = [lane for lane in lanes if lane and _broken_by(lane[-1], attempt.start_ms)]
            (broken[-1] if broken else lanes[0]).append(attempt)
        elif attempt.role == "primary":
            lanes[0].append(attempt)
        elif not lanes[1]:
            lanes[1].append(attempt)
    return lanes


def _broken_by(attempt: Attempt, moment: float) -> bool:
    return attempt.outcome in ("failed", "timeout") and attempt.end_ms <= moment + 1.0


def _lane(attempts: Attempts) -> Lane | None:
    """What is known of a lane; None where it failed for good, which is no matter of time."""
    start, last = attempts[0].start_ms, attempts[-1]
    for attempt in attempts:
        if attempt.first_ms is not None:
            return start, (attempt.first_ms - start) / 1000.0, 1.0
    if last.outcome == "failed":
        return None
    return start, (last.end_ms - start) / 1000.0, 0.0
