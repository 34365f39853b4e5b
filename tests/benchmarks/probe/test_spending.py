"""What is stated beforehand, and that it holds."""

import pytest

from benchmarks.probe.spending import OUTPUT_TOKENS, PROMPT_TOKENS, Purse, TooDear, state, worst
from policies.cost import Price
from policies.target import Target

PRICE = Price(input=1.0, output=10.0)
EACH = 1_000 * (PROMPT_TOKENS + 10 * OUTPUT_TOKENS)
TWO = [Target(f"k-{n}", "p", "d", "m", price=PRICE) for n in (1, 2)]
FREE = Target("local-1", "local", "l", "m")


def test_the_worst_case_is_stated():
    """Every call with its longest prompt, uncached."""
    stated = state(TWO, 10, None)
    assert (stated.rounds, stated.calls, stated.nano_usd) == (10, 20, 20 * EACH)
    assert worst(TWO[0]) == EACH
    assert stated.unpriced == ()


def test_a_budget_cuts_rounds():
    """As many as it pays for in the worst case; not even two are refused."""
    assert state(TWO, 10, 5 * EACH / 1e9).rounds == 2
    with pytest.raises(TooDear, match="two at least"):
        state(TWO, 10, 3 * EACH / 1e9)


def test_what_has_no_price_is_named():
    """And has no place under a budget in dollars."""
    stated = state([*TWO, FREE], 3, None)
    assert (stated.unpriced, stated.nano_usd) == (("local-1",), 6 * EACH)
    with pytest.raises(TooDear, match="local-1"):
        state([*TWO, FREE], 3, 1.0)


def test_dearer_calls_than_stated_end_it():
    """A key whose answers cost ten times as much gets no further round that would break the word."""
    stated = state(TWO, 10, None)
    purse, rounds = Purse(stated), 0
    while rounds < stated.rounds and purse.affords(TWO):
        for target in TWO:
            purse.paid(target.key, 10 * EACH if target.key == "k-1" else 0)
        rounds += 1
    assert rounds == 1
    assert purse.spent <= stated.nano_usd


def test_as_stated_all_rounds_are_paid_for():
    """To the last nano-dollar."""
    stated = state(TWO, 10, None)
    purse = Purse(stated)
    for _ in range(stated.rounds):
        assert purse.affords(TWO)
        for target in TWO:
            purse.paid(target.key, EACH)
    assert not purse.affords(TWO)
    assert purse.spent == stated.nano_usd
