"""The bound on extra attempts is exact."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.budget import Budget

shares = st.floats(0.0, 2.0).map(lambda x: round(x, 4)) | st.floats(0.0, 1.0)
bursts = st.floats(0.0, 8.0)


@settings(deadline=None, derandomize=True)
@given(ratio=shares, burst=bursts, primaries=st.lists(st.booleans(), max_size=200))
def test_hedges_never_exceed_the_share_of_primaries_plus_burst(ratio, burst, primaries):
    """At every moment granted <= ratio x deposits + burst, in exact arithmetic."""
    budget = Budget(ratio, burst)
    bound = Fraction(str(burst))
    for primary in primaries:
        if primary:
            budget.deposit()
            bound += Fraction(str(ratio))
        budget.withdraw()
        assert budget.granted <= bound


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


def test_a_quiet_time_earns_no_more_than_the_burst():
    """However many primaries pass without a hedge, the bucket holds its burst and no more."""
    budget = Budget(0.5, 2.0)
    for _ in range(1000):
        budget.deposit()
    assert budget.level == 2.0
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]


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


@pytest.mark.parametrize("ratio", [-0.1, float("-inf")])
def test_a_negative_share_is_an_error(ratio):
    """A budget that shrinks with use makes no sense."""
    with pytest.raises(ValueError, match="ratio"):
        Budget(ratio, 1.0)
