"""One request's judgement: everything its race has to decide, and why it was decided so.

The race is mechanism: it starts calls, waits and cancels. Each time that something is to be decided it
asks here, synchronously: who is called first, when a silent attempt gets a rival and whether, what an
error means. What was refused is kept in `skips`, so that the race can be explained and run again.
"""

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

import attrs

from policies import cost, gate, hedge
from policies.balance import Choice
from policies.choosing import Wish
from policies.features import Features, Scope
from policies.gate import Refusal, Situation
from policies.hedge import OFF, Plan
from policies.pool import Lease, Pool
from policies.retry import Action, after
from policies.settings import Policy
from policies.target import Route, Target
from providers.errors import ProviderError, RateLimited
from providers.types import Usage

Role: TypeAlias = Literal["primary", "hedge", "failover", "dual"]

RECHECK = 0.02
"""The share of hopeless-looking hedges that start all the same: nothing else would ever tell that a slow
backup has become fast."""

CACHEABLE = 1024
"""Tokens of a prompt from which providers cache its beginning."""


class Runner(Protocol):
    """An attempt, as far as decisions need it."""

    @property
    def role(self) -> Role:
        """What it was started as."""

    @property
    def lease(self) -> Lease:
        """What it holds of the pool."""

    @property
    def error(self) -> ProviderError | None:
        """Why it failed, if it did."""

    @property
    def live(self) -> bool:
        """Whether it may still answer."""


@attrs.frozen
class Skip:
    """A hedge was wanted at `at` and not started; `level` is what the route's budget held."""

    at: float
    why: str
    level: float


@attrs.define(eq=False)
class Contest:
    """The decisions of one race. `name` is the route's, `deadline` on the clock of every `now`.

    `afford` asks the project's own limits for so many tokens and nano-dollars more. `stopping` says
    whether the process is about to end, `priced` whether every target of the route has a price.
    """

    name: str
    route: Route
    policy: Policy
    features: Features
    pool: Pool
    rng: random.Random
    deadline: float
    afford: Callable[[int, int], bool] = lambda _tokens, _nano_usd: True
    stopping: Callable[[], bool] = lambda: False
    priced: bool = False
    plan: Plan = OFF
    skips: list[Skip] = attrs.field(factory=list)

    def primary(self, now: float) -> Choice | None:
        """Who is called first; None if nobody can be called now."""
        return self.pool.pick(self._wish(()), now, self.rng)

    def sent(self, choice: Choice, role: Role, now: float) -> Lease:
        """An attempt starts now; a primary or a failover sets a new plan going."""
        target = choice.candidate.target
        scope, primary = self._scope(target, now), role == "primary"
        lease = self.pool.begin(target, now, scope=scope, primary=primary, tokens=self._tokens)
        if primary:
            self._deposit(scope)
            self.pool.allowances.retries(self.name).deposit(now)
        if role in ("primary", "failover"):
            self.plan = self._plan(scope)
        return lease

    def second(self, runners: Sequence[Runner], now: float) -> Choice | None:
        """The other target of a request that explores two at once; None for all other requests."""
        if self.features.arm != "dual" or not self.plan.delays:
            return None
        choice = self._rival(runners, now)
        if choice is None or self.pool.throttle.frozen(choice.candidate.target.domain):
            return None
        return choice if self._affordable(choice.candidate.target, now) else None

    def hedge(self, runners: Sequence[Runner], now: float) -> Choice | None:
        """The rival that starts because a delay has passed, or None; then `skips` says why."""
        choice = self._rival(runners, now)
        target = None if choice is None else choice.candidate.target
        why = gate.why_not(self.policy.hedge, self._situation(runners, target, now))
        if why is None and target is not None:
            why = self._spend(target, now)
        if why is None:
            return choice
        level = self.pool.allowances.route(self.name, self.policy.hedge).level
        self.skips.append(Skip(now, why, level))
        return None

    def fatal(self, failed: Runner, rivals: Sequence[Runner]) -> bool:
        """Whether the error ends the race. One that only a backup's provider sees does not."""
        assert failed.error is not None, "only failures come here"
        provider = failed.lease.target.provider
        if any(rival.lease.target.provider != provider for rival in rivals):
            return False
        unsafe = self.features.unhedgeable is not None
        return after(failed.error, twice_is_harm=unsafe) is Action.FATAL

    def failover(self, runners: Sequence[Runner], now: float) -> Choice | None:
        """Who is called in place of one that failed, or None if nobody may be."""
        settings = self.policy.hedge
        live = sum(runner.live for runner in runners)
        failovers = sum(runner.role == "failover" for runner in runners)
        if failovers >= settings.failover_max or (live and live >= settings.max_parallel):
            return None
        choice = self._rival(runners, now)
        if choice is None or not self.pool.allowances.retries(self.name).withdraw(now):
            return None
        return choice

    def may_run_on(self, loser: Runner) -> Literal["first_token", "end"] | None:
        """How far a loser may go on beside the winner; None is: not at all."""
        if self.policy.hedge.loser == "drain":
            return "end"
        explores = self.features.arm == "dual" and loser.role in ("primary", "dual")
        return "first_token" if explores or self.features.audit else None

    def won(
        self, winner: Runner, runners: Sequence[Runner], usage: Usage | None, now: float
    ) -> None:
        """The answer is complete: its prompt's beginning is in that target's cache now.

        A primary that was so slow that a hedge started does not keep its prefix, even if it won.
        """
        prefix, warmth = self.features.affinity, self.pool.chooser.warmth
        cached = usage is not None and usage.cached > 0
        if prefix is None or not (cached or self.features.prompt_tokens >= CACHEABLE):
            return
        target = winner.lease.target
        warmth.seen(prefix, target, now)
        if winner.role != "primary" or not any(runner.role == "hedge" for runner in runners):
            warmth.renew(prefix, target, now)

    @property
    def _tokens(self) -> int:
        return self.features.prompt_tokens + self.features.output_tokens

    @cached_property
    def _turn(self) -> int:
        return self.pool.turn(self.name)

    def _scope(self, target: Target, now: float) -> Scope:
        warm = self.pool.chooser.warmth.warm(self.features.affinity, target, now)
        return self.features.scope(target.model, warm=warm)

    def _plan(self, scope: Scope) -> Plan:
        return hedge.plan(self.policy.hedge, self.features, scope, self.pool.chooser.estimates)

    def _wish(self, runners: Sequence[Runner]) -> Wish:
        used = () if self.policy.hedge.allow_same_key else [r.lease.target.key for r in runners]
        return Wish(
            route=self.route,
            features=self.features,
            balance=self.policy.balance,
            sticky=self.policy.affinity,
            used=used,
            avoid=[r.lease.target.domain for r in runners if isinstance(r.error, RateLimited)],
            rival_of=runners[0].lease.target if runners else None,
            turn=self._turn if self.policy.balance == "round_robin" else 0,
            cost=self._cost_there,
        )

    def _rival(self, runners: Sequence[Runner], now: float) -> Choice | None:
        return self.pool.pick(self._wish(runners), now, self.rng)

    def _situation(self, runners: Sequence[Runner], target: Target | None, now: float) -> Situation:
        chooser, first = self.pool.chooser, runners[0].lease
        situation = Situation(
            arm=self.features.arm,
            coin=self.features.coin,
            probability=self.plan.probability,
            live=sum(runner.live for runner in runners),
            target=target,
            remaining=self.deadline - now,
            stopping=self.stopping(),
        )
        if target is None:
            return situation
        scope = self._scope(target, now)
        median = chooser.estimates.median(scope)
        return attrs.evolve(
            situation,
            expected=median,
            win_probability=self._win_probability(runners, target, now),
            headroom=chooser.headroom.after(target, self._tokens, now),
            throttled=self.pool.throttle.frozen(target.domain)
            or chooser.health.pressed(target.provider, now),
            cold_wait=median if first.scope.warm else None,
            warm_rest=self._rest(first, now) if first.scope.warm else None,
        )

    def _win_probability(
        self, runners: Sequence[Runner], target: Target, now: float
    ) -> float | None:
        if (self.features.coin * 997.0) % 1.0 < RECHECK:
            return None
        waiting = max((r.lease for r in runners if r.live), key=lambda lease: lease.begun)
        return self.pool.win_probability(waiting.scope, target, now - waiting.begun)

    def _rest(self, lease: Lease, now: float) -> float | None:
        """How much longer the silent primary takes, as far as its scope's history tells."""
        return self.pool.remaining(lease.scope, now - lease.begun)

    def _spend(self, target: Target, now: float) -> Refusal | None:
        """Takes the hedge from the budgets and the project's limits, or says which refused."""
        settings, price = self.policy.hedge, self._cost(self._scope(target, now), target)
        if not self.pool.allowances.withdraw(self.name, target.domain, settings, price):
            return "budget"
        return None if self._affordable(target, now) else "limit"

    def _affordable(self, target: Target, now: float) -> bool:
        nano_usd = cost.estimate(
            target.price,
            self.features.prompt_tokens,
            self.features.output_tokens,
            warm=self._scope(target, now).warm,
        )
        return self.afford(self._tokens, 0 if target.price is None else nano_usd)

    def _deposit(self, scope: Scope) -> None:
        price = self._cost(scope, self.route[0][0])
        self.pool.allowances.deposit(self.name, self.route, self.policy.hedge, price)

    def _cost(self, scope: Scope, target: Target) -> int:
        """What a call costs the budget: its price up to the first token, where all prices are known."""
        if self.policy.hedge.unit == "requests" or not self.priced:
            return 1
        return cost.estimate(target.price, self.features.prompt_tokens, 1, warm=scope.warm)

    def _cost_there(self, target: Target) -> float:
        features = self.features
        return float(
            cost.estimate(target.price, features.prompt_tokens, features.output_tokens, warm=False)
        )
