"""`hedgerow bench gate` as CI runs it, where it can say something without measuring for a minute."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gate.command import KEPT, report
from benchmarks.gate.verdict import Kept
from tests.gateway_process import environment

NOW = Kept({"whole answer": 5.0}, "3.11.7", "valgrind-3.19.0")


def gate(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the command where no other program is found."""
    command = [sys.executable, "-m", "gateway", "bench", "gate", *arguments]
    environ = environment(home, {"PATH": str(home)})
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=home, env=environ
    )


def test_without_valgrind_it_says_what_is_missing(tmp_path: Path) -> None:
    """In a line, and it does not pass."""
    done = gate(home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("hedgerow: valgrind is not installed")
    assert done.stderr.count("\n") == 1


def test_kept_figures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """Before anything is measured."""
    broken = tmp_path / "kept.json"
    broken.write_text("{}")
    done = gate("--kept", str(broken), home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"hedgerow: {broken}: ")


def test_what_is_committed_can_be_compared_with() -> None:
    """Every figure that is measured is kept."""
    kept = Kept.read(KEPT.read_bytes())
    assert set(kept.ratios) == {"whole answer", "event on its own", "event of many"}
    assert all(ratio > 0 for ratio in kept.ratios.values())


@pytest.mark.parametrize(
    ("before", "code", "says"),
    [
        (4.0, 3, "has become dearer"),
        (5.1, 0, "whole answer       5.000 times"),
        (6.0, 0, "`make gate-update`, or it may grow back"),
    ],
)
def test_it_fails_when_a_request_has_become_dearer(
    capsys: pytest.CaptureFixture[str], before: float, code: int, says: str
) -> None:
    """And asks to keep what has become cheaper."""
    assert (
        report(NOW, Kept({"whole answer": before}, "3.11.7", "valgrind-3.19.0"), json=False) == code
    )
    told = capsys.readouterr().out
    assert says in told
    assert "kept with" not in told


def test_other_versions_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """They may be why."""
    report(NOW, Kept({"whole answer": 5.0}, "3.13.0", "valgrind-3.24.0"), json=False)
    assert "kept with 3.13.0, valgrind-3.24.0" in capsys.readouterr().out


def test_programs_read_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With the same exit code."""
    assert report(NOW, Kept({"whole answer": 4.0}), json=True) == 3
    (verdict,) = json.loads(capsys.readouterr().out)["verdicts"]
    assert verdict == {"name": "whole answer", "ratio": 5.0, "kept": 4.0, "judgement": "grown"}
