"""Small cells through the real race, scenario by scenario."""

from functools import cache

import attrs
import pytest

from benchmarks.stats import quantile
from benchmarks.tail.contenders import NAMES, contender
from benchmarks.tail.harness import run_cell
from benchmarks.tail.results import UNHEDGED, Cell
from benchmarks.tail.scenarios import SCENARIOS, Scenario

OURS = "hedgerow-quantile-5"
SOON = 220
"""A warm-up that is just long enough for the p95 to be known."""


@cache
def cell(name: str, racer: str = OURS, *, count: int = 100, warm_up: int = SOON) -> Cell:
    """A small cell of a scenario, spiky, with a short warm-up; run once for all who look at it."""
    scenario: Scenario = SCENARIOS[name]
    small = attrs.evolve(scenario, warm_up=min(warm_up, scenario.warm_up))
    return run_cell(small, "spiky", contender(racer, small, "spiky"), count, 1)


def p99(measured: Cell) -> float:
    """Of the times to first token."""
    return quantile(measured.ttfts, 0.99)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_runs_and_leaks_nothing(name: str) -> None:
    """Each request has one end, its calls are counted once, and none outlives it."""
    measured = cell(name)

    assert len(measured.samples) == 100
    assert measured.upstream_calls == sum(sample.attempts for sample in measured.samples)
    assert measured.notes["leaked"] == 0
    for sample in measured.samples:
        assert sample.hedges <= sample.attempts
        assert (sample.outcome == "ok") == (sample.total is not None)
        assert sample.outcome != "ok" or sample.ttft is not None


@pytest.mark.parametrize("name", NAMES)
def test_every_contender_runs(name: str) -> None:
    """In a world without troubles every request is answered."""
    measured = cell("iid", name, count=60, warm_up=60)

    assert measured.errors == 0
    assert measured.contender == name
    assert measured.notes.get("budget") == contender(name, SCENARIOS["iid"], "spiky").budget


def test_the_same_values_give_the_same_cell() -> None:
    """To the last digit; another seed gives another."""
    scenario = attrs.evolve(SCENARIOS["slow-key"], warm_up=SOON)
    racer = contender(OURS, scenario, "spiky")
    first, again, other = (run_cell(scenario, "spiky", racer, 100, seed) for seed in (1, 1, 2))

    assert first == again
    assert first.samples != other.samples


def test_contenders_meet_the_same_luck() -> None:
    """Who was not hedged took as long as without hedging: only hedges make a difference."""
    hedged, alone = cell("iid"), cell("iid", UNHEDGED)
    pairs = list(zip(hedged.samples, alone.samples, strict=True))

    assert hedged.hedges > 0
    assert all(one.due == other.due for one, other in pairs)
    assert all(one.ttft == other.ttft for one, other in pairs if not one.hedges)
    assert all((one.ttft or 0) <= (other.ttft or 0) + 1e-9 for one, other in pairs)


def test_whoever_calls_everybody_calls_eight() -> None:
    """And is the fastest, for eight times the price."""
    measured = cell("iid", "litellm-fastest", count=60, warm_up=60)

    assert measured.upstream_calls == 8 * 60
    assert p99(measured) < p99(cell("iid", UNHEDGED, count=60, warm_up=60))


def test_a_race_that_ends_on_a_role_gives_its_client_the_error() -> None:
    """Ours fails over, because nothing was sent yet."""
    rash, ours = cell("error-frame", "model-hotel"), cell("error-frame")

    assert rash.errors > 0
    assert rash.hedges == 0
    assert ours.errors == 0


def test_a_dead_key_is_met_and_left() -> None:
    """The call goes on elsewhere, and nobody hears of it."""
    measured = cell("key-death", count=150)
    attempts = [sample.attempts - sample.hedges for sample in measured.samples]

    assert measured.errors == 0
    assert 1 <= sum(attempts) - 150 <= 3


def test_a_storm_is_seen_by_few() -> None:
    """A key that was told to wait is not called meanwhile."""
    measured = cell("429-storm", count=300)

    assert 1 <= sum(sample.saw_429 for sample in measured.samples) <= 10
    assert measured.errors == 0


def test_clients_that_leave_take_their_calls_with_them() -> None:
    """They count as gone, not as errors, and nothing stays open. Most have their answer before."""
    measured = cell("disconnect", count=300)
    gone = [sample for sample in measured.samples if sample.outcome == "gone"]

    assert 5 < len(gone) < 30
    assert all(sample.total is None for sample in gone)
    assert measured.errors == 0
    assert measured.notes["leaked"] == 0


def test_a_cold_start_hedges_nothing_until_enough_was_seen() -> None:
    """Two hundred first tokens for a p95; whoever is given a delay need not wait."""
    measured = cell("cold-start", count=400)
    early = [sample.hedges for sample in measured.samples[:200]]

    assert sum(early) == 0
    assert measured.hedges > 0
    assert measured.notes["early_hedges"] == 0


def test_a_budget_is_exact_however_seldom_requests_come() -> None:
    """One hedge for twenty requests and a burst; nothing is earned by waiting."""
    measured = cell("low-rate", count=200)

    assert measured.samples[-1].due > 2000.0
    assert 0 < measured.hedges <= 0.05 * 200 + measured.notes["burst"]


def test_a_brown_out_is_not_made_worse() -> None:
    """When everything is slow, hedges stay within their budget."""
    measured = cell("brown-out", count=300)

    assert measured.hedges <= 0.05 * 300 + measured.notes["burst"]


def test_a_stall_breaks_streams_and_not_their_beginnings() -> None:
    """The first token came; the end did not."""
    measured = cell("stall", count=300)
    broken = [sample for sample in measured.samples if sample.outcome == "error"]

    assert 0 < len(broken) < 20
    assert all(sample.ttft is not None and sample.total is None for sample in broken)


def test_hopeless_hedges_are_not_sent() -> None:
    """Once a score of them has shown that the backup is slow."""
    scenario = attrs.evolve(SCENARIOS["hedge-hostile-10"], warm_up=900)

    measured = run_cell(scenario, "spiky", contender(OURS, scenario, "spiky"), 150, 1)

    assert measured.hedges <= 2
