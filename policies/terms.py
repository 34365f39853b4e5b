"""Whose fault an error is, and how long what it tells of lasts. All times are seconds.

| error                                    | who rests         | how long                          |
|------------------------------------------|-------------------|-----------------------------------|
| 429; 503 and 529 with Retry-After        | domain x model    | as advised, else 1, 2, 4 … 60     |
| 429 of all of a provider's domains       | provider          | the same                          |
| no quota                                 | domain            | 10 min, 20 min … 6 h              |
| credential refused                       | key               | 1 h                               |
| model unknown                            | key x model       | 10 min                            |
| no connection at two keys of a domain    | domain            | 10, 20, 30 … 300                  |
| 5xx, unreachable, broken answer, silence | key, if repeated  | 10, 20, 30 … 300                  |
| request wrong, request's own time over   | nobody            |                                   |

Chance lengthens what many keys could otherwise wait for together, by up to a fifth. Advice is
believed up to 5 min. A connection that took too long to come counts as none.
"""

import random

from policies.rest import Reason
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    TimedOut,
    Unreachable,
    UpstreamFailed,
)

JITTER = 0.2
COOL_FIRST, COOL_MOST, ADVICE_MOST = 1.0, 60.0, 300.0
EJECT_STEP, EJECT_MOST = 10.0, 300.0
QUOTA_FIRST, QUOTA_MOST = 600.0, 21_600.0
INVALID = 3600.0
MISSING = 600.0
OVERLOADED = {503, 529}
_DOUBLINGS = 10  # more than any of the limits above allows; keeps the power finite

_REFUSALS: dict[type[ProviderError], Reason] = {
    QuotaExhausted: "exhausted",
    CredentialRejected: "invalid",
    ModelMissing: "missing",
}


def refusal(error: ProviderError) -> Reason | None:
    """Why the upstream will not serve this key at all, if that is what it says."""
    return next((why for kind, why in _REFUSALS.items() if isinstance(error, kind)), None)


def asks_for_rest(error: ProviderError) -> bool:
    """Whether the upstream wants fewer calls, or none for a while."""
    overloaded = isinstance(error, UpstreamFailed) and error.status in OVERLOADED
    return isinstance(error, RateLimited) or (overloaded and advice(error) > 0.0)


def advice(error: ProviderError) -> float:
    """How long the upstream wants to be left alone; 0 if it does not say. "At once" is no advice."""
    return max(0.0, error.retry_after or 0.0)


def is_failure(error: ProviderError) -> bool:
    """Whether the key or its upstream is broken. How long a request may take is its own affair."""
    if isinstance(error, TimedOut):
        return error.clock != "total"
    return isinstance(error, UpstreamFailed | Unreachable | BrokenAnswer)


def is_unreachable(error: ProviderError) -> bool:
    """Whether there was no connection to call over."""
    if isinstance(error, TimedOut):
        return error.clock == "connect"
    return isinstance(error, Unreachable)


def lasts(reason: Reason, error: ProviderError, row: int, rng: random.Random) -> float:
    """How long to rest for this reason, the `row`-th time in a row."""
    doubled = 2.0 ** min(row - 1, _DOUBLINGS)
    jitter = 1.0 + JITTER * rng.random()
    if reason in {"cooling", "pressed"}:
        if advice(error) > 0.0:
            return min(ADVICE_MOST, advice(error) * jitter)
        return min(COOL_MOST, COOL_FIRST * doubled * jitter)
    if reason in {"ejected", "unreachable"}:
        return min(EJECT_MOST, EJECT_STEP * row * jitter)
    if reason == "exhausted":
        return min(QUOTA_MOST, QUOTA_FIRST * doubled)
    return INVALID if reason == "invalid" else MISSING


def why(error: ProviderError) -> str:
    """The error in one word: its HTTP status or its name."""
    return str(error.status) if error.status is not None else type(error).__name__
