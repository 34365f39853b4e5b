"""How soon a dead worker is started again."""

from gateway.workers.restart import FIRST, MOST, STEADY, Restarts


def test_one_death_costs_nothing_many_in_a_row_ever_more() -> None:
    """At once, then doubled, up to half a minute."""
    restarts = Restarts()
    delays = [restarts.died(0.1) for _ in range(50)]
    assert delays[:4] == [0.0, FIRST, 2 * FIRST, 4 * FIRST]
    assert delays[-1] == MOST
    assert delays == sorted(delays)


def test_a_worker_that_served_a_while_is_as_good_as_new() -> None:
    """Whatever was before."""
    restarts = Restarts(row=7)
    assert restarts.died(STEADY) == 0.0
    assert restarts.died(0.1) == FIRST
