"""When a hedge is wanted, and when it may start."""

import attrs
import pytest

from policies.budget import Budget
from policies.hedge import Plan, gate, plan
from policies.settings import Hedge
from policies.target import Target

HERE = Target("a-1", "a", "a", "m")


@attrs.frozen
class Seen:
    """A window that has seen what the test says."""

    count: int = 1412
    value: float | None = 0.82
    asked: list[float] = attrs.field(factory=list)

    def quantile(self, p):
        self.asked.append(p)
        return self.value


@pytest.mark.parametrize(
    ("settings", "override", "expected"),
    [
        (Hedge(), None, Plan(0.82, "quantile:p95:n=1412")),
        (Hedge(), "auto", Plan(0.82, "quantile:p95:n=1412")),
        (Hedge(quantile=0.999), None, Plan(0.82, "quantile:p99.9:n=1412")),
        (Hedge(), "off", Plan(None, "off")),
        (Hedge(), 0.3, Plan(0.3, "header")),
        (Hedge(), 0, Plan(0.0, "header")),
        (Hedge(policy="off"), None, Plan(None, "off")),
        (Hedge(policy="off"), "auto", Plan(None, "off")),
        (Hedge(policy="off"), 0.3, Plan(0.3, "header")),
        (Hedge(policy="fixed"), None, Plan(1.5, "fixed")),
        (Hedge(policy="fixed"), 2.5, Plan(2.5, "header")),
        (Hedge(max_parallel=1), 0.3, Plan(None, "off")),
        (Hedge(min_delay=1.0), None, Plan(1.0, "quantile:p95:n=1412")),
        (Hedge(max_delay=0.5), None, Plan(0.5, "quantile:p95:n=1412")),
        (Hedge(min_samples=1413), None, Plan(None, "warmup:n=1412")),
    ],
)
def test_the_plan_follows_the_policy_and_the_request(settings, override, expected):
    """Header over policy; quantiles are clamped, headers and fixed delays are not."""
    assert plan(settings, Seen(), override) == expected


def test_a_window_that_knows_no_quantile_does_not_hedge():
    """Without an answer there is no guess: never the least delay."""
    assert plan(Hedge(min_samples=0), Seen(0, None)) == Plan(None, "warmup:n=0")


def test_a_cold_window_is_not_even_asked():
    """Before `min_samples` were seen no quantile is computed."""
    window = Seen(count=3)
    plan(Hedge(), window)
    assert window.asked == []


@pytest.mark.parametrize(
    ("live", "target", "level", "stopping", "expected"),
    [
        (1, HERE, 1.0, False, None),
        (1, HERE, 1.0, True, "shutdown"),
        (2, HERE, 1.0, False, "cap"),
        (3, HERE, 1.0, False, "cap"),
        (1, None, 1.0, False, "no_target"),
        (1, HERE, 0.0, False, "budget"),
    ],
)
def test_the_gate_names_the_first_reason(live, target, level, stopping, expected):
    """Shutdown, cap, target, budget: the first that fails is the reason."""
    budget = Budget(0.05, level)
    answer = gate(Hedge(), live=live, target=target, budget=budget, stopping=stopping)
    assert answer == expected
    assert budget.granted == (expected is None)


def test_a_hedge_that_cannot_start_costs_nothing():
    """The budget is asked last."""
    budget = Budget(0.05, 1.0)
    for live, target, stopping in [(2, HERE, False), (1, None, False), (1, HERE, True)]:
        gate(Hedge(), live=live, target=target, budget=budget, stopping=stopping)
    assert (budget.granted, budget.refused, budget.level) == (0, 0, 1.0)
