"""`hedgerow tune plan` as it is typed."""

import json
from pathlib import Path

import attrs
import pytest

from benchmarks.replay.journal import write
from benchmarks.tuner.plan_command import NOTHING, plan
from tests.benchmarks.virtual import journal, raced


def test_it_tells_how_many_requests_an_experiment_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a log whose policy is about as good as the tuner's: there is hardly anything to find."""
    state = journal(tmp_path / "state", "spiky", 3_000)

    assert plan(state) == 0
    told = capsys.readouterr().out
    assert "late is over 1." in told

    assert plan(state, json=True) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert 0.008 < found["incumbent"] < 0.012


def test_against_no_hedging_there_is_much_to_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log without hedges: half of the late requests would not be."""
    policy, records = raced("spiky", 3_000)
    alone = [
        attrs.evolve(r, attempts=(attrs.evolve(r.attempts[0], delay_ms=None),))
        for r in records
        if len(r.attempts) == 1
    ]
    write(tmp_path / "state", policy, [attrs.evolve(r, hedged="no") for r in alone])

    assert plan(tmp_path / "state") == 0
    assert "late is over" in capsys.readouterr().out


def test_shares_and_empty_logs_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit codes 2 and 4."""
    policy, _ = raced("spiky", 200)
    write(tmp_path / "state", policy, [])

    assert plan(tmp_path / "state", share=1.5) == 2
    assert plan(tmp_path / "state") == NOTHING
    assert "lie between 0 and 1" in capsys.readouterr().err
