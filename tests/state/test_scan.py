"""Reading whole logs for analysis."""

from pathlib import Path

import pytest

from state import Options, StateDamaged, Store
from state.position import segment_path, segments
from state.records import AttemptEnded, KeyStateChanged, PolicyInForce, RequestEnded
from state.scan import ScannedRequest, latest, scan, segment_files


def ended(number: int, ts: int = 0) -> RequestEnded:
    """A request with one attempt."""
    attempt = AttemptEnded("k", "d", "up", "primary", "won", 0.5, 100.0, 200.0)
    return RequestEnded(
        *(f"req_{number}", "shop", "live", "chat", "fast", 200, True, "default", "no", "k"),
        *(100.0, 200.0, 3, 4),
        attempts=(attempt,),
        policy_id="p1",
        ts=ts or 1_000 + number,
    )


def written(folder: Path, count: int, writer: str = "serve") -> Path:
    """A state with a policy, so many requests and something that no analysis asks for."""
    with Store.open(folder, writer, Options()) as store:
        store.post(PolicyInForce("p1", "default", "fast", "{}"))
        for number in range(count):
            store.post(ended(number))
        store.post(KeyStateChanged("k", "cooling", "429"))
    return folder


def test_requests_and_policies_are_read_in_their_order(tmp_path: Path) -> None:
    """And nothing else is."""
    state = written(tmp_path / "state", 20)

    (file,) = segment_files([state])
    policy, *requests = scan(file)

    assert isinstance(policy, PolicyInForce)
    assert [r.ts for r in requests if isinstance(r, ScannedRequest)] == list(range(1_000, 1_020))
    first = requests[0]
    assert isinstance(first, ScannedRequest)
    assert (first.attempts[0].model, first.attempts[0].first_ms) == ("up", 100.0)


def test_a_place_is_a_state_a_log_or_a_segment(tmp_path: Path) -> None:
    """All three lead to the same file; a place without any is said to have none."""
    state = written(tmp_path / "state", 1)
    log = state / "logs" / "serve"
    segment = segment_path(log, segments(log)[0])

    assert segment_files([state]) == segment_files([log]) == segment_files([segment]) == [segment]
    with pytest.raises(FileNotFoundError, match="there is no journal in"):
        segment_files([tmp_path / "nowhere"])


def test_a_log_that_is_being_written_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    """Cut at every byte of its last two lines, it yields the requests before the cut and never raises."""
    state = written(tmp_path / "state", 3)
    (file,) = segment_files([state])
    data = file.read_bytes()
    two = data[: data.rindex(b"\n", 0, data.rindex(b"\n", 0, len(data) - 1))].rindex(b"\n")

    for size in range(two + 1, len(data)):
        file.write_bytes(data[:size])
        requests = [record for record in scan(file) if isinstance(record, ScannedRequest)]
        assert len(requests) == data[:size].count(b'"t":"request_ended"') - (
            not data[:size].endswith(b"\n")
            and b'"t":"request_ended"' in data[:size].rsplit(b"\n", 1)[1]
            and not _whole(data[:size])
        )


def _whole(data: bytes) -> bool:
    """Whether the last line lacks nothing but its newline."""
    return data.endswith(b'"}')


def test_damage_in_the_middle_is_told_with_its_place(tmp_path: Path) -> None:
    """A flipped byte shows in the line's checksum."""
    state = written(tmp_path / "state", 5)
    (file,) = segment_files([state])
    data = bytearray(file.read_bytes())
    data[data.index(b'"req_1"') + 2] ^= 1
    file.write_bytes(bytes(data))

    with pytest.raises(StateDamaged, match="line 4"):
        list(scan(file))


def test_the_latest_requests_of_several_logs_come_in_the_order_of_their_ends(
    tmp_path: Path,
) -> None:
    """Two writers, one state: the last three of both together, whole, with their policy."""
    state = written(tmp_path / "state", 4)
    with Store.open(state, "serve-2", Options()) as store:
        store.post(ended(99, ts=1_002))

    records, policies = latest(segment_files([state]), 3)

    assert [record.request for record in records] == ["req_2", "req_99", "req_3"]
    assert records[0].prompt_tokens == 3
    assert list(policies) == ["p1"]
