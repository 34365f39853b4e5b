"""Clients and their requests, drawn once for all contenders."""

import statistics

from benchmarks.tail.scenarios import SCENARIOS
from benchmarks.tail.traffic import requests


def test_arrivals_are_in_order_and_at_the_scenarios_rate() -> None:
    """Ten a second, in the long run."""
    made = requests(SCENARIOS["iid"], 3000, seed=1)
    dues = [request.due for request in made]

    assert [request.number for request in made] == list(range(3000))
    assert dues == sorted(dues)
    assert 280 < dues[-1] < 320


def test_the_same_seed_gives_the_same_traffic() -> None:
    """And another one gives another."""
    disconnect = SCENARIOS["disconnect"]

    assert requests(disconnect, 50, seed=1) == requests(disconnect, 50, seed=1)
    assert requests(disconnect, 50, seed=1) != requests(disconnect, 50, seed=2)


def test_requests_have_factors_where_the_scenario_says_so() -> None:
    """Around 1, with the spread that was asked for."""
    plain = requests(SCENARIOS["iid"], 50, seed=1)
    spread = requests(SCENARIOS["brown-out"], 1000, seed=1)

    assert {request.factor for request in plain} == {1.0}
    assert 0.95 < statistics.median(request.factor for request in spread) < 1.05


def test_a_tenth_of_clients_hang_up() -> None:
    """Within three seconds; in other scenarios nobody does."""
    made = requests(SCENARIOS["disconnect"], 2000, seed=1)
    patiences = [request.patience for request in made if request.patience is not None]

    assert 160 < len(patiences) < 240
    assert max(patiences) < 3.0
    assert all(r.patience is None for r in requests(SCENARIOS["iid"], 50, seed=1))


def test_coins_are_uniform() -> None:
    """They decide who takes part in a randomised hedge."""
    coins = [request.features.coin for request in requests(SCENARIOS["iid"], 2000, seed=1)]

    assert all(0.0 <= coin < 1.0 for coin in coins)
    assert 0.47 < statistics.mean(coins) < 0.53


def test_requests_of_a_conversation_share_a_long_prompt() -> None:
    """So that there is something to be cached."""
    lengths: dict[str | None, set[int]] = {}
    for request in requests(SCENARIOS["heavy-prompts"], 1000, seed=1):
        lengths.setdefault(request.features.affinity, set()).add(request.features.prompt_tokens)

    assert None not in lengths
    assert 200 < len(lengths) <= 300
    assert all(len(each) == 1 for each in lengths.values())
    assert statistics.median(min(each) for each in lengths.values()) > 4000
