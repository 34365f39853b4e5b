"""`hedgerow plot` as it is typed."""

from pathlib import Path

import pytest

from benchmarks.figures.command import NOTHING, command
from state import Store
from tests.benchmarks.virtual import journal
from tests.gateway.test_watch import BEGUN


def test_a_log_is_drawn_with_its_experiments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight plots and one for the experiment, each as PNG and SVG, and a page."""
    state = journal(tmp_path / "state", "spiky", 1_000)
    with Store.open(state, "cli") as store:
        store.commit_now(BEGUN)

    assert command(state, out=tmp_path / "plots", resamples=20) == 0

    assert "9 plots as PNG and SVG" in capsys.readouterr().out
    assert len(list((tmp_path / "plots").iterdir())) == 19


def test_a_log_with_next_to_nothing_is_not_drawn(tmp_path: Path) -> None:
    """Exit code 4."""
    state = journal(tmp_path / "state", "spiky", 30)

    assert command(state, out=tmp_path / "plots") == NOTHING
