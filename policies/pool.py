"""The pool of keys as a race sees it: who should take a call, and what became of the calls given.

    pool.pick(route, now, rng, *, used=(), avoid=(), prefer_other_than=None) -> Target | None
    pool.begin(target, now, *, primary=True) -> Lease        when an attempt starts
    pool.first(lease, now) -> None                           at its first semantic event
    pool.finish(lease, outcome, now, rng, error=None)        when it has ended; again does nothing
        -> tuple[Transition, ...]
    pool.soonest(route, now) -> float | None                 seconds; 0 if now, None if never
    pool.refused(route, now) -> bool                         no key is accepted: do not wait
    pool.window(model) -> latency.Window                     for `hedge.plan`; upstream's name
    pool.budget(name, settings.Hedge) -> Budget              for hedges: deposit() a primary
    pool.retries(name) -> RetryBudget                        for failovers: deposit() a request
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
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, TypeAlias

import attrs

from policies.balance import Choice, choose, score
from policies.budget import Budget
from policies.estimates import Estimates
from policies.health import Claim, Health
from policies.latency import Window
from policies.load import Load
from policies.rest import State, Transition
from policies.retry import RetryBudget
from policies.settings import Hedge
from policies.target import Route, Target
from providers.errors import ProviderError

Outcome: TypeAlias = Literal["won", "lost", "failed", "timeout", "client_gone"]

OVERFLOW_COST = 4.0  # how much worse an ejected key looks that had to be let back in


@attrs.define(eq=False)
class Lease:
    """What an attempt holds of the pool from its start to its end. Times are the caller's."""

    target: Target
    begun: float
    primary: bool
    claim: Claim = ()
    first: float | None = None
    finished: bool = False


@attrs.frozen
class KeyStatistics:
    """One target now: `ttft` is the estimate in seconds that balancing uses."""

    target: Target
    state: State
    inflight: int
    ttft: float


@attrs.frozen
class ModelStatistics:
    """The times to first token of an upstream model's primaries, in seconds."""

    model: str
    count: int
    p50: float | None
    p95: float | None
    p99: float | None


@attrs.frozen
class BudgetStatistics:
    """A route's allowance for extra attempts."""

    route: str
    kind: Literal["hedge", "failover"]
    level: float
    granted: int
    refused: int


@attrs.frozen
class PoolStatistics:
    """The pool at one moment."""

    keys: tuple[KeyStatistics, ...]
    models: tuple[ModelStatistics, ...]
    budgets: tuple[BudgetStatistics, ...]


@attrs.define(eq=False)
class Pool:
    """Latency, load, health and balance of all keys. What it remembers is bounded by its targets."""

    estimates: Estimates = attrs.field(factory=Estimates)
    health: Health = attrs.field(factory=Health)
    load: Load = attrs.field(factory=Load)
    _known: dict[tuple[str, str], Target] = attrs.field(factory=dict)
    _budgets: dict[tuple[str, float, float], Budget] = attrs.field(factory=dict)
    _retries: dict[str, RetryBudget] = attrs.field(factory=dict)

    def pick(
        self,
        route: Route,
        now: float,
        rng: random.Random,
        *,
        used: Collection[str] = (),
        avoid: Collection[str] = (),
        prefer_other_than: Target | None = None,
    ) -> Target | None:
        """The target for the next attempt, or None if no key can take it now.

        The first tier that has one decides. Never a key in `used`, never a domain in `avoid`, never
        a key that is full. A rival of `prefer_other_than` is sought at another provider, then in
        another domain, then at another key. When all that is left is ejected, an ejected key is
        better than none.
        """
        health = self.health

        def fit(targets: Iterable[Target]) -> list[Target]:
            fresh = [
                target
                for target in targets
                if target.key not in used
                and target.domain not in avoid
                and self.load.of(target.key) < target.concurrent
            ]
            return _farthest(fresh, prefer_other_than)

        for tier in route:
            if free := fit(target for target in tier if health.available(target, now)):
                return self._best(free, fit(health.overflow(tier, now)), now, rng)
        for tier in route:
            if ejected := fit(target for target in tier if health.ejected(target, now)):
                return self._choose(ejected, now, rng).target
        return None

    def begin(self, target: Target, now: float, *, primary: bool = True) -> Lease:
        """An attempt starts."""
        self._known.setdefault((target.key, target.model), target)
        self.load.begin(target.key)
        return Lease(target, now, primary, self.health.begin(target, now))

    def first(self, lease: Lease, now: float) -> None:
        """The attempt's first semantic event came. Told twice, or after the end, nothing happens."""
        if lease.first is None and not lease.finished:
            lease.first = now
            waited = now - lease.begun
            self.estimates.first(lease.target, waited, now, primary=lease.primary)

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
        self.load.end(lease.target.key)
        self.health.release(lease.claim)
        if outcome in {"lost", "timeout", "client_gone"} and lease.first is None:
            waited = now - lease.begun
            self.estimates.gave_up(lease.target, waited, now, primary=lease.primary)
        verdict = outcome == "won" or (outcome in {"failed", "timeout"} and error is not None)
        if not verdict:
            return ()
        blame = None if outcome == "won" else error
        return self.health.observe(lease.target, blame, now, rng, begun=lease.begun)

    def soonest(self, route: Route, now: float) -> float | None:
        """Seconds until a key of the route can take a call: 0 if one can now, None if never."""
        return self.health.soonest((target for tier in route for target in tier), now)

    def refused(self, route: Route, now: float) -> bool:
        """Whether no key of the route is accepted upstream now, so that a short wait is no use."""
        states = (self.health.state(target, now) for tier in route for target in tier)
        return all(state in {"invalid", "exhausted", "draining"} for state in states)

    def window(self, model: str) -> Window:
        """The times to first token of this upstream model's primaries."""
        return self.estimates.window(model)

    def budget(self, name: str, settings: Hedge) -> Budget:
        """The hedge budget of a route under these settings."""
        at = name, settings.budget, settings.burst
        if at not in self._budgets:
            self._budgets[at] = Budget(settings.budget, settings.burst)
        return self._budgets[at]

    def retries(self, name: str) -> RetryBudget:
        """The failover budget of a route."""
        if name not in self._retries:
            self._retries[name] = RetryBudget()
        return self._retries[name]

    def drain(self, key: str, draining: bool = True) -> None:
        """The operator takes a key out of the pool, or puts it back."""
        self.health.drain(key, draining)

    def retain(self, targets: Iterable[Target]) -> None:
        """Makes these the known targets, forgets what was seen of others. Leases stay good."""
        self._known = {(target.key, target.model): target for target in targets}
        kept = tuple(self._known.values())
        self.estimates.retain(kept)
        self.health.retain(kept)

    def snapshot(self, now: float) -> PoolStatistics:
        """Everything worth showing, as it is at this moment."""
        windows = self.estimates.windows.items()
        return PoolStatistics(
            tuple(self._show_key(target, now) for target in self._known.values()),
            tuple(_show_model(model, window) for model, window in windows),
            (
                *(_show(at[0], "hedge", budget) for at, budget in self._budgets.items()),
                *(_show(name, "failover", budget) for name, budget in self._retries.items()),
            ),
        )

    def _best(
        self, free: Sequence[Target], overflow: Sequence[Target], now: float, rng: random.Random
    ) -> Target:
        best = self._choose(free, now, rng)
        if overflow:
            other = self._choose(overflow, now, rng)
            best = other if other.score * OVERFLOW_COST < best.score else best
        return best.target

    def _choose(self, targets: Sequence[Target], now: float, rng: random.Random) -> Choice:
        usual = self.estimates.usual(targets)

        def scored(target: Target) -> float:
            ttft = self.estimates.ttft(target, now, usual)
            return score(ttft, self.load.of(target.key), target.weight)

        return choose(targets, scored, rng)

    def _show_key(self, target: Target, now: float) -> KeyStatistics:
        ttft = self.estimates.ttft(target, now, self.estimates.usual([target]))
        state, inflight = self.health.state(target, now), self.load.of(target.key)
        return KeyStatistics(target, state, inflight, ttft)


def _farthest(targets: list[Target], other: Target | None) -> list[Target]:
    """Those with the least in common with `other`: what slows that one, spares these."""
    if other is None or len(targets) < 2:
        return targets
    distances = [_distance(target, other) for target in targets]
    most = max(distances)
    return [t for t, distance in zip(targets, distances, strict=True) if distance == most]


def _distance(target: Target, other: Target) -> int:
    if target.domain == other.domain:
        return 0
    return 1 if target.provider == other.provider else 2


def _show_model(model: str, window: Window) -> ModelStatistics:
    p50, p95, p99 = (window.quantile(p) for p in (0.5, 0.95, 0.99))
    return ModelStatistics(model, window.count, p50, p95, p99)


def _show(route: str, kind: Literal["hedge", "failover"], budget: Budget) -> BudgetStatistics:
    return BudgetStatistics(route, kind, budget.level, budget.granted, budget.refused)
