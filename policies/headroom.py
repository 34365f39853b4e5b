"""How much of a quota is left, as far as answers' headers told.

Quotas belong to a domain and an upstream model: two keys of one organisation share theirs. Between
two answers the last one is projected: what was sent since is gone (a provider reserves a call's
prompt and all that it may write), and what had been used comes back evenly until the reset, as in a
token bucket. What is unknown is taken for plenty; the provider's 429 says otherwise if it must.
"""

from collections.abc import Iterable
from typing import TypeAlias

import attrs

from policies.target import Target
from providers.types import RateLimits

STALE = 60.0
"""Seconds after which an answer that gave no reset says nothing any more: most quotas are a minute's."""

MOST = 4096
"""Quotas that are remembered; a client may name models that nobody lists."""


@attrs.define(eq=False)
class _Quota:
    limit: int
    remaining: int
    at: float
    reset: float | None
    sent: int = 0

    def left(self, now: float) -> float:
        """How many are thought to be left; below 0 if more was sent than there was."""
        age = max(0.0, now - self.at)
        if age >= (STALE if self.reset is None else self.reset):
            return self.limit
        back = (self.limit - self.remaining) * age / self.reset if self.reset else 0.0
        return self.remaining + back - self.sent


@attrs.define(eq=False)
class _Quotas:
    """A domain's two quotas of a model; None is unknown."""

    requests: _Quota | None = None
    tokens: _Quota | None = None

    def share(self, requests: int, tokens: int, now: float) -> float:
        """The scarcer one's share that is left when so many more were sent, in [0, 1]."""
        least = 1.0
        if self.requests:
            least = (self.requests.left(now) - requests) / self.requests.limit
        if self.tokens:
            least = min(least, (self.tokens.left(now) - tokens) / self.tokens.limit)
        return max(0.0, least)


_Scope: TypeAlias = tuple[str, str]


@attrs.define(eq=False)
class Headroom:
    """The quotas of all domains and models that spoke of them. Memory is bounded."""

    _known: dict[_Scope, _Quotas] = attrs.field(factory=dict)

    def told(self, target: Target, limits: RateLimits, now: float) -> None:
        """An answer's headers said this. A quota they leave out, or tell nonsense of, stays as it was."""
        reset = limits.reset
        requests = _quota(limits.requests_limit, limits.requests_remaining, reset, now)
        tokens = _quota(limits.tokens_limit, limits.tokens_remaining, reset, now)
        if requests is None and tokens is None:
            return
        quotas = self._at(_scope(target))
        quotas.requests = requests or quotas.requests
        quotas.tokens = tokens or quotas.tokens

    def sent(self, target: Target, tokens: int) -> None:
        """A call was sent for which the provider reserves so many tokens."""
        if quotas := self._known.get(_scope(target)):
            if quotas.requests:
                quotas.requests.sent += 1
            if quotas.tokens:
                quotas.tokens.sent += tokens

    def share(self, target: Target, now: float) -> float:
        """The share of the scarcer quota that is left, in [0, 1]; 1 where nothing is known."""
        quotas = self._known.get(_scope(target))
        return quotas.share(0, 0, now) if quotas else 1.0

    def after(self, target: Target, tokens: int, now: float) -> float:
        """The share that would be left after one more call of so many tokens."""
        quotas = self._known.get(_scope(target))
        return quotas.share(1, tokens, now) if quotas else 1.0

    def room(self, target: Target, tokens: int, now: float) -> bool:
        """Whether one more call of so many tokens is thought to be within the quotas."""
        quotas = self._known.get(_scope(target))
        if quotas is None:
            return True
        if quotas.requests and quotas.requests.left(now) < 1:
            return False
        return quotas.tokens is None or quotas.tokens.left(now) >= tokens

    def retain(self, targets: Iterable[Target]) -> None:
        """Forgets all but these."""
        kept = {_scope(target) for target in targets}
        self._known = {scope: quotas for scope, quotas in self._known.items() if scope in kept}

    def _at(self, scope: _Scope) -> _Quotas:
        if scope not in self._known:
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[scope] = _Quotas()
        return self._known[scope]


def _scope(target: Target) -> _Scope:
    return target.domain, target.model


def _quota(
    limit: int | None, remaining: int | None, reset: float | None, now: float
) -> _Quota | None:
    """What was said of one quota, or None if that makes no sense."""
    if limit is None or remaining is None or not 0 <= remaining <= limit or limit == 0:
        return None
    if reset is not None and not 0.0 <= reset < float("inf"):
        reset = None
    return _Quota(limit, remaining, now, reset)
