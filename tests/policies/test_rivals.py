"""How long backups take, and whether they would be first."""

import pytest

from policies.latency import Window
from policies.rivals import ENOUGH, MOST, Rivals
from policies.survival import Curve
from policies.target import Target

SLOW = Target("s-1", "slow", "s", "m")
OTHER_KEY = Target("s-2", "slow", "s2", "m")


def silent(seconds: float = 4.0) -> Curve:
    """Primaries that all take so long."""
    window = Window()
    for number in range(100):
        window.sample(seconds, number)
    assert window.curve is not None
    return window.curve


def test_from_few_attempts_nothing_is_concluded():
    """Hedging has to begin somewhere."""
    rivals = Rivals()
    for number in range(ENOUGH - 1):
        rivals.first(SLOW, 1.0, number)
    assert rivals.win_probability(silent(), SLOW, 1.0) is None
    rivals.first(SLOW, 1.0, ENOUGH)
    assert rivals.win_probability(silent(), SLOW, 1.0) == pytest.approx(1.0)


def test_a_backup_that_always_lost_will_lose():
    """All its attempts were cut: that is what they say."""
    rivals = Rivals()
    for number in range(ENOUGH):
        rivals.gave_up(SLOW, 2.0, number)
    assert rivals.win_probability(silent(), SLOW, 1.0) == 0.0


def test_keys_of_one_provider_speak_for_one_another():
    """They run the same model at the same place."""
    rivals = Rivals()
    for number in range(ENOUGH):
        rivals.first(SLOW if number % 2 else OTHER_KEY, 9.0, number)
    assert rivals.win_probability(silent(), OTHER_KEY, 1.0) == 0.0
    assert rivals.win_probability(silent(), Target("f", "fast", "f", "m"), 1.0) is None


def test_what_was_found_is_kept_until_there_is_news():
    """It is asked at every hedge, and costs a tenth of a millisecond."""
    rivals, primary = Rivals(), silent()
    for number in range(ENOUGH):
        rivals.first(SLOW, 9.0, number)
    assert rivals.win_probability(primary, SLOW, 1.0) == 0.0
    assert rivals.win_probability(primary, SLOW, 1.0) == 0.0
    for number in range(20 * ENOUGH):
        rivals.first(SLOW, 0.5, ENOUGH + number)
    assert rivals.win_probability(primary, SLOW, 1.0) == pytest.approx(0.95, abs=0.01)


def test_memory_is_bounded():
    """Clients may name models that nobody lists."""
    rivals = Rivals()
    for number in range(MOST + 5):
        rivals.first(Target("k", "p", "d", f"m{number}"), 1.0, 0.0)
    assert len(rivals._windows) == MOST
