"""`hedgerow bench tail` as it is typed."""

import json
from pathlib import Path

import pytest

from benchmarks.tail.command import Task, Unusable, choose, command, in_reality, run_all
from benchmarks.tail.contenders import NAMES
from benchmarks.tail.scenarios import SCENARIOS


def test_without_names_everything_is_run_but_variants() -> None:
    """Thirteen scenarios, four profiles, all contenders that have business there."""
    chosen = choose(None, None, None, 10, 1)

    assert len(chosen.scenarios) == 13
    assert len(chosen.tasks()) == 4 * 13 * len(NAMES)
    assert not any(SCENARIOS[name].variant for name in chosen.scenarios)


def test_names_are_given_with_commas_between() -> None:
    """In the order given, each once; variants too."""
    chosen = choose("low-rate, iid,low-rate", "heavy", "erpc,unhedged", 10, 7)

    assert [(task.scenario, task.contender) for task in chosen.tasks()] == [
        ("low-rate", "erpc"),
        ("low-rate", "unhedged"),
        ("iid", "erpc"),
        ("iid", "unhedged"),
    ]
    assert choose("key-death-silent", None, None, 10, 1).scenarios == ("key-death-silent",)


@pytest.mark.parametrize(
    "names", [("nowhere", None, None), (None, "instant", None), (None, None, "nobody")]
)
def test_an_unknown_name_is_told_with_those_that_exist(names: tuple[str | None, ...]) -> None:
    """All of its kind."""
    scenario, profile, contender = names
    with pytest.raises(Unusable, match=r"unknown .* there are"):
        choose(scenario, profile, contender, 10, 1)


@pytest.mark.parametrize(
    "options",
    [
        {"scenario": "nowhere"},
        {"requests": 0},
        {"workers": 0},
        {"html": Path("absent/report.html")},
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(
    options: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and one line that says why."""
    assert command(**options) == 2  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("hedgerow: ")
    assert err.count("\n") == 1


def small(**options: object) -> int:
    """The command on very little."""
    few = {"scenario": "low-rate", "profile": "tight", "contender": "unhedged", "workers": 1}
    return command(**{**few, "requests": 20, **options})  # type: ignore[arg-type]


def test_tables_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Wide enough to be read where nobody said how wide."""
    assert small() == 0
    out, _ = capsys.readouterr()

    assert "low-rate, tight" in out
    assert "unhedged" in out


def test_machines_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that measures the same again."""
    assert small(json=True) == 0
    said = json.loads(capsys.readouterr().out)

    assert said["command"] == (
        "hedgerow bench tail --scenario low-rate --profile tight --contender unhedged "
        "--requests 20 --seed 1"
    )
    assert said["groups"][0]["contenders"][0]["n"] == 20


def test_a_report_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As well as the tables."""
    assert small(html=tmp_path / "report.html") == 0

    assert "unhedged" in (tmp_path / "report.html").read_text()
    assert "unhedged" in capsys.readouterr().out


def test_a_missed_demand_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody without a budget beats whoever calls everybody at once."""
    code = small(scenario="iid", profile="spiky", contender="erpc,hedgerow-quantile-5", requests=20)
    out = capsys.readouterr().out

    assert code == (3 if "FAIL" in out else 0)


@pytest.mark.slow
def test_processes_give_the_same_cells() -> None:
    """Two workers, two cells, in whatever order they come."""
    tasks = [Task("low-rate", "tight", name, 20, 1) for name in ("unhedged", "erpc")]

    assert dict(run_all(tasks, 2)) == dict(run_all(tasks, 1))


def test_in_real_time_only_some_can_be_run() -> None:
    """One scenario and two contenders; asking for others says so."""
    chosen = in_reality(None, "spiky", None, 10, 1)

    assert (chosen.scenarios, len(chosen.contenders)) == (("iid",), 2)
    with pytest.raises(Unusable, match=r"with --real .* there are iid"):
        in_reality("slow-key", None, None, 10, 1)
