"""`hedgerow bench overhead` as a user runs it, small."""

import json
from pathlib import Path

import pytest

from tests.gateway_process import hedgerow


@pytest.mark.slow
def test_the_measurement_runs_end_to_end(tmp_path: Path) -> None:
    """All processes start, everything is measured, nothing fails, and the bars are judged."""
    sizes = ("--rounds", "1", "--seconds", "0.3", "--requests", "20")
    streams = ("--streams", "4", "--open-streams", "10")

    done = hedgerow("bench", "overhead", *sizes, *streams, "--json", home=tmp_path)

    assert done.returncode in (0, 3), done.stderr
    told = json.loads(done.stdout)
    seen = told["result"]["seen"]
    assert set(seen) == {"direct", "hedgerow", "bare proxy"}
    assert set(told["result"]["failed"].values()) == {0}
    assert all(value > 0 for figures in seen.values() for value in figures["cpu_us"])
    assert seen["hedgerow"]["stalled"][0] in range(
        5
    )  # of four streams: how busy it is here, is not said
    assert told["result"]["memory"]["hedgerow"]["idle"] > 10_000_000
    assert (done.returncode == 0) == all(demand["kept"] for demand in told["demands"])


def test_a_peer_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    """Before anything starts."""
    done = hedgerow("bench", "overhead", "--peer", "nonsense", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("hedgerow: --peer nonsense")
