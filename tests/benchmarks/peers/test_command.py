"""`hedgerow bench peers` from end to end, with a peer that needs no installing."""

from pathlib import Path

import pytest

from benchmarks.overhead.rounds import Sizes
from benchmarks.peers.command import Plan, command, measure
from gateway.cli.failures import USAGE
from tests.benchmarks.peers.fakes import stand_in


def test_an_unknown_peer_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """The known ones are told."""
    assert command("nginx") == USAGE
    assert "no such peer: nginx; known are litellm, portkey" in capsys.readouterr().err


async def test_all_are_measured_in_one_run_and_who_cannot_run_is_told_of(tmp_path: Path) -> None:
    """Requests, CPU, latency and memory of each; nobody's failure is another's."""
    broken = stand_in("broken", ["surely-no-such-program"])
    plan = Plan((broken, stand_in()), 1, Sizes(seconds=0.3, requests=20), tmp_path)
    result = await measure(plan)

    assert set(result.seen) == {"direct", "hedgerow", "bare proxy", "stand-in 1.0"}
    assert set(result.unusable) == {"broken"}
    assert result.failed == dict.fromkeys(result.seen, 0)
    for figures in result.seen.values():
        assert all(figures[name][0] > 0 for name in ("rps", "cpu_us", "p50_1", "p99_1"))
    assert result.resident["hedgerow"] > 20_000_000
