"""The limits of a project and of its keys: asked before a call, settled after it, told in its headers.

What a call will use is not known beforehand, so its prompt and the most it asks for are reserved, in
tokens and at the dearest of the offer's prices, and the difference is given back when its usage is known.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

import attrs
import trio

from gateway.auth import Principal
from gateway.catalog import Offer
from gateway.context import Context
from gateway.errors import ApiError
from gateway.ticket import Ticket
from policies.cost import estimate
from policies.limits import Admitted, Meter, Need, Quotas, Refusal, Spent, What, tightest
from policies.limits import admit as ask
from policies.rate import Quota
from providers.types import ChatCall

HOPELESS_WAIT = 60.0
"""What to say where no waiting helps: nobody should hurry."""

USUAL_ANSWER = 1_000
"""Tokens whose price is reserved for a chat that asks for no most."""

NAMES: Mapping[What, str] = {
    "requests": "requests a minute",
    "tokens": "tokens a minute",
    "concurrent": "concurrent requests",
    "usd_per_day": "dollars a day",
    "usd_per_month": "dollars a month",
}


@attrs.define(eq=False)
class Admission:
    """A call that was let in. What its other attempts may use is asked for with `extra`."""

    _context: Context
    _principal: Principal
    _admitted: Admitted

    def extra(self, tokens: int, nano_usd: int) -> bool:
        """Reserves so much for one more attempt of this call; false if the limits have no room for it."""
        meters = self._admitted.meters
        spent = [_spent(self._context, self._principal, meter) for meter in meters]
        return self._admitted.reserve(Need(tokens, nano_usd), trio.current_time(), spent)

    def settle(self, tokens: int) -> None:
        """All attempts together used so many tokens; nothing is reserved any more.

        To be told right before the call's record is posted: from there its money counts.
        """
        self._admitted.settle(tokens, trio.current_time())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._admitted.leave(trio.current_time())


def admit(context: Context, ticket: Ticket, offer: Offer) -> Admission:
    """Admits a call against the limits of its project and of its key; the block behind it is the call.

    Raises:
        ApiError: 429, a limit is reached; `retry_after` says when there is room again.
    """
    principal, now = ticket.principal, trio.current_time()
    meters = context.meters_of(principal)
    spent = [_spent(context, principal, meter) for meter in meters]
    admitted = ask(meters, _need(ticket, offer), now, spent)
    ticket.trail.limits = _headers(tightest(meters, now))
    if isinstance(admitted, Refusal):
        raise _refused(admitted)
    return Admission(context, principal, admitted)


def ends(now: datetime) -> tuple[float, float]:
    """Seconds until the day and the calendar month are over, both in the clock's own zone."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (
        (today + timedelta(days=1) - now).total_seconds(),
        (next_month - now).total_seconds(),
    )


def _need(ticket: Ticket, offer: Offer) -> Need:
    prompt, most = ticket.features.prompt_tokens, ticket.features.output_tokens
    if not offer.prices or ticket.principal.environment == "test":
        return Need(prompt + most)
    call = ticket.call
    paid = (call.max_tokens or USUAL_ANSWER) * call.n if isinstance(call, ChatCall) else 0
    nano_usd = max(estimate(price, prompt, paid, warm=False) for price in offer.prices)
    return Need(prompt + most, nano_usd)


def _spent(context: Context, principal: Principal, meter: Meter) -> Spent:
    """What the meter's project or key has spent, as far as the meter limits it. Days are UTC's."""
    limits, spent = meter.limits, context.store.indexes.spent
    if limits.usd_per_day is None and limits.usd_per_month is None:
        return Spent()
    now = datetime.now(UTC)
    today, project = now.date(), principal.project
    key = principal.key if meter.whose == "key" else None
    day = 0 if limits.usd_per_day is None else spent(project, today, today, key=key)
    first = today.replace(day=1)
    month = 0 if limits.usd_per_month is None else spent(project, first, today, key=key)
    return Spent(day, month, *ends(now))


def _refused(refusal: Refusal) -> ApiError:
    limit = f"{refusal.whose}'s limit of {NAMES[refusal.what]}"
    if refusal.hopeless:
        message = f"This request alone is over the {limit}"
        return ApiError(429, message, retry_after=HOPELESS_WAIT, final=True)
    message = f"The {limit} is reached"
    return ApiError(429, message, retry_after=refusal.retry_after)


def _headers(quotas: Quotas) -> dict[str, str]:
    """OpenAI's rate-limit headers, true to the gateway's own limits."""
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
