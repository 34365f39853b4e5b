"""Answers as bytes at times."""

import pytest

from providers.simulator.delivery import (
    Framing,
    Pace,
    Then,
    deliver_pieces,
    deliver_stream,
    deliver_whole,
)
from providers.simulator.dialect import Streamed, Whole

STREAM = Streamed(b"<", [b"a", b"b", b"c", b"d"], b">", b"x-id: 1\r\n")


def test_a_whole_answer_is_one_send():
    """Head and body together, with the right length."""
    delivery = deliver_whole(Whole(b"{}", headers=b"x-id: 1\r\n"), Framing())
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-id: 1\r\ncontent-length: 2\r\n\r\n"
    )
    assert delivery.frames == ((0.0, head + b"{}"),)
    assert (delivery.then, delivery.outcome, delivery.immediate) == (Then.KEEP, "finished", True)


def test_a_late_answer_is_not_immediate():
    """The delay stands before its bytes; an error is a failed call."""
    delivery = deliver_whole(Whole(b"{}", 529), Framing(), after=0.5)
    assert delivery.frames[0][0] == 0.5
    assert delivery.frames[0][1].startswith(b"HTTP/1.1 529 ")
    assert (delivery.outcome, delivery.status, delivery.immediate) == ("failed", 529, False)


def test_a_connection_that_closes_says_so():
    """And is closed."""
    delivery = deliver_whole(Whole(b"{}"), Framing(keep_alive=False))
    assert b"\r\nconnection: close\r\n" in delivery.frames[0][1]
    assert delivery.then is Then.CLOSE


def test_words_due_together_leave_together():
    """Gaps under a tick are collected until a tick has passed."""
    delivery = deliver_stream(STREAM, Framing(), Pace(0.2, [0.0004, 0.0007, 0.03]))
    assert [
        (round(delay, 4), data.rpartition(b"\r\n\r\n")[2] or data)
        for delay, data in delivery.frames
    ] == [
        (0.2, b"3\r\n<ab\r\n"),
        (0.0011, b"1\r\nc\r\n"),
        (0.03, b"2\r\nd>\r\n0\r\n\r\n"),
    ]


def test_an_instant_stream_is_one_send():
    """Head, one chunk, the last chunk."""
    delivery = deliver_stream(STREAM, Framing(), Pace(0.0, [0.0] * 3))
    ((delay, data),) = delivery.frames
    assert delay == 0.0
    assert data.endswith(b"\r\n\r\n6\r\n<abcd>\r\n0\r\n\r\n")
    assert b"transfer-encoding: chunked\r\n" in data
    assert b"text/event-stream" in data
    assert b"x-id: 1\r\n" in data


def test_a_stream_for_http_1_0_ends_with_its_connection():
    """No chunks, no last chunk, no length."""
    delivery = deliver_stream(STREAM, Framing(chunks=False, keep_alive=False), Pace(0.0, [0.0] * 3))
    ((_, data),) = delivery.frames
    assert data.endswith(b"\r\n\r\n<abcd>")
    assert b"chunked" not in data
    assert delivery.then is Then.CLOSE


def test_a_stream_of_one_word_is_complete():
    """What opens and what closes go with it."""
    delivery = deliver_stream(Streamed(b"<", [b"a"], b">"), Framing(), Pace(0.1))
    ((delay, data),) = delivery.frames
    assert delay == 0.1
    assert data.endswith(b"3\r\n<a>\r\n0\r\n\r\n")


def test_words_without_a_gap_are_never_lost():
    """Too few gaps are a bug and say so."""
    with pytest.raises(ValueError, match="zip"):
        deliver_stream(STREAM, Framing(), Pace(0.1, [0.1]))


def test_a_body_may_leave_in_any_pieces():
    """The first at once with the head, the others a gap apart; only streams are told in chunks."""
    whole = deliver_pieces(Whole(b"abc", 402, kind=b"k: 1\r\n"), Framing(), [b"ab", b"c"], 0.5)
    head = b"HTTP/1.1 402 Payment Required\r\nk: 1\r\ncontent-length: 3\r\n\r\n"
    assert whole.frames == [(0.0, head + b"ab"), (0.5, b"c")]
    assert (whole.status, whole.outcome) == (402, "failed")
    streamed = Streamed(b"", [b"abc"], b"", kind=b"k: 1\r\n")
    delivery = deliver_pieces(streamed, Framing(), [b"ab", b"c"], 0.5)
    head = b"HTTP/1.1 200 OK\r\nk: 1\r\ntransfer-encoding: chunked\r\n\r\n"
    assert delivery.frames == [(0.0, head + b"2\r\nab\r\n"), (0.5, b"1\r\nc\r\n0\r\n\r\n")]
    assert (delivery.status, delivery.outcome) == (200, "finished")


def test_a_body_of_nothing_is_its_head():
    """No pieces, and still an answer; a status that nobody has named goes without a name."""
    delivery = deliver_pieces(Whole(b"", 599), Framing(), [], 0.5)
    assert delivery.immediate
    assert delivery.frames[0][1].startswith(b"HTTP/1.1 599 \r\n")
    assert delivery.frames[0][1].endswith(b"content-length: 0\r\n\r\n")
