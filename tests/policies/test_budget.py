"""The bound on extra attempts is exact."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.budget import Budget, withdraw_all

shares = st.floats(0.0, 2.0).map(lambda x: round(x, 4)) | st.floats(0.0, 1.0)
bursts = st.floats(0.0, 8.0)
costs = st.integers(1, 10) | st.integers(1, 10**12)
steps = st.lists(st.tuples(st.booleans(), costs), max_size=120)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(ratio=shares, burst=bursts, cost=costs, primaries=st.lists(st.booleans(), max_size=120))
def test_hedges_never_exceed_the_share_of_primaries_plus_burst(ratio, burst, cost, primaries):
    """At every moment granted <= ratio x deposits + burst, in exact arithmetic."""
    budget = Budget(ratio, burst)
    bound = Fraction(str(burst))
    for primary in primaries:
        if primary:
            budget.deposit(cost)
            bound += Fraction(str(ratio))
        budget.withdraw(cost)
        assert budget.granted <= bound
        assert budget.spent == cost * budget.granted


@settings(deadline=None, derandomize=True, max_examples=60)
@given(ratio=shares, burst=bursts, steps=steps)
def test_what_hedges_cost_never_exceeds_the_share_of_what_primaries_cost(ratio, burst, steps):
    """Whatever the costs: spent <= ratio x deposited + burst x the first cost heard of."""
    budget = Budget(ratio, burst)
    bound = Fraction(str(burst)) * (steps[0][1] if steps else 0)
    for primary, cost in steps:
        if primary:
            budget.deposit(cost)
            bound += Fraction(str(ratio)) * cost
        else:
            budget.withdraw(cost)
        assert budget.spent <= bound


@settings(deadline=None, derandomize=True, max_examples=60)
@given(ratio=shares, burst=bursts, steps=steps, rush=st.lists(costs, min_size=1, max_size=40))
def test_a_rush_gets_no_more_than_the_bucket_holds(ratio, burst, steps, rush):
    """Hedges without a primary between them: the burst of the dearest, or one that was saved for."""
    budget = Budget(ratio, burst)
    for primary, cost in steps:
        (budget.deposit if primary else budget.withdraw)(cost)
    before = budget.spent
    for cost in rush:
        budget.withdraw(cost)
    dearest = max([cost for _, cost in steps] + rush)
    assert budget.spent - before <= max(Fraction(str(burst)), 1) * dearest


def test_a_full_bucket_grants_its_burst_at_once_and_then_one_in_twenty():
    """It starts full; after the burst, one grant for every twenty primaries, not one earlier."""
    budget = Budget(0.05, 3.0)
    assert [budget.withdraw() for _ in range(4)] == [True, True, True, False]
    for _ in range(5):
        for _ in range(19):
            budget.deposit()
            assert not budget.withdraw()
        budget.deposit()
        assert budget.withdraw()
    assert (budget.granted, budget.deposits) == (8, 100)


@pytest.mark.parametrize("cost", [1, 7, 1_234_567_891])
def test_equal_costs_are_as_good_as_requests(cost):
    """The unit does not matter: one in twenty is one in twenty, and the burst is three."""
    budget = Budget(0.05, 3.0)
    granted = []
    for _ in range(200):
        budget.deposit(cost)
        granted.append(budget.withdraw(cost))
    assert sum(granted) == 12
    assert granted[:4] == [True, True, True, False]


def test_a_quiet_time_earns_no_more_than_the_burst():
    """However many primaries pass without a hedge, the bucket holds its burst and no more."""
    budget = Budget(0.5, 2.0)
    for _ in range(1000):
        budget.deposit()
    assert budget.level == 2.0
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("after", [3, 1000, 1_000_000])
def test_the_burst_follows_the_mean_cost(after):
    """When calls become dearer or cheaper, the burst is soon three of the new ones."""
    budget = Budget(0.5, 3.0)
    budget.deposit(1000)
    for _ in range(1500):
        budget.deposit(after)
    assert budget.level == pytest.approx(3.0, rel=1e-4)
    assert [budget.withdraw(after) for _ in range(4)] == [True, True, True, False]


def test_one_dear_request_does_not_widen_the_burst_for_long():
    """The mean forgets: after a few hundred ordinary calls the burst is as it was."""
    budget = Budget(0.5, 3.0)
    budget.deposit(1)
    budget.deposit(10_000)
    for _ in range(1000):
        budget.deposit(1)
    assert sum(budget.withdraw(1) for _ in range(100)) == 3


def test_a_hedge_dearer_than_the_bucket_is_saved_for():
    """Cold hedges of warm prompts cost ten primaries each: one in two hundred, and not none."""
    budget = Budget(0.05, 3.0)
    granted = []
    for _ in range(2000):
        budget.deposit(1)
        granted.append(budget.withdraw(10))
    assert sum(granted) == 10
    assert not any(granted[:100])


def test_savings_are_gone_with_the_next_grant():
    """What was saved for a dear hedge is no burst for cheap ones later."""
    budget = Budget(0.05, 3.0)
    budget.deposit(1)
    assert not budget.withdraw(50)
    for _ in range(2000):
        budget.deposit(1)
    assert budget.level == 50.0
    assert budget.withdraw(1)
    budget.deposit(1)
    assert budget.level == 3.0


def test_a_burst_below_one_still_lets_the_share_through():
    """A bucket too small for one attempt would otherwise never grant any."""
    budget = Budget(0.5, 0.0)
    assert not budget.withdraw()
    budget.deposit()
    assert not budget.withdraw()
    budget.deposit()
    assert budget.withdraw()


def test_a_budget_of_nothing_grants_nothing():
    """No share and no burst is the way to forbid extra attempts."""
    budget = Budget(0.0, 0.0)
    for _ in range(100):
        budget.deposit()
    assert not budget.withdraw()
    assert budget.refused == 1


def test_what_is_free_counts_as_one():
    """Hedges that cost nothing are bounded as well."""
    budget = Budget(0.0, 2.0)
    budget.deposit(0)
    assert [budget.withdraw(0) for _ in range(3)] == [True, True, False]
    assert budget.spent == 2


def test_an_untouched_budget_shows_its_burst():
    """Before any cost is known it is full all the same."""
    assert Budget(0.05, 3.0).level == 3.0


def test_two_buckets_grant_both_or_neither():
    """What the route would grant and the domain refuses costs the route nothing."""
    route, domain = Budget(0.05, 3.0), Budget(0.05, 1.0)
    assert withdraw_all((route, domain))
    assert not withdraw_all((route, domain))
    assert (route.granted, route.refused, route.level) == (1, 0, 2.0)
    assert (domain.granted, domain.refused, domain.level) == (1, 1, 0.0)


def test_a_bucket_that_is_named_twice_pays_once():
    """Or the second half of a grant could be refused."""
    only = Budget(0.05, 1.0)
    assert withdraw_all((only, only))
    assert only.granted == 1


@pytest.mark.parametrize("ratio", [-0.1, float("-inf"), float("nan")])
def test_a_negative_share_is_an_error(ratio):
    """A budget that shrinks with use makes no sense."""
    with pytest.raises(ValueError, match="ratio"):
        Budget(ratio, 1.0)
