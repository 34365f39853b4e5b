"""New requests of all logs that hold certain words."""

from pathlib import Path

import attrs

from state import Options, Store
from state.records import RequestEnded
from state.since import Since

NEEDLE = b'"experiment":"e","side":"'


def ended(number: int, experiment: str = "e", ts: int = 1_000_000) -> RequestEnded:
    """A request of an experiment."""
    request = RequestEnded(
        *(f"req_{number}", "shop", "live", "chat", "fast", 200, True, "default", "no", "k"),
        *(100.0, 200.0, 3, 4),
        ts=ts + number,
    )
    return attrs.evolve(request, experiment=experiment, side="candidate")


def test_each_request_is_read_once_as_it_is_written(tmp_path: Path) -> None:
    """Of this experiment only, from all writers, over the ends of segments."""
    source = Since(tmp_path, 1_000_000, NEEDLE)
    assert source.poll() == []
    small = Options(segment_size=2_000)
    with (
        Store.open(tmp_path, "serve", small) as store,
        Store.open(tmp_path, "serve", small) as other,
    ):
        read = []
        for number in range(20):
            store.post(ended(number))
            other.post(ended(number, "another"))
            read += source.poll()

    assert [record.request for record in read] == [f"req_{n}" for n in range(20)]
    assert source.poll() == []


def test_what_ended_before_it_began_is_not_its() -> None:
    """An experiment of the same name, long ago."""
    assert Since(Path("nowhere"), 0, NEEDLE).poll() == []


def test_an_earlier_request_and_half_a_line_are_left(tmp_path: Path) -> None:
    """The half is read when it is whole."""
    with Store.open(tmp_path, "serve") as store:
        store.post(ended(1, ts=1))
        store.post(ended(2), ended(3))
    (file,) = (tmp_path / "logs" / "serve").glob("*.jsonl")
    data = file.read_bytes()
    source = Since(tmp_path, 1_000_000, NEEDLE)

    file.write_bytes(data[:-20])
    assert [record.request for record in source.poll()] == ["req_2"]
    file.write_bytes(data)

    assert [record.request for record in source.poll()] == ["req_3"]
