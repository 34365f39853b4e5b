"""Starting from summaries: the same state as from every line, and from every line where one is bad."""

import attrs
import pytest

from state import look
from state.position import segments, summary_path
from state.records import KeyIssued, KeyStateChanged, ProjectCreated
from state.store import Store


@pytest.fixture
def long_log(tmp_path, quick, request_ended):
    """Writes a state of many closed segments, with requests of several days out of order."""
    options = attrs.evolve(quick, segment_size=6000)
    day = 86_400_000
    with Store.open(tmp_path, "serve", options) as store:
        for n in range(120):
            store.post(request_ended(f"r{n}", ts=1 + (n * 7919 % 50) * day // 9, nano_usd=n))
            if n % 10 == 0:
                store.commit_now(
                    ProjectCreated(f"p{n}", ("*",)), KeyIssued(f"p{n}", f"d{n}", "live", "h")
                )
                store.tell(KeyStateChanged(f"k{n % 4}", "resting", str(n)))
    return tmp_path / "logs" / "serve"


def both(folder):
    """The state as summaries tell it and as every line does, and how many segments were leapt over."""
    state = folder.parents[1]
    return look(state), look(state, summaries=False)


def test_all_closed_segments_are_leapt_over(long_log, quick):
    """Only the last one is read; what is known is the same, and following goes on from there."""
    closed = segments(long_log)[:-1]
    assert [first for first in closed if summary_path(long_log, first).exists()] == closed
    leapt, read = both(long_log)
    assert leapt.indexes == read.indexes
    assert leapt.positions() == read.positions()
    assert leapt.reports == read.reports == []
    with Store.open(long_log.parents[1], "serve", quick) as store:
        store.commit_now(ProjectCreated("later", ("*",)))
    for follower in (leapt, read):
        while follower.poll():
            pass
    assert "later" in leapt.indexes.projects
    assert leapt.indexes == read.indexes


def test_lines_of_leapt_segments_are_not_read(long_log):
    """A start does not even look at them; reading every line does, and tells damage."""
    path = long_log / f"{segments(long_log)[1]:020d}.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"r', b'"s'))
    state = long_log.parents[1]
    assert look(state).reports == []
    with pytest.raises(Exception, match="unreadable"):
        look(state, summaries=False)


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1], lambda data: data[:-9] + b"0" + data[-8:], len]
)
@pytest.mark.parametrize("which", [0, 3, -1])
def test_with_a_bad_summary_the_lines_are_read(long_log, quick, spoil, which):
    """It is said, nothing is lost, and the log's next writer makes a good one of it."""
    path = summary_path(long_log, segments(long_log)[:-1][which])
    good = path.read_bytes()
    bad = spoil(good)
    path.write_bytes(bad if isinstance(bad, bytes) else b"")
    leapt, read = both(long_log)
    assert leapt.indexes == read.indexes
    assert ["of no use" in report for report in leapt.reports] == [True]
    options = attrs.evolve(quick, segment_size=6000)
    with Store.open(long_log.parents[1], "serve", options) as store:
        assert store.indexes == read.indexes
        assert len(store.reports) == 1
    assert path.read_bytes() == good
    assert both(long_log)[0].reports == []


def test_missing_summaries_are_made_by_the_next_writer(long_log, quick):
    """A log from before there were any is read in full once."""
    kept = {path: path.read_bytes() for path in long_log.glob("*.summary")}
    for path in kept:
        path.unlink()
    Store.open(long_log.parents[1], "serve", quick).close()
    assert {path: path.read_bytes() for path in long_log.glob("*.summary")} == kept


def test_records_of_unknown_kinds_are_counted_in_leapt_segments_too(long_log, quick):
    """What a newer version wrote is still reported."""
    for path in long_log.glob("*.summary"):
        data = path.read_bytes()
        assert b'"unknown":0' in data
    state = long_log.parents[1]
    assert look(state).unknown == look(state, summaries=False).unknown == 0
