"""Who races: this gateway under several policies, and others' policies as settings of the same engine.

A rival is what its documentation says of when it sends, where, and what ends its race. It is given
this engine's care for broken and limited keys for free, so what is compared is hedging alone. None of
the rivals has a budget.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs

from benchmarks.tail.optimum import Model, Optimum, deterministic, optimum
from benchmarks.tail.results import FIXED_AT_SAME_BUDGET, UNHEDGED
from benchmarks.tail.scenarios import Scenario
from benchmarks.tail.script import Ends
from benchmarks.tail.world import MEDIAN
from policies.settings import BalanceKind, Hedge, Policy
from providers.simulator.latency import LONGEST, PROFILES

GOAL = 0.99
"""The quantile that tuned contenders are tuned for."""

BEYOND = 10.0  # calls beyond a quantile before the gateway believes it
WITHOUT_END = 1e9


@attrs.frozen
class Contender:
    """A policy by name. `budget` is its share of extra load, None where nothing bounds it."""

    name: str
    policy: Policy
    budget: float | None = None
    ends: Ends = "semantic"

    @property
    def notes(self) -> dict[str, float]:
        """What verdicts must know of it."""
        hedge = self.policy.hedge
        if self.budget is None:
            return {}
        return {
            "budget": self.budget,
            "burst": hedge.burst,
            "min_win_prob": hedge.min_win_prob,
        }

    @property
    def least_seen(self) -> int:
        """First tokens that must have come before its first hedge; 0 where it goes by a given delay."""
        hedge = self.policy.hedge
        if hedge.policy != "quantile":
            return 0
        if hedge.min_samples is not None:
            return hedge.min_samples
        return round(BEYOND / (1.0 - hedge.quantile))


def contender(name: str, scenario: Scenario, profile: str) -> Contender:
    """The contender of this name, tuned to the profile where it is one that is tuned.

    Raises:
        KeyError: there is none of this name.
    """
    model = Model(PROFILES[profile], scenario.sigma_r, LONGEST / MEDIAN)
    return attrs.evolve(_MADE[name](model, scenario), name=name)


def _policy(hedge: Hedge, balance: BalanceKind = "p2c") -> Policy:
    return Policy(balance=balance, affinity=balance == "p2c", hedge=hedge)


def _bounded(hedge: Hedge, balance: BalanceKind = "p2c") -> Contender:
    return Contender("", _policy(hedge, balance), hedge.budget)


def _unbounded(hedge: Hedge, balance: BalanceKind, ends: Ends = "semantic") -> Contender:
    free = attrs.evolve(hedge, budget=1.0, burst=WITHOUT_END, min_win_prob=0.0)
    return Contender("", _policy(free, balance), None, ends)


def _off(balance: BalanceKind) -> Contender:
    return Contender("", _policy(Hedge(policy="off"), balance))


def _quantile(p: float, budget: float, balance: BalanceKind = "p2c") -> Contender:
    return _bounded(Hedge(policy="quantile", quantile=p, budget=budget), balance)


def _generous(p: float, budget: float) -> Contender:
    """For comparison with rivals that spend as much. Whoever hedges so early hedges many that would be
    first anyhow, so the demand for a likely win would hold nearly all of them back; and a bucket that
    is as small as usual would refuse by lot what a rival without one sends.
    """
    hedge = Hedge(policy="quantile", quantile=p, budget=budget, burst=30.0, min_win_prob=0.0)
    return _bounded(hedge)


def _tuned(best: Optimum, budget: float) -> Contender:
    delay = best.delay * MEDIAN
    hedge = Hedge(policy="single_r", delay=delay, probability=best.probability, budget=budget)
    return _bounded(hedge)


def _everybody(scenario: Scenario) -> Contender:
    """LiteLLM's `fastest_response`: the call goes to all at once."""
    others = sum(len(tier) for tier in scenario.route) - 1
    hedge = Hedge(policy="schedule", schedule=(0.0,) * others, max_parallel=others + 1)
    return _unbounded(hedge, "weighted")


_MADE: Mapping[str, Callable[[Model, Scenario], Contender]] = MappingProxyType(
    {
        UNHEDGED: lambda _, __: _off("p2c"),
        "hedgerow-quantile-5": lambda _, __: _quantile(0.95, 0.05),
        "hedgerow-single_r-5": lambda model, _: _tuned(optimum(model, 0.05, GOAL), 0.05),
        "hedgerow-single_r-2": lambda model, _: _tuned(optimum(model, 0.02, GOAL), 0.02),
        FIXED_AT_SAME_BUDGET: lambda model, _: _tuned(deterministic(model, 0.02, GOAL), 0.02),
        "hedgerow-quantile-20": lambda _, __: _generous(0.82, 0.20),
        "hedgerow-quantile-30": lambda _, __: _generous(0.72, 0.30),
        "random": lambda _, __: _off("weighted"),
        "random+hedge": lambda _, __: _quantile(0.95, 0.05, "weighted"),
        "litellm-fastest": lambda _, scenario: _everybody(scenario),
        "model-hotel": lambda _, __: _unbounded(
            Hedge(policy="fixed", delay=4.0), "round_robin", "first_line"
        ),
        "erpc": lambda _, __: _unbounded(
            Hedge(policy="quantile", quantile=0.7), "weighted", "headers"
        ),
    }
)

NAMES = tuple(_MADE)
"""All contenders, in the order in which they are shown."""
