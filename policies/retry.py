"""What an attempt's error means for its request: move on to another key, or tell the client.

An error is answered at once, without waiting and without the hedge budget; a failover has its own
cap (`Hedge.failover_max`) and, for brown-outs, its own budget: when every key fails, three attempts
for each request are three times the load on something that is already broken.
"""

import enum
import math
from collections.abc import Sequence

import attrs

from policies.budget import Budget
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


def after(error: ProviderError) -> Action:
    """Whether another key may do better. It may not if the request is wrong or its time is over."""
    if isinstance(error, RequestRejected):
        return Action.FATAL
    if isinstance(error, TimedOut) and error.clock == "total":
        return Action.FATAL
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
class RetryBudget(Budget):
    """What failovers may spend: one for five requests, and ten at once. Deposit once a request."""

    ratio: float = 0.2
    burst: float = 10.0
