"""What an attempt's error means for its request: move on to another key, or tell the client.

An error is answered at once, without waiting and without the hedge budget; a failover has its own
cap (`Hedge.failover_max`) and, for brown-outs, its own budget: when every key fails, three attempts
for each request are three times the load on something that is already broken.
"""

import enum
import math
from collections.abc import Sequence

import attrs

from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    TimedOut,
    Unreachable,
    UpstreamFailed,
)


class Action(enum.Enum):
    """What the request does about an attempt's error."""

    FAILOVER = "failover"
    FATAL = "fatal"


SPAN = 10  # seconds over which failovers are compared with requests

# The most telling first: what the client can act on, then what is temporary, last what is only our trouble.
TELLING: tuple[type[ProviderError], ...] = (
    RequestRejected,
    RateLimited,
    UpstreamFailed,
    BrokenAnswer,
    Unreachable,
    TimedOut,
    ModelMissing,
    QuotaExhausted,
    CredentialRejected,
)


def after(error: ProviderError, *, twice_is_harm: bool = False) -> Action:
    """Whether another key may do better. It may not if the request is wrong or its time is over.

    Where running a request twice does harm, only a definite refusal moves it on: after silence or a
    broken answer nobody knows whether it ran.
    """
    if isinstance(error, RequestRejected):
        return Action.FATAL
    if isinstance(error, TimedOut) and error.clock == "total":
        return Action.FATAL
    if twice_is_harm and isinstance(error, BrokenAnswer | TimedOut):
        may_have_run = not (isinstance(error, TimedOut) and error.clock == "connect")
        return Action.FATAL if may_have_run else Action.FAILOVER
    return Action.FAILOVER


def most_telling(errors: Sequence[ProviderError]) -> ProviderError:
    """The one error that the client should see when every attempt failed.

    Of several rate limits it is the one that ends first, of other equals the earliest attempt's.

    Raises:
        ValueError: there are no errors.
    """
    return min(errors, key=lambda error: (_rank(error), _wait(error)))


def _rank(error: ProviderError) -> int:
    ranks = (rank for rank, kind in enumerate(TELLING) if isinstance(error, kind))
    return next(ranks, len(TELLING))


def _wait(error: ProviderError) -> float:
    if not isinstance(error, RateLimited) or error.retry_after is None:
        return math.inf
    return error.retry_after


@attrs.define(eq=False)
class RetryBudget:
    """What failovers may spend: a fifth of the requests of the last ten seconds, and ten more.

    A window and not a bucket, other than for hedges. Failovers repair what is broken now: of a
    thousand requests that begin in one moment and meet one dead key, as many may move on as if they
    had come one by one, where a bucket would have lost all deposits above its brim. And what was saved
    up in good times is no reason to press on something that broke a minute ago. A hedge repairs
    nothing, it may wait until it is earned.

    Seconds are counted as whole slices, the one that has begun among the ten. A clock that goes
    backwards stands still.
    """

    requests: int = 5  # that allow one failover
    burst: int = 10
    granted: int = attrs.field(default=0, init=False)
    refused: int = attrs.field(default=0, init=False)
    _begun: list[int] = attrs.field(factory=lambda: [0] * SPAN, init=False, repr=False)
    _moved: list[int] = attrs.field(factory=lambda: [0] * SPAN, init=False, repr=False)
    _slice: int = attrs.field(default=0, init=False, repr=False)

    def deposit(self, now: float) -> None:
        """A request begins."""
        self._begun[self._at(now)] += 1

    def withdraw(self, now: float) -> bool:
        """Takes one failover, if there is one."""
        at = self._at(now)
        if self._room() <= 0:
            self.refused += 1
            return False
        self._moved[at] += 1
        self.granted += 1
        return True

    def level(self, now: float) -> float:
        """How many failovers are left at this moment."""
        self._at(now)
        return max(0.0, self._room() / self.requests)

    def _room(self) -> int:
        """What is left, in units of one request's share."""
        return sum(self._begun) + self.requests * (self.burst - sum(self._moved))

    def _at(self, now: float) -> int:
        """The position of this moment's slice, with all that is too old emptied."""
        current = max(math.floor(now), self._slice)
        for passed in range(max(self._slice + 1, current - SPAN + 1), current + 1):
            self._begun[passed % SPAN] = self._moved[passed % SPAN] = 0
        self._slice = current
        return current % SPAN
