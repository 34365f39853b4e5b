"""The named allowances for extra attempts: hedges by route and by the domain they go to, failovers by route.

A hedge needs both its buckets. The domain's is filled by the primaries of every route that could reach
it, so that ten routes with one common backup cannot all spend their bursts there in one second.
"""

from collections.abc import Collection, Iterator

import attrs

from policies.budget import Budget, withdraw_all
from policies.retry import RetryBudget
from policies.settings import Hedge
from policies.statistics import AllowanceKind, BudgetStatistics

_At = tuple[str, float, float]


@attrs.define(eq=False)
class Allowances:
    """All of them, made when first asked for."""

    _routes: dict[_At, Budget] = attrs.field(factory=dict)
    _domains: dict[_At, Budget] = attrs.field(factory=dict)
    _retries: dict[str, RetryBudget] = attrs.field(factory=dict)

    def deposit(self, route: str, domains: Collection[str], hedge: Hedge, cost: int) -> None:
        """A primary of this cost was sent on a route that reaches these domains."""
        self.route(route, hedge).deposit(cost)
        for domain in domains:
            self.domain(domain, hedge).deposit(cost)

    def withdraw(self, route: str, domain: str, hedge: Hedge, cost: int) -> bool:
        """Takes a hedge of this cost to this domain, if both buckets hold it."""
        return withdraw_all((self.route(route, hedge), self.domain(domain, hedge)), cost)

    def route(self, name: str, hedge: Hedge) -> Budget:
        """A route's bucket under these settings."""
        return _budget(self._routes, name, hedge)

    def domain(self, name: str, hedge: Hedge) -> Budget:
        """A domain's bucket under these settings."""
        return _budget(self._domains, name, hedge)

    def retries(self, route: str) -> RetryBudget:
        """A route's allowance for failovers."""
        return self._retries.setdefault(route, RetryBudget())

    def statistics(self, now: float) -> tuple[BudgetStatistics, ...]:
        """Every allowance as it is now."""
        return (
            *_shown(self._routes, "hedge"),
            *_shown(self._domains, "domain"),
            *(
                BudgetStatistics(name, "failover", b.level(now), b.granted, b.refused)
                for name, b in self._retries.items()
            ),
        )


def _shown(budgets: dict[_At, Budget], kind: AllowanceKind) -> Iterator[BudgetStatistics]:
    for at, budget in budgets.items():
        yield BudgetStatistics(at[0], kind, budget.level, budget.granted, budget.refused)


def _budget(budgets: dict[_At, Budget], name: str, hedge: Hedge) -> Budget:
    at = name, hedge.budget, hedge.burst
    budget = budgets.get(at)
    if budget is None:
        budget = budgets[at] = Budget(hedge.budget, hedge.burst)
    return budget
