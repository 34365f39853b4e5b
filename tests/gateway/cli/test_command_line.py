"""The command line before it does anything: what it says of itself, and to words that it does not know."""

import gc
import json
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import pytest

from gateway.cli import main
from gateway.cli.project import spent
from state.projects import new_project
from state.records import RequestEnded
from state.store import Store

Hedgerow: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hedgerow(capsys: pytest.CaptureFixture[str]) -> Iterator[Hedgerow]:
    """Runs the command; gives its exit code, standard output and standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(words)
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, out, err

    thresholds = gc.get_threshold()  # a process of its own would not mind
    yield run
    gc.set_threshold(*thresholds)


def test_it_says_its_version(hedgerow: Hedgerow) -> None:
    """One line, for programs too."""
    assert hedgerow("--version") == (0, f"{version('hedgerow')}\n", "")


@pytest.mark.parametrize(
    ("words", "verbs"),
    [
        ((), {"serve", "sim", "check", "project", "bench"}),
        (("project",), {"create", "list", "rotate", "revoke"}),
        (("bench",), {"hedging"}),
    ],
)
def test_without_a_verb_it_lists_them(
    hedgerow: Hedgerow, words: tuple[str, ...], verbs: set[str]
) -> None:
    """Exit code 0, and each verb with what it does."""
    code, out, err = hedgerow(*words)

    told = dict(re.findall(r"^│ ([a-z]+) +([^ │]*)", out, re.MULTILINE))
    assert (code, err) == (0, "")
    assert verbs <= set(told)
    assert all(told.values()), out


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (("chek",), '"check"'),
        (("project", "crate", "x"), '"create"'),
        (("serve", "--bnd", "127.0.0.1:0"), "--bind"),
        (("sim", "--profile", "spicky"), '"spiky"'),
        (("sim", "--seed", "many"), "--seed"),
        (("project", "create"), "NAME"),
        (("project", "rotate", "one", "two"), "two"),
        (("serve", "--bind", "nonsense"), "HOST:PORT"),
        (("sim", "--bind", "127.0.0.1:8x"), "HOST:PORT"),
        (("check", "--config", "absent.toml"), "absent.toml"),
    ],
)
def test_what_it_does_not_understand_is_a_mistake_in_the_usage(
    hedgerow: Hedgerow, words: tuple[str, ...], suggestion: str
) -> None:
    """Exit code 2, and the way out on standard error."""
    code, out, err = hedgerow(*words)

    assert (code, out) == (2, "")
    assert suggestion in err


@pytest.mark.parametrize(
    ("usd", "at_most", "shown"),
    [
        (0.0, 0.0, "$0.00"),
        (12.345, 12.345, "$12.35"),
        (0.000123, 0.000123, "$0.000123"),
        (1.5, 2.0, "at least $1.50"),
        (0.0, 2.0, "at least $0.00"),
    ],
)
def test_spending_that_is_not_all_known_is_told_as_a_lower_bound(
    usd: float, at_most: float, shown: str
) -> None:
    """Nobody may take for the whole what leaves out the cancelled calls."""
    assert spent(usd, at_most) == shown


def test_the_list_of_projects_tells_both_bounds(tmp_path: Path, hedgerow: Hedgerow) -> None:
    """As JSON: known, and at most."""
    with Store.open(tmp_path) as store:
        store.commit_now(*new_project(store.indexes, "demo", ["*"])[0])
        store.post(
            RequestEnded(
                *("req_1", "demo", "live", "chat", "m", 200, False, "default", "lost", "a-1"),
                *(1.0, 2.0, 3, 4),
                nano_usd=10**9,
                tax_low=10**9,
                tax_high=2 * 10**9,
            )
        )
    code, out, _ = hedgerow("project", "list", "--json", "--state", f"file:{tmp_path}")
    (row,) = json.loads(out)
    assert (code, row["usd"], row["usd_at_most"]) == (0, 2.0, 3.0)
    _, out, _ = hedgerow("project", "list", "--state", f"file:{tmp_path}")
    assert "at least" in out
