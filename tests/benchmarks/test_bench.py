"""`hedgerow bench hedging` as a user runs it, small."""

import json
from pathlib import Path

import pytest

from tests.gateway_process import hedgerow


@pytest.mark.slow
def test_the_comparison_runs_end_to_end(tmp_path: Path) -> None:
    """Simulator, two gateways and the generator start, measure and stop; too few requests are no proof."""
    sizes = ("--requests", "30", "--warm-up", "10", "--rate", "30", "--scale", "0.05")

    done = hedgerow("bench", "hedging", *sizes, "--profile", "tight", "--json", home=tmp_path)

    assert done.returncode == 3, done.stderr
    off, on = json.loads(done.stdout)
    assert (off["name"], on["name"]) == ("off", "on")
    for side in (off, on):
        assert side["requests"] == 30
        assert side["errors"] == {}
        assert side["p50"]["low"] <= side["p50"]["value"] <= side["p50"]["high"]
    assert off["extra"] == 0.0
