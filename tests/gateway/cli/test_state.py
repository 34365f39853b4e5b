"""`hedgerow state verify`: every line of every log is looked at, whatever summaries say."""

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import attrs
import pytest

from gateway.cli import main
from state.options import Options
from state.records import ProjectCreated
from state.store import Store

Verify: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Verify]:
    """Runs `hedgerow state verify` on a folder; gives exit code, standard output and standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(("state", "verify", *words, "--state", f"file:{tmp_path / 'state'}"))
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, out, err

    thresholds = gc.get_threshold()  # a process of its own would not mind
    yield run
    gc.set_threshold(*thresholds)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of several closed segments."""
    with Store.open(
        tmp_path / "state", "serve", attrs.evolve(Options(), segment_size=1000)
    ) as store:
        for n in range(30):
            store.commit_now(ProjectCreated(f"p{n}", ("*",)))
    return tmp_path / "state" / "logs" / "serve"


def test_a_whole_journal_is_said_to_be_whole(verify: Verify, log: Path) -> None:
    """With what it holds; as JSON too."""
    assert log.is_dir()
    assert verify() == (0, "serve: 30 records, all as they were written\n", "")
    code, out, _ = verify("--json")
    assert (code, json.loads(out)["logs"], json.loads(out)["reports"]) == (0, {"serve": 30}, [])


def test_damage_that_a_start_would_not_look_at_is_found(verify: Verify, log: Path) -> None:
    """In a closed segment with a good summary."""
    path = sorted(log.glob("*.jsonl"))[1]
    path.write_bytes(path.read_bytes().replace(b'["*"]', b'["?"]', 1))
    with Store.open(log.parents[1]) as store:
        assert len(store.indexes.projects) == 30
    code, out, err = verify()
    assert (code, out) == (1, "")
    assert f"{path}, line 2, byte" in err


def test_an_unfinished_end_is_noted(verify: Verify, log: Path) -> None:
    """It is left to the log's next writer."""
    last = max(log.glob("*.jsonl"))
    last.write_bytes(last.read_bytes() + b'{"t":')
    code, out, _ = verify()
    assert code == 0
    assert "note: serve/" in out
    assert "5 bytes of unfinished record" in out


def test_no_journal_is_no_error(verify: Verify) -> None:
    """There is nothing to verify yet."""
    code, out, _ = verify()
    assert code == 0
    assert "no journal" in out
