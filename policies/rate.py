"""A rate: so many a minute, as a level that drains steadily (GCRA).

A whole minute's worth may come at once, and then one becomes free every 60/limit seconds. So what is
admitted in any stretch of w seconds is at most limit x (1 + w/60), and the question "when could this
be admitted?" has an exact answer.

What a call uses may be known only at its end. Until then an estimate is held against the limit; what
counts against the rate is what was used. Nothing is ever refunded, so no refund can be earned twice.
"""

import math

import attrs

MINUTE = 60.0
_ROUNDING = 1e-6  # less than any whole request or token


@attrs.frozen
class Quota:
    """What is left of one rate. `reset` is the seconds until the whole limit is free again."""

    limit: int
    remaining: int
    reset: float


@attrs.define(eq=False)
class Rate:
    """At most `limit` a minute: what was charged drains at that rate, what is held does not."""

    limit: int
    held: int = 0
    _level: float = 0.0
    _at: float = 0.0

    def wait(self, cost: int, now: float) -> float:
        """Seconds until `cost` more could be admitted, if nothing else comes; 0 is now."""
        excess = self.level(now) + self.held + cost - self.limit
        if excess <= _ROUNDING:
            return 0.0
        return excess * MINUTE / self.limit if self.limit > 0 else MINUTE

    def charge(self, cost: int, now: float) -> None:
        """So much was used."""
        self._level, self._at = self.level(now) + cost, now

    def raise_to(self, level: float, now: float) -> None:
        """At least so much was used and has not drained yet."""
        self._level, self._at = max(level, self.level(now)), now

    def quota(self, now: float) -> Quota:
        """What is left."""
        charged = self.level(now)
        left = math.floor(self.limit - charged - self.held + _ROUNDING)
        reset = charged * MINUTE / self.limit if self.limit > 0 else MINUTE
        return Quota(self.limit, max(0, left), reset)

    def level(self, now: float) -> float:
        """What was used and has not drained yet."""
        return max(0.0, self._level - (now - self._at) * self.limit / MINUTE)
