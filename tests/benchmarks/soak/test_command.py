"""A short soak of the real gateway, and what is said of a long one."""

import msgspec
import pytest

from benchmarks.soak.command import Look, Soaked, command, table


def soaked(megabytes: list[float], **done: int) -> Soaked:
    looks = [Look(60.0 * minute, each, 40) for minute, each in enumerate(megabytes, 1)]
    return Soaked(60.0 * len(looks), looks, looks[-1], done)


def test_a_gateway_is_soaked_for_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Calls of each kind were answered or left, and afterwards no connection is in use."""
    assert command(minutes=0.05, rate=60.0, looks=4, json=True) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert {"whole, answered", "stream, answered", "left, gone"} <= set(told["done"])
    assert len(told["looks"]) == 4


def test_growth_counts_only_once_it_has_settled() -> None:
    """What is allocated at first stays allocated."""
    settled = soaked([10, 60, 70, 71, 70, 72, 71, 70])
    assert abs(settled.growth) <= 2
    growing = soaked([10, 60, 70, 72, 74, 76, 78, 80])
    assert growing.growth == pytest.approx(6, abs=2)
    *_, memory, failures = table(growing)
    assert memory.startswith("✗ MB grown")
    assert failures.startswith("✓")


def test_a_call_that_failed_is_told() -> None:
    """One is enough."""
    *_, failures = table(soaked([1.0] * 8, **{"whole, failed": 1}))
    assert failures == "✗ calls that failed: 1, none"
