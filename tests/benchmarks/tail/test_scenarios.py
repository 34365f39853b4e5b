"""The worlds themselves: complete, and what their names promise."""

import pytest

from benchmarks.tail.scenarios import POOL, SCENARIOS, Scenario

DEMANDED = (
    "iid slow-key correlated-domain brown-out 429-storm key-death error-frame stall heavy-prompts "
    "disconnect cold-start hedge-hostile low-rate"
)


def test_there_are_thirteen_and_some_variants() -> None:
    """Verdicts know them by these names; variants begin with the name of what they vary."""
    usual = [name for name, each in SCENARIOS.items() if not each.variant]
    variants = [name for name, each in SCENARIOS.items() if each.variant]

    assert usual == DEMANDED.split()
    assert all(any(name.startswith(f"{other}-") for other in usual) for name in variants)


def test_the_pool_has_eight_keys_in_four_domains_at_two_providers() -> None:
    """So that a hedge always finds another domain, and another provider."""
    (tier,) = POOL

    assert len({target.key for target in tier}) == 8
    assert len({target.domain for target in tier}) == 4
    assert len({target.provider for target in tier}) == 2


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda each: each.name)
def test_troubles_concern_keys_that_exist(scenario: Scenario) -> None:
    """And no others."""
    targets = [target for tier in scenario.route for target in tier]
    keys = {target.key for target in targets}

    assert all(slow.keys <= keys for slow in scenario.slow)
    assert scenario.storm is None or scenario.storm.domain in {t.domain for t in targets}
    assert scenario.dying is None or scenario.dying.key in keys


@pytest.mark.parametrize(("asked", "run"), [(200, 200), (4000, 6000), (6000, 6000), (6001, 12_000)])
def test_a_run_with_slow_periods_lasts_whole_rounds(asked: int, run: int) -> None:
    """Ten minutes of ten a second are six thousand; a look at a few is left at that."""
    assert SCENARIOS["slow-key"].counted(asked) == run
    assert SCENARIOS["iid"].counted(asked) == asked
