"""How many calls in flight a key bears: additive increase, multiplicative decrease on 429.

Providers do not say where a key's limit on concurrent calls is, only that it was passed. The limit
here grows by about one for each round of calls that fills at least half of it (each success adds
1/limit, and a round is as many successes as the limit), and a 429 takes it to 0.7 of what it was,
once for all calls that were under way together.

A guess must not turn anybody away. The limit is hard only between a 429, which shows where it is, and
the moment when it has grown past twice the calls in flight that met that 429: then whatever held then
holds no more. All the other time it is soft, and only makes a key look slower as it fills.
"""

from collections.abc import Collection

import attrs

INITIAL, LEAST, MOST = 8.0, 1.0, 256.0
DECREASE = 0.7

PAUSE = 1.0
"""Seconds after a decrease in which nothing else counts: those calls were sent before it."""


@attrs.define(eq=False)
class _Limit:
    """`met` is the calls in flight at the last 429, None while the limit is soft."""

    calls: float = INITIAL
    met: int | None = None
    decreased: float = float("-inf")


@attrs.define(eq=False)
class Concurrency:
    """The limits by key name. `inflight` counts the call that is spoken of, too."""

    _limits: dict[str, _Limit] = attrs.field(factory=dict)

    def capacity(self, key: str) -> float:
        """How many calls in flight the key is thought to bear."""
        limit = self._limits.get(key)
        return limit.calls if limit else INITIAL

    def full(self, key: str, inflight: int) -> bool:
        """Whether so many calls in flight leave no place for one more."""
        limit = self._limits.get(key)
        return limit is not None and limit.met is not None and inflight >= limit.calls

    def succeeded(self, key: str, inflight: int, now: float) -> None:
        """A call ended well, and so many were in flight. A key that is hardly used proves nothing."""
        limit = self._limits.get(key) or self._limits.setdefault(key, _Limit())
        if inflight * 2 < limit.calls or now < limit.decreased + PAUSE:
            return
        limit.calls = min(MOST, limit.calls + 1.0 / limit.calls)
        if limit.met is not None and limit.calls > 2 * limit.met:
            limit.met = None

    def pushed_back(self, key: str, inflight: int, now: float) -> None:
        """A call met a 429 while so many were in flight."""
        limit = self._limits.get(key) or self._limits.setdefault(key, _Limit())
        if now < limit.decreased + PAUSE:
            return
        # A soft limit is a guess, above or below what was tried: the 429 came at what was in flight.
        reached = inflight if limit.met is None else limit.calls
        limit.calls = min(MOST, max(LEAST, reached * DECREASE))
        limit.met = max(1, inflight)
        limit.decreased = now

    def retain(self, keys: Collection[str]) -> None:
        """Forgets all but these."""
        self._limits = {key: limit for key, limit in self._limits.items() if key in keys}
