"""`hedgerow race`: one request's story, and the list of the latest; what it says where there is none."""

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from gateway.cli import main
from state.records import AttemptEnded, RequestEnded
from state.store import Store

Race: TypeAlias = Callable[..., tuple[int, str, str]]

ATTEMPT = AttemptEnded("gemini-a", "g", "up", "primary", "won", 0.0, 312.0, 800.0, 200)
NAMES = ("req_01A", "req_01B", "req_02A")


def request(name: str, **changes: Any) -> RequestEnded:
    """A request that one attempt answered."""
    usual: dict[str, Any] = {
        "project": "demo",
        "environment": "live",
        "operation": "chat",
        "model": "m",
        "status": 200,
        "streamed": True,
        "policy": "default",
        "hedged": "no",
        "winner": "gemini-a",
        "ttft_ms": 312.0,
        "duration_ms": 800.0,
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "attempts": (ATTEMPT,),
    }
    return RequestEnded(name, **(usual | changes))


@pytest.fixture
def race(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Race]:
    """Runs `hedgerow race` on this state; gives its exit code, standard output and standard error."""

    def run(*words: str, folder: Path = tmp_path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(("race", *words, "--state", f"file:{folder}"))
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, out, err

    with Store.open(tmp_path) as store:
        for name in NAMES:
            store.post(request(name))
        store.post(request("req_03A", winner=None, ttft_ms=None, attempts=(), status=503))
    thresholds = gc.get_threshold()  # a process of its own would not mind
    yield run
    gc.set_threshold(*thresholds)


def test_a_request_is_shown_by_its_id_or_an_unmistakable_beginning(race: Race) -> None:
    """The attempts as bars, and no colour where the output is no terminal."""
    code, out, err = race("show", "req_02")
    assert (code, err) == (0, "")
    assert out.startswith("req_02A  chat m, streamed\n")
    assert "primary  gemini-a  up ├─" in out
    assert "\x1b" not in out
    assert race("show", "req_02A") == (0, out, "")


def test_the_last_one_needs_no_id(race: Race) -> None:
    """It is the newest in the journal."""
    code, out, _ = race("show", "last")
    assert (code, out.partition(" ")[0]) == (0, "req_03A")
    assert "No upstream was called." in out


def test_a_request_as_json_is_the_whole_record(race: Race) -> None:
    """For programs: everything that the journal knows."""
    code, out, _ = race("show", "req_01A", "--json")
    told = json.loads(out)
    assert (code, told["request"], told["attempts"][0]["first_ms"]) == (0, "req_01A", 312.0)
    assert set(told) >= {"coin", "policy_id", "skips", "ts"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("req_9", "There is no request 'req_9' in the journal"),
        ("\x1b[2J", "no request '�[2J'"),
        ("req_01", "Several requests begin with 'req_01': req_01A, req_01B"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(race: Race, name: str, said: str) -> None:
    """Exit code 1, and nothing on standard output."""
    code, out, err = race("show", name)
    assert (code, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_state_without_requests(race: Race, tmp_path: Path) -> None:
    """There is no last one, and the list has its headings."""
    empty = tmp_path / "empty"
    code, out, err = race("show", "last", folder=empty)
    assert (code, out) == (1, "")
    assert "no request yet" in err
    code, out, _ = race("list", folder=empty)
    assert (code, out.split()) == (
        0,
        ["request", "model", "status", "ttft", "hedged", "attempts", "winner"],
    )


def test_the_list_has_a_line_a_request_newest_first(race: Race) -> None:
    """However narrow the terminal."""
    code, out, err = race("list", "--limit", "3")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "request  model  status  ttft    hedged  attempts  winner",
        "req_03A  m      503     -       no      0         -",
        "req_02A  m      200     312 ms  no      1         gemini-a",
        "req_01B  m      200     312 ms  no      1         gemini-a",
    ]
    _, out, _ = race("list", "--json")
    assert [told["request"] for told in json.loads(out)] == ["req_03A", *reversed(NAMES)]


def test_a_list_of_none_is_a_mistake_in_the_usage(race: Race) -> None:
    """Exit code 2, and the parameter is named."""
    code, _, err = race("list", "--limit", "0")
    assert code == 2
    assert "--limit" in err
