"""An answer's bytes, read back by h11."""

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.front.answer import Answer, Malformed

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def read(method: bytes, raw: bytes) -> tuple[h11.Response, bytes, bool]:
    """What h11 makes of it: head, body, and whether it came to its end."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(raw)
    head, body = client.next_event(), b""
    assert isinstance(head, h11.Response)
    while isinstance(event := client.next_event(), h11.Data):
        body += bytes(event.data)
    return head, body, isinstance(event, h11.EndOfMessage)


def sent(answer: Answer, pieces: list[bytes]) -> bytes:
    """The answer with these pieces, the last of them said to be the last."""
    last = len(pieces) - 1
    return b"".join(answer.piece(piece, more=n < last) for n, piece in enumerate(pieces))


@settings(deadline=None, max_examples=60)
@given(
    pieces=st.lists(st.binary(max_size=20), min_size=1, max_size=5),
    sized=st.booleans(),
    close=st.booleans(),
)
def test_h11_reads_what_was_written(pieces: list[bytes], sized: bool, close: bool) -> None:
    """With a length or in chunks, however it was cut into pieces."""
    body = b"".join(pieces)
    fields = [(b"content-length", b"%d" % len(body))] if sized else []
    answer = Answer.to(b"GET", b"1.1", 200, [(b"x-a", b"b"), *fields], close=close)

    head, heard, over = read(b"GET", sent(answer, pieces))

    assert (head.status_code, heard, over) == (200, body, True)
    named = dict(head.headers)
    assert named[b"x-a"] == b"b"
    assert b"date" in named
    assert (b"connection" in named) == close == (not answer.lasts)
    assert answer.complete


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
def test_some_answers_have_no_body(method: bytes, status: int) -> None:
    """Whatever the application says."""
    answer = Answer.to(method, b"1.1", status, [], close=False)
    head, body, over = read(method, sent(answer, [b"hello"]))
    assert (head.status_code, body, over, answer.lasts) == (status, b"", True, True)


def test_without_chunks_an_answer_of_unknown_length_ends_with_the_connection() -> None:
    """As HTTP/1.0 has it."""
    answer = Answer.to(b"GET", b"1.0", 200, [], close=False)
    assert sent(answer, [b"a", b"b"]).endswith(b"connection: close\r\n\r\nab")
    assert not answer.lasts


def test_more_than_the_length_said_is_refused_and_less_is_never_complete() -> None:
    """The next answer would be read as the rest of it, or the rest as the next answer."""
    fields = [(b"content-length", b"3")]
    with pytest.raises(Malformed):
        Answer.to(b"GET", b"1.1", 200, fields, close=False).piece(b"four", more=True)
    short = Answer.to(b"GET", b"1.1", 200, fields, close=False)
    assert short.piece(b"ab", more=False).endswith(b"\r\n\r\nab")
    assert not short.complete


@pytest.mark.parametrize(
    "field",
    [
        (b"a", b"b\r\nc: d"),
        (b"a", b"b\nc"),
        (b"a", b"b\x00"),
        (b"a", b" b"),
        (b"a", b"b "),
        (b"a b", b"c"),
        (b"", b"c"),
        (b"a:", b"c"),
    ],
)
def test_a_field_that_would_break_the_head_is_refused(field: tuple[bytes, bytes]) -> None:
    """An application is not trusted to know what came from a client."""
    with pytest.raises(Malformed):
        Answer.to(b"GET", b"1.1", 200, [field], close=False)


def test_a_status_nobody_named_is_sent_without_a_name() -> None:
    """As the standard allows."""
    raw = sent(Answer.to(b"GET", b"1.1", 599, [], close=False), [b""])
    assert raw.startswith(b"HTTP/1.1 599 \r\n")
