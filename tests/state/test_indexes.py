"""The fold: what each record does, and that the order between writers does not matter."""

import datetime as dt

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state import codec
from state.indexes import KEPT_REQUESTS, Indexes, Project
from state.records import (
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
    RequestEnded,
)

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAY = 86_400_000


def fold(*entries):
    indexes = Indexes()
    for writer, seq, record in entries:
        indexes.apply(record, writer=writer, seq=seq)
    return indexes


def request(ts, name="r", **changes):
    usual = RequestEnded(
        name, "p1", "live", "chat", "m", 200, False, "d", "no", None, None, 1.0, 2, 3, ts=ts
    )
    return attrs.evolve(usual, **changes)


NAMES = st.sampled_from(["p1", "p2"])
DIGESTS = st.sampled_from(["d1", "d2", "d3"])
TIMES = st.integers(1, 6)
RECORDS = st.one_of(
    st.builds(ProjectCreated, NAMES, st.just(("a",)), ts=TIMES),
    st.builds(ProjectChanged, NAMES, st.sampled_from([("b",), ("c",)]), ts=TIMES),
    st.builds(ProjectRevoked, NAMES, ts=TIMES),
    st.builds(KeyIssued, NAMES, DIGESTS, st.just("live"), st.just("h"), ts=TIMES),
    st.builds(KeyRevoked, DIGESTS, ts=TIMES),
    st.builds(KeyStateChanged, NAMES, st.sampled_from(["resting", "ok"]), st.just("w"), ts=TIMES),
    st.builds(Dropped, st.integers(0, 5), ts=TIMES),
    st.builds(request, st.integers(1, 3 * DAY), st.sampled_from(["x", "y"])),
)


@st.composite
def interleavings(draw):
    """Two writers' logs, and two ways of reading them side by side."""
    logs = [draw(st.lists(RECORDS, max_size=12)) for _ in range(2)]
    picks = [0] * len(logs[0]) + [1] * len(logs[1])
    return logs, draw(st.permutations(picks)), draw(st.permutations(picks))


def read(logs, picks):
    heads = [iter(enumerate(log, 1)) for log in logs]
    return fold(*[(f"w{pick}", *next(heads[pick])) for pick in picks])


@UNHURRIED
@given(interleavings())
def test_any_interleaving_of_two_logs_folds_to_the_same(case):
    """Which is why each process may read the others' logs whenever it likes."""
    logs, one, two = case
    assert read(logs, one) == read(logs, two)


@UNHURRIED
@given(st.lists(RECORDS, max_size=20))
def test_replay_gives_what_was_there_live(records):
    """Through bytes and back, requests abridged, the indexes are equal."""
    live, replayed = Indexes(), Indexes()
    for seq, record in enumerate(records, 1):
        live.apply(record, writer="w", seq=seq)
        _, read_back = codec.decode(codec.encode(record, seq, 0)[0][:-1])
        replayed.apply(read_back, writer="w", seq=seq)
    assert live == replayed


def test_settings_are_decided_by_time_then_writer_then_number():
    """The later change wins, whichever is read first; never by the order of reading."""
    created = ("cli", 1, ProjectCreated("p", ("a",), ts=5))
    later = ("cli", 2, ProjectChanged("p", ("b",), ts=9))
    earlier = ("serve", 7, ProjectChanged("p", ("c",), ts=8))
    tied = ("serve", 8, ProjectChanged("p", ("d",), ts=9))
    assert fold(created, later, earlier).projects["p"].models == ("b",)
    assert fold(created, tied, later, earlier).projects["p"].models == ("d",)


def test_a_change_may_be_read_before_the_creation_it_belongs_to():
    """It stands in another writer's log."""
    changed = ("serve", 1, ProjectChanged("p", ("b",), ts=9))
    assert fold(changed).projects == {}
    both = fold(changed, ("cli", 1, ProjectCreated("p", ("a",), ts=5)))
    assert both.projects["p"] == Project("p", ("b",), 5, revoked=False)


def test_a_key_is_usable_only_while_its_project_is():
    """Unknown project, revoked key, revoked project: all the same to the one who asks."""
    issued = ("w", 2, KeyIssued("p", "d", "live", "h", ts=2))
    created = ("w", 1, ProjectCreated("p", (), ts=1))
    assert fold().key("d") is None
    assert fold(issued).key("d").revoked
    assert not fold(created, issued).key("d").revoked
    assert fold(created, issued, ("x", 1, KeyRevoked("d", ts=1))).key("d").revoked
    assert fold(created, issued, ("x", 1, ProjectRevoked("p", ts=3))).key("d").revoked


def test_a_revoked_key_stays_revoked_even_if_it_was_revoked_first():
    """A revocation that is read before the issue it undoes is not forgotten."""
    created = ("w", 1, ProjectCreated("p", (), ts=1))
    issued = ("w", 2, KeyIssued("p", "d", "live", "h", ts=9))
    indexes = fold(("x", 1, KeyRevoked("d", ts=3)), created, issued)
    assert indexes.key("d").revoked
    assert indexes.keys_of("p") == (indexes.key("d"),)


def test_a_key_of_a_revoked_project_does_not_come_back_with_its_name():
    """Also one that another process issued just before and whose revocation nobody wrote."""
    created = ("w", 1, ProjectCreated("p", (), ts=1))
    issued = ("x", 1, KeyIssued("p", "d", "live", "h", ts=2))
    gone = ("w", 2, ProjectRevoked("p", ts=3))
    again = ("w", 3, ProjectCreated("p", (), ts=4))
    indexes = fold(created, gone, again, issued)
    assert not indexes.projects["p"].revoked
    assert indexes.key("d").revoked


def test_requests_are_counted_by_project_environment_and_utc_day():
    """Test traffic is kept apart; an error is a bad status or an answer that broke."""
    first = DAY * 20_000
    indexes = fold(
        ("w", 1, request(first)),
        ("w", 2, request(first + DAY - 1, status=429, error="rate_limit")),
        ("w", 3, request(first + DAY, error="cut")),
        ("w", 4, request(first, environment="test")),
    )
    day = dt.date(1970, 1, 1) + dt.timedelta(days=20_000)
    assert indexes.days == (day, day + dt.timedelta(days=1))
    usage = indexes.usage("p1", day)
    assert (usage.requests, usage.errors, usage.prompt_tokens) == (2, 1, 4)
    assert indexes.usage("p1", day, "test").requests == 1
    assert indexes.total("p1").requests == 3
    assert indexes.total("p1").errors == 2
    assert indexes.total("p1").completion_tokens == 9
    assert indexes.total("p9").requests == 0


def test_attempts_are_counted_whole_and_abridged(request_ended):
    """Also those that lost: they cost money too."""
    record = attrs.evolve(request_ended(), attempts=request_ended().attempts * 3, ts=5)
    _, abridged = codec.decode(codec.encode(record, 1, 0)[0][:-1])
    indexes = fold(("w", 1, record), ("w", 2, abridged))
    assert indexes.total("demo").attempts == 6
    assert indexes.recent == (record, record)


def test_the_latest_requests_are_kept_whole_in_the_order_of_time():
    """One that is read late takes its place by its time, if there is room for it."""
    many = [("w", n, request(n * 10, f"r{n}")) for n in range(1, 3 * KEPT_REQUESTS)]
    late = ("x", 1, request(many[-1][2].ts - 5, "late"))
    too_late = ("x", 2, request(15, "too late"))
    indexes = fold(*many, late, too_late)
    assert len(indexes.recent) == KEPT_REQUESTS
    assert [record.request for record in indexes.recent[-3:]] == ["r2998", "late", "r2999"]
    assert indexes.request("late") == late[2]
    assert indexes.request("r1") is None
    assert indexes.request("too late") is None


def test_the_last_state_of_each_pooled_key_is_known():
    """For whoever looks at a gateway that runs."""
    resting = ("w", 1, KeyStateChanged("k", "resting", "429", 99, ts=2))
    well = ("x", 1, KeyStateChanged("k", "ok", "probe", ts=1))
    assert fold(resting, well).key_states["k"].state == "resting"


def test_dropped_records_are_summed():
    """What is missing from the journal is at least counted."""
    assert fold(("w", 1, Dropped(2, ts=1)), ("x", 1, Dropped(3, ts=1))).dropped == 5


def test_nobody_can_change_the_indexes_from_outside():
    """They change by records and by nothing else."""
    indexes = fold(("w", 1, ProjectCreated("p", (), ts=1)))
    with pytest.raises(TypeError):
        indexes.projects["q"] = indexes.projects["p"]
    assert indexes.latest_change == 1
