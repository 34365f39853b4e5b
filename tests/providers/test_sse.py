"""Server-sent events are found however their bytes arrive."""

import random

import httpx
import httpx_sse
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.errors import BrokenAnswer
from providers.sse import Scanner, ServerEvent
from tests.providers.corpus import splits


def scan(*pieces: bytes, limit: int = 2**23) -> list[ServerEvent]:
    scanner = Scanner(limit)
    return [*(event for piece in pieces for event in scanner.feed(piece)), *scanner.finish()]


def data_of(stream: bytes) -> list[str]:
    return [event.data for event in scan(stream)]


# Some are line ends to Python's `str.splitlines`, and none to the standard.
words = st.sampled_from(["", " ", "a", " b", "c:d", "ı👋", "\u2028x", "\x85", "\x0b\x1c"])
ends = st.sampled_from(["\n", "\r\n", "\r"])
lines = st.one_of(
    st.builds("data:{}".format, words),
    st.builds("data: {}".format, words),
    st.just("data"),
    st.builds("event: {}".format, words),
    st.builds("id:{}".format, words),
    st.builds("retry: {}".format, st.integers(0, 10**9 - 1)),
    st.builds(":{}".format, words),
    st.builds("datum: {}".format, words),
)


@st.composite
def streams(draw: st.DrawFn) -> str:
    """A well-formed stream of events with data, in which line ends may differ from line to line."""
    blocks = draw(
        st.lists(st.tuples(st.lists(lines, max_size=4), lines.filter(is_data)), max_size=5)
    )
    end = draw(ends) if draw(st.booleans()) else None
    every = [line for block, data in blocks for line in (*block, data, "")]
    text = ""
    for line in every:
        # A lone CR before an empty line's LF would be one line end, not two.
        text += line + (end or draw(st.sampled_from(["\n", "\r\n"])))
    return text


def is_data(line: str) -> bool:
    return line.startswith("data") and not line.startswith("datum")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(streams())
def test_it_agrees_with_httpx_sse_on_every_stream_and_split(text: str):
    """What another reader of the same standard sees whole, ours sees through any cuts."""
    body = text.encode()
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    theirs = [
        ServerEvent(sse.data, sse.event or "message", sse.id, sse.retry)
        for sse in httpx_sse.EventSource(response).iter_sse()
    ]
    assert scan(body) == theirs
    for pieces in splits(body, random.Random(text), most=20):
        assert scan(*pieces) == theirs


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([b"data", b":", b" ", b"\r", b"\n", b"a", b"\xef\xbb\xbf", b"\xff"]))
)
@example([b"data", b":", b"\r", b"\n", b"\r"])
def test_bytes_of_any_kind_give_the_same_events_however_cut(parts: list[bytes]):
    """Cuts never matter, not even between CR and LF, in the BOM or in bytes that are no UTF-8."""
    body = b"".join(parts)
    whole = scan(body)
    for at in range(len(body) + 1):
        assert scan(body[:at], body[at:]) == whole
    assert scan(*(body[at : at + 1] for at in range(len(body)))) == whole


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_of_the_three_line_ends_ends_a_line(end: str):
    """LF, CRLF and CR are equal."""
    assert data_of(f"data: a{end}{end}data: b{end}data: c{end}{end}".encode()) == ["a", "b\nc"]


def test_an_event_is_given_as_soon_as_its_blank_line_is_there():
    """No event waits for the next one, not even where the line ends in a lone CR."""
    scanner = Scanner()
    assert scanner.feed(b"data: a\r\n\r") == [ServerEvent("a")]
    assert scanner.feed(b"\ndata: b\n") == []
    assert scanner.feed(b"\n") == [ServerEvent("b")]


def test_only_one_space_after_the_colon_is_not_data():
    """`data:a`, `data: a` and `data:  a` differ in the third."""
    assert data_of(b"data:a\n\ndata: a\n\ndata:  a\n\n") == ["a", "a", " a"]


def test_comments_and_blank_lines_are_no_events():
    """Keep-alives of every kind are passed over."""
    assert scan(b": OPENROUTER PROCESSING\n\n\n:\n\nevent: ping\n\n") == []


def test_an_event_name_without_data_does_not_name_the_next_event():
    """The standard forgets the name of an event that had no data."""
    assert scan(b"event: error\n\ndata: a\n\n") == [ServerEvent("a")]


def test_a_byte_order_mark_is_dropped_at_the_start_only():
    """Elsewhere it is a character like others."""
    assert data_of(b"\xef\xbb\xbfdata: \xef\xbb\xbfa\n\n") == ["\ufeffa"]


def test_characters_survive_a_cut_in_their_middle():
    """Turkish, emoji and right-to-left text arrive whole, byte by byte."""
    text = "Merhaba, nasılsın? 👩‍👩‍👧 שלום"
    body = f"data: {text}\n\n".encode()
    assert scan(*(bytes([byte]) for byte in body)) == [ServerEvent(text)]


def test_bytes_that_are_not_utf_8_become_replacement_characters():
    """One bad byte costs one character, not the stream."""
    assert data_of(b"data: a\xffb\n\n") == ["a\ufffdb"]


def test_an_id_stays_until_another_comes_and_may_not_hold_a_null():
    """As the standard has it."""
    events = scan(b"id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\n")
    assert [event.id for event in events] == ["1", "1", "1"]


def test_a_retry_that_is_no_number_is_no_retry():
    """Only digits count, and not so many that reading them takes long."""
    events = scan(
        b"retry: 5\ndata: a\n\nretry: -5\ndata: b\n\nretry: " + b"9" * 5000 + b"\ndata: c\n\n"
    )
    assert [event.retry for event in events] == [5, None, None]


def test_a_last_event_without_its_blank_line_is_given_at_the_end():
    """With a line end, with none, and after a lone CR."""
    for tail in (b"", b"\n", b"\r", b"\r\n"):
        assert scan(b"data: a\n\ndata: b" + tail) == [ServerEvent("a"), ServerEvent("b")]


def test_what_is_no_field_is_kept_for_who_can_read_it():
    """A bare JSON error behind the events, on one line or on several, is there at the end."""
    error = b'{\n  "error": {\n    "code": 503\n  }\n}'
    for tail in (error, error + b"\n", error + b"\n\n"):
        scanner = Scanner()
        assert scanner.feed(b"data: a\r\n\r\n" + tail) == [ServerEvent("a")]
        assert scanner.finish() == []
        assert scanner.rest().strip() == error


def test_what_is_no_field_is_forgotten_at_the_next_event():
    """`rest` is about the end of the stream."""
    scanner = Scanner()
    scanner.feed(b"junk\ndata: a\n\n")
    assert scanner.rest() == b""


def test_junk_is_kept_up_to_a_bound():
    """A stream of nothing but junk does not fill the memory."""
    scanner = Scanner()
    for _ in range(100):
        scanner.feed(b"x" * 5_000 + b"\n")
    assert 0 < len(scanner.rest()) <= 64 * 1024


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_line_longer_than_the_limit_breaks_the_answer(step: int):
    """Whether it arrives bit by bit or at once, and before it is complete."""
    body = b"data: " + b"x" * 100
    with pytest.raises(BrokenAnswer):
        scan(*(body[at : at + step] for at in range(0, len(body), step)), limit=100)


def test_many_lines_of_one_event_are_bounded_together():
    """An event that never ends is as bad as a line that never ends; events that end are not."""
    assert len(scan(b"data: 0123456789\n\n" * 20, limit=100)) == 20
    with pytest.raises(BrokenAnswer):
        scan(b"data: 0123456789\n" * 20, limit=100)


def test_a_line_of_several_megabytes_is_no_matter():
    """Images come in one line."""
    body = b"data: " + b"x" * (5 * 2**20) + b"\n\n"
    (event,) = scan(*(body[at : at + 2**14] for at in range(0, len(body), 2**14)))
    assert len(event.data) == 5 * 2**20


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_between_events_is_where_nothing_is_kept(end: str):
    """At the end of each event, and nowhere inside of one: only there may bytes be passed on unread."""
    events = [f"data: one{end}{end}", f"event: e{end}data: two{end}data: more{end}{end}"]
    stream = "".join(events).encode()
    boundaries = {0, len(events[0]), len(stream)}
    for cut in range(len(stream) + 1):
        scanner = Scanner()
        scanner.feed(stream[:cut])
        assert scanner.between_events == (cut in boundaries), stream[:cut]


def test_simple_and_other_events_may_follow_each_other():
    """Runs of plain events are split at once; what is not plain is read line by line; none is lost."""
    plain, odd = b"data: a\n\ndata: b\n\n", b"event: e\nid: 3\ndata: c\n\n"
    scanner = Scanner()
    found = [event for piece in (plain, odd, plain) for event in scanner.feed(piece)]
    assert [(event.data, event.event, event.id) for event in found] == [
        ("a", "message", ""),
        ("b", "message", ""),
        ("c", "e", "3"),
        ("a", "message", "3"),
        ("b", "message", "3"),
    ]
