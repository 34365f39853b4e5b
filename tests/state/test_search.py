"""Looking requests up in the logs: by id, by the beginning of one, the latest; beside a live writer."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from state import Store
from state.records import KeyIssued
from state.search import CHUNK, Ambiguous, find_request, latest_requests

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path, quick, request_ended) -> Write:
    """Writes requests with these ids to a writer's log, and returns the state's folder."""

    def write(*ids, writer="serve", **changes):
        options = attrs.evolve(quick, segment_size=changes.pop("segment_size", 1 << 20))
        with Store.open(tmp_path, writer, options) as store:
            store.post(KeyIssued("p", "digest", "live", "hint"))
            for name in ids:
                store.post(request_ended(name, **changes))
        return tmp_path

    return write


def ids(folder, limit=100):
    return [record.request for record in latest_requests(folder, limit)]


def test_a_request_is_found_in_any_segment_of_any_log(write: Write, request_ended) -> None:
    """All of it is there: the attempts too, which indexes do not keep."""
    names = [f"req_{n:03d}" for n in range(40)]
    folder = write(*names[:30], segment_size=2000)
    write(*names[30:], writer="serve-2")
    assert len(list((folder / "logs" / "serve").glob("*.jsonl"))) > 5
    for name in names:
        found = find_request(folder, name)
        assert found is not None
        assert attrs.evolve(found, ts=0) == request_ended(name)


def test_the_beginning_of_an_id_is_enough_if_no_other_begins_so(write: Write) -> None:
    """An id that is whole is meant itself, even where others begin with it."""
    folder = write("req_1", "req_12", "req_123", "req_2")
    found = [find_request(folder, name) for name in ("req_2", "req_1", "req_12", "req_123")]
    assert [record and record.request for record in found] == [
        *("req_2", "req_1", "req_12", "req_123")
    ]
    only = find_request(write("abc_7"), "abc")
    assert only is not None
    assert only.request == "abc_7"


def test_a_beginning_that_several_share_names_some_of_them(write: Write) -> None:
    """So that the next try can be longer."""
    with pytest.raises(Ambiguous, match=r"'req_': req_1, req_2$"):
        find_request(write("req_1", "req_2"), "req_")
    with pytest.raises(Ambiguous, match="and others"):
        find_request(write("req_3", "req_4", "req_5", "req_6"), "req_")


@pytest.mark.parametrize("name", ["req_9", "eq_1", "", 'req_1"', "\\", "\udcff", "ı"])
def test_what_is_not_there_is_not_found(write: Write, name: str) -> None:
    """Neither in a state nor where there is none; any text may be asked for."""
    assert find_request(write(), name) is None
    assert find_request(write("req_1"), name or "x") is None
    assert find_request(Path("nowhere"), name) is None
    assert latest_requests(Path("nowhere"), 5) == []


def test_the_latest_come_first_whoever_wrote_them(write: Write) -> None:
    """Over all logs by the time they ended, and no more than asked for."""
    write("a", "b", segment_size=300)
    write("c", writer="serve-2")
    write("d")
    folder = write("e", writer="serve-2")
    write(writer="cli")
    assert ids(folder) == ["e", "d", "c", "b", "a"]
    assert ids(folder, 2) == ["e", "d"]
    assert ids(folder, 0) == []


def test_a_log_longer_than_what_is_read_at_once(write: Write) -> None:
    """Lines that lie across two reads are whole lines still."""
    names = [f"req_{n:05d}" for n in range(300)]
    folder = write(*names, segment_size=1 << 30, tags=("x" * 8000,))
    assert sum(file.stat().st_size for file in folder.rglob("*.jsonl")) > 2 * CHUNK
    assert ids(folder, 1000) == names[::-1]
    found = find_request(folder, "req_00000")
    assert found is not None
    assert found.tags == ("x" * 8000,)


@pytest.mark.parametrize(
    "tail", [b'{"t":"request_ended","v":1,"seq":5,"ts":1,"requ', b"\0" * 50, b"\n\n{}\n", b"\xff"]
)
def test_an_unfinished_end_is_passed_over(write: Write, tail: bytes) -> None:
    """A writer is at work, or was killed there: what is before it counts."""
    folder = write("req_1", "req_2")
    (log,) = folder.rglob("*.jsonl")
    log.write_bytes(log.read_bytes() + tail)
    assert ids(folder) == ["req_2", "req_1"]
    assert find_request(folder, "req_1") is not None


def test_a_damaged_line_is_passed_over(write: Write) -> None:
    """To look something up is no reason to refuse: the next start will tell of the damage."""
    folder = write("req_1", "req_2", "req_3")
    (log,) = folder.rglob("*.jsonl")
    log.write_bytes(log.read_bytes().replace(b'"request":"req_2"', b'"request":"req_X"'))
    assert ids(folder) == ["req_3", "req_1"]
    assert find_request(folder, "req_X") is None


def test_a_live_writer_is_not_waited_for(write: Write, tmp_path, quick, request_ended) -> None:
    """What it has posted can be looked up at once."""
    with Store.open(tmp_path, "serve", quick) as store:
        store.post(request_ended("req_1"))
        assert ids(tmp_path) == ["req_1"]
        store.post(request_ended("req_2"))
        assert ids(tmp_path) == ["req_2", "req_1"]
