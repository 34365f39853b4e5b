"""`hedgerow tune` as it is typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.tuner.command import NOTHING, UNTRUSTED, tune
from gateway.learned_file import read_learned
from tests.benchmarks.virtual import journal


def test_from_a_log_to_a_policy_that_can_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """6,000 requests of the real race: one rule, which hedges at about the p95; and what to do next."""
    state, out = journal(tmp_path / "state", "spiky", 6_000), tmp_path / "policy.toml"

    code = tune(state, out=out, resamples=50)

    told = capsys.readouterr().out
    assert code == 0
    assert "Hedge after 1." in told
    assert "Next: hedgerow experiment start" in told
    (rule,) = read_learned(out, "policy.toml").rules
    assert rule.model == "model"
    assert rule.delay is not None
    assert 0.9 < rule.delay < 1.5


def test_it_says_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that the table is made from."""
    state = journal(tmp_path / "state", "spiky", 6_000)

    assert tune(state, resamples=50, json=True) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["requests"] == 6_000
    assert told["kinds"][0]["model"] == "model"
    assert told["kinds"][0]["chosen"]["goal"]["high"] > 1.0


def test_where_nothing_is_recommended_the_exit_code_says_so(tmp_path: Path) -> None:
    """A p99.9 of 2,000 requests; and a log with next to nothing in it."""
    state = journal(tmp_path / "state", "spiky", 2_000)
    few = journal(tmp_path / "few", "spiky", 30)

    assert tune(state, objective="p999", resamples=20) == UNTRUSTED
    assert tune(few) == NOTHING


def test_a_budget_is_written_as_people_write_it(tmp_path: Path) -> None:
    """As a share or in percent; a place without a journal is told in a line."""
    words = [sys.executable, "-m", "gateway", "tune", str(tmp_path), "--budget", "5%"]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == f"hedgerow: there is no journal in {tmp_path}\n"
