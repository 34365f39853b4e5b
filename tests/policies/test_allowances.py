"""Who may spend how much on extra attempts: by route, and by the domain they go to."""

import attrs

from policies.allowances import Allowances
from policies.settings import Hedge
from policies.target import Target

TIGHT = Hedge(budget=0.5, burst=1.0)


def route(*domains):
    return (tuple(Target(domain, domain, domain, "m") for domain in domains),)


def test_a_bucket_belongs_to_a_route_and_its_settings():
    """The same one each time; another policy's requests on the same route have their own."""
    made = Allowances()
    assert made.route("r", Hedge()) is made.route("r", Hedge(delay=9.0))
    assert made.route("r", Hedge()) is not made.route("r", Hedge(budget=0.1))
    assert made.route("r", Hedge()) is not made.route("other", Hedge())
    assert made.retries("r") is made.retries("r")
    assert made.retries("r") is not made.retries("other")


def test_a_hedge_needs_both_its_buckets():
    """The domain's refusal leaves the route's as it was."""
    made = Allowances()
    reached = route("a", "b")
    made.deposit("one", reached, TIGHT, 1)
    made.deposit("two", reached, TIGHT, 1)
    assert made.withdraw("one", "b", TIGHT, 1)
    level = made.route("two", TIGHT).level
    assert not made.withdraw("two", "b", TIGHT, 1)
    assert made.route("two", TIGHT).level == level
    assert made.withdraw("two", "a", TIGHT, 1)


def test_a_domain_is_filled_by_all_routes_that_reach_it():
    """And by no others, however long it is not asked."""
    made = Allowances()
    for _ in range(10):
        made.deposit("one", route("a", "b"), TIGHT, 1)
        made.deposit("two", route("b"), TIGHT, 1)
    assert made.domain("a", TIGHT).deposits == 10
    assert made.domain("b", TIGHT).deposits == 20
    assert made.domain("b", TIGHT).deposits == 20


def test_ten_routes_with_one_backup_cannot_all_spend_their_bursts_there():
    """The burst of the domain is one burst."""
    made, hedge = Allowances(), attrs.evolve(TIGHT, budget=0.05, burst=3.0)
    granted = 0
    for number in range(10):
        name = f"route-{number}"
        made.deposit(name, route(name, "backup"), hedge, 1)
        granted += sum(made.withdraw(name, "backup", hedge, 1) for _ in range(3))
    assert granted == 3


def test_a_domain_that_a_route_reaches_from_now_on_is_not_filled_for_the_past():
    """A reload adds a backup: it begins with its burst like any other."""
    made = Allowances()
    for _ in range(10):
        made.deposit("r", route("a"), TIGHT, 1)
    made.deposit("r", route("a", "new"), TIGHT, 1)
    assert made.domain("new", TIGHT).deposits == 1


def test_everything_can_be_shown():
    """Every bucket by kind, with what it holds."""
    made = Allowances()
    made.deposit("r", route("a"), TIGHT, 1)
    made.retries("r").deposit(0.0)
    shown = {(each.kind, each.route): each.level for each in made.statistics(0.0)}
    assert set(shown) == {("hedge", "r"), ("domain", "a"), ("failover", "r")}
    assert shown["hedge", "r"] == shown["domain", "a"] == 1.0
