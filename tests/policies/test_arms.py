"""Which requests explore."""

from collections import Counter

import pytest

from policies.arms import Assignment, assign, coin
from policies.settings import Explore

SECRET = b"of this gateway"
IDS = [f"req-{number}" for number in range(20_000)]
SHARES = Explore(control=0.05, dual=0.02, audit=0.10)


def test_every_arm_gets_its_share():
    """Within five standard deviations of 20,000 requests."""
    seen = [assign(SECRET, name, SHARES) for name in IDS]
    arms = Counter(assignment.arm for assignment in seen)
    assert arms["control"] == pytest.approx(1000, abs=155)
    assert arms["dual"] == pytest.approx(400, abs=100)
    assert sum(assignment.audit for assignment in seen) == pytest.approx(2000, abs=215)


def test_arm_audit_and_coin_know_nothing_of_each_other():
    """Within each arm the audits have the same share and the coins the same mean."""
    shares = Explore(control=0.3, dual=0.3, audit=0.5)
    by_arm: dict[str, list[tuple[bool, float]]] = {}
    for name in IDS:
        assignment = assign(SECRET, name, shares)
        by_arm.setdefault(assignment.arm, []).append((assignment.audit, coin(SECRET, name)))
    for seen in by_arm.values():
        assert sum(audit for audit, _ in seen) / len(seen) == pytest.approx(0.5, abs=0.04)
        assert sum(value for _, value in seen) / len(seen) == pytest.approx(0.5, abs=0.025)


def test_coins_are_uniform():
    """Ten equal parts of [0, 1) get equal shares."""
    coins = [coin(SECRET, name) for name in IDS]
    assert all(0.0 <= value < 1.0 for value in coins)
    tenths = Counter(int(value * 10) for value in coins)
    assert all(tenths[tenth] == pytest.approx(2000, abs=215) for tenth in range(10))


def test_the_same_id_explores_the_same_and_another_secret_otherwise():
    """It can be derived again, and only with the secret."""
    again = [coin(SECRET, name) for name in IDS[:100]]
    assert again == [coin(SECRET, name) for name in IDS[:100]]
    assert again != [coin(b"of another", name) for name in IDS[:100]]


def test_no_shares_no_exploration():
    """Off is off."""
    seen = {assign(SECRET, name, Explore()) for name in IDS[:1000]}
    assert seen == {Assignment("none", audit=False)}


@pytest.mark.parametrize(
    ("explore", "only"),
    [
        (Explore(control=1.0, audit=1.0), Assignment("control", audit=True)),
        (Explore(dual=1.0), Assignment("dual", audit=False)),
    ],
)
def test_all_means_all(explore, only):
    """A share of 1 takes every request."""
    assert {assign(SECRET, name, explore) for name in IDS[:1000]} == {only}
