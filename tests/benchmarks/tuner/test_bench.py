"""`hedgerow bench tuner` as it is typed."""

import json

import pytest

from benchmarks.tuner.bench import command, table, verdict
from benchmarks.tuner.known import Row, Size, WorldResult


def test_one_world_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A single small log of it."""
    command(logs=1, requests=2_000, only="tight/shared", processes=1, json=True)

    (found,) = json.loads(capsys.readouterr().out)
    assert (found["profile"], found["condition"], len(found["rows"])) == ("tight", "shared", 6)


def test_a_world_that_does_not_exist_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """Told with those that do."""
    assert command(only="calm") == 2
    assert "there is no world 'calm'; there are tight/independent" in capsys.readouterr().err


def test_the_table_names_what_is_missed() -> None:
    """Under the world in which it is."""
    result = WorldResult("spiky", "shared", (Row("p95", 1.987, 0.12, 0.01, 0.9),), 1.9, 0.01, 0.02)

    lines = list(table(result))

    assert lines[-2] == "  ✗ p95: off by +12.0 %"
    assert verdict([result], Size()).endswith("1 worlds are not as demanded")
