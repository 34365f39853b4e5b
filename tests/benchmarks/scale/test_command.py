"""`hedgerow bench scale` as a user runs it, small."""

import json
from pathlib import Path

import pytest

from tests.gateway_process import hedgerow


@pytest.mark.slow
def test_the_comparison_runs_end_to_end(tmp_path: Path) -> None:
    """Four gateways start, with projects, keys and connections as asked, and none of them fails."""
    sizes = ("--projects", "1,3", "--keys", "10,12", "--connections", "1,40")
    short = ("--rounds", "2", "--seconds", "0.2", "--warm", "0.2")

    done = hedgerow("bench", "scale", *sizes, *short, "--json", home=tmp_path)

    assert done.returncode in (0, 3), done.stderr
    found = json.loads(done.stdout)["rows"]
    assert [(row["dimension"], row["size"]) for row in found] == [
        ("projects", 1),
        ("projects", 3),
        ("keys", 10),
        ("keys", 12),
        ("connections", 1),
        ("connections", 40),
    ]
    assert all(len(row["cpu_us"]) == 2 and min(row["cpu_us"]) > 1 for row in found)
    assert [row["times"] for row in found[::2]] == [[1.0, 1.0]] * 3


@pytest.mark.parametrize("sizes", ["many", "0", "1,-5"])
def test_sizes_that_are_none_are_a_usage_error(tmp_path: Path, sizes: str) -> None:
    """Before anything starts."""
    done = hedgerow("bench", "scale", "--projects", sizes, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "hedgerow: sizes are whole numbers from 1, separated by commas\n"
