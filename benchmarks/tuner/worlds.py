"""Worlds whose truth can be computed: requests by the ten thousand, raced under a policy, as arrays.

The race here is only its arithmetic: delay, coin, budget, failover, who is cut when. It exists so that the
tuner can be tried on hundreds of logs; that its logs look as those of the real race do is a test's to show.
Latency is the simulator's model (`providers.simulator.latency`): M exp(sigma Z) U R G.
"""

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

import attrs
import numpy as np

from benchmarks.tuner.curves import Flags, Floats
from benchmarks.tuner.rules import Rule
from benchmarks.tuner.samples import CONTROL, DUAL, NONE, Samples
from policies.settings import Explore
from providers.simulator.latency import LONGEST, Profile

MEDIAN = 0.6
"""M of the latency model in seconds: a small model's."""

RATE = 10.0
"""Requests a second."""

FAILED_AFTER = 0.08
"""Seconds to an error, at most a tenth more."""

WATCHED = 200
"""Slower calls that an adaptive delay must have seen, and how often it looks again, in requests."""


@attrs.frozen
class Conditions:
    """What else makes calls slow or fail. `sigma_r` is the spread of the factor that a request's calls share.

    Everything is `slower` times as slow for `lasting` of every `every` seconds, from a moment that chance
    chooses. A share `failing` of all calls fails at once, and is sent again elsewhere.
    """

    sigma_r: float = 0.0
    slower: float = 1.0
    lasting: float = 120.0
    every: float = 600.0
    failing: float = 0.0


CONDITIONS: Mapping[str, Conditions] = MappingProxyType(
    {
        "independent": Conditions(),
        "shared": Conditions(sigma_r=0.2),
        "brown-out": Conditions(slower=4.0),
        "failures": Conditions(failing=0.02),
    }
)
"""All of them by name."""


NO_EXPLORING = Explore()
EXPLORE = Explore(control=0.05, dual=0.01, audit=0.10)
"""The exploration that is usual."""


@attrs.frozen(eq=False)
class _Draws:
    """What chance gives every request, whatever its policy: both lanes' times and everything thrown."""

    at: Floats
    first: Floats
    second: Floats
    stream: Floats
    coin: Floats
    arm: Floats
    audit: Floats


def run(
    profile: Profile,
    conditions: Conditions,
    rule: Rule,
    count: int,
    rng: np.random.Generator,
    explore: Explore = NO_EXPLORING,
) -> Samples:
    """So many requests under a policy, as a log would tell of them."""
    draws = _draw(profile, conditions, count, rng)
    arm = np.where(draws.arm < explore.control, CONTROL, NONE)
    arm = np.where(draws.arm > 1.0 - explore.dual, DUAL, arm)
    hedges, delay = _hedges(draws, arm == NONE, rule)
    dual = arm == DUAL
    offset = np.where(dual, 0.0, np.where(hedges, delay, np.nan))
    raced = ~np.isnan(offset)
    rival = np.where(raced, offset + draws.second, np.inf)
    ttft = np.minimum(draws.first, rival)
    runs_on = dual | (draws.audit < explore.audit)
    end = np.where(runs_on, ttft + draws.stream, ttft)
    seen, second_seen = draws.first <= end, raced & (rival <= end)
    return Samples(
        at=draws.at,
        first=np.where(seen, draws.first, end),
        seen=seen,
        delay=offset,
        second=np.where(raced, np.where(second_seen, draws.second, end - offset), np.nan),
        second_seen=second_seen,
        ttft=ttft,
        arm=arm,
        hedged=hedges,
        planned=np.where(np.isfinite(delay), delay, np.nan),
    )


def _draw(profile: Profile, conditions: Conditions, count: int, rng: np.random.Generator) -> _Draws:
    at = np.cumsum(rng.exponential(1.0 / RATE, count))
    shared = np.exp(conditions.sigma_r * rng.standard_normal(count))
    phase = rng.uniform(0.0, conditions.every)
    slow = (at + phase) % conditions.every < conditions.lasting
    shared = shared * np.where(slow, conditions.slower, 1.0)
    return _Draws(
        at=at,
        first=_lane(profile, conditions, shared, rng),
        second=_lane(profile, conditions, shared, rng),
        stream=np.exp(np.log(3.0) + rng.standard_normal(count)),
        coin=rng.random(count),
        arm=rng.random(count),
        audit=rng.random(count),
    )


def _lane(
    profile: Profile, conditions: Conditions, shared: Floats, rng: np.random.Generator
) -> Floats:
    """Times to the first token of calls, failures and what was sent in their place included."""
    took, failed = np.zeros(len(shared)), np.ones(len(shared), dtype=bool)
    while failed.any():
        fails = failed & (rng.random(len(shared)) < conditions.failing)
        drawn = _times(profile, shared, rng)
        refused = FAILED_AFTER * (1.0 + 0.1 * rng.random(len(shared)))
        took += np.where(fails, refused, np.where(failed, drawn, 0.0))
        failed = fails
    return took


def _times(profile: Profile, shared: Floats, rng: np.random.Generator) -> Floats:
    own = np.exp(profile.sigma * rng.standard_normal(len(shared)))
    outlier = profile.least * (1.0 + rng.pareto(profile.alpha, len(shared)))
    factor = np.where(rng.random(len(shared)) < profile.outliers, outlier, 1.0)
    return np.minimum(LONGEST, MEDIAN * own * factor * shared)


def _hedges(draws: _Draws, allowed: Flags, rule: Rule) -> tuple[Flags, Floats]:
    """Which requests are hedged, and each one's delay: the wanted ones take their turns at the budget."""
    delays = _delays(draws, rule)
    wanted = allowed & (draws.first > delays) & (draws.coin < rule.probability)
    granted = np.zeros(len(delays), dtype=bool)
    due = draws.at + delays
    order = np.flatnonzero(wanted)[np.argsort(due[wanted], kind="stable")]
    arrived = np.searchsorted(draws.at, due[order], side="right")
    level, last = rule.burst, 0
    for row, primaries in zip(order.tolist(), arrived.tolist(), strict=True):
        level = min(rule.burst, level + rule.budget * (primaries - last))
        last = primaries
        if level >= 1.0:
            level -= 1.0
            granted[row] = True
    return granted, delays


def _delays(draws: _Draws, rule: Rule) -> Floats:
    """A fixed delay, or the p95 of the last ten minutes, looked at now and then as the gateway's window is."""
    if rule.delay is not None:
        return np.full(len(draws.at), rule.delay)
    delays = np.full(len(draws.at), np.inf)
    window: deque[tuple[float, float]] = deque()
    values, seen = draws.first, 0
    for start in range(0, len(values), WATCHED // 4):
        now = draws.at[start]
        while seen < start and draws.at[seen] + values[seen] < now:
            window.append((draws.at[seen], values[seen]))
            seen += 1
        while window and window[0][0] < now - 600.0:
            window.popleft()
        if len(window) >= WATCHED:
            delays[start : start + WATCHED // 4] = np.quantile([v for _, v in window], 0.95)
    return delays
