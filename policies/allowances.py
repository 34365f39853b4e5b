"""The named allowances for extra attempts: hedges by route and by the domain they go to, failovers by route.

A hedge needs both its buckets. The domain's is filled by the primaries of every route that could reach
it, so that ten routes with one common backup cannot all spend their bursts there in one second. The sides of
an experiment (`fast#candidate`) have purses of their own, in domains too: none spends another's.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs

from policies.budget import Budget, withdraw_all
from policies.retry import RetryBudget
from policies.settings import Hedge
from policies.statistics import AllowanceKind, BudgetStatistics
from policies.target import Route

_At: TypeAlias = tuple[str, float, float]


@attrs.define(eq=False)
class _Domain:
    """A domain's bucket. What its routes have put into theirs is put into it when it is asked."""

    budget: Budget
    heard: dict[_At, tuple[int, int]] = attrs.field(factory=dict)

    def catch_up(self, routes: Mapping[_At, Budget]) -> Budget:
        for at, (count, cost) in self.heard.items():
            route = routes[at]
            if route.deposits > count:
                self.budget.deposit_all(route.deposited - cost, route.deposits - count)
                self.heard[at] = route.deposits, route.deposited
        return self.budget


@attrs.define(eq=False)
class Allowances:
    """All of them, made when first asked for."""

    _routes: dict[_At, Budget] = attrs.field(factory=dict)
    _domains: dict[_At, _Domain] = attrs.field(factory=dict)
    _reached: dict[_At, Route] = attrs.field(factory=dict)
    _retries: dict[str, RetryBudget] = attrs.field(factory=dict)

    def deposit(self, name: str, route: Route, hedge: Hedge, cost: int) -> None:
        """A primary of this cost was sent on a route."""
        at = name, hedge.budget, hedge.burst
        if self._reached.get(at) is not route:
            self._reach(at, route)
        self._routes[at].deposit(cost)

    def _reach(self, at: _At, route: Route) -> None:
        """Remembers which domains a route can reach: once for each new route, not for each request."""
        self._reached[at] = route
        budget = self._route(at)
        for name in {target.domain for tier in route for target in tier}:
            heard = self._domain((name + _purse(at[0]), *at[1:])).heard
            heard.setdefault(at, (budget.deposits, budget.deposited))

    def withdraw(self, route: str, domain: str, hedge: Hedge, cost: int) -> bool:
        """Takes a hedge of this cost to this domain, if both buckets hold it."""
        return withdraw_all(
            (self.route(route, hedge), self.domain(domain + _purse(route), hedge)), cost
        )

    def route(self, name: str, hedge: Hedge) -> Budget:
        """A route's bucket under these settings."""
        return self._route((name, hedge.budget, hedge.burst))

    def domain(self, name: str, hedge: Hedge) -> Budget:
        """A domain's bucket under these settings."""
        return self._domain((name, hedge.budget, hedge.burst)).catch_up(self._routes)

    def _route(self, at: _At) -> Budget:
        budget = self._routes.get(at)
        if budget is None:
            budget = self._routes[at] = Budget(*at[1:])
        return budget

    def _domain(self, at: _At) -> _Domain:
        domain = self._domains.get(at)
        if domain is None:
            domain = self._domains[at] = _Domain(Budget(*at[1:]))
        return domain

    def retries(self, route: str) -> RetryBudget:
        """A route's allowance for failovers."""
        known = self._retries.get(route)
        return known or self._retries.setdefault(route, RetryBudget())

    def statistics(self, now: float) -> tuple[BudgetStatistics, ...]:
        """Every allowance as it is now."""
        domains = {at: domain.catch_up(self._routes) for at, domain in self._domains.items()}
        return (
            *_shown(self._routes, "hedge"),
            *_shown(domains, "domain"),
            *(
                BudgetStatistics(name, "failover", b.level(now), b.granted, b.refused)
                for name, b in self._retries.items()
            ),
        )


def _purse(route: str) -> str:
    """What tells apart routes with budgets of their own, down to the domains: from a # on."""
    return route[route.find("#") :] if "#" in route else ""


def _shown(budgets: Mapping[_At, Budget], kind: AllowanceKind) -> Iterator[BudgetStatistics]:
    for at, budget in budgets.items():
        yield BudgetStatistics(at[0], kind, budget.level, budget.granted, budget.refused)
