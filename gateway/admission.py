"""A project's limits: asked before a call, settled after it, and told in the response's headers.

What a call will use is not known beforehand, so its prompt and the most it asks for are reserved, and the
difference is given back when its usage is known.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import trio

from gateway.auth import Principal
from gateway.context import Context
from gateway.errors import ApiError
from gateway.ticket import Ticket
from gateway.tokens import reserved_tokens
from policies.limits import Quota, Quotas, Refusal, What
from providers.types import Usage

HOPELESS_WAIT = 60.0
"""What to say where no waiting helps: nobody should hurry."""

NAMES: Mapping[What, str] = {
    "requests": "requests a minute",
    "tokens": "tokens a minute",
    "concurrent": "concurrent requests",
    "usd": "dollars a day",
}


@contextmanager
def admit(context: Context, ticket: Ticket) -> Iterator[Callable[[Usage], None]]:
    """Admits a call against its project's limits; yields what is to be told the call's usage.

    Raises:
        ApiError: 429, a limit is reached; `retry_after` says when there is room again.
    """
    meter = context.meter(ticket.principal.project)
    if meter is None:
        yield lambda _: None
        return
    now, tokens = trio.current_time(), reserved_tokens(ticket.call)
    spent = _spent(context, ticket.principal)
    refusal = meter.admit(tokens, now, spent_today=spent, midnight=_midnight())
    ticket.trail.limits = _headers(meter.quotas(now))
    if refusal is not None:
        raise _refused(refusal)
    used = Usage()

    def settle(usage: Usage) -> None:
        nonlocal used
        used = usage

    try:
        yield settle
    finally:
        meter.settle(tokens, used.total, trio.current_time())
        meter.leave()


def _refused(refusal: Refusal) -> ApiError:
    if refusal.hopeless:
        message = f"This request alone is over the project's limit of {NAMES[refusal.what]}"
        return ApiError(429, message, retry_after=HOPELESS_WAIT, final=True)
    message = f"The project's limit of {NAMES[refusal.what]} is reached"
    return ApiError(429, message, retry_after=refusal.retry_after)


def _spent(context: Context, principal: Principal) -> float:
    """Dollars the project has spent today, by the prices of the configuration."""
    today = datetime.now(UTC).date()
    return context.store.indexes.usage(principal.project, today, "live").usd


def _midnight() -> float:
    """Seconds until the day ends (UTC)."""
    now = datetime.now(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return (tomorrow - now).total_seconds()


def _headers(quotas: Quotas) -> dict[str, str]:
    """OpenAI's rate-limit headers, true to the project's own limits."""
    headers: dict[str, str] = {}
    for name, quota in (("requests", quotas.requests), ("tokens", quotas.tokens)):
        if quota is not None:
            headers |= _quota_headers(name, quota)
    return headers


def _quota_headers(name: str, quota: Quota) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{name}": str(quota.limit),
        f"x-ratelimit-remaining-{name}": str(quota.remaining),
        f"x-ratelimit-reset-{name}": f"{quota.reset:.3f}s",
    }
