"""One reason to leave something out."""

import pytest

from policies.rest import STATES, Rest, scope, scopes
from policies.target import Target

TARGET = Target("a-1", "a", "org", "m")


def test_each_reason_concerns_what_it_is_about():
    """Quotas are the domain's, rate limits the domain's for a model, credentials the key's."""
    assert scopes(TARGET) == (
        ("invalid", "a-1"),
        ("missing", "a-1", "m"),
        ("exhausted", "org"),
        ("pressed", "a"),
        ("cooling", "org", "m"),
        ("unreachable", "org"),
        ("ejected", "a-1"),
    )
    assert scopes(TARGET) == tuple(scope(reason, TARGET) for reason in STATES)


def test_a_rest_bars_until_its_time_and_no_longer():
    """The instant itself is free."""
    rest = Rest("ejected", since=0.0, until=10.0)
    assert [rest.bars(now) for now in (0.0, 9.999, 10.0)] == [True, True, False]


def test_probation_has_one_place():
    """Whoever claims it bars the others, until it is given back."""
    rest = Rest("ejected", since=0.0, until=10.0)
    assert not rest.claim(9.0)
    assert rest.claim(10.0)
    assert not rest.claim(10.0)
    assert rest.bars(10.0)
    assert rest.over(10.0)


@pytest.mark.parametrize("reason", STATES)
def test_only_a_cooled_domain_returns_without_probation(reason):
    """A rate limit that has passed is no doubt about the key."""
    assert Rest(reason, 0.0, 10.0).claim(10.0) is (reason != "cooling")
    assert Rest(reason, 0.0, 10.0).has_probation is (reason != "cooling")
    assert Rest(reason, 0.0, 10.0).state == STATES[reason]


def test_an_answer_disproves_a_rest_that_began_before_its_call() -> None:
    """But no answer ends a rate limit before its time."""
    ejected, cooling = Rest("ejected", 1.0, 9.0), Rest("cooling", 1.0, 9.0)
    assert ejected.disproved(2.0, 3.0)
    assert not ejected.disproved(1.0, 3.0)
    assert not cooling.disproved(2.0, 3.0)
    assert cooling.disproved(2.0, 9.0)
