"""An attempt's facts as the journal keeps them: what happened, what its target's choice knew, what it cost."""

import attrs

from gateway.attempt import Attempt
from policies import cost
from policies.cost import CancelBilling, Interval, Loser
from policies.features import Features
from providers.types import RateLimits, Usage
from state.records import AttemptEnded, Candidate, UsageSource

CHARACTERS_PER_TOKEN = 4


@attrs.frozen
class Clockwork:
    """Where a record's times count from, and what is now; seconds on Trio's clock."""

    origin: float
    now: float

    def ms(self, moment: float) -> float:
        """A moment as milliseconds since the request arrived."""
        return (moment - self.origin) * 1000

    def ms_or_none(self, moment: float | None) -> float | None:
        """The same for what may not have happened."""
        return None if moment is None else self.ms(moment)


@attrs.frozen
class Bill:
    """What an attempt used, how that is known, and what it may have cost."""

    usage: Usage
    source: UsageSource
    cost: Interval


def bill(attempt: Attempt, features: Features, billing: CancelBilling) -> Bill:
    """What an attempt used and cost whose answer the client did not get."""
    price, refused = attempt.target.price, attempt.error is not None and attempt.error.status
    usage, source = _seen(attempt, features)
    if price is None or refused:
        return Bill(usage, source, Interval(0, 0))
    loser = Loser(
        prompt_tokens=features.prompt_tokens,
        output_limit=features.output_tokens or None,
        seen_tokens=usage.completion,
        accepted=attempt.accepted is not None,
        reported=usage if source == "reported" else None,
    )
    return Bill(usage, source, cost.loser_cost(price, billing, loser))


def paid(attempt: Attempt, answered: Usage, *, estimated: bool) -> Bill:
    """What the attempt used and cost whose answer the client got, as the client was told."""
    price = attempt.target.price
    known = 0 if price is None else cost.charge(price, answered)
    return Bill(answered, "estimated" if estimated else "reported", Interval(known, known))


def _seen(attempt: Attempt, features: Features) -> tuple[Usage, UsageSource]:
    """What an unfinished attempt is known to have used. What it reported early may be a beginning only."""
    if attempt.usage is not None:
        return attempt.usage, "reported" if attempt.complete else "early"
    if attempt.accepted is None:
        return Usage(), "none"
    prompt, written = features.prompt_tokens, -(-attempt.written // CHARACTERS_PER_TOKEN)
    return Usage(prompt, written, prompt + written), "estimated"


def attempt_record(attempt: Attempt, clock: Clockwork, bill: Bill) -> AttemptEnded:
    """One attempt for the journal."""
    candidate, plan = attempt.choice.candidate, attempt.plan
    return AttemptEnded(
        key=attempt.target.key,
        domain=attempt.target.domain,
        model=attempt.target.model,
        role=attempt.role,
        outcome=attempt.outcome or "client_gone",
        start_ms=clock.ms(attempt.started),
        first_ms=clock.ms_or_none(attempt.first),
        end_ms=clock.ms(clock.now if attempt.ended is None else attempt.ended),
        status=_status(attempt),
        error=type(attempt.error).__name__ if attempt.error else None,
        prompt_tokens=bill.usage.prompt,
        completion_tokens=bill.usage.completion,
        usage_src=bill.source,
        provider=attempt.target.provider,
        headers_ms=clock.ms_or_none(attempt.accepted),
        cancelled_ms=clock.ms_or_none(attempt.cancelled),
        first_kind=attempt.first_kind,
        audit=attempt.run_on is not None,
        warm=attempt.lease.scope.warm,
        inflight=candidate.inflight,
        ewma_ms=candidate.ttft * 1000,
        headroom=candidate.headroom if candidate.headroom < 1.0 else None,
        candidates=tuple(Candidate(key, score) for key, score in attempt.choice.compared),
        p_sel=attempt.choice.p_sel,
        delay_ms=None if plan is None or plan.delay is None else plan.delay * 1000,
        delay_src=None if plan is None else plan.source,
        probability=1.0 if plan is None else plan.probability,
        limits=_limits(attempt.limits),
        nano_usd_low=bill.cost.low,
        nano_usd_high=bill.cost.high,
    )


def _limits(limits: RateLimits | None) -> tuple[int | None, int | None, float | None] | None:
    if limits is None or limits == _UNTOLD:
        return None
    return limits.requests_remaining, limits.tokens_remaining, limits.reset


_UNTOLD = RateLimits()


def _status(attempt: Attempt) -> int | None:
    """The HTTP status that the upstream answered with, if it answered."""
    if attempt.error is not None and attempt.error.status is not None:
        return attempt.error.status
    return None if attempt.accepted is None else 200
