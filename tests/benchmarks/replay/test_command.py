"""`hedgerow replay` as it is typed."""

import json
from pathlib import Path

import pytest

from benchmarks.replay.command import NOTHING, command
from benchmarks.replay.journal import write
from gateway.config_errors import ConfigErrors
from tests.benchmarks.virtual import journal, raced

LEARNED = 'version = 1\n[[rules]]\nmodel = "model"\ndelay = "1s"\nprobability = 0.5\n'


def test_a_log_is_run_again_under_a_tuners_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """First under its own policy, which must come out as it was; then under the file's."""
    state = journal(tmp_path / "state", "spiky", 1_500)
    file = tmp_path / "policy.toml"
    file.write_text(LEARNED)

    code = command(state, policy=str(file), replicates=1, json=True)

    told = json.loads(capsys.readouterr().out)
    assert (code, told["objections"], told["requests"]) == (0, [], 1_500)
    assert 0.01 < told["other"]["extra"]["value"] < 0.06


def test_it_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ticks for the log's own policy, figures with bounds for the other."""
    state = journal(tmp_path / "state", "spiky", 600)

    assert command(state, policy="off", replicates=1) == 0

    told = capsys.readouterr().out
    assert "✓ the log's own policy: p50" in told
    assert "Under off:" in told
    assert "+0.0 % calls" in told


def test_a_policy_that_does_not_exist_is_a_mistake(tmp_path: Path) -> None:
    """Told with those that do; so is a file that is not right."""
    state = journal(tmp_path / "state", "spiky", 300)
    config = tmp_path / "hedgerow.toml"
    config.write_text("")
    broken = tmp_path / "broken.toml"
    broken.write_text("version = 2\n")

    with pytest.raises(ConfigErrors, match='there is no policy "fastest"'):
        command(state, policy="fastest", config=config)
    with pytest.raises(ConfigErrors, match="this release reads version 1"):
        command(state, policy=str(broken), config=config)


def test_a_log_without_requests_has_nothing_to_run(tmp_path: Path) -> None:
    """Exit code 4."""
    policy, _ = raced("spiky", 200)
    write(tmp_path / "state", policy, [])

    assert command(tmp_path / "state") == NOTHING
