"""Which rule of a tuned policy a call falls under."""

from policies.features import Scope
from policies.learned import Learned, Rule


def test_the_most_precise_rule_counts():
    """Whatever their order in the file."""
    every, model = Rule(1.0), Rule(2.0, model="m")
    exact = Rule(3.0, model="m", size="4k", warm=False)
    learned = Learned((every, exact, model))

    assert learned.find(Scope("m", "4k")) is exact
    assert learned.find(Scope("m", "64k")) is model
    assert learned.find(Scope("other")) is every


def test_of_equally_precise_rules_the_first_counts():
    """As somebody reads them."""
    first, second = Rule(1.0, model="m"), Rule(2.0, size="1k")
    assert Learned((first, second)).find(Scope("m", "1k")) is first


def test_no_rule_may_fit():
    """Then the policy goes on as if nothing had been learned."""
    assert Learned((Rule(1.0, warm=True),)).find(Scope("m")) is None
    assert Learned(()).find(Scope("m")) is None
