"""What a project, or one of its keys, may use: requests and tokens a minute, calls at once, money.

A call is let in by all meters that it runs under, or by none. What it may use is held until it is
settled, so calls that run at once cannot together exceed a limit by more than their estimates were
wrong. A second attempt of a call holds its own tokens and money beside the first's.

What was spent before is handed in: it is known to the journal, where other processes write too.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import attrs

from policies.rate import Quota, Rate
from policies.settings import Limits

What: TypeAlias = Literal["requests", "tokens", "concurrent", "usd_per_day", "usd_per_month"]
Whose: TypeAlias = Literal["project", "key"]

A_MOMENT = 1.0  # seconds: a guess at when one of the running calls ends
NANO = 1_000_000_000


@attrs.frozen
class Refusal:
    """Why a call may not run now, and in how many seconds it might.

    `hopeless`: it is larger than the limit itself, waiting does not help.
    """

    retry_after: float
    what: What
    hopeless: bool = False
    whose: Whose = "project"


@attrs.frozen
class Need:
    """What a call may use, as far as is known before it: tokens, and billionths of a dollar."""

    tokens: int = 0
    nano_usd: int = 0

    def __add__(self, other: "Need") -> "Need":
        return Need(self.tokens + other.tokens, self.nano_usd + other.nano_usd)


@attrs.frozen
class Spent:
    """Billionths of a dollar spent this day and this month, and the seconds until each is over."""

    day: int = 0
    month: int = 0
    day_ends: float = 0.0
    month_ends: float = 0.0


@attrs.frozen
class Quotas:
    """What is left of each rate; None where nothing is limited."""

    requests: Quota | None = None
    tokens: Quota | None = None


@attrs.define(eq=False)
class Meter:
    """The use of one project, or of one key, against its limits. `held` is money, in nano-dollars."""

    limits: Limits
    whose: Whose = "project"
    running: int = 0
    held: int = 0
    _requests: Rate | None = attrs.field(init=False)
    _tokens: Rate | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._requests = None if self.limits.rpm is None else Rate(self.limits.rpm)
        self._tokens = None if self.limits.tpm is None else Rate(self.limits.tpm)

    def refuses_call(self, need: Need, now: float, spent: Spent) -> Iterator[Refusal]:
        """Every reason why a new call may not run now."""
        most = self.limits.concurrent
        if most is not None and self.running >= most:
            yield Refusal(A_MOMENT, "concurrent", most <= 0, self.whose)
        yield from self._over(self._requests, 1, now, "requests")
        yield from self.refuses_attempt(need, now, spent)

    def refuses_attempt(self, need: Need, now: float, spent: Spent) -> Iterator[Refusal]:
        """Every reason why a running call may not use so much more."""
        yield from self._over(self._tokens, need.tokens, now, "tokens")
        budgets: tuple[tuple[What, float | None, int, float], ...] = (
            ("usd_per_day", self.limits.usd_per_day, spent.day, spent.day_ends),
            ("usd_per_month", self.limits.usd_per_month, spent.month, spent.month_ends),
        )
        for what, usd, before, ends in budgets:
            if usd is None:
                continue
            most = round(usd * NANO)
            wait = self._broke(need.nano_usd, most, before, ends)
            if wait is not None:
                yield Refusal(wait, what, need.nano_usd > most, self.whose)

    def begin(self, now: float) -> None:
        """A call was let in."""
        self.running += 1
        if self._requests is not None:
            self._requests.charge(1, now)

    def hold(self, need: Need) -> None:
        """So much may be used by what was let in."""
        self.held += need.nano_usd
        if self._tokens is not None:
            self._tokens.held += need.tokens

    def settle(self, held: Need, tokens: int, now: float) -> None:
        """What held so much has used so many tokens; its money is in the journal from now on."""
        self.held -= held.nano_usd
        if self._tokens is not None:
            self._tokens.held -= held.tokens
            self._tokens.charge(tokens, now)

    def leave(self) -> None:
        """A call is over and no longer counts as running."""
        self.running -= 1

    def quotas(self, now: float) -> Quotas:
        """What is left, for the `x-ratelimit-*` headers."""
        return Quotas(
            None if self._requests is None else self._requests.quota(now),
            None if self._tokens is None else self._tokens.quota(now),
        )

    def _over(self, rate: Rate | None, cost: int, now: float, what: What) -> Iterator[Refusal]:
        wait = 0.0 if rate is None else rate.wait(cost, now)
        if rate is not None and wait > 0:
            yield Refusal(wait, what, cost > rate.limit, self.whose)

    def _broke(self, cost: int, most: int, spent: int, ends: float) -> float | None:
        """Seconds until there may be money for it; None if there is. A limit reached is too much."""
        if spent >= most or spent + cost > most:
            return ends
        # Others hold the rest, and most calls use less than they hold.
        over = spent + self.held >= most or spent + self.held + cost > most
        return min(A_MOMENT, ends) if over else None


@attrs.define(eq=False)
class Admitted:
    """A call that runs under these meters, and what it holds in each. Told its end by `leave`."""

    meters: tuple[Meter, ...]
    held: Need
    settled: bool = False

    def reserve(self, need: Need, now: float, spent: Sequence[Spent]) -> bool:
        """Holds so much for one more attempt of this call, if all meters have room for it."""
        meters = list(zip(self.meters, spent, strict=True))
        if self.settled or any(any(m.refuses_attempt(need, now, known)) for m, known in meters):
            return False
        self.held += need
        for meter in self.meters:
            meter.hold(need)
        return True

    def settle(self, tokens: int, now: float) -> None:
        """All attempts together used so many tokens. Only the first word counts."""
        if self.settled:
            return
        self.settled = True
        for meter in self.meters:
            meter.settle(self.held, tokens, now)

    def leave(self, now: float) -> None:
        """The call is over; one that was never settled has used nothing."""
        self.settle(0, now)
        for meter in self.meters:
            meter.leave()


def admit(
    meters: Sequence[Meter], need: Need, now: float, spent: Sequence[Spent]
) -> Admitted | Refusal:
    """Lets a call in under all of these meters, or says what is in its way longest and changes nothing.

    `spent` is what each meter's project or key has spent before.
    """
    refusals = [
        refusal
        for meter, known in zip(meters, spent, strict=True)
        for refusal in meter.refuses_call(need, now, known)
    ]
    if refusals:
        return max(refusals, key=lambda refusal: (refusal.hopeless, refusal.retry_after))
    for meter in meters:
        meter.begin(now)
        meter.hold(need)
    return Admitted(tuple(meters), need)


def tightest(meters: Iterable[Meter], now: float) -> Quotas:
    """What is left under all of these meters: of each rate, the quota with the least of it."""
    quotas = [meter.quotas(now) for meter in meters]
    return Quotas(
        _least([each.requests for each in quotas]), _least([each.tokens for each in quotas])
    )


def _least(quotas: Iterable[Quota | None]) -> Quota | None:
    known = [quota for quota in quotas if quota is not None]
    return min(known, key=lambda quota: (quota.remaining, -quota.reset), default=None)
