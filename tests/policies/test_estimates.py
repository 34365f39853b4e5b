"""What is known of everybody's time to first token."""

import pytest

from policies.estimates import USUAL, Estimates
from policies.target import Target

FAST = Target("fast", "p", "d", "m")
SLOW = Target("slow", "p", "d", "m")
FRESH = Target("fresh", "p", "d", "m")
ELSEWHERE = Target("else", "q", "e", "vendor/m")


def known():
    estimates = Estimates()
    for second in range(100):
        estimates.first(FAST, 0.2, float(second), primary=True)
        estimates.first(SLOW, 2.0, float(second), primary=True)
        estimates.first(SLOW, 2.0, float(second), primary=True)
    return estimates


def test_where_nothing_was_seen_the_neighbours_tell():
    """Key, then model, then the models beside it, then a guess; never nothing."""
    estimates = known()
    usual = estimates.usual([FAST, ELSEWHERE])
    assert estimates.ttft(FAST, 100.0, usual) == pytest.approx(0.2, rel=0.3)
    assert estimates.ttft(FRESH, 100.0, usual) == pytest.approx(2.0, rel=0.03)
    assert estimates.ttft(ELSEWHERE, 100.0, usual) == pytest.approx(2.0, rel=0.03)
    assert Estimates().usual([FAST]) == USUAL
    assert Estimates().ttft(FAST, 0.0, 0.7) == 0.7


@pytest.mark.parametrize("primary", [True, False])
def test_windows_are_fed_by_primaries_only(primary):
    """Hedges teach who is fast, not what is usual."""
    estimates = Estimates()
    estimates.first(FAST, 0.2, 0.0, primary=primary)
    estimates.gave_up(SLOW, 3.0, 0.0, primary=primary)
    assert estimates.window("m").count == (2 if primary else 0)
    assert estimates.ttft(SLOW, 0.0, 1.0) == pytest.approx(3.0)


def test_forgetting_keeps_what_is_still_there():
    """Keys that left the configuration leave no memory, their models only if nobody else has them."""
    estimates = known()
    estimates.first(ELSEWHERE, 0.5, 0.0, primary=True)
    estimates.retain([FAST])
    assert set(estimates.windows) == {"m"}
    assert set(estimates._targets) == {("fast", "m")}
