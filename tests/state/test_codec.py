"""Lines: framing, checksums, and what is refused before it is written."""

import json
from zlib import crc32

import attrs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state import RecordRefused, codec
from state.kinds import KINDS
from state.records import (
    AttemptEnded,
    CountedRequest,
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    ProjectCreated,
    RequestEnded,
)

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.floats(min_value=0, max_value=1e9)


def attempts():
    return st.builds(
        AttemptEnded,
        key=TEXT,
        domain=TEXT,
        model=TEXT,
        role=st.sampled_from(["primary", "hedge", "failover"]),
        outcome=st.sampled_from(["won", "lost", "failed", "timeout", "client_gone"]),
        start_ms=NUMBER,
        first_ms=st.none() | NUMBER,
        end_ms=NUMBER,
        error=st.none() | TEXT,
    )


def requests():
    return st.builds(
        RequestEnded,
        request=TEXT,
        project=TEXT,
        environment=st.sampled_from(["live", "test"]),
        operation=st.sampled_from(["chat", "embeddings"]),
        model=TEXT,
        status=st.integers(100, 599),
        streamed=st.booleans(),
        policy=TEXT,
        hedged=st.sampled_from(["no", "won", "lost"]),
        winner=st.none() | TEXT,
        ttft_ms=st.none() | NUMBER,
        duration_ms=NUMBER,
        prompt_tokens=st.integers(0, 10**9),
        completion_tokens=st.integers(0, 10**9),
        error=st.none() | TEXT,
        tags=st.lists(TEXT, max_size=3).map(tuple),
        attempts=st.lists(attempts(), max_size=3).map(tuple),
        ts=st.integers(1, 2**53),
    )


@UNHURRIED
@given(requests(), st.integers(1, 2**60))
def test_a_request_is_read_back_as_it_was_written(record, seq):
    """Counted members at once, the rest when asked for."""
    line, kept = codec.encode(record, seq, 7)
    number, counted = codec.decode(line[:-1])
    assert kept == counted
    assert number == seq
    assert isinstance(counted, CountedRequest)
    assert len(counted.attempts) == len(record.attempts)
    assert codec.whole(counted) == record == codec.whole(record)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
    st.just(AttemptEnded("k", "d", "m", "hedge", "lost", 0.0, None, float("inf"))),
)


@UNHURRIED
@given(requests(), st.sampled_from(attrs.fields(RequestEnded)), ANYTHING)
def test_whatever_is_in_a_request_it_is_refused_or_can_be_read(record, member, value):
    """A line that stops the next start is never written, whatever our own code makes of a member."""
    given_record = attrs.evolve(record, **{member.name: value})
    try:
        line, kept = codec.encode(given_record, 1, 7)
    except RecordRefused:
        return
    assert codec.decode(line[:-1]) == (1, kept)
    assert isinstance(codec.whole(kept), RequestEnded)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_refused_where_one_must_be(request_ended, number):
    """JSON has no word for it; where there may be none it is none."""
    with pytest.raises(RecordRefused):
        codec.encode(request_ended(duration_ms=number), 1, 1)
    _, kept = codec.encode(request_ended(ttft_ms=number), 1, 1)
    assert codec.whole(kept).ttft_ms is None


@UNHURRIED
@given(TEXT, st.lists(TEXT).map(tuple), st.integers(1, 2**53))
def test_a_line_is_one_json_object_that_ends_with_its_checksum(project, models, ts):
    """Other tools read a log line by line, whatever the texts hold."""
    line, _ = codec.encode(ProjectCreated(project, models), 42, ts)
    members = json.loads(line)
    assert list(members)[:4] == ["t", "v", "seq", "ts"]
    assert list(members)[-1] == "crc"
    assert members["crc"] == f"{crc32(line.rpartition(b',')[0]):08x}"
    assert (members["seq"], members["ts"], members["project"]) == (42, ts, project)
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    "text", ["\u2028", "\u2029", "\x85", "\x0b", "\r\n", '","seq":9,"', '{"t":"x', "ş🐦\u202e"]
)
def test_no_text_can_break_the_framing(text):
    """Line separators of other standards, newlines, and our own markers are just text."""
    record = KeyStateChanged(text, text, text, None, ts=5)
    line, _ = codec.encode(record, 3, 0)
    assert line.count(b"\n") == 1
    assert codec.find_intact(b"x" + line[1:]) is None
    assert codec.decode(line[:-1]) == (3, record)


def test_the_store_stamps_only_a_record_without_a_time():
    """A `ts` of 0 means now; any other is kept."""
    assert codec.encode(KeyRevoked("d"), 1, 99)[1].ts == 99
    assert codec.encode(KeyRevoked("d", ts=5), 1, 99)[1].ts == 5
    assert codec.encode(Dropped(3), 1, 99)[1] == Dropped(3, ts=99)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_tag_of_its_own(kind):
    """The tag, not the class, is what the journal keeps."""
    assert [other.t for other in KINDS].count(kind.t) == 1
    assert kind.t == kind.t.lower()


def test_every_single_flipped_bit_shows():
    """Also where it turns one hexadecimal digit into the same digit in the other case."""
    line, _ = codec.encode(KeyIssued("p", "abcdef", "live", "h"), 1, 1)
    whole = line[:-1]
    for at in range(len(whole)):
        for bit in range(8):
            flipped = bytes([*whole[:at], whole[at] ^ (1 << bit), *whole[at + 1 :]])
            assert not codec.intact(flipped)
            assert not codec.sealed(flipped + b"\n")
    assert codec.intact(whole)
    assert codec.sealed(whole + b"\n")
    assert not codec.sealed(whole)


def test_unknown_kinds_versions_and_members_do_not_stop_a_reader():
    """A log of a newer version can be read: what is not known is skipped."""
    kind = b'{"t":"novelty","v":1,"seq":4,"ts":1,"x":[1]}'
    version = b'{"t":"key_revoked","v":2,"seq":5,"ts":1,"digests":[]}'
    member = b'{"t":"key_revoked","v":1,"seq":6,"ts":1,"digest":"d","why":"lost"}'
    assert codec.decode(kind) == (4, None)
    assert codec.decode(version) == (5, None)
    assert codec.decode(member) == (6, KeyRevoked("d", ts=1))


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b'{"t":"key_revoked","v":1,"seq":x,', b'{"t":"key_revoked","v":1,"seq":1,}'],
)
def test_what_is_no_record_is_a_value_error(line):
    """Whatever the bytes are, decoding ends in a record or a ValueError."""
    with pytest.raises(ValueError):
        codec.decode(line)


@pytest.mark.parametrize(
    "record",
    [
        ProjectCreated("p", ("x" * codec.MAX_LINE,)),
        ProjectCreated("\ud800", ()),
        ProjectCreated(7, ()),
        Dropped(float("nan")),
        Dropped(object()),
        Dropped(1, ts="late"),
    ],
)
def test_what_could_not_be_read_back_is_refused(record):
    """A wrong value must not get into a log and stop the next start."""
    with pytest.raises(RecordRefused):
        codec.encode(record, 1, 1)


def test_a_refusal_shows_nothing_of_the_record():
    """Error texts end up in logs."""
    with pytest.raises(RecordRefused) as refusal:
        codec.encode(KeyIssued("p", "canary", "neither", "h"), 1, 1)
    assert "canary" not in str(refusal.value)
    assert "neither" not in str(refusal.value)
    assert "`$.environment`" in str(refusal.value)


def test_a_header_is_read_back_and_nothing_else_passes_for_one():
    """The first line of a segment has its own kind."""
    header = codec.SegmentHeader(9, "a.jsonl", 8, "ff", 1)
    line = codec.encode_header(header)
    assert codec.intact(line[:-1])
    assert codec.decode_header(line[:-1], codec.SegmentHeader) == header
    for other in (codec.encode(KeyRevoked("d"), 1, 1)[0], b'{"t":"segment","v":1,"first":"x"}'):
        with pytest.raises(ValueError):
            codec.decode_header(other, codec.SegmentHeader)


def test_an_intact_line_is_found_behind_damage_even_inside_a_line():
    """A flipped newline glues two lines together; the second still tells that this is no torn tail."""
    one = codec.encode(KeyRevoked("a"), 1, 1)[0]
    two = codec.encode(KeyRevoked("b"), 2, 1)[0]
    glued = one[:-1] + b"\x0b" + two
    assert codec.find_intact(glued) == len(one)
    assert codec.find_intact(one) is None
    assert codec.find_intact(one[:-1] + b"\x0b" + two[:-1]) is None
    assert codec.find_intact(b'\x00{"t":"' * 3 + b"\n") is None


def test_members_of_lines_are_those_of_the_first_release():
    """What was written once must be readable for ever: this line is not to be edited."""
    line = (
        b'{"t":"request_ended","v":1,"seq":12,"ts":1795380002953,"attempts":[{"completion_tokens":142,'
        b'"domain":"d","end_ms":1834.25,"error":null,"first_ms":312.5,"key":"k","model":"m",'
        b'"outcome":"won","prompt_tokens":25,"role":"primary","start_ms":0.0,"status":200,'
        b'"usage_src":"reported"}],"client_gone":false,"completion_tokens":142,"duration_ms":1834.25,'
        b'"environment":"live","error":null,"hedge_delay_ms":250.0,"hedge_skip":null,"hedged":"no",'
        b'"model":"g","operation":"chat","policy":"default","project":"demo","prompt_tokens":25,'
        b'"request":"r1","status":200,"streamed":true,"tags":["t"],"ttft_ms":312.5,"winner":"k"'
    )
    attempt = AttemptEnded(
        "k", "d", "m", "primary", "won", 0.0, 312.5, 1834.25, 200, None, 25, 142, "reported"
    )
    seq, counted = codec.decode(line + b"}")
    assert seq == 12
    assert codec.whole(counted).attempts == (attempt,)
    assert msgspec.json.decode(line + b"}")["tags"] == ["t"]
