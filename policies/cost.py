"""What calls cost, in whole nano-dollars (billionths), so that sums are exact.

Three questions, three functions: what the upstream's own figures come to (`charge`), what an attempt
will about cost (`estimate`), and between which bounds lies what a cancelled one cost (`loser_cost`).
"""

from typing import TypeAlias

import attrs

from providers import billing
from providers.types import Usage

CancelBilling: TypeAlias = billing.CancelBilling

UNTIL_COMMIT = 1
"""Tokens that a streamed attempt writes until its race can be decided: a race ends at the first token,
and its losers are cancelled there."""

UNLIMITED = 4096  # tokens of an answer whose limit nobody knows


def _price() -> float:
    validator = attrs.validators.and_(attrs.validators.ge(0.0), attrs.validators.lt(float("inf")))
    field: float = attrs.field(validator=validator)
    return field


def _other_price() -> float | None:
    validator = attrs.validators.and_(attrs.validators.ge(0.0), attrs.validators.lt(float("inf")))
    field: float | None = attrs.field(default=None, validator=attrs.validators.optional(validator))
    return field


@attrs.frozen
class Price:
    """US dollars per million tokens.

    `cached_input` is for prompt tokens that the provider's cache held, `cache_write` for those of a
    prompt that it did not hold yet and stores; None: as `input`.
    """

    input: float = _price()
    output: float = _price()
    cached_input: float | None = _other_price()
    cache_write: float | None = _other_price()

    @property
    def warm(self) -> float:
        """What a token of a cached prompt costs."""
        return self.input if self.cached_input is None else self.cached_input

    @property
    def cold(self) -> float:
        """What a token of a prompt costs that is not cached yet, but will be."""
        return self.input if self.cache_write is None else self.cache_write


@attrs.frozen
class Interval:
    """At least `low` and at most `high` nano-dollars."""

    low: int = 0
    high: int = 0


@attrs.frozen
class Loser:
    """What is known of an attempt that was cancelled.

    `output_limit` is the most it could have written; None: nobody knows. `seen_tokens` were received
    from it. `accepted` says that the upstream answered with a good status; before that it may not even
    have begun. `reported` is the upstream's final usage, where the attempt got so far; counts that it
    gave early (a prompt's exact length) belong in `prompt_tokens`.
    """

    prompt_tokens: int
    output_limit: int | None = None
    seen_tokens: int = 0
    accepted: bool = False
    reported: Usage | None = None

    @property
    def most_tokens(self) -> int:
        """The most that it may have written."""
        limit = UNLIMITED if self.output_limit is None else self.output_limit
        return max(limit, self.seen_tokens)


def charge(price: Price | None, usage: Usage) -> int:
    """What the upstream's own figures come to; 0 where no price is known."""
    if price is None:
        return 0
    cached = min(usage.cached, usage.prompt)
    prompt = price.input * (usage.prompt - cached) + price.warm * cached
    return _nano_dollars(prompt + price.output * usage.completion)


def estimate(
    price: Price | None, prompt_tokens: int, output_tokens: int = UNTIL_COMMIT, *, warm: bool
) -> int:
    """What an attempt will about cost; 1 at least, and where no price is known.

    For the hedge budget `output_tokens` is `UNTIL_COMMIT`: a hedge is there for its first token, and
    the rest of an answer is paid once, whoever wins (0 for embeddings; the whole answer where it
    cannot be streamed). Primaries and hedges are priced alike, so that equal ones cost equal: in a
    bucket of 5 % one hedge costs what twenty primaries put in. A hedge of a prompt that is cached at
    its primary (`warm`) and not at its own target costs many times as much, and so is rarer.
    """
    if price is None:
        return 1
    prompt = (price.warm if warm else price.cold) * prompt_tokens
    return max(1, _nano_dollars(prompt + price.output * output_tokens))


def loser_cost(price: Price | None, rule: CancelBilling, loser: Loser) -> Interval:
    """What a cancelled attempt cost, at least and at most; nothing where no price is known.

    A final report is exact. Otherwise the prompt counts at its full price, and nothing is certain of
    a call that was never accepted.
    """
    if price is None:
        return Interval()
    if loser.reported is not None:
        exact = charge(price, loser.reported)
        return Interval(exact, exact)
    prompt = price.input * loser.prompt_tokens
    seen = _nano_dollars(prompt + price.output * loser.seen_tokens)
    full = _nano_dollars(prompt + price.output * loser.most_tokens)
    low = {"bills_input": _nano_dollars(prompt), "unknown": 0}.get(rule, seen)
    high = full if rule in {"bills_full", "unknown"} else seen
    return Interval(low if loser.accepted else 0, high)


def _nano_dollars(micro_dollars: float) -> int:
    """Tokens times dollars per million tokens are millionths of a dollar."""
    return round(1000 * micro_dollars)
