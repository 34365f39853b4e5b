"""What a project may use: requests and tokens a minute, calls at once, money a day.

The two rates are a GCRA, kept as a level that drains steadily: a whole minute's worth may come at
once, and then one becomes free every 60/limit seconds. So what is admitted in any stretch of w
seconds is at most limit x (1 + w/60), and the question "when could this be admitted?" has an exact
answer.

Tokens are known only at the end. Until then the estimate is held against the limit; what counts
against the rate is what was used. Nothing is ever refunded, so no refund can be earned twice.
"""

import math
from typing import Literal, TypeAlias

import attrs

from policies.settings import Limits

What: TypeAlias = Literal["requests", "tokens", "concurrent", "usd"]

MINUTE = 60.0
A_MOMENT = 1.0  # seconds: a guess at when one of the running calls ends
_ROUNDING = 1e-6  # less than any whole request or token


@attrs.frozen
class Refusal:
    """Why a call may not run now, and in how many seconds it might.

    `hopeless`: it is larger than the limit itself, waiting does not help.
    """

    retry_after: float
    what: What
    hopeless: bool = False


@attrs.frozen
class Quota:
    """What is left of one rate. `reset` is the seconds until the whole limit is free again."""

    limit: int
    remaining: int
    reset: float


@attrs.frozen
class Quotas:
    """What is left of each rate; None where nothing is limited."""

    requests: Quota | None = None
    tokens: Quota | None = None


@attrs.define(eq=False)
class Rate:
    """At most `limit` a minute: what was charged drains at that rate, what is held does not."""

    limit: int
    held: int = 0
    _level: float = 0.0
    _at: float = 0.0

    def wait(self, cost: int, now: float) -> float:
        """Seconds until `cost` more could be admitted, if nothing else comes; 0 is now."""
        excess = self._charged(now) + self.held + cost - self.limit
        if excess <= _ROUNDING:
            return 0.0
        return excess * MINUTE / self.limit if self.limit > 0 else MINUTE

    def charge(self, cost: int, now: float) -> None:
        """So much was used."""
        self._level, self._at = self._charged(now) + cost, now

    def quota(self, now: float) -> Quota:
        """What is left."""
        charged = self._charged(now)
        left = math.floor(self.limit - charged - self.held + _ROUNDING)
        reset = charged * MINUTE / self.limit if self.limit > 0 else MINUTE
        return Quota(self.limit, max(0, left), reset)

    def _charged(self, now: float) -> float:
        return max(0.0, self._level - (now - self._at) * self.limit / MINUTE)


@attrs.define(eq=False)
class Meter:
    """One project's use against its limits. An admitted call is settled once and leaves once."""

    limits: Limits
    running: int = 0
    _requests: Rate | None = attrs.field(init=False)
    _tokens: Rate | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._requests = None if self.limits.rpm is None else Rate(self.limits.rpm)
        self._tokens = None if self.limits.tpm is None else Rate(self.limits.tpm)

    def admit(
        self, tokens: int, now: float, *, spent_today: float = 0.0, midnight: float = 0.0
    ) -> Refusal | None:
        """Lets a call of about `tokens` tokens in, or says why not and changes nothing.

        `spent_today` is in dollars, `midnight` the seconds until the day is over. Of several
        reasons the one that lasts longest is given.
        """
        refusals = [
            refusal
            for refusal in (
                self._crowded(),
                self._spent(spent_today, midnight),
                _refusal(self._requests, 1, now, "requests"),
                _refusal(self._tokens, tokens, now, "tokens"),
            )
            if refusal is not None
        ]
        if refusals:
            return max(refusals, key=lambda refusal: (refusal.hopeless, refusal.retry_after))
        self.running += 1
        if self._requests is not None:
            self._requests.charge(1, now)
        if self._tokens is not None:
            self._tokens.held += tokens
        return None

    def settle(self, reserved: int, used: int, now: float) -> None:
        """The call that reserved so many tokens has used so many."""
        if self._tokens is not None:
            self._tokens.held = max(0, self._tokens.held - reserved)
            self._tokens.charge(used, now)

    def leave(self) -> None:
        """The call is over and no longer counts as running. With the last, nothing is held."""
        self.running -= 1
        if self._tokens is not None and self.running == 0:
            self._tokens.held = 0

    def quotas(self, now: float) -> Quotas:
        """What is left, for the `x-ratelimit-*` headers."""
        return Quotas(
            None if self._requests is None else self._requests.quota(now),
            None if self._tokens is None else self._tokens.quota(now),
        )

    def _crowded(self) -> Refusal | None:
        most = self.limits.concurrent
        if most is None or self.running < most:
            return None
        return Refusal(A_MOMENT, "concurrent", hopeless=most <= 0)

    def _spent(self, spent_today: float, midnight: float) -> Refusal | None:
        most = self.limits.usd_per_day
        return None if most is None or spent_today < most else Refusal(midnight, "usd")


def _refusal(rate: Rate | None, cost: int, now: float, what: What) -> Refusal | None:
    if rate is None:
        return None
    wait = rate.wait(cost, now)
    return Refusal(wait, what, hopeless=cost > rate.limit) if wait > 0 else None
