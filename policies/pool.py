"""The pool of keys as a race sees it: who should take a call, and what became of the calls given.

    pool.pick(wish, now, rng) -> Choice | None
    pool.begin(target, now, *, scope=None, primary=True, tokens=0) -> Lease   an attempt starts
    pool.told(lease, limits, now) -> None                    its answer's headers came
    pool.first(lease, now) -> tuple[Transition, ...]         its first semantic event came
    pool.finish(lease, outcome, now, rng, error=None)        it has ended; again does nothing
        -> tuple[Transition, ...]
    pool.soonest(route, now) -> float | None                 seconds; 0 if now, None if never
    pool.refused(route, now) -> bool                         no key is accepted: do not wait
    pool.snapshot(now) -> PoolStatistics
    pool.retain(targets)                                     after a (re)load
    pool.drain(key, draining=True)

    outcome: "won" | "lost" | "failed" | "timeout" | "client_gone"

Every `begin` needs its `finish`: the lease is a place in the key's queue, and maybe the one place
that a key on probation has. A winner is finished when its last token was relayed; if it broke on
the way, its outcome is "failed" or "timeout", with the error. Everything is synchronous; `now` is
seconds on one monotonic clock.
"""

import random
from collections.abc import Iterable
from typing import Literal, TypeAlias

import attrs

from policies.allowances import Allowances
from policies.balance import Choice
from policies.choosing import Chooser, Wish
from policies.features import Scope
from policies.health import Claim
from policies.rest import Transition
from policies.rivals import Rivals
from policies.statistics import KeyStatistics, ModelStatistics, PoolStatistics
from policies.target import Route, Target
from policies.terms import is_failure
from policies.throttle import Throttle
from providers.errors import ProviderError, RateLimited
from providers.types import RateLimits

Outcome: TypeAlias = Literal["won", "lost", "failed", "timeout", "client_gone"]

MOST_KNOWN = 4096
"""Targets that are shown; a client may name models that nobody lists."""


@attrs.define(eq=False)
class Lease:
    """What an attempt holds of the pool from its start to its end. Times are the caller's."""

    target: Target
    begun: float
    primary: bool
    scope: Scope
    claim: Claim = ()
    first: float | None = None
    finished: bool = False


@attrs.define(eq=False)
class Pool:
    """Latency, load, health and balance of all keys. What it remembers is bounded by its targets."""

    chooser: Chooser = attrs.field(factory=Chooser)
    rivals: Rivals = attrs.field(factory=Rivals)
    allowances: Allowances = attrs.field(factory=Allowances)
    throttle: Throttle = attrs.field(factory=Throttle)
    turns: dict[str, int] = attrs.field(factory=dict)
    _known: dict[tuple[str, str], Target] = attrs.field(factory=dict)

    def pick(self, wish: Wish, now: float, rng: random.Random) -> Choice | None:
        """The target for the next attempt, or None if no key can take it now."""
        return self.chooser.pick(wish, now, rng)

    def begin(
        self,
        target: Target,
        now: float,
        *,
        scope: Scope | None = None,
        primary: bool = True,
        tokens: int = 0,
    ) -> Lease:
        """An attempt starts; `tokens` is what its provider reserves for it."""
        if len(self._known) < MOST_KNOWN:
            self._known.setdefault((target.key, target.model), target)
        self.chooser.load.begin(target.key)
        self.chooser.headroom.sent(target, tokens)
        claim = self.chooser.health.begin(target, now)
        return Lease(target, now, primary, scope or Scope(target.model), claim)

    def told(self, lease: Lease, limits: RateLimits, now: float) -> None:
        """The answer's headers came, and say this of the key's quota."""
        self.chooser.headroom.told(lease.target, limits, now)

    def first(self, lease: Lease, now: float) -> tuple[Transition, ...]:
        """The attempt's first semantic event came. Told twice, or after the end, nothing happens."""
        if lease.first is not None or lease.finished:
            return ()
        lease.first = now
        waited, estimates = now - lease.begun, self.chooser.estimates
        estimates.first(lease.target, lease.scope, waited, now, primary=lease.primary)
        self.rivals.first(lease.target, waited, now)
        return self.chooser.health.accepted(lease.target, now, begun=lease.begun)

    def finish(
        self,
        lease: Lease,
        outcome: Outcome,
        now: float,
        rng: random.Random,
        error: ProviderError | None = None,
    ) -> tuple[Transition, ...]:
        """The attempt has ended. Returns the changes of key states that follow from it."""
        if lease.finished:
            return ()
        lease.finished = True
        inflight = self.chooser.load.of(lease.target.key)
        self.chooser.load.end(lease.target.key)
        self.chooser.health.release(lease.claim)
        if outcome in {"lost", "timeout", "client_gone"} and lease.first is None:
            self._gave_up(lease, now)
        if outcome == "won":
            self.chooser.concurrency.succeeded(lease.target.key, inflight, now)
            self.throttle.succeeded(lease.target.domain)
        elif outcome in {"failed", "timeout"} and error is not None:
            self._blame(lease, error, inflight, now)
        else:
            return ()
        blame = None if outcome == "won" else error
        return self.chooser.health.observe(lease.target, blame, now, rng, begun=lease.begun)

    def _gave_up(self, lease: Lease, now: float) -> None:
        waited, estimates = now - lease.begun, self.chooser.estimates
        estimates.gave_up(lease.target, lease.scope, waited, now, primary=lease.primary)
        self.rivals.gave_up(lease.target, waited, now)

    def _blame(self, lease: Lease, error: ProviderError, inflight: int, now: float) -> None:
        if isinstance(error, RateLimited):
            self.chooser.concurrency.pushed_back(lease.target.key, inflight, now)
        elif is_failure(error):
            self.throttle.failed(lease.target.domain)

    def win_probability(self, scope: Scope, backup: Target, delay: float) -> float | None:
        """How likely a backup started after `delay` is first, if the primary is still silent then."""
        primary = self.chooser.estimates.curve(scope)
        return None if primary is None else self.rivals.win_probability(primary, backup, delay)

    def remaining(self, scope: Scope, waited: float) -> float | None:
        """How much longer a call takes that has been silent for so long, in the median; None if unknown."""
        curve = self.chooser.estimates.curve(scope)
        return None if curve is None else curve.remaining(waited)

    def soonest(self, route: Route, now: float) -> float | None:
        """Seconds until a key of the route can take a call: 0 if one can now, None if never."""
        return self.chooser.health.soonest((target for tier in route for target in tier), now)

    def refused(self, route: Route, now: float) -> bool:
        """Whether no key of the route is accepted upstream now, so that a short wait is no use."""
        states = (self.chooser.health.state(target, now) for tier in route for target in tier)
        return all(state in {"invalid", "exhausted", "draining"} for state in states)

    def turn(self, route: str) -> int:
        """The number of this request on its route."""
        turn = self.turns.get(route, 0)
        self.turns[route] = turn + 1
        return turn

    def drain(self, key: str, draining: bool = True) -> None:
        """The operator takes a key out of the pool, or puts it back."""
        self.chooser.health.drain(key, draining)

    def retain(self, targets: Iterable[Target]) -> None:
        """Makes these the known targets, forgets what was seen of others. Leases stay good."""
        self._known = {(target.key, target.model): target for target in targets}
        kept = tuple(self._known.values())
        for part in (self.chooser.estimates, self.chooser.health, self.chooser.headroom):
            part.retain(kept)
        self.chooser.concurrency.retain({target.key for target in kept})

    def snapshot(self, now: float) -> PoolStatistics:
        """Everything worth showing, as it is at this moment."""
        return PoolStatistics(
            tuple(self._show_key(target, now) for target in self._known.values()),
            tuple(
                ModelStatistics(
                    model, window.count, *(window.quantile(p) for p in (0.5, 0.95, 0.99))
                )
                for model, window in self.chooser.estimates.models()
            ),
            self.allowances.statistics(now),
        )

    def _show_key(self, target: Target, now: float) -> KeyStatistics:
        chooser = self.chooser
        ttft = chooser.estimates.ttft(target, Scope(target.model), now)
        state, inflight = chooser.health.state(target, now), chooser.load.of(target.key)
        return KeyStatistics(target, state, inflight, ttft)
