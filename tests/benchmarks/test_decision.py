"""What deciding costs is measured on real decisions. (No bar is held here: other tests run beside.)"""

import random

import msgspec
import pytest

from benchmarks.decision import SEEN, Table, command


def test_the_decisions_that_are_measured_decide_something() -> None:
    """A rank of fifty keys, a delay that was observed, a hedge that starts."""
    decisions = Table(50, random.Random(1)).decisions()

    assert decisions["rank"]() is not None
    assert decisions["delay"]().delays  # type: ignore[attr-defined]
    assert decisions["hedge"]() is not None


def test_the_pool_has_seen_traffic() -> None:
    """An empty one would be cheaper to ask."""
    table = Table(10, random.Random(1))
    ((model, window),) = table.pool.chooser.estimates.models()
    assert (model, window.count) == ("model", min(SEEN, 2_000))
    assert table.contest.pool.allowances.route("route", table.contest.policy.hedge).deposits == SEEN


def test_the_figures_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """In microseconds, and the window in bytes."""
    assert command(keys=3, rounds=1, json=True) in (0, 3)

    told = msgspec.json.decode(capsys.readouterr().out)
    assert set(told["us"]) == {"rank", "delay", "budget", "hedge", "first token"}
    assert told["decision"] == pytest.approx(
        sum(told["us"][n] for n in ("rank", "delay", "budget"))
    )
    assert 20_000 < told["window"] < 40_000
