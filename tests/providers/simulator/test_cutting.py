"""Bodies in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.cutting import events, pieces


@pytest.mark.parametrize(
    ("content_type", "body", "cut"),
    [
        ("text/event-stream", b"data: 1\n\ndata: 2\n\n", [b"data: 1\n\n", b"data: 2\n\n"]),
        ("Text/Event-Stream; charset=utf-8", b"a\r\n\r\nb", [b"a\r\n\r\n", b"b"]),
        ("text/event-stream", b"event: a\ndata: 1\n\n", [b"event: a\ndata: 1\n\n"]),
        ("text/event-stream", b"a\r\rb\r\r", [b"a\r\r", b"b\r\r"]),
        ("application/x-ndjson", b'{"a":1}\n{"b":2}\n', [b'{"a":1}\n', b'{"b":2}\n']),
        ("application/stream+json", b"{}\n{", [b"{}\n", b"{"]),
        (
            "application/vnd.amazon.eventstream",
            b"\x00\x00\x00\x06ab\x00\x00\x00\x05c",
            [b"\x00\x00\x00\x06ab", b"\x00\x00\x00\x05c"],
        ),
        ("application/vnd.amazon.eventstream", b"\x00\x00\x00\x00ab", [b"\x00\x00\x00\x00ab"]),
        ("application/json", b"{}\n\n{}", []),
        ("text/event-stream", b"", []),
    ],
)
def test_a_stream_is_cut_where_its_events_end(content_type: str, body: bytes, cut: list[bytes]):
    """Each kind in its way; what is no stream is not cut."""
    assert events(body, content_type) == cut


_KINDS = (
    "text/event-stream",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
)


@given(st.sampled_from(_KINDS), st.lists(st.sampled_from([b"\n", b"\r", b"\0", b"\x09", b"a"])))
def test_nothing_is_lost(content_type: str, letters: list[bytes]):
    """Whatever the bytes: all of them are there, in their order, and no piece is empty."""
    body = b"".join(letters)
    cut = events(body, content_type)
    assert b"".join(cut) == body
    assert all(cut)


def test_pieces_are_of_one_size():
    """But for the last."""
    assert pieces(b"abcde", 2) == [b"ab", b"cd", b"e"]
    assert pieces(b"", 2) == []
