"""What calls cost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.cost import Interval, Loser, Price, charge, estimate, loser_cost
from providers.types import Usage

PLAIN = Price(1.0, 5.0)
CACHING = Price(1.0, 5.0, cached_input=0.1, cache_write=1.25)
RULES = ["stops", "bills_input", "bills_full", "unknown"]

prices = st.builds(
    Price,
    st.floats(0, 100),
    st.floats(0, 100),
    st.none() | st.floats(0, 100),
    st.none() | st.floats(0, 100),
)
tokens = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("price", "usage", "expected"),
    [
        (PLAIN, Usage(1000, 300), 2_500_000),
        (PLAIN, Usage(1000, 300, cached=800), 2_500_000),
        (CACHING, Usage(1000, 300, cached=800), 1_780_000),
        (CACHING, Usage(1000, 0, cached=2000), 100_000),
        (Price(0.0, 0.0), Usage(1000, 300), 0),
        (None, Usage(1000, 300), 0),
    ],
)
def test_a_charge_is_in_billionths_of_a_dollar(price, usage, expected):
    """1,000 tokens at 1 dollar a million are a tenth of a cent; cached ones have their own price."""
    assert charge(price, usage) == expected


def test_equal_attempts_cost_the_budget_the_same():
    """A cold primary's deposit is a cold hedge's withdrawal, so 5 % is one in twenty."""
    assert estimate(PLAIN, 1000, 1, warm=False) == 1_005_000
    assert estimate(PLAIN, 1000, 1, warm=True) == 1_005_000
    assert estimate(PLAIN, 1000, warm=False) == 1_005_000


def test_a_cold_hedge_of_a_warm_prompt_costs_what_its_cache_costs():
    """A read at a tenth against a write at five quarters."""
    assert estimate(CACHING, 1000, 0, warm=True) == 100_000
    assert estimate(CACHING, 1000, 0, warm=False) == 1_250_000


@pytest.mark.parametrize("price", [None, Price(0.0, 0.0)])
def test_what_has_no_price_counts_as_one(price):
    """So that budgets of requests and of cost are the same thing."""
    assert estimate(price, 1000, 300, warm=False) == 1


def loser(**known):
    return Loser(prompt_tokens=1000, output_limit=100, seen_tokens=10, **known)


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ("stops", 1_050_000, 1_050_000),
        ("bills_input", 1_000_000, 1_050_000),
        ("bills_full", 1_050_000, 1_500_000),
        ("unknown", 0, 1_500_000),
    ],
)
def test_what_a_cancelled_attempt_cost_depends_on_the_provider(rule, low, high):
    """Accepted: prompt and what was seen are sure, except where nobody knows the rule."""
    assert loser_cost(PLAIN, rule, loser(accepted=True)) == Interval(low, high)
    assert loser_cost(PLAIN, rule, loser(accepted=False)) == Interval(0, high)


@pytest.mark.parametrize("rule", RULES)
def test_a_report_is_exact(rule):
    """Whoever ran to its end told what it cost."""
    told = loser(accepted=True, reported=Usage(1000, 20))
    assert loser_cost(PLAIN, rule, told) == Interval(1_100_000, 1_100_000)


@pytest.mark.parametrize("rule", RULES)
def test_no_price_no_cost(rule):
    """Nothing is made up."""
    assert loser_cost(None, rule, loser(accepted=True)) == Interval(0, 0)


def test_an_answer_without_a_limit_is_taken_for_a_long_one():
    """4,096 tokens, or more if more came; a limit of none (embeddings) is a limit."""
    costs = [
        loser_cost(PLAIN, "bills_full", Loser(0, limit, seen)).high
        for limit, seen in [(None, 0), (None, 5000), (0, 0), (10, 20)]
    ]
    assert costs == [4096 * 5000, 5000 * 5000, 0, 20 * 5000]


@settings(deadline=None, derandomize=True)
@given(
    price=prices,
    rule=st.sampled_from(RULES),
    prompt=tokens,
    limit=st.none() | tokens,
    seen=tokens,
    accepted=st.booleans(),
)
def test_an_interval_is_never_upside_down(price, rule, prompt, limit, seen, accepted):
    """0 <= low <= high, for whatever prices and counts."""
    cost = loser_cost(price, rule, Loser(prompt, limit, seen, accepted))
    assert 0 <= cost.low <= cost.high


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
def test_a_price_is_a_number_of_dollars(wrong):
    """Nobody pays for being answered."""
    with pytest.raises(ValueError):
        Price(wrong, 1.0)
    with pytest.raises(ValueError):
        Price(1.0, 1.0, cached_input=wrong)
