"""A summary folds to the same as its segment, and one that does not fit is no summary."""

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state import codec
from state.indexes import Indexes
from state.position import Sealed, segment_path, summary_path
from state.records import (
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    PolicyInForce,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
    RequestEnded,
)
from state.store import Store
from state.summary import Draft, load

DAY = 86_400_000
NAMES = st.sampled_from(["p1", "p2"])
TIMES = st.integers(1, 6)


def request(ts, project, **changes):
    usual = RequestEnded(
        "r", project, "live", "chat", "m", 200, False, "d", "no", None, None, 1.0, 2, 3, ts=ts
    )
    return attrs.evolve(usual, **changes)


RECORDS = st.one_of(
    st.builds(ProjectCreated, NAMES, st.just(("a",)), ts=TIMES),
    st.builds(ProjectChanged, NAMES, st.sampled_from([("b",), ("c",)]), ts=TIMES),
    st.builds(ProjectRevoked, NAMES, ts=TIMES),
    st.builds(
        KeyIssued, NAMES, st.sampled_from(["d1", "d2"]), st.just("live"), st.just("h"), ts=TIMES
    ),
    st.builds(KeyRevoked, st.sampled_from(["d1", "d2"]), ts=TIMES),
    st.builds(KeyStateChanged, NAMES, st.sampled_from(["resting", "ok"]), st.just("w"), ts=TIMES),
    st.builds(Dropped, st.integers(0, 5), ts=TIMES),
    st.builds(PolicyInForce, st.just("x"), st.just("d"), st.just("r"), st.just("{}"), ts=TIMES),
    st.builds(
        request,
        st.integers(1, 3 * DAY),
        NAMES,
        status=st.sampled_from([200, 502]),
        environment=st.sampled_from(["live", "test"]),
        nano_usd=st.integers(0, 9),
        tax_high=st.integers(0, 9),
        key=st.sampled_from(["", "k1"]),
    ),
)


def numbered(records):
    """The records as a log gives them back."""
    for seq, record in enumerate(records, 1):
        yield seq, codec.decode(codec.encode(record, seq, 0)[0][:-1])[1]


def draft_of(records):
    draft = Draft(1)
    for seq, record in numbered(records):
        draft.add(record, seq)
    return draft


def folded(records):
    indexes = Indexes()
    for seq, record in numbered(records):
        indexes.apply(record, writer="w", seq=seq)
    return indexes


def folded_from(summary):
    indexes = Indexes()
    for seq, record in summary.facts:
        indexes.apply(record, writer="w", seq=seq)
    for seq, record in summary.requests():
        indexes.remember(record, writer="w", seq=seq)
    return indexes


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(RECORDS, max_size=20))
def test_a_summary_folds_to_the_same_as_its_segment(tmp_path, records):
    """Settings, keys and their states, sums by day, what was dropped, and the latest requests."""
    sealed = Sealed(1, len(records), 9, "ab")
    segment_path(tmp_path, 1).write_bytes(bytes(9))
    after = codec.SegmentHeader(
        sealed.last + 1, segment_path(tmp_path, 1).name, sealed.last, "ab", 0
    )
    segment_path(tmp_path, sealed.last + 1).write_bytes(codec.encode_header(after))
    if not records:
        return
    summary_path(tmp_path, 1).write_bytes(draft_of(records).encode(sealed))
    summary = load(tmp_path, 1)
    assert summary.sealed == sealed
    assert folded_from(summary) == folded(records)


@pytest.fixture
def closed(tmp_path, quick, request_ended):
    """The folder of a log whose first segment is closed and has a summary."""
    options = attrs.evolve(quick, segment_size=3000)
    with Store.open(tmp_path, "serve", options) as store:
        store.commit_now(ProjectCreated("demo", ("*",)))
        for n in range(4):
            store.post(request_ended(f"r{n}"))
    folder = tmp_path / "logs" / "serve"
    assert load(folder, 1).header.unknown == 0
    return folder


def test_a_summary_cut_or_changed_at_any_byte_is_none(closed):
    """It is refused as damaged, if not when it is loaded then when its requests are asked for."""
    path = summary_path(closed, 1)
    good = path.read_bytes()
    for at in range(len(good)):
        for bad in (good[:at], good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]):
            path.write_bytes(bad)
            with pytest.raises(ValueError):
                load(closed, 1).requests()


def test_a_summary_is_of_no_use_without_the_segment_it_is_of(closed):
    """The segment is longer, or the next one is gone, torn, or continues something else."""
    segment = segment_path(closed, 1)
    after = segment_path(closed, load(closed, 1).header.last + 1)
    header = after.read_bytes()
    for other in (header[:9], header.replace(b'"prev_last":', b'"prev_last":1'), b"{}\n"):
        after.write_bytes(other)
        assert load(closed, 1) is None
    line = codec.decode_header(header.split(b"\n")[0], codec.SegmentHeader)
    after.write_bytes(codec.encode_header(attrs.evolve(line, prev_sha256="00")))
    assert load(closed, 1) is None
    after.unlink()
    assert load(closed, 1) is None
    after.write_bytes(header)
    assert load(closed, 1)
    segment.write_bytes(segment.read_bytes() + b" ")
    assert load(closed, 1) is None


def test_a_summary_of_another_segment_or_of_other_kinds_is_refused(closed):
    """A copy under a wrong name, or one from a version that summed otherwise."""
    path = summary_path(closed, 1)
    good = path.read_bytes()
    summary_path(closed, 7).write_bytes(good)
    with pytest.raises(ValueError, match="not whole"):
        load(closed, 7)
    sealed = load(closed, 1).sealed
    line = codec.encode(Dropped(0), 1, 0)[0].replace(b"dropped", b"flooded")
    body, _, _ = line.partition(b',"crc"')
    line = codec._seal(body)
    head = codec.SummaryHeader(
        **attrs.asdict(sealed), unknown=0, facts=len(line), requests=0, latest=0
    )
    path.write_bytes(codec.encode_header(head) + line)
    with pytest.raises(ValueError, match="unknown here"):
        load(closed, 1)
